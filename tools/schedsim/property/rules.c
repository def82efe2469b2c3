/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules that hold for every policy, and those that hold for some. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xen/compiler.h>

#include "property/rules.h"
#include "say.h"

#define MS 1000000LL

/*
 * A policy conserves work when no vCPU waits while a CPU that it may use idles. How long it may
 * take to see that is stated here. credit2 tries again after 1 ms when a queue's lock was taken,
 * which a disturbed machine pretends up to twice in a row. credit looks at its ticks. null keeps a
 * CPU for the vCPU that it gave it to, even while that sleeps. Real-time policies keep to budgets
 * and frames, so nothing is promised for those.
 */
static const struct promise {
	const char *policy;
	s64 conserves_within;		/* 0: not at all */
	bool owned;			/* a CPU with a vCPU that sleeps is not free */
	bool shares;			/* every vCPU that wants to run does so in time */
} promises[] = {
	{ "credit2", 4 * MS, false, true },
	{ "credit", 35 * MS, false, true },
	{ "null", 4 * MS, true, false },
};

static const struct promise none = {};
static const struct promise *promise = &none;
static struct watched *vcpus;
static u32 nr_vcpus;
static s64 cpu_touched[MACHINE_MAX_CPUS];

void rules_touch_cpu(u32 cpu) { cpu_touched[machine_first_cpu(cpu)] = machine_now(); }

void rules_broken(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "at %lld ns: ", (long long)machine_now());
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	/* exit() would close the streams of the process that this one was forked from. */
	_exit(STATUS_BROKEN);
}

void rules_begin(const char *policy, struct watched *w, u32 nr)
{
	for (u32 i = 0; i < ARRAY_SIZE(promises); i++)
		if (!strcmp(policy, promises[i].policy))
			promise = &promises[i];
	vcpus = w;
	nr_vcpus = nr;
}

void rules_count(u32 nr) { nr_vcpus = nr; }

static s64 later(s64 a, s64 b) { return a > b ? a : b; }

static bool waits(const struct watched *w)
{
	return !w->gone && w->guest.v && machine_vcpu_runnable(w->guest.v) &&
	       machine_vcpu_runs_on(w->guest.v) == MACHINE_MAX_CPUS;
}

/* The CPU belongs to a vCPU that sleeps, or that woke a moment ago. */
static bool has_owner(u32 cpu)
{
	for (u32 i = 0; i < nr_vcpus; i++) {
		const struct watched *w = &vcpus[i];

		if (w->gone || !w->guest.v ||
		    machine_first_cpu(machine_vcpu_cpu(w->guest.v)) != cpu)
			continue;
		if (!waits(w) || machine_now() - later(w->guest.waits_since, w->touched) <=
		    promise->conserves_within)
			return true;
	}
	return false;
}

/* Since when @first and all of its siblings idle; INT64_MAX: one of them does not. */
static s64 idle_since(u32 first)
{
	s64 since = 0;

	for (u32 cpu = first; cpu < machine_cpus(); cpu++) {
		if (machine_first_cpu(cpu) != first)
			continue;
		if (machine_current(cpu))
			return INT64_MAX;
		since = later(since, machine_idle_since(cpu));
	}
	return since;
}

/*
 * A CPU that the vCPU may use and that has idled for too long while it waited; MACHINE_MAX_CPUS:
 * there is none.
 */
static u32 idle_cpu_for(const struct watched *w)
{
	s64 waits_since = later(w->guest.waits_since, w->touched);

	for (u32 cpu = 0; cpu < machine_cpus(); cpu++) {
		if (machine_first_cpu(cpu) != cpu || !machine_vcpu_may_use(w->guest.v, cpu) ||
		    (promise->owned && has_owner(cpu)))
			continue;
		if (machine_now() - later(waits_since, later(idle_since(cpu), cpu_touched[cpu])) >
		    promise->conserves_within)
			return cpu;
	}
	return MACHINE_MAX_CPUS;
}

/* The vCPU and the CPU have both been waiting for longer than the policy may take. */
static void check_conserved(const struct watched *w)
{
	u32 cpu;

	if (!waits(w) || w->limited || w->guest.waits_since < 0)
		return;
	cpu = idle_cpu_for(w);
	if (cpu == MACHINE_MAX_CPUS)
		return;
	rules_broken("d%uv%u waits since %lld ns while CPU %u, which it may use, idles since "
		     "%lld ns", w->guest.domid, w->guest.id, (long long)w->guest.waits_since, cpu,
		     (long long)machine_idle_since(cpu));
}

void rules_check_alone(u32 cpu)
{
	struct machine_vcpu *v = machine_current(cpu);

	for (u32 other = 0; v && other < machine_cpus(); other++) {
		struct machine_vcpu *o = machine_current(other);

		if (machine_first_cpu(other) == machine_first_cpu(cpu) && o &&
		    machine_vcpu_domid(o) != machine_vcpu_domid(v))
			rules_broken("d%uv%u runs on CPU %u while d%uv%u runs on CPU %u",
				     machine_vcpu_domid(v), machine_vcpu_id(v), cpu,
				     machine_vcpu_domid(o), machine_vcpu_id(o), other);
	}
}

/* What a CPU runs is on that CPU only, may run, and is known to run there. */
static void check_places(void)
{
	for (u32 cpu = 0; cpu < machine_cpus(); cpu++) {
		struct machine_vcpu *v = machine_current(cpu);

		if (v && machine_vcpu_runs_on(v) != cpu)
			rules_broken("CPU %u runs d%uv%u, which is on CPU %u", cpu,
				     machine_vcpu_domid(v), machine_vcpu_id(v),
				     machine_vcpu_runs_on(v));
		rules_check_alone(cpu);
	}
}

void rules_check(void)
{
	check_places();
	for (u32 i = 0; promise->conserves_within && i < nr_vcpus; i++)
		check_conserved(&vcpus[i]);
}

void rules_settle(void)
{
	for (u32 i = 0; i < nr_vcpus; i++)
		if (!vcpus[i].gone)
			vcpus[i].ran_before = machine_vcpu_ran(vcpus[i].guest.v);
}

void rules_end(void)
{
	for (u32 i = 0; promise->shares && i < nr_vcpus; i++) {
		const struct watched *w = &vcpus[i];

		if (w->gone || w->guest.state == GUEST_NEW)
			continue;
		if (machine_vcpu_ran(w->guest.v) == w->ran_before)
			rules_broken("d%uv%u did not run in the last phase", w->guest.domid,
				     w->guest.id);
	}
}
