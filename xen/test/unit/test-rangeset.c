/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Range sets against a set of single numbers, at both ends of the number range. */
#include "unit.h"

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/rangeset.h>

#define SPAN 64

static u64 base;
static u64 model;	/* a bit for each number base .. base + SPAN - 1 */

static u64 mask(u32 s, u32 e)
{
	return (~0UL >> (63 - e)) & (~0UL << s);
}

static int collect(u64 s, u64 e, void *arg)
{
	u64 *got = arg;

	assert_true(s >= base && e - base < SPAN && s <= e);
	/* Ascending, and never touching the one before. */
	assert_int_equal(*got & mask(s > base ? (u32)(s - base) - 1 : 0, SPAN - 1), 0);
	*got |= mask((u32)(s - base), (u32)(e - base));
	return 0;
}

static int stop_at_once(u64 s, u64 e, void *arg)
{
	return 7;
}

static void run(struct rangeset *r)
{
	for (int round = 0; round < 20000; round++) {
		u32 s = unit_random_below(SPAN), e = s + unit_random_below(SPAN - s);
		u64 m = mask(s, e), got = 0;

		if (unit_random_below(2)) {
			assert_int_equal(rangeset_add(r, base + s, base + e), 0);
			model |= m;
		} else {
			assert_int_equal(rangeset_remove(r, base + s, base + e), 0);
			model &= ~m;
		}
		assert_int_equal(rangeset_for_each(r, collect, &got), 0);
		assert_int_equal(got, model);
		s = unit_random_below(SPAN);
		e = s + unit_random_below(min(SPAN - s, 6U));
		m = mask(s, e);
		assert_int_equal(rangeset_contains(r, base + s, base + e), (model & m) == m);
		assert_int_equal(rangeset_overlaps(r, base + s, base + e), (model & m) != 0);
	}
}

static void test_model(void **state)
{
	static const u64 bases[] = { 0, 1000, ~0UL - SPAN + 1 };
	struct rangeset r;

	unit_seed();
	for (u32 i = 0; i < ARRAY_SIZE(bases); i++) {
		base = bases[i];
		model = 0;
		rangeset_init(&r);
		run(&r);
		rangeset_destroy(&r);
		assert_int_equal(r.count, 0);
	}
}

static void test_edges(void **state)
{
	struct rangeset r;

	rangeset_init(&r);
	assert_int_equal(rangeset_add(&r, 2, 1), -XEN_EINVAL);
	assert_int_equal(rangeset_remove(&r, 2, 1), -XEN_EINVAL);
	assert_int_equal(rangeset_add(&r, 0, ~0UL), 0);
	assert_true(rangeset_contains(&r, 0, ~0UL));
	assert_int_equal(rangeset_remove(&r, 5, 5), 0);
	assert_int_equal(r.count, 2);
	assert_int_equal(rangeset_for_each(&r, stop_at_once, NULL), 7);
	assert_int_equal(rangeset_add(&r, 5, 5), 0);
	assert_int_equal(r.count, 1);
	rangeset_destroy(&r);
}

static int boot(void **state)
{
	host_init(1, 1, 4UL << 20);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
