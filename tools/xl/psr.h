/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands about the last-level cache share. */
#ifndef TOOLS_XL_PSR_H
#define TOOLS_XL_PSR_H

#include "xl.h"

#define PSR_MAX_SOCKETS 32

/** The sockets that have CPUs, each with one of these. */
struct psr_sockets {
	unsigned int n;
	struct {
		uint32_t id, cpu;
	} at[PSR_MAX_SOCKETS];
};

/** Monitor types, in the order of the hypervisor's events, which are numbered from 1. */
#define PSR_TYPES 3
extern const char *const psr_types[PSR_TYPES];
#define PSR_OCCUPANCY 1U

/** Say why @what failed with -errno @rc, and what to do about it; returns the exit status 1. */
int psr_cmt_refused(struct xl *xl, const char *what, int rc);
int psr_cat_refused(struct xl *xl, const char *what, int rc);
/** The process ends when they cannot be listed. */
struct psr_sockets psr_find_sockets(struct xl *xl);
/** XEN_SYSCTL_PSR_CMT_*, and the classes of service of a socket. 0 or -errno, not told. */
int psr_cmt_info(struct xl *xl, uint32_t cmd, uint32_t cpu, uint64_t *value);
int psr_cat_info(struct xl *xl, uint32_t socket, struct xen_sysctl_psr_alloc *info);
/** The mask that allows the whole cache. */
uint64_t psr_full_mask(const struct xen_sysctl_psr_alloc *info);

#endif
