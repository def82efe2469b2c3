/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Softirqs and tasklets: order, fairness, other CPUs, and never twice at once. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/hal/cpu.h>
#include <xen/hal/time.h>
#include <xen/softirq.h>
#include <xen/tasklet.h>

static char order[32];
static u32 nr_order, again;

static void note(char c)
{
	order[nr_order++] = c;
}

static void timer_work(void)
{
	note('t');
	if (again) {
		again--;
		softirq_raise(SOFTIRQ_TIMER);
	}
}

static void schedule_work(void)
{
	note('s');
}

static void fn(void *arg)
{
	note(*(const char *)arg);
}

static struct tasklet self_raising;

static void raise_itself(void *arg)
{
	note('r');
	if (nr_order < 3)
		tasklet_schedule(&self_raising);
}

static void one_cpu(void *arg)
{
	struct tasklet a, b, c;

	host_init(1, 1, 4UL << 20);
	softirq_register(SOFTIRQ_TIMER, timer_work);
	softirq_register(SOFTIRQ_SCHEDULE, schedule_work);
	HOST_CHECK(!softirq_pending());
	softirq_raise(SOFTIRQ_SCHEDULE);
	softirq_raise(SOFTIRQ_TIMER);
	softirq_raise(SOFTIRQ_TIMER);
	HOST_CHECK(softirq_pending());
	again = 2;
	softirq_run();
	/* Urgent first; and one that raises itself does not starve the other. */
	HOST_CHECK(!strcmp(order, "tstt"));
	HOST_CHECK(!softirq_pending());

	memset(order, 0, sizeof(order));
	nr_order = 0;
	tasklet_init(&a, fn, "a");
	tasklet_init(&b, fn, "b");
	tasklet_init(&c, fn, "c");
	tasklet_schedule(&a);
	tasklet_schedule(&b);
	tasklet_schedule(&a);
	tasklet_schedule(&c);
	tasklet_kill(&b);
	tasklet_schedule(&b);
	softirq_run();
	HOST_CHECK(!strcmp(order, "ac"));

	memset(order, 0, sizeof(order));
	nr_order = 0;
	tasklet_init(&self_raising, raise_itself, NULL);
	tasklet_schedule(&self_raising);
	softirq_run();
	HOST_CHECK(!strcmp(order, "rrr"));
}

static void test_one_cpu(void **state)
{
	assert_int_equal(host_isolated(one_cpu, NULL)->status, 0);
}

#define CPUS 4

static struct tasklet shared, stirrer[CPUS];
static u32 inside, runs, wanted;

static void exclusive(void *arg)
{
	HOST_CHECK(!inside++);
	for (u32 i = 0; i < 5; i++)
		hal_cpu_relax();
	runs++;
	inside--;
}

static void stir(void *arg)
{
	for (u32 i = 0; i < 100; i++) {
		__atomic_fetch_add(&wanted, 1, __ATOMIC_RELAXED);
		tasklet_schedule_on(&shared, host_random_below(CPUS));
		hal_cpu_relax();
	}
}

static void many_cpus(void *arg)
{
	u32 before;

	host_init(*(u64 *)arg, CPUS, 16UL << 20);
	host_start();
	tasklet_init(&shared, exclusive, NULL);
	for (u32 i = 0; i < CPUS; i++) {
		tasklet_init(&stirrer[i], stir, NULL);
		tasklet_schedule_on(&stirrer[i], i);
	}
	host_run_until_idle();
	HOST_CHECK(wanted == 100 * CPUS);
	HOST_CHECK(runs > 0 && runs <= wanted);
	/* The last request is never lost. */
	before = runs;
	tasklet_schedule_on(&shared, 2);
	host_run_until_idle();
	HOST_CHECK(runs == before + 1);
	for (u32 i = 0; i < CPUS; i++)
		tasklet_schedule_on(&stirrer[i], i);
	host_run(hal_now_ns() + host_random_below(3000));
	tasklet_kill(&shared);
	HOST_CHECK(!inside);
	before = runs;
	host_run_until_idle();
	HOST_CHECK(runs == before);
}

static void test_many_cpus(void **state)
{
	u64 seed = unit_seed();

	for (u32 i = 0; i < 10; i++, seed++)
		assert_int_equal(host_isolated(many_cpus, &seed)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_cpu),
		cmocka_unit_test(test_many_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
