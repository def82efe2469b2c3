/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("a device of the machine: its registers at another address, its interrupts, nothing beside");
RUN("alone=1 passes=rtc");

/* PL031 (ARM DDI 0224), of QEMU's "virt". */
#define RTC ((volatile u32 *)0x20000000UL)
#define RTC_IRQ 34
#define DATA 0x00
#define MATCH 0x04
#define MASK 0x10
#define RAW 0x14
#define CLEAR 0x1c
#define PERIPH_ID0 0xfe0
/* Where the machine has it, and its distributor. */
#define RTC_MACHINE ((volatile u64 *)0x9010000UL)
#define GICD_MACHINE ((volatile u64 *)0x8000000UL)

#define ROUNDS 3

static volatile u32 taken;

static volatile u32 *rtc(u32 reg) { return RTC + reg / 4; }

static void handle(u32 irq)
{
	*rtc(CLEAR) = 1;
	taken++;
}

/* An alarm for the present second is raised at once, if the second has not ended meanwhile. */
static void ring(void)
{
	u32 before = taken;

	for (u32 i = 0; i < 100 && taken == before; i++) {
		*rtc(MATCH) = *rtc(DATA);
		WAIT_FOR(taken != before, 100);
	}
	CHECK_EQ(taken, before + 1);
}

void test_main(void)
{
	CHECK_EQ(*rtc(PERIPH_ID0), 0x31);
	CHECK(*rtc(DATA), "the clock says 0");
	CHECK(is_hole(RTC_MACHINE), "the clock is at the machine's address");
	CHECK(is_hole(GICD_MACHINE), "the machine's distributor is within reach");
	irq_handle(RTC_IRQ, handle);
	*rtc(MASK) = 1;
	sti();
	for (u32 i = 0; i < ROUNDS; i++)
		ring();
	cli();
	CHECK_EQ(*rtc(RAW), 0);
	/* Disabled, it stays in the device. */
	*gicd(0x184) = 1U << (RTC_IRQ - 32);
	sti();
	*rtc(MATCH) = *rtc(DATA);
	delay(20 * MS);
	cli();
	CHECK_EQ(taken, ROUNDS);
}
