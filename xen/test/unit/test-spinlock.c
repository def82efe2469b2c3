/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks: mutual exclusion between simulated CPUs, order of service, and the rank checks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/spinlock.h>
#include <xen/tasklet.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>

#include "sched-world.h"

static DEFINE_SPINLOCK(outer, LOCK_RANK_DOMAIN);
static DEFINE_SPINLOCK(inner, LOCK_RANK_HEAP);
static DEFINE_SPINLOCK(inner2, LOCK_RANK_HEAP);
static DEFINE_SPINLOCK(loose, LOCK_RANK_NONE);
static struct rwlock rw;

static void boot(void)
{
	host_init(1, 2, 4 << 20);
	rw_lock_init(&rw, "rw", LOCK_RANK_P2M);
}

static void in_order(void *arg)
{
	boot();
	spin_lock(&outer);
	read_lock(&rw);
	spin_lock(&inner);
	spin_lock_nested(&inner2);
	spin_lock(&loose);
	HOST_CHECK(spin_is_locked_by_me(&inner) && !spin_trylock(&inner));
	/* Any order of release will do. */
	spin_unlock(&outer);
	spin_unlock(&loose);
	spin_unlock(&inner);
	spin_unlock(&inner2);
	read_unlock(&rw);
	HOST_CHECK(!spin_is_locked_by_me(&inner));
	/* Nothing is held any more, so the outermost may be taken. */
	spin_lock(&outer);
	spin_unlock(&outer);
	/* A trylock cannot deadlock, so its rank is not checked; those of later locks are. */
	spin_lock(&inner);
	HOST_CHECK(spin_trylock(&outer));
	spin_unlock(&outer);
	spin_unlock(&inner);
}

static void wrong_order(void *arg)
{
	boot();
	spin_lock(&inner);
	spin_lock(&outer);
}

static void equal_rank(void *arg)
{
	boot();
	spin_lock(&inner);
	spin_lock(&inner2);
}

static void after_trylock(void *arg)
{
	boot();
	HOST_CHECK(spin_trylock(&inner));
	spin_lock(&outer);
}

static void rw_order(void *arg)
{
	boot();
	spin_lock(&inner);
	write_lock(&rw);
}

static void twice(void *arg)
{
	boot();
	spin_lock(&loose);
	spin_lock(&loose);
}

static void not_held(void *arg)
{
	boot();
	spin_unlock(&outer);
}

static void by_another_cpu(void *arg)
{
	boot();
	spin_lock(&outer);
	host_become_cpu(1);
	spin_unlock(&outer);
}

static void test_ranks(void **state)
{
	assert_int_equal(host_isolated(in_order, NULL)->status, 0);
	assert_true(host_panics(wrong_order, NULL, "lock order: outer"));
	assert_true(host_panics(equal_rank, NULL, "lock order: inner2"));
	assert_true(host_panics(after_trylock, NULL, "lock order: outer"));
	assert_true(host_panics(rw_order, NULL, "lock order: rw"));
	assert_true(host_panics(twice, NULL, "loose taken twice"));
	assert_true(host_panics(not_held, NULL, "outer released"));
	assert_true(host_panics(by_another_cpu, NULL, "outer released"));
}

static void take_outer(void *arg)
{
	spin_lock(&outer);
	spin_unlock(&outer);
}

static void in_handler_then_open(void *arg)
{
	cpumask_t m;

	sw_start(3, 2, "");
	cpumask_clear(&m);
	cpumask_set(&m, 1);
	hal_smp_call(&m, take_outer, NULL, true);
	spin_unlock_irqrestore(&outer, spin_lock_irqsave(&outer));
	/* An interrupt handler on this CPU could now try to take the lock, and wait for ever. */
	if (arg)
		spin_lock(&outer);
}

static void test_interrupt_safety(void **state)
{
	assert_int_equal(host_isolated(in_handler_then_open, NULL)->status, 0);
	assert_true(host_panics(in_handler_then_open, "", "outer taken both in an interrupt"));
}

#define CPUS 4
#define ROUNDS 400

static u32 in_section, readers, counter, most_readers, finished;

/* On all CPUs at once, as a tasklet: interrupts are on and the others go on meanwhile. */
static void contend(void *arg)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		bool irqs = i & 1;
		u64 flags = 0;

		if (irqs)
			flags = spin_lock_irqsave(&outer);
		else
			spin_lock(&outer);
		HOST_CHECK(in_section++ == 0);
		hal_cpu_relax();
		counter++;
		HOST_CHECK(--in_section == 0);
		if (irqs)
			spin_unlock_irqrestore(&outer, flags);
		else
			spin_unlock(&outer);
		HOST_CHECK(hal_irq_is_enabled());
	}
	finished++;
}

static void contend_rw(void *arg)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		if (host_random_below(4)) {
			read_lock(&rw);
			readers++;
			most_readers = max(most_readers, readers);
			HOST_CHECK(in_section == 0);
			hal_cpu_relax();
			readers--;
			read_unlock(&rw);
		} else {
			write_lock(&rw);
			HOST_CHECK(in_section++ == 0 && readers == 0);
			hal_cpu_relax();
			counter++;
			HOST_CHECK(--in_section == 0);
			write_unlock(&rw);
		}
	}
	finished++;
}

static void on_all_cpus(void *arg)
{
	struct tasklet t[CPUS];

	sw_start(9, CPUS, "");
	rw_lock_init(&rw, "rw", LOCK_RANK_P2M);
	for (u32 cpu = 0; cpu < CPUS; cpu++) {
		tasklet_init(&t[cpu], (void (*)(void *))arg, NULL);
		tasklet_schedule_on(&t[cpu], cpu);
	}
	HOST_CHECK(host_run_until_idle() == HOST_STOP_IDLE);
	HOST_CHECK(finished == CPUS);
	host_result()->value[0] = counter;
	host_result()->value[1] = most_readers;
}

static void test_mutual_exclusion(void **state)
{
	assert_int_equal(host_isolated(on_all_cpus, (void *)contend)->status, 0);
	assert_int_equal(host_result()->value[0], CPUS * ROUNDS);
}

static void test_readers_and_writers(void **state)
{
	assert_int_equal(host_isolated(on_all_cpus, (void *)contend_rw)->status, 0);
	/* Readers do share. */
	assert_true(host_result()->value[1] > 1);
}

static u32 order[CPUS], served;

static void take_in_turn(void *arg)
{
	spin_lock(&outer);
	order[served++] = hal_smp_cpu_id();
	spin_unlock(&outer);
}

/* CPUs that wait are served in the order they came. */
static void first_come(void *arg)
{
	struct tasklet t[CPUS];

	sw_start(9, CPUS, "");
	spin_lock(&outer);
	for (u32 i = 0; i < CPUS; i++) {
		u32 cpu = (i * 3 + 1) % CPUS;
		u16 tail = READ_ONCE(outer.tail);

		tasklet_init(&t[i], take_in_turn, NULL);
		tasklet_schedule_on(&t[i], cpu);
		while (READ_ONCE(outer.tail) == tail)
			hal_cpu_relax();
	}
	spin_unlock(&outer);
	host_run_until_idle();
	HOST_CHECK(served == CPUS);
	for (u32 i = 0; i < CPUS; i++)
		HOST_CHECK(order[i] == (i * 3 + 1) % CPUS);
}

static void test_first_come_first_served(void **state)
{
	assert_int_equal(host_isolated(first_come, NULL)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranks),
		cmocka_unit_test(test_interrupt_safety),
		cmocka_unit_test(test_mutual_exclusion),
		cmocka_unit_test(test_readers_and_writers),
		cmocka_unit_test(test_first_come_first_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
