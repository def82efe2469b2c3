/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("grant copy within the domain: by frame and by reference, bounds, rights");

static grant_entry_v1_t table[512] PAGE_ALIGNED;
static u8 src[PAGE_SIZE] PAGE_ALIGNED, dst[PAGE_SIZE] PAGE_ALIGNED;

static s16 copy(struct gnttab_copy c)
{
	long rc = grant_op(GNTTABOP_copy, &c, 1);

	CHECK_EQ(rc, 0);
	return c.status;
}

static void grant(u32 ref, void *page, u16 flags)
{
	table[ref].domid = own_domid();
	table[ref].frame = (u32)((u64)page / PAGE_SIZE);
	barrier();
	table[ref].flags = flags;
}

static struct gnttab_copy by_frame(u16 soff, u16 doff, u16 len)
{
	struct gnttab_copy c = { .len = len };

	c.source.u.gmfn = (u64)src / PAGE_SIZE;
	c.source.domid = DOMID_SELF;
	c.source.offset = soff;
	c.dest.u.gmfn = (u64)dst / PAGE_SIZE;
	c.dest.domid = DOMID_SELF;
	c.dest.offset = doff;
	return c;
}

void test_main(void)
{
	struct xen_add_to_physmap x = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table,
					.idx = 0, .gpfn = (u64)table / PAGE_SIZE };
	struct gnttab_copy c;

	NEED(!memory_op(XENMEM_add_to_physmap, &x), "cannot map the grant table");
	for (u32 i = 0; i < PAGE_SIZE; i++)
		src[i] = (u8)(i * 7);
	CHECK_EQ(copy(by_frame(100, 200, 300)), GNTST_okay);
	CHECK(!memcmp(src + 100, dst + 200, 300) && !dst[199] && !dst[500], "wrong bytes");
	CHECK_EQ(copy(by_frame(4000, 0, 200)), GNTST_bad_copy_arg);
	CHECK_EQ(copy(by_frame(0, 4090, 7)), GNTST_bad_copy_arg);
	memset(dst, 0, PAGE_SIZE);
	grant(8, src, GTF_permit_access | GTF_readonly);
	grant(9, dst, GTF_permit_access);
	c = by_frame(0, 0, PAGE_SIZE);
	c.source.u.ref = 8;
	c.dest.u.ref = 9;
	c.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
	CHECK_EQ(copy(c), GNTST_okay);
	CHECK(!memcmp(src, dst, PAGE_SIZE), "wrong bytes by reference");
	CHECK(!(table[8].flags & (GTF_reading | GTF_writing)), "flags %#x stay", table[8].flags);
	c.dest.u.ref = 8;
	CHECK(copy(c) != GNTST_okay, "wrote through a read-only grant");
	c.dest.u.ref = 20;
	CHECK(copy(c) != GNTST_okay, "wrote through an entry that grants nothing");
	c.dest.u.ref = 100000;
	CHECK_EQ(copy(c), GNTST_bad_gntref);
	c = by_frame(0, 0, 10);
	c.source.u.gmfn = (xen_pfn_t)0xffffffffffULL;
	CHECK(copy(c) != GNTST_okay, "read from outside memory");
}
