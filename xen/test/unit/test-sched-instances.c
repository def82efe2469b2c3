/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several instances of policies in one hypervisor: each schedules its own domains on its own CPUs
 * with its own parameters; CPUs leave one and join another while vCPUs run.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/format.h>

#include "sched-world.h"

static void run(void (*fn)(void *arg), void *arg)
{
	const struct host_outcome *o = host_isolated(fn, arg);

	if (o->status)
		print_message("%s", o->console);
	assert_int_equal(o->status, 0);
}

/* domain/sched_params.c, domain/domctl_life.c */
long domctl_scheduler(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_set_handle(struct vcpu *v, struct domain *d, struct xen_domctl *op);

/* Which CPUs each of the domains has been seen on. */
static cpumask_t seen[4];

static void guest_looks(struct vcpu *v, void *arg)
{
	cpumask_set(&seen[v->domain->id], v->unit.cpu);
	host_guest_compute(v, 100 * US + host_random_below(400 * US));
	if (!host_random_below(4))
		vcpu_yield(v);
}

static void look_again(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(seen); i++)
		cpumask_clear(&seen[i]);
	host_run(hal_now_ns() + 100 * MS);
}

static bool seen_on(u32 domid, const char *cpus)
{
	cpumask_t m;

	cpumask_clear(&m);
	HOST_CHECK(bitmap_parse_list(cpus, m.bits, NR_CPUS) == 0);
	return !memcmp(&m, &seen[domid], sizeof(m));
}

static struct domain *spinning_domain(u16 id, u32 vcpus, struct scheduler *s)
{
	struct domain *d = sw_domain_in(id, vcpus, s);

	for (u32 i = 0; i < vcpus; i++)
		sw_run_guest(d->vcpu[i], guest_looks, NULL);
	return d;
}

static void move_cpu(u32 cpu, struct scheduler *s)
{
	HOST_CHECK(sched_cpu_leave(cpu) == 0);
	HOST_CHECK(sched_cpu_leave(cpu) == -XEN_EINVAL);
	HOST_CHECK(sched_cpu_join(cpu, s) == 0);
	sched_cpu_online(cpu);
}

struct setting {
	u64 seed;
	const char *first, *second;
};

static void two_pools(void *arg)
{
	const struct setting *set = arg;
	struct scheduler *a, *b;
	struct domain *d1, *d2;
	char cmdline[64];
	int err;

	scnprintf(cmdline, sizeof(cmdline), "sched=%s credit2_runqueue=all", set->first);
	sw_start(set->seed, 4, cmdline);
	a = sched_pool(0);
	HOST_CHECK(!sched_create(sched_find_policy(set->second), 0, &err) && err == -XEN_EEXIST);
	b = sched_create(sched_find_policy(set->second), 7, &err);
	HOST_CHECK(b && sched_pool(7) == b && sched_pool(0) == a);

	/* CPUs 2 and 3 leave while the vCPUs of pool 0 run there. */
	d1 = spinning_domain(1, 4, a);
	look_again();
	HOST_CHECK(seen_on(1, "0-3"));
	sw_set_hard(d1->vcpu[3], "2-3");
	move_cpu(2, b);
	/* A vCPU that may use no CPU any more may then use all. */
	move_cpu(3, b);
	look_again();
	HOST_CHECK(seen_on(1, "0-1"));

	d2 = spinning_domain(2, 4, b);
	look_again();
	HOST_CHECK(seen_on(1, "0-1") && seen_on(2, "2-3"));
	HOST_CHECK(sched_destroy(b) == -XEN_EBUSY);

	/* One goes back; the last one stays as long as there is a domain. */
	move_cpu(2, a);
	look_again();
	HOST_CHECK(seen_on(1, "0-2") && seen_on(2, "3"));
	HOST_CHECK(sched_cpu_leave(3) == -XEN_EBUSY);
	sw_domain_destroy(d2);
	move_cpu(3, a);
	HOST_CHECK(sched_destroy(b) == 0 && !sched_pool(7));
	look_again();
	HOST_CHECK(seen_on(1, "0-3"));
	sw_domain_destroy(d1);
}

static void test_pools_are_apart(void **state)
{
	static const char *const names[] = { "credit2", "null", "rtds", "credit" };

	for (u32 i = 0; i < 16; i++) {
		for (u64 seed = 1; seed <= 3; seed++) {
			struct setting s = { seed, names[i / 4], names[i % 4] };

			run(two_pools, &s);
		}
	}
}

/* CPUs come and go at random while vCPUs run, block and change their affinity. */
static void storm(void *arg)
{
	struct setting *set = arg;
	struct scheduler *pool[2];
	struct domain *d[2];
	u32 in[6] = { 0 }, members[2] = { 6, 0 };
	char cmdline[64];
	int err;

	scnprintf(cmdline, sizeof(cmdline), "sched=%s", set->first);
	sw_start(set->seed, 6, cmdline);
	pool[0] = sched_pool(0);
	pool[1] = sched_create(sched_find_policy(set->second), 1, &err);
	HOST_CHECK(pool[1]);
	for (u32 i = 0; i < 2; i++) {
		if (i) {
			move_cpu(5, pool[1]);
			in[5] = 1;
			members[0]--;
			members[1]++;
		}
		d[i] = spinning_domain((u16)(1 + i), 5, pool[i]);
	}
	for (u32 step = 0; step < 200; step++) {
		u32 cpu = host_random_below(6), from = in[cpu];

		host_run(hal_now_ns() + host_random_below(300 * US));
		vcpu_pause(d[step % 2]->vcpu[step % 5]);
		if (members[from] == 1) {
			HOST_CHECK(sched_cpu_leave(cpu) == -XEN_EBUSY);
		} else {
			in[cpu] = !from;
			members[from]--;
			members[!from]++;
			move_cpu(cpu, pool[!from]);
		}
		vcpu_unpause(d[step % 2]->vcpu[step % 5]);
	}
	look_again();
	for (u32 cpu = 0; cpu < 6; cpu++)
		for (u32 i = 0; i < 2; i++)
			HOST_CHECK(in[cpu] == i || !cpumask_test(&seen[1 + i], cpu));
	for (u32 i = 0; i < 2; i++) {
		HOST_CHECK(cpumask_weight(&pool[i]->cpus) == members[i]);
		HOST_CHECK(cpumask_weight(&seen[1 + i]) == min(members[i], 5U));
		sw_domain_destroy(d[i]);
	}
}

static void test_storms(void **state)
{
	static const char *const names[] = { "credit2", "null", "rtds", "credit" };

	for (u32 i = 0; i < 16; i++) {
		for (u64 seed = 1; seed <= 3; seed++) {
			struct setting s = { seed, names[i / 4], names[i % 4] };

			run(storm, &s);
		}
	}
}

static int set_windows(struct scheduler *s, s64 frame, u8 uuid, s64 length)
{
	struct sched_schedule sc = { .frame_ns = frame, .nr = 1 };
	struct sched_global_params p = { .schedule = &sc };

	sc.window[0].handle[0] = uuid;
	sc.window[0].length_ns = length;
	return sched_set_global_params(s, &p);
}

/* Two pools of arinc653 have schedules, frames and CPUs of their own; none drifts. */
static void two_schedules(void *arg)
{
	struct scheduler *pool[2];
	struct domain *d[2];
	u64 before[2];
	int err;

	sw_start((u64)(uintptr_t)arg, 4, "sched=arinc653");
	pool[0] = sched_pool(0);
	pool[1] = sched_create(&sched_arinc653, 1, &err);
	move_cpu(3, pool[1]);
	move_cpu(2, pool[1]);
	for (u32 i = 0; i < 2; i++)
		d[i] = spinning_domain((u16)(1 + i), 1, pool[i]);
	HOST_CHECK(set_windows(pool[0], 7 * MS, 1, 2 * MS) == 0);
	HOST_CHECK(set_windows(pool[1], 5 * MS, 2, 4 * MS) == 0);
	host_run(hal_now_ns() + 35 * MS);
	for (u32 i = 0; i < 2; i++)
		before[i] = sw_ran(d[i]->vcpu[0]);
	host_run(hal_now_ns() + 1000 * 35 * MS);
	/* To 0.2 %: each window's begin and end cost a moment, which the frames do not add up. */
	HOST_CHECK(llabs((s64)(sw_ran(d[0]->vcpu[0]) - before[0]) - 10 * SEC) < 20 * MS);
	HOST_CHECK(llabs((s64)(sw_ran(d[1]->vcpu[0]) - before[1]) - 28 * SEC) < 20 * MS);
	/* CPUs go from one to the other and back, the one that runs the schedule, too. */
	move_cpu(3, pool[0]);
	look_again();
	HOST_CHECK(seen_on(1, "0") && seen_on(2, "2"));
	move_cpu(3, pool[1]);
	move_cpu(2, pool[0]);
	look_again();
	HOST_CHECK(seen_on(1, "0") && seen_on(2, "3"));
	for (u32 i = 0; i < 2; i++)
		sw_domain_destroy(d[i]);
}

static void test_two_schedules(void **state)
{
	for (uintptr_t seed = 1; seed <= 5; seed++)
		run(two_schedules, (void *)seed);
}

/* Two instances of one policy share no parameter. */
static void parameters(void *arg)
{
	struct sched_global_params p = { .ratelimit_us = 5000 }, q = { .ratelimit_us = 700 }, got;
	struct sched_domain_params w1 = { .weight = 100 }, w2 = { .weight = 900 }, w;
	struct scheduler *a, *b;
	struct domain *d1, *d2;
	int err;

	sw_start(3, 4, "sched=credit2");
	a = sched_pool(0);
	b = sched_create(&sched_credit2, 1, &err);
	move_cpu(3, b);
	d1 = sw_domain_in(1, 1, a);
	d2 = sw_domain_in(2, 1, b);
	HOST_CHECK(!sched_set_global_params(a, &p) && !sched_set_global_params(b, &q));
	HOST_CHECK(!sched_get_global_params(a, &got) && got.ratelimit_us == 5000);
	HOST_CHECK(!sched_get_global_params(b, &got) && got.ratelimit_us == 700);
	HOST_CHECK(!sched_set_domain_params(d1, &w1) && !sched_set_domain_params(d2, &w2));
	HOST_CHECK(!sched_get_domain_params(d1, &w) && w.weight == 100);
	HOST_CHECK(!sched_get_domain_params(d2, &w) && w.weight == 900);
}

static void test_parameters(void **state)
{
	run(parameters, NULL);
}

/* A policy with parameters of single vCPUs, made from null, which also notes the domain's UUID. */
static struct sched_unit_params toy_params[4];
static u8 toy_handle[16];

static int toy_domain_init(struct scheduler *s, const struct sched_domain_desc *desc, void **priv)
{
	memcpy(toy_handle, desc->handle, sizeof(toy_handle));
	*priv = NULL;
	return 0;
}

static void toy_domain_handle(struct scheduler *s, void *priv, const xen_domain_handle_t handle,
			      s_time_t now)
{
	memcpy(toy_handle, handle, sizeof(toy_handle));
}

static int toy_get(struct scheduler *s, const struct sched_unit *u, struct sched_unit_params *p)
{
	*p = toy_params[u->id];
	return 0;
}

static int toy_set(struct scheduler *s, struct sched_unit *u, const struct sched_unit_params *p,
		   s_time_t now)
{
	if (p->budget_ns > p->period_ns)
		return -XEN_EINVAL;
	toy_params[u->id] = *p;
	return 0;
}

static void vcpu_parameters(void *arg)
{
	struct xen_domctl_schedparam_vcpu list[2] = {
		{ .u.rtds = { .period = 1000, .budget = 400 }, .vcpuid = 1 },
		{ .u.rtds = { .period = 2000, .budget = 10, .flags = XEN_DOMCTL_SCHEDRT_extra },
		  .vcpuid = 3 },
	};
	struct xen_domctl op = { .u.scheduler_op = { .sched_id = XEN_SCHEDULER_RTDS,
						     .cmd = XEN_DOMCTL_SCHEDOP_putvcpuinfo } };
	struct xen_domctl new_handle = { .cmd = XEN_DOMCTL_setdomainhandle };
	struct sched_policy toy = sched_null;
	struct scheduler *s;
	struct domain *d;
	struct vcpu *v;
	int err;

	toy.name = "toy";
	toy.id = XEN_SCHEDULER_RTDS;
	toy.domain_init = toy_domain_init;
	toy.domain_handle = toy_domain_handle;
	toy.get_unit_params = toy_get;
	toy.set_unit_params = toy_set;
	sw_start(3, 4, "sched=credit2");
	s = sched_create(&toy, 1, &err);
	move_cpu(3, s);
	d = sw_domain_in(9, 4, s);
	v = d->vcpu[0];
	HOST_CHECK(toy_handle[0] == 9);
	new_handle.u.setdomainhandle.handle[0] = 0x77;
	HOST_CHECK(domctl_set_handle(v, d, &new_handle) == 0);
	HOST_CHECK(toy_handle[0] == 0x77 && d->handle[0] == 0x77);

	op.u.scheduler_op.u.v.nr_vcpus = 2;
	set_xen_guest_handle(op.u.scheduler_op.u.v.vcpus, list);
	HOST_CHECK(domctl_scheduler(v, d, &op) == 0 && op.u.scheduler_op.u.v.nr_vcpus == 2);
	HOST_CHECK(toy_params[1].period_ns == 1000000 && toy_params[1].budget_ns == 400000);
	HOST_CHECK(toy_params[3].period_ns == 2000000 && toy_params[3].extra);
	memset(&list[0].u, 0, sizeof(list[0].u));
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo;
	HOST_CHECK(domctl_scheduler(v, d, &op) == 0);
	HOST_CHECK(list[0].u.rtds.period == 1000 && list[0].u.rtds.budget == 400);
	HOST_CHECK(list[1].u.rtds.flags == XEN_DOMCTL_SCHEDRT_extra);
	/* All at once; what the policy refuses; a vCPU that is not there; another policy's. */
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	op.u.scheduler_op.u.rtds = (struct xen_domctl_sched_rtds){ .period = 50, .budget = 5 };
	HOST_CHECK(domctl_scheduler(v, d, &op) == 0 && toy_params[2].period_ns == 50000);
	op.u.scheduler_op.u.rtds.budget = 51;
	HOST_CHECK(domctl_scheduler(v, d, &op) == -XEN_EINVAL);
	list[0].vcpuid = 4;
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo;
	op.u.scheduler_op.u.v.nr_vcpus = 1;
	set_xen_guest_handle(op.u.scheduler_op.u.v.vcpus, list);
	HOST_CHECK(domctl_scheduler(v, d, &op) == -XEN_EINVAL);
	op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
	HOST_CHECK(domctl_scheduler(v, d, &op) == -XEN_EINVAL);

	/* The same of a policy that has none. */
	d = sw_domain_in(2, 1, sched_pool(0));
	HOST_CHECK(domctl_scheduler(v, d, &op) == -XEN_EINVAL);
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
	HOST_CHECK(domctl_scheduler(v, d, &op) == 0 && op.u.scheduler_op.u.credit2.weight == 256);
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	op.u.scheduler_op.u.credit2.cap = 30;
	HOST_CHECK(domctl_scheduler(v, d, &op) == 0);
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
	HOST_CHECK(domctl_scheduler(v, d, &op) == 0 && op.u.scheduler_op.u.credit2.cap == 30);
}

static void test_vcpu_parameters(void **state)
{
	run(vcpu_parameters, NULL);
}

/* A policy made from null that adds up what unit_switch tells it. */
static u64 told_ran[4];

static void adding_switch(struct scheduler *s, u32 cpu, struct sched_unit *prev,
			  struct sched_unit *next, s64 ran, s_time_t now)
{
	HOST_CHECK(prev != next && ran >= 0);
	HOST_CHECK(!prev || (prev->cpu == cpu && prev->running));
	if (prev)
		told_ran[prev->id] += (u64)ran;
}

static void guest_naps(struct vcpu *v, void *arg)
{
	host_guest_compute(v, 10 * US + host_random_below(90 * US));
	if (!host_random_below(3))
		vcpu_yield(v);
}

static void switches_are_told(void *arg)
{
	struct sched_policy adding = sched_null;
	struct scheduler *s;
	struct domain *d;
	u64 ran;
	int err;

	adding.unit_switch = adding_switch;
	sw_start(*(u64 *)arg, 4, "sched=credit2");
	s = sched_create(&adding, 1, &err);
	move_cpu(2, s);
	move_cpu(3, s);
	d = sw_domain_in(1, 2, s);
	for (u32 i = 0; i < 2; i++)
		sw_run_guest(d->vcpu[i], guest_naps, NULL);
	for (u32 i = 0; i < 200; i++) {
		struct vcpu *v = d->vcpu[host_random_below(2)];

		host_run(hal_now_ns() + host_random_below(300 * US));
		vcpu_pause(v);
		host_run(hal_now_ns() + host_random_below(100 * US));
		vcpu_unpause(v);
	}
	domain_pause(d);
	host_run(hal_now_ns() + 1 * MS);
	for (u32 i = 0; i < 2; i++) {
		ran = sw_ran(d->vcpu[i]);
		HOST_CHECK(ran && told_ran[i] == ran);
	}
}

static void test_switches_are_told(void **state)
{
	for (u64 seed = 1; seed <= 10; seed++)
		run(switches_are_told, &seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pools_are_apart),
		cmocka_unit_test(test_storms),
		cmocka_unit_test(test_two_schedules),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_vcpu_parameters),
		cmocka_unit_test(test_switches_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
