/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the manuals say about registers and calls that trap: DEN0022, DEN0028, the ARM ARM. */
#include "sysreg.h"

#define OP0(iss) ((iss) >> 20 & 3)
#define OP2(iss) ((iss) >> 17 & 7)
#define OP1(iss) ((iss) >> 14 & 7)
#define CRN(iss) ((iss) >> 10 & 15)
#define CRM(iss) ((iss) >> 1 & 15)
#define IS_READ(iss) ((iss) & 1)

/* A register's name in one number: S<op0>_<op1>_C<n>_C<m>_<op2>, two digits for n and m. */
static u32 name(u32 iss)
{
	return OP0(iss) * 1000000 + OP1(iss) * 100000 + CRN(iss) * 1000 + CRM(iss) * 10 + OP2(iss);
}

/* ---- firmware ---- */

static u64 mpidr_of(u32 vcpu) { return vcpu / 16 * 256 + vcpu % 16; }

static u32 named(u64 mpidr)
{
	for (u32 i = 0; i < VCPUS; i++)
		if (i != ABSENT && mpidr_of(i) == mpidr)
			return i;
	return VCPUS;
}

static bool is_known(u32 fn)
{
	/* Those of both widths have arguments that can be addresses or affinities. */
	static const u8 with_64[] = { 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0 };
	static const u8 there[] = { 1, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1 };

	if (fn == 0x80000000 || fn == 0x80000001)
		return true;
	if ((fn & 0xbfffffff) < 0x84000000 || (fn & 0xbfffffff) > 0x8400000a)
		return false;
	return fn & 0x40000000 ? with_64[fn & 0xf] : there[fn & 0xf];
}

static long cpu_on(const struct guest *g, u64 mpidr, u64 entry, u32 *target)
{
	u32 to = named(mpidr);

	if (to == VCPUS)
		return -2;
	if (entry & 3)
		return -9;
	if (g->on[to])
		return -4;
	*target = to;
	return 0;
}

struct psci_result oracle_psci(const struct guest *g, const u64 *x)
{
	u32 fn = (u32)x[0];
	u64 mask = fn & 0x40000000 ? ~0UL : 0xffffffff, x1 = x[1] & mask, x2 = x[2] & mask;
	struct psci_result r = { .x0 = -1, .target = VCPUS };

	if (!is_known(fn))
		return r;
	r.x0 = 0;
	switch (fn & 0xbfffffff) {
	case 0x80000000:
		r.x0 = 0x10001;
		break;
	case 0x84000000:
		r.x0 = 0x10000;
		break;
	case 0x80000001:
	case 0x8400000a:
		r.x0 = is_known((u32)x1) ? 0 : -1;
		break;
	case 0x84000001:
		/* A power state has 32 bits in both widths: a type, a level and a number. */
		r.suspend = !((u32)x1 & ~0x0301ffffU);
		r.x0 = r.suspend ? 0 : -2;
		break;
	case 0x84000002:
		r.off = true;
		break;
	case 0x84000003:
		r.x0 = cpu_on(g, x1, x2, &r.target);
		break;
	case 0x84000004:
		r.x0 = x2 || named(x1) == VCPUS ? -2 : !g->on[named(x1)];
		break;
	case 0x84000006:
		r.x0 = 2;
		break;
	case 0x84000008:
	case 0x84000009:
		r.end = true;
		r.reset = fn == 0x84000009;
	}
	return r;
}

/* ---- system registers ---- */

enum sysreg_kind oracle_sysreg(u32 iss)
{
	bool read = IS_READ(iss);

	switch (name(iss)) {
	case 3001001:	/* ACTLR_EL1 */
	case 3309140:	/* PMUSERENR_EL0 */
	case 2001034:	/* OSDLR_EL1 */
	case 2000020:	/* MDCCINT_EL1 */
		return read ? SYSREG_ZERO : SYSREG_IGNORED;
	case 2300010:	/* MDCCSR_EL0 */
	case 2001000:	/* MDRAR_EL1 */
	case 2007146:	/* DBGAUTHSTATUS_EL1 */
		return read ? SYSREG_ZERO : SYSREG_UNDEFINED;
	case 2001014:	/* OSLSR_EL1 */
		return read ? SYSREG_LOCK : SYSREG_UNDEFINED;
	case 2000022:	/* MDSCR_EL1 */
		return SYSREG_DEBUG;
	case 2001004:	/* OSLAR_EL1 */
	case 3012116:	/* ICC_ASGI1R_EL1 */
	case 3012117:	/* ICC_SGI0R_EL1 */
		return read ? SYSREG_UNDEFINED : SYSREG_IGNORED;
	case 3012115:	/* ICC_SGI1R_EL1 */
		return read ? SYSREG_UNDEFINED : SYSREG_SGI;
	case 3314020:	/* CNTP_TVAL_EL0 */
	case 3314021:	/* CNTP_CTL_EL0 */
	case 3314022:	/* CNTP_CVAL_EL0 */
		return SYSREG_TIMER;
	}
	if (read && name(iss) >= 3000010 && name(iss) < 3000080)
		return SYSREG_ID;
	/* Breakpoints and watchpoints: S2_0_C0_Cm_4 to 7. */
	if (name(iss) >= 2000000 && name(iss) < 2000160 && OP2(iss) >= 4)
		return read ? SYSREG_ZERO : SYSREG_IGNORED;
	return SYSREG_UNDEFINED;
}

u32 oracle_id_number(u32 iss)
{
	switch (name(iss)) {
	case 3000040: return ARM_ID_PFR0;
	case 3000041: return ARM_ID_PFR1;
	case 3000050: return ARM_ID_DFR0;
	case 3000060: return ARM_ID_ISAR0;
	case 3000061: return ARM_ID_ISAR1;
	case 3000070: return ARM_ID_MMFR0;
	case 3000071: return ARM_ID_MMFR1;
	case 3000072: return ARM_ID_MMFR2;
	}
	return NR_ARM_IDS;
}

/* Fields, by the number of their nibble, of features that need the hypervisor to keep state or to
 * set a control that it does not set. */
static const u16 forbidden[NR_ARM_IDS] = {
	[ARM_ID_PFR0] = 1 << 2 | 1 << 3 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 13,
	[ARM_ID_PFR1] = 0xfffc,
	[ARM_ID_DFR0] = 1 << 1 | 1 << 2 | 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13,
	[ARM_ID_ISAR0] = 1 << 0 | 1 << 6,
	[ARM_ID_ISAR1] = 1 << 1 | 1 << 2 | 1 << 6 | 1 << 7 | 1 << 15,
	[ARM_ID_MMFR0] = 1 << 12 | 1 << 13 | 1 << 14 | 1 << 15,
	[ARM_ID_MMFR1] = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 13 | 1 << 14,
	[ARM_ID_MMFR2] = 1 << 3 | 1 << 6 | 1 << 10 | 1 << 11 | 1 << 14,
};
/* Fields in which all ones say that the feature is absent. */
static const u16 has_sign[NR_ARM_IDS] = {
	[ARM_ID_PFR0] = 1 << 4 | 1 << 5, [ARM_ID_DFR0] = 1 << 9, [ARM_ID_MMFR0] = 1 << 6 | 1 << 7,
};

void oracle_id(u32 iss, u64 value, u64 machine, u32 gic_version, u32 phys_bits)
{
	static const u8 width[16] = { 32, 36, 40, 42, 44, 48, 52 };
	u32 id = oracle_id_number(iss);

	if (id == NR_ARM_IDS) {
		if (value)
			failed("a register is shown that guests see nothing of", value);
		return;
	}
	for (u32 i = 0; i < 16; i++) {
		u64 has = machine >> i * 4 & 15, shown = value >> i * 4 & 15;
		bool is_el1 = id == ARM_ID_PFR0 && i == 1;

		if (forbidden[id] >> i & 1 && shown)
			failed("a feature is shown that guests do not get", id * 16 + i);
		if (is_el1 ? shown != 1 : (has_sign[id] >> i & 1) && (has == 15) != (shown == 15))
			failed("a feature is shown wrongly", id * 16 + i);
		if (!is_el1 && shown > has)
			failed("a feature is shown that the machine lacks", id * 16 + i);
	}
	if (id == ARM_ID_PFR0 && gic_version == 2 && value >> 24 & 15)
		failed("version 2 has no registers of its own", value);
	if (id == ARM_ID_MMFR0 && (!width[value & 15] || width[value & 15] > phys_bits))
		failed("physical addresses are wider than the guest's", value & 15);
}

static bool has_fired(const struct guest *g, u32 vcpu)
{
	return g->timer[vcpu].ctl & 1 && g->timer[vcpu].cval <= g->now;
}

u64 oracle_timer_read(const struct guest *g, u32 vcpu, u32 iss)
{
	const struct arm_timer *t = &g->timer[vcpu];

	switch (OP2(iss)) {
	case 0:
		return (t->cval - g->now) & 0xffffffff;
	case 1:
		return t->ctl + (has_fired(g, vcpu) ? 4 : 0);
	default:
		return t->cval;
	}
}

void oracle_timer_write(struct guest *g, u32 vcpu, u32 iss, u64 value)
{
	struct arm_timer *t = &g->timer[vcpu];

	switch (OP2(iss)) {
	case 0:
		t->cval = g->now + (value & 0xffffffff);
		if (value & 0x80000000)
			t->cval -= 1UL << 32;
		break;
	case 1:
		t->ctl = value % 4;
		break;
	default:
		t->cval = value;
	}
}

bool oracle_sgi(u64 value, u32 from, u32 to)
{
	/* Aff3, range selector, Aff2, Aff1 and a list of Aff0; or all others by IRM. */
	u64 aff3 = value >> 48 & 255, selector = value >> 44 & 15, aff2 = value >> 32 & 255;
	u64 aff1 = value >> 16 & 255, list = value & 0xffff;

	if (to == ABSENT)
		return false;
	if (value >> 40 & 1)
		return to != from;
	return !aff3 && !selector && !aff2 && aff1 == to / 16 && list >> to % 16 & 1;
}

/* ---- loads ---- */

u64 oracle_load(u32 iss, const u8 *bytes)
{
	u32 n = 1U << (iss >> 22 & 3);
	bool negative = iss >> 21 & 1 && bytes[n - 1] >> 7;
	u64 v = 0;

	for (u32 i = 8; i-- > 0;)
		v = v << 8 | (i < n ? bytes[i] : negative ? 255 : 0);
	return iss >> 15 & 1 ? v : v & 0xffffffff;
}
