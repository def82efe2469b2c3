/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where vCPUs of a domain are placed whose memory comes from one NUMA node. */
#include "unit.h"

#include <xen/format.h>
#include <xen/mm.h>
#include <xen/hal/smp.h>

#include "sched-world.h"

/* Two nodes of four CPUs. */
#define CPUS 8

struct setting {
	u64 seed;
	const struct sched_policy *policy;
};

static void begin(const struct setting *set)
{
	char cmdline[32];

	scnprintf(cmdline, sizeof(cmdline), "sched=%s", set->policy->name);
	sw_start_cfg(&(struct host_config){ .seed = set->seed, .cpus = CPUS, .cores_per_socket = 4,
					    .ram_bytes = 32 << 20, .cmdline = cmdline });
	cpus_settle_at_boot();
}

static void play(void (*fn)(void *arg))
{
	for (u32 n = 0; n < sw_nr_policies(); n++) {
		for (u64 seed = 1; seed <= 4; seed++) {
			struct setting set = { seed, sw_policy(n) };
			const struct host_outcome *o = host_isolated(fn, &set);

			if (o->status)
				fail_msg("%s, seed %lu: %s", set.policy->name, (unsigned long)seed,
					 o->console);
		}
	}
}

static bool prefers(const struct vcpu *v, u8 node)
{
	bool same = true;

	for (u32 cpu = 0; cpu < CPUS; cpu++)
		same &= cpumask_test(&v->unit.soft, cpu) ==
			(node == NUMA_NO_NODE || hal_cpu_to_node(cpu) == node);
	return same;
}

/*
 * Each vCPU starts on its node and stays there, on a CPU of its own, as nothing crowds it out. With
 * rtds, which has one queue, a CPU that was told of one unit may take another first.
 */
static void placed(void *arg)
{
	const struct setting *set = arg;
	u32 looks = 0, away = 0;
	struct domain *d[2];

	begin(set);
	for (u8 node = 0; node < 2; node++) {
		/* The second node first, as placement without it would begin with CPU 0. */
		d[node] = sw_domain_on(1 + node, 3, sched_pool(0), 1 - node);
		for (u32 i = 0; i < 3; i++) {
			HOST_CHECK(prefers(d[node]->vcpu[i], 1 - node));
			sw_run_guest(d[node]->vcpu[i], guest_spin, NULL);
		}
	}
	for (u32 turn = 0; turn < 50; turn++) {
		host_run(hal_now_ns() + 3 * MS);
		for (u8 node = 0; node < 2; node++)
			for (u32 i = 0; i < 3; i++) {
				u32 cpu = d[node]->vcpu[i]->last_cpu;

				looks++;
				away += hal_cpu_to_node(cpu) != 1 - node;
			}
	}
	if (set->policy != &sched_rtds)
		HOST_CHECK(away == 0);
	else
		HOST_CHECK(away * 4 < looks);
}

static void test_placed(void **state)
{
	play(placed);
}

/* A preference only: vCPUs beyond the node's CPUs, and in a pool without them, run too. */
static void beyond(void *arg)
{
	const struct setting *set = arg;
	struct scheduler *s;
	struct domain *d;
	int err;

	begin(set);
	d = sw_domain_on(1, 6, sched_pool(0), 1);
	for (u32 i = 0; i < 6; i++)
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	host_run(hal_now_ns() + 200 * MS);
	for (u32 i = 0; i < 6; i++)
		HOST_CHECK(sw_ran(d->vcpu[i]) > 50 * MS);
	sw_domain_destroy(d);

	s = sched_create(set->policy, SCHED_POOL_ANY, &err);
	HOST_CHECK(s && sched_cpu_leave(2) == 0 && sched_cpu_join(2, s) == 0);
	sched_cpu_online(2);
	d = sw_domain_on(1, 1, s, 1);
	sw_run_guest(d->vcpu[0], guest_spin, NULL);
	host_run(hal_now_ns() + 200 * MS);
	HOST_CHECK(sw_ran(d->vcpu[0]) > 50 * MS);
	/* A move forgets affinities, but the node is still the memory's. */
	sw_set_hard(d->vcpu[0], "2");
	sw_set_soft(d->vcpu[0], "2");
	HOST_CHECK(sched_move_domain(d, sched_pool(0)) == 0 && prefers(d->vcpu[0], 1));
	host_run(hal_now_ns() + 100 * MS);
	HOST_CHECK(hal_cpu_to_node(d->vcpu[0]->last_cpu) == 1);
}

static void test_beyond(void **state)
{
	play(beyond);
}

/* No node, and a node without CPUs: no preference. */
static void none(void *arg)
{
	begin(arg);
	HOST_CHECK(prefers(sw_domain(1, 1)->vcpu[0], NUMA_NO_NODE));
	HOST_CHECK(prefers(sw_domain_on(2, 1, sched_pool(0), MAX_NUMNODES)->vcpu[0],
			   NUMA_NO_NODE));
}

static void test_none(void **state)
{
	play(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_placed),
		cmocka_unit_test(test_beyond),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
