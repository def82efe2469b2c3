/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests that tell without running a set whether it can miss a deadline. */
#include <xen/compiler.h>

#include "schedulability.h"

#define BILLION 1000000000ULL

/* The share of a CPU in thousand millionths, rounded up. */
static u64 share(const struct task *t)
{
	return (t->work * BILLION + t->period - 1) / t->period;
}

bool schedulable_gfb(const struct taskset *ts, u32 cpus)
{
	u64 sum = 0, largest = 0;

	for (u32 i = 0; i < ts->n; i++) {
		sum += share(&ts->task[i]);
		largest = max(largest, share(&ts->task[i]));
	}
	return largest <= BILLION && sum + (cpus - 1) * largest <= cpus * BILLION;
}

/* The most that @other can work in the window of a job of @t: when its deadline is @t's, too. */
static u64 interference(const struct task *t, const struct task *other)
{
	u32 whole = t->period / other->period;

	return (u64)whole * other->work + min(other->work, t->period - whole * other->period);
}

bool schedulable_bcl(const struct taskset *ts, u32 cpus)
{
	for (u32 k = 0; k < ts->n; k++) {
		const struct task *t = &ts->task[k];
		u64 slack, sum = 0;

		if (t->work > t->period)
			return false;
		slack = t->period - t->work;
		for (u32 i = 0; i < ts->n; i++)
			if (i != k)
				sum += min(interference(t, &ts->task[i]), slack);
		if (sum >= cpus * slack)
			return false;
	}
	return true;
}

bool demand_fits(const struct taskset *ts, u32 cpus, u32 horizon)
{
	for (u32 k = 0; k < ts->n; k++)
		for (u64 end = ts->task[k].period; end <= horizon; end += ts->task[k].period) {
			u64 demand = 0;

			for (u32 i = 0; i < ts->n; i++)
				demand += end / ts->task[i].period * ts->task[i].work;
			if (demand > cpus * end)
				return false;
		}
	return true;
}

s64 supply_bound(s64 period, s64 budget, s64 t)
{
	s64 whole = t / period - 1, rest = t % period;

	if (whole < 0)
		return 0;
	return whole * budget + max(rest - (period - budget), (s64)0);
}

bool demand_within_supply(const struct task *task, s64 period, s64 budget)
{
	const s64 distance = task->period * 1000LL, work = task->work * 1000LL;

	for (s64 jobs = 1;; jobs++) {
		if (jobs * work > supply_bound(period, budget, jobs * distance))
			return false;
		/* A line below the supply bound is above the demand here, and rises faster. */
		if (jobs * work * period <= budget * (jobs * distance - 2 * period))
			return true;
	}
}
