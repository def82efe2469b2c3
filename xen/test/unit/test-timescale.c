/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ticks to nanoseconds and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/timescale.h>

static const u64 rates[] = {
	1000000, 3579545, 14318180, 24000000, 100000000, 999999999, 1000000000, 1000000001,
	1996250000, 2000000000, 2600000000, 3999999999, 4000000000, 5800000000, 100000000000,
};

static void test_factors(void **state)
{
	struct timescale s;

	timescale_init(&s, 1000000000);
	assert_int_equal(s.mul, 0x80000000);
	assert_int_equal(timescale_shift(&s), 1);
	timescale_init(&s, 2000000000);
	assert_int_equal(s.mul, 0x80000000);
	assert_int_equal(timescale_shift(&s), 0);
	timescale_init(&s, 4000000000);
	assert_int_equal(timescale_shift(&s), -1);
}

static void test_exact_at_1ghz(void **state)
{
	struct timescale s;

	timescale_init(&s, 1000000000);
	for (u64 t = 1; t < 1UL << 62; t = t * 3 + 1) {
		assert_int_equal(ticks_to_ns(&s, t), t);
		assert_int_equal(ns_to_ticks(&s, t), t);
	}
}

/* The result is within one part in 2^31 of the true one. */
static void test_accuracy(void **state)
{
	struct timescale s;

	for (u32 i = 0; i < ARRAY_SIZE(rates); i++) {
		u64 day = rates[i] * 86400, ns, exact = 86400UL * 1000000000;

		timescale_init(&s, rates[i]);
		assert_true(s.mul >> 31);
		ns = ticks_to_ns(&s, day);
		assert_true(ns <= exact + (exact >> 31) && ns >= exact - (exact >> 31) - 1);
	}
}

/* The inverse gives the first tick that is not too early, so that no timer fires early. */
static void test_inverse(void **state)
{
	struct timescale s;

	srandom(1);
	for (u32 i = 0; i < ARRAY_SIZE(rates); i++) {
		timescale_init(&s, rates[i]);
		for (u32 n = 0; n < 20000; n++) {
			u64 ns = ((u64)random() << 31 | (u64)random()) >> (n % 40 + 2);
			u64 t = ns_to_ticks(&s, ns);

			if (t == ~0UL)
				continue;
			assert_true(ticks_to_ns(&s, t) >= ns);
			assert_true(!t || ticks_to_ns(&s, t - 1) < ns);
		}
	}
}

static void test_saturates(void **state)
{
	struct timescale s;

	timescale_init(&s, 5000000000);
	assert_true(ns_to_ticks(&s, ~0UL) == ~0UL);
	assert_true(ns_to_ticks(&s, (u64)INT64_MAX) == ~0UL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_factors),
		cmocka_unit_test(test_exact_at_1ghz),
		cmocka_unit_test(test_accuracy),
		cmocka_unit_test(test_inverse),
		cmocka_unit_test(test_saturates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
