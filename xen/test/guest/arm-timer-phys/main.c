/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("the physical timer, which is emulated: counter, compare value, interrupt");

static volatile u32 ticks;

static void tick(u32 irq)
{
	ticks++;
	write_reg(cntp_ctl_el0, 0);
}

void test_main(void)
{
	u64 hz = read_reg(cntfrq_el0), before = read_reg(cntpct_el0);

	CHECK(read_reg(cntpct_el0) >= before, "the counter went back");
	irq_handle(IRQ_TIMER_PHYS, tick);
	write_reg(cntp_tval_el0, hz / 200);
	CHECK(read_reg(cntp_cval_el0) >= before + hz / 200, "compare value");
	write_reg(cntp_ctl_el0, 1);
	CHECK_EQ(read_reg(cntp_ctl_el0) & 3, 1);
	sti();
	CHECK(WAIT_FOR(ticks == 1, 5000), "no interrupt");
	CHECK(read_reg(cntpct_el0) - before >= hz / 200, "early");
	cli();
	write_reg(cntp_ctl_el0, 1);
	CHECK_EQ(read_reg(cntp_ctl_el0) & 4, 4);
}
