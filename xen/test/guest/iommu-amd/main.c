/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edu.h"

TEST("AMD's IOMMU: DMA reaches the domain's own memory only, and what is refused is reported");
RUN("dom0=1 cpus=2 icount=1 timeout=40 long=addresses+of+64+bits"
    " devices=amd-iommu,pt=off+edu,dma_mask=0xffffffffffffffff"
    " end=IOMMU:.unit.0.refused.accesses.of.a.device");

void test_main(void)
{
	edu_test_iommu();
}
