/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU pools while vCPUs run: free CPUs, a vCPU that removes its own CPU, domains that move between
 * pools, creations and moves that fail.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/format.h>
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

static void run_seeds(void (*fn)(void *arg))
{
	for (u64 seed = 1; seed <= 15; seed++) {
		const struct host_outcome *o = host_isolated(fn, &seed);

		if (o->status)
			fail_msg("seed %lu, status %#x: %s", (unsigned long)seed, o->status,
				 o->console);
	}
}

static const struct sched_policy *any_policy(void)
{
	return sw_policy(host_random_below(sw_nr_policies()));
}

static void start(void *seed)
{
	char cmdline[32];

	scnprintf(cmdline, sizeof(cmdline), "sched=%s", sw_policy((u32)*(u64 *)seed)->name);
	sw_start(*(u64 *)seed, 4, cmdline);
}

static void add_cpu(struct scheduler *s, u32 cpu)
{
	HOST_CHECK(sched_cpu_join(cpu, s) == 0);
	sched_cpu_online(cpu);
}

static struct scheduler *new_pool(const struct sched_policy *policy, u32 cpu)
{
	int err;
	struct scheduler *s = sched_create(policy, SCHED_POOL_ANY, &err);

	HOST_CHECK(s && !err);
	HOST_CHECK(sched_cpu_leave(cpu) == 0);
	add_cpu(s, cpu);
	return s;
}

static void guest_works(struct vcpu *v, void *arg)
{
	HOST_CHECK(cpumask_test(&v->unit.sched->cpus, v->unit.cpu) || v->pause_flags);
	++*(u32 *)arg;
	host_guest_compute(v, 20 * US + host_random_below(80 * US));
	if (!host_random_below(4))
		vcpu_yield(v);
}

/* A free CPU belongs to no pool, so its former pool can be destroyed. */
static void free_cpus(void *seed)
{
	struct scheduler *s;
	cpumask_t free;
	u32 work = 0;
	int err;

	start(seed);
	sw_run_guest(sw_domain(1, 2)->vcpu[0], guest_works, &work);
	for (u32 i = 0; i < 20; i++) {
		s = new_pool(any_policy(), 3);
		HOST_CHECK(s->pool_id == 1 && sched_pool_from(1) == s && !sched_pool_from(2));
		if (host_random_below(2))
			host_run(hal_now_ns() + host_random_below(50 * US));
		HOST_CHECK(sched_destroy(s) == -XEN_EBUSY);
		HOST_CHECK(sched_cpu_leave(3) == 0 && sched_cpu_leave(3) == -XEN_EINVAL);
		sched_free_cpus(&free);
		HOST_CHECK(cpumask_weight(&free) == 1 && cpumask_test(&free, 3));
		HOST_CHECK(sched_destroy(s) == 0 && !sched_pool(1));
		host_run(hal_now_ns() + host_random_below(50 * US));
		add_cpu(sched_pool(0), 3);
	}
	/* Numbers: the next after the highest, a given one, a taken one. */
	HOST_CHECK(sched_create(&sched_null, 7, &err)->pool_id == 7);
	HOST_CHECK(sched_create(&sched_null, SCHED_POOL_ANY, &err)->pool_id == 8);
	HOST_CHECK(!sched_create(&sched_null, 8, &err) && err == -XEN_EEXIST);
	HOST_CHECK(sched_create(&sched_null, SCHED_POOL_ANY - 1, &err));
	HOST_CHECK(sched_create(&sched_null, SCHED_POOL_ANY, &err)->pool_id == 1);
	HOST_CHECK(work);
}

static void test_free_cpus(void **state)
{
	run_seeds(free_cpus);
}

/* A vCPU takes its own CPU out of the pool, as dom0 does, and gives it back from another. */
struct own {
	u32 left, back, cpu;
	bool out;
	struct scheduler *pool;
};

static void guest_leaves(struct vcpu *v, void *arg)
{
	struct own *o = arg;
	u32 cpu = hal_smp_cpu_id();

	host_guest_compute(v, 30 * US);
	if (!control_trylock())
		return;
	if (!o->out && cpumask_weight(&v->unit.sched->cpus) > 1) {
		HOST_CHECK(sched_cpu_leave(cpu) == 0);
		o->out = true;
		o->cpu = cpu;
		o->left++;
		/* In the same call (a multicall, say) the CPU is not free yet. */
		HOST_CHECK(sched_cpu_join(cpu, o->pool) == -XEN_ERESTART);
	} else if (o->out && cpu != o->cpu) {
		add_cpu(o->pool, o->cpu);
		o->out = false;
		o->back++;
	}
	control_unlock();
}

static void own_cpu(void *seed)
{
	struct own o = { 0 };
	struct domain *d;
	u32 work = 0;

	start(seed);
	o.pool = sched_pool(0);
	d = sw_domain(1, 3);
	sw_run_guest(d->vcpu[0], guest_leaves, &o);
	sw_run_guest(d->vcpu[1], guest_leaves, &o);
	sw_run_guest(d->vcpu[2], guest_works, &work);
	host_run(hal_now_ns() + 20 * MS);
	HOST_CHECK(o.left > 50 && o.back >= o.left - 1 && work > 50);
}

static void test_own_cpu(void **state)
{
	run_seeds(own_cpu);
}

/* The pool is destroyed in the same call in which the caller's CPU left it. */
static void guest_destroys(struct vcpu *v, void *arg)
{
	struct scheduler **pool = arg;
	u32 cpu = hal_smp_cpu_id();

	host_guest_compute(v, 30 * US);
	if (!*pool || !control_trylock())
		return;
	if (cpumask_test(&(*pool)->cpus, cpu)) {
		HOST_CHECK(sched_cpu_leave(cpu) == -XEN_EBUSY);
	} else if (host_random_below(2)) {
		u32 other = cpumask_first(&(*pool)->cpus);

		HOST_CHECK(sched_cpu_leave(other) == 0 && sched_destroy(*pool) == 0);
		*pool = NULL;
	}
	control_unlock();
}

static void destroyed_by_a_guest(void *seed)
{
	struct scheduler *pool;
	struct domain *d;

	start(seed);
	d = sw_domain(1, 2);
	pool = new_pool(any_policy(), 2);
	sw_run_guest(d->vcpu[0], guest_destroys, &pool);
	sw_run_guest(d->vcpu[1], guest_destroys, &pool);
	host_run(hal_now_ns() + 5 * MS);
	HOST_CHECK(!pool && !sched_pool(1));
}

static void test_destroyed_by_a_guest(void **state)
{
	run_seeds(destroyed_by_a_guest);
}

/* Domains with running, waiting, blocked and paused vCPUs go to and fro. */
static void moves(void *seed)
{
	struct scheduler *pool[2], *at[3];
	struct domain *d[3];
	u32 work[3] = { 0 }, before;

	start(seed);
	pool[0] = sched_pool(0);
	pool[1] = new_pool(any_policy(), 3);
	for (u32 i = 0; i < 3; i++) {
		d[i] = sw_domain_in((u16)(1 + i), 3, at[i] = pool[i % 2]);
		for (u32 n = 0; n < 2; n++)
			sw_run_guest(d[i]->vcpu[n], guest_works, &work[i]);
		sw_run_guest(d[i]->vcpu[2], guest_spin, NULL);
	}
	vcpu_pause(d[1]->vcpu[1]);
	for (u32 step = 0; step < 200; step++) {
		u32 i = host_random_below(3), cpu;

		host_run(hal_now_ns() + host_random_below(100 * US));
		cpu = cpumask_first(&at[i]->cpus);
		if (!host_random_below(3)) {
			cpumask_t one = { { 0 } };

			cpumask_set(&one, cpu);
			HOST_CHECK(!vcpu_set_affinity(d[i]->vcpu[0], &one, &one));
		}
		at[i] = at[i] == pool[0] ? pool[1] : pool[0];
		HOST_CHECK(sched_move_domain(d[i], at[i]) == 0);
		HOST_CHECK(d[i]->sched == at[i] && sched_pool_id(d[i]) == at[i]->pool_id);
		HOST_CHECK(cpumask_weight(&d[i]->vcpu[0]->unit.hard) == NR_CPUS);
		HOST_CHECK(sched_nr_domains(pool[0]) + sched_nr_domains(pool[1]) == 3);
	}
	/* Each can run, alone in a pool with a CPU for each vCPU, whatever the policy. */
	vcpu_unpause(d[1]->vcpu[1]);
	for (u32 i = 0; i < 3; i++) {
		domain_pause(d[i]);
		if (at[i] != pool[1])
			HOST_CHECK(sched_move_domain(d[i], pool[1]) == 0);
	}
	for (u32 i = 0; i < 3; i++) {
		HOST_CHECK(sched_move_domain(d[i], pool[0]) == 0);
		domain_unpause(d[i]);
		before = work[i];
		host_run(hal_now_ns() + 10 * MS);
		HOST_CHECK(work[i] > before);
		sw_domain_destroy(d[i]);
	}
	HOST_CHECK(sched_nr_domains(pool[0]) == 0 && sched_nr_domains(pool[1]) == 0);
	HOST_CHECK(sched_cpu_leave(3) == 0 && sched_destroy(pool[1]) == 0);
}

static void test_moves(void **state)
{
	run_seeds(moves);
}

/* A policy that has no memory for the third unit. */
static u32 units_allowed, domains_left;

static int scarce_unit_alloc(struct scheduler *s, struct sched_unit *u)
{
	if (!units_allowed)
		return -XEN_ENOMEM;
	units_allowed--;
	return sched_null.unit_alloc(s, u);
}

static void scarce_unit_free(struct scheduler *s, struct sched_unit *u)
{
	units_allowed++;
	sched_null.unit_free(s, u);
}

static int scarce_domain_init(struct scheduler *s, const struct sched_domain_desc *desc,
			      void **priv)
{
	*priv = &domains_left;
	domains_left++;
	return 0;
}

static void scarce_domain_free(struct scheduler *s, void *priv)
{
	HOST_CHECK(priv == &domains_left);
	domains_left--;
}

static void failing_moves(void *seed)
{
	struct sched_policy scarce = sched_null;
	struct scheduler *s;
	struct domain *d;
	u32 work[4] = { 0 }, before[4];

	scarce.unit_alloc = scarce_unit_alloc;
	scarce.unit_free = scarce_unit_free;
	scarce.domain_init = scarce_domain_init;
	scarce.domain_free = scarce_domain_free;
	sw_start(*(u64 *)seed, 4, "sched=credit2");
	s = new_pool(&scarce, 3);
	d = sw_domain(1, 4);
	for (u32 i = 0; i < 4; i++)
		sw_run_guest(d->vcpu[i], guest_works, &work[i]);
	sw_set_hard(d->vcpu[1], "1");
	sw_set_params(d, 700, 0);
	units_allowed = host_random_below(4);
	for (u32 i = 0; i < 10; i++) {
		struct sched_domain_params p;
		u32 had = units_allowed;

		host_run(hal_now_ns() + host_random_below(200 * US));
		HOST_CHECK(sched_move_domain(d, s) == -XEN_ENOMEM);
		HOST_CHECK(units_allowed == had && !domains_left);
		HOST_CHECK(d->sched == sched_pool(0) && !sched_get_domain_params(d, &p) &&
			   p.weight == 700);
		HOST_CHECK(cpumask_weight(&d->vcpu[1]->unit.hard) == 1);
		memcpy(before, work, sizeof(before));
		host_run(hal_now_ns() + 50 * MS);
		for (u32 n = 0; n < 4; n++)
			HOST_CHECK(work[n] > before[n]);
	}
	units_allowed = 4;
	HOST_CHECK(sched_move_domain(d, s) == 0 && !units_allowed && domains_left == 1);
	sw_domain_destroy(d);
	HOST_CHECK(units_allowed == 4 && !domains_left);
}

static void test_failing_moves(void **state)
{
	run_seeds(failing_moves);
}

/* The architecture has no memory for a vCPU: null must get the vCPU's CPU back. */
static bool arch_fails;

int hal_vcpu_init(struct vcpu *v)
{
	return arch_fails && v->id == 1 ? -XEN_ENOMEM : 0;
}

static void failed_creation(void *arg)
{
	struct domain_config cfg = { .domid = DOMID_INVALID, .max_vcpus = 2, .max_pages = 64,
				     .max_grant_frames = 4, .max_grant_version = 2,
				     .node = NUMA_NO_NODE };
	u32 work[4] = { 0 };
	struct domain *d;
	int err;

	sw_start(3, 4, "sched=null");
	arch_fails = true;
	for (u32 i = 0; i < 10; i++) {
		d = domain_create(&cfg, &err);
		HOST_CHECK(d && domain_vcpu_create(d, 0) == 0);
		HOST_CHECK(domain_vcpu_create(d, 1) == -XEN_ENOMEM);
		HOST_CHECK(!d->vcpu[1] && sched_nr_domains(sched_pool(0)) == 1);
		while (domain_kill(d) == -XEN_ERESTART)
			;
		HOST_CHECK(sched_nr_domains(sched_pool(0)) == 0);
	}
	cfg.pool_id = 1;
	HOST_CHECK(!domain_create(&cfg, &err) && err == -XEN_ENOENT);
	HOST_CHECK(sched_create(&sched_credit2, 1, &err));
	HOST_CHECK(!domain_create(&cfg, &err) && err == -XEN_ENOENT);
	/* Every CPU still finds a vCPU. */
	arch_fails = false;
	d = sw_domain(1, 4);
	for (u32 i = 0; i < 4; i++)
		sw_run_guest(d->vcpu[i], guest_works, &work[i]);
	host_run(hal_now_ns() + 5 * MS);
	for (u32 i = 0; i < 4; i++)
		HOST_CHECK(work[i]);
}

static void test_failed_creation(void **state)
{
	run(failed_creation, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_free_cpus),
		cmocka_unit_test(test_own_cpu),
		cmocka_unit_test(test_destroyed_by_a_guest),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_failing_moves),
		cmocka_unit_test(test_failed_creation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
