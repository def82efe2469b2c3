/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What create.c shares with create-hvm.c, the parts of a creation that only HVM guests have. */
#ifndef TOOLS_LIGHT_CREATE_H
#define TOOLS_LIGHT_CREATE_H

#include "dm.h"

static inline struct lx_create *lx_to_create(struct lx_op *op)
{
	return (struct lx_create *)((char *)op - offsetof(struct lx_create, op));
}

/* create.c */

/** Map a file to be read, named in messages as @what. 0 or -errno, logged. */
int lx_create_map(struct lx *lx, const char *what, const char *path, void **map, size_t *bytes);

/* x86/hvm.c; the second does nothing to a PVH guest */

/** Load the loader and the firmware, and make the plan. */
int lx_hvm_load(struct lx_create *c);
/** The parameters by which the hypervisor and the device model find things. */
int lx_hvm_params(struct lx_create *c);

/* create-hvm.c; nothing happens to a PVH guest */

/** Is the disk one that only the device model serves? Linux has no PV driver for CD-ROM drives of
 * HVM guests, and the kernel's backend reads raw images only. */
bool lx_hvm_only(const struct lx_domain_config *config, const struct lx_disk *d);
/** May the guest have such a disk? 0 or -errno, logged. */
int lx_hvm_check_disk(struct lx_create *c, const struct lx_disk *d);
/** Pages that the guest has beside those of the plan: its display. */
uint64_t lx_hvm_more_pages(const struct lx_create *c);
/** Steps: start the device models, and undo that; wait for them; connect what they emulate. */
int lx_hvm_step_models(struct lx_op *op);
void lx_hvm_undo_models(struct lx_op *op);
int lx_hvm_step_wait(struct lx_op *op);
int lx_hvm_step_taps(struct lx_op *op);

#endif
