/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("ballooning: give pages back in a long batch, take as many again, no more than the limit");

#define N 2048

static xen_pfn_t pfns[N + 4096];

static long reserve(u32 cmd, u64 n)
{
	struct xen_memory_reservation r = { .domid = DOMID_SELF, .nr_extents = n };

	set_xen_guest_handle(r.extent_start, pfns);
	return memory_op(cmd, &r);
}

static long pages(u32 cmd)
{
	domid_t self = DOMID_SELF;

	return memory_op(cmd, &self);
}

void test_main(void)
{
	u64 area = (u64)alloc_pages(N, PAGE_SIZE);
	long had = pages(XENMEM_current_reservation), max = pages(XENMEM_maximum_reservation), got;

	for (u32 i = 0; i < N; i++)
		pfns[i] = area / PAGE_SIZE + i;
	for (u32 round = 0; round < 2; round++) {
		CHECK_EQ(reserve(XENMEM_decrease_reservation, N), N);
		CHECK_EQ(pages(XENMEM_current_reservation), is_mapped_1to1() ? had : had - N);
		CHECK_EQ(reserve(XENMEM_populate_physmap, N), N);
		CHECK_EQ(pages(XENMEM_current_reservation), had);
	}
	for (u32 i = 0; i < N; i++)
		*(volatile u64 *)(area + i * PAGE_SIZE) = i;
	for (u32 i = 0; i < N; i++)
		CHECK_EQ(*(volatile u64 *)(area + i * PAGE_SIZE), i);
	/* Populate frames beyond the end of memory until the limit refuses. */
	for (u32 i = 0; i < ARRAY_SIZE(pfns); i++)
		pfns[i] = BIT(36) / PAGE_SIZE + i;
	got = reserve(XENMEM_populate_physmap, ARRAY_SIZE(pfns));
	CHECK(got >= 0 && had + got <= max, "%ld more pages with %ld of %ld", got, had, max);
	CHECK_EQ(pages(XENMEM_current_reservation), had + got);
}
