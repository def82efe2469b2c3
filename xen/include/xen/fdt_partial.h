/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Partial device trees: what a guest is told of the machine's devices that it gets (the binding is
 * that of Xen's documentation, misc/arm/passthrough.txt, and of device_tree in xl.cfg).
 */
#ifndef XEN_FDT_PARTIAL_H
#define XEN_FDT_PARTIAL_H

#include <xen/fdt.h>

struct fdt_writer;

/** True when @t is one: it has a node /passthrough. */
static inline bool fdt_is_partial(const struct fdt *t)
{
	return fdt_node_ok(fdt_find_path(t, "/passthrough"));
}

/** The phandle that its nodes have for the guest's interrupt controller; 0: none. */
static inline u32 fdt_partial_gic(const struct fdt *t)
{
	fdt_node_t gic = fdt_find_path(t, "/gic");
	u32 phandle;

	return fdt_node_ok(gic) && fdt_get_u32(t, gic, "phandle", &phandle) ? phandle : 0;
}

/** Write what the guest's tree gets below its root, which is open in @w: /aliases and /passthrough,
 * without the properties that are for the hypervisor ("xen,..."). */
void fdt_write_partial(struct fdt_writer *w, const struct fdt *t);

#endif
