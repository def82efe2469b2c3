/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System registers whose accesses trap, by table (ARM ARM, D19.2). A feature that is not in the
 * table of fields is hidden from guests: what needs state of its own at a switch (SVE, SME, pointer
 * authentication, MTE, breakpoints), the PMU, trace, RAS, AMU, LORegions, 32-bit EL1, EL2.
 */
#include <xen/arm/syndrome.h>
#include <xen/arm/vsysreg.h>
#include <xen/assert.h>
#include <xen/nospec.h>
#include <xen/string.h>

/* Identification registers have op0 3, op1 0 and CRn 0. */
#define ID_REG(crm, op2) ISS_SYSREG(3U, 0U, 0U, crm, op2)
#define ID_REG_CRM(reg) ((reg) >> 1 & 0xf)
#define ID_REG_OP2(reg) ((reg) >> 17 & 7)
#define ID_REG_FIELDS ISS_SYSREG(0U, 0U, 0U, 0xfU, 7U)
#define ID_REG_CRM_FIRST 1U
#define ID_REG_CRM_LAST 7U

#define SYS_ACTLR_EL1 ISS_SYSREG(3U, 0U, 1U, 0U, 1U)
#define SYS_ICC_SGI1R ISS_SYSREG(3U, 0U, 12U, 11U, 5U)
#define SYS_ICC_ASGI1R ISS_SYSREG(3U, 0U, 12U, 11U, 6U)
#define SYS_ICC_SGI0R ISS_SYSREG(3U, 0U, 12U, 11U, 7U)
#define SYS_CNTP_TVAL ISS_SYSREG(3U, 3U, 14U, 2U, 0U)
#define SYS_CNTP_CTL ISS_SYSREG(3U, 3U, 14U, 2U, 1U)
#define SYS_CNTP_CVAL ISS_SYSREG(3U, 3U, 14U, 2U, 2U)
#define SYS_MDCCINT ISS_SYSREG(2U, 0U, 0U, 2U, 0U)
#define SYS_MDSCR ISS_SYSREG(2U, 0U, 0U, 2U, 2U)
#define SYS_MDCCSR ISS_SYSREG(2U, 3U, 0U, 1U, 0U)
#define SYS_MDRAR ISS_SYSREG(2U, 0U, 1U, 0U, 0U)
#define SYS_OSLAR ISS_SYSREG(2U, 0U, 1U, 0U, 4U)
#define SYS_OSLSR ISS_SYSREG(2U, 0U, 1U, 1U, 4U)
#define SYS_OSDLR ISS_SYSREG(2U, 0U, 1U, 3U, 4U)
#define SYS_DBGAUTHSTATUS ISS_SYSREG(2U, 0U, 7U, 14U, 6U)
/* DBGBVR<n>, DBGBCR<n>, DBGWVR<n> and DBGWCR<n>, with n in CRm. */
#define SYS_DBGBVR0 ISS_SYSREG(2U, 0U, 0U, 0U, 4U)
#define BREAKPOINT_FIELDS ISS_SYSREG(0U, 0U, 0U, 0xfU, 3U)
#define SYS_PMUSERENR ISS_SYSREG(3U, 3U, 9U, 14U, 0U)

/* A field of an identification register that guests see, up to the value that is known here. */
struct id_field {
	u8 id, shift, max;
	bool negative;		/* 0xf says that the feature is absent */
};

#define FIELD_MASK 0xfUL
#define SHIFT_EL1 4
#define SHIFT_GIC 24
#define AARCH64_ONLY 1UL

static const struct id_field id_fields[] = {
	{ ARM_ID_PFR0, 0, 2, false },	/* EL0: 64 bits, and 32 */
	{ ARM_ID_PFR0, 16, 1, true },	/* FP */
	{ ARM_ID_PFR0, 20, 1, true },	/* AdvSIMD */
	{ ARM_ID_PFR0, SHIFT_GIC, 1, false },
	{ ARM_ID_PFR0, 48, 1, false },	/* DIT */
	{ ARM_ID_PFR0, 56, 1, false },	/* CSV2; 2 has registers of its own */
	{ ARM_ID_PFR0, 60, 1, false },	/* CSV3 */
	{ ARM_ID_PFR1, 0, 1, false },	/* BT */
	{ ARM_ID_PFR1, 4, 2, false },	/* SSBS */
	{ ARM_ID_DFR0, 0, 9, false },	/* DebugVer */
	{ ARM_ID_DFR0, 12, 15, false },	/* BRPs */
	{ ARM_ID_DFR0, 20, 15, false },	/* WRPs */
	{ ARM_ID_DFR0, 28, 15, false },	/* CTX_CMPs */
	{ ARM_ID_DFR0, 36, 0, true },	/* DoubleLock */
	{ ARM_ID_ISAR0, 4, 2, false },	/* AES */
	{ ARM_ID_ISAR0, 8, 1, false },	/* SHA1 */
	{ ARM_ID_ISAR0, 12, 2, false },	/* SHA2 */
	{ ARM_ID_ISAR0, 16, 1, false },	/* CRC32 */
	{ ARM_ID_ISAR0, 20, 2, false },	/* Atomic */
	{ ARM_ID_ISAR0, 28, 1, false },	/* RDM */
	{ ARM_ID_ISAR0, 32, 1, false },	/* SHA3 */
	{ ARM_ID_ISAR0, 36, 1, false },	/* SM3 */
	{ ARM_ID_ISAR0, 40, 1, false },	/* SM4 */
	{ ARM_ID_ISAR0, 44, 1, false },	/* DP */
	{ ARM_ID_ISAR0, 48, 1, false },	/* FHM */
	{ ARM_ID_ISAR0, 52, 2, false },	/* TS */
	{ ARM_ID_ISAR0, 56, 2, false },	/* TLB */
	{ ARM_ID_ISAR0, 60, 1, false },	/* RNDR */
	{ ARM_ID_ISAR1, 0, 2, false },	/* DPB */
	{ ARM_ID_ISAR1, 12, 1, false },	/* JSCVT */
	{ ARM_ID_ISAR1, 16, 1, false },	/* FCMA */
	{ ARM_ID_ISAR1, 20, 2, false },	/* LRCPC */
	{ ARM_ID_ISAR1, 32, 1, false },	/* FRINTTS */
	{ ARM_ID_ISAR1, 36, 1, false },	/* SB */
	{ ARM_ID_ISAR1, 40, 1, false },	/* SPECRES */
	{ ARM_ID_ISAR1, 44, 2, false },	/* BF16 */
	{ ARM_ID_ISAR1, 48, 1, false },	/* DGH */
	{ ARM_ID_ISAR1, 52, 1, false },	/* I8MM */
	{ ARM_ID_ISAR1, 56, 1, false },	/* XS */
	{ ARM_ID_MMFR0, 0, 6, false },	/* PARange; see phys_range() */
	{ ARM_ID_MMFR0, 4, 2, false },	/* ASIDBits */
	{ ARM_ID_MMFR0, 8, 1, false },	/* BigEnd */
	{ ARM_ID_MMFR0, 12, 1, false },	/* SNSMem */
	{ ARM_ID_MMFR0, 16, 1, false },	/* BigEndEL0 */
	{ ARM_ID_MMFR0, 20, 1, false },	/* TGran16 */
	{ ARM_ID_MMFR0, 24, 0, true },	/* TGran64 */
	{ ARM_ID_MMFR0, 28, 0, true },	/* TGran4 */
	{ ARM_ID_MMFR0, 44, 1, false },	/* ExS */
	{ ARM_ID_MMFR1, 0, 2, false },	/* HAFDBS */
	{ ARM_ID_MMFR1, 12, 2, false },	/* HPDS */
	{ ARM_ID_MMFR1, 20, 3, false },	/* PAN */
	{ ARM_ID_MMFR1, 24, 1, false },	/* SpecSEI */
	{ ARM_ID_MMFR1, 36, 2, false },	/* ETS */
	{ ARM_ID_MMFR1, 44, 1, false },	/* AFP */
	{ ARM_ID_MMFR1, 48, 1, false },	/* nTLBPA */
	{ ARM_ID_MMFR1, 60, 1, false },	/* ECBHB */
	{ ARM_ID_MMFR2, 0, 1, false },	/* CnP */
	{ ARM_ID_MMFR2, 4, 1, false },	/* UAO */
	{ ARM_ID_MMFR2, 8, 1, false },	/* LSM */
	{ ARM_ID_MMFR2, 16, 1, false },	/* VARange */
	{ ARM_ID_MMFR2, 20, 1, false },	/* CCIDX */
	{ ARM_ID_MMFR2, 28, 1, false },	/* ST */
	{ ARM_ID_MMFR2, 32, 1, false },	/* AT */
	{ ARM_ID_MMFR2, 36, 1, false },	/* IDS */
	{ ARM_ID_MMFR2, 48, 1, false },	/* TTL */
	{ ARM_ID_MMFR2, 52, 2, false },	/* BBM */
	{ ARM_ID_MMFR2, 60, 1, false },	/* E0PD */
};

/* Which of them a register is, by CRm and op2, plus 1. */
static const u8 id_at[ID_REG_CRM_LAST + 1][8] = {
	[4] = { ARM_ID_PFR0 + 1, ARM_ID_PFR1 + 1 },
	[5] = { ARM_ID_DFR0 + 1 },
	[6] = { ARM_ID_ISAR0 + 1, ARM_ID_ISAR1 + 1 },
	[7] = { ARM_ID_MMFR0 + 1, ARM_ID_MMFR1 + 1, ARM_ID_MMFR2 + 1 },
};

/* PARange for addresses of @bits. */
static u64 phys_range(u32 bits)
{
	static const u8 widths[] = { 32, 36, 40, 42, 44, 48, 52 };
	u64 range = 0;

	ASSERT(bits >= widths[0]);
	while (range + 1 < ARRAY_SIZE(widths) && widths[range + 1] <= bits)
		range++;
	return range;
}

void vsysreg_identify(u64 *seen, const u64 *machine, u32 gic_version, u32 phys_bits)
{
	memset(seen, 0, NR_ARM_IDS * sizeof(*seen));
	for (u32 i = 0; i < ARRAY_SIZE(id_fields); i++) {
		const struct id_field *f = &id_fields[i];
		u64 has = machine[f->id] >> f->shift & FIELD_MASK;

		ASSERT(f->id < NR_ARM_IDS && f->shift % 4 == 0 && f->shift < 64);
		seen[f->id] |= (f->negative && has == FIELD_MASK ? has : min(has, (u64)f->max))
			       << f->shift;
	}
	seen[ARM_ID_PFR0] |= AARCH64_ONLY << SHIFT_EL1;
	/* The CPU interface in system registers is version 3's. */
	if (gic_version == 2)
		seen[ARM_ID_PFR0] &= ~(FIELD_MASK << SHIFT_GIC);
	seen[ARM_ID_MMFR0] = (seen[ARM_ID_MMFR0] & ~FIELD_MASK) |
			     min(seen[ARM_ID_MMFR0] & FIELD_MASK, phys_range(phys_bits));
}

/* A part of the space is of registers that are reserved, or of 32-bit EL1: they read as zero. */
static bool id_read(const struct vsysreg *s, u32 reg, u64 *v)
{
	u32 crm = ID_REG_CRM(reg), at;

	if ((reg & ~ID_REG_FIELDS) != ID_REG(0U, 0U) || crm < ID_REG_CRM_FIRST ||
	    crm > ID_REG_CRM_LAST)
		return false;
	at = id_at[array_index_nospec(crm, ID_REG_CRM_LAST + 1)][ID_REG_OP2(reg)];
	*v = at ? s->id[at - 1] : 0;
	return true;
}

/* What MDSCR_EL1 lets a guest change while its OS lock is open: SS, TDCC, KDE, MDE. */
#define MDSCR_WRITABLE 0xb001UL
#define OSLSR_OPEN 8		/* there is an OS lock, and it is not locked */

/* Registers without a meaning to guests that have to be there. */
struct plain_reg {
	u32 reg;
	u32 any;		/* fields that may differ */
	bool readable;
	bool writable;		/* without effect */
	u8 value;		/* when read */
};

static const struct plain_reg plain_regs[] = {
	{ SYS_ACTLR_EL1, 0, true, true, 0 },
	{ SYS_PMUSERENR, 0, true, true, 0 },
	/* Breakpoints and watchpoints would have to be switched. */
	{ SYS_DBGBVR0, BREAKPOINT_FIELDS, true, true, 0 },
	{ SYS_MDCCINT, 0, true, true, 0 },
	{ SYS_MDCCSR, 0, true, false, 0 },
	{ SYS_MDRAR, 0, true, false, 0 },
	{ SYS_DBGAUTHSTATUS, 0, true, false, 0 },
	{ SYS_OSDLR, 0, true, true, 0 },
	{ SYS_OSLAR, 0, false, true, 0 },
	{ SYS_OSLSR, 0, true, false, OSLSR_OPEN },
	/* Group 0 and the other security state: there are none. */
	{ SYS_ICC_SGI0R, 0, false, true, 0 },
	{ SYS_ICC_ASGI1R, 0, false, true, 0 },
};

static bool plain_access(u32 reg, bool read, u64 *v)
{
	for (u32 i = 0; i < ARRAY_SIZE(plain_regs); i++)
		if (plain_regs[i].reg == (reg & ~plain_regs[i].any)) {
			*v = read ? plain_regs[i].value : *v;
			return read ? plain_regs[i].readable : plain_regs[i].writable;
		}
	return false;
}

static u64 timer_ctl(const struct vsysreg *s)
{
	bool fired = s->phys.ctl & ARM_TIMER_ENABLE && s->ops->count(s) >= s->phys.cval;

	return s->phys.ctl | (fired ? ARM_TIMER_STATUS : 0);
}

/* The physical timer (ARM ARM, D11.2.4). False: @reg is not one of its registers. */
static bool timer_access(struct vsysreg *s, u32 reg, bool read, u64 *v)
{
	struct arm_timer *t = &s->phys;

	switch (reg) {
	case SYS_CNTP_CTL:
		if (read)
			*v = timer_ctl(s);
		else
			t->ctl = *v & (ARM_TIMER_ENABLE | ARM_TIMER_MASK);
		break;
	case SYS_CNTP_CVAL:
		if (read)
			*v = t->cval;
		else
			t->cval = *v;
		break;
	case SYS_CNTP_TVAL:
		if (read)
			*v = (u32)(t->cval - s->ops->count(s));
		else
			t->cval = s->ops->count(s) + (u64)(s64)(s32)*v;
		break;
	default:
		return false;
	}
	if (!read)
		s->ops->timer_set(s);
	return true;
}

/* Of debugging, guests have software steps. */
static bool debug_access(struct vsysreg *s, u32 reg, bool read, u64 *v)
{
	if (reg != SYS_MDSCR)
		return false;
	if (read) {
		*v = s->mdscr;
	} else {
		s->mdscr = *v & MDSCR_WRITABLE;
		s->ops->debug_set(s);
	}
	return true;
}

bool vsysreg_access(struct vsysreg *s, struct cpu_regs *r, u32 iss)
{
	u32 reg = iss & ISS_SYSREG_MASK;
	bool read = iss & ISS_SYSREG_READ;
	u64 v = arm_reg(r, ISS_SYSREG_RT(iss));

	if (!read && reg == SYS_ICC_SGI1R) {
		vgic_send_sgi(s->gic, s->vcpu, v);
		return true;
	}
	if (!(read && id_read(s, reg, &v)) && !timer_access(s, reg, read, &v) &&
	    !debug_access(s, reg, read, &v) && !plain_access(reg, read, &v))
		return false;
	ASSERT(!(s->phys.ctl & ~(ARM_TIMER_ENABLE | ARM_TIMER_MASK)));
	if (read)
		arm_set_reg(r, ISS_SYSREG_RT(iss), v);
	return true;
}
