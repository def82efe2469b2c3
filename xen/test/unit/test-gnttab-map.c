/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: tables, mapping and unmapping, teardown, hostile granters. */
#include "changing-page.h"
#include "fake-grants.h"
#include "fake-world.h"

#include <pthread.h>

#define HOLE 100	/* first gfn where nothing is */
#define HM GNTMAP_host_map

static void test_map_unmap(void **state)
{
	struct gnttab_map_grant_ref m;
	enum p2m_type type;

	grant(dom1, 9, dom0, 3, 0);
	m = map_at(dom0, dom1, 9, HOLE, HM);
	assert_int_equal(m.status, GNTST_okay);
	assert_ptr_equal(world_mem(dom0, HOLE), world_mem(dom1, 3));
	p2m_lookup(dom0->p2m, gfn_make(HOLE), &type, NULL);
	assert_int_equal(type, P2M_GRANT_RW);
	assert_int_equal(v1_entry(dom1, 9)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(world_total_refs(), refs_at_start + 1);
	assert_int_equal(dom1->refs, 2);

	assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_okay);
	assert_null(world_mem(dom0, HOLE));
	assert_int_equal(v1_entry(dom1, 9)->flags, GTF_permit_access);
	assert_int_equal(world_total_refs(), refs_at_start);
	assert_int_equal(dom1->refs, 1);
	assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_bad_handle);
	assert_int_equal(world_flushes, 1);
}

static void test_readonly(void **state)
{
	struct gnttab_map_grant_ref r1, r2, w;
	enum p2m_type type;

	grant(dom1, 9, dom0, 3, GTF_readonly);
	assert_int_equal(map_at(dom0, dom1, 9, HOLE, HM).status, GNTST_general_error);
	assert_int_equal(v1_entry(dom1, 9)->flags, GTF_permit_access | GTF_readonly);
	r1 = map_at(dom0, dom1, 9, HOLE, HM | GNTMAP_readonly);
	assert_int_equal(r1.status, GNTST_okay);
	p2m_lookup(dom0->p2m, gfn_make(HOLE), &type, NULL);
	assert_int_equal(type, P2M_GRANT_RO);
	assert_int_equal(v1_entry(dom1, 9)->flags, GTF_permit_access | GTF_readonly | GTF_reading);
	/* Still readonly while in use. */
	assert_int_equal(map_at(dom0, dom1, 9, HOLE + 1, HM).status, GNTST_general_error);
	assert_true(v1_entry(dom1, 9)->flags & GTF_reading);

	v1_entry(dom1, 9)->flags &= (u16)~GTF_readonly;
	w = map_at(dom0, dom1, 9, HOLE + 1, HM);
	assert_int_equal(w.status, GNTST_okay);
	r2 = map_at(dom0, dom1, 9, HOLE + 2, HM | GNTMAP_readonly);
	assert_int_equal(unmap(dom0, w.handle, HOLE + 1), GNTST_okay);
	assert_int_equal(v1_entry(dom1, 9)->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(unmap(dom0, r1.handle, HOLE), GNTST_okay);
	assert_int_equal(v1_entry(dom1, 9)->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(unmap(dom0, r2.handle, HOLE + 2), GNTST_okay);
	assert_int_equal(v1_entry(dom1, 9)->flags, GTF_permit_access);

	/* Memory that its owner may not write cannot be granted for writing. */
	fake_domain(dom1)->map[4].type = P2M_RAM_RO;
	grant(dom1, 9, dom0, 4, 0);
	assert_int_equal(map_at(dom0, dom1, 9, HOLE, HM).status, GNTST_general_error);
	r1 = map_at(dom0, dom1, 9, HOLE, HM | GNTMAP_readonly);
	assert_int_equal(r1.status, GNTST_okay);
	assert_int_equal(map_at(dom0, dom1, 9, HOLE + 1, HM).status, GNTST_general_error);
	assert_int_equal(unmap(dom0, r1.handle, HOLE), GNTST_okay);
}

static void test_refusals(void **state)
{
	struct gnttab_map_grant_ref m;

	grant(dom1, 9, dom0, 3, 0);
	assert_int_equal(map_at(dom2, dom1, 9, HOLE, HM).status, GNTST_general_error);
	assert_int_equal(map_at(dom0, dom1, 8, HOLE, HM).status, GNTST_general_error);
	assert_int_equal(map_at(dom0, dom1, 512, HOLE, HM).status, GNTST_bad_gntref);
	assert_int_equal(map_at(dom0, dom1, ~0U, HOLE, HM).status, GNTST_bad_gntref);
	assert_int_equal(map_at(dom0, dom1, 9, HOLE, 0).status, GNTST_bad_gntref);
	assert_int_equal(map_at(dom0, dom1, 9, 5, HM).status, GNTST_bad_virt_addr);
	assert_int_equal(map_at(dom0, dom1, 9, 1UL << 40, HM).status, GNTST_bad_virt_addr);
	assert_int_equal(map_at(dom0, dom1, 9, HOLE, HM | GNTMAP_contains_pte).status,
			 GNTST_general_error);
	assert_int_equal(map_at(dom0, dom1, 9, HOLE, GNTMAP_device_map).status,
			 GNTST_general_error);
	m = (struct gnttab_map_grant_ref){ .flags = HM, .host_addr = 0x64010, .ref = 9, .dom = 1 };
	assert_int_equal(gop(dom0, GNTTABOP_map_grant_ref, &m, 1), 0);
	assert_int_equal(m.status, GNTST_bad_virt_addr);
	m.dom = 55;
	m.host_addr = HOLE << PAGE_SHIFT;
	assert_int_equal(gop(dom0, GNTTABOP_map_grant_ref, &m, 1), 0);
	assert_int_equal(m.status, GNTST_bad_domain);
	v1_entry(dom1, 9)->flags = GTF_accept_transfer;
	assert_int_equal(map_at(dom0, dom1, 9, HOLE, HM).status, GNTST_general_error);
	grant(dom1, 9, dom0, 999, 0);
	assert_int_equal(map_at(dom0, dom1, 9, HOLE, HM).status, GNTST_bad_page);
	/* None of the failed calls left a mark. */
	assert_int_equal(v1_entry(dom1, 9)->flags, GTF_permit_access);
	assert_int_equal(world_total_refs(), refs_at_start);
	assert_int_equal(dom1->refs, 1);
	assert_int_equal(unmap(dom0, 0, HOLE), GNTST_bad_handle);
	assert_int_equal(unmap(dom0, ~0U, HOLE), GNTST_bad_handle);

	assert_int_equal(gop(dom0, GNTTABOP_transfer, &m, 1), -XEN_ENOSYS);
	assert_int_equal(gop(dom0, GNTTABOP_unmap_and_replace, &m, 1), -XEN_ENOSYS);
	assert_int_equal(gop(dom0, 13, &m, 1), -XEN_ENOSYS);
	assert_int_equal(gop(dom0, GNTTABOP_map_grant_ref, &m, 1U << 31), -XEN_EINVAL);
	assert_int_equal(gop(dom0, GNTTABOP_map_grant_ref, NULL, 1), -XEN_EFAULT);
	assert_int_equal(gop(dom0, GNTTABOP_unmap_grant_ref, NULL, 1), -XEN_EFAULT);
}

/* A domain cannot grant memory that was granted to it. */
static void test_no_regrant(void **state)
{
	struct gnttab_map_grant_ref m;

	grant(dom1, 9, dom0, 3, 0);
	m = map_at(dom0, dom1, 9, HOLE, HM);
	grant(dom0, 9, dom2, HOLE, 0);
	assert_int_equal(map_at(dom2, dom0, 9, HOLE, HM).status, GNTST_bad_page);
	assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_okay);
}

/* What a granter does to its entry after access number @at. */
struct rethink {
	u32 at;
	bool done;
	const u16 *status;	/* of a version 2 entry */
};

/* Grant to another domain instead, for reading: allowed as long as the entry is not in use. */
static void grant_to_another(void *page, u32 n, void *arg)
{
	struct grant_entry_v1 *e = (struct grant_entry_v1 *)page + 9;
	struct rethink *r = arg;

	if (n != r->at || e->flags & (GTF_reading | GTF_writing))
		return;
	e->domid = 2;
	e->flags |= GTF_readonly;
	r->done = true;
}

/* Revoke: clear the entry first, then look at the status. */
static void revoke_v2(void *page, u32 n, void *arg)
{
	struct rethink *r = arg;

	if (n != r->at)
		return;
	((union grant_entry_v2 *)page + 9)->hdr.flags = 0;
	r->done = !(READ_ONCE(*r->status) & (GTF_reading | GTF_writing));
}

/* Wherever the granter changes its mind, it is granted before that, or not at all. */
static void map_while(void (*change)(void *page, u32 n, void *arg), void (*entry)(void),
		      const u16 *status)
{
	u32 accesses = 2;

	for (struct rethink r = { .at = 1, .status = status }; r.at <= accesses; r.at++) {
		struct gnttab_map_grant_ref m;

		entry();
		r.done = false;
		changing_page_begin(table(dom1, 0), change, &r);
		m = map_at(dom0, dom1, 9, HOLE, HM);
		accesses = max(changing_page_end(), accesses);
		assert_int_equal(m.status, r.done ? GNTST_general_error : GNTST_okay);
		if (!m.status)
			assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_okay);
	}
}

static void entry_v1(void)
{
	grant(dom1, 9, dom0, 3, 0);
}

static void entry_v2(void)
{
	union grant_entry_v2 *e = v2_entry(dom1, 9);

	e->full_page.frame = 3;
	e->hdr.domid = dom0->id;
	e->hdr.flags = GTF_permit_access;
}

static void test_entry_changes_at_each_access(void **state)
{
	map_while(grant_to_another, entry_v1, NULL);
	assert_int_equal(set_version(dom1, 2), 0);
	map_while(revoke_v2, entry_v2, v2_status(dom1, 9));
}

/* While an entry is in use, its content at the first use counts. */
static void test_entry_changes_in_use(void **state)
{
	struct gnttab_map_grant_ref a, b;

	grant(dom1, 9, dom0, 3, 0);
	a = map_at(dom0, dom1, 9, HOLE, HM);
	v1_entry(dom1, 9)->frame = 4;
	b = map_at(dom0, dom1, 9, HOLE + 1, HM);
	assert_int_equal(b.status, GNTST_okay);
	assert_ptr_equal(world_mem(dom0, HOLE + 1), world_mem(dom1, 3));
	v1_entry(dom1, 9)->domid = 2;
	assert_int_equal(map_at(dom2, dom1, 9, HOLE, HM).status, GNTST_general_error);
	assert_int_equal(unmap(dom0, a.handle, HOLE), GNTST_okay);
	assert_int_equal(unmap(dom0, b.handle, HOLE + 1), GNTST_okay);
	a = map_at(dom2, dom1, 9, HOLE, HM);
	assert_ptr_equal(world_mem(dom2, HOLE), world_mem(dom1, 4));
	/* A granter that erases an entry in use only confuses itself. */
	memset(v1_entry(dom1, 9), 0, 8);
	assert_int_equal(unmap(dom2, a.handle, HOLE), GNTST_okay);
	assert_int_equal(world_total_refs(), refs_at_start);
}

static void test_unmap_checks(void **state)
{
	struct gnttab_map_grant_ref m, n;

	grant(dom1, 9, dom0, 3, 0);
	m = map_at(dom0, dom1, 9, HOLE, HM);
	assert_int_equal(unmap(dom0, m.handle, HOLE + 1), GNTST_bad_virt_addr);
	assert_int_equal(unmap(dom2, m.handle, HOLE), GNTST_bad_handle);
	assert_non_null(world_mem(dom0, HOLE));
	/* Without an address nothing is unmapped. */
	assert_int_equal(unmap(dom0, m.handle, 0), GNTST_okay);
	assert_non_null(world_mem(dom0, HOLE));

	/* The guest mapped something else there: that stays, and the page is released. */
	n = map_at(dom0, dom1, 9, HOLE + 1, HM);
	p2m_unmap(dom0->p2m, gfn_make(HOLE), 0);
	assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_general_error);
	assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_bad_handle);
	assert_int_equal(unmap(dom0, n.handle, HOLE + 1), GNTST_okay);
	assert_int_equal(world_total_refs(), refs_at_start);
}

static void test_device_map(void **state)
{
	struct gnttab_unmap_grant_ref u;
	struct gnttab_map_grant_ref m;
	u64 machine = page_to_mfn(world_page(dom1, 3)).v << PAGE_SHIFT;

	dom0->is_mapped_1to1 = true;
	grant(dom1, 9, dom0, 3, 0);
	m = map_at(dom0, dom1, 9, HOLE, HM | GNTMAP_device_map);
	assert_int_equal(m.status, GNTST_okay);
	assert_int_equal(m.dev_bus_addr, machine);
	u = (struct gnttab_unmap_grant_ref){ .dev_bus_addr = machine + PAGE_SIZE,
					     .handle = m.handle };
	assert_int_equal(gop(dom0, GNTTABOP_unmap_grant_ref, &u, 1), 0);
	assert_int_equal(u.status, GNTST_bad_dev_addr);
	assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_okay);
	assert_null(world_mem(dom0, HOLE));
	assert_int_equal(world_total_refs(), refs_at_start + 1);
	u.dev_bus_addr = machine;
	assert_int_equal(gop(dom0, GNTTABOP_unmap_grant_ref, &u, 1), 0);
	assert_int_equal(u.status, GNTST_okay);
	assert_int_equal(world_total_refs(), refs_at_start);
}

#define MANY 300

static void test_batches(void **state)
{
	static struct gnttab_unmap_grant_ref u[MANY];
	static struct gnttab_map_grant_ref m[MANY];
	u32 done, total = 0, flushes, map = GNTTABOP_map_grant_ref;
	u32 unmap_cmd = GNTTABOP_unmap_grant_ref;
	long rc;

	for (u32 i = 0; i < MANY; i++) {
		grant(dom1, i, dom0, i % RAM, 0);
		m[i] = (struct gnttab_map_grant_ref){ .host_addr = (HOLE + i) << PAGE_SHIFT,
						      .flags = HM, .ref = i, .dom = 1 };
	}
	/* Preempted at every check, continued with the rest. */
	world_preempt_every = 1;
	do {
		rc = gnttab_op(dom0->vcpu[0], &map, world_ptr(&m[total]),
			       MANY - total, &done);
		assert_true(done > 0);
		total += done;
	} while (rc == -XEN_ERESTART);
	assert_int_equal(rc, 0);
	assert_int_equal(total, MANY);
	for (u32 i = 0; i < MANY; i++) {
		assert_int_equal(m[i].status, GNTST_okay);
		u[i].host_addr = m[i].host_addr;
		u[i].handle = m[i].handle;
	}
	u[150].handle = 9999;
	flushes = world_flushes;
	total = 0;
	do {
		rc = gnttab_op(dom0->vcpu[0], &unmap_cmd, world_ptr(&u[total]),
			       MANY - total, &done);
		total += done;
	} while (rc == -XEN_ERESTART);
	assert_int_equal(rc, 0);
	assert_int_equal(total, MANY);
	for (u32 i = 0; i < MANY; i++)
		assert_int_equal(u[i].status, i == 150 ? GNTST_bad_handle : GNTST_okay);
	assert_true(world_flushes - flushes <= MANY / 32 + 1);
	assert_int_equal(unmap(dom0, m[150].handle, HOLE + 150), GNTST_okay);
	assert_int_equal(world_total_refs(), refs_at_start);
}

static void test_maptrack_limit(void **state)
{
	struct domain *d = world_domain(5, 1, 1);
	struct gnttab_map_grant_ref m;

	assert_int_equal(gnttab_domain_init(d, 1, 1, 1), 0);
	grant(dom1, 9, d, 3, 0);
	for (u32 i = 0; i < 256; i++) {
		m = map_at(d, dom1, 9, HOLE + i, HM);
		assert_int_equal(m.status, GNTST_okay);
	}
	assert_int_equal(map_at(d, dom1, 9, HOLE + 256, HM).status, GNTST_no_space);
	assert_int_equal(unmap(d, m.handle, HOLE + 255), GNTST_okay);
	assert_int_equal(map_at(d, dom1, 9, HOLE + 255, HM).status, GNTST_okay);
	assert_int_equal(dom1->refs, 257);
	assert_int_equal(set_version(d, 2), (s16)-XEN_ENOSYS);

	/* The end of the domain drops all of them, a few in each call. */
	world_preempt_every = 1;
	assert_int_equal(gnttab_domain_destroy(d), -XEN_ERESTART);
	while (gnttab_domain_destroy(d))
		;
	assert_int_equal(dom1->refs, 1);
	assert_int_equal(v1_entry(dom1, 9)->flags, GTF_permit_access);
	assert_int_equal(map_at(d, dom1, 9, HOLE, HM).status, GNTST_no_space);
	gnttab_domain_free(d);
	world_domain_free(d);
	assert_int_equal(world_total_refs(), refs_at_start);
}

/* A domain dies while another maps its page: the page and its table stay until the unmap. */
/* The mapping has the last reference to a page, which is freed only after the flush. */
static void test_page_ends_with_its_mapping(void **state)
{
	struct page_info *pg = world_page(dom1, 3);
	struct gnttab_map_grant_ref m;

	grant(dom1, 9, dom0, 3, 0);
	m = map_at(dom0, dom1, 9, HOLE, HM);
	assert_int_equal(p2m_unmap_page(dom1->p2m, gfn_make(3), page_to_mfn(pg), P2M_RAM_RW), 0);
	page_put(pg);
	assert_int_equal(pg->refs, 1);
	assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_okay);
	assert_int_equal(pg->state, PAGE_STATE_FREE);
	assert_int_equal(world_stale_frees, 0);
}

static void test_granter_dies(void **state)
{
	struct domain *d = world_domain(5, 1, 2);
	struct gnttab_map_grant_ref m;

	assert_int_equal(gnttab_domain_init(d, 1, 1, 1), 0);
	grant(d, 9, dom0, 1, 0);
	m = map_at(dom0, d, 9, HOLE, HM);
	assert_int_equal(gnttab_domain_destroy(d), 0);
	assert_int_equal(map_at(dom0, d, 9, HOLE + 1, HM).status, GNTST_bad_domain);
	assert_int_equal(d->refs, 2);
	d->dying = DOM_DEAD;
	*(u8 *)world_mem(dom0, HOLE) = 1;
	assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_okay);
	assert_int_equal(d->refs, 1);
	gnttab_domain_free(d);
	world_domain_free(d);
	assert_int_equal(world_total_refs(), refs_at_start);
}

static void test_table_size(void **state)
{
	struct gnttab_query_size q = { .dom = DOMID_SELF };
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 3 };
	xen_pfn_t list[4] = { 1, 2, 3, 4 };
	mfn_t a, b;

	assert_int_equal(gop(dom1, GNTTABOP_query_size, &q, 1), 0);
	assert_int_equal(q.status, GNTST_okay);
	assert_int_equal(q.nr_frames, 1);
	assert_int_equal(q.max_nr_frames, 4);
	assert_int_equal(gop(dom1, GNTTABOP_query_size, &q, 2), -XEN_EINVAL);
	q.dom = 0;
	assert_int_equal(gop(dom1, GNTTABOP_query_size, &q, 1), 0);
	assert_int_equal(q.status, GNTST_permission_denied);
	q.dom = 1;
	assert_int_equal(gop(dom0, GNTTABOP_query_size, &q, 1), 0);
	assert_int_equal(q.status, GNTST_okay);

	set_xen_guest_handle(s.frame_list, list);
	assert_int_equal(gop(dom1, GNTTABOP_setup_table, &s, 1), 0);
	assert_int_equal(s.status, GNTST_okay);
	assert_int_equal(list[2], ~0UL);
	assert_int_equal(list[3], 4);
	s.nr_frames = 5;
	assert_int_equal(gop(dom1, GNTTABOP_setup_table, &s, 1), 0);
	assert_int_equal(s.status, GNTST_general_error);

	assert_int_equal(gnttab_frame(dom1, 3, &a), 0);
	assert_int_equal(gnttab_frame(dom1, 3, &b), 0);
	assert_int_equal(a.v, b.v);
	assert_true(mfn_to_page(a)->flags & PAGE_FLAG_XENSHARE);
	assert_ptr_equal(mfn_to_page(a)->owner, dom1);
	assert_int_equal(gnttab_frame(dom1, 4, &a), -XEN_EINVAL);
	assert_int_equal(gnttab_frame(dom1, ~0UL, &a), -XEN_EINVAL);
	assert_int_equal(gnttab_frame(dom1, XENMAPIDX_grant_table_status, &a), -XEN_EINVAL);
	world_alloc_fails_in = 1;
	assert_int_equal(gnttab_frame(dom2, 3, &a), -XEN_ENOMEM);
	world_alloc_fails_in = 0;
	assert_int_equal(gnttab_frame(dom2, 3, &a), 0);
}

static void test_seed_and_swap(void **state)
{
	struct gnttab_swap_grant_ref sw = { .ref_a = 1, .ref_b = 20 };
	struct gnttab_map_grant_ref m;

	assert_int_equal(gnttab_seed(dom1, GNTTAB_RESERVED_XENSTORE, 0, gfn_make(7)), 0);
	assert_int_equal(gnttab_seed(dom1, 8, 0, gfn_make(7)), -XEN_EINVAL);
	m = map_at(dom0, dom1, 1, HOLE, HM);
	assert_ptr_equal(world_mem(dom0, HOLE), world_mem(dom1, 7));
	assert_int_equal(gop(dom1, GNTTABOP_swap_grant_ref, &sw, 1), 0);
	assert_int_equal(sw.status, GNTST_eagain);
	assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_okay);
	assert_int_equal(gop(dom1, GNTTABOP_swap_grant_ref, &sw, 1), 0);
	assert_int_equal(sw.status, GNTST_okay);
	assert_int_equal(v1_entry(dom1, 20)->frame, 7);
	assert_int_equal(v1_entry(dom1, 1)->flags, 0);
	sw.ref_b = 512;
	assert_int_equal(gop(dom1, GNTTABOP_swap_grant_ref, &sw, 1), 0);
	assert_int_equal(sw.status, GNTST_bad_gntref);
}

/* A granter that scribbles over its table while others map from it. */
static u32 stop;

static void *scribble(void *arg)
{
	volatile u64 *e = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		for (u32 f = 0; f < 32; f++)
			*e = f | (u64)(f & 8 ? 0 : 1) << 16 | (u64)(f % (RAM + 4)) << 32;
	return NULL;
}

static void test_hostile_granter(void **state)
{
	void *entry = v1_entry(dom1, 9);
	u32 good = 0;
	pthread_t t;

	__atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
	assert_int_equal(pthread_create(&t, NULL, scribble, entry), 0);
	for (u32 i = 0; i < 20000; i++) {
		struct gnttab_map_grant_ref m;

		m = map_at(dom0, dom1, 9, HOLE, HM | (i & 1 ? GNTMAP_readonly : 0));
		if (m.status == GNTST_okay) {
			good++;
			assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_okay);
		}
		assert_int_equal(world_total_refs(), refs_at_start);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	assert_int_equal(dom1->refs, 1);
	assert_true(good < 20000);
}

/* Random maps and unmaps among three domains against a model of the mappings. */

#define SLOTS 64

static struct {
	bool used, write;
	u32 handle, ref, from;
} held[3][SLOTS];

static struct {
	u32 users, writers;
} entry_use[3][16];

static void storm_map(struct domain **dom, u32 d, u32 s)
{
	u32 from = (u32)rand() % 3, ref = (u32)rand() % 16;
	bool readonly = rand() % 2;
	struct gnttab_map_grant_ref m;

	/* Entries of even number are read-only; entry n of a domain is for domain n % 3. */
	m = map_at(dom[d], dom[from], ref, HOLE + s, HM | (readonly ? GNTMAP_readonly : 0));
	if (held[d][s].used || ref % 3 != d || (!readonly && ref % 2 == 0)) {
		assert_int_not_equal(m.status, GNTST_okay);
		return;
	}
	assert_int_equal(m.status, GNTST_okay);
	held[d][s].used = true;
	held[d][s].write = !readonly;
	held[d][s].handle = m.handle;
	held[d][s].ref = ref;
	held[d][s].from = from;
	entry_use[from][ref].users++;
	entry_use[from][ref].writers += !readonly;
}

static void storm_unmap(struct domain **dom, u32 d, u32 s)
{
	if (!held[d][s].used)
		return;
	assert_int_equal(unmap(dom[d], held[d][s].handle, HOLE + s), GNTST_okay);
	held[d][s].used = false;
	entry_use[held[d][s].from][held[d][s].ref].users--;
	entry_use[held[d][s].from][held[d][s].ref].writers -= held[d][s].write;
}

static void storm_compare(struct domain **dom)
{
	u64 pinned = 0;

	for (u32 d = 0; d < 3; d++) {
		for (u32 r = 0; r < 16; r++) {
			u16 want = GTF_permit_access | (r % 2 ? 0 : GTF_readonly) |
				   (entry_use[d][r].users ? GTF_reading : 0) |
				   (entry_use[d][r].writers ? GTF_writing : 0);

			assert_int_equal(v1_entry(dom[d], r)->flags, want);
			pinned += entry_use[d][r].users != 0;
		}
		for (u32 s = 0; s < SLOTS; s++)
			assert_int_equal(world_mem(dom[d], HOLE + s) != NULL, held[d][s].used);
	}
	assert_int_equal(world_total_refs(), refs_at_start + pinned);
}

static void test_storm(void **state)
{
	struct domain *dom[] = { dom0, dom1, dom2 };

	memset(held, 0, sizeof(held));
	memset(entry_use, 0, sizeof(entry_use));
	for (u32 d = 0; d < 3; d++)
		for (u32 r = 0; r < 16; r++)
			grant(dom[d], r, dom[r % 3], r, r % 2 ? 0 : GTF_readonly);
	srand(11);
	for (u32 i = 0; i < 20000; i++) {
		u32 d = (u32)rand() % 3, s = (u32)rand() % SLOTS;

		if (rand() % 2)
			storm_map(dom, d, s);
		else
			storm_unmap(dom, d, s);
		if (i % 64 == 0)
			storm_compare(dom);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, grants_setup, grants_teardown)
		T(test_map_unmap), T(test_readonly), T(test_refusals), T(test_no_regrant),
		T(test_entry_changes_at_each_access), T(test_entry_changes_in_use),
		T(test_unmap_checks), T(test_device_map),
		T(test_batches), T(test_maptrack_limit), T(test_granter_dies),
		T(test_page_ends_with_its_mapping), T(test_table_size),
		T(test_seed_and_swap), T(test_hostile_granter), T(test_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
