/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU that computes, beside others: how much of a CPU it gets, and what it makes of it. Domains
 * that compete start almost together; each works before and after the interval it measures, so that
 * they compete during the whole of it.
 */
#include "bench.h"

#define MARGIN_MS 50
#define DEFAULT_MS 300

static void work_until(u64 end, u64 *turns)
{
	while (now() < end)
		++*turns;
}

static struct vcpu_runstate_info runstate(void)
{
	struct vcpu_runstate_info r = { .state = -1 };

	vcpu_op(VCPUOP_get_runstate_info, 0, &r);
	return r;
}

/* work_ms=: the interval in ms of system time, as it would pass for a vCPU that never waits. */
static void share(const char *name, u32 rounds)
{
	u64 span = arg_u64("work_ms", DEFAULT_MS) * MS, turns = 0, rest = 0, start;
	struct vcpu_runstate_info a, b;

	work_until(now() + MARGIN_MS * MS, &rest);
	a = runstate();
	start = now();
	work_until(start + span, &turns);
	b = runstate();
	span = now() - start;
	work_until(now() + MARGIN_MS * MS, &rest);
	if (a.state != RUNSTATE_running || b.state != RUNSTATE_running) {
		bench_skip(name, "no runstate information");
		return;
	}
	bench_value(name, b.time[RUNSTATE_running] - a.time[RUNSTATE_running], "ns",
		    "of=%lu waiting=%lu turns=%lu", span,
		    b.time[RUNSTATE_runnable] - a.time[RUNSTATE_runnable], turns);
}

/* A load for others, which never ends by itself; so it is not enough to name no benchmark. */
static void spin(const char *name, u32 rounds)
{
	u64 turns = 0;

	if (arg_u64("spin", 0))
		work_until(~0UL, &turns);
	bench_skip(name, "it runs for ever, and only with spin=1");
}

/* A neighbour that does nothing: asleep until an interrupt that never comes. */
static void sleep_on(const char *name, u32 rounds)
{
	while (arg_u64("sleep", 0))
		sti_hlt();
	bench_skip(name, "it sleeps for ever, and only with sleep=1");
}

static const struct benchmark table[] = {
	{ "work.share", share, 1 },
	{ "work.spin", spin, 1 },
	{ "work.sleep", sleep_on, 1 },
};
DEFINE_GROUP(work, table);
