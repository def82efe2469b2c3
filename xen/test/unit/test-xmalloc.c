/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xmalloc: contents, alignment, no overlap, memory given back, and that misuse is caught. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/mm.h>
#include <xen/xmalloc.h>

#define LIVE 400

static struct { u8 *p; size_t n; u8 mark; } live[LIVE];

static bool filled(const u8 *p, u8 byte, size_t n)
{
	while (n && *p == byte) {
		p++;
		n--;
	}
	return !n;
}

static void test_random(void **state)
{
	u64 before = free_page_count(NUMA_NO_NODE);
	u32 n = 0;

	unit_seed();
	for (int round = 0; round < 50000; round++) {
		if (n < LIVE && unit_random_below(5) < 3) {
			size_t size = unit_random_below(20) ? unit_random_below(2100)
							     : unit_random_below(40000);
			u8 *p = xzalloc_bytes(size);

			if (!p)
				continue;
			assert_int_equal((uintptr_t)p % (size >= PAGE_SIZE ? PAGE_SIZE : 16), 0);
			assert_true(filled(p, 0, size));
			live[n].p = p;
			live[n].n = size;
			live[n].mark = (u8)unit_random();
			memset(p, live[n].mark, size);
			n++;
		} else if (n) {
			u32 i = unit_random_below(n);

			assert_true(filled(live[i].p, live[i].mark, live[i].n));
			xfree(live[i].p);
			live[i] = live[--n];
		}
	}
	while (n)
		xfree(live[--n].p);
	/* At most one spare slab is kept for each of 13 sizes. */
	assert_true(before - free_page_count(NUMA_NO_NODE) <= 13);
}

#define BYTES 1000		/* four objects in a slab */
#define SLOTS 4

/*
 * One life's allocations and frees leave the heap as it was, whatever is freed first. Other objects
 * stay allocated: with each number of them the slabs have other slots free.
 */
static void test_same_after_each_life(void **state)
{
	static void *stays[2 * SLOTS];
	void *a, *b;

	for (u32 n = 0; n < ARRAY_SIZE(stays); n++) {
		u64 before = 0;

		stays[n] = xzalloc_bytes(BYTES);
		assert_non_null(stays[n]);
		for (u32 life = 0; life < 8; life++) {
			a = xzalloc_bytes(BYTES);
			b = xzalloc_bytes(BYTES);
			assert_non_null(a);
			assert_non_null(b);
			xfree(life & 2 ? a : b);
			xfree(life & 2 ? b : a);
			/* The first may leave its slab as the spare one. */
			if (life)
				assert_int_equal(free_page_count(NUMA_NO_NODE), before);
			before = free_page_count(NUMA_NO_NODE);
		}
	}
	for (u32 n = 0; n < ARRAY_SIZE(stays); n++)
		xfree(stays[n]);
}

static void test_limits(void **state)
{
	xfree(NULL);
	assert_null(xzalloc_bytes(SIZE_MAX));
	assert_null(xzalloc_bytes(64UL << 20));
	assert_null(xzalloc_array(u64, SIZE_MAX / 4));
}

static void overrun(void *arg)
{
	char *p = xzalloc_bytes(20);

	p[20] = 1;
	xfree(p);
}

static void free_twice(void *arg)
{
	char *p = xzalloc_bytes(20);

	xzalloc_bytes(20);
	xfree(p);
	xfree(p);
}

static void use_after_free(void *arg)
{
	char *p = xzalloc_bytes(100);

	xfree(p);
	p[50] = 1;
	xzalloc_bytes(100);
}

static void free_middle(void *arg)
{
	xfree((char *)xzalloc_bytes(100) + 16);
}

static void test_misuse(void **state)
{
	assert_true(host_panics(overrun, NULL, "beyond its end"));
	assert_true(host_panics(free_twice, NULL, "freed twice"));
	assert_true(host_panics(use_after_free, NULL, "after it was freed"));
	assert_true(host_panics(free_middle, NULL, "is not an allocated object"));
}

static int boot(void **state)
{
	host_init(1, 1, 16UL << 20);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_same_after_each_life),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_misuse),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
