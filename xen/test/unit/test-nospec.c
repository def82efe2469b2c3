/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clamped indices: unchanged within bounds, 0 outside, whatever the compiler knows of them. */
#include "unit.h"

#include <xen/cpumask.h>
#include <xen/nospec.h>

static void test_clamp(void **state)
{
	for (u32 n = 1; n < 70; n++) {
		for (u32 i = 0; i < 140; i++)
			assert_int_equal(array_index_nospec(i, n), i < n ? i : 0);
		assert_int_equal(array_index_nospec(~0U, n), 0);
		assert_int_equal(array_index_nospec(1U << 31, n), 0);
	}
	assert_int_equal(array_index_nospec(0xfffffffeU, 0xffffffffUL), 0xfffffffeU);
}

/* The compiler knows that the index is in bounds here, and must compute the mask all the same. */
static void test_mask_is_computed(void **state)
{
	volatile u32 given = 5;
	u32 i = given;

	if (i < 10)
		assert_int_equal(array_mask_nospec(i, 10), ~0UL);
	assert_int_equal(array_mask_nospec(given, 5), 0);
	assert_int_equal(array_mask_nospec(given, 6), ~0UL);
}

/* Numbers of CPUs that a toolstack chose: any 32 bits, with offline CPUs among the low ones. */
static void test_online_cpu(void **state)
{
	static const u32 wrong[] = { 1, 3, 4, NR_CPUS, 1U << 31, ~0U };
	u32 cpu = 2;

	cpumask_clear(&cpu_online_map);
	cpumask_set(&cpu_online_map, 0);
	cpumask_set(&cpu_online_map, 2);
	nr_cpu_ids = 3;
	assert_true(cpu_take_online(&cpu));
	assert_int_equal(cpu, 2);
	for (u32 i = 0; i < ARRAY_SIZE(wrong); i++) {
		cpu = wrong[i];
		assert_false(cpu_take_online(&cpu));
		assert_int_equal(cpu, wrong[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clamp),
		cmocka_unit_test(test_mask_is_computed),
		cmocka_unit_test(test_online_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
