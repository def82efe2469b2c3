/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("grants between domains: map, unmap, copy, read-only, in-use marks, revocation");
RUN("domains=2 timeout=40");

#define REF_RW 8
#define REF_RO 9

static volatile grant_entry_v1_t table[512] PAGE_ALIGNED;
static volatile u64 rw_page[512] PAGE_ALIGNED, ro_page[512] PAGE_ALIGNED;
static volatile u64 hole[512] PAGE_ALIGNED, buffer[512] PAGE_ALIGNED;

static void grant(u32 ref, volatile void *page, u16 flags)
{
	table[ref].domid = peer_domid();
	table[ref].frame = (u32)((u64)page / PAGE_SIZE);
	barrier();
	table[ref].flags = GTF_permit_access | flags;
}

static void granter(void)
{
	struct xen_add_to_physmap x = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table,
					.idx = 0, .gpfn = (u64)table / PAGE_SIZE };

	NEED(!memory_op(XENMEM_add_to_physmap, &x), "cannot map the grant table");
	rw_page[5] = 0x1111;
	ro_page[5] = 0x2222;
	grant(REF_RO, ro_page, GTF_readonly);
	grant(REF_RW, rw_page, 0);
	NEED(WAIT_FOR(rw_page[0] == 1, 20000), "the other does not map");
	CHECK((table[REF_RW].flags & (GTF_reading | GTF_writing)) == (GTF_reading | GTF_writing),
	      "flags %#x of a mapped grant", table[REF_RW].flags);
	rw_page[1] = 2;
	NEED(WAIT_FOR(rw_page[0] == 3, 20000), "the other does not unmap and copy");
	/* The other domain keeps copying until it is refused, so it is rarely idle. */
	CHECK(WAIT_FOR(!(table[REF_RW].flags & (GTF_reading | GTF_writing)), 20000),
	      "flags %#x of an idle grant", table[REF_RW].flags);
	CHECK(!(table[REF_RO].flags & (GTF_reading | GTF_writing)), "flags %#x of an idle grant",
	      table[REF_RO].flags);
	CHECK_EQ(ro_page[5], 0x2222);
	CHECK_EQ(ro_page[0], 0);
	table[REF_RW].flags = 0;
	table[REF_RO].flags = 0;
}

static struct gnttab_map_grant_ref map(u32 ref, u32 flags)
{
	struct gnttab_map_grant_ref m = { .host_addr = (u64)hole, .flags = flags, .ref = ref,
					  .dom = peer_domid() };

	CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	return m;
}

static s16 unmap(u32 handle)
{
	struct gnttab_unmap_grant_ref u = { .host_addr = (u64)hole, .handle = handle };

	CHECK_EQ(grant_op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
	return u.status;
}

static s16 copy(u32 ref, bool to_peer)
{
	struct gnttab_copy c = { .len = 64 };
	struct gnttab_copy_ptr *far = (void *)(to_peer ? &c.dest : &c.source);
	struct gnttab_copy_ptr *near = (void *)(to_peer ? &c.source : &c.dest);

	far->u.ref = ref;
	far->domid = peer_domid();
	near->u.gmfn = (u64)buffer / PAGE_SIZE;
	near->domid = DOMID_SELF;
	c.flags = to_peer ? GNTCOPY_dest_gref : GNTCOPY_source_gref;
	CHECK_EQ(grant_op(GNTTABOP_copy, &c, 1), 0);
	return c.status;
}

static void make_hole(void)
{
	xen_pfn_t pfn = (u64)hole / PAGE_SIZE;
	struct xen_memory_reservation r = { .domid = DOMID_SELF, .nr_extents = 1 };

	set_xen_guest_handle(r.extent_start, &pfn);
	NEED(memory_op(XENMEM_decrease_reservation, &r) == 1, "cannot make a hole");
}

static void do_write(void *at)
{
	*(volatile u64 *)at = 99;
}

static void read_only(void)
{
	struct gnttab_map_grant_ref m = map(REF_RO, GNTMAP_host_map);

	CHECK(m.status != GNTST_okay, "a read-only grant was mapped writable");
	m = map(REF_RO, GNTMAP_host_map | GNTMAP_readonly);
	CHECK_EQ(m.status, GNTST_okay);
	CHECK_EQ(hole[5], 0x2222);
	try_call(do_write, (void *)&hole[5]);
	CHECK_EQ(hole[5], 0x2222);
	CHECK_EQ(unmap(m.handle), GNTST_okay);
	CHECK_EQ(copy(REF_RO, false), GNTST_okay);
	CHECK_EQ(buffer[5], 0x2222);
	CHECK(copy(REF_RO, true) != GNTST_okay, "copied to a read-only grant");
}

static void mapper(void)
{
	struct gnttab_map_grant_ref m;

	make_hole();
	NEED(WAIT_FOR((m = map(REF_RW, GNTMAP_host_map)).status == GNTST_okay, 20000),
	     "cannot map: %d", m.status);
	CHECK_EQ(hole[5], 0x1111);
	CHECK(unmap(m.handle + 1000) != GNTST_okay, "unmapped a handle that is none");
	hole[0] = 1;
	NEED(WAIT_FOR(hole[1] == 2, 20000), "the granter does not answer");
	CHECK_EQ(unmap(m.handle), GNTST_okay);
	CHECK(is_hole(&hole[5]), "still mapped");
	CHECK(unmap(m.handle) != GNTST_okay, "unmapped twice");
	read_only();
	CHECK_EQ(copy(REF_RW, false), GNTST_okay);
	CHECK_EQ(buffer[1], 2);
	CHECK(map(100, GNTMAP_host_map).status != GNTST_okay, "mapped what was not granted");
	buffer[0] = 3;
	CHECK_EQ(copy(REF_RW, true), GNTST_okay);
	CHECK(WAIT_FOR(copy(REF_RW, false) != GNTST_okay, 20000), "revoking has no effect");
	CHECK(map(REF_RW, GNTMAP_host_map).status != GNTST_okay, "mapped a revoked grant");
}

void test_main(void)
{
	peer_domid();
	if (role())
		mapper();
	else
		granter();
}
