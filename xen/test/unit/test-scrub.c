/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot-time scrub on many simulated CPUs: complete, balanced, and right beside allocations. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/hal/smp.h>
#include <xen/mm.h>
#include <xen/scrub.h>
#include <xen/softirq.h>
#include <xen/timer.h>

#define RAM (64UL << 20)

struct plan {
	u32 cpus;
	const char *cmdline;
	bool allocate;
};

/* Fill free memory with dirt. */
static void soil(void)
{
	struct page_info *pg, *chain = NULL;

	while ((pg = alloc_pages(4, MEMF_NO_SCRUB)) != NULL) {
		memset(page_to_virt(pg), 0xee, PAGE_SIZE << 4);
		pg->owner = (struct domain *)chain;
		chain = pg;
	}
	while (chain) {
		pg = chain;
		chain = (struct page_info *)pg->owner;
		pg->owner = NULL;
		free_pages(pg, 4);
	}
}

static void check_zero(mfn_t start, u64 n, void *arg)
{
	for (u64 i = 0; i < n; i++) {
		const char *p = mfn_to_virt(mfn_add(start, i));

		HOST_CHECK(mfn_to_page(mfn_add(start, i))->flags & PAGE_FLAG_DIRTY ||
			   (!*p && !memcmp(p, p + 1, PAGE_SIZE - 1)));
	}
	*(u64 *)arg += n;
}

/* Allocates and frees on a CPU that does not scrub, again and again. */
static struct timer timer;
static u32 rounds;

static void allocate(void *arg)
{
	struct page_info *pg[8];

	for (u32 i = 0; i < ARRAY_SIZE(pg); i++) {
		pg[i] = alloc_pages(i, 0);
		HOST_CHECK(pg[i] && !memcmp(page_to_virt(pg[i]), (char *)page_to_virt(pg[i]) + 1,
					    (PAGE_SIZE << i) - 1));
		memset(page_to_virt(pg[i]), 0xdd, PAGE_SIZE << i);
	}
	for (u32 i = 0; i < ARRAY_SIZE(pg); i++)
		free_pages(pg[i], i);
	if (rounds++ < 200)
		timer_set(&timer, 0);
}

static void run(void *arg)
{
	const struct plan *p = arg;
	u64 total, free_pages_seen = 0;

	host_boot(&(struct host_config){ .seed = 7, .cpus = p->cpus, .ram_bytes = RAM,
					 .cmdline = p->cmdline });
	soil();
	host_start();
	total = free_page_count(NUMA_NO_NODE);
	if (p->allocate) {
		timer_init(&timer, allocate, NULL, 1);
		timer_set(&timer, 0);
	}
	scrub_heap_at_boot();
	host_result()->value[0] = scrub_last_stats()->balance_permille;
	host_result()->value[1] = scrub_last_stats()->pages;
	host_result()->value[2] = dirty_page_count();
	host_result()->value[3] = rounds;
	host_run_until_idle();
	/* xmalloc may keep a page or two. */
	HOST_CHECK(total - free_page_count(NUMA_NO_NODE) <= 4);
	total = free_page_count(NUMA_NO_NODE);
	heap_for_each_free(check_zero, &free_pages_seen);
	HOST_CHECK(free_pages_seen == total);
}

static const struct host_outcome *outcome_of(struct plan p)
{
	const struct host_outcome *o = host_isolated(run, &p);

	if (o->status)
		print_message("%s\n", o->console);
	assert_int_equal(o->status, 0);
	return o;
}

static void test_balance(void **state)
{
	static const u32 cpus[] = { 1, 2, 4, 16, 64 };

	for (u32 i = 0; i < ARRAY_SIZE(cpus); i++) {
		const struct host_outcome *o = outcome_of((struct plan){ .cpus = cpus[i] });

		print_message("%u CPUs: balance %u permille\n", cpus[i], (u32)o->value[0]);
		assert_true(o->value[0] >= 980);
		/* All but what the scrub itself gave back last. */
		assert_true(o->value[2] <= 4);
		assert_true(o->value[1] > (RAM >> PAGE_SHIFT) * 9 / 10);
	}
}

static void test_beside_allocations(void **state)
{
	const struct host_outcome *o = outcome_of((struct plan){ .cpus = 4, .allocate = true });

	assert_true(o->value[3] > 0);
}

static void test_off(void **state)
{
	const struct host_outcome *o =
		outcome_of((struct plan){ .cpus = 2, .cmdline = "scrub=off" });

	assert_int_equal(o->value[1], 0);
	assert_true(o->value[2] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_balance),
		cmocka_unit_test(test_beside_allocations),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
