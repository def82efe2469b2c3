/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants within the domain, giving memory back and taking it, and what the size of pages does. */
#include "bench.h"

#define FIRST_REF 8
#define BATCH 16
#define SUPERPAGE_ORDER 9
#define SUPERPAGE_PAGES (1u << SUPERPAGE_ORDER)
/* Guest frames where nothing is on either hypervisor. */
#define WINDOW (1UL << 34)

static volatile grant_entry_v1_t table_page[512] PAGE_ALIGNED;
static u8 granted[BATCH][PAGE_SIZE] PAGE_ALIGNED, target[PAGE_SIZE] PAGE_ALIGNED;
static xen_pfn_t pfns[SUPERPAGE_PAGES];

static bool grants_ready(const char *name)
{
	static bool done;
	struct gnttab_set_version v = { .version = 1 };
	struct xen_add_to_physmap x = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table,
					.idx = 0, .gpfn = (u64)table_page / PAGE_SIZE };
	long rc = 0;

	if (!done) {
		grant_op(GNTTABOP_set_version, &v, 1);
		rc = memory_op(XENMEM_add_to_physmap, &x);
	}
	if (rc) {
		bench_skip(name, "the grant table cannot be mapped: %ld", rc);
		return false;
	}
	done = true;
	for (u32 i = 0; i < BATCH; i++) {
		table_page[FIRST_REF + i].domid = own_domid();
		table_page[FIRST_REF + i].frame = (u32)((u64)granted[i] / PAGE_SIZE);
		barrier();
		table_page[FIRST_REF + i].flags = GTF_permit_access;
	}
	return true;
}

/* Map and unmap @n grants a call: two series from one loop. */
static void map_unmap(const char *name, u32 rounds, u32 n)
{
	static struct gnttab_map_grant_ref m[BATCH];
	static struct gnttab_unmap_grant_ref u[BATCH];
	struct series map, unmap;
	u64 clock;

	if (!grants_ready(name))
		return;
	series_start(&map, rounds / n);
	series_start(&unmap, rounds / n);
	clock = TICKS_OF(map.length, rdtsc());
	map.base = unmap.base = clock;
	for (u32 b = 0; b < BATCHES; b++) {
		u64 mapping = 0, unmapping = 0;

		for (u32 i = 0; i < map.length; i++) {
			u64 t0, t1;

			for (u32 k = 0; k < n; k++)
				m[k] = (struct gnttab_map_grant_ref){
					.host_addr = WINDOW + k * PAGE_SIZE,
					.flags = GNTMAP_host_map, .ref = FIRST_REF + k,
					.dom = own_domid() };
			t0 = rdtsc();
			grant_op(GNTTABOP_map_grant_ref, m, n);
			t1 = rdtsc();
			mapping += t1 - t0;
			for (u32 k = 0; k < n; k++) {
				if (m[k].status) {
					bench_skip(name, "mapping one's own grant: %d",
						   m[k].status);
					return;
				}
				u[k] = (struct gnttab_unmap_grant_ref){
					.host_addr = m[k].host_addr, .handle = m[k].handle };
			}
			t0 = rdtsc();
			grant_op(GNTTABOP_unmap_grant_ref, u, n);
			t1 = rdtsc();
			unmapping += t1 - t0;
		}
		series_add(&map, b, mapping);
		series_add(&unmap, b, unmapping);
	}
	series_report(bench_name(name, ".map"), &map, n);
	series_report(bench_name(name, ".unmap"), &unmap, n);
}

static void map_one(const char *name, u32 rounds)
{
	map_unmap(name, rounds, 1);
}

static void map_batch(const char *name, u32 rounds)
{
	map_unmap(name, rounds, BATCH);
}

static s16 copy(u16 bytes)
{
	struct gnttab_copy c = { .len = bytes, .flags = GNTCOPY_source_gref };

	c.source.u.ref = FIRST_REF;
	c.source.domid = own_domid();
	c.dest.u.gmfn = (u64)target / PAGE_SIZE;
	c.dest.domid = DOMID_SELF;
	return grant_op(GNTTABOP_copy, &c, 1) ? GNTST_general_error : c.status;
}

static void copy_bytes(const char *name, u32 rounds, u16 bytes)
{
	if (!grants_ready(name))
		return;
	if (copy(bytes) != GNTST_okay)
		bench_skip(name, "copying from one's own grant: %d", copy(bytes));
	else
		MEASURE(name, rounds, copy(bytes));
}

static void copy_small(const char *name, u32 rounds)
{
	copy_bytes(name, rounds, 64);
}

static void copy_page(const char *name, u32 rounds)
{
	copy_bytes(name, rounds, PAGE_SIZE);
}

/* @n extents of 1 << order pages from pfns. */
static long reserve(u32 cmd, u32 n, u32 order)
{
	struct xen_memory_reservation r = { .domid = DOMID_SELF, .nr_extents = n,
					    .extent_order = order };

	set_xen_guest_handle(r.extent_start, pfns);
	return memory_op(cmd, &r);
}

static void fill_pfns(u64 at)
{
	for (u32 i = 0; i < SUPERPAGE_PAGES; i++)
		pfns[i] = at / PAGE_SIZE + i;
}

/* 2 MiB of the domain's memory that this file gives back and takes. */
static u64 area(void)
{
	static u64 at;

	if (!at)
		at = (u64)alloc_pages(SUPERPAGE_PAGES, SUPERPAGE_PAGES * PAGE_SIZE);
	return at;
}

/* Back and forth, @order at a time; the cost is that of 4 KiB. */
static void give_and_take(const char *name, u32 rounds, u32 order)
{
	u32 n = SUPERPAGE_PAGES >> order;
	struct series give, take;

	fill_pfns(area());
	series_start(&give, BATCHES);
	series_start(&take, BATCHES);
	for (u32 b = 0; b < BATCHES; b++) {
		u64 t0 = rdtsc(), t1;
		long gone = reserve(XENMEM_decrease_reservation, n, order), back;

		t1 = rdtsc();
		series_add(&give, b, t1 - t0);
		t0 = rdtsc();
		back = reserve(XENMEM_populate_physmap, n, order);
		t1 = rdtsc();
		series_add(&take, b, t1 - t0);
		if (gone != n || back != n) {
			bench_skip(name, "%ld given, %ld taken of %u", gone, back, n);
			return;
		}
	}
	series_report(bench_name(name, ".decrease"), &give, SUPERPAGE_PAGES);
	series_report(bench_name(name, ".populate"), &take, SUPERPAGE_PAGES);
}

static void pages_4k(const char *name, u32 rounds)
{
	give_and_take(name, rounds, 0);
}

static void pages_2m(const char *name, u32 rounds)
{
	give_and_take(name, rounds, SUPERPAGE_ORDER);
}

/* One read in each page; the frames were given back and taken in pieces of the order. */
static void touch(const char *name, u32 rounds, u32 order)
{
	u32 n = SUPERPAGE_PAGES >> order;
	u64 at = area();
	u32 i = 0;

	fill_pfns(at);
	if (reserve(XENMEM_decrease_reservation, n, order) != n ||
	    reserve(XENMEM_populate_physmap, n, order) != n) {
		bench_skip(name, "memory cannot be given back and taken");
		return;
	}
	MEASURE_BEYOND(name, rounds, i++,
		       (void)*(volatile u64 *)(at + i++ % SUPERPAGE_PAGES * PAGE_SIZE));
}

static void touch_4k(const char *name, u32 rounds)
{
	touch(name, rounds, 0);
}

static void touch_2m(const char *name, u32 rounds)
{
	touch(name, rounds, SUPERPAGE_ORDER);
}

static const struct benchmark table[] = {
	{ "grant.1", map_one, 1024 },
	{ "grant.16", map_batch, 4096 },
	{ "grant.copy.64", copy_small, 2000 },
	{ "grant.copy.4096", copy_page, 2000 },
	{ "memory.4k", pages_4k, 0 },
	{ "memory.2m", pages_2m, 0 },
	{ "memory.touch.4k", touch_4k, 65536 },
	{ "memory.touch.2m", touch_2m, 65536 },
};
DEFINE_GROUP(memory, table);
