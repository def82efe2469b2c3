/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's memory map, against a model that has a type for each page. */
#include "unit.h"

#include <string.h>

#include <xen/guest_map.h>
#include <xen/mm.h>

#define PAGES 64

static struct guest_map map;
static u8 model[PAGES];		/* types, 0: nothing */

static u64 at(u32 page) { return (u64)page * PAGE_SIZE; }

/* Sorted, each page as in the model. Neighbours of one type may stay apart. */
static void check(void)
{
	u8 seen[PAGES] = { 0 };
	u64 end = 0;

	for (u32 i = 0; i < map.nr; i++) {
		const struct guest_region *r = &map.region[i];

		assert_true(r->size && r->start >= end);
		end = r->start + r->size;
		memset(&seen[r->start >> PAGE_SHIFT], (int)r->type, r->size >> PAGE_SHIFT);
	}
	assert_memory_equal(seen, model, PAGES);
}

static bool all_are(u32 page, u32 n, u8 type)
{
	for (u32 i = page; i < page + n; i++)
		if (i >= PAGES || model[i] != type)
			return false;
	return true;
}

/* Appends regions and carves others out, as the builders do. */
static void test_model(void **state)
{
	unit_seed();
	for (u32 round = 0; round < 2000; round++) {
		memset(&map, 0, sizeof(map));
		memset(model, 0, sizeof(model));
		for (u32 page = unit_random_below(3); page < PAGES;) {
			u32 n = 1 + unit_random_below(9), type = unit_random_below(4) ? 1 : 3;

			n = min(n, PAGES - page);
			assert_true(guest_map_add(&map, at(page), at(n), type));
			memset(&model[page], (int)type, n);
			page += n + (unit_random_below(2) ? unit_random_below(4) : 0);
			check();
		}
		for (u32 i = 0; i < 6; i++) {
			u32 page = unit_random_below(PAGES), n = 1 + unit_random_below(5);
			bool ok = all_are(page, n, GUEST_REGION_RAM);

			/* Neighbours were merged when they were added, so all RAM is one region. */
			assert_int_equal(guest_map_is_ram(&map, at(page), at(n)), ok);
			assert_int_equal(guest_map_carve(&map, at(page), at(n), 3), ok);
			if (ok)
				memset(&model[page], 3, n);
			check();
		}
	}
}

/* The lowest that is aligned, large enough, not below the first address and below the limit. */
static void test_find(void **state)
{
	unit_seed();
	for (u32 round = 0; round < 20000; round++) {
		u32 from = unit_random_below(20), limit = unit_random_below(PAGES + 10);
		u32 n = 1 + unit_random_below(12), align = 1U << unit_random_below(5);
		u64 want = 0;

		if (round % 50 == 0) {
			memset(&map, 0, sizeof(map));
			memset(model, 0, sizeof(model));
			for (u32 page = 1, size; page < PAGES;
			     page += size + unit_random_below(5)) {
				u32 type = unit_random_below(3) ? GUEST_REGION_RAM : 3;

				size = min(1 + unit_random_below(16), PAGES - page);
				assert_true(guest_map_add(&map, at(page), at(size), type));
				memset(&model[page], (int)type, size);
			}
		}
		for (u32 page = ROUND_UP(from, align); page + n <= limit && !want; page += align)
			if (page && all_are(page, n, GUEST_REGION_RAM))
				want = at(page);
		assert_int_equal(guest_map_find_ram(&map, at(from), at(limit), at(n), at(align)),
				 want);
	}
}

/* What does not fit is refused, and nothing changes. */
static void test_full(void **state)
{
	struct guest_map before;

	memset(&map, 0, sizeof(map));
	for (u32 i = 0; i < GUEST_MAP_MAX - 1; i++)
		assert_true(guest_map_add(&map, at(10 * i), at(8), GUEST_REGION_RAM));
	before = map;
	assert_false(guest_map_carve(&map, at(2), at(2), GUEST_REGION_ACPI));
	assert_memory_equal(&map, &before, sizeof(map));
	assert_true(guest_map_add(&map, at(10 * GUEST_MAP_MAX), at(1), GUEST_REGION_RAM));
	before = map;
	assert_false(guest_map_add(&map, at(20 * GUEST_MAP_MAX), at(1), GUEST_REGION_RAM));
	assert_memory_equal(&map, &before, sizeof(map));
	assert_true(guest_map_add(&map, at(10 * GUEST_MAP_MAX + 1), at(1), GUEST_REGION_RAM));
}

/* Sizes and places near the end of the address space. */
static void test_large(void **state)
{
	memset(&map, 0, sizeof(map));
	assert_true(guest_map_add(&map, at(1), at(10), GUEST_REGION_RAM));
	assert_true(guest_map_is_ram(&map, at(1), at(10)));
	assert_false(guest_map_is_ram(&map, at(2), at(10)));
	assert_false(guest_map_is_ram(&map, at(5), ~0UL));
	assert_false(guest_map_is_ram(&map, ~0UL - PAGE_SIZE, at(2)));
	assert_int_equal(guest_map_find_ram(&map, 0, ~0UL, ~0UL - at(1), PAGE_SIZE), 0);
	assert_int_equal(guest_map_find_ram(&map, ~0UL - 1, ~0UL, PAGE_SIZE, PAGE_SIZE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model), cmocka_unit_test(test_find),
		cmocka_unit_test(test_full), cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
