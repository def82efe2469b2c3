/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arinc653 policy in virtual time, against its definition: at each instant the owner of the
 * window runs if it can. New schedules, units and domains that come and go, CPUs that leave.
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
	pm_start(&sched_arinc653, cpus, seed);
}

static void *domain(u16 id, u8 uuid)
{
	struct sched_domain_desc desc = { .domid = id, .handle = { uuid } };
	void *priv;

	HOST_CHECK(pm.s.ops->domain_init(&pm.s, &desc, &priv) == 0);
	return priv;
}

/* Windows of @nr units of the domains 1, 2, ..., which are the first bytes of their UUIDs. */
static int set_windows(s64 frame, u32 nr, const s64 *length, const u8 *uuid)
{
	struct sched_schedule sc = { .frame_ns = frame, .nr = nr };
	struct sched_global_params p = { .schedule = &sc };

	for (u32 i = 0; i < min(nr, SCHED_MAX_WINDOWS); i++) {
		sc.window[i].handle[0] = uuid[i];
		sc.window[i].length_ns = length[i];
	}
	return pm.s.ops->set_global_params(&pm.s, &p);
}

static struct pm_unit *busy(u16 id, void *dom)
{
	struct pm_unit *pu = pm_unit_new(id, 0, dom);

	pm_wake(pu, PM_BUSY);
	return pu;
}

/* Wakes and sleeps at odd times, so that decisions come at other times than windows begin. */
static void on_odd_wake(struct pm_unit *pu)
{
	if (!pu->work)
		pm_wake(pu, pm_random_between(1, 3 * MS));
	pu->wake_at = pm.now + pm_random_between(1, 2 * MS);
}

/* Some wake in the very instant in which they went to sleep. */
static void on_odd_done(struct pm_unit *pu)
{
	if (pm_random_below(2))
		pu->wake_at = pm.now;
}

/* What runs at each instant, computed from the time alone. */
static struct {
	s_time_t origin;
	s64 frame, length[8];
	struct pm_unit *owner[8];
	u32 nr;
} plan;
static u64 looks;

static void check_plan(void)
{
	s64 at = (pm.now - plan.origin) % plan.frame;
	struct pm_unit *want = NULL;
	u32 running = 0;

	for (u32 i = 0; i < plan.nr; i++) {
		if (at >= 0 && at < plan.length[i])
			want = plan.owner[i];
		at -= plan.length[i];
	}
	if (want && (!want->work || want->paused))
		want = NULL;
	for (u32 cpu = 0; cpu < pm.nr_cpus; cpu++) {
		HOST_CHECK(!pm.cpu[cpu].curr || pm.cpu[cpu].curr == want);
		running += pm.cpu[cpu].curr != NULL;
	}
	HOST_CHECK(running == (want != NULL));
	looks++;
}

static void frames(void *arg)
{
	static const u8 uuid[] = { 1, 2, 3, 1, 9, 2 };
	u64 seed = (uintptr_t)arg;
	s64 sum = 0, before[3];
	struct pm_unit *pu[3];

	start(1 + seed % 3, seed);
	for (u32 i = 0; i < 3; i++)
		pu[i] = pm_unit_new((u16)(1 + i), 0, domain((u16)(1 + i), (u8)(1 + i)));
	pm_run(pm_random_between(1, 5 * MS));
	plan.nr = ARRAY_SIZE(uuid);
	for (u32 i = 0; i < plan.nr; i++) {
		plan.length[i] = pm_random_between(10 * US, 3 * MS);
		/* There is no domain 9: its window stays idle. */
		plan.owner[i] = uuid[i] <= 3 ? pu[uuid[i] - 1] : NULL;
		sum += plan.length[i];
	}
	plan.frame = sum + (s64)pm_random_below(2) * 777777;
	plan.origin = pm.now;
	HOST_CHECK(set_windows(plan.frame, plan.nr, plan.length, uuid) == 0);
	for (u32 i = 0; i < 3; i++) {
		pu[i]->on_wake = on_odd_wake;
		pu[i]->on_done = on_odd_done;
		pu[i]->wake_at = pm.now + pm_random_between(1, 3 * MS);
	}
	pm.settled = check_plan;
	pm_run(pm.now + 1000 * plan.frame);
	HOST_CHECK(looks > 4000);

	/* Busy ones get their windows to the ns, in any whole number of frames. */
	for (u32 i = 0; i < 3; i++) {
		pm_wake(pu[i], PM_BUSY);
		before[i] = pu[i]->ran;
	}
	pm_run(pm.now + 1000 * plan.frame);
	HOST_CHECK(pu[0]->ran - before[0] == 1000 * (plan.length[0] + plan.length[3]));
	HOST_CHECK(pu[1]->ran - before[1] == 1000 * (plan.length[1] + plan.length[5]));
	HOST_CHECK(pu[2]->ran - before[2] == 1000 * plan.length[2]);
}

static void test_no_drift(void **state)
{
	for (u64 seed = 1; seed <= 20; seed++)
		run(frames, seed);
}

/* While nothing wants to run, nothing happens; a wake-up in another's window disturbs nothing. */
static void quiet(void *arg)
{
	static const s64 length[] = { 4 * MS, 4 * MS };
	static const u8 uuid[] = { 1, 2 };
	struct pm_unit *a, *b;
	u64 decisions;

	start(1, 1);
	a = pm_unit_new(1, 0, domain(1, 1));
	b = pm_unit_new(2, 0, domain(2, 2));
	HOST_CHECK(set_windows(10 * MS, 2, length, uuid) == 0);
	pm_run(1 * MS);
	decisions = pm.decisions;
	pm_run(10 * SEC);
	HOST_CHECK(pm.decisions == decisions);
	pm_wake(a, PM_BUSY);
	pm_run(10 * SEC + 1 * MS);
	HOST_CHECK(a->ran == 1 * MS);
	decisions = pm.decisions;
	for (u32 i = 0; i < 100; i++) {
		pm_wake(b, 1 * US);
		pm_pause(b);
		pm_run(pm.now + 1 * US);
		pm_unpause(b);
	}
	HOST_CHECK(pm.decisions == decisions);
	/* It runs in its window, whose begin no decision had been planned for. */
	pm_run(10 * SEC + 4 * MS + 10 * US);
	HOST_CHECK(b->ran == 10 * US && a->ran == 4 * MS);
}

static void new_schedules(void *arg)
{
	static const s64 first[] = { 2 * MS, 3 * MS }, second[] = { 1 * MS, 8 * MS };
	static const u8 uuid[] = { 1, 2 };
	struct sched_schedule sc;
	struct sched_global_params p = { .schedule = &sc };
	struct pm_unit *a, *b;

	start(1, 1);
	a = busy(1, domain(1, 1));
	b = busy(2, domain(2, 2));
	pm_run(7 * MS);
	HOST_CHECK(!a->ran && !b->ran);
	HOST_CHECK(set_windows(6 * MS, 2, first, uuid) == 0);
	pm_run(7 * MS + 60 * MS + 1 * MS);
	HOST_CHECK(a->ran == 21 * MS && b->ran == 30 * MS);
	/* In the middle of a frame, which goes on to its end; a reader sees the new one now. */
	HOST_CHECK(set_windows(10 * MS, 2, second, uuid) == 0);
	HOST_CHECK(pm.s.ops->get_global_params(&pm.s, &p) == 0);
	HOST_CHECK(sc.frame_ns == 10 * MS && sc.nr == 2 && sc.window[1].length_ns == 8 * MS);
	HOST_CHECK(sc.window[1].handle[0] == 2);
	pm_run(7 * MS + 66 * MS);
	HOST_CHECK(a->ran == 22 * MS && b->ran == 33 * MS);
	pm_run(7 * MS + 66 * MS + 100 * MS);
	HOST_CHECK(a->ran == 32 * MS && b->ran == 113 * MS);
	/* All asleep for many frames: the new schedule waits for the frame it was given in. */
	pm_pause(a);
	pm_pause(b);
	pm_run(pm.now + 1 * SEC + 4 * MS);
	HOST_CHECK(set_windows(6 * MS, 2, first, uuid) == 0);
	pm_run(pm.now + 6 * MS + 12 * MS);
	pm_unpause(a);
	pm_unpause(b);
	pm_run(pm.now + 5 * MS);
	HOST_CHECK(a->ran == 34 * MS && b->ran == 116 * MS);
}

static void bad_schedules(void *arg)
{
	s64 length[SCHED_MAX_WINDOWS + 1];
	u8 uuid[SCHED_MAX_WINDOWS + 1] = { 1 };
	struct sched_global_params none = { 0 };

	start(1, 1);
	busy(1, domain(1, 1));
	for (u32 i = 0; i < ARRAY_SIZE(length); i++)
		length[i] = 10 * US;
	HOST_CHECK(set_windows(10 * MS, 0, length, uuid) == -XEN_EINVAL);
	HOST_CHECK(set_windows(10 * MS, 65, length, uuid) == -XEN_EINVAL);
	HOST_CHECK(set_windows(640 * US, 64, length, uuid) == 0);
	HOST_CHECK(set_windows(640 * US - 1, 64, length, uuid) == -XEN_EINVAL);
	HOST_CHECK(set_windows(0, 1, length, uuid) == -XEN_EINVAL);
	HOST_CHECK(set_windows(-1, 1, length, uuid) == -XEN_EINVAL);
	HOST_CHECK(set_windows(60 * SEC, 1, length, uuid) == 0);
	HOST_CHECK(set_windows(60 * SEC + 1, 1, length, uuid) == -XEN_EINVAL);
	length[0]--;
	HOST_CHECK(set_windows(10 * MS, 1, length, uuid) == -XEN_EINVAL);
	length[0] = INT64_MAX;
	length[1] = INT64_MAX;
	HOST_CHECK(set_windows(10 * MS, 2, length, uuid) == -XEN_EINVAL);
	length[0] = INT64_MIN;
	HOST_CHECK(set_windows(10 * MS, 2, length, uuid) == -XEN_EINVAL);
	HOST_CHECK(pm.s.ops->set_global_params(&pm.s, &none) == -XEN_EINVAL);
}

/* A domain goes away inside its window, comes again, and another takes over its UUID. */
static void domains_change(void *arg)
{
	static const s64 length[] = { 5 * MS, 5 * MS };
	static const u8 uuid[] = { 1, 2 };
	static const xen_domain_handle_t one = { 1 };
	struct pm_unit *a, *b;
	void *dom;

	start(2, 1);
	a = busy(1, domain(1, 1));
	b = busy(2, domain(2, 2));
	HOST_CHECK(set_windows(10 * MS, 2, length, uuid) == 0);
	pm_run(2 * MS);
	HOST_CHECK(pm.cpu[0].curr == a);
	pm_unit_free(a);
	pm_run(4 * MS);
	HOST_CHECK(!pm.cpu[0].curr && b->ran == 0);
	pm_run(10 * MS);
	HOST_CHECK(b->ran == 5 * MS);
	pm_run(11 * MS);
	a = busy(3, domain(3, 1));
	pm_run(15 * MS);
	HOST_CHECK(a->ran == 4 * MS);
	pm_unit_free(a);
	dom = domain(4, 7);
	a = busy(4, dom);
	pm_run(30 * MS);
	HOST_CHECK(a->ran == 0);
	pm.s.ops->domain_handle(&pm.s, dom, one, pm.now);
	pm_run(40 * MS);
	HOST_CHECK(a->ran == 5 * MS && b->ran == 20 * MS);
	pm_end();
}

/* Until there is a schedule, what no toolstack made runs, 10 ms each. */
static void defaults(void *arg)
{
	static const s64 length[] = { 1 * MS };
	static const u8 uuid[] = { 5 };
	struct sched_schedule sc;
	struct sched_global_params p = { .schedule = &sc };
	struct pm_unit *pu[70], *other;
	void *boot;

	start(1, 1);
	boot = domain(0, 0);
	other = busy(1, domain(1, 5));
	HOST_CHECK(pm.s.ops->get_global_params(&pm.s, &p) == 0 && sc.nr == 0 && sc.frame_ns == 0);
	for (u32 i = 0; i < 3; i++) {
		pu[i] = pm_unit_new(0, i, boot);
		pm_wake(pu[i], PM_BUSY);
	}
	pm_run(300 * MS);
	for (u32 i = 0; i < 3; i++)
		HOST_CHECK(pu[i]->ran == 100 * MS);
	HOST_CHECK(other->ran == 0);
	HOST_CHECK(pm.s.ops->get_global_params(&pm.s, &p) == 0);
	HOST_CHECK(sc.nr == 3 && sc.frame_ns == 30 * MS && sc.window[2].unit_id == 2);
	/* One goes; more come than there are windows for. */
	pm_unit_free(pu[0]);
	pm_run(340 * MS);
	HOST_CHECK(pu[1]->ran == 120 * MS && pu[2]->ran == 120 * MS);
	for (u32 i = 3; i < 70; i++) {
		pu[i] = pm_unit_new(0, i, boot);
		pm_wake(pu[i], PM_BUSY);
	}
	pm_run(340 * MS + 640 * MS);
	HOST_CHECK(pu[1]->ran == 130 * MS && pu[64]->ran == 10 * MS && pu[65]->ran == 0);
	HOST_CHECK(set_windows(2 * MS, 1, length, uuid) == 0);
	pm_run(980 * MS + 640 * MS);
	HOST_CHECK(other->ran == 0);
	pm_run(1620 * MS + 20 * MS);
	HOST_CHECK(other->ran == 10 * MS && pu[2]->ran == 140 * MS);
	pm_end();
}

/* The CPU that runs the schedule leaves in the middle of windows, and all leave. */
static void cpus_leave(void *arg)
{
	static const s64 length[] = { 2 * MS, 3 * MS };
	static const u8 uuid[] = { 1, 2 };
	struct pm_unit *a, *b;
	cpumask_t m;
	s64 ran;

	start(3, (uintptr_t)arg);
	a = busy(1, domain(1, 1));
	b = busy(2, domain(2, 2));
	HOST_CHECK(set_windows(5 * MS, 2, length, uuid) == 0);
	for (u32 i = 0; i < 30; i++) {
		u32 cpu = i % 3;

		pm_run((i + 1) * 11 * MS);
		pm_cpu_leave(cpu);
		pm_run(pm.now + pm_random_between(0, MS));
		pm_cpu_join(cpu);
	}
	pm_run(500 * MS);
	HOST_CHECK(a->ran == 200 * MS && b->ran == 300 * MS);
	/* A unit that may not use that CPU leaves its window idle. */
	cpumask_clear(&m);
	for (u32 cpu = 0; cpu < 3; cpu++)
		if (pm.cpu[cpu].curr != a)
			cpumask_set(&m, cpu);
	HOST_CHECK(cpumask_weight(&m) == 2);
	pm_set_hard(a, &m);
	ran = b->ran;
	pm_run(600 * MS);
	HOST_CHECK(a->ran == 200 * MS && b->ran - ran == 60 * MS);
	pm_end();
}

/* CPUs leave and join, units are paused, all at random times; the plan holds at each instant. */
static void storm(void *arg)
{
	static const u8 uuid[] = { 1, 2, 3, 4 };
	u32 here = 3;

	start(here, (uintptr_t)arg);
	plan.nr = 4;
	for (u32 i = 0; i < 4; i++) {
		plan.owner[i] = pm_unit_new((u16)(1 + i), 0, domain((u16)(1 + i), (u8)(1 + i)));
		plan.owner[i]->on_wake = on_odd_wake;
		plan.owner[i]->on_done = on_odd_done;
		plan.owner[i]->wake_at = 1;
		plan.length[i] = pm_random_between(50 * US, 500 * US);
		plan.frame += plan.length[i];
	}
	HOST_CHECK(set_windows(plan.frame, 4, plan.length, uuid) == 0);
	pm.settled = check_plan;
	for (u32 i = 0; i < 1000; i++) {
		u32 cpu = (u32)pm_random_below(3);
		struct pm_unit *pu = plan.owner[pm_random_below(4)];

		pm_run(pm.now + pm_random_between(0, 300 * US));
		if (pu->paused)
			pm_unpause(pu);
		else if (pm_random_below(2))
			pm_pause(pu);
		if (!cpumask_test(&pm.s.cpus, cpu)) {
			pm_cpu_join(cpu);
			here++;
		} else if (here > 1) {
			pm_cpu_leave(cpu);
			here--;
		}
	}
	pm.settled = NULL;
	pm_end();
}

static void test_storms(void **state)
{
	for (u64 seed = 1; seed <= 30; seed++)
		run(storm, seed);
}

static void test_quiet(void **state) { run(quiet, 1); }
static void test_new_schedules(void **state) { run(new_schedules, 1); }
static void test_bad_schedules(void **state) { run(bad_schedules, 1); }
static void test_domains_change(void **state) { run(domains_change, 1); }
static void test_defaults(void **state) { run(defaults, 1); }

static void test_cpus_leave(void **state)
{
	for (u64 seed = 1; seed <= 20; seed++)
		run(cpus_leave, seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_drift),
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_new_schedules),
		cmocka_unit_test(test_bad_schedules),
		cmocka_unit_test(test_domains_change),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_cpus_leave),
		cmocka_unit_test(test_storms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
