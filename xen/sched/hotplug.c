/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking CPUs offline and online again while vCPUs run, one by one or all second threads of cores.
 *
 * A CPU that is offline is parked: it is in no pool, so it runs no vCPU, its timers are moved to
 * the boot CPU, and it halts in its idle loop. It stays in cpu_online_map, as it still executes the
 * hypervisor: it answers calls from other CPUs (flushes, patches of the text), and it handles a
 * device interrupt that was sent to it before, so none of these needs to know of parked CPUs.
 */
#include <xen/errno.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/timer.h>

#include "internal.h"

#define BOOT_CPU 0U

static bool smt = true;
PARAM_BOOL_VAR("smt", smt, smt);

static bool same_core(u32 a, u32 b)
{
	return hal_cpu_to_socket(a) == hal_cpu_to_socket(b) &&
	       hal_cpu_to_core(a) == hal_cpu_to_core(b);
}

/* True for all threads of a core but that with the lowest number. */
static bool is_second_thread(u32 cpu)
{
	u32 other;

	cpumask_for_each(other, &cpu_online_map)
		if (other < cpu && same_core(other, cpu))
			return true;
	return false;
}

int cpu_offline(u32 cpu)
{
	struct sched_cpu *sc;
	cpumask_t all;
	u32 sibling;
	int rc;

	if (!cpu_take_online(&cpu) || sched_first_cpu(cpu) == BOOT_CPU)
		return -XEN_EINVAL;
	sc = &sched_cpus[cpu];
	if (cpumask_test(&cpu_parked_map, cpu))
		return -XEN_EEXIST;
	if (sc->sched && !sc->leaving) {
		if (sc->sched->pool_id != SCHED_BOOT_POOL)
			return -XEN_ENODEV;
		rc = sched_cpu_leave(cpu);
		if (rc)
			return rc;
	}
	/* The caller's own CPU: the repeated call comes from another one. */
	sched_siblings(cpu, &all);
	cpumask_for_each(sibling, &all) {
		rc = sched_cpu_settle(sibling);
		if (rc)
			return rc;
	}
	cpumask_for_each(sibling, &all) {
		ASSERT(!sched_cpus[sibling].sched);
		ASSERT(sched_cpus[sibling].curr == sched_cpus[sibling].idle);
		cpumask_set(&cpu_parked_map, sibling);
		timer_leave_cpu(sibling, BOOT_CPU);
	}
	return 0;
}

int cpu_online(u32 cpu)
{
	cpumask_t all;
	int rc;

	if (!cpu_take_online(&cpu))
		return -XEN_EINVAL;
	if (!cpumask_test(&cpu_parked_map, cpu))
		return -XEN_EEXIST;
	if (!smt && is_second_thread(cpu))
		return -XEN_EPERM;
	rc = sched_cpu_join(cpu, sched_pool(SCHED_BOOT_POOL));
	if (rc)
		return rc;
	sched_siblings(cpu, &all);
	cpumask_andnot(&cpu_parked_map, &cpu_parked_map, &all);
	sched_cpu_online(cpu);
	return 0;
}

/* Why the second thread @cpu cannot be parked; 0: it can. What is free, or parked, can. */
static int refuse_parking(u32 cpu)
{
	const struct sched_cpu *sc = &sched_cpus[cpu];

	return sc->sched && !sc->leaving && sc->sched->pool_id != SCHED_BOOT_POOL ? -XEN_ENODEV : 0;
}

/* Pool 0 has domains, and no CPU but second threads of cores. */
static bool pool_needs_second_threads(void)
{
	struct scheduler *s = sched_pool(SCHED_BOOT_POOL);
	u32 cpu;

	cpumask_for_each(cpu, &s->cpus)
		if (!is_second_thread(cpu))
			return false;
	return sched_nr_domains(s);
}

/* SMT is switched off for all cores or for none, so that no error comes half-way. */
static int check_smt_change(bool on)
{
	bool any = false;
	u32 cpu;

	if (sched_width > 1) {
		printk(LOG_WARN "SMT cannot be switched: sched-gran= schedules %u CPUs as one\n",
		       sched_width);
		return -XEN_EINVAL;
	}
	cpumask_for_each(cpu, &cpu_online_map) {
		int rc = on || !is_second_thread(cpu) ? 0 : refuse_parking(cpu);

		if (rc) {
			printk(LOG_WARN "SMT stays on: CPU %u is in another pool than pool 0\n",
			       cpu);
			return rc;
		}
		any = any || is_second_thread(cpu);
	}
	if (!on && any && pool_needs_second_threads()) {
		printk(LOG_WARN "SMT stays on: pool 0 has no CPUs but second threads of cores\n");
		return -XEN_EBUSY;
	}
	return any ? 0 : -XEN_EOPNOTSUPP;
}

int cpus_set_smt(bool on)
{
	int rc = check_smt_change(on);
	u32 cpu;

	if (rc && rc != -XEN_EOPNOTSUPP)
		return rc;
	smt = on;
	cpumask_for_each(cpu, &cpu_online_map) {
		int failed;

		if (!is_second_thread(cpu))
			continue;
		failed = on ? cpu_online(cpu) : cpu_offline(cpu);
		if (failed && failed != -XEN_EEXIST)
			return failed;
	}
	return rc;
}

/* A CPU joins its pool a moment after it came online. */
static void wait_until_all_schedule(void)
{
	const struct scheduler *s = sched_pool(SCHED_BOOT_POOL);
	u32 cpu;

	cpumask_for_each(cpu, &cpu_online_map)
		while (!cpumask_test(&s->cpus, cpu))
			hal_cpu_relax();
}

void cpus_settle_at_boot(void)
{
	int rc;

	wait_until_all_schedule();
	rc = smt ? 0 : cpus_set_smt(false);
	if (rc && rc != -XEN_EOPNOTSUPP)
		panic("smt=off: the second threads of cores cannot be parked: error %d", rc);
	if (!smt)
		printk(LOG_INFO "SMT is off: %u CPUs are parked\n",
		       cpumask_weight(&cpu_parked_map));
	sched_resources_init(!smt);
}
