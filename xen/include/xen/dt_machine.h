/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hypervisor needs to know of a machine, from its device tree (Devicetree Specification
 * 0.4; Linux's bindings for the GIC, the timer, PSCI and UARTs). Pure, so that the trees of boards
 * can be read in tests.
 */
#ifndef XEN_DT_MACHINE_H
#define XEN_DT_MACHINE_H

#include <xen/fdt.h>

#define DT_MAX_BANKS 64
#define DT_MAX_CPUS 256
#define DT_MAX_GIC_REGIONS 8
#define DT_MAX_PASSED 64

struct dt_range {
	u64 start, size;	/* bytes, physical */
};

enum dt_uart_kind { DT_UART_NONE, DT_UART_PL011, DT_UART_NS16550, DT_UART_OTHER };

/** A serial port. */
struct dt_uart {
	enum dt_uart_kind kind;
	struct dt_range regs;
	u32 irq;		/* INTID; 0: none that goes to the GIC directly */
	u32 reg_shift;		/* registers are 1 << reg_shift bytes apart */
	u32 reg_width;		/* bytes of an access */
	fdt_node_t node;
};

struct dt_machine {
	u32 nr_banks;
	struct dt_range bank[DT_MAX_BANKS];	/* RAM, in ascending order, not overlapping */

	u32 nr_cpus;
	u64 cpu_mpidr[DT_MAX_CPUS];		/* affinity fields of MPIDR_EL1 */
	bool cpu_psci[DT_MAX_CPUS];		/* its enable-method is PSCI */

	u32 gic_version;			/* 2 or 3; 0: none */
	u32 nr_gic;				/* v2: distributor, CPU interface, and optional */
	struct dt_range gic[DT_MAX_GIC_REGIONS];/* virtual ones; v3: distributor, redistributors */
	u32 gic_redist_regions;			/* v3: how many of the regions after the first */
	u64 gic_redist_stride;			/* v3: 0: by the architecture */
	fdt_node_t gic_node;

	bool has_psci, psci_uses_hvc;
	u32 psci_version;			/* major << 16 | minor, of the newest binding */

	u32 timer_ppi[4];	/* secure, non-secure, virtual, hypervisor: INTIDs; 0: none */
	u32 timer_hz;		/* clock-frequency; 0: CNTFRQ_EL0 is right */

	struct dt_uart uart;	/* the console */

	/* Devices that guests get, so that the hardware domain does not: nodes, and pages. */
	u32 nr_passed_nodes, nr_passed;
	fdt_node_t passed_node[DT_MAX_PASSED];
	struct dt_range passed[DT_MAX_PASSED];

	const char *cmdline;			/* NULL: none; in the blob */
	u64 initrd_start, initrd_end;		/* 0: none */
	const char *model;			/* NULL: none */
};

/** Read an opened tree. NULL, or a phrase that says what is missing or wrong first; all else is
 * read even so. */
const char *dt_machine_parse(const struct fdt *t, struct dt_machine *m);
/** Find the console: the port that "stdout-path" of /chosen names, or else alias serial0. May be
 * called with the MMU off, where the code runs at another address than it is linked for. */
void dt_uart_find(const struct fdt *t, struct dt_uart *u);

/** Entry @index of a node's "reg", in the address space of the CPUs: translated by the "ranges" of
 * the nodes above it. False when there is none or a bus does not map it. */
bool dt_reg(const struct fdt *t, fdt_node_t n, u32 index, struct dt_range *r);
/** The node's interrupt @index ("interrupts" or "interrupts-extended") as an INTID, through one
 * "interrupt-map" if a bus has one; 0: none, or it goes to another controller than a GIC. */
u32 dt_gic_irq(const struct fdt *t, fdt_node_t n, u32 index);

#endif
