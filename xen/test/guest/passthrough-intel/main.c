/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edu.h"

TEST("a device given to another domain by Intel's IOMMU: its DMA goes there, and nowhere else");
RUN("dom0=1 cpus=2 icount=1 timeout=60 long=addresses+of+64+bits"
    " devices=intel-iommu+edu,dma_mask=0xffffffffffffffff"
    " end=IOMMU:.quarantined.device.00:0[0-9].0:.write.at.0x[0-9a-f]*.refused");

void test_main(void)
{
	edu_test_passthrough();
}
