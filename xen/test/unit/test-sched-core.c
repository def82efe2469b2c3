/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler core with each policy: pausing, blocking, polling, runstates, and storms of all of
 * these from several CPUs at once. The host port panics when a vCPU is on two CPUs or where its
 * affinity forbids.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/console.h>
#include <xen/errno.h>
#include <xen/rcu.h>
#include <xen/hal/cpu.h>
#include <xen/hal/vcpu.h>

#include "sched-world.h"

static const char *const policies[] = {
	"sched=credit2", "sched=credit2 credit2_runqueue=cpu",
	"sched=credit2 credit2_runqueue=all sched_ratelimit_us=0", "sched=null", "sched=rtds",
	"sched=credit", "sched=credit sched_ratelimit_us=0 sched_credit_tslice_ms=1",
};

static void run(void (*fn)(void *arg), void *arg)
{
	const struct host_outcome *o = host_isolated(fn, arg);

	if (o->status && o->panicked)
		print_message("%s", o->console);
	assert_int_equal(o->status, 0);
}

static void for_each_policy(void (*fn)(void *arg))
{
	for (u32 i = 0; i < ARRAY_SIZE(policies); i++)
		run(fn, (void *)policies[i]);
}

/* Time in all states adds up to the time the vCPU has existed. */
static void check_runstate(const struct vcpu *v, s_time_t created)
{
	struct vcpu_runstate_info info;
	s64 sum = 0;

	vcpu_runstate_get(v, &info);
	for (u32 i = 0; i < 4; i++)
		sum += info.time[i];
	/* Creating it took a moment too. */
	HOST_CHECK(hal_now_ns() - created - sum >= 0 && hal_now_ns() - created - sum < 100 * US);
}

static void pausing(void *arg)
{
	struct domain *d;
	struct vcpu *v;
	s_time_t created;
	u64 ran;

	sw_start(3, 2, arg);
	created = hal_now_ns();
	d = sw_domain(1, 1);
	v = d->vcpu[0];
	HOST_CHECK(!vcpu_runnable(v));
	host_run(hal_now_ns() + 10 * MS);
	HOST_CHECK(sw_ran(v) == 0);
	sw_run_guest(v, guest_spin, NULL);
	host_run(hal_now_ns() + 10 * MS);
	HOST_CHECK(sw_ran(v) > 9 * MS);

	vcpu_pause(v);
	HOST_CHECK(!v->unit.running);
	ran = sw_ran(v);
	vcpu_pause(v);
	vcpu_unpause(v);
	host_run(hal_now_ns() + 10 * MS);
	HOST_CHECK(sw_ran(v) == ran && v->runstate.state == RUNSTATE_offline);
	vcpu_unpause(v);
	host_run(hal_now_ns() + 10 * MS);
	HOST_CHECK(sw_ran(v) > ran + 9 * MS);

	domain_pause(d);
	HOST_CHECK(!v->unit.running);
	domain_unpause(d);
	HOST_CHECK(domain_unpause_by_systemcontroller(d) == -XEN_EINVAL);
	HOST_CHECK(domain_pause_by_systemcontroller(d) == 0);
	HOST_CHECK(domain_pause_by_systemcontroller(d) == 0);
	HOST_CHECK(domain_unpause_by_systemcontroller(d) == 0);
	HOST_CHECK(!v->unit.running && !vcpu_runnable(v));
	HOST_CHECK(domain_unpause_by_systemcontroller(d) == 0);
	HOST_CHECK(vcpu_runnable(v));
	check_runstate(v, created);
	sw_domain_destroy(d);
	HOST_CHECK(host_run_until_idle() == HOST_STOP_IDLE);
	HOST_CHECK(is_idle_vcpu(host_cpu_current(0)) && is_idle_vcpu(host_cpu_current(1)));
}

static void test_pausing(void **state)
{
	for_each_policy(pausing);
}

static void guest_blocks(struct vcpu *v, void *arg)
{
	/* Events may come between the last upcall and the block. */
	hal_cpu_relax();
	vcpu_block(v);
}

static void blocking(void *arg)
{
	struct domain *d;
	struct vcpu *v;
	s_time_t t;

	sw_start(5, 2, arg);
	d = sw_domain(1, 1);
	v = d->vcpu[0];
	sw_run_guest(v, guest_blocks, NULL);
	HOST_CHECK(host_run_until_idle() == HOST_STOP_IDLE);
	HOST_CHECK(v->runstate.state == RUNSTATE_blocked && !v->unit.running);
	for (u32 i = 1; i <= 500; i++) {
		/* An event comes at a random point between running, blocking and waking. */
		for (u32 n = host_random_below(40); n; n--)
			hal_cpu_relax();
		hal_vcpu_event_notify(v);
		if (i % 10)
			continue;
		/* Every event was seen: none is left and the vCPU sleeps. */
		HOST_CHECK(host_run_until_idle() == HOST_STOP_IDLE);
		HOST_CHECK(!hal_vcpu_has_pending(v));
		HOST_CHECK(v->runstate.state == RUNSTATE_blocked);
	}
	HOST_CHECK(host_guest_upcalls(v) >= 50);
	/* Paused while blocked and woken while paused: runs after the unpause only. */
	vcpu_pause(v);
	hal_vcpu_event_notify(v);
	host_run_until_idle();
	HOST_CHECK(hal_vcpu_has_pending(v) && v->runstate.state == RUNSTATE_offline);
	t = hal_now_ns();
	vcpu_unpause(v);
	host_run_until_idle();
	HOST_CHECK(!hal_vcpu_has_pending(v) && host_guest_entered(v) > t);
}

static void test_no_wakeup_is_lost(void **state)
{
	for_each_policy(blocking);
}

static u32 rcu_done;

static void rcu_fn(struct rcu_head *head)
{
	rcu_done++;
}

/* CPUs on their way to idle notice the grace period that they end. */
static void idle_rcu(void *arg)
{
	static struct rcu_head head[2000];
	struct domain *d;

	sw_start(41, 3, arg);
	d = sw_domain(1, 3);
	for (u32 i = 0; i < 3; i++)
		sw_run_guest(d->vcpu[i], guest_blocks, NULL);
	for (u32 i = 0; i < ARRAY_SIZE(head); i++) {
		hal_vcpu_event_notify(d->vcpu[host_random_below(3)]);
		for (u32 n = host_random_below(60); n; n--)
			hal_cpu_relax();
		call_rcu(&head[i], rcu_fn);
		if (host_random_below(3))
			continue;
		HOST_CHECK(host_run_until_idle() == HOST_STOP_IDLE);
		HOST_CHECK(rcu_done == i + 1);
	}
}

static void test_idle_ends_grace_periods(void **state)
{
	for_each_policy(idle_rcu);
}

/* Its event comes as soon as the poll has looked at a port. As evtchn/send.c does, it wakes the
 * vCPU if that polls by now. */
static struct vcpu *event_follows;

bool evtchn_port_pending(struct domain *d, u32 port)
{
	struct vcpu *v = event_follows;

	event_follows = NULL;
	if (v && READ_ONCE(v->poll_evtchn))
		vcpu_unblock(v);
	return false;
}

static s_time_t poll_until;
static u32 polls;

static void guest_polls(struct vcpu *v, void *arg)
{
	evtchn_port_t ports[2] = { 3, 4 }, bad = 64;

	HOST_CHECK(vcpu_poll(v, 1, &bad, 0) == -XEN_EINVAL);
	HOST_CHECK(vcpu_poll(v, 2, ports, poll_until) == 0);
	polls++;
}

static void polling(void *arg)
{
	struct domain *d;
	struct vcpu *v;
	s_time_t t;

	sw_start(7, 2, arg);
	d = sw_domain(1, 1);
	v = d->vcpu[0];
	t = poll_until = hal_now_ns() + 5 * MS;
	sw_run_guest(v, guest_polls, NULL);
	host_run(hal_now_ns() + 4 * MS);
	HOST_CHECK(polls == 1 && v->runstate.state == RUNSTATE_blocked);
	HOST_CHECK(v->poll_evtchn == ~0U);
	poll_until = 0;
	host_run(hal_now_ns() + 2 * MS);
	HOST_CHECK(polls == 2 && host_guest_entered(v) - t < 20 * US && host_guest_entered(v) >= t);
	/* A poll without a timeout waits until an event comes. */
	HOST_CHECK(host_run_until_idle() == HOST_STOP_IDLE);
	HOST_CHECK(polls == 2);
	vcpu_unblock(v);
	host_run_until_idle();
	HOST_CHECK(polls == 3 && (v->pause_flags & VPF_POLL));
	/* An event that comes while the poll begins ends it: the guest polls once more. */
	event_follows = v;
	vcpu_unblock(v);
	host_run_until_idle();
	HOST_CHECK(polls == 5 && (v->pause_flags & VPF_POLL));
}

static void test_polling(void **state)
{
	for_each_policy(polling);
}

static void affinity(void *arg)
{
	struct domain *d;
	cpumask_t m;

	sw_start(7, 4, arg);
	d = sw_domain(1, 1);
	cpumask_clear(&m);
	HOST_CHECK(vcpu_set_affinity(d->vcpu[0], &m, NULL) == -XEN_EINVAL);
	HOST_CHECK(vcpu_set_affinity(d->vcpu[0], NULL, &m) == -XEN_EINVAL);
	cpumask_set(&m, 4);
	HOST_CHECK(vcpu_set_affinity(d->vcpu[0], &m, NULL) == -XEN_EINVAL);
	sw_run_guest(d->vcpu[0], guest_spin, NULL);
	for (u32 i = 0; i < 60; i++) {
		u32 cpu = host_random_below(4);

		cpumask_clear(&m);
		cpumask_set(&m, cpu);
		HOST_CHECK(vcpu_set_affinity(d->vcpu[0], &m, NULL) == 0);
		host_run(hal_now_ns() + 100 * US);
		HOST_CHECK(host_cpu_current(cpu) == d->vcpu[0]);
		HOST_CHECK(d->vcpu[0]->unit.cpu == cpu);
	}
}

static void test_affinity_moves(void **state)
{
	for_each_policy(affinity);
}

/* ---- storms ---- */

#define STORM_DOMAINS 3
#define STORM_VCPUS 4

struct storm {
	const char *cmdline;
	u32 cpus;
	u64 seed;
};

static struct domain *doms[STORM_DOMAINS];

static struct vcpu *any_vcpu(void)
{
	return doms[host_random_below(STORM_DOMAINS)]->vcpu[host_random_below(STORM_VCPUS)];
}

static void random_affinity(struct vcpu *v, u32 cpus)
{
	cpumask_t hard, soft;

	cpumask_clear(&hard);
	cpumask_clear(&soft);
	cpumask_set(&hard, host_random_below(cpus));
	cpumask_set(&soft, host_random_below(cpus));
	for (u32 cpu = 0; cpu < cpus; cpu++)
		if (host_random_below(2))
			cpumask_set(host_random_below(2) ? &hard : &soft, cpu);
	HOST_CHECK(vcpu_set_affinity(v, &hard, &soft) == 0);
}

static void guest_storm(struct vcpu *v, void *arg)
{
	struct storm *st = arg;

	switch (host_random_below(9)) {
	case 0:
		vcpu_yield(v);
		break;
	case 1:
		hal_cpu_relax();
		vcpu_block(v);
		break;
	case 4:
		random_affinity(any_vcpu(), st->cpus);
		break;
	case 2:
		hal_vcpu_event_notify(any_vcpu());
		break;
	case 3:
		vcpu_poll(v, 0, NULL, hal_now_ns() + 1 + host_random_below(200 * US));
		break;
	default:
		host_guest_compute(v, 1 + host_random_below(500 * US));
	}
}

/* Of the vCPUs' equal periods. */
static void set_budget(struct vcpu *v, s64 budget)
{
	struct sched_unit_params p = { 12 * MS, budget, host_random_below(2) };

	HOST_CHECK(sched_set_vcpu_params(v, &p) == 0);
}

static void storm_step(struct storm *st, u32 *paused)
{
	struct vcpu *v = any_vcpu();
	u32 slot = (v->domain->id - 1) * STORM_VCPUS + v->id;

	switch (host_random_below(7)) {
	case 0:
		vcpu_pause(v);
		HOST_CHECK(!v->unit.running && !vcpu_runnable(v));
		paused[slot]++;
		break;
	case 1:
		vcpu_pause_nosync(v);
		paused[slot]++;
		break;
	case 2:
		random_affinity(v, st->cpus);
		break;
	case 3:
		vcpu_unblock(v);
		break;
	case 4:
		domain_pause(v->domain);
		for (u32 i = 0; i < STORM_VCPUS; i++)
			HOST_CHECK(!v->domain->vcpu[i]->unit.running);
		host_run(hal_now_ns() + host_random_below(50 * US));
		domain_unpause(v->domain);
		break;
	case 5:
		if (sched_id(v->domain) == XEN_SCHEDULER_CREDIT2)
			sw_set_params(v->domain, 1 + host_random_below(1000),
				      host_random_below(3) * 40);
		if (sched_id(v->domain) == XEN_SCHEDULER_RTDS)
			set_budget(v, 10 * US + host_random_below(1 * MS));
		break;
	default:
		host_run(hal_now_ns() + host_random_below(300 * US));
	}
	if (paused[slot] && host_random_below(2)) {
		paused[slot]--;
		vcpu_unpause(v);
	}
}

/* After all are unpaused each vCPU runs again, unless the policy has no CPU for it. */
static void storm_ends(struct storm *st, u32 *paused)
{
	bool is_null = sched_id(doms[0]) == XEN_SCHEDULER_NULL;
	u64 before[STORM_DOMAINS * STORM_VCPUS];
	cpumask_t all;
	u32 ran = 0;

	cpumask_setall(&all);
	/* First the guests stop changing each other. */
	for (u32 s = 0; s < STORM_DOMAINS * STORM_VCPUS; s++)
		host_guest_set(doms[s / STORM_VCPUS]->vcpu[s % STORM_VCPUS], guest_spin, NULL);
	host_run(hal_now_ns() + 1 * MS);
	for (u32 s = 0; s < STORM_DOMAINS * STORM_VCPUS; s++) {
		struct vcpu *v = doms[s / STORM_VCPUS]->vcpu[s % STORM_VCPUS];

		if (sched_id(v->domain) == XEN_SCHEDULER_CREDIT2)
			sw_set_params(v->domain, 256, 0);
		if (sched_id(v->domain) == XEN_SCHEDULER_RTDS)
			/* Enough for the bound below, and little enough to be guaranteed. */
			set_budget(v, min(st->cpus, 12U) * 600 * US);
		HOST_CHECK(vcpu_set_affinity(v, &all, &all) == 0);
		while (paused[s]) {
			paused[s]--;
			vcpu_unpause(v);
		}
		vcpu_unblock(v);
		before[s] = sw_ran(v);
	}
	host_run(hal_now_ns() + 2 * SEC);
	for (u32 s = 0; s < STORM_DOMAINS * STORM_VCPUS; s++) {
		struct vcpu *v = doms[s / STORM_VCPUS]->vcpu[s % STORM_VCPUS];
		u64 got = sw_ran(v) - before[s];

		HOST_CHECK(vcpu_runnable(v));
		ran += got > 0;
		/* Fair: at least half of an equal share. */
		if (!is_null)
			HOST_CHECK(got > 1000ULL * MS * min(st->cpus, 12U) / 12);
	}
	HOST_CHECK(ran == (is_null ? min(st->cpus, 12U) : 12U));
}

static void storm(void *arg)
{
	struct storm *st = arg;
	u32 paused[STORM_DOMAINS * STORM_VCPUS] = { 0 };
	s_time_t created;

	sw_start(st->seed, st->cpus, st->cmdline);
	created = hal_now_ns();
	for (u32 i = 0; i < STORM_DOMAINS; i++)
		doms[i] = sw_domain((u16)(i + 1), STORM_VCPUS);
	for (u32 i = 0; i < STORM_DOMAINS; i++) {
		for (u32 j = 0; j < STORM_VCPUS; j++)
			sw_run_guest(doms[i]->vcpu[j], guest_storm, st);
	}
	for (u32 step = 0; step < 600; step++)
		storm_step(st, paused);
	keyhandler_run('r');
	storm_ends(st, paused);
	for (u32 i = 0; i < STORM_DOMAINS; i++) {
		for (u32 j = 0; j < STORM_VCPUS; j++)
			check_runstate(doms[i]->vcpu[j], created);
		sw_domain_destroy(doms[i]);
	}
	HOST_CHECK(host_run_until_idle() == HOST_STOP_IDLE);
}

static void test_storms(void **state)
{
	static const u32 cpus[] = { 1, 2, 3, 4, 8, 16 };

	for (u32 p = 0; p < ARRAY_SIZE(policies); p++) {
		for (u32 c = 0; c < ARRAY_SIZE(cpus); c++) {
			for (u64 seed = 1; seed <= 6; seed++) {
				struct storm st = { policies[p], cpus[c], seed };

				run(storm, &st);
			}
		}
	}
}

/* The CPU that was to take a unit leaves before it decides: another one takes the unit. */
static void tickled_cpu_leaves(void *arg)
{
	struct domain *d;

	sw_start(1, 3, arg);
	d = sw_domain(1, 1);
	sw_set_soft(d->vcpu[0], "2");
	sw_run_guest(d->vcpu[0], guest_spin, NULL);
	HOST_CHECK(sched_cpu_leave(2) == 0);
	host_run(hal_now_ns() + 10 * MS);
	HOST_CHECK(sw_ran(d->vcpu[0]) > 9 * MS);
}

static void test_tickled_cpu_leaves(void **state)
{
	for_each_policy(tickled_cpu_leaves);
}

static void unknown_policy(void *arg)
{
	sw_start(1, 1, "sched=fifo");
	HOST_CHECK(sched_pool(0)->ops->id == XEN_SCHEDULER_CREDIT2);
}

static void test_unknown_policy_is_named(void **state)
{
	const struct host_outcome *o = host_isolated(unknown_policy, NULL);

	assert_int_equal(o->status, 0);
	assert_non_null(strstr(o->console, "sched=fifo is unknown (valid: credit2, "));
}

static void starts(void *arg)
{
	sw_start(1, 2, arg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pausing),
		cmocka_unit_test(test_no_wakeup_is_lost),
		cmocka_unit_test(test_idle_ends_grace_periods),
		cmocka_unit_test(test_polling),
		cmocka_unit_test(test_affinity_moves),
		cmocka_unit_test(test_storms),
		cmocka_unit_test(test_tickled_cpu_leaves),
		cmocka_unit_test(test_unknown_policy_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
