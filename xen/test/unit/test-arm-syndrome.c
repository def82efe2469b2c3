/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Syndromes of ARMv8: what a trapped instruction was, how to go on, how EL1 takes an exception. */
#include "unit.h"

#include <xen/arm/syndrome.h>
#include <xen/compiler.h>

/* The syndrome of a data abort by a load or store of 1 << @size bytes with register @reg. */
#define DATA(size, reg, more) (BIT(24) | (u32)(size) << 22 | (u32)(reg) << 16 | (more))
#define SIGN BIT(21)
#define WIDE BIT(15)
#define WRITE BIT(6)

#define VBAR 0xffff800000010800UL
#define SPAN BIT(23)
#define DSSBS BIT(44)

static void test_loads(void **state)
{
	static const struct {
		u32 iss;
		u64 read, want;
	} cases[] = {
		{ DATA(0, 3, 0), 0xffffff80, 0x80 },			/* LDRB */
		{ DATA(0, 3, SIGN), 0x80, 0xffffff80 },			/* LDRSB W3 */
		{ DATA(0, 3, SIGN | WIDE), 0x80, 0xffffffffffffff80 },	/* LDRSB X3 */
		{ DATA(0, 3, SIGN | WIDE), 0x17f, 0x7f },
		{ DATA(1, 3, 0), 0x12345678, 0x5678 },			/* LDRH */
		{ DATA(1, 3, SIGN), 0x8001, 0xffff8001 },
		{ DATA(2, 3, 0), 0x9abcdef012345678, 0x12345678 },	/* LDR W3 */
		{ DATA(2, 3, SIGN | WIDE), 0x80000000, 0xffffffff80000000 },	/* LDRSW */
		{ DATA(3, 3, WIDE), 0x9abcdef012345678, 0x9abcdef012345678 },	/* LDR X3 */
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpu_regs r = { .x[3] = ~0UL };
		struct arm_access a;

		assert_true(arm_access_decode(cases[i].iss, &a));
		assert_false(a.write);
		arm_finish_load(&a, &r, cases[i].read);
		assert_int_equal(r.x[3], cases[i].want);
	}
}

static void test_stores(void **state)
{
	static const u64 want[] = { 0xf0, 0xdef0, 0x9abcdef0, 0x123456789abcdef0 };
	struct cpu_regs r = { .x[30] = 0x123456789abcdef0 };
	struct arm_access a;

	for (u32 size = 0; size < 4; size++) {
		assert_true(arm_access_decode(DATA(size, 30, WRITE), &a));
		assert_true(a.write);
		assert_int_equal(a.bytes, 1U << size);
		assert_int_equal(arm_store_value(&a, &r), want[size]);
	}
}

/* Register 31 is the zero register: what follows X30 in memory is the stack pointer. */
static void test_zero_register(void **state)
{
	struct cpu_regs r = { .sp = 0x1234 };
	struct arm_access a;

	assert_true(arm_access_decode(DATA(3, 31, WRITE | WIDE), &a));
	assert_int_equal(arm_store_value(&a, &r), 0);
	assert_true(arm_access_decode(DATA(3, 31, WIDE), &a));
	arm_finish_load(&a, &r, 5);
	assert_int_equal(r.sp, 0x1234);
}

static void test_without_syndrome(void **state)
{
	struct arm_access a;

	assert_false(arm_access_decode((u32)(DATA(3, 1, WIDE) & ~BIT(24)), &a));
}

static void test_fault_address(void **state)
{
	/* HPFAR has bits 47 to 12 of the page from bit 4 on. */
	assert_int_equal(arm_fault_address(0x0300100, 0xffff000012345abc), 0x30010abc);
	assert_int_equal(arm_fault_address(0xffffffff0, 7), 0xffffffff007);
}

static void test_skip(void **state)
{
	struct cpu_regs r = { .pc = 0x1000, .pstate = PSTATE_EL0T | BIT(22) | BIT(21) };

	arm_skip(&r, ESR_IL);
	assert_int_equal(r.pc, 0x1004);
	assert_int_equal(r.pstate, PSTATE_EL0T | BIT(22));	/* a single step is over */
	/* A short instruction of 32-bit code, which is not in an IT block. */
	r.pstate = PSTATE_AARCH32 | BIT(5);
	arm_skip(&r, 0);
	assert_int_equal(r.pc, 0x1006);
	assert_int_equal(r.pstate, PSTATE_AARCH32 | BIT(5));
	/* The first of four instructions: the lowest bit set of ITSTATE, 0b00001001, moves up. */
	r.pstate = PSTATE_AARCH32 | 2UL << 10 | 1UL << 25;
	arm_skip(&r, 0);
	assert_int_equal(r.pstate, PSTATE_AARCH32 | 4UL << 10 | 2UL << 25);
	arm_skip(&r, 0);
	assert_int_equal(r.pstate, PSTATE_AARCH32 | 1UL << 10);
	arm_skip(&r, 0);
	assert_int_equal(r.pstate, PSTATE_AARCH32 | 2UL << 10);
	arm_skip(&r, 0);
	assert_int_equal(r.pstate, PSTATE_AARCH32);
}

static void test_vectors(void **state)
{
	static const struct {
		u64 pstate, offset;
	} cases[] = {
		{ PSTATE_EL1T, 0x000 },
		{ PSTATE_EL1H, 0x200 },
		{ PSTATE_EL0T, 0x400 },
		{ PSTATE_AARCH32, 0x600 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpu_regs r = { .pc = 4, .pstate = cases[i].pstate | 1UL << 21 | 1UL << 20 };

		arm_take_exception(&r, SPAN, VBAR);
		assert_int_equal(r.pc, VBAR + cases[i].offset);
		/* EL1 with its own stack, all masked, not stepped. */
		assert_int_equal(r.pstate, 0x3c5);
	}
}

/* What an exception leaves as it was, and what SCTLR_EL1 says about it. */
static void test_pstate_after_exception(void **state)
{
	const u64 kept = 0xf0000000UL | BIT(24) | BIT(22);
	struct cpu_regs r = { .pstate = PSTATE_EL1H | kept };

	arm_take_exception(&r, SPAN, VBAR);
	assert_int_equal(r.pstate, 0x3c5 | kept);
	/* Privileged access never: without SPAN every exception sets it. */
	r.pstate = PSTATE_EL0T;
	arm_take_exception(&r, 0, VBAR);
	assert_int_equal(r.pstate, 0x3c5 | BIT(22));
	r.pstate = PSTATE_EL1H | BIT(12);
	arm_take_exception(&r, SPAN, VBAR);
	assert_int_equal(r.pstate, 0x3c5);
	arm_take_exception(&r, SPAN | DSSBS, VBAR);
	assert_int_equal(r.pstate, 0x3c5 | BIT(12));
}

static void test_abort_syndrome(void **state)
{
	/* Classes 0x20 and 0x24 from below, 0x21 and 0x25 from EL1. */
	assert_int_equal(arm_abort_syndrome(PSTATE_EL0T, true), 0x82000010);
	assert_int_equal(arm_abort_syndrome(PSTATE_EL1H, true), 0x86000010);
	assert_int_equal(arm_abort_syndrome(PSTATE_AARCH32, false), 0x92000010);
	assert_int_equal(arm_abort_syndrome(PSTATE_EL1T, false), 0x96000010);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loads),
		cmocka_unit_test(test_stores),
		cmocka_unit_test(test_zero_register),
		cmocka_unit_test(test_without_syndrome),
		cmocka_unit_test(test_fault_address),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_pstate_after_exception),
		cmocka_unit_test(test_abort_syndrome),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
