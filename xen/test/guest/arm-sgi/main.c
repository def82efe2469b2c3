/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("software-generated interrupts to oneself and to another vCPU, each taken once");
RUN("vcpus=2");

static volatile u32 taken[2];

static void count(u32 irq)
{
	taken[cpu_self()->id]++;
	CHECK_EQ(irq, 5);
}

static void other(void *arg)
{
	irq_handle(5, count);
	sti();
	CHECK(WAIT_FOR(taken[1] == 3, 10000), "%u of 3 interrupts", taken[1]);
	cli();
}

void test_main(void)
{
	irq_handle(5, count);
	gic_send_sgi(0, 5);
	CHECK_EQ(taken[0], 0);
	sti();
	CHECK(WAIT_FOR(taken[0] == 1, 10000), "%u interrupts", taken[0]);
	cli();
	smp_need(1);
	smp_run(1, other, NULL);
	for (u32 i = 0; i < 3; i++) {
		CHECK(WAIT_FOR(taken[1] == i, 10000), "%u of %u interrupts", taken[1], i);
		delay(MS);
		gic_send_sgi(1, 5);
	}
	CHECK(smp_wait(1, 20000), "the other vCPU does not finish");
	CHECK_EQ(taken[0], 1);
}
