/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The null policy: a CPU for each vCPU, waiting for a free one, keeping it, affinity. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/console.h>
#include <xen/errno.h>
#include <xen/hal/cpu.h>
#include <xen/hal/vcpu.h>

#include "sched-world.h"

static void run(void (*fn)(void *arg), void *arg)
{
	const struct host_outcome *o = host_isolated(fn, arg);

	if (o->status)
		print_message("%s", o->console);
	assert_int_equal(o->status, 0);
}

static void one_each(void *arg)
{
	struct domain *d;
	u64 switches, ran;

	sw_start(1, 4, "sched=null");
	d = sw_domain(1, 4);
	HOST_CHECK(sched_id(d) == XEN_SCHEDULER_NULL);
	for (u32 i = 0; i < 4; i++)
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	host_run(hal_now_ns() + 1 * MS);
	for (u32 i = 0; i < 4; i++)
		for (u32 j = 0; j < i; j++)
			HOST_CHECK(d->vcpu[i]->unit.cpu != d->vcpu[j]->unit.cpu);
	switches = host_log_count();
	ran = sw_ran(d->vcpu[0]);
	host_run(hal_now_ns() + 1 * SEC);
	HOST_CHECK(sw_ran(d->vcpu[0]) - ran > 1 * SEC - 10 * US);
	/* Nothing interrupts them: no tick, no switch; only their own steps every 5 ms. */
	HOST_CHECK(host_log_count() - switches < 4 * 200 * 4);
}

static void test_one_cpu_each(void **state)
{
	run(one_each, NULL);
}

static void guest_blocks(struct vcpu *v, void *arg)
{
	vcpu_block(v);
}

static void keeps(void *arg)
{
	struct domain *d;
	u32 cpu;

	sw_start(2, 2, "sched=null");
	d = sw_domain(1, 3);
	sw_run_guest(d->vcpu[0], guest_blocks, NULL);
	sw_run_guest(d->vcpu[1], guest_spin, NULL);
	host_run(hal_now_ns() + 1 * MS);
	sw_run_guest(d->vcpu[2], guest_spin, NULL);
	cpu = d->vcpu[0]->unit.cpu;
	for (u32 i = 0; i < 20; i++) {
		host_run(hal_now_ns() + 1 * MS);
		/* A blocked vCPU keeps its CPU: the third does not run. */
		HOST_CHECK(is_idle_vcpu(host_cpu_current(cpu)));
		HOST_CHECK(sw_ran(d->vcpu[2]) == 0);
		vcpu_unblock(d->vcpu[0]);
	}
	/* When it goes away, the waiting vCPU gets its CPU. */
	sched_vcpu_destroy(d->vcpu[0]);
	host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(host_cpu_current(cpu) == d->vcpu[2]);
	HOST_CHECK(d->vcpu[2]->runstate.state == RUNSTATE_running);
}

static void test_cpu_is_kept_while_blocked(void **state)
{
	const char *told;

	run(keeps, NULL);
	/* The console names the one vCPU that found no CPU, once. */
	told = strstr(host_result()->console, "has no CPU of its own");
	assert_non_null(told);
	assert_null(strstr(told + 1, "has no CPU of its own"));
	assert_memory_equal(told - 5, "d1v2 ", 5);
}

static void affinity(void *arg)
{
	struct domain *d;

	sw_start(3, 4, "sched=null");
	d = sw_domain(1, 4);
	sw_set_soft(d->vcpu[0], "3");
	sw_run_guest(d->vcpu[0], guest_spin, NULL);
	host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(d->vcpu[0]->unit.cpu == 3);

	/* Two vCPUs for one CPU: one waits until its affinity allows another CPU. */
	sw_set_hard(d->vcpu[1], "1");
	sw_set_hard(d->vcpu[2], "1");
	sw_run_guest(d->vcpu[1], guest_spin, NULL);
	sw_run_guest(d->vcpu[2], guest_spin, NULL);
	host_run(hal_now_ns() + 10 * MS);
	HOST_CHECK(host_cpu_current(1) == d->vcpu[1] && sw_ran(d->vcpu[2]) == 0);
	HOST_CHECK(d->vcpu[2]->runstate.state == RUNSTATE_runnable);
	sw_set_hard(d->vcpu[2], "0-1");
	host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(host_cpu_current(0) == d->vcpu[2]);

	/* Moving one away frees its CPU for the next. */
	sw_set_hard(d->vcpu[3], "1");
	sw_run_guest(d->vcpu[3], guest_spin, NULL);
	host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(sw_ran(d->vcpu[3]) == 0);
	sw_set_hard(d->vcpu[1], "2");
	host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(host_cpu_current(1) == d->vcpu[3] && host_cpu_current(2) == d->vcpu[1]);

	/* A waiting vCPU that is paused gives up its place. */
	sched_vcpu_destroy(d->vcpu[2]);
	sw_set_hard(d->vcpu[1], "3");
	host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(d->vcpu[1]->runstate.state == RUNSTATE_runnable);
	vcpu_pause(d->vcpu[1]);
	sched_vcpu_destroy(d->vcpu[0]);
	host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(is_idle_vcpu(host_cpu_current(3)));
	vcpu_unpause(d->vcpu[1]);
	host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(host_cpu_current(3) == d->vcpu[1]);
}

static void test_affinity(void **state)
{
	run(affinity, NULL);
}

/* Units that wake together each get the free CPU they prefer, whichever CPU decides first. */
static void soft_affinity(void *arg)
{
	static const char *const want[] = { "3", "2", "1", "0", "1-2" };
	struct domain *d;

	sw_start((u64)(uintptr_t)arg, 4, "sched=null");
	d = sw_domain(1, 5);
	for (u32 i = 0; i < 4; i++) {
		sw_set_soft(d->vcpu[i], want[i]);
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	}
	host_run(hal_now_ns() + 1 * MS);
	for (u32 i = 0; i < 4; i++)
		HOST_CHECK(host_cpu_current(3 - i) == d->vcpu[i]);
	/* A CPU that no unit prefers goes to the one that waits. */
	sw_set_soft(d->vcpu[4], want[4]);
	sw_run_guest(d->vcpu[4], guest_spin, NULL);
	host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(sw_ran(d->vcpu[4]) == 0);
	sched_vcpu_destroy(d->vcpu[0]);
	host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(host_cpu_current(3) == d->vcpu[4]);
}

static void test_soft_affinity(void **state)
{
	for (uintptr_t seed = 1; seed <= 40; seed++)
		run(soft_affinity, (void *)seed);
}

static u32 allocs_before_failure;

static int failing_unit_alloc(struct scheduler *s, struct sched_unit *u)
{
	return allocs_before_failure-- ? sched_null.unit_alloc(s, u) : -XEN_ENOMEM;
}

/* Domains that are never finished, or go before or while they have run, keep no CPU. */
static void failed_creation(void *arg)
{
	struct sched_policy failing = sched_null;
	struct scheduler *s;
	struct domain *d;
	int err;

	failing.unit_alloc = failing_unit_alloc;
	sw_start((u64)(uintptr_t)arg, 4, "sched=null");
	s = sched_create(&failing, 1, &err);
	for (u32 cpu = 2; cpu < 4; cpu++) {
		HOST_CHECK(sched_cpu_leave(cpu) == 0 && sched_cpu_join(cpu, s) == 0);
		sched_cpu_online(cpu);
	}
	for (u32 i = 0; i < 20; i++) {
		struct vcpu *v = hal_vcpu_alloc();

		/* The third vCPU finds no memory, after the others may have begun to run. */
		allocs_before_failure = 2;
		d = sw_domain_in(1, 2, s);
		for (u32 j = 0; j < host_random_below(3); j++)
			sw_run_guest(d->vcpu[j], guest_spin, NULL);
		host_run(hal_now_ns() + host_random_below(2) * MS);
		v->id = 2;
		v->domain = d;
		HOST_CHECK(sched_vcpu_init(v) == -XEN_ENOMEM);
		hal_vcpu_free(v);
		sw_domain_destroy(d);
	}
	allocs_before_failure = 2;
	d = sw_domain_in(1, 2, s);
	for (u32 j = 0; j < 2; j++)
		sw_run_guest(d->vcpu[j], guest_spin, NULL);
	host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(sw_ran(d->vcpu[0]) > 0 && sw_ran(d->vcpu[1]) > 0);
	sw_domain_destroy(d);
}

static void test_failed_creation_keeps_no_cpu(void **state)
{
	for (uintptr_t seed = 1; seed <= 5; seed++)
		run(failed_creation, (void *)seed);
}

static void parameters(void *arg)
{
	struct sched_domain_params p = { .weight = 1 };
	struct sched_unit_params up = { .period_ns = 1 };
	struct sched_global_params gp = { .ratelimit_us = 1000 };
	struct domain *d;

	sw_start(4, 1, "sched=null");
	d = sw_domain(1, 2);
	HOST_CHECK(sched_get_domain_params(d, &p) == -XEN_EOPNOTSUPP);
	HOST_CHECK(sched_set_domain_params(d, &p) == -XEN_EOPNOTSUPP);
	HOST_CHECK(sched_get_vcpu_params(d->vcpu[0], &up) == -XEN_EOPNOTSUPP);
	HOST_CHECK(sched_set_vcpu_params(d->vcpu[0], &up) == -XEN_EOPNOTSUPP);
	HOST_CHECK(sched_get_global_params(d->sched, &gp) == -XEN_EOPNOTSUPP);
	HOST_CHECK(sched_set_global_params(d->sched, &gp) == -XEN_EOPNOTSUPP);
	sw_run_guest(d->vcpu[0], guest_spin, NULL);
	sw_run_guest(d->vcpu[1], guest_spin, NULL);
	host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(keyhandler_run('r') == 0);
	/* A debug key runs in a tasklet of the CPU that got it. */
	host_run(hal_now_ns() + 1 * MS);
}

static void test_parameters(void **state)
{
	run(parameters, NULL);
	assert_non_null(strstr(host_result()->console, "d1v0 running"));
	assert_non_null(strstr(host_result()->console, "d1v1 waiting"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_cpu_each),
		cmocka_unit_test(test_cpu_is_kept_while_blocked),
		cmocka_unit_test(test_affinity),
		cmocka_unit_test(test_soft_affinity),
		cmocka_unit_test(test_failed_creation_keeps_no_cpu),
		cmocka_unit_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
