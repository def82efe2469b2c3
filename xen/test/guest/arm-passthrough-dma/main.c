/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"
#include "edu.h"

TEST("a guest's own PCI device: DMA reaches its memory at its addresses, and is refused elsewhere");
RUN("alone=1 cpus=1 icount=1 timeout=60 passes=pcie machine=iommu=smmuv3+highmem-ecam=off"
    " devices=edu,dma_mask=0xffffffffffffffff"
    " end=device.00:01.0:.write.at.0x46000000.*refused:.its.domain.has.nothing.there");

/* RAM of the machine, but not of this domain, whose memory begins at the same address. */
#define STRAY 0x46000000UL

void test_main(void)
{
	u32 *a = alloc_pages(1, PAGE_SIZE), *b = alloc_pages(1, PAGE_SIZE);

	edu_need();
	edu_own_memory(a, b);
	CHECK(is_hole((volatile u64 *)STRAY), "the domain has memory at %#lx", STRAY);
	test_success_before_end();
	edu_store(STRAY);
	/* The report may take a second. */
	sleep_ns(1500 * MS);
	shutdown(SHUTDOWN_poweroff);
}
