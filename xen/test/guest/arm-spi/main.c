/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("shared interrupts: pended by software, routed to each vCPU, disabled, by priority");
RUN("vcpus=2");

static volatile u32 order[4], taken, on[2];

static void handle(u32 irq)
{
	if (taken < 4)
		order[taken] = irq;
	taken++;
	on[cpu_self()->id]++;
}

static void other(void *arg)
{
	sti();
	WAIT_FOR(on[1], 10000);
	cli();
}

void test_main(void)
{
	volatile u8 *priority = (volatile u8 *)gicd(0x400);

	irq_handle(40, handle);
	irq_handle(41, handle);
	priority[40] = 0xa0;
	priority[41] = 0x80;
	*gicd(0x204) = 3 << 8;
	CHECK_EQ(*gicd(0x204) >> 8 & 3, 3);
	sti();
	CHECK(WAIT_FOR(taken == 2, 10000), "%u interrupts", taken);
	cli();
	CHECK(order[0] == 41 && order[1] == 40, "the order is %u, %u", order[0], order[1]);
	*gicd(0x184) = 1 << 8;
	*gicd(0x204) = 1 << 8;
	sti();
	delay(5 * MS);
	cli();
	CHECK_EQ(taken, 2);
	*gicd(0x284) = 1 << 8;
	*gicd(0x104) = 1 << 8;
	smp_need(1);
	if (gic_version == 2)
		((volatile u8 *)gicd(0x800))[40] = 1 << 1;
	else
		*gicd(0x6000 + 40 * 8) = 1;
	smp_run(1, other, NULL);
	*gicd(0x204) = 1 << 8;
	CHECK(smp_wait(1, 20000), "the other vCPU does not finish");
	CHECK_EQ(on[1], 1);
	CHECK_EQ(on[0], 2);
}
