/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("the virtual timer: fires at its time, once for each setting, masked not at all");

static volatile u32 ticks;

static void tick(u32 irq)
{
	ticks++;
	write_reg(cntv_ctl_el0, 3);
}

void test_main(void)
{
	u64 hz = read_reg(cntfrq_el0), start;

	irq_handle(IRQ_TIMER, tick);
	sti();
	for (u32 i = 1; i <= 5; i++) {
		start = cycles();
		write_reg(cntv_cval_el0, start + hz / 500);
		write_reg(cntv_ctl_el0, 1);
		CHECK(WAIT_FOR(ticks == i, 5000), "%u of %u ticks", ticks, i);
		CHECK(cycles() - start >= hz / 500, "early");
	}
	write_reg(cntv_cval_el0, cycles() + hz / 500);
	write_reg(cntv_ctl_el0, 3);
	delay(10 * MS);
	CHECK_EQ(ticks, 5);
	CHECK_EQ(read_reg(cntv_ctl_el0) & 4, 4);
	/* It also ends a wait. */
	cli();
	write_reg(cntv_cval_el0, cycles() + hz / 100);
	write_reg(cntv_ctl_el0, 1);
	start = now();
	sti_hlt();
	CHECK_EQ(ticks, 6);
	CHECK(now() - start >= 9 * MS, "the wait took %lu ns", now() - start);
}
