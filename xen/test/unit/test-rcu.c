/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RCU: readers on several CPUs never see a freed object; idle CPUs do not delay others. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/hal/cpu.h>
#include <xen/rcu.h>
#include <xen/softirq.h>
#include <xen/tasklet.h>

#define CPUS 4
#define OBJECTS 100

struct object {
	struct rcu_head rcu;
	bool freed;
};

static struct object objects[OBJECTS];
static struct object *current_object;
static u32 nr_freed, reads;
static struct tasklet reader[CPUS], writer;

static void free_object(struct rcu_head *head)
{
	struct object *o = container_of(head, struct object, rcu);

	HOST_CHECK(!o->freed);
	o->freed = true;
	nr_freed++;
}

static void read_some(void *arg)
{
	struct tasklet *self = arg;
	struct object *o;

	rcu_read_lock();
	o = __atomic_load_n(&current_object, __ATOMIC_ACQUIRE);
	for (u32 i = 0; i < host_random_below(30); i++) {
		HOST_CHECK(!READ_ONCE(o->freed));
		hal_cpu_relax();
	}
	rcu_read_unlock();
	if (++reads % 200)
		tasklet_schedule(self);
}

static void replace(void *arg)
{
	struct object *old = current_object;

	if (old == &objects[OBJECTS - 1])
		return;
	__atomic_store_n(&current_object, old + 1, __ATOMIC_RELEASE);
	call_rcu(&old->rcu, free_object);
	tasklet_schedule(&writer);
}

static void run(void *arg)
{
	host_init(*(u64 *)arg, CPUS, 16UL << 20);
	host_start();
	current_object = &objects[0];
	for (u32 i = 1; i < CPUS; i++) {
		tasklet_init(&reader[i], read_some, &reader[i]);
		tasklet_schedule_on(&reader[i], i);
	}
	tasklet_init(&writer, replace, NULL);
	tasklet_schedule_on(&writer, 0);
	host_run_until_idle();
	HOST_CHECK(nr_freed == OBJECTS - 1);
	HOST_CHECK(!objects[OBJECTS - 1].freed);
}

static void test_readers(void **state)
{
	u64 seed = unit_seed();

	for (u32 i = 0; i < 10; i++, seed++)
		assert_int_equal(host_isolated(run, &seed)->status, 0);
}

/* Step by step, as one CPU after another: which CPUs a grace period waits for. */
static void waited_for(void *arg)
{
	host_init(1, 3, 4UL << 20);
	cpumask_set(&cpu_online_map, 1);
	cpumask_set(&cpu_online_map, 2);
	host_become_cpu(2);
	rcu_idle_enter();
	host_become_cpu(0);
	call_rcu(&objects[0].rcu, free_object);
	softirq_run();
	HOST_CHECK(!nr_freed);
	host_become_cpu(1);
	hal_irq_enable();
	/* CPU 2 is idle, so CPU 1 is the last one, and it runs the callbacks. */
	softirq_run();
	HOST_CHECK(nr_freed == 1);
	/* Going idle ends the grace period just as a softirq does. */
	host_become_cpu(0);
	call_rcu(&objects[1].rcu, free_object);
	softirq_run();
	host_become_cpu(1);
	rcu_idle_enter();
	rcu_idle_exit();
	softirq_run();
	HOST_CHECK(nr_freed == 2);
	/* Callbacks that arrive during a grace period wait for the next. */
	host_become_cpu(0);
	call_rcu(&objects[2].rcu, free_object);
	host_become_cpu(1);
	softirq_run();
	call_rcu(&objects[3].rcu, free_object);
	HOST_CHECK(nr_freed == 2);
	host_become_cpu(0);
	softirq_run();
	HOST_CHECK(nr_freed == 3);
	host_become_cpu(1);
	softirq_run();
	HOST_CHECK(nr_freed == 4);
}

static void test_waited_for(void **state)
{
	assert_int_equal(host_isolated(waited_for, NULL)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
