/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("more interrupts at once than the processor has list registers, without other exits");

#define MANY 24
#define FIRST 34

static volatile u32 taken;

static void handle(u32 irq)
{
	taken++;
}

void test_main(void)
{
	u64 until;

	for (u32 i = 0; i < MANY; i++)
		irq_handle(FIRST + i, handle);
	for (u32 round = 1; round <= 20; round++) {
		*gicd(0x204) = ((1U << MANY) - 1) << (FIRST - 32);
		/* Reading the counter causes no exit. */
		until = cycles() + read_reg(cntfrq_el0) / 10000;
		sti();
		while (taken < MANY * round && cycles() < until)
			relax();
		cli();
		CHECK(taken == MANY * round, "%u interrupts of %u after 100 us", taken,
		      MANY * round);
	}
}
