/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequences about CPU pools and hot-plug in which published schedulers failed: each is played to
 * every policy. (Failed creations and moves: test-sched-pools.c. Everything at random:
 * test-sched-churn.c.)
 */
#include "unit.h"

#include <xen/errno.h>
#include <xen/format.h>
#include <xen/hal/cpu.h>

#include "sched-world.h"

#define CPUS 6

struct setting {
	u64 seed;
	const struct sched_policy *policy;
};

static const struct setting *set;

static void begin(void *arg)
{
	char cmdline[48];

	set = arg;
	scnprintf(cmdline, sizeof(cmdline), "sched=%s", set->policy->name);
	sw_start(set->seed, CPUS, cmdline);
	cpus_settle_at_boot();
}

static void play(void (*fn)(void *arg))
{
	for (u32 n = 0; n < sw_nr_policies(); n++) {
		for (u64 seed = 1; seed <= 8; seed++) {
			struct setting s = { seed, sw_policy(n) };
			const struct host_outcome *o = host_isolated(fn, &s);

			if (o->status)
				fail_msg("%s, seed %lu, status %#x: %s", s.policy->name,
					 (unsigned long)seed, o->status, o->console);
		}
	}
}

static void add_cpu(struct scheduler *s, u32 cpu)
{
	HOST_CHECK(sched_cpu_join(cpu, s) == 0);
	sched_cpu_online(cpu);
}

static void move_cpu(struct scheduler *s, u32 cpu)
{
	HOST_CHECK(sched_cpu_leave(cpu) == 0);
	add_cpu(s, cpu);
}

static struct scheduler *pool_with(u32 cpu)
{
	int err;
	struct scheduler *s = sched_create(set->policy, SCHED_POOL_ANY, &err);

	HOST_CHECK(s);
	move_cpu(s, cpu);
	return s;
}

static void guest_counts(struct vcpu *v, void *arg)
{
	++*(u32 *)arg;
	host_guest_compute(v, 50 * US + host_random_below(300 * US));
	if (!host_random_below(3))
		vcpu_yield(v);
}

static void run_for(s64 ns)
{
	host_run(hal_now_ns() + ns);
}

/*
 * The CPU that keeps the time of replenishments leaves: another must take that over. Each vCPU
 * gets its budget in each period, whichever CPU is missing.
 */
static void keeper_leaves(void *arg)
{
	struct sched_unit_params p = { .period_ns = 10 * MS, .budget_ns = 2 * MS };
	struct domain *d;
	u64 ran[2];

	begin(arg);
	if (set->policy != &sched_rtds)
		return;
	d = sw_domain(1, 2);
	for (u32 i = 0; i < 2; i++) {
		HOST_CHECK(sched_set_vcpu_params(d->vcpu[i], &p) == 0);
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	}
	for (u32 turn = 0; turn < 30; turn++) {
		u32 cpu = turn % CPUS;

		/* At any phase, also while all units are depleted. */
		run_for(host_random_below(10 * MS));
		HOST_CHECK(sched_cpu_leave(cpu) == 0);
		for (u32 i = 0; i < 2; i++)
			ran[i] = sw_ran(d->vcpu[i]);
		run_for(100 * MS);
		for (u32 i = 0; i < 2; i++) {
			u64 got = sw_ran(d->vcpu[i]) - ran[i];

			HOST_CHECK(got > 17 * MS && got < 23 * MS);
		}
		if (cpu && turn % 2)
			HOST_CHECK(cpu_offline(cpu) == 0 && cpu_online(cpu) == 0);
		else
			add_cpu(sched_pool(0), cpu);
	}
}

static void test_keeper_leaves(void **state)
{
	play(keeper_leaves);
}

/* A decision is due on the CPU at the very time that it is removed, again and again. */
static void tick_during_removal(void *arg)
{
	struct domain *d;
	u32 work = 0;

	begin(arg);
	d = sw_domain(1, 2 * CPUS);
	for (u32 i = 0; i < 2 * CPUS; i++)
		sw_run_guest(d->vcpu[i], guest_counts, &work);
	for (u32 i = 0; i < 100; i++) {
		u32 cpu = host_random_below(CPUS);

		for (u32 n = host_random_below(4); n; n--)
			sched_tickle(sched_pool(0), cpu);
		HOST_CHECK(sched_cpu_leave(cpu) == 0);
		sched_tickle(sched_pool(0), cpu);
		run_for(host_random_below(500 * US));
		add_cpu(sched_pool(0), cpu);
		run_for(host_random_below(500 * US));
	}
	HOST_CHECK(work > 100);
}

static void test_tick_during_removal(void **state)
{
	play(tick_during_removal);
}

/* A vCPU wakes, a CPU is told, and leaves before it decides: another must take the vCPU. */
static void told_cpu_leaves(void *arg)
{
	begin(arg);
	for (u32 i = 0; i < 30; i++) {
		struct domain *d = sw_domain(1, 1);
		u32 work = 0, cpu = 1 + i % (CPUS - 1);
		char mask[8];

		scnprintf(mask, sizeof(mask), "%u", cpu);
		sw_set_soft(d->vcpu[0], mask);
		sw_run_guest(d->vcpu[0], guest_counts, &work);
		HOST_CHECK(sched_cpu_leave(cpu) == 0);
		run_for(2 * MS);
		HOST_CHECK(work);
		sw_domain_destroy(d);
		add_cpu(sched_pool(0), cpu);
		run_for(100 * US);
	}
}

static void test_told_cpu_leaves(void **state)
{
	play(told_cpu_leaves);
}

/* Pools come and go while their CPUs have timers armed for the decisions of the former pool. */
static void pools_in_a_loop(void *arg)
{
	struct scheduler *s;
	struct domain *d;
	u32 work = 0, before;

	begin(arg);
	for (u32 i = 0; i < 60; i++) {
		s = pool_with(3);
		d = sw_domain_in(1, 2, s);
		sw_run_guest(d->vcpu[0], guest_counts, &work);
		sw_run_guest(d->vcpu[1], guest_counts, &work);
		before = work;
		run_for(1 * MS + host_random_below(1 * MS));
		HOST_CHECK(work > before);
		if (host_random_below(2))
			HOST_CHECK(sched_move_domain(d, sched_pool(0)) == 0);
		sw_domain_destroy(d);
		HOST_CHECK(sched_cpu_leave(3) == 0 && sched_destroy(s) == 0);
		if (host_random_below(2))
			run_for(host_random_below(20 * MS));
		add_cpu(sched_pool(0), 3);
	}
	run_for(100 * MS);
}

static void test_pools_in_a_loop(void **state)
{
	play(pools_in_a_loop);
}

/* Four pools with a domain in each; one domain after the other is destroyed and made again. */
static void four_pools(void *arg)
{
	struct scheduler *s[4];
	struct domain *d[4];
	u32 work[4] = { 0 }, before[4];

	begin(arg);
	for (u32 i = 0; i < 4; i++) {
		s[i] = pool_with(1 + i);
		d[i] = sw_domain_in((u16)(1 + i), 1, s[i]);
		sw_run_guest(d[i]->vcpu[0], guest_counts, &work[i]);
	}
	for (u32 turn = 0; turn < 80; turn++) {
		u32 i = host_random_below(4), to = host_random_below(4);

		sw_domain_destroy(d[i]);
		run_for(host_random_below(200 * US));
		d[i] = sw_domain_in((u16)(1 + i), 1, s[i]);
		sw_run_guest(d[i]->vcpu[0], guest_counts, &work[i]);
		if (to != i) {
			/* A visit, in which the vCPU waits for another. */
			HOST_CHECK(sched_move_domain(d[i], s[to]) == 0);
			run_for(host_random_below(200 * US));
			HOST_CHECK(sched_move_domain(d[i], s[i]) == 0);
		}
		memcpy(before, work, sizeof(work));
		run_for(2 * MS);
		for (u32 n = 0; n < 4; n++)
			HOST_CHECK(work[n] > before[n]);
	}
	for (u32 i = 0; i < 4; i++) {
		sw_domain_destroy(d[i]);
		move_cpu(sched_pool(0), 1 + i);
		HOST_CHECK(sched_destroy(s[i]) == 0);
	}
}

static void test_four_pools(void **state)
{
	play(four_pools);
}

/* All CPUs but one go off and come on again; afterwards as much work is done as before. */
static void off_and_on(void *arg)
{
	struct domain *d;

	begin(arg);
	d = sw_domain(1, CPUS);
	for (u32 i = 0; i < CPUS; i++)
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	run_for(50 * MS);
	for (u32 turn = 0; turn < 5; turn++) {
		u64 ran = 0;

		for (u32 cpu = 1; cpu < CPUS; cpu++) {
			HOST_CHECK(cpu_offline(cpu) == 0);
			run_for(host_random_below(300 * US));
		}
		run_for(5 * MS);
		for (u32 cpu = 1; cpu < CPUS; cpu++) {
			HOST_CHECK(cpu_online(cpu) == 0);
			run_for(host_random_below(300 * US));
		}
		/* All CPUs are busy again soon, one vCPU on each. */
		run_for(60 * MS);
		for (u32 i = 0; i < CPUS; i++)
			ran -= sw_ran(d->vcpu[i]);
		run_for(20 * MS);
		for (u32 i = 0; i < CPUS; i++)
			ran += sw_ran(d->vcpu[i]);
		HOST_CHECK(ran > CPUS * 19 * MS);
	}
}

static void test_off_and_on(void **state)
{
	play(off_and_on);
}

/* A frame of two windows, of which the domain with the number @uuid has the longer one. */
static void set_frame(struct scheduler *s, u8 uuid, s64 frame)
{
	struct sched_schedule sc = { .frame_ns = frame, .nr = 2 };
	struct sched_global_params p = { .schedule = &sc };

	sc.window[0].handle[0] = uuid;
	sc.window[0].length_ns = frame / 4 * 3;
	sc.window[1].handle[0] = (u8)(uuid + 1);
	sc.window[1].length_ns = frame / 4;
	HOST_CHECK(sched_set_global_params(s, &p) == 0);
}

/* Two pools of arinc653 have frames of their own: a change of one leaves the other alone. */
static void two_frames(void *arg)
{
	struct scheduler *s[2];
	struct domain *d[2][2];
	u64 ran[2][2];

	begin(arg);
	s[0] = sched_pool(0);
	s[1] = pool_with(1);
	for (u32 pool = 0; pool < 2; pool++) {
		for (u32 i = 0; i < 2; i++) {
			d[pool][i] = sw_domain_in((u16)(1 + 2 * pool + i), 1, s[pool]);
			sw_run_guest(d[pool][i]->vcpu[0], guest_spin, NULL);
		}
		set_frame(s[pool], (u8)(1 + 2 * pool), (8 + 4 * pool) * MS);
	}
	run_for(50 * MS);
	for (u32 turn = 0; turn < 5; turn++) {
		for (u32 i = 0; i < 4; i++)
			ran[i / 2][i % 2] = sw_ran(d[i / 2][i % 2]->vcpu[0]);
		run_for(240 * MS);
		for (u32 pool = 0; pool < 2; pool++) {
			for (u32 i = 0; i < 2; i++) {
				s64 got = (s64)(sw_ran(d[pool][i]->vcpu[0]) - ran[pool][i]);
				s64 want = i ? 60 * MS : 180 * MS;

				HOST_CHECK(got > want - 2 * MS && got < want + 2 * MS);
			}
		}
		set_frame(s[turn % 2], (u8)(1 + 2 * (turn % 2)), 24 * MS);
		run_for(24 * MS);
	}
	/* So does the end of one. */
	sw_domain_destroy(d[1][0]);
	sw_domain_destroy(d[1][1]);
	move_cpu(s[0], 1);
	HOST_CHECK(sched_destroy(s[1]) == 0);
	ran[0][0] = sw_ran(d[0][0]->vcpu[0]);
	run_for(240 * MS);
	HOST_CHECK(sw_ran(d[0][0]->vcpu[0]) - ran[0][0] > 178 * MS);
}

static void test_two_frames(void **state)
{
	for (u64 seed = 1; seed <= 4; seed++) {
		struct setting s = { seed, &sched_arinc653 };
		const struct host_outcome *o = host_isolated(two_frames, &s);

		if (o->status)
			fail_msg("seed %lu, status %#x: %s", (unsigned long)seed, o->status,
				 o->console);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeper_leaves),
		cmocka_unit_test(test_tick_during_removal),
		cmocka_unit_test(test_told_cpu_leaves),
		cmocka_unit_test(test_pools_in_a_loop),
		cmocka_unit_test(test_four_pools),
		cmocka_unit_test(test_off_and_on),
		cmocka_unit_test(test_two_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
