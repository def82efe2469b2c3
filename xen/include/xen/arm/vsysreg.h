/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System registers of an ARM guest whose accesses trap. Identification registers are the machine's,
 * with only those features that a guest gets. The physical timer is emulated. Breakpoints and
 * watchpoints are not there, but single steps are. Registers that are
 * not known are undefined.
 */
#ifndef XEN_ARM_VSYSREG_H
#define XEN_ARM_VSYSREG_H

#include <xen/arm/regs.h>
#include <xen/arm/vgic.h>

/** Identification registers of which guests see a part; all others read as zero. */
enum arm_id {
	ARM_ID_PFR0, ARM_ID_PFR1, ARM_ID_DFR0, ARM_ID_ISAR0, ARM_ID_ISAR1, ARM_ID_MMFR0,
	ARM_ID_MMFR1, ARM_ID_MMFR2, NR_ARM_IDS
};

/** Registers of a timer, CNTx_CTL_EL0 and CNTx_CVAL_EL0. */
struct arm_timer {
	u64 ctl, cval;
};

/* Bits of CTL. */
#define ARM_TIMER_ENABLE BIT(0)
#define ARM_TIMER_MASK BIT(1)
#define ARM_TIMER_STATUS BIT(2)

struct vsysreg;

/** What the registers need of their surroundings. */
struct vsysreg_ops {
	/** The counter that the physical timer compares with, in its ticks. */
	u64 (*count)(const struct vsysreg *s);
	/** The guest has set its physical timer anew. */
	void (*timer_set)(struct vsysreg *s);
	/** The guest has changed @mdscr, which the processor follows. */
	void (*debug_set)(struct vsysreg *s);
};

/** A vCPU's part. Its CPU's to change. */
struct vsysreg {
	const struct vsysreg_ops *ops;	/* [const] */
	struct vgic *gic;		/* [const] */
	u32 vcpu;			/* [const] */
	const u64 *id;			/* [const] of vsysreg_identify() */
	struct arm_timer phys;
	u64 mdscr;			/* MDSCR_EL1 */
};

/** Fill @seen, what a guest sees of the identification registers @machine; both have NR_ARM_IDS.
 * @phys_bits: width of the guest's physical addresses, 32 or more. */
void vsysreg_identify(u64 *seen, const u64 *machine, u32 gic_version, u32 phys_bits);
/** MSR or MRS with the syndrome @iss. True: it is done, but the PC is as it was; false: it is
 * undefined, and nothing has changed. */
bool vsysreg_access(struct vsysreg *s, struct cpu_regs *r, u32 iss);

#endif
