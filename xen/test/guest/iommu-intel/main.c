/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edu.h"

TEST("Intel's IOMMU: DMA reaches the domain's own memory only, and what is refused is reported");
RUN("dom0=1 cpus=2 icount=1 timeout=40 long=addresses+of+64+bits"
    " devices=intel-iommu+edu,dma_mask=0xffffffffffffffff"
    " end=IOMMU:.d0's.device.00:0[0-9].0:.write.at.0x200000.refused:.its.domain.may.not");

void test_main(void)
{
	edu_test_iommu();
}
