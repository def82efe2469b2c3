/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("APIC timer: one-shot, periodic, count, masked, TSC deadline; never early, never doubled");

static volatile u32 ticks;

static void handler(struct regs *regs)
{
	ticks++;
	apic_eoi();
}

/* Counts a millisecond, with a divider of 1. */
static u32 calibrate(void)
{
	u32 used;

	apic_write(APIC_TDCR, 0xb);
	apic_write(APIC_LVTT, LVT_MASKED | 0x61);
	apic_write(APIC_TMICT, ~0U);
	delay(20 * MS);
	used = ~0U - apic_read(APIC_TMCCT);
	apic_write(APIC_TMICT, 0);
	return used / 20;
}

static void test_oneshot(u32 per_ms)
{
	u64 start;

	apic_write(APIC_LVTT, 0x61);
	for (u32 i = 1; i <= 5; i++) {
		ticks = 0;
		start = now();
		apic_write(APIC_TMICT, per_ms * 2 * i);
		sti();
		CHECK(WAIT_FOR(ticks, 20000), "one-shot of %u ms does not fire", 2 * i);
		/* On a busy host the calibration is only accurate to a few percent. */
		CHECK(now() - start >= 2 * i * MS * 8 / 10, "one-shot of %u ms after %lu us", 2 * i,
		      (now() - start) / 1000);
		delay(5 * MS);
		cli();
		CHECK_EQ(ticks, 1);
		CHECK_EQ(apic_read(APIC_TMCCT), 0);
	}
	ticks = 0;
	/* Far enough ahead that even on a busy host it is stopped before it fires. */
	apic_write(APIC_TMICT, per_ms * 500);
	apic_write(APIC_TMICT, 0);
	sti();
	delay(600 * MS);
	cli();
	CHECK_EQ(ticks, 0);
}

static void test_periodic(u32 per_ms)
{
	u64 start, took;

	ticks = 0;
	apic_write(APIC_LVTT, LVTT_PERIODIC | 0x61);
	apic_write(APIC_TMICT, per_ms * 10);
	start = now();
	sti();
	CHECK(WAIT_FOR(ticks >= 20, 10000), "%u ticks of 10 ms in 10 s", ticks);
	cli();
	took = now() - start;
	apic_write(APIC_TMICT, 0);
	CHECK(ticks <= took / (8 * MS) + 1, "%u ticks of 10 ms in %lu ms", ticks, took / MS);
}

static void test_deadline(void)
{
	u64 cycles = rdtsc(), when, start = now();

	delay(5 * MS);
	cycles = (rdtsc() - cycles) * MS / (now() - start);
	apic_write(APIC_LVTT, LVTT_DEADLINE | 0x61);
	ticks = 0;
	when = rdtsc() + cycles * 5;
	wrmsr(MSR_TSC_DEADLINE, when);
	sti();
	CHECK(WAIT_FOR(ticks, 20000), "no deadline interrupt");
	CHECK(rdtsc() >= when, "deadline %lu cycles early", when - rdtsc());
	CHECK_EQ(rdmsr(MSR_TSC_DEADLINE), 0);
	wrmsr(MSR_TSC_DEADLINE, 1);
	CHECK(WAIT_FOR(ticks == 2, 20000), "no interrupt for a deadline in the past");
	when = rdtsc() + cycles * 500;
	wrmsr(MSR_TSC_DEADLINE, when);
	CHECK_EQ(rdmsr(MSR_TSC_DEADLINE), when);
	wrmsr(MSR_TSC_DEADLINE, 0);
	delay(600 * MS);
	cli();
	CHECK_EQ(ticks, 2);
}

void test_main(void)
{
	u32 per_ms;

	apic_enable();
	set_vector(0x61, handler);
	per_ms = calibrate();
	NEED(per_ms > 100, "the timer counts %u in a millisecond", per_ms);
	test_oneshot(per_ms);
	test_periodic(per_ms);
	if (cpuid(1, 0).c & BIT(24))
		test_deadline();
	else
		print("no TSC deadline\n");
}
