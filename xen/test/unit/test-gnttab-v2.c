/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: version 2. Status words, parts of pages, transitive grants, changing version. */
#include "fake-grants.h"
#include "fake-world.h"

#include <pthread.h>

#define HOLE 100
#define HM GNTMAP_host_map
#define SRC GNTCOPY_source_gref
#define DST GNTCOPY_dest_gref

static void grant_v2(struct domain *d, u32 ref, struct domain *to, u64 gfn, u16 flags)
{
	union grant_entry_v2 *e = v2_entry(d, ref);

	e->full_page.frame = gfn;
	e->hdr.domid = to->id;
	e->hdr.flags = GTF_permit_access | flags;
}

static void grant_part(struct domain *d, u32 ref, struct domain *to, u64 gfn, u16 start, u16 len)
{
	union grant_entry_v2 *e = v2_entry(d, ref);

	e->sub_page.frame = gfn;
	e->sub_page.page_off = start;
	e->sub_page.length = len;
	e->hdr.domid = to->id;
	e->hdr.flags = GTF_permit_access | GTF_sub_page;
}

static void grant_via(struct domain *d, u32 ref, struct domain *to, struct domain *via, u32 via_ref,
		      u16 flags)
{
	union grant_entry_v2 *e = v2_entry(d, ref);

	e->transitive.trans_domid = via->id;
	e->transitive.gref = via_ref;
	e->hdr.domid = to->id;
	e->hdr.flags = GTF_transitive | flags;
}

static void test_set_version(void **state)
{
	struct gnttab_get_version gv = { .dom = DOMID_SELF };
	struct gnttab_set_version sv = { .version = 3 };
	struct gnttab_map_grant_ref m;

	assert_int_equal(gop(dom1, GNTTABOP_set_version, &sv, 1), -XEN_EINVAL);
	assert_int_equal(sv.version, 1);
	assert_int_equal(gop(dom1, GNTTABOP_get_version, &gv, 1), 0);
	assert_int_equal(gv.version, 1);

	/* The toolstack's entries come along, the guest's own do not. */
	assert_int_equal(gnttab_seed(dom1, 1, 0, gfn_make(7)), 0);
	grant(dom1, 9, dom0, 3, 0);
	m = map_at(dom0, dom1, 9, HOLE, HM);
	assert_int_equal(set_version(dom1, 2), (s16)-XEN_EBUSY);
	assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_okay);
	assert_int_equal(set_version(dom1, 2), 0);
	assert_int_equal(v2_entry(dom1, 1)->full_page.frame, 7);
	assert_int_equal(v2_entry(dom1, 1)->hdr.flags, GTF_permit_access);
	assert_int_equal(v2_entry(dom1, 9)->hdr.flags, 0);
	m = map_at(dom0, dom1, 1, HOLE, HM);
	assert_int_equal(m.status, GNTST_okay);
	assert_ptr_equal(world_mem(dom0, HOLE), world_mem(dom1, 7));
	assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_okay);
	assert_int_equal(map_at(dom0, dom1, 256, HOLE, HM).status, GNTST_bad_gntref);

	/* Back to version 1, unless an entry cannot be expressed in it. */
	grant_part(dom1, 2, dom0, 3, 0, 8);
	assert_int_equal(set_version(dom1, 1), (s16)-XEN_EINVAL);
	v2_entry(dom1, 2)->hdr.flags = GTF_invalid;
	assert_int_equal(set_version(dom1, 1), 0);
	assert_int_equal(v1_entry(dom1, 1)->frame, 7);
	assert_int_equal(v1_entry(dom1, 2)->flags, 0);
	assert_int_equal(set_version(dom1, 2), 0);

	gv.dom = 1;
	assert_int_equal(gop(dom0, GNTTABOP_get_version, &gv, 1), 0);
	assert_int_equal(gv.version, 2);
	assert_int_equal(gop(dom2, GNTTABOP_get_version, &gv, 1), -XEN_EPERM);
	gv.dom = 44;
	assert_int_equal(gop(dom0, GNTTABOP_get_version, &gv, 1), -XEN_ESRCH);
}

static void test_status_frames(void **state)
{
	struct gnttab_get_status_frames op = { .dom = DOMID_SELF, .nr_frames = 1 };
	uint64_t list[2] = { 1, 2 };
	mfn_t a, b;

	set_xen_guest_handle(op.frame_list, list);
	assert_int_equal(gop(dom1, GNTTABOP_get_status_frames, &op, 1), 0);
	assert_int_equal(op.status, GNTST_general_error);
	op.nr_frames = 0;
	assert_int_equal(gop(dom1, GNTTABOP_get_status_frames, &op, 1), 0);
	assert_int_equal(op.status, GNTST_general_error);
	op.nr_frames = 1;
	/* In version 1 there are no such frames. */
	assert_int_equal(gnttab_frame(dom1, XENMAPIDX_grant_table_status, &a), -XEN_EINVAL);
	assert_int_equal(set_version(dom1, 2), 0);
	assert_int_equal(gop(dom1, GNTTABOP_get_status_frames, &op, 1), 0);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(list[0], ~0UL);
	assert_int_equal(list[1], 2);
	op.nr_frames = 2;
	assert_int_equal(gop(dom1, GNTTABOP_get_status_frames, &op, 1), 0);
	assert_int_equal(op.status, GNTST_general_error);
	assert_int_equal(gnttab_frame(dom1, XENMAPIDX_grant_table_status, &a), 0);
	assert_int_equal(gnttab_frame(dom1, 0, &b), 0);
	assert_int_not_equal(a.v, b.v);
	assert_int_equal(gnttab_frame(dom1, XENMAPIDX_grant_table_status | 1, &a), -XEN_EINVAL);
	assert_int_equal(gnttab_frame(dom1, XENMAPIDX_grant_table_status | 0x7fffffff, &a),
			 -XEN_EINVAL);
}

static void test_map(void **state)
{
	struct gnttab_map_grant_ref r, w;

	assert_int_equal(set_version(dom1, 2), 0);
	grant_v2(dom1, 255, dom0, 3, 0);
	r = map_at(dom0, dom1, 255, HOLE, HM | GNTMAP_readonly);
	assert_int_equal(r.status, GNTST_okay);
	assert_int_equal(*v2_status(dom1, 255), GTF_reading);
	assert_int_equal(v2_entry(dom1, 255)->hdr.flags, GTF_permit_access);
	w = map_at(dom0, dom1, 255, HOLE + 1, HM);
	assert_int_equal(*v2_status(dom1, 255), GTF_reading | GTF_writing);
	assert_int_equal(unmap(dom0, w.handle, HOLE + 1), GNTST_okay);
	assert_int_equal(*v2_status(dom1, 255), GTF_reading);
	/* Withdrawn for writing while it is read: the failure leaves the readers' mark. */
	v2_entry(dom1, 255)->hdr.flags |= GTF_readonly;
	assert_int_equal(map_at(dom0, dom1, 255, HOLE + 1, HM).status, GNTST_general_error);
	assert_int_equal(*v2_status(dom1, 255), GTF_reading);
	assert_int_equal(unmap(dom0, r.handle, HOLE), GNTST_okay);
	assert_int_equal(*v2_status(dom1, 255), 0);

	grant_v2(dom1, 5, dom0, 1UL << 50, 0);
	assert_int_equal(map_at(dom0, dom1, 5, HOLE, HM).status, GNTST_bad_page);
	assert_int_equal(*v2_status(dom1, 5), 0);
	assert_int_equal(map_at(dom2, dom1, 5, HOLE, HM).status, GNTST_general_error);
	/* Parts of pages and others' grants cannot be mapped. */
	grant_part(dom1, 5, dom0, 3, 0, 8);
	assert_int_equal(map_at(dom0, dom1, 5, HOLE, HM).status, GNTST_general_error);
	grant_via(dom1, 5, dom0, dom2, 5, 0);
	assert_int_equal(map_at(dom0, dom1, 5, HOLE, HM).status, GNTST_general_error);
	assert_int_equal(*v2_status(dom1, 5), 0);
	assert_int_equal(dom1->refs, 1);
}

static void test_sub_page(void **state)
{
	assert_int_equal(set_version(dom1, 2), 0);
	memset(world_mem(dom0, 5), 0xaa, PAGE_SIZE);
	grant_part(dom1, 9, dom0, 3, 100, 50);
	assert_int_equal(copy(dom0, of_gfn(5, 0), of_grant(dom1, 9, 100), 50, DST), GNTST_okay);
	assert_int_equal(((u8 *)world_mem(dom1, 3))[100], 0xaa);
	assert_int_equal(((u8 *)world_mem(dom1, 3))[150], 0);
	assert_int_equal(copy(dom0, of_gfn(5, 0), of_grant(dom1, 9, 99), 50, DST),
			 GNTST_general_error);
	assert_int_equal(copy(dom0, of_gfn(5, 0), of_grant(dom1, 9, 101), 50, DST),
			 GNTST_general_error);
	assert_int_equal(copy(dom0, of_grant(dom1, 9, 120), of_gfn(6, 0), 30, SRC), GNTST_okay);
	assert_int_equal(copy(dom0, of_grant(dom1, 9, 120), of_gfn(6, 0), 31, SRC),
			 GNTST_general_error);
	/* A part that is not within a page. */
	grant_part(dom1, 9, dom0, 3, 4000, 200);
	assert_int_equal(copy(dom0, of_grant(dom1, 9, 4000), of_gfn(6, 0), 8, SRC),
			 GNTST_general_error);
	assert_int_equal(*v2_status(dom1, 9), 0);
	assert_int_equal(world_total_refs(), refs_at_start + 1);	/* the status frame */
}

static void test_transitive(void **state)
{
	u64 refs;

	assert_int_equal(set_version(dom1, 2), 0);
	refs = world_total_refs();
	/* dom2 grants to dom1, which grants it on to dom0. */
	grant(dom2, 4, dom1, 6, GTF_readonly);
	grant_via(dom1, 9, dom0, dom2, 4, 0);
	memset(world_mem(dom2, 6), 0x55, PAGE_SIZE);
	assert_int_equal(copy(dom0, of_grant(dom1, 9, 0), of_gfn(5, 0), 64, SRC), GNTST_okay);
	assert_int_equal(((u8 *)world_mem(dom0, 5))[63], 0x55);
	/* Only the access that dom1 itself has. */
	assert_int_equal(copy(dom0, of_gfn(5, 0), of_grant(dom1, 9, 0), 8, DST),
			 GNTST_general_error);
	v1_entry(dom2, 4)->domid = 0;
	assert_int_equal(copy(dom0, of_grant(dom1, 9, 0), of_gfn(5, 0), 8, SRC),
			 GNTST_general_error);
	v1_entry(dom2, 4)->domid = 1;
	v1_entry(dom2, 4)->flags = GTF_permit_access;
	assert_int_equal(copy(dom0, of_gfn(5, 0), of_grant(dom1, 9, 0), 8, DST), GNTST_okay);
	v2_entry(dom1, 9)->hdr.flags |= GTF_readonly;
	assert_int_equal(copy(dom0, of_gfn(5, 0), of_grant(dom1, 9, 0), 8, DST),
			 GNTST_general_error);
	assert_int_equal(copy(dom2, of_grant(dom1, 9, 0), of_gfn(5, 0), 8, SRC),
			 GNTST_general_error);

	/* Only one step, and no cycles. */
	grant_via(dom1, 10, dom0, dom1, 11, 0);
	grant_via(dom1, 11, dom1, dom1, 11, 0);
	assert_int_equal(copy(dom0, of_grant(dom1, 10, 0), of_gfn(5, 0), 8, SRC),
			 GNTST_general_error);
	assert_int_equal(copy(dom1, of_grant(dom1, 11, 0), of_gfn(5, 0), 8, SRC),
			 GNTST_general_error);
	v2_entry(dom1, 10)->transitive.trans_domid = 99;
	assert_int_equal(copy(dom0, of_grant(dom1, 10, 0), of_gfn(5, 0), 8, SRC),
			 GNTST_bad_domain);
	for (u32 r = 9; r < 12; r++)
		assert_int_equal(*v2_status(dom1, r), 0);
	assert_int_equal(v1_entry(dom2, 4)->flags, GTF_permit_access);
	assert_int_equal(world_total_refs(), refs);
	assert_int_equal(dom1->refs, 1);
	assert_int_equal(dom2->refs, 1);
}

static u32 stop;

static void *scribble(void *arg)
{
	volatile u64 *e = arg;
	u32 n = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		n = n * 1103515245 + 12345;
		e[n >> 30 & 1] = n >> 8 & 0x7 ? (n >> 12 & 0x107) | (u64)(n >> 20 & 0xff) << 32 :
						(n >> 4 & 0xff);
	}
	return NULL;
}

static void test_hostile_granter(void **state)
{
	u32 good = 0;
	pthread_t t;
	u64 refs;

	assert_int_equal(set_version(dom1, 2), 0);
	refs = world_total_refs();
	__atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
	assert_int_equal(pthread_create(&t, NULL, scribble, v2_entry(dom1, 9)), 0);
	for (u32 i = 0; i < 20000; i++) {
		struct gnttab_map_grant_ref m = map_at(dom0, dom1, 9, HOLE, HM);

		if (m.status == GNTST_okay) {
			good++;
			assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_okay);
		}
		copy(dom0, of_grant(dom1, 9, 0), of_gfn(5, 0), 8, SRC);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	assert_true(good < 20000);
	assert_int_equal(*v2_status(dom1, 9), 0);
	assert_int_equal(world_total_refs(), refs);
	assert_int_equal(dom1->refs, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, grants_setup, grants_teardown)
		T(test_set_version), T(test_status_frames), T(test_map), T(test_sub_page),
		T(test_transitive), T(test_hostile_granter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
