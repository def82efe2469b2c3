/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The partial device tree that describes which of the machine's devices a guest gets (the binding
 * is that of Xen's documentation, misc/arm/passthrough.txt). Pure, as dt_machine.h is.
 *
 * Below /passthrough, a node may have "xen,path", the path of a device in the machine's tree, whose
 * interrupts and streams of an IOMMU the guest gets; "xen,reg", registers with their address in the
 * machine, their size and their address in the guest; and "xen,force-assign-without-iommu".
 */
#ifndef XEN_DT_PARTIAL_H
#define XEN_DT_PARTIAL_H

#include <xen/dt_machine.h>

#define DT_PARTIAL_REGS 32
#define DT_PARTIAL_IRQS 128
#define DT_PARTIAL_STREAMS 16
#define DT_PARTIAL_NODES 16

struct dt_partial {
	u32 nr_regs, nr_irqs, nr_streams, nr_nodes;
	struct dt_partial_reg {
		u64 start, size;	/* in the machine; whole pages */
		u64 guest;		/* guest physical address */
	} reg[DT_PARTIAL_REGS];
	u32 irq[DT_PARTIAL_IRQS];	/* shared ones, INTIDs */
	struct dt_streams {
		u32 first, n;
	} stream[DT_PARTIAL_STREAMS];
	fdt_node_t node[DT_PARTIAL_NODES];	/* of the machine's tree */
};

/**
 * Read @t, an opened tree, and check it against the machine's tree @mt and @m: what is named must
 * be registers and nodes of devices that the hypervisor does not use. Without @confined, no IOMMU
 * is in use. Guest addresses end below 1 << @guest_bits. False: @why has a phrase of at most @size
 * bytes that names the node and what is wrong with it.
 */
bool dt_partial_read(const struct fdt *t, const struct fdt *mt, const struct dt_machine *m,
		     bool confined, u32 guest_bits, struct dt_partial *p, char *why, size_t size);
/** Streams @index of an IOMMU that belong to the device @n of the machine ("iommus", or each entry
 * of "iommu-map"). False after the last. */
bool dt_streams(const struct fdt *t, fdt_node_t n, u32 index, struct dt_streams *s);

#endif
