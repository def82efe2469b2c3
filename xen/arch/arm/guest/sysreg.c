/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System registers whose accesses trap, by table. Identification registers are the machine's, with
 * the features taken out that guests do not get: what needs state of its own at a switch (SVE, SME,
 * pointer authentication, MTE), the PMU, debug over system registers, RAS, AMU, 32-bit EL1, EL2.
 * The physical timer is emulated. Unknown registers are undefined.
 */
#include <xen/hal/vcpu.h>
#include <xen/printk.h>

#include "private.h"

/* The syndrome's fields, as one number (ARM ARM, ISS encoding for MSR and MRS). */
#define SYSREG(op0, op1, crn, crm, op2) \
	((op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
#define ISS_REG_MASK 0x3ffc1eU
#define ISS_READ 1
#define ISS_RT(iss) ((iss) >> 5 & 0x1f)

#define ID_REG(crm, op2) SYSREG(3U, 0U, 0U, crm, op2)
#define SYS_ACTLR_EL1 SYSREG(3U, 0U, 1U, 0U, 1U)
#define SYS_ICC_SGI1R SYSREG(3U, 0U, 12U, 11U, 5U)
#define SYS_ICC_ASGI1R SYSREG(3U, 0U, 12U, 11U, 6U)
#define SYS_ICC_SGI0R SYSREG(3U, 0U, 12U, 11U, 7U)
#define SYS_CNTP_TVAL SYSREG(3U, 3U, 14U, 2U, 0U)
#define SYS_CNTP_CTL SYSREG(3U, 3U, 14U, 2U, 1U)
#define SYS_CNTP_CVAL SYSREG(3U, 3U, 14U, 2U, 2U)
#define SYS_OSLAR SYSREG(2U, 0U, 1U, 0U, 4U)
#define SYS_OSDLR SYSREG(2U, 0U, 1U, 3U, 4U)
#define SYS_PMUSERENR SYSREG(3U, 3U, 9U, 14U, 0U)

#define FIELD(shift) (0xfUL << (shift))

static u64 pfr0(void)
{
	/* AMU, MPAM, SEL2, SVE, RAS, and EL2 and EL3 as "not implemented"; EL0 and EL1 64-bit. */
	u64 v = sysreg_read(id_aa64pfr0_el1);

	/* The CPU interface in system registers is version 3's. */
	if (gic->version == 2)
		v &= ~FIELD(24);
	v &= ~(FIELD(44) | FIELD(40) | FIELD(36) | FIELD(32) | FIELD(28) | FIELD(12) | FIELD(8) |
	       FIELD(4));
	return v | 1UL << 4;
}

static u64 isar1(void)
{
	/* Pointer authentication: APA, API, GPA, GPI. LS64: HCRX_EL2 would have to allow it. */
	return sysreg_read(id_aa64isar1_el1) &
	       ~(FIELD(4) | FIELD(8) | FIELD(24) | FIELD(28) | FIELD(60));
}

static u64 dfr0(void)
{
	/* PMU, trace with its filter and buffer, SPE, branch records. Breakpoints stay: their
	 * registers are the guest's. */
	return sysreg_read(id_aa64dfr0_el1) &
	       ~(FIELD(4) | FIELD(8) | FIELD(32) | FIELD(40) | FIELD(44) | FIELD(52));
}

static bool id_read(u32 reg, u64 *v)
{
	switch (reg) {
	case ID_REG(4U, 0U):
		*v = pfr0();
		return true;
	case ID_REG(4U, 1U):
		/* SSBS, BT; not MTE and SME. */
		*v = sysreg_read(id_aa64pfr1_el1) & (FIELD(0) | FIELD(4));
		return true;
	case ID_REG(5U, 0U):
		*v = dfr0();
		return true;
	case ID_REG(6U, 0U):
		/* Transactions, which HCR_EL2 does not allow. */
		*v = sysreg_read(id_aa64isar0_el1) & ~FIELD(24);
		return true;
	case ID_REG(6U, 1U):
		*v = isar1();
		return true;
	case ID_REG(7U, 0U):
		*v = sysreg_read(id_aa64mmfr0_el1);
		return true;
	case ID_REG(7U, 1U):
		/* Virtualisation host extensions are EL2's. */
		*v = sysreg_read(id_aa64mmfr1_el1) & ~FIELD(8);
		return true;
	case ID_REG(7U, 2U):
		/* Nested virtualisation. */
		*v = sysreg_read(id_aa64mmfr2_el1) & ~FIELD(24);
		return true;
	default:
		/* The rest of the space reads as zero: reserved, or of 32-bit EL1. */
		*v = 0;
		return reg >= ID_REG(1U, 0U) && (reg & ~(7U << 17 | 0xfU << 1)) == ID_REG(0U, 0U);
	}
}

static bool timer_access(struct arm_vcpu *av, u32 reg, bool read, u64 *v)
{
	struct vtimer *t = &av->phys;

	if (read) {
		*v = reg == SYS_CNTP_CTL ? vtimer_ctl(av, t) :
		     reg == SYS_CNTP_CVAL ? t->cval : (u32)(t->cval - vtimer_count(av));
		return true;
	}
	if (reg == SYS_CNTP_CTL)
		t->ctl = *v & 3;
	else
		t->cval = reg == SYS_CNTP_CVAL ? *v : vtimer_count(av) + (u64)(s64)(s32)*v;
	vtimer_phys_changed(av);
	return true;
}

static bool write_reg(struct arm_vcpu *av, u32 reg, u64 v)
{
	switch (reg) {
	case SYS_ICC_SGI0R:
	case SYS_ICC_ASGI1R:
		/* Group 0 and the other security state: there are none. */
		return true;
	case SYS_ACTLR_EL1:
	case SYS_OSLAR:
	case SYS_OSDLR:
	case SYS_PMUSERENR:
		return true;
	default:
		return false;
	}
}

bool guest_sysreg(struct arm_vcpu *av, u32 iss)
{
	u32 reg = iss & ISS_REG_MASK;
	bool read = iss & ISS_READ, known;
	u64 v = arm_reg(&av->regs, ISS_RT(iss));

	if (!read && reg == SYS_ICC_SGI1R) {
		vgic_send_sgi(&to_ad(av->v.domain)->vgic, av->v.id, v);
		return true;
	}
	if (reg == SYS_CNTP_CTL || reg == SYS_CNTP_CVAL || reg == SYS_CNTP_TVAL)
		known = timer_access(av, reg, read, &v);
	else if (!read)
		known = write_reg(av, reg, v);
	else if (reg == SYS_ACTLR_EL1 || reg == SYS_PMUSERENR || reg == SYS_OSDLR)
		v = 0, known = true;
	else
		known = id_read(reg, &v);
	if (!known) {
		printk(LOG_G_INFO "d%uv%u: system register %#x is undefined (pc %#lx)\n",
		       av->v.domain->id, av->v.id, iss, av->regs.pc);
		return false;
	}
	if (read)
		arm_set_reg(&av->regs, ISS_RT(iss), v);
	return true;
}
