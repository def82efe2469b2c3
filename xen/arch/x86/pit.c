/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 8254 timer, channel 0, as a 16-bit counter to measure with. Boot only: the latch is shared.
 */
#include "clock.h"

#include <asm/io.h>

#define PIT_HZ 1193182
#define PIT_CHANNEL0 0x40
#define PIT_COMMAND 0x43
#define PIT_CH0_RATE_GENERATOR 0x34	/* both bytes, mode 2 */
#define PIT_CH0_LATCH 0x00

static u64 pit_read(void)
{
	u32 v;

	outb(PIT_CH0_LATCH, PIT_COMMAND);
	v = inb(PIT_CHANNEL0);
	v |= (u32)inb(PIT_CHANNEL0) << 8;
	return 0xffff - v;	/* it counts down */
}

static u64 pit_mask(void) { return 0xffff; }

static u64 pit_probe(void)
{
	/* A reload value of 0 means 65536. */
	outb(PIT_CH0_RATE_GENERATOR, PIT_COMMAND);
	outb(0, PIT_CHANNEL0);
	outb(0, PIT_CHANNEL0);
	return clock_counts(&pit_clock) ? PIT_HZ : 0;
}

const struct clock_source pit_clock = { "PIT", pit_probe, pit_read, pit_mask };
OPS_TABLE(pit_clock, name);
