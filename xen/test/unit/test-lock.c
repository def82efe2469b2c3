/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks: exclusion between CPUs, and that each kind of misuse is caught with both names. */
#include "unit.h"

#include <asm/host.h>
#include <xen/hal/cpu.h>
#include <xen/spinlock.h>
#include <xen/tasklet.h>

static DEFINE_SPINLOCK(outer, LOCK_RANK_DOMAIN);
static DEFINE_SPINLOCK(inner, LOCK_RANK_HEAP);
static DEFINE_SPINLOCK(inner2, LOCK_RANK_HEAP);
static struct rwlock rw;

static void boot(void)
{
	host_init(1, 2, 4UL << 20);
	rw_lock_init(&rw, "rw", LOCK_RANK_P2M);
}

static void good_order(void *arg)
{
	u64 flags;

	boot();
	spin_lock(&outer);
	read_lock(&rw);
	flags = spin_lock_irqsave(&inner);
	HOST_CHECK(!hal_irq_is_enabled());
	spin_lock_nested(&inner2);
	HOST_CHECK(spin_is_locked_by_me(&inner2));
	HOST_CHECK(!spin_trylock(&inner2));
	/* Any order of release. */
	spin_unlock(&outer);
	spin_unlock(&inner2);
	read_unlock(&rw);
	spin_unlock_irqrestore(&inner, flags);
	HOST_CHECK(hal_irq_is_enabled());
	HOST_CHECK(!spin_is_locked_by_me(&inner));
	write_lock(&rw);
	write_unlock(&rw);
	HOST_CHECK(spin_trylock(&outer));
	spin_unlock(&outer);
	/* Nothing is held any more: the outermost may be taken. */
	spin_lock(&outer);
	spin_unlock(&outer);
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

static void rw_order(void *arg)
{
	boot();
	spin_lock(&inner);
	read_lock(&rw);
}

static void after_trylock(void *arg)
{
	boot();
	spin_trylock(&inner);
	spin_lock(&outer);
}

static void twice(void *arg)
{
	struct spinlock l = SPINLOCK_INIT("unranked", LOCK_RANK_NONE);

	boot();
	spin_lock(&l);
	spin_lock(&l);
}

static void not_held(void *arg)
{
	boot();
	spin_unlock(&outer);
}

static void test_order(void **state)
{
	const struct host_outcome *o = host_isolated(good_order, NULL);

	assert_int_equal(o->status, 0);
	/* Both names are told. */
	assert_true(host_panics(wrong_order, NULL, "lock order: outer "));
	assert_true(host_panics(wrong_order, NULL, "wanted while holding inner "));
	assert_true(host_panics(equal_rank, NULL, "lock order: inner2 "));
	assert_true(host_panics(rw_order, NULL, "lock order: rw "));
	assert_true(host_panics(after_trylock, NULL, "wanted while holding inner"));
	assert_true(host_panics(twice, NULL, "unranked taken twice"));
	assert_true(host_panics(not_held, NULL, "outer released by CPU 0"));
}

/* A reader that came during the write has counted itself, and not yet seen that it must wait. */
static void late_reader(void *arg)
{
	boot();
	write_lock(&rw);
	rw.state++;
	write_unlock(&rw);
	HOST_CHECK(rw.state == 1);
	rw.state--;
	write_lock(&rw);
	write_unlock(&rw);
}

static void test_late_reader(void **state)
{
	assert_int_equal(host_isolated(late_reader, NULL)->status, 0);
}

#define CPUS 6
#define ROUNDS 300

static struct tasklet work[CPUS];
static u32 spin_value, rw_value, writers, finished;

/* A plain read, a scheduling point and a plain write: lost updates unless locked. */
static void add_slowly(u32 *v)
{
	u32 old = *v;

	hal_cpu_relax();
	*v = old + 1;
}

static void contend(void *arg)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		spin_lock(&outer);
		add_slowly(&spin_value);
		spin_unlock(&outer);
		write_lock(&rw);
		HOST_CHECK(!writers++);
		add_slowly(&rw_value);
		writers--;
		write_unlock(&rw);
		read_lock(&rw);
		HOST_CHECK(!writers);
		hal_cpu_relax();
		HOST_CHECK(!writers);
		read_unlock(&rw);
	}
	__atomic_fetch_add(&finished, 1, __ATOMIC_RELAXED);
}

static void contention(void *arg)
{
	host_init(*(u64 *)arg, CPUS, 16UL << 20);
	rw_lock_init(&rw, "rw", LOCK_RANK_P2M);
	host_start();
	for (u32 i = 0; i < CPUS; i++) {
		tasklet_init(&work[i], contend, NULL);
		tasklet_schedule_on(&work[i], i);
	}
	host_run_until_idle();
	HOST_CHECK(finished == CPUS);
	HOST_CHECK(spin_value == CPUS * ROUNDS);
	HOST_CHECK(rw_value == CPUS * ROUNDS);
}

static void test_contention(void **state)
{
	u64 seed = unit_seed();

	for (u32 i = 0; i < 5; i++, seed++)
		assert_int_equal(host_isolated(contention, &seed)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_late_reader),
		cmocka_unit_test(test_contention),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
