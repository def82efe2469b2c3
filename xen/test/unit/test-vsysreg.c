/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System registers of ARM guests whose accesses trap. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/arm/vsysreg.h>
#include <xen/compiler.h>
#include <xen/ops.h>

#define VCPUS 2
#define SPIS 32
#define VCPU 1
#define RT 5		/* the register that accesses here use */
#define UNTOUCHED 0x5a5a5a5a5a5a5a5aUL

/* The instruction's fields, where the syndrome has them. */
#define REG(op0, op1, crn, crm, op2) \
	((op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
#define ID(crm, op2) REG(3U, 0U, 0U, crm, op2)
#define PFR0 ID(4U, 0U)
#define PFR1 ID(4U, 1U)
#define DFR0 ID(5U, 0U)
#define ISAR0 ID(6U, 0U)
#define ISAR1 ID(6U, 1U)
#define MMFR0 ID(7U, 0U)
#define MMFR1 ID(7U, 1U)
#define MMFR2 ID(7U, 2U)
#define MDSCR REG(2U, 0U, 0U, 2U, 2U)
#define CNTP_TVAL REG(3U, 3U, 14U, 2U, 0U)
#define CNTP_CTL REG(3U, 3U, 14U, 2U, 1U)
#define CNTP_CVAL REG(3U, 3U, 14U, 2U, 2U)
#define ICC_SGI1R REG(3U, 0U, 12U, 11U, 5U)

static struct vgic g;
static struct vgic_vcpu v[VCPUS], *vp[VCPUS];
static struct vgic_irq spi[SPIS];
static struct vsysreg s;
static u32 phys_bits;
static u64 machine[NR_ARM_IDS], seen[NR_ARM_IDS], now, timer_sets, debug_sets;

static void kick(struct vgic *vg, u32 vcpu) {}
static void enable_hw(struct vgic *vg, u32 hwirq, bool on, bool edge) {}
static void end_hw(struct vgic *vg, u32 hwirq) {}
static void route_hw(struct vgic *vg, u32 hwirq, u32 vcpu) {}
static const struct vgic_ops gic_ops = { kick, enable_hw, end_hw, route_hw };
OPS_TABLE(gic_ops, kick);

static u64 count(const struct vsysreg *of) { return now; }
static void timer_set_anew(struct vsysreg *of) { timer_sets++; }
static void debug_set_anew(struct vsysreg *of) { debug_sets++; }
static const struct vsysreg_ops ops = { count, timer_set_anew, debug_set_anew };
OPS_TABLE(ops, count);

static int setup(void **state)
{
	host_init(1, 1, 16 << 20);
	memset(vp, 0, sizeof(vp));
	memset(machine, 0, sizeof(machine));
	vgic_init(&g, &gic_ops, 3, VCPUS, vp, SPIS, spi);
	for (u32 i = 0; i < VCPUS; i++)
		vgic_vcpu_init(&g, i, &v[i]);
	s = (struct vsysreg){ .ops = &ops, .gic = &g, .vcpu = VCPU, .id = seen };
	phys_bits = 40;
	now = 1000;
	timer_sets = debug_sets = 0;
	return 0;
}

/* MRS; only the register that is asked for may change. */
static bool get(u32 reg, u64 *value)
{
	struct cpu_regs r = { .x[RT] = UNTOUCHED, .pc = 0x1000 }, was = r;
	bool known;

	vsysreg_identify(seen, machine, g.version, phys_bits);
	known = vsysreg_access(&s, &r, reg | RT << 5 | 1);

	*value = was.x[RT] = r.x[RT];
	assert_memory_equal(&r, &was, sizeof(r));
	if (!known)
		assert_int_equal(*value, UNTOUCHED);
	return known;
}

static bool set(u32 reg, u64 value)
{
	struct cpu_regs r = { .x[RT] = value, .pc = 0x1000 }, was = r;
	bool known = vsysreg_access(&s, &r, reg | RT << 5);

	assert_memory_equal(&r, &was, sizeof(r));
	return known;
}

static u64 value_of(u32 reg)
{
	u64 value;

	assert_true(get(reg, &value));
	return value;
}

static void all_machine(u64 value)
{
	for (u32 i = 0; i < NR_ARM_IDS; i++)
		machine[i] = value;
}

static u64 field(u32 reg, u32 shift) { return value_of(reg) >> shift & 0xf; }

/* A later CPU, with values that nobody knows yet: what guests see ends with what is known. */
static void test_newest_machine(void **state)
{
	all_machine(0xeeeeeeeeeeeeeeee);
	assert_int_equal(value_of(PFR0), 0x1101000001110012);
	assert_int_equal(value_of(PFR1), 0x21);
	assert_int_equal(value_of(DFR0), 0xe0e0e009);
}

static void test_hidden_features(void **state)
{
	static const struct {
		u32 reg, shift;
	} hidden[] = {
		{ PFR0, 8 },	/* EL2 */
		{ PFR0, 12 },	/* EL3 */
		{ PFR0, 28 },	/* RAS */
		{ PFR0, 32 },	/* SVE */
		{ PFR0, 36 },	/* secure EL2 */
		{ PFR0, 40 },	/* MPAM */
		{ PFR0, 44 },	/* AMU */
		{ PFR0, 52 },	/* RME */
		{ PFR1, 8 },	/* MTE */
		{ PFR1, 24 },	/* SME */
		{ DFR0, 4 },	/* trace */
		{ DFR0, 8 },	/* PMU */
		{ DFR0, 32 },	/* statistical profiling */
		{ DFR0, 40 },	/* trace filter */
		{ DFR0, 44 },	/* trace buffer */
		{ DFR0, 52 },	/* branch records */
		{ ISAR0, 24 },	/* transactions */
		{ ISAR1, 4 },	/* pointer authentication */
		{ ISAR1, 8 },
		{ ISAR1, 24 },
		{ ISAR1, 28 },
		{ ISAR1, 60 },	/* accesses of 64 bytes */
		{ MMFR0, 56 },	/* fine-grained traps */
		{ MMFR0, 60 },	/* offsets of the physical counter */
		{ MMFR1, 4 },	/* VMIDs */
		{ MMFR1, 8 },	/* VHE */
		{ MMFR1, 16 },	/* LORegions */
		{ MMFR1, 40 },	/* HCRX */
		{ MMFR2, 24 },	/* nested virtualisation */
		{ MMFR2, 40 },	/* forced write-back */
		{ ID(4U, 4U), 0 },	/* SVE */
		{ ID(4U, 5U), 32 },	/* SME */
		{ ID(6U, 2U), 12 },	/* pointer authentication by QARMA3 */
		{ ID(1U, 0U), 0 },	/* 32-bit EL1 */
		{ ID(7U, 7U), 60 },
	};

	all_machine(0x1111111111111111);
	for (u32 i = 0; i < ARRAY_SIZE(hidden); i++)
		assert_int_equal(field(hidden[i].reg, hidden[i].shift), 0);
	assert_int_equal(field(PFR0, 4), 1);
}

/* Nothing that the machine lacks; -1 in a signed field says that it lacks it. */
static void test_poorest_machine(void **state)
{
	assert_int_equal(value_of(PFR0), 0x10);
	for (u32 reg = 0; reg < 8; reg++)
		for (u32 crm = 1; crm < 8; crm++)
			if (ID(crm, reg) != PFR0)
				assert_int_equal(value_of(ID(crm, reg)), 0);
	machine[ARM_ID_PFR0] = 0xff0011;
	machine[ARM_ID_MMFR0] = 0xff000000;
	machine[ARM_ID_DFR0] = 0xfUL << 36;
	assert_int_equal(value_of(PFR0), 0xff0011);
	assert_int_equal(value_of(MMFR0), 0xff000000);
	assert_int_equal(value_of(DFR0), 0xfUL << 36);
}

static void test_physical_addresses(void **state)
{
	static const struct {
		u32 bits, machine, want;
	} cases[] = {
		{ 40, 1, 1 }, { 40, 2, 2 }, { 40, 4, 2 }, { 44, 5, 4 }, { 48, 5, 5 }, { 48, 6, 5 },
		{ 47, 6, 4 }, { 52, 6, 6 }, { 32, 6, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		phys_bits = cases[i].bits;
		machine[ARM_ID_MMFR0] = cases[i].machine;
		assert_int_equal(field(MMFR0, 0), cases[i].want);
	}
}

static void test_gic_by_registers(void **state)
{
	machine[ARM_ID_PFR0] = 3 << 24;
	assert_int_equal(field(PFR0, 24), 1);
	g.version = 2;
	assert_int_equal(field(PFR0, 24), 0);
}

/* Identification registers are read only, and have CRm from 1 to 7. */
static void test_bounds_of_identification(void **state)
{
	u64 value;

	for (u32 op2 = 0; op2 < 8; op2++) {
		for (u32 crm = 0; crm < 16; crm++)
			assert_int_equal(get(ID(crm, op2), &value), crm >= 1 && crm <= 7);
		assert_false(set(ID(4U, op2), 0));
	}
	assert_false(get(REG(3U, 1U, 0U, 4U, 0U), &value));
	assert_false(get(REG(3U, 0U, 1U, 4U, 0U), &value));
	assert_false(get(REG(2U, 0U, 0U, 4U, 0U), &value));
}

static void test_plain_registers(void **state)
{
	static const struct {
		u32 reg;
		bool readable;
	} plain[] = {
		{ REG(3U, 0U, 1U, 0U, 1U), true },	/* ACTLR_EL1 */
		{ REG(3U, 3U, 9U, 14U, 0U), true },	/* PMUSERENR_EL0 */
		{ REG(2U, 0U, 1U, 3U, 4U), true },	/* OSDLR_EL1 */
		{ REG(2U, 0U, 1U, 0U, 4U), false },	/* OSLAR_EL1 */
		{ REG(3U, 0U, 12U, 11U, 6U), false },	/* ICC_ASGI1R_EL1 */
		{ REG(3U, 0U, 12U, 11U, 7U), false },	/* ICC_SGI0R_EL1 */
	};
	u64 value;

	for (u32 i = 0; i < ARRAY_SIZE(plain); i++) {
		assert_true(set(plain[i].reg, ~0UL));
		assert_int_equal(get(plain[i].reg, &value), plain[i].readable);
		assert_int_equal(value, plain[i].readable ? 0 : UNTOUCHED);
	}
}

/* All breakpoints and watchpoints: what one guest sets another one would meet. */
static void test_breakpoints(void **state)
{
	for (u32 op2 = 4; op2 < 8; op2++)
		for (u32 n = 0; n < 16; n++) {
			assert_true(set(REG(2U, 0U, 0U, n, op2), ~0UL));
			assert_int_equal(value_of(REG(2U, 0U, 0U, n, op2)), 0);
		}
	assert_int_equal(value_of(REG(2U, 0U, 1U, 1U, 4U)), 8);	/* OSLSR_EL1 */
	assert_false(set(REG(2U, 0U, 1U, 1U, 4U), 0));
	assert_int_equal(debug_sets, 0);
}

static void test_single_step(void **state)
{
	assert_true(set(MDSCR, ~0UL));
	assert_int_equal(value_of(MDSCR), 0xb001);
	assert_true(set(MDSCR, 0x2001));
	assert_int_equal(s.mdscr, 0x2001);
	assert_int_equal(debug_sets, 2);
}

static void test_unknown_registers(void **state)
{
	static const u32 unknown[] = {
		REG(3U, 3U, 9U, 12U, 0U),	/* PMCR_EL0 */
		REG(3U, 3U, 13U, 2U, 0U),	/* AMCR_EL0 */
		REG(3U, 0U, 10U, 4U, 0U),	/* LORSA_EL1 */
		REG(3U, 0U, 1U, 2U, 0U),	/* ZCR_EL1 */
		REG(3U, 4U, 1U, 1U, 0U),	/* HCR_EL2 */
		REG(1U, 0U, 7U, 14U, 2U),	/* DC CISW */
		REG(2U, 1U, 0U, 1U, 0U),	/* TRCPRGCTLR */
		REG(2U, 3U, 0U, 4U, 0U),	/* DBGDTR_EL0 */
		REG(3U, 0U, 5U, 4U, 0U),	/* ERXFR_EL1 */
		0,
	};
	u64 value;

	for (u32 i = 0; i < ARRAY_SIZE(unknown); i++) {
		assert_false(get(unknown[i], &value));
		assert_false(set(unknown[i], 1));
	}
	assert_false(get(ICC_SGI1R, &value));
}

static void test_timer(void **state)
{
	assert_true(set(CNTP_CTL, ~0UL));
	assert_int_equal(value_of(CNTP_CTL), 7);	/* it fired at 0, and is masked */
	assert_true(set(CNTP_CVAL, 1500));
	assert_int_equal(value_of(CNTP_CTL), 3);
	assert_int_equal(value_of(CNTP_TVAL), 500);
	now = 1499;
	assert_int_equal(value_of(CNTP_CTL), 3);
	now = 1500;
	assert_int_equal(value_of(CNTP_CTL), 7);
	now = 1501;
	assert_int_equal(value_of(CNTP_TVAL), 0xffffffff);
	/* 32 bits, signed. */
	assert_true(set(CNTP_TVAL, 0xabcdffffffff));
	assert_int_equal(value_of(CNTP_CVAL), 1500);
	assert_true(set(CNTP_TVAL, 0x7fffffff));
	assert_int_equal(value_of(CNTP_CVAL), 1501UL + 0x7fffffff);
	assert_true(set(CNTP_CTL, 0));
	assert_int_equal(value_of(CNTP_CTL), 0);
	assert_int_equal(timer_sets, 5);
}

static void test_zero_register(void **state)
{
	struct cpu_regs r = { .sp = 77 };

	s.phys.cval = 5;
	assert_true(vsysreg_access(&s, &r, CNTP_CVAL | 31 << 5 | 1));
	assert_int_equal(r.sp, 77);
	assert_true(vsysreg_access(&s, &r, CNTP_CVAL | 31 << 5));
	assert_int_equal(s.phys.cval, 0);
}

/* To all but the sender. */
static void test_software_interrupt(void **state)
{
	assert_true(set(ICC_SGI1R, BIT(40) | 7UL << 24));
	assert_true(v[0].local[7].latch);
	assert_false(v[VCPU].local[7].latch);
	assert_true(set(ICC_SGI1R, 2 | 8UL << 24));
	assert_false(v[0].local[8].latch);
	assert_true(v[VCPU].local[8].latch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_newest_machine, setup),
		cmocka_unit_test_setup(test_hidden_features, setup),
		cmocka_unit_test_setup(test_poorest_machine, setup),
		cmocka_unit_test_setup(test_physical_addresses, setup),
		cmocka_unit_test_setup(test_gic_by_registers, setup),
		cmocka_unit_test_setup(test_bounds_of_identification, setup),
		cmocka_unit_test_setup(test_plain_registers, setup),
		cmocka_unit_test_setup(test_breakpoints, setup),
		cmocka_unit_test_setup(test_single_step, setup),
		cmocka_unit_test_setup(test_unknown_registers, setup),
		cmocka_unit_test_setup(test_timer, setup),
		cmocka_unit_test_setup(test_zero_register, setup),
		cmocka_unit_test_setup(test_software_interrupt, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
