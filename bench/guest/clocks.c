/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clocks as the guest sees them: the TSC, system time, the ACPI timer and the HPET. For each the
 * cost of a reading, the smallest step that shows, whether it ever runs backwards, and how far it
 * runs from the TSC and from the ACPI timer.
 */
#include "bench.h"

#define HPET 0xfed00000UL
#define HPET_PERIOD 4
#define HPET_CONFIG 0x10
#define HPET_COUNTER 0xf0
#define MAX_PERIOD_FS 100000000u
#define PM_TIMER 0x608
#define PM_HZ 3579545u
#define PM_MASK 0xffffffu
#define INTERVAL_US 20000

/* A clock: a counter of so many bits at so many Hz (0: unknown). */
struct clock {
	const char *name;
	u64 (*read)(void);
	u64 mask;
	u64 hz;
};

static u64 read_tsc(void)
{
	return rdtsc();
}

static u64 read_pm(void)
{
	return inl(PM_TIMER) & PM_MASK;
}

static u64 read_hpet(void)
{
	return *(volatile u32 *)(HPET + HPET_COUNTER);
}

static bool have_pm(void)
{
	u64 first = read_pm();

	delay(100000);
	return read_pm() != first && first != PM_MASK;
}

/* Smallest step above zero among consecutive readings, and how often it went backwards. */
static void steps(const char *name, const struct clock *c, u32 rounds)
{
	u64 smallest = ~0UL, largest = 0, last = c->read();
	u32 back = 0, same = 0;

	for (u32 i = 0; i < rounds; i++) {
		u64 at = c->read(), step = (at - last) & c->mask;

		if (step > c->mask / 2)
			back++;
		else if (!step)
			same++;
		else
			smallest = MIN(smallest, step), largest = MAX(largest, step);
		last = at;
	}
	bench_value(bench_name(name, ".step"), smallest == ~0UL ? 0 : (s64)smallest, "counts",
		    "rounds=%u same=%u largest=%lu", rounds, same, largest);
	bench_value(bench_name(name, ".backwards"), back, "times", "rounds=%u", rounds);
}

/*
 * Parts per billion that a clock runs fast against another over an interval, if both kept their
 * nominal rate. Each end is read as other, clock, other, so that the middle is known.
 */
static s64 drift(const struct clock *c, const struct clock *other, u64 *took)
{
	u64 c0, c1, o0, o1, due = rdtsc() + ticks_of_us(INTERVAL_US);
	u64 a = other->read();

	c0 = c->read();
	o0 = a + ((other->read() - a) & other->mask) / 2;
	while (rdtsc() < due)
		relax();
	a = other->read();
	c1 = (c->read() - c0) & c->mask;
	o1 = (a + ((other->read() - a) & other->mask) / 2 - o0) & other->mask;
	*took = c1;
	if (!c1 || !o1)
		return 0;
	/* Both as picoseconds: 20 ms are 2e10 of them. */
	c1 = c1 * 1000000000u / c->hz * 1000 + c1 * 1000000000u % c->hz * 1000 / c->hz;
	o1 = o1 * 1000000000u / other->hz * 1000 + o1 * 1000000000u % other->hz * 1000 / other->hz;
	return ((s64)c1 - (s64)o1) * 1000000 / (s64)(o1 / 1000);
}

static struct clock tsc_clock(void)
{
	return (struct clock){ "tsc", read_tsc, ~0UL, ticks_of_us(1000000) };
}

static struct clock pm_clock(void)
{
	return (struct clock){ "pmtimer", read_pm, PM_MASK, PM_HZ };
}

static void report_drift(const char *name, const struct clock *c, const struct clock *other)
{
	u64 took;
	s64 ppb = drift(c, other, &took);

	bench_value(bench_name(bench_name(name, ".drift."), other->name), ppb, "ppb", "counts=%lu",
		    took);
}

static void clock_tsc(const char *name, u32 rounds)
{
	struct clock tsc = tsc_clock(), pm = pm_clock();

	MEASURE(bench_name(name, ".read"), rounds, rdtsc());
	steps(name, &tsc, rounds);
	if (have_pm())
		report_drift(name, &tsc, &pm);
	else
		bench_skip(name, "no ACPI timer to compare with");
}

static void clock_system(const char *name, u32 rounds)
{
	struct clock system = { "system", now, ~0UL, 1000000000 }, tsc = tsc_clock();

	MEASURE(bench_name(name, ".read"), rounds, now());
	steps(name, &system, rounds);
	report_drift(name, &system, &tsc);
}

static void clock_pm(const char *name, u32 rounds)
{
	struct clock pm = pm_clock();

	if (!have_pm()) {
		bench_skip(name, "no ACPI timer that this domain reaches");
		return;
	}
	MEASURE(bench_name(name, ".read"), rounds, read_pm());
	steps(name, &pm, rounds);
}

static void clock_hpet(const char *name, u32 rounds)
{
	u32 period = *(volatile u32 *)(HPET + HPET_PERIOD);
	struct clock hpet = { "hpet", read_hpet, 0xffffffff, 0 };
	struct clock tsc = tsc_clock(), pm = pm_clock();

	if (!period || period > MAX_PERIOD_FS) {
		bench_skip(name, "no HPET that this domain reaches");
		return;
	}
	*(volatile u32 *)(HPET + HPET_CONFIG) |= 1;
	hpet.hz = 1000000000000000UL / period;
	bench_value(bench_name(name, ".period"), period, "fs", "hz=%lu", hpet.hz);
	MEASURE(bench_name(name, ".read"), rounds, read_hpet());
	steps(name, &hpet, rounds);
	report_drift(name, &hpet, &tsc);
	if (have_pm())
		report_drift(name, &hpet, &pm);
}

static const struct benchmark table[] = {
	{ "clock.tsc", clock_tsc, 2000 },
	{ "clock.system", clock_system, 2000 },
	{ "clock.pmtimer", clock_pm, 2000 },
	{ "clock.hpet", clock_hpet, 2000 },
};
DEFINE_GROUP(clocks, table);
