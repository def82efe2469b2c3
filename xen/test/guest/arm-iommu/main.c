/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"
#include "edu.h"

TEST("SMMUv3: DMA reaches the domain's own memory only, and what is refused is reported");
RUN("dom0=1 cpus=1 icount=1 timeout=60 machine=iommu=smmuv3+highmem-ecam=off"
    " devices=edu,dma_mask=0xffffffffffffffff"
    " end=IOMMU:.d0's.device.00:01.0:.write.at.*refused:.its.domain.has.nothing.there");

void test_main(void)
{
	edu_test_iommu();
}
