/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HPET of a guest that is a PC (served.h): what a reading costs, and how good the clock is. */
#include "served.h"

/* Counts between two readings: the first, and how many more are tried, one count apart. */
#define FIRST_INTERVAL 100
#define INTERVALS 64
/* Counts of two instructions each. */
#define LONG_INTERVAL 10000000

static u32 hpet_interval(u32 counts)
{
	served_time(SERVED_HPET_INTERVAL, counts);
	return served_given[1];
}

/*
 * The smallest difference between two intervals, one of which has some instructions more: two
 * readings in a row are further apart than the clock's resolution, as each costs more.
 */
static u32 smallest_step(void)
{
	u32 last = hpet_interval(FIRST_INTERVAL), step = ~0U;

	for (u32 i = 1; i <= INTERVALS; i++) {
		u32 now = hpet_interval(FIRST_INTERVAL + i);
		u32 change = now > last ? now - last : last - now;

		if (change)
			step = MIN(step, change);
		last = now;
	}
	return step;
}

/* In parts per billion of the time by the TSC. */
static s64 drift(u32 period_fs)
{
	u32 hpet = hpet_interval(LONG_INTERVAL);
	s64 ns = (s64)((u64)hpet * (period_fs / 1000) / 1000);
	s64 tsc = (s64)ticks_to_ns(served_given[0]);

	return (ns - tsc) * 1000000000 / tsc;
}

static void hpet(const char *name, u32 rounds)
{
	struct series s;
	u32 period;

	served_begin();
	served_time(SERVED_HPET_PERIOD, 1);
	period = served_given[1];
	if (!period || period == ~0U) {
		bench_skip(name, "the guest has none");
		return;
	}
	bench_value("hpet.period", period, "fs", "%s", "");
	served_time(SERVED_HPET_BACKWARDS, rounds);
	bench_value("hpet.backwards", served_given[1], "times", "reads=%u", rounds);
	series_start(&s, rounds);
	s.base = served_time(SERVED_NOTHING, s.length);
	for (u32 b = 0; b < BATCHES; b++) {
		series_add(&s, b, served_time(SERVED_HPET_READ, s.length));
		NEED(!served_requests, "a reading of the HPET reaches the device model");
	}
	series_report("hpet.read", &s, 1);
	bench_value("hpet.step", smallest_step(), "counts", "intervals=%u", INTERVALS);
	bench_value("hpet.drift.tsc", drift(period), "ppb", "counts=%u", LONG_INTERVAL);
}

static const struct benchmark table[] = {
	{ "hpet", hpet, 2000 },
};
DEFINE_GROUP(hpet, table);
