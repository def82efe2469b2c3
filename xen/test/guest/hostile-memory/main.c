/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("a guest that gives and takes memory without end does not stop another");
RUN("domains=2 judges=1 timeout=40 cpus=1 icount=1");

#define N 1024

static xen_pfn_t pfns[N];

static void hostile(void)
{
	u64 area = (u64)alloc_pages(N, PAGE_SIZE) / PAGE_SIZE;
	struct xen_memory_reservation r = { .domid = DOMID_SELF, .nr_extents = N };

	for (u32 i = 0; i < N; i++)
		pfns[i] = area + i;
	set_xen_guest_handle(r.extent_start, pfns);
	for (;;) {
		memory_op(XENMEM_decrease_reservation, &r);
		memory_op(XENMEM_populate_physmap, &r);
	}
}

void test_main(void)
{
	peer_domid();
	if (!role())
		live_on();
	else
		hostile();
}
