/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page allocator and domains' pages against a model that remembers who owns each frame. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/mm.h>

#define FRAMES 4096
#define CPUS 8			/* 4 a node: two nodes */
#define MAX_LIVE 300

static u64 counted;

static void count_chunk(mfn_t start, u64 n, void *arg)
{
	u64 *last_end = arg;

	assert_true(start.v >= *last_end);
	assert_int_equal(start.v % n, 0);
	for (u64 i = 0; i < n; i++) {
		const struct page_info *pg = mfn_to_page(mfn_add(start, i));

		assert_int_equal(pg->state, PAGE_STATE_FREE);
		assert_int_equal(pg->refs, 0);
		assert_int_equal(pg->node, mfn_to_page(start)->node);
	}
	*last_end = start.v + n;
	counted += n;
}

static void check_heap(void)
{
	u64 last_end = 0, dirty = 0;

	counted = 0;
	heap_for_each_free(count_chunk, &last_end);
	assert_int_equal(counted, free_page_count(NUMA_NO_NODE));
	assert_int_equal(free_page_count(0) + free_page_count(1), counted);
	for (u64 m = 1; m < max_mfn; m++) {
		assert_true(mfn_is_ram(mfn_make(m)));
		dirty += frame_table[m].flags & PAGE_FLAG_DIRTY;
	}
	assert_int_equal(dirty, dirty_page_count());
}

static bool is_zero(const void *p, size_t n)
{
	const char *c = p;

	return !*c && !memcmp(c, c + 1, n - 1);
}

static void test_random(void **state)
{
	struct { struct page_info *pg; u32 order; } live[MAX_LIVE];
	u64 all = free_page_count(NUMA_NO_NODE);
	u32 n = 0;

	unit_seed();
	check_heap();
	for (u32 round = 0; round < 20000; round++) {
		u32 order = unit_random_below(4) ? unit_random_below(4) : unit_random_below(10);
		u32 memf = unit_random_below(3) ? 0 : MEMF_NODE(unit_random_below(2));

		if (n < MAX_LIVE && unit_random_below(2)) {
			struct page_info *pg = alloc_pages(order, memf);

			if (!pg)
				continue;
			assert_int_equal(page_to_mfn(pg).v % BIT(order), 0);
			assert_true(is_zero(page_to_virt(pg), PAGE_SIZE << order));
			for (u32 i = 0; i < BIT(order); i++) {
				assert_int_equal(pg[i].state, PAGE_STATE_XEN);
				assert_int_equal(pg[i].refs, 1);
			}
			memset(page_to_virt(pg), 0xa5, PAGE_SIZE << order);
			live[n].pg = pg;
			live[n++].order = order;
		} else if (n) {
			u32 i = unit_random_below(n);
			const char *p = page_to_virt(live[i].pg);

			/* Chunks do not overlap: no other chunk's owner wrote there. */
			assert_int_equal((u8)p[0], 0xa5);
			assert_int_equal((u8)p[(PAGE_SIZE << live[i].order) - 1], 0xa5);
			free_pages(live[i].pg, live[i].order);
			live[i] = live[--n];
		}
		if (round % 1000 == 0)
			check_heap();
	}
	while (n--)
		free_pages(live[n].pg, live[n].order);
	check_heap();
	assert_int_equal(free_page_count(NUMA_NO_NODE), all);
}

static void test_nodes(void **state)
{
	struct page_info *pg, *taken[FRAMES];
	u32 n = 0;

	pg = alloc_pages(0, MEMF_NODE(1));
	assert_int_equal(pg->node, 1);
	free_pages(pg, 0);
	while ((pg = alloc_pages(0, MEMF_NODE(1) | MEMF_EXACT_NODE)) != NULL) {
		assert_int_equal(pg->node, 1);
		taken[n++] = pg;
	}
	assert_int_equal(free_page_count(1), 0);
	pg = alloc_pages(0, MEMF_NODE(1));
	assert_int_equal(pg->node, 0);
	free_pages(pg, 0);
	while (n)
		free_pages(taken[--n], 0);
	assert_null(alloc_pages(PAGE_MAX_ORDER + 1, 0));
	check_heap();
}

/* Neighbours of different nodes are never one chunk. */
static void test_node_border(void **state)
{
	struct page_info *pg = alloc_pages(1, MEMF_NODE(1));

	pg[1].node = 0;
	for (u32 i = 0; i < 2; i++)
		free_pages(&pg[i], 0);
	check_heap();
	assert_int_equal(reserve_free_range(page_to_mfn(pg), 2), 0);
	pg[1].node = pg->node;
	free_pages(pg, 1);
	check_heap();
}

static void test_no_scrub(void **state)
{
	struct page_info *pg = alloc_pages(3, 0), *again;

	memset(page_to_virt(pg), 0x77, PAGE_SIZE << 3);
	free_pages(pg, 3);
	again = alloc_pages(3, MEMF_NO_SCRUB | MEMF_NODE(pg->node));
	/* Dirty memory goes first to callers that accept it, and stays as it is. */
	assert_int_equal(*(u8 *)page_to_virt(again), 0x77);
	free_pages(again, 3);
	check_heap();
}

static void test_reserve(void **state)
{
	u64 before = free_page_count(NUMA_NO_NODE);
	struct page_info *pg;

	assert_int_equal(reserve_free_range(mfn_make(1001), 77), 0);
	assert_int_equal(free_page_count(NUMA_NO_NODE), before - 77);
	check_heap();
	assert_int_equal(reserve_free_range(mfn_make(990), 20), -XEN_EBUSY);
	assert_int_equal(reserve_free_range(mfn_make(FRAMES - 1), 2), -XEN_EBUSY);
	assert_int_equal(reserve_free_range(mfn_make(5), ~0UL), -XEN_EBUSY);
	assert_int_equal(free_page_count(NUMA_NO_NODE), before - 77);
	for (u64 m = 1001; m < 1078; m++) {
		pg = mfn_to_page(mfn_make(m));
		assert_int_equal(pg->state, PAGE_STATE_XEN);
		free_pages(pg, 0);
	}
	assert_int_equal(free_page_count(NUMA_NO_NODE), before);
	check_heap();
}

static struct domain *make_domain(u64 max_pages)
{
	struct domain *d = calloc(1, sizeof(*d));

	domain_pages_init(d);
	d->max_pages = max_pages;
	d->node_affinity = NUMA_NO_NODE;
	return d;
}

static void test_domain_limit(void **state)
{
	struct domain *d = make_domain(600), *other = make_domain(1);
	u64 before = free_page_count(NUMA_NO_NODE);
	struct page_info *pg = alloc_domain_pages(d, 9, 0), *single;

	assert_non_null(pg);
	assert_int_equal(d->tot_pages, 512);
	assert_null(alloc_domain_pages(d, 7, 0));
	single = alloc_domain_pages(d, 0, 0);
	assert_int_equal(d->tot_pages, 513);
	assert_true(page_get(&pg[3], d));
	assert_false(page_get(&pg[3], other));
	/* A page that is referenced stays after its release, which succeeds only once. */
	assert_true(domain_release_page(&pg[3]));
	assert_false(domain_release_page(&pg[3]));
	assert_int_equal(d->tot_pages, 513);
	page_put(&pg[3]);
	assert_int_equal(d->tot_pages, 512);
	assert_false(page_get(&pg[3], d));
	assert_true(domain_release_page(single));
	assert_true(page_get(&pg[7], d));
	d->dying = DOM_DYING;
	assert_null(alloc_domain_pages(d, 0, 0));
	assert_false(domain_release_pages(d, 100));
	assert_true(domain_release_pages(d, 1000));
	assert_int_equal(d->tot_pages, 1);
	page_put(&pg[7]);
	assert_int_equal(d->tot_pages, 0);
	assert_true(list_empty(&d->page_list) && list_empty(&d->released_list));
	assert_int_equal(free_page_count(NUMA_NO_NODE), before);
	check_heap();
	free(other);
	free(d);
}

/* Pages held by others are examined once, not again in each batch. */
static void test_release_held(void **state)
{
	struct domain *d = make_domain(1024);
	u64 before = free_page_count(NUMA_NO_NODE);
	struct page_info *pg = alloc_domain_pages(d, 9, 0);

	for (u32 i = 0; i < 512; i++)
		assert_true(page_get(&pg[i], d));
	d->dying = DOM_DYING;
	assert_false(domain_release_pages(d, 500));
	assert_ptr_equal(list_first_entry(&d->page_list, struct page_info, link), &pg[500]);
	assert_true(domain_release_pages(d, 500));
	assert_true(domain_release_pages(d, 500));
	assert_true(list_empty(&d->page_list));
	assert_int_equal(d->tot_pages, 512);
	for (u32 i = 0; i < 512; i++)
		page_put(&pg[i]);
	assert_true(list_empty(&d->released_list));
	assert_int_equal(d->tot_pages, 0);
	assert_int_equal(free_page_count(NUMA_NO_NODE), before);
	check_heap();
	free(d);
}

static void test_assign_reserved(void **state)
{
	struct domain *d = make_domain(64);

	assert_int_equal(reserve_free_range(mfn_make(1024), 64), 0);
	assert_int_equal(assign_pages(d, mfn_to_page(mfn_make(1024)), 6), 0);
	assert_int_equal(assign_pages(d, mfn_to_page(mfn_make(1)), 0), -XEN_E2BIG);
	assert_true(is_zero(mfn_to_virt(mfn_make(1024)), 64 * PAGE_SIZE));
	d->dying = DOM_DYING;
	assert_true(domain_release_pages(d, 65));
	assert_int_equal(d->tot_pages, 0);
	check_heap();
	free(d);
}

static void test_xenshare(void **state)
{
	struct domain *d = make_domain(0);
	struct page_info *pg = alloc_pages(0, 0);
	u64 before = free_page_count(NUMA_NO_NODE);

	assert_false(page_get(pg, d));
	pg->owner = d;
	pg->flags |= PAGE_FLAG_XENSHARE;
	assert_true(page_get(pg, d));
	/* Still mapped when the hypervisor gives it up: the last user frees it. */
	free_pages(pg, 0);
	assert_int_equal(free_page_count(NUMA_NO_NODE), before);
	assert_false(page_get(pg, d));
	page_put(pg);
	assert_int_equal(free_page_count(NUMA_NO_NODE), before + 1);
	check_heap();
	free(d);
}

static int boot(void **state)
{
	host_init(1, CPUS, FRAMES * PAGE_SIZE);
	return 0;
}

/* At boot the lowest memory stays whole, whatever the hypervisor takes. */
static void test_from_top(void **state)
{
	struct { struct page_info *pg; u32 order; } got[64];
	u64 lowest = max_mfn, taken = 0;
	u32 n;

	heap_set_from_top(true);
	for (n = 0; n < ARRAY_SIZE(got); n++) {
		/* As for trace rings: orders whose chunks are at low addresses too. */
		got[n].order = n % 7;
		got[n].pg = alloc_pages(got[n].order, 0);
		assert_non_null(got[n].pg);
		assert_int_equal(page_to_mfn(got[n].pg).v % BIT(got[n].order), 0);
		taken += BIT(got[n].order);
		lowest = min(lowest, page_to_mfn(got[n].pg).v);
	}
	/* Both nodes have a top, and this CPU's comes first; alignment costs a little. */
	assert_true(taken < FRAMES / 2);
	assert_true(lowest + taken + BIT(7) >= FRAMES / 2);
	check_heap();
	while (n--)
		free_pages(got[n].pg, got[n].order);
	heap_set_from_top(false);
	check_heap();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_top),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_node_border),
		cmocka_unit_test(test_no_scrub),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_domain_limit),
		cmocka_unit_test(test_release_held),
		cmocka_unit_test(test_assign_reserved),
		cmocka_unit_test(test_xenshare),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
