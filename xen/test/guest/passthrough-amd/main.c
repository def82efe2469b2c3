/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edu.h"

TEST("a device given to another domain by AMD's IOMMU: its DMA goes there, and nowhere else");
RUN("dom0=1 cpus=2 icount=1 timeout=60 long=addresses+of+64+bits"
    " devices=amd-iommu,pt=off+edu,dma_mask=0xffffffffffffffff"
    " end=IOMMU:.unit.0.refused.accesses.of.a.device");

void test_main(void)
{
	edu_test_passthrough();
}
