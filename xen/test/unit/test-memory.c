/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The p2m and the memory hypercalls with a malicious guest: no page may return to the heap while a
 * TLB or another p2m entry still refers to it, and no call may exhaust the host's memory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/gnttab.h>
#include <xen/hal/time.h>
#include <xen/hypercall.h>
#include <xen/p2m.h>
#include <xen/softirq.h>

#include <public/memory.h>

#define RAM 1024
#define MAX_PAGES (RAM + 1024)
#define SOME_GFN 17

static struct domain *dom;
/* A page that is about to lose its last mapping, and whether it was still held at each flush. */
static struct page_info *watched;
static u32 flushes, late_flushes;

void hal_p2m_flush(struct p2m *p, gfn_t start, u64 n)
{
	flushes++;
	if (watched && !(watched->flags & PAGE_FLAG_ALLOCATED))
		late_flushes++;
}

/* Where, with the next flush, another vCPU of the domain puts a fresh page; 0: it does not. */
static u64 fill_emptied;

/* Called after a gfn has been emptied and before it is mapped again. */
void p2m_flush(struct p2m *p)
{
	u64 gfn = fill_emptied;

	p2m_batch_begin(p);
	p2m_batch_end(p);
	fill_emptied = 0;
	if (gfn)
		HOST_CHECK(!p2m_map_new(p, gfn_make(gfn),
					page_to_mfn(alloc_domain_pages(p->domain, 0, 0)),
					P2M_RAM_RW));
}

static struct domain *make_domain(u16 id)
{
	struct domain_config cfg = { .domid = id, .max_vcpus = 1, .max_grant_frames = 4,
				     .max_maptrack_frames = 4, .max_grant_version = 2,
				     .max_pages = MAX_PAGES, .node = NUMA_NO_NODE };
	int err;
	struct domain *d = domain_create(&cfg, &err);

	HOST_CHECK(d);
	for (u64 g = 0; g < RAM; g++) {
		struct page_info *pg = alloc_domain_pages(d, 0, 0);

		HOST_CHECK(pg);
		HOST_CHECK(!p2m_map(d->p2m, gfn_make(g), page_to_mfn(pg), 0, P2M_RAM_RW));
	}
	HOST_CHECK(domain_vcpu_create(d, 0) == 0);
	return d;
}

static void setup(void)
{
	host_init(1, 1, 64 << 20);
	host_start();
	dom = make_domain(1);
}

static long memory_op(u32 cmd, void *arg)
{
	struct hypercall hc = { .nr = __HYPERVISOR_memory_op,
				.arg = { cmd, (u64)(uintptr_t)arg } };

	return hypercall_dispatch(dom->vcpu[0], &hc);
}

static struct page_info *page_at(u64 gfn)
{
	enum p2m_type t;
	mfn_t mfn = p2m_lookup(dom->p2m, gfn_make(gfn), &t, NULL);

	HOST_CHECK(t == P2M_RAM_RW);
	return mfn_to_page(mfn);
}

static void batch_replaces_ram(void *arg)
{
	xen_ulong_t idx = 0;
	xen_pfn_t gpfn = SOME_GFN;
	int err = 1;
	struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .size = 1,
					      .space = XENMAPSPACE_shared_info };

	setup();
	set_xen_guest_handle(b.idxs, &idx);
	set_xen_guest_handle(b.gpfns, &gpfn);
	set_xen_guest_handle(b.errs, &err);
	watched = page_at(SOME_GFN);
	flushes = late_flushes = 0;
	HOST_CHECK(memory_op(XENMEM_add_to_physmap_batch, &b) == 0);
	HOST_CHECK(err == 0);
	HOST_CHECK(flushes > 0);
	HOST_CHECK(!(watched->flags & PAGE_FLAG_ALLOCATED));
	HOST_CHECK(late_flushes == 0);
}

/* Another vCPU of the domain is in the middle of a batch of its own. */
static void decrease_during_batch(void *arg)
{
	xen_pfn_t gpfn = SOME_GFN;
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

	setup();
	set_xen_guest_handle(r.extent_start, &gpfn);
	watched = page_at(SOME_GFN);
	p2m_batch_begin(dom->p2m);
	flushes = late_flushes = 0;
	HOST_CHECK(memory_op(XENMEM_decrease_reservation, &r) == 1);
	HOST_CHECK(!(watched->flags & PAGE_FLAG_ALLOCATED));
	HOST_CHECK(flushes == 1);
	HOST_CHECK(late_flushes == 0);
	p2m_batch_end(dom->p2m);
	HOST_CHECK(flushes == 1);
}

/* What another domain granted belongs to that one: it cannot be given back. */
static void decrease_of_a_grant(void *arg)
{
	xen_pfn_t gpfn = 0x5000;
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
	const enum p2m_type types[] = { P2M_GRANT_RW, P2M_GRANT_RO };
	struct page_info *pg;
	struct domain *d;

	setup();
	set_xen_guest_handle(r.extent_start, &gpfn);
	d = make_domain(2);
	pg = alloc_domain_pages(d, 0, 0);
	HOST_CHECK(pg);
	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		u64 before = dom->tot_pages;
		enum p2m_type t = types[i];

		HOST_CHECK(p2m_map(dom->p2m, gfn_make(gpfn), page_to_mfn(pg), 0, t) == 0);
		HOST_CHECK(memory_op(XENMEM_decrease_reservation, &r) == 0);
		HOST_CHECK((pg->flags & PAGE_FLAG_ALLOCATED) && pg->refs == 1);
		HOST_CHECK(dom->tot_pages == before);
		HOST_CHECK(p2m_unmap_page(dom->p2m, gfn_make(gpfn), page_to_mfn(pg), t) == 0);
	}
	while (domain_kill(d) == -XEN_ERESTART)
		host_run_until_idle();
}

/* A superpage is given back in pieces, between which other work of the CPU may come. */
static void decrease_is_preempted(void *arg)
{
	xen_pfn_t gpfn[2] = { 0, 512 };
	struct xen_memory_reservation r = { .nr_extents = 2, .extent_order = 9,
					    .domid = DOMID_SELF };
	struct hypercall hc = { .nr = __HYPERVISOR_memory_op,
				.arg = { XENMEM_decrease_reservation, (u64)(uintptr_t)&r } };
	u64 before, again = 0;
	long rc;

	setup();
	set_xen_guest_handle(r.extent_start, gpfn);
	before = dom->tot_pages;
	do {
		u64 pages = dom->tot_pages;

		softirq_raise(SOFTIRQ_TIMER);
		rc = hypercall_dispatch(dom->vcpu[0], &hc);
		HOST_CHECK(pages - dom->tot_pages == 64);
	} while (rc == -XEN_ERESTART && ++again < 100);
	HOST_CHECK(rc == 2 && again == 15);
	HOST_CHECK(before - dom->tot_pages == 1024);
	/* A guest that invents a continuation skips work, and does no harm. */
	hc.arg[0] = XENMEM_decrease_reservation | 16ULL << 6;
	HOST_CHECK(hypercall_dispatch(dom->vcpu[0], &hc) == 2);
	hc.arg[0] = XENMEM_decrease_reservation | 0x3ffffffULL << 6;
	HOST_CHECK(hypercall_dispatch(dom->vcpu[0], &hc) == 0x3ffffff >> 3);
	/* Holes are not given back again. */
	hc.arg[0] = XENMEM_decrease_reservation;
	HOST_CHECK(hypercall_dispatch(dom->vcpu[0], &hc) == 0);
	/* More extents than a continuation can count are not begun. */
	r.nr_extents = ~0U;
	HOST_CHECK(hypercall_dispatch(dom->vcpu[0], &hc) == 0);
	r.extent_order = 0;
	HOST_CHECK(hypercall_dispatch(dom->vcpu[0], &hc) == 0);
}

/* So are many small extents. */
static void small_extents_are_preempted(void *arg)
{
	static xen_pfn_t gpfn[300];
	struct xen_memory_reservation r = { .nr_extents = ARRAY_SIZE(gpfn), .domid = DOMID_SELF };
	const u32 cmds[] = { XENMEM_decrease_reservation, XENMEM_populate_physmap };

	setup();
	for (u32 i = 0; i < ARRAY_SIZE(gpfn); i++)
		gpfn[i] = i;
	set_xen_guest_handle(r.extent_start, gpfn);
	for (u32 i = 0; i < ARRAY_SIZE(cmds); i++) {
		struct hypercall hc = { .nr = __HYPERVISOR_memory_op,
					.arg = { cmds[i], (u64)(uintptr_t)&r } };
		u64 before = dom->tot_pages;
		u32 again = 0;
		long rc;

		do {
			u64 pages = dom->tot_pages;

			softirq_raise(SOFTIRQ_TIMER);
			rc = hypercall_dispatch(dom->vcpu[0], &hc);
			HOST_CHECK(max(pages, dom->tot_pages) - min(pages, dom->tot_pages) <= 64);
		} while (rc == -XEN_ERESTART && ++again < 100);
		HOST_CHECK(rc == ARRAY_SIZE(gpfn) && again >= 4);
		HOST_CHECK(max(before, dom->tot_pages) - min(before, dom->tot_pages) == rc);
	}
}

/* Populate 8 MiB at @at by one extent, from unit @start on, in at most @calls calls. */
static long populate_8m(struct domain *d, xen_pfn_t at, u64 start, u32 calls)
{
	struct xen_memory_reservation r = { .nr_extents = 1, .extent_order = 11,
					    .domid = d->id };
	struct hypercall hc = { .nr = __HYPERVISOR_memory_op,
				.arg = { XENMEM_populate_physmap | start << 6,
					 (u64)(uintptr_t)&r } };
	long rc;

	set_xen_guest_handle(r.extent_start, &at);
	do {
		u64 pages = d->tot_pages;

		softirq_raise(SOFTIRQ_TIMER);
		rc = hypercall_dispatch(dom->vcpu[0], &hc);
		HOST_CHECK(d->tot_pages - pages <= 512);
	} while (rc == -XEN_ERESTART && --calls);
	return rc;
}

/* A toolstack's large extent is populated 2 MiB at a time, from one contiguous chunk. */
static void populate_is_preempted(void *arg)
{
	struct domain *d;
	enum p2m_type t;
	u64 pages, free;
	mfn_t first;

	setup();
	dom->is_privileged = true;
	d = make_domain(2);
	d->max_pages = 1UL << 20;
	pages = d->tot_pages;
	HOST_CHECK(populate_8m(d, 0x1000, 0, 4) == 1 && d->tot_pages - pages == 2048);
	first = p2m_lookup(d->p2m, gfn_make(0x1000), &t, NULL);
	for (u64 i = 0; i < 2048; i++)
		HOST_CHECK(p2m_lookup(d->p2m, gfn_make(0x1000 + i), &t, NULL).v == first.v + i &&
			   t == P2M_RAM_RW);
	/* Something is mapped in the third part: the rest of the chunk goes back. */
	HOST_CHECK(p2m_map(d->p2m, gfn_make(0x2405), mfn_make(0x100000), 0, P2M_MMIO_DIRECT) == 0);
	free = free_page_count(NUMA_NO_NODE);
	HOST_CHECK(populate_8m(d, 0x2000, 0, 9) == 0 && d->tot_pages - pages == 3072);
	HOST_CHECK(free - free_page_count(NUMA_NO_NODE) < 1024 + 8);
	/* A start to which no earlier call has led */
	HOST_CHECK(populate_8m(d, 0x3000, 2, 1) == 0);
	/* A call that is not continued: the next one replaces its chunk, and so does the end. */
	HOST_CHECK(populate_8m(d, 0x3000, 0, 1) == -XEN_ERESTART);
	free = free_page_count(NUMA_NO_NODE);
	HOST_CHECK(populate_8m(d, 0x4000, 0, 1) == -XEN_ERESTART);
	HOST_CHECK(free - free_page_count(NUMA_NO_NODE) < 512 + 8);
	while (domain_kill(d) == -XEN_ERESTART)
		host_run_until_idle();
	host_run_until_idle();
	HOST_CHECK(free_page_count(NUMA_NO_NODE) > free + 2048 + 3072);
}

static bool is_hole(u64 gfn)
{
	enum p2m_type t;

	p2m_lookup(dom->p2m, gfn_make(gfn), &t, NULL);
	return t == P2M_INVALID;
}

static long acquire(struct domain *of, xen_pfn_t *gfns, u32 n)
{
	struct xen_mem_acquire_resource r = {
		.domid = of->id, .type = XENMEM_resource_grant_table, .nr_frames = n,
		.id = XENMEM_resource_grant_table_id_shared };

	set_xen_guest_handle(r.frame_list, gfns);
	return memory_op(XENMEM_acquire_resource, &r);
}

/* Frames of another domain's grant table are mapped all or none. */
static void acquire_all_or_none(void *arg)
{
	xen_pfn_t bad[2] = { SOME_GFN, 1UL << 36 };
	xen_pfn_t far[3] = { SOME_GFN, SOME_GFN + 1, 1UL << 30 };
	struct page_info *ram, *taken;
	struct domain *other;
	u32 refs;

	setup();
	dom->is_privileged = true;
	other = make_domain(2);
	refs = other->refs;
	/* Errors are found before anything is mapped. */
	ram = page_at(SOME_GFN);
	HOST_CHECK(acquire(other, bad, 2) == -XEN_EINVAL);
	HOST_CHECK(page_at(SOME_GFN) == ram && other->refs == refs);
	/* Without memory for tables nothing stays mapped. */
	HOST_CHECK(acquire(other, far, 2) == 0 && other->refs == refs + 2);
	HOST_CHECK(!p2m_unmap(dom->p2m, gfn_make(SOME_GFN), 0));
	HOST_CHECK(!p2m_unmap(dom->p2m, gfn_make(SOME_GFN + 1), 0));
	host_run(hal_now_ns() + 10000000);
	HOST_CHECK(other->refs == refs);
	do
		taken = alloc_pages(0, 0);
	while (taken);
	HOST_CHECK(acquire(other, far, 3) == -XEN_ENOMEM);
	host_run(hal_now_ns() + 10000000);
	HOST_CHECK(other->refs == refs);
	HOST_CHECK(is_hole(SOME_GFN) && is_hole(SOME_GFN + 1));
}

static void unmap_page_once(void *arg)
{
	struct page_info *pg;
	mfn_t mfn;

	setup();
	pg = page_at(SOME_GFN);
	mfn = page_to_mfn(pg);
	HOST_CHECK(p2m_unmap_page(dom->p2m, gfn_make(SOME_GFN + 1), mfn, P2M_RAM_RW) ==
		   -XEN_ENOENT);
	HOST_CHECK(page_at(SOME_GFN + 1) != pg);
	HOST_CHECK(p2m_unmap_page(dom->p2m, gfn_make(SOME_GFN), mfn, P2M_GRANT_RW) == -XEN_ENOENT);
	HOST_CHECK(p2m_unmap_page(dom->p2m, gfn_make(SOME_GFN), mfn, P2M_RAM_RW) == 0);
	HOST_CHECK(p2m_unmap_page(dom->p2m, gfn_make(SOME_GFN), mfn, P2M_RAM_RW) == -XEN_ENOENT);
}

static long populate(u64 gfn, u32 order)
{
	xen_pfn_t gpfn = gfn;
	struct xen_memory_reservation r = { .nr_extents = 1, .extent_order = order,
					    .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, &gpfn);
	return memory_op(XENMEM_populate_physmap, &r);
}

static void map_where_something_is(void *arg)
{
	struct page_info *pg;
	u64 charged;

	setup();
	charged = dom->tot_pages;
	pg = page_at(SOME_GFN);
	HOST_CHECK(p2m_map_new(dom->p2m, gfn_make(SOME_GFN), mfn_make(1), P2M_GRANT_RW) ==
		   -XEN_EEXIST);
	HOST_CHECK(page_at(SOME_GFN) == pg);
	/* Populating there again takes no page: the old page would be mapped nowhere. */
	HOST_CHECK(populate(SOME_GFN, 0) == 0);
	HOST_CHECK(populate(RAM / 2, PAGE_ORDER_2M) == 0);
	HOST_CHECK(dom->tot_pages == charged);
	HOST_CHECK(page_at(SOME_GFN) == pg);
	HOST_CHECK(populate(RAM, 0) == 1);
	HOST_CHECK(dom->tot_pages == charged + 1);
}

/* A page is moved over another, which goes back to the heap. */
static void move_over_ram(void *arg)
{
	struct xen_add_to_physmap a = { .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn,
					.idx = SOME_GFN, .gpfn = SOME_GFN + 1 };
	struct page_info *pg;
	u64 charged;

	setup();
	charged = dom->tot_pages;
	pg = page_at(SOME_GFN);
	HOST_CHECK(memory_op(XENMEM_add_to_physmap, &a) == 0);
	HOST_CHECK(page_at(SOME_GFN + 1) == pg);
	HOST_CHECK(dom->tot_pages == charged - 1);
	/* Another vCPU fills the place just when it has been emptied. */
	a.idx = SOME_GFN + 1;
	a.gpfn = SOME_GFN + 2;
	fill_emptied = a.gpfn;
	HOST_CHECK(memory_op(XENMEM_add_to_physmap, &a) == -XEN_EEXIST);
	HOST_CHECK(fill_emptied == 0);
	HOST_CHECK(page_at(SOME_GFN + 1) == pg);
	HOST_CHECK(page_at(SOME_GFN + 2) != pg);
	HOST_CHECK(dom->tot_pages == charged - 1);
}

/* Map the page at SOME_GFN of @other at @gfn, as a toolstack would. */
static struct page_info *map_foreign(struct domain *other, u64 gfn)
{
	struct page_info *pg = p2m_get_page(other, gfn_make(SOME_GFN), NULL, true);

	HOST_CHECK(pg);
	domain_get(other);
	HOST_CHECK(!p2m_map_new(dom->p2m, gfn_make(gfn), page_to_mfn(pg), P2M_FOREIGN));
	return pg;
}

static void remove_foreign(u64 gfn)
{
	struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = gfn };
	enum p2m_type t;

	HOST_CHECK(memory_op(XENMEM_remove_from_physmap, &r) == 0);
	p2m_lookup(dom->p2m, gfn_make(gfn), &t, NULL);
	HOST_CHECK(t == P2M_INVALID);
}

/* Toolstacks unmap guests' pages one by one, and each flush makes every vCPU leave its guest. */
static void foreign_flushed_together(void *arg)
{
	struct domain *other;
	struct page_info *pg;
	u32 refs, owner_refs;

	setup();
	other = make_domain(2);
	owner_refs = other->refs;
	for (u64 i = 0; i < P2M_PARKED + 1; i++)
		pg = map_foreign(other, RAM + i);
	refs = pg->refs;
	flushes = 0;
	for (u64 i = 0; i < P2M_PARKED; i++)
		remove_foreign(RAM + i);
	/* Pages that a TLB may still refer to are still held. */
	HOST_CHECK(flushes == 0 && pg->refs == refs);
	remove_foreign(RAM + P2M_PARKED);
	HOST_CHECK(flushes == 1 && pg->refs == 1 && other->refs == owner_refs);
}

/* A large mapping takes the place of the table that a foreign page is mapped by. */
static void foreign_in_a_table(void *arg)
{
	u64 gfn = 1UL << 20;
	struct domain *other;
	struct page_info *pg, *large;
	u32 owner_refs;

	setup();
	other = make_domain(2);
	owner_refs = other->refs;
	pg = map_foreign(other, gfn + 5);
	large = alloc_domain_pages(dom, PAGE_ORDER_2M, 0);
	HOST_CHECK(large && pg->refs == 2);
	HOST_CHECK(!p2m_map(dom->p2m, gfn_make(gfn), page_to_mfn(large), PAGE_ORDER_2M,
			    P2M_RAM_RW));
	p2m_flush(dom->p2m);
	HOST_CHECK(pg->refs == 1 && other->refs == owner_refs);
}

/* One foreign page has been mapped at RAM and unmapped; @refs: with the mapping's own. */
static struct page_info *park_one(struct domain **other, u32 *refs)
{
	struct page_info *pg;

	setup();
	*other = make_domain(2);
	pg = map_foreign(*other, RAM);
	*refs = pg->refs;
	remove_foreign(RAM);
	flushes = 0;
	HOST_CHECK(pg->refs == *refs);
	return pg;
}

/* The next mapping may be at a gfn for which a TLB still has the unmapped page. */
static void foreign_flushed_by_map(void *arg)
{
	struct domain *other;
	u32 refs;
	struct page_info *pg = park_one(&other, &refs);

	map_foreign(other, RAM);
	HOST_CHECK(flushes == 1 && pg->refs == refs);
}

/* A dying domain waits for its pages: they are let go soon, whether more is unmapped or not. */
static void foreign_flushed_in_time(void *arg)
{
	struct domain *other;
	u32 refs;
	struct page_info *pg = park_one(&other, &refs);

	host_run(hal_now_ns() + 2000000);
	HOST_CHECK(flushes == 1 && pg->refs == refs - 1);
}

static long map_shared_info(u64 gfn)
{
	struct xen_add_to_physmap a = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info,
					.gpfn = gfn };

	return memory_op(XENMEM_add_to_physmap, &a);
}

/* Each of these needs three tables of its own. */
static void tables_everywhere(void *arg)
{
	u64 before, used, n;

	setup();
	before = free_page_count(NUMA_NO_NODE);
	for (n = 1; n < 8192; n++)
		if (map_shared_info(n << 18))
			break;
	used = before - free_page_count(NUMA_NO_NODE);
	HOST_CHECK(n < 8192);
	HOST_CHECK(used < 1200);
	/* What exists still works. */
	HOST_CHECK(map_shared_info(SOME_GFN) == 0);
	while (domain_kill(dom) == -XEN_ERESTART)
		host_run_until_idle();
	host_run_until_idle();
	HOST_CHECK(free_page_count(NUMA_NO_NODE) > before + RAM);
}

/* More than the machine has, which the domain's limit would allow. */
static void failed_allocation(void *arg)
{
	u64 before;

	setup();
	before = dom->tot_pages;
	dom->max_pages = ~0UL;
	HOST_CHECK(!alloc_domain_pages(dom, PAGE_ORDER_1G, 0));
	HOST_CHECK(dom->tot_pages == before);
}

static void range_is_all_or_nothing(void *arg)
{
	struct page_info *pg;
	enum p2m_type t;
	u64 gfn, limit;

	setup();
	pg = alloc_domain_pages(dom, 1, 0);
	HOST_CHECK(pg);
	/* Use up all tables but the two that lead to the end of some 2 MiB piece. */
	for (gfn = 1UL << 30; dom->p2m->table_pages < 1024 + MAX_PAGES / 256 - 3; gfn += 1UL << 9)
		HOST_CHECK(map_shared_info(gfn) == 0);
	limit = dom->p2m->table_pages;
	gfn = (1UL << 31) + (1UL << 18) - 1;
	HOST_CHECK(p2m_map_range(dom->p2m, gfn_make(gfn), page_to_mfn(pg), 2, P2M_RAM_RW) ==
		   -XEN_ENOMEM);
	HOST_CHECK(dom->p2m->table_pages > limit);
	p2m_lookup(dom->p2m, gfn_make(gfn), &t, NULL);
	HOST_CHECK(t == P2M_INVALID);
}

/* A domain in teardown is still found by others that looked it up before. */
static void lookups_after_teardown(void *arg)
{
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = 1 };
	xen_pfn_t gpfn = SOME_GFN;
	struct domain *d;
	domid_t id = 1;
	u64 val;

	setup();
	d = dom;
	domain_get(d);
	while (domain_kill(d) == -XEN_ERESTART)
		host_run_until_idle();
	HOST_CHECK(!p2m_get_page(d, gfn_make(SOME_GFN), NULL, false));
	HOST_CHECK(guest_phys_read(d, &val, gpaddr_make(SOME_GFN << PAGE_SHIFT), 8));
	HOST_CHECK(p2m_map(d->p2m, gfn_make(SOME_GFN), mfn_make(1), 0, P2M_RAM_RW) == -XEN_EINVAL);
	set_xen_guest_handle(r.extent_start, &gpfn);
	HOST_CHECK(memory_op(XENMEM_populate_physmap, &r) == 0);
	HOST_CHECK(memory_op(XENMEM_maximum_gpfn, &id) >= 0);
	domain_put(d);
	host_run_until_idle();
}

/* Nothing is populated on demand: a target is accepted, and all pages are there. */
static void pod_target(void *arg)
{
	struct xen_pod_target t = { .target_pages = 7, .domid = 2, .pod_entries = 1 };
	struct domain *other;

	setup();
	HOST_CHECK(memory_op(XENMEM_set_pod_target, &t) == -XEN_EPERM);
	dom->is_privileged = true;
	HOST_CHECK(memory_op(XENMEM_set_pod_target, &t) == -XEN_ESRCH);
	other = make_domain(2);
	HOST_CHECK(memory_op(XENMEM_set_pod_target, &t) == 0);
	HOST_CHECK(t.tot_pages == other->tot_pages && !t.pod_entries && !t.pod_cache_pages);
	t.tot_pages = 99;
	HOST_CHECK(memory_op(XENMEM_get_pod_target, &t) == 0 && t.tot_pages == other->tot_pages);
}

/* What a view shows, on both sides of where one mapping ends and another begins. */
static void view_of_mappings(void *arg)
{
	const u64 at = 1UL << 30, big = 512 * PAGE_SIZE;
	const gfn_t gfn = gfn_make(at >> PAGE_SHIFT);
	struct page_info *pg;
	struct p2m_view w;
	char *va;

	setup();
	pg = alloc_pages(9, 0);
	HOST_CHECK(pg);
	va = page_to_virt(pg);
	HOST_CHECK(!p2m_map(dom->p2m, gfn, page_to_mfn(pg), 9, P2M_RAM_RW));
	HOST_CHECK(!p2m_map(dom->p2m, gfn_add(gfn, 512), page_to_mfn(pg), 0, P2M_RAM_RO));
	HOST_CHECK(!p2m_map(dom->p2m, gfn_add(gfn, 513), page_to_mfn(pg), 0, P2M_MMIO_DIRECT));
	p2m_view_begin(&w, dom->p2m);
	HOST_CHECK(p2m_view_at(&w, gpaddr_make(at + big - 8), true) == va + big - 8);
	HOST_CHECK(p2m_view_at(&w, gpaddr_make(at + 8), true) == va + 8);
	HOST_CHECK(p2m_view_at(&w, gpaddr_make(at + big + 16), false) == va + 16);
	HOST_CHECK(!p2m_view_at(&w, gpaddr_make(at + big + 16), true));
	HOST_CHECK(!p2m_view_at(&w, gpaddr_make(at + big + PAGE_SIZE), false));
	HOST_CHECK(!p2m_view_at(&w, gpaddr_make(at - 1), false));
	HOST_CHECK(!p2m_view_at(&w, gpaddr_make(~0UL), false));
	HOST_CHECK(p2m_view_at(&w, gpaddr_make(at + PAGE_SIZE), false) == va + PAGE_SIZE);
	p2m_view_end(&w);
}

/* Try to populate the frame @mfn of a domain whose frames are where the machine's are. */
static void cannot_populate(mfn_t mfn)
{
	xen_pfn_t gpfn = mfn.v;
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
	enum p2m_type type;

	set_xen_guest_handle(r.extent_start, &gpfn);
	HOST_CHECK(!p2m_unmap(dom->p2m, gfn_make(gpfn), 0));
	HOST_CHECK(memory_op(XENMEM_populate_physmap, &r) == 0);
	p2m_lookup(dom->p2m, gfn_make(gpfn), &type, NULL);
	HOST_CHECK(type == P2M_INVALID);
}

/* What the hypervisor shares with the hardware domain has an owner, too, and is not its RAM. */
static void populate_1to1_is_for_ram(void *arg)
{
	mfn_t mfn;

	setup();
	dom->is_mapped_1to1 = true;
	cannot_populate(page_to_mfn(dom->shared_info_page));
	HOST_CHECK(!gnttab_frame(dom, 0, &mfn));
	cannot_populate(mfn);
	/* Where no RAM is, there is nothing to look at. */
	cannot_populate(mfn_make(max_mfn));
	cannot_populate(mfn_make((1UL << 36) - 1));
}

static void run(void (*fn)(void *arg))
{
	const struct host_outcome *o = host_isolated(fn, NULL);

	if (o->status)
		print_message("%s\n", o->console);
	assert_int_equal(o->status, 0);
}

static void test_batch_flush(void **state) { run(batch_replaces_ram); }
static void test_foreign_batch(void **state) { run(decrease_during_batch); }
static void test_preempted(void **state) { run(decrease_is_preempted); }
static void test_grant(void **state) { run(decrease_of_a_grant); }
static void test_failed_allocation(void **state) { run(failed_allocation); }
static void test_small(void **state) { run(small_extents_are_preempted); }
static void test_populate(void **state) { run(populate_is_preempted); }
static void test_populate_1to1(void **state) { run(populate_1to1_is_for_ram); }
static void test_acquire(void **state) { run(acquire_all_or_none); }
static void test_unmap_page(void **state) { run(unmap_page_once); }
static void test_map_new(void **state) { run(map_where_something_is); }
static void test_move_over(void **state) { run(move_over_ram); }
static void test_foreign_together(void **state) { run(foreign_flushed_together); }
static void test_foreign_map(void **state) { run(foreign_flushed_by_map); }
static void test_foreign_table(void **state) { run(foreign_in_a_table); }
static void test_foreign_timer(void **state) { run(foreign_flushed_in_time); }
static void test_table_bound(void **state) { run(tables_everywhere); }
static void test_range(void **state) { run(range_is_all_or_nothing); }
static void test_pod_target(void **state) { run(pod_target); }
static void test_view(void **state) { run(view_of_mappings); }
static void test_teardown(void **state) { run(lookups_after_teardown); }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch_flush), cmocka_unit_test(test_foreign_batch),
		cmocka_unit_test(test_unmap_page),  cmocka_unit_test(test_table_bound),
		cmocka_unit_test(test_range),	    cmocka_unit_test(test_teardown),
		cmocka_unit_test(test_map_new),	    cmocka_unit_test(test_move_over),
		cmocka_unit_test(test_pod_target),  cmocka_unit_test(test_view),
			    cmocka_unit_test(test_foreign_together),
		cmocka_unit_test(test_preempted),     cmocka_unit_test(test_acquire),
		cmocka_unit_test(test_small),	      cmocka_unit_test(test_grant),
		cmocka_unit_test(test_failed_allocation), cmocka_unit_test(test_foreign_table),
		cmocka_unit_test(test_populate),      cmocka_unit_test(test_populate_1to1),
		cmocka_unit_test(test_foreign_map),   cmocka_unit_test(test_foreign_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
