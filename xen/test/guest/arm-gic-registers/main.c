/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("the GIC's registers: sizes, banks, read-back, what is reserved, bad offsets");

#define SGI_FRAME 0x10000

static void read_at(void *at)
{
	*(volatile u32 *)at;
}

void test_main(void)
{
	volatile u8 *priority = (volatile u8 *)gicd(0x400);
	u32 irqs;

	gic_need_v3();
	irqs = ((*gicd(4) & 0x1f) + 1) * 32;
	CHECK(irqs >= 64, "%u interrupts", irqs);
	CHECK_EQ(*gicd(0xffe8) & 0xf0, 0x30);
	CHECK_EQ(*gicd(0) & 0x12, 0x12);
	priority[40] = 0xa8;
	CHECK_EQ(priority[40], 0xa8);
	CHECK_EQ(*gicd(0x400 + 40), 0xa8);
	*gicd(0x400 + 40) = ~0U;
	CHECK_EQ(*gicd(0x400 + 40), 0xf8f8f8f8U);
	*gicd(0x104) = 1 << 8;
	CHECK_EQ(*gicd(0x104), 1 << 8);
	CHECK_EQ(*gicd(0x184), 1 << 8);
	*gicd(0x184) = 1 << 8;
	CHECK_EQ(*gicd(0x104), 0);
	/* Local interrupts are the redistributor's. */
	*gicd(0x100) = ~0U;
	CHECK_EQ(*gicd(0x100), 0);
	*gicr(SGI_FRAME + 0x100) = 1 << 20;
	CHECK_EQ(*gicr(SGI_FRAME + 0x100) >> 20 & 1, 1);
	*gicr(SGI_FRAME + 0x180) = 1 << 20;
	CHECK_EQ(*gicr(SGI_FRAME + 0x100) >> 20 & 1, 0);
	*gicd(0x6000 + 40 * 8) = 0x10000;
	CHECK_EQ(*gicd(0x6000 + 40 * 8), 0x10000);
	*gicd(0xc08) = ~0U;
	CHECK_EQ(*gicd(0xc08), 0xaaaaaaaaU);
	CHECK_EQ(*gicr(8) >> 4 & 1, 1);
	CHECK_EQ(*gicr(0x14), 0);
	/* There is nothing here; the access is not an abort of the guest's. */
	CHECK(!try_call(read_at, (void *)gicd(0x5000)).taken, "a hole in the distributor");
	CHECK_EQ(*gicd(0x5000), 0);
}
