/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers: order against a sorted model, growth beyond the first heap, migration, killing. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/hal/cpu.h>
#include <xen/hal/time.h>
#include <xen/softirq.h>
#include <xen/timer.h>

#define NR 500

static struct timer timers[NR];
static s_time_t due[NR];	/* INT64_MAX: not armed */
static s_time_t last_fired;

static void fired(void *arg)
{
	u32 i = (u32)(uintptr_t)arg;

	assert_false(timer_is_active(&timers[i]));
	/* Neither early nor out of order. */
	assert_true(due[i] <= hal_now_ns());
	assert_true(due[i] >= last_fired);
	last_fired = due[i];
	due[i] = INT64_MAX;
}

static s_time_t earliest(void)
{
	s_time_t t = INT64_MAX;

	for (u32 i = 0; i < NR; i++)
		t = min(t, due[i]);
	return t;
}

static void test_model(void **state)
{
	unit_seed();
	for (u32 i = 0; i < NR; i++) {
		timer_init(&timers[i], fired, (void *)(uintptr_t)i, 0);
		due[i] = INT64_MAX;
	}
	for (u32 round = 0; round < 30000; round++) {
		u32 i = unit_random_below(NR);

		switch (unit_random_below(8)) {
		case 0:
			timer_stop(&timers[i]);
			due[i] = INT64_MAX;
			break;
		case 1:
			host_advance(unit_random_below(200000));
			last_fired = 0;
			timer_interrupt();
			softirq_run();
			/* The clock moves while handlers run: a new one may just have come due. */
			assert_true(earliest() >= hal_now_ns() - 100000);
			break;
		default:
			due[i] = hal_now_ns() + 1000 + unit_random_below(3000000);
			timer_set(&timers[i], due[i]);
			assert_true(timer_is_active(&timers[i]));
		}
		/* A stopped timer may still cause an interrupt; an armed one never lacks it. */
		assert_true(softirq_pending() || host_timer_deadline() <= earliest());
	}
	for (u32 i = 0; i < NR; i++) {
		timer_kill(&timers[i]);
		timer_set(&timers[i], 1);
		assert_false(timer_is_active(&timers[i]));
		due[i] = INT64_MAX;
	}
	timer_interrupt();
	softirq_run();
	assert_int_equal(host_timer_deadline(), INT64_MAX);
}

static void test_past_fires_at_once(void **state)
{
	last_fired = 0;
	timer_init(&timers[0], fired, NULL, 0);
	due[0] = 0;
	timer_set(&timers[0], 0);
	assert_true(softirq_pending());
	softirq_run();
	assert_int_equal(due[0], INT64_MAX);
}

/* On running CPUs: a timer that moves on, and one that is killed while others race with it. */
#define CPUS 4

static struct timer roving, victim;
static u32 hops, wrong_cpu, victim_runs;
static bool victim_inside;

static void hop(void *arg)
{
	wrong_cpu += roving.cpu != hal_smp_cpu_id();
	if (++hops < 50) {
		timer_migrate(&roving, (roving.cpu + 1) % CPUS);
		timer_set(&roving, hal_now_ns() + 1000);
	}
}

static void victim_fn(void *arg)
{
	WRITE_ONCE(victim_inside, true);
	for (u32 i = 0; i < 20; i++)
		hal_cpu_relax();
	victim_runs++;
	timer_set(&victim, hal_now_ns() + 500);
	WRITE_ONCE(victim_inside, false);
}

static void run_cpus(void *arg)
{
	host_init(*(u64 *)arg, CPUS, 16UL << 20);
	host_start();
	timer_init(&roving, hop, NULL, 0);
	timer_set(&roving, hal_now_ns() + 1000);
	timer_init(&victim, victim_fn, NULL, 2);
	timer_set(&victim, hal_now_ns() + 500);
	host_run(hal_now_ns() + 20000);
	timer_migrate(&roving, 3);
	while (!READ_ONCE(victim_inside))
		hal_cpu_relax();
	timer_kill(&victim);
	HOST_CHECK(!victim_inside);
	HOST_CHECK(!timer_is_active(&victim));
	HOST_CHECK(victim_runs);
	HOST_CHECK(host_run_until_idle() == HOST_STOP_IDLE);
	HOST_CHECK(hops == 50);
	HOST_CHECK(!wrong_cpu);
}

static void test_on_cpus(void **state)
{
	u64 seed = unit_seed();

	for (u32 i = 0; i < 10; i++, seed++)
		assert_int_equal(host_isolated(run_cpus, &seed)->status, 0);
}

static int boot(void **state)
{
	host_init(1, 1, 8UL << 20);
	timer_init_subsystem();
	return 0;
}

int main(void)
{
	const struct CMUnitTest one_cpu[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_past_fires_at_once),
	};
	const struct CMUnitTest cpus[] = { cmocka_unit_test(test_on_cpus) };

	/* First, while this process has no hypervisor yet. */
	return cmocka_run_group_tests(cpus, NULL, NULL) |
	       cmocka_run_group_tests(one_cpu, boot, NULL);
}
