/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("grant table: size, versions, frames by setup_table and by add_to_physmap, limits");

static u8 frames[4][PAGE_SIZE] PAGE_ALIGNED;

static long map_frame(u32 idx, void *at)
{
	struct xen_add_to_physmap x = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table,
					.idx = idx, .gpfn = (u64)at / PAGE_SIZE };

	return memory_op(XENMEM_add_to_physmap, &x);
}

static s16 setup(u32 n, xen_pfn_t *list)
{
	struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = n };

	set_xen_guest_handle(op.frame_list, list);
	CHECK_EQ(grant_op(GNTTABOP_setup_table, &op, 1), 0);
	return op.status;
}

void test_main(void)
{
	static xen_pfn_t list[128];
	struct gnttab_query_size q = { .dom = DOMID_SELF };
	struct gnttab_set_version sv = { .version = 1 };
	struct gnttab_get_version gv = { .dom = DOMID_SELF };
	volatile grant_entry_v1_t *e = (void *)frames[0];

	CHECK_EQ(grant_op(GNTTABOP_query_size, &q, 1), 0);
	CHECK_EQ(q.status, GNTST_okay);
	CHECK(q.nr_frames <= q.max_nr_frames && q.max_nr_frames >= 4, "%u of %u frames",
	      q.nr_frames, q.max_nr_frames);
	CHECK_EQ(grant_op(GNTTABOP_get_version, &gv, 1), 0);
	CHECK_EQ(gv.version, 1);
	CHECK_EQ(map_frame(0, frames[0]), 0);
	CHECK_EQ(map_frame(3, frames[3]), 0);
	CHECK_EQ(grant_op(GNTTABOP_query_size, &q, 1), 0);
	CHECK(q.nr_frames >= 4, "%u frames after mapping the fourth", q.nr_frames);
	CHECK(map_frame(q.max_nr_frames, frames[1]) < 0, "a frame beyond the limit");
	CHECK(setup(q.max_nr_frames + 1, list) != GNTST_okay, "set up beyond the limit");
	e[10].domid = 77;
	e[10].frame = 0x1234;
	e[10].flags = GTF_permit_access;
	CHECK_EQ(e[10].frame, 0x1234);
	CHECK_EQ(e[11].flags, 0);
	CHECK_EQ(grant_op(GNTTABOP_set_version, &sv, 1), 0);
	sv.version = 9;
	CHECK_EQ(grant_op(GNTTABOP_set_version, &sv, 1), -XEN_EINVAL);
	CHECK(grant_op(100, &sv, 1) == -XEN_ENOSYS, "unknown command");
	CHECK_EQ(grant_op(GNTTABOP_query_size, UNMAPPED, 1), -XEN_EFAULT);
	q = (struct gnttab_query_size){ .dom = 600 };
	CHECK_EQ(grant_op(GNTTABOP_query_size, &q, 1), 0);
	CHECK(q.status != GNTST_okay, "another domain's table");
}
