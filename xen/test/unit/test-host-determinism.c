/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulated machine: one seed, one run, to the last event; seeds differ; panics are caught. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/printk.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>

#include "sched-world.h"

struct scenario {
	u64 seed;
	u32 cpus;
	const char *cmdline;
};

static void guest_mixed(struct vcpu *v, void *arg)
{
	switch (host_random_below(4)) {
	case 0:
		vcpu_block(v);
		break;
	case 1:
		vcpu_yield(v);
		break;
	default:
		host_guest_compute(v, 1 + host_random_below(300 * US));
	}
}

static void run_mixed(void *arg)
{
	const struct scenario *sc = arg;
	struct domain *d;

	sw_start(sc->seed, sc->cpus, sc->cmdline);
	d = sw_domain(1, 2 * sc->cpus);
	for (u32 i = 0; i < d->max_vcpus; i++)
		sw_run_guest(d->vcpu[i], guest_mixed, NULL);
	for (u32 i = 0; i < 200; i++) {
		host_run(hal_now_ns() + 50 * US);
		vcpu_unblock(d->vcpu[host_random_below(d->max_vcpus)]);
	}
	for (u32 i = 0; i < 8; i++)
		host_result()->value[i] = sw_ran(d->vcpu[i % d->max_vcpus]);
}

static struct host_outcome run(struct scenario sc)
{
	const struct host_outcome *o = host_isolated(run_mixed, &sc);

	if (o->status)
		print_message("%s", o->console);
	assert_int_equal(o->status, 0);
	assert_true(o->events > 50 * sc.cpus);
	return *o;
}

static void test_same_seed_same_run(void **state)
{
	const char *const policies[] = { "sched=credit2", "sched=null", "sched=rtds",
					 "credit2_runqueue=cpu", "sched=credit" };

	for (u32 p = 0; p < ARRAY_SIZE(policies); p++) {
		for (u32 cpus = 1; cpus <= 16; cpus *= 2) {
			struct scenario sc = { 42 + cpus, cpus, policies[p] };
			struct host_outcome a = run(sc), b = run(sc);

			assert_true(a.hash == b.hash);
			assert_true(a.events == b.events);
			assert_true(a.end == b.end);
			assert_memory_equal(a.value, b.value, sizeof(a.value));
			assert_string_equal(a.console, b.console);
		}
	}
}

static void test_seeds_differ(void **state)
{
	u64 seen[12];

	for (u32 i = 0; i < 12; i++) {
		seen[i] = run((struct scenario){ i, 4, "" }).hash;
		for (u32 j = 0; j < i; j++)
			assert_true(seen[i] != seen[j]);
	}
}

static void do_panic(void *arg)
{
	host_init(1, 1, 1 << 20);
	panic("the %s broke", (const char *)arg);
}

static void do_nothing(void *arg)
{
	host_init(1, 1, 1 << 20);
}

static void test_panics_are_caught(void **state)
{
	assert_true(host_panics(do_panic, "kettle", "the kettle broke"));
	assert_int_equal(host_isolated(do_nothing, NULL)->status, 0);
	assert_false(host_result()->panicked);
}

static void count_cpu(void *arg)
{
	u32 *hits = arg;

	HOST_CHECK(hal_in_irq());
	HOST_CHECK(!hal_irq_is_enabled());
	hits[hal_smp_cpu_id()]++;
}

static void run_calls(void *arg)
{
	u32 hits[8] = { 0 };
	cpumask_t m;

	sw_start(7, 4, "");
	cpumask_clear(&m);
	cpumask_set(&m, 1);
	cpumask_set(&m, 3);
	hal_smp_call(&m, count_cpu, hits, true);
	HOST_CHECK(hits[0] == 0 && hits[1] == 1 && hits[2] == 0 && hits[3] == 1);
	/* The observer, which has number 4, may call itself too. */
	cpumask_set(&m, 4);
	hal_smp_call(&m, count_cpu, hits, true);
	HOST_CHECK(hits[1] == 2 && hits[3] == 2 && hits[4] == 1);
}

static void test_calls_between_cpus(void **state)
{
	assert_int_equal(host_isolated(run_calls, NULL)->status, 0);
}

static void tick(void *arg)
{
	u64 *fired = arg;

	*fired = (u64)hal_now_ns();
}

static void run_clock(void *arg)
{
	static u64 fired;
	struct timer t;
	s_time_t at;

	sw_start(7, 2, "");
	timer_init(&t, tick, &fired, 1);
	at = hal_now_ns() + 3 * SEC;
	timer_set(&t, at);
	HOST_CHECK(host_run(hal_now_ns() + 1 * SEC) == HOST_STOP_TIME);
	HOST_CHECK(fired == 0);
	HOST_CHECK(host_run_until_idle() == HOST_STOP_IDLE);
	HOST_CHECK((s_time_t)fired >= at && (s_time_t)fired < at + 10 * US);
}

static void test_clock_jumps_to_timers(void **state)
{
	const struct host_outcome *o = host_isolated(run_clock, NULL);

	assert_int_equal(o->status, 0);
}

static void compute_for_ever(struct vcpu *v, void *arg)
{
	host_guest_compute(v, INT64_MAX);
}

static void run_endless(void *arg)
{
	struct domain *d;
	s_time_t start;

	sw_start(7, 1, "");
	d = sw_domain(1, 1);
	sw_run_guest(d->vcpu[0], compute_for_ever, NULL);
	start = hal_now_ns();
	host_run(start + 2 * 1000 * US);
	HOST_CHECK(sw_ran(d->vcpu[0]) > 1000 * US);
	HOST_CHECK(host_guest_entered(d->vcpu[0]) < start + 500 * US);
}

static void test_endless_computing_is_one_wait(void **state)
{
	assert_int_equal(host_isolated(run_endless, NULL)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_panics_are_caught),
		cmocka_unit_test(test_calls_between_cpus),
		cmocka_unit_test(test_clock_jumps_to_timers),
		cmocka_unit_test(test_endless_computing_is_one_wait),
		cmocka_unit_test(test_same_seed_same_run),
		cmocka_unit_test(test_seeds_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
