/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rtds policy in the hypervisor's scheduler: budgets, extra time, parameters while vCPUs run,
 * CPUs that leave while units wait for their next period, and faults that such policies had.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/console.h>
#include <xen/errno.h>
#include <xen/hal/cpu.h>

#include "sched-world.h"

static void run(void (*fn)(void *arg), void *arg)
{
	const struct host_outcome *o = host_isolated(fn, arg);

	if (o->status)
		print_message("%s", o->console);
	assert_int_equal(o->status, 0);
}

static void set(struct vcpu *v, s64 period, s64 budget, bool extra)
{
	struct sched_unit_params p = { period, budget, extra };

	HOST_CHECK(sched_set_vcpu_params(v, &p) == 0);
}

/* What @v runs in the next @ns. */
static u64 runs_in(struct vcpu *v, s64 ns)
{
	u64 before = sw_ran(v);

	host_run(hal_now_ns() + ns);
	return sw_ran(v) - before;
}

static bool about(u64 got, u64 want)
{
	return got > want - want / 50 && got < want + want / 50;
}

static struct domain *spinning(u16 id, u32 vcpus)
{
	struct domain *d = sw_domain(id, vcpus);

	for (u32 i = 0; i < vcpus; i++)
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	return d;
}

static void budgets(void *arg)
{
	struct domain *d;
	u64 both;

	sw_start(1, 1, "sched=rtds");
	d = spinning(1, 3);
	HOST_CHECK(sched_id(d) == XEN_SCHEDULER_RTDS);
	/* Extra time is the default, so an only vCPU has all; of three, those with it share. */
	vcpu_pause(d->vcpu[1]);
	vcpu_pause(d->vcpu[2]);
	HOST_CHECK(about(runs_in(d->vcpu[0], 1 * SEC), 1 * SEC));
	set(d->vcpu[0], 10 * MS, 3 * MS, false);
	host_run(hal_now_ns() + 10 * MS);
	HOST_CHECK(about(runs_in(d->vcpu[0], 1 * SEC), 300 * MS));
	set(d->vcpu[1], 5 * MS, 1 * MS, true);
	set(d->vcpu[2], 5 * MS, 1 * MS, true);
	vcpu_unpause(d->vcpu[1]);
	vcpu_unpause(d->vcpu[2]);
	HOST_CHECK(about(runs_in(d->vcpu[0], 1 * SEC), 300 * MS));
	/* Of each 5 ms at least their budget; of the rest neither more than one budget more. */
	both = sw_ran(d->vcpu[1]) + sw_ran(d->vcpu[2]);
	HOST_CHECK(runs_in(d->vcpu[1], 1 * SEC) >= 290 * MS);
	HOST_CHECK(about(sw_ran(d->vcpu[1]) + sw_ran(d->vcpu[2]) - both, 700 * MS));
	HOST_CHECK(runs_in(d->vcpu[2], 1 * SEC) >= 290 * MS);
	sw_domain_destroy(d);
}

/* A timer's handler costs its owner, and an overdrawn budget is paid back. */
static void charges(void *arg)
{
	struct scheduler *s;
	struct domain *d;
	struct vcpu *v;
	u64 flags;

	sw_start(1, 1, "sched=rtds");
	d = spinning(1, 1);
	v = d->vcpu[0];
	s = d->sched;
	set(v, 10 * MS, 4 * MS, false);
	host_run(hal_now_ns() + 100 * MS);
	flags = spin_lock_irqsave(s->ops->cpu_lock(s, 0));
	s->ops->charge(s, &v->unit, 10 * MS, hal_now_ns());
	spin_unlock_irqrestore(s->ops->cpu_lock(s, 0), flags);
	HOST_CHECK(about(runs_in(v, 100 * MS), 30 * MS));
	HOST_CHECK(about(runs_in(v, 100 * MS), 40 * MS));
}

/* A budget of 0 is left when extra time comes and the domain is paused and goes on. */
static void extra_when_depleted(void *arg)
{
	struct domain *d;
	struct vcpu *v;

	sw_start((u64)(uintptr_t)arg, 1, "sched=rtds");
	d = spinning(1, 1);
	v = d->vcpu[0];
	set(v, 100 * MS, 10 * MS, false);
	host_run(hal_now_ns() + 10 * MS + 200 * MS);
	/* Find a moment at which it has used its budget. */
	while (v->runstate.state == RUNSTATE_running)
		host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(v->runstate.state == RUNSTATE_runnable);
	if (host_random_below(2))
		domain_pause(d);
	set(v, 100 * MS, 10 * MS, true);
	if (!READ_ONCE(d->pause_count))
		domain_pause(d);
	domain_unpause(d);
	HOST_CHECK(about(runs_in(v, 300 * MS), 300 * MS));
	/* And back: the budget of this period is used up. */
	set(v, 100 * MS, 10 * MS, false);
	HOST_CHECK(about(runs_in(v, 1 * SEC), 100 * MS));
	sw_domain_destroy(d);
}

/* A shorter period does not wait for the end of a long one, in which nothing is left. */
static void shorter_period(void *arg)
{
	struct domain *d;

	sw_start(1, 1, "sched=rtds");
	d = spinning(1, 1);
	set(d->vcpu[0], 4000 * SEC, 1 * MS, false);
	host_run(hal_now_ns() + 1 * SEC);
	HOST_CHECK(runs_in(d->vcpu[0], 1 * SEC) == 0);
	set(d->vcpu[0], 10 * MS, 5 * MS, false);
	HOST_CHECK(about(runs_in(d->vcpu[0], 1 * SEC), 500 * MS));
	/* The same when its budget grows only. */
	set(d->vcpu[0], 10 * MS, 8 * MS, false);
	host_run(hal_now_ns() + 10 * MS);
	HOST_CHECK(about(runs_in(d->vcpu[0], 1 * SEC), 800 * MS));
}

/* Each CPU leaves in turn while all units are depleted, the one that looks after them, too. */
static void cpus_leave(void *arg)
{
	struct scheduler *other;
	struct domain *d;
	int err;

	sw_start((u64)(uintptr_t)arg, 4, "sched=rtds");
	other = sched_create(&sched_rtds, 1, &err);
	HOST_CHECK(other);
	d = spinning(1, 4);
	for (u32 i = 0; i < 4; i++)
		set(d->vcpu[i], (10 + i) * MS, 1 * MS, false);
	for (u32 round = 0; round < 12; round++) {
		u32 cpu = 1 + round % 3;

		host_run(hal_now_ns() + host_random_below(20 * MS));
		for (u32 i = 0; i < 4; i++)
			while (d->vcpu[i]->runstate.state == RUNSTATE_running)
				host_run(hal_now_ns() + 100 * US);
		HOST_CHECK(sched_cpu_leave(cpu) == 0);
		for (u32 i = 0; i < 4; i++)
			HOST_CHECK(runs_in(d->vcpu[i], 50 * MS) >= 2 * MS);
		HOST_CHECK(sched_cpu_join(cpu, round & 1 ? d->sched : other) == 0);
		sched_cpu_online(cpu);
		if (round & 1)
			continue;
		host_run(hal_now_ns() + 1 * MS);
		HOST_CHECK(sched_cpu_leave(cpu) == 0 && sched_cpu_join(cpu, d->sched) == 0);
		sched_cpu_online(cpu);
	}
	sw_domain_destroy(d);
	HOST_CHECK(sched_destroy(other) == 0);
}

static void guest_sleeps(struct vcpu *v, void *arg)
{
	vcpu_block(v);
}

/* While all vCPUs sleep, no CPU has anything to do. */
static void quiet(void *arg)
{
	struct domain *d;
	u64 events;

	sw_start(1, 4, "sched=rtds");
	d = sw_domain(1, 8);
	for (u32 i = 0; i < 8; i++)
		sw_run_guest(d->vcpu[i], guest_sleeps, NULL);
	host_run(hal_now_ns() + 1 * SEC);
	events = host_log_count();
	host_run(hal_now_ns() + 10 * SEC);
	HOST_CHECK(host_log_count() - events < 10);
}

static void parameters(void *arg)
{
	static const struct sched_unit_params bad[] = {
		{ 0, 0, false }, { 10 * MS, 0, false }, { 10 * MS, 10 * MS + 1, false },
		{ 9 * US, 9 * US, false }, { 10 * MS, 9 * US, false }, { -1, -1, true },
		{ INT64_MIN, INT64_MIN, true },
	};
	struct sched_domain_params dp = { .weight = 1 };
	struct sched_global_params gp = { .ratelimit_us = 1000 };
	struct sched_unit_params up;
	struct domain *d;

	sw_start(4, 2, "sched=rtds");
	d = spinning(1, 3);
	HOST_CHECK(sched_get_domain_params(d, &dp) == -XEN_EOPNOTSUPP);
	HOST_CHECK(sched_set_domain_params(d, &dp) == -XEN_EOPNOTSUPP);
	HOST_CHECK(sched_get_global_params(d->sched, &gp) == -XEN_EOPNOTSUPP);
	HOST_CHECK(sched_set_global_params(d->sched, &gp) == -XEN_EOPNOTSUPP);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		HOST_CHECK(sched_set_vcpu_params(d->vcpu[0], &bad[i]) == -XEN_EINVAL);
	HOST_CHECK(sched_get_vcpu_params(d->vcpu[0], &up) == 0);
	HOST_CHECK(up.period_ns == 10 * MS && up.budget_ns == 4 * MS && up.extra);
	set(d->vcpu[0], UINT32_MAX * US, UINT32_MAX * US, false);
	HOST_CHECK(sched_get_vcpu_params(d->vcpu[0], &up) == 0);
	HOST_CHECK(up.period_ns == UINT32_MAX * US && up.budget_ns == up.period_ns && !up.extra);
	/* The one without a place on the two CPUs is waiting. */
	host_run(hal_now_ns() + 100 * MS);
	HOST_CHECK(keyhandler_run('r') == 0);
	host_run(hal_now_ns() + 1 * MS);
}

static void test_budgets_and_extra_time(void **state) { run(budgets, NULL); }
static void test_charges_are_paid_back(void **state) { run(charges, NULL); }
static void test_a_shorter_period_begins_at_once(void **state) { run(shorter_period, NULL); }
static void test_nothing_happens_while_all_sleep(void **state) { run(quiet, NULL); }

static void test_extra_time_when_depleted(void **state)
{
	for (uintptr_t seed = 1; seed <= 20; seed++)
		run(extra_when_depleted, (void *)seed);
}

static void test_cpus_leave(void **state)
{
	for (uintptr_t seed = 1; seed <= 10; seed++)
		run(cpus_leave, (void *)seed);
}

static void test_parameters(void **state)
{
	run(parameters, NULL);
	assert_non_null(strstr(host_result()->console, "looks after refills"));
	assert_non_null(strstr(host_result()->console, "waiting"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_budgets_and_extra_time),
		cmocka_unit_test(test_charges_are_paid_back),
		cmocka_unit_test(test_extra_time_when_depleted),
		cmocka_unit_test(test_a_shorter_period_begins_at_once),
		cmocka_unit_test(test_cpus_leave),
		cmocka_unit_test(test_nothing_happens_while_all_sleep),
		cmocka_unit_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
