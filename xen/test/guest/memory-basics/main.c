/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("memory: reservation counts, decrease and populate by 4K and 2M, holes");

#define MB2 (2UL << 20)

static long reserve(u32 cmd, u64 addr, u32 order)
{
	xen_pfn_t pfn = addr / PAGE_SIZE;
	struct xen_memory_reservation r = { .domid = DOMID_SELF, .nr_extents = 1,
					    .extent_order = order };

	set_xen_guest_handle(r.extent_start, &pfn);
	return memory_op(cmd, &r);
}

static long pages(u32 cmd)
{
	domid_t self = DOMID_SELF;

	return memory_op(cmd, &self);
}

/* Returns the amount by which giving back n pages shrinks the reservation. */
static long less(long n)
{
	return is_mapped_1to1() ? 0 : n;
}

void test_main(void)
{
	u64 *big = alloc_pages(512, MB2), *small = alloc_pages(1, PAGE_SIZE);
	long had = pages(XENMEM_current_reservation), max = pages(XENMEM_maximum_reservation);

	CHECK(had > 1000 && max >= had, "%ld of %ld pages", had, max);
	*small = 0x1122334455667788;
	CHECK_EQ(reserve(XENMEM_decrease_reservation, (u64)small, 0), 1);
	CHECK_EQ(pages(XENMEM_current_reservation), had - less(1));
	CHECK(is_hole((volatile u64 *)small), "memory where there is none");
	*(volatile u64 *)small = 5;
	CHECK(is_hole((volatile u64 *)small), "memory where there is none");
	CHECK_EQ(reserve(XENMEM_decrease_reservation, (u64)small, 0), 0);
	CHECK_EQ(reserve(XENMEM_populate_physmap, (u64)small, 0), 1);
	CHECK_EQ(pages(XENMEM_current_reservation), had);
	CHECK(is_mapped_1to1() || *(volatile u64 *)small != 0x1122334455667788,
	      "a page came back with old contents");
	*(volatile u64 *)small = 7;
	CHECK_EQ(*(volatile u64 *)small, 7);
	/* A hole inside a large page: the neighbouring pages keep their contents. */
	for (u32 i = 0; i < 512; i++)
		big[i * 512] = i + 1;
	CHECK_EQ(reserve(XENMEM_decrease_reservation, (u64)big + 5 * PAGE_SIZE, 0), 1);
	for (u32 i = 0; i < 512; i++)
		CHECK(i == 5 ? is_hole(&big[5 * 512]) : ((volatile u64 *)big)[i * 512] == i + 1,
		      "page %u of the large page", (u32)i);
	CHECK_EQ(reserve(XENMEM_populate_physmap, (u64)big + 5 * PAGE_SIZE, 0), 1);
	for (u32 i = 0; i < 512; i++)
		if (i != 5)
			CHECK_EQ(*(volatile u64 *)&big[i * 512], i + 1);
	CHECK_EQ(reserve(XENMEM_decrease_reservation, (u64)big, 9), 1);
	CHECK_EQ(pages(XENMEM_current_reservation), had - less(512));
	CHECK(is_hole(&big[0]), "memory where there is none");
	CHECK_EQ(reserve(XENMEM_populate_physmap, (u64)big, 9), 1);
	CHECK_EQ(pages(XENMEM_current_reservation), had);
	*(volatile u64 *)&big[512 * 511] = 3;
	CHECK_EQ(*(volatile u64 *)&big[512 * 511], 3);
}
