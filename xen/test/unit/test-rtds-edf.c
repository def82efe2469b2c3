/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decisions of rtds against the definition of global EDF with deferrable servers, computed here
 * from how long each unit ran in its current period, without queues and levels; and deadlines below
 * the bound up to which theory promises them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>

#include "policy-machine.h"
#include "sched-world.h"

static void run(void (*fn)(void *arg), u64 seed)
{
	const struct host_outcome *o = host_isolated(fn, (void *)(uintptr_t)seed);

	if (o->status)
		print_message("seed %llu\n%s", (unsigned long long)seed, o->console);
	assert_int_equal(o->status, 0);
}

static void start(u32 cpus, u64 seed)
{
	sw_start(1, 1, "");
	pm_start(&sched_rtds, cpus, seed);
}

/* What the reference knows of a unit. */
static struct reference {
	s_time_t origin;		/* its periods are counted from here */
	s64 period, budget;
	bool extra;
	s64 index;			/* of the period that @used is about */
	s64 used;			/* ns it ran in that period */
	s64 ran_before;			/* pm_unit.ran when last looked at */
} ref[PM_MAX_UNITS];

/* A priority as one would write it on paper: the budgets used up, then the deadline. */
struct key {
	s64 budgets_used;
	s_time_t deadline;
};

static int compare(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->budgets_used != y->budgets_used)
		return x->budgets_used < y->budgets_used ? -1 : 1;
	return x->deadline < y->deadline ? -1 : x->deadline > y->deadline;
}

/* Add up the use since the last look. Every end of a period is a time at which we look. */
static void update_reference(void)
{
	for (u32 i = 0; i < pm.nr_units; i++) {
		struct reference *r = &ref[i];
		s64 index = (pm.now - r->origin) / r->period;

		r->used += pm.unit[i]->ran - r->ran_before;
		r->ran_before = pm.unit[i]->ran;
		if (index != r->index) {
			r->index = index;
			r->used = 0;
		}
	}
}

static bool wants(u32 i, struct key *k)
{
	struct reference *r = &ref[i];

	k->budgets_used = r->used / r->budget;
	k->deadline = r->origin + (r->index + 1) * r->period;
	return pm.unit[i]->work > 0 && !pm.unit[i]->paused && (r->extra || !k->budgets_used);
}

static bool on_a_cpu(const struct pm_unit *pu)
{
	for (u32 cpu = 0; cpu < pm.nr_cpus; cpu++)
		if (pm.cpu[cpu].curr == pu)
			return true;
	return false;
}

static u64 compared;

/* Those that run are the first of the sorted list; at a tie any of the equals may. */
static void check_against_reference(void)
{
	struct key keys[PM_MAX_UNITS], running[PM_MAX_CPUS];
	u32 n = 0, m = 0;

	update_reference();
	for (u32 i = 0; i < pm.nr_units; i++) {
		struct key k;
		bool want = wants(i, &k);

		if (want)
			keys[n++] = k;
		if (on_a_cpu(pm.unit[i])) {
			HOST_CHECK(want);
			running[m++] = k;
		}
	}
	HOST_CHECK(m == min(n, pm.nr_cpus));
	qsort(keys, n, sizeof(keys[0]), compare);
	qsort(running, m, sizeof(running[0]), compare);
	for (u32 i = 0; i < m; i++)
		HOST_CHECK(!compare(&keys[i], &running[i]));
	compared++;
}

/* Sleep, work and pauses of random length; and look at the end of each period. */
static void on_random_wake(struct pm_unit *pu)
{
	u32 i = pu->u.id;
	s_time_t end = ref[i].origin + ((pm.now - ref[i].origin) / ref[i].period + 1) *
		       ref[i].period;

	if (!pu->work && pm_random_below(3))
		pm_wake(pu, pm_random_between(1, 2 * ref[i].period));
	if (pu->paused)
		pm_unpause(pu);
	else if (!pm_random_below(8))
		pm_pause(pu);
	pu->wake_at = pm_random_below(4) ? pm.now + pm_random_between(1, end - pm.now) : end;
}

/* Some wake in the very instant in which they went to sleep. */
static void on_random_done(struct pm_unit *pu)
{
	if (pm_random_below(2))
		pu->wake_at = pm.now;
}

/* Periods and budgets are of any length, or multiples of @grain, so that many deadlines are equal.
 * A period below the default begins at once. */
static struct pm_unit *random_unit(u32 i, s64 grain)
{
	struct pm_unit *pu = pm_unit_new(1, i, NULL);
	s64 period = pm_random_between(2, (9 * MS) / grain) * grain;
	s64 budget = pm_random_between(1, period / grain) * grain;

	period = max(period, 10 * US);
	budget = max(budget, 10 * US);
	ref[i] = (struct reference){ .origin = pm.now, .period = period, .budget = budget,
				     .extra = pm_random_below(2) };
	pm_set_params(pu, period, budget, ref[i].extra);
	pu->on_wake = on_random_wake;
	pu->on_done = on_random_done;
	pu->wake_at = pm.now;
	return pu;
}

static void matches(void *arg)
{
	u64 seed = (uintptr_t)arg;
	u32 units = 1 + seed % 23;

	start(1 + seed % 9, seed);
	pm.settled = check_against_reference;
	for (u32 i = 0; i < units; i++) {
		random_unit(i, seed & 1 ? 1 : 500 * US);
		pm_run(pm.now + pm_random_between(0, 3 * MS) / (500 * US) * (500 * US));
	}
	pm_run(pm.now + 200 * MS);
	HOST_CHECK(compared > 200);
	pm.settled = NULL;
	pm_end();
}

static void test_decisions_match_the_definition(void **state)
{
	for (u64 seed = 1; seed <= 150; seed++)
		run(matches, seed);
}

/* No unit waits while a CPU that it may use idles or runs a unit of lower priority. */
static void check_placement(void)
{
	update_reference();
	for (u32 i = 0; i < pm.nr_units; i++) {
		struct key k, other;
		u32 cpu;

		if (!wants(i, &k)) {
			HOST_CHECK(!on_a_cpu(pm.unit[i]));
			continue;
		}
		if (on_a_cpu(pm.unit[i]))
			continue;
		cpumask_for_each(cpu, &pm.s.cpus) {
			if (!cpumask_test(&pm.unit[i]->u.hard, cpu))
				continue;
			HOST_CHECK(pm.cpu[cpu].curr);
			wants(pm.cpu[cpu].curr->u.id, &other);
			HOST_CHECK(compare(&k, &other) >= 0);
		}
	}
	compared++;
}

/* Masks that always have a CPU of the instance. CPU 0 never leaves. */
static void random_mask(cpumask_t *m)
{
	cpumask_clear(m);
	for (u32 cpu = 0; cpu < pm.nr_cpus; cpu++)
		if (pm_random_below(2))
			cpumask_set(m, cpu);
	if (!cpumask_intersects(m, &pm.s.cpus))
		cpumask_set(m, 0);
}

static void random_change(void)
{
	u32 i = (u32)pm_random_below(pm.nr_units), cpu = 1 + (u32)pm_random_below(pm.nr_cpus - 1);
	struct pm_unit *pu = pm.unit[i];
	cpumask_t m;

	switch (pm_random_below(4)) {
	case 0:
		random_mask(&m);
		pm_set_hard(pu, &m);
		return;
	case 1:
		ref[i].extra = !ref[i].extra;
		pm_set_params(pu, ref[i].period, ref[i].budget, ref[i].extra);
		return;
	case 2:
		if (!cpumask_test(&pm.s.cpus, cpu)) {
			pm_cpu_join(cpu);
			return;
		}
		for (u32 j = 0; j < pm.nr_units; j++) {
			cpumask_and(&m, &pm.unit[j]->u.hard, &pm.s.cpus);
			cpumask_unset(&m, cpu);
			if (cpumask_empty(&m)) {
				cpumask_set(&m, 0);
				pm_set_hard(pm.unit[j], &m);
			}
		}
		pm_cpu_leave(cpu);
		return;
	default:
		random_mask(&pu->u.soft);
	}
}

static void placement(void *arg)
{
	u64 seed = (uintptr_t)arg;
	u32 units = 2 + seed % 19;

	start(2 + seed % 7, seed);
	for (u32 i = 0; i < units; i++)
		random_unit(i, seed & 1 ? 1 : 500 * US);
	pm.settled = check_placement;
	for (u32 i = 0; i < 300; i++) {
		pm_run(pm.now + pm_random_between(0, 500 * US));
		for (u32 n = (u32)pm_random_below(4); n; n--)
			random_change();
	}
	pm.settled = NULL;
	pm_end();
}

static void test_affinities_and_cpus_change(void **state)
{
	for (u64 seed = 1; seed <= 150; seed++)
		run(placement, seed);
}

static u64 jobs, missed;

/* A job at the begin of each period, of the whole budget. */
static void on_release(struct pm_unit *pu)
{
	missed += pu->work > 0;
	jobs++;
	pu->wake_at += pu->period;
	pm_wake(pu, pu->cost);
}

/*
 * Units with an utilisation of at most @u each, and @total together. (In budgets of whole ns, so
 * that the sum stays below.)
 */
static void task_set(double u, double total)
{
	while (total > 0.001 && pm.nr_units < 40) {
		double share = u * (double)(1 + pm_random_below(1000)) / 1000;
		s64 period = pm_random_between(50 * US, 9 * MS);
		s64 budget;
		struct pm_unit *pu;

		share = share < total ? share : total;
		budget = (s64)((double)period * share);
		if (budget < 10 * US)
			continue;
		total -= share;
		pm_run(pm.now + pm_random_between(0, MS));
		pu = pm_unit_new(1, pm.nr_units, NULL);
		pm_set_params(pu, period, budget, pm_random_below(2));
		pu->period = period;
		pu->cost = budget;
		pu->on_wake = on_release;
		pu->wake_at = pm.now;
	}
}

/* Where the outcome is left for the parent. */
static void deadlines(void *arg)
{
	u64 seed = (uintptr_t)arg;
	u32 cpus = 1 + seed % 16;
	double u = cpus == 1 ? 1 : 0.1 + (double)(seed % 5) / 10;

	start(cpus, seed);
	task_set(u, cpus - (cpus - 1) * u);
	while (jobs < 20000)
		pm_run(pm.now + 10 * MS);
	HOST_CHECK(missed == 0);
	pm_end();
}

static void test_no_deadline_is_missed_below_the_bound(void **state)
{
	for (u64 seed = 1; seed <= 50; seed++)
		run(deadlines, seed);
}

/* The test above can fail: beyond the bound deadlines are missed. */
static void overload(void *arg)
{
	start(2, 7);
	task_set(0.5, 2.2);
	pm_run(1 * SEC);
	HOST_CHECK(missed > 100);
	pm_end();
}

static void test_overload_is_seen(void **state)
{
	run(overload, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions_match_the_definition),
		cmocka_unit_test(test_affinities_and_cpus_change),
		cmocka_unit_test(test_no_deadline_is_missed_below_the_bound),
		cmocka_unit_test(test_overload_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
