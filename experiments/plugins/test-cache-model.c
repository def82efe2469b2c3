/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model of the cache: what is found and evicted, whose lines they are, and what masks do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cache-model.h"

#define LINE 64
#define SETS 4
#define WAYS 4
/* The next address of the same set. */
#define NEXT (SETS * LINE)

static struct psr_model page;
static struct cache c;

static void make(void)
{
	free(c.lines);
	page = (struct psr_model){ .cache_bytes = SETS * WAYS * LINE, .line_bytes = LINE,
				   .ways = WAYS, .rmids = 4, .coses = 3, .unit_bytes = LINE };
	assert_null(cache_init(&c, &page));
}

static void read_line(u64 address, u32 rmid, u32 cos)
{
	cache_access(&c, address, 8, false, rmid, cos);
}

static void test_figures(void **state)
{
	static const struct {
		u64 bytes;
		u32 line, ways, rmids, coses, unit;
	} bad[] = {
		{ 1 << 20, 64, 0, 4, 1, 64 }, { 1 << 20, 64, 33, 4, 1, 64 },
		{ 1 << 20, 48, 16, 4, 1, 64 }, { 1 << 20, 0, 16, 4, 1, 64 },
		{ 1000, 64, 4, 4, 1, 64 }, { 3 << 10, 64, 16, 4, 1, 64 }, { 0, 64, 16, 4, 1, 64 },
		{ 1 << 20, 64, 16, 1, 1, 64 }, { 1 << 20, 64, 16, PSR_MODEL_RMIDS + 1, 1, 64 },
		{ 1 << 20, 64, 16, 4, 0, 64 }, { 1 << 20, 64, 16, 4, 17, 64 },
		{ 1 << 20, 64, 16, 4, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cache tried;
		struct psr_model p = { .cache_bytes = bad[i].bytes, .line_bytes = bad[i].line,
				       .ways = bad[i].ways, .rmids = bad[i].rmids,
				       .coses = bad[i].coses, .unit_bytes = bad[i].unit };

		if (!cache_init(&tried, &p))
			fail_msg("figures %zu are taken", i);
	}
}

/* A set holds as many lines as there are ways; the one that was not used for longest goes. */
static void test_least_recent(void **state)
{
	(void)state;
	make();
	for (u32 i = 0; i < WAYS; i++)
		read_line(i * NEXT, 0, 0);
	read_line(0, 0, 0);
	assert_int_equal(page.rmid[0].misses, WAYS);
	read_line(WAYS * NEXT, 0, 0);
	assert_int_equal(page.rmid[0].misses, WAYS + 1);
	/* The first line stayed, as it was used again; the second is gone. */
	read_line(0, 0, 0);
	assert_int_equal(page.rmid[0].misses, WAYS + 1);
	read_line(NEXT, 0, 0);
	assert_int_equal(page.rmid[0].misses, WAYS + 2);
	assert_int_equal(page.rmid[0].occupied, WAYS * LINE);
	assert_int_equal(page.rmid[0].accesses, WAYS + 4);
}

/* A line belongs to who brought it in, also when another uses it. */
static void test_owner(void **state)
{
	(void)state;
	make();
	read_line(0, 1, 0);
	read_line(0, 2, 0);
	assert_int_equal(page.rmid[1].occupied, LINE);
	assert_int_equal(page.rmid[2].occupied, 0);
	assert_int_equal(page.rmid[2].misses, 0);
	for (u32 i = 1; i <= WAYS; i++)
		read_line(i * NEXT, 2, 0);
	assert_int_equal(page.rmid[1].occupied, 0);
	assert_int_equal(page.rmid[2].occupied, WAYS * LINE);
	/* Numbers that there are not count as 0. */
	read_line(LINE, 4, 9);
	assert_int_equal(page.rmid[0].occupied, LINE);
}

/* Traffic: each line that comes, and each written line that goes, for whom it was there. */
static void test_traffic(void **state)
{
	(void)state;
	make();
	cache_access(&c, 0, 8, true, 1, 0);
	read_line(NEXT, 1, 0);
	assert_int_equal(page.rmid[1].traffic, 2 * LINE);
	for (u32 i = 2; i < 2 + WAYS; i++)
		read_line(i * NEXT, 2, 0);
	assert_int_equal(page.rmid[1].traffic, 3 * LINE);
	assert_int_equal(page.rmid[2].traffic, WAYS * LINE);
}

/* An access that crosses a line is two. */
static void test_crossing(void **state)
{
	(void)state;
	make();
	cache_access(&c, LINE - 4, 8, false, 1, 0);
	assert_int_equal(page.rmid[1].accesses, 2);
	cache_access(&c, LINE - 8, 8, false, 1, 0);
	assert_int_equal(page.rmid[1].accesses, 3);
	assert_int_equal(page.rmid[1].occupied, 2 * LINE);
}

/* A class fills its ways only, but finds lines in all of them. */
static void test_masks(void **state)
{
	(void)state;
	make();
	cache_set_mask(&c, 1, 0x3);
	cache_set_mask(&c, 2, 0xc);
	for (u32 i = 0; i < 10; i++) {
		read_line(i * NEXT, 1, 1);
		read_line((10 + i) * NEXT, 2, 2);
	}
	assert_int_equal(page.rmid[1].occupied, 2 * LINE);
	assert_int_equal(page.rmid[2].occupied, 2 * LINE);
	read_line(19 * NEXT, 1, 1);
	assert_int_equal(page.rmid[1].misses, 10);
	/* What a register would refuse changes nothing. */
	cache_set_mask(&c, 1, 0);
	cache_set_mask(&c, 1, 0x10);
	cache_set_mask(&c, 3, 0x1);
	assert_int_equal(c.mask[1], 0x3);
	assert_int_equal(c.mask[3], 0xf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_least_recent),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_traffic),
		cmocka_unit_test(test_crossing),
		cmocka_unit_test(test_masks),
	};

	return cmocka_run_group_tests_name("cache-model", tests, NULL, NULL);
}
