/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random sets of periodic tasks under rtds, each task on a vCPU of its own: the sets of `schedsim
 * sets`, from the same source, on a machine where the hypervisor takes time. The first vCPU sets
 * periods and budgets, and sleeps meanwhile.
 *
 * All tasks release their first jobs at the start of the set. A vCPU's periods begin before that,
 * when it gets its parameters, so its deadlines are up to LEAD_US before those of its task.
 *
 * On one CPU the work of a job is a number of instructions. Several CPUs of an emulator share the
 * clock that counts them: while n CPUs are busy, each executes a part of the instructions that the
 * time has. There the work is time for which the vCPU has a CPU, as its runstate counts it.
 */
#include "bench.h"

#include <public/domctl.h>

#include "study/taskset.h"

#define US 1000UL
#define LEAD_US 300
/* Before a set begins, all tasks must have seen when that is: they look every 500 us. */
#define NOTICE_US 3000
#define LOOK_US 500
/* A budget has room for what the hypervisor and timers take from the vCPU in a job. */
#define SPARE_US 50
#define SHORTEST_US 10
#define MOST_TASKS 32

static struct taskset set;
static u32 tasks;
static volatile u64 begin;		/* of the set at hand; 0: none yet */
static u64 span;			/* of a set, ns */
static volatile u32 done, missed, jobs;
static u64 loop_ps;			/* a turn of the work loop */
static bool by_time;			/* the work of a job is time, not instructions */
/* How long a vCPU that works by time goes on before it looks at its runstate. */
#define LOOK_TURNS 100

/* Kept by the hypervisor, one for each vCPU. */
static volatile struct vcpu_runstate_info runstate[MOST_TASKS + 1];

/* What a task's vCPU had of a CPU from its first release to its last job's end, and its work. */
static volatile u64 ran, worked;

static void sleep_until(u64 when)
{
	struct sched_poll p = { .timeout = when };

	if (when > now())
		sched_op(SCHEDOP_poll, &p);
}

static void turn(u64 n)
{
	asm volatile("1: dec %0; jnz 1b" : "+r"(n) : : "cc", "memory");
}

static void calibrate(void)
{
	u64 from = now();

	turn(1000000);
	loop_ps = (now() - from) / 1000;
}

static u64 running_ns(u32 vcpu)
{
	struct vcpu_runstate_info r = {};

	vcpu_op(VCPUOP_get_runstate_info, vcpu, &r);
	return r.time[RUNSTATE_running];
}

/* How long the calling vCPU has run. It reads again when it lost its CPU in between. */
static u64 own_running_ns(u32 vcpu)
{
	const volatile struct vcpu_runstate_info *r = &runstate[vcpu];
	u64 entered, ns;

	do {
		entered = r->state_entry_time;
		ns = r->time[RUNSTATE_running] + now() - entered;
	} while (r->state_entry_time != entered);
	return ns;
}

static void work(u32 vcpu, u64 ns)
{
	u64 end;

	if (!by_time) {
		turn(ns * 1000 / loop_ps);
		return;
	}
	/* In an emulator that gives its CPUs turns, the pause ends this CPU's. */
	for (end = own_running_ns(vcpu) + ns; own_running_ns(vcpu) < end; relax())
		turn(LOOK_TURNS);
}

/* All jobs of a task whose deadlines the set has; the first that is late ends the set. */
static void run_task(u32 vcpu)
{
	const struct task *t = &set.task[vcpu - 1];
	u64 release = begin, period = t->period * US, before, count = 0;

	sleep_until(release);
	before = running_ns(vcpu);
	while (!missed && release + period <= begin + span) {
		work(vcpu, t->work * US);
		count++;
		release += period;
		if (now() > release) {
			missed = 1;
			break;
		}
		sleep_until(release);
	}
	__atomic_fetch_add(&jobs, count, __ATOMIC_RELAXED);
	__atomic_fetch_add(&ran, running_ns(vcpu) - before, __ATOMIC_RELAXED);
	__atomic_fetch_add(&worked, count * t->work * US, __ATOMIC_RELAXED);
	__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
}

static void be_task(void *arg)
{
	u32 vcpu = (u32)(u64)arg;
	u64 last = 0;

	for (;;) {
		while (begin == last)
			sleep_until(now() + LOOK_US * US);
		last = begin;
		run_task(vcpu);
	}
}

/* Give each task's vCPU its period and its budget, or all the shortest ones there are. */
static long set_params(bool shortest)
{
	static xen_domctl_schedparam_vcpu_t params[MOST_TASKS];
	struct xen_domctl op = { .cmd = XEN_DOMCTL_scheduler_op, .domain = DOMID_SELF,
				 .interface_version = XEN_DOMCTL_INTERFACE_VERSION };

	for (u32 i = 0; i < tasks; i++) {
		const struct task *t = &set.task[i];

		params[i] = (xen_domctl_schedparam_vcpu_t){ .vcpuid = i + 1, .u.rtds = {
			.period = shortest ? SHORTEST_US : t->period,
			.budget = shortest ? SHORTEST_US : MIN(t->period, t->work + SPARE_US) } };
	}
	op.u.scheduler_op.sched_id = XEN_SCHEDULER_RTDS;
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putvcpuinfo;
	op.u.scheduler_op.u.v.nr_vcpus = tasks;
	set_xen_guest_handle(op.u.scheduler_op.u.v.vcpus, params);
	return HC1(__HYPERVISOR_domctl, &op);
}

/* The shortest period ends at once, whatever period the last set left; the task's own follow. */
static bool run_one(void)
{
	u64 start = now() + NOTICE_US * US;

	done = 0;
	missed = 0;
	begin = start;
	sleep_until(start - LEAD_US * US);
	if (set_params(true) || set_params(false))
		return false;
	for (sleep_until(start + span); done < tasks; )
		sleep_until(now() + MS);
	return true;
}

/* Have the hypervisor keep @vcpu's runstate in memory. */
static bool watch_runstate(u32 vcpu)
{
	struct vcpu_register_runstate_memory_area area = {
		.addr.v = (struct vcpu_runstate_info *)&runstate[vcpu] };

	return !vcpu_op(VCPUOP_register_runstate_memory_area, vcpu, &area);
}

static bool prepare(const char *name, u32 cpus)
{
	tasks = vcpu_count() - 1;
	if (tasks < 2 || tasks > MOST_TASKS || !cpus || tasks % cpus) {
		bench_skip(name, "needs cpus= and as many tasks for each; has vCPUs for %u",
			   tasks);
		return false;
	}
	by_time = cpus > 1;
	calibrate();
	if (!loop_ps) {
		bench_skip(name, "the clock does not tell how long a loop takes");
		return false;
	}
	for (u32 i = 1; i <= tasks; i++) {
		if (!smp_start(i) || !watch_runstate(i)) {
			bench_skip(name, "vCPU %u does not start", i);
			return false;
		}
		smp_run(i, be_task, (void *)(u64)i);
	}
	return true;
}

/* share=: thousandths of all CPUs; cpus=, first=, seed=, horizon_ms=; rounds= is how many sets. */
static void run(const char *name, u32 rounds)
{
	u32 cpus = (u32)arg_u64("cpus", 0), share = (u32)arg_u64("share", 500), met = 0;

	span = arg_u64("horizon_ms", 200) * MS;
	if (!prepare(name, cpus))
		return;
	for (u32 i = 0; i < rounds; i++) {
		if (!taskset_make(&set, arg_u64("seed", 1), (u32)arg_u64("first", 0) + i, tasks,
				  share * 1000 * cpus) || !run_one()) {
			bench_skip(name, "set %u cannot be made or run; is the policy rtds?", i);
			return;
		}
		met += !missed;
	}
	bench_value("sets.made", rounds, "sets", "seed=%lu tasks=%u", arg_u64("seed", 1), tasks);
	bench_value("sets.schedulable", met, "sets", "by=machine");
	bench_value("sets.jobs", jobs, "jobs", "by=machine");
	bench_value("sets.overhead", (s64)(ran - worked) / MAX(1, (s64)jobs), "ns", "by=machine");
}

static const struct benchmark table[] = {
	{ "sets.run", run, 4 },
};
DEFINE_GROUP(sets, table);
