/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's devices in its device tree, as the hardware domain gets them: which nodes are its,
 * their registers and interrupts, and a copy of them for its own tree. Pure, as dt_machine.h is.
 */
#ifndef XEN_DT_DEVICES_H
#define XEN_DT_DEVICES_H

#include <xen/dt_machine.h>
#include <xen/fdt_write.h>

/** Called for a node; not 0 ends the walk. */
typedef int dt_device_fn(const struct fdt *t, fdt_node_t n, void *arg);
/**
 * Call @fn for each node that the hardware domain keeps, parents first, until it returns something
 * else than 0, and return that. Kept is all that is enabled but what the hypervisor uses itself or
 * describes anew: memory, CPUs, interrupt controllers, timers, firmware calls, performance
 * monitors, IOMMUs, and the console of @m, and what guests get (@m's passed nodes and pages). Of a
 * GICv2's own nodes the frames for MSIs (v2m) are kept.
 */
int dt_for_each_device(const struct fdt *t, const struct dt_machine *m, dt_device_fn *fn,
		       void *arg);
/** Write the same nodes below the node that is open in @w, which is the root: the frames for MSIs
 * excepted, as they are the interrupt controller's. */
void dt_copy_devices(const struct fdt *t, const struct dt_machine *m, struct fdt_writer *w);
/** Write the frames for MSIs, below the interrupt controller's node, which is open in @w. */
void dt_copy_msi_frames(const struct fdt *t, const struct dt_machine *m, struct fdt_writer *w);
/** Is @n a frame, a write to which is an interrupt of the GICv2 ("arm,gic-v2m-frame"), and which
 * can be kept? */
bool dt_is_msi_frame(const struct fdt *t, const struct dt_machine *m, fdt_node_t n);

/** Entry @index of the "ranges" of a bus whose devices the tree does not list (PCI), as the CPUs
 * see it; false after the last or when it cannot be translated. */
bool dt_bus_window(const struct fdt *t, fdt_node_t bus, u32 index, struct dt_range *r);
/** Where the first entries of the "interrupt-map" of @bus lead, @max at most: INTIDs, or 0 where it
 * is not a GIC. Returns how many. */
u32 dt_bus_irqs(const struct fdt *t, fdt_node_t bus, u32 *irq, u32 max);
/** As dt_gic_irq(), but false tells that there is no interrupt @index, and *@irq is 0 when it does
 * not reach a GIC. */
bool dt_irq(const struct fdt *t, fdt_node_t n, u32 index, u32 *irq);

#endif
