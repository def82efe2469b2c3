/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The granularity of scheduling (sched-gran=): makes resources of cores or sockets at boot. */
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/hal/smp.h>

#include "internal.h"

enum granularity { GRAN_CPU, GRAN_CORE, GRAN_SOCKET };

static const char *const granularity_words[] = { "cpu", "core", "socket" };
static enum granularity granularity;		/* [boot] */
PARAM_WORD_VAR("sched-gran", sched_gran, granularity, granularity_words);

static struct sched_resource resources[NR_CPUS];	/* by the number of their first CPU */
static u32 cpus_of_resources[NR_CPUS];			/* [boot] sched_resource.cpu points here */

static bool same_resource(u32 a, u32 b)
{
	return hal_cpu_to_socket(a) == hal_cpu_to_socket(b) &&
	       (granularity == GRAN_SOCKET || hal_cpu_to_core(a) == hal_cpu_to_core(b));
}

/* List the CPUs of the resource of which @first is the first one; 0: it is not the first one. */
static u32 list_cpus(u32 first, u32 *list)
{
	u32 cpu, n = 0;

	cpumask_for_each(cpu, &cpu_online_map) {
		if (!same_resource(first, cpu))
			continue;
		if (cpu < first)
			return 0;
		list[n++] = cpu;
	}
	return n;
}

/* The number of CPUs of each resource; 0 when they have different numbers. */
static u32 plan_resources(void)
{
	u32 cpu, used = 0, width = 0;

	cpumask_for_each(cpu, &cpu_online_map) {
		u32 n = list_cpus(cpu, &cpus_of_resources[used]);

		if (n && width && n != width)
			return 0;
		width = n ? n : width;
		resources[cpu].cpu = n ? &cpus_of_resources[used] : NULL;
		used += n;
	}
	ASSERT(used == cpumask_weight(&cpu_online_map));
	return width;
}

/* The first CPU is in pool 0, the others are free; none runs a vCPU. */
static void make_resource(struct sched_resource *r)
{
	for (u32 i = 0; i < sched_width; i++) {
		struct sched_cpu *sc = &sched_cpus[r->cpu[i]];
		u64 flags;
		struct spinlock *l = sched_cpu_lock(sc, &flags);

		ASSERT(sc->curr == sc->idle && !sc->res && !sc->sched == !!i);
		sc->place = i;
		sc->res = r;
		spin_unlock_irqrestore(l, flags);
	}
}

/* Take all CPUs but the first of each resource from pool 0's policy, and give it the resources. */
static void form_resources(u32 width)
{
	struct scheduler *s = sched_pool(SCHED_BOOT_POOL);
	u32 cpu;

	cpumask_for_each(cpu, &cpu_online_map)
		if (!resources[cpu].cpu && sched_cpu_leave(cpu))
			panic("sched-gran: CPU %u cannot leave its pool", cpu);
	sched_width = width;
	cpumask_for_each(cpu, &cpu_online_map)
		if (resources[cpu].cpu)
			make_resource(&resources[cpu]);
	cpumask_for_each(cpu, &cpu_online_map)
		if (!resources[cpu].cpu)
			sched_cpu_follow(cpu, s);
}

void sched_resources_init(bool smt_off)
{
	const char *word = granularity_words[granularity];
	u32 width;

	if (granularity == GRAN_CPU)
		return;
	if (smt_off) {
		printk(LOG_WARN "sched-gran=%s is ignored: smt=off parks CPUs of each core; leave "
		       "one of the two out\n", word);
		return;
	}
	width = plan_resources();
	if (!width) {
		printk(LOG_WARN "sched-gran=%s is ignored: not all %ss have the same number of "
		       "CPUs\n", word, word);
		return;
	}
	if (width > 1)
		form_resources(width);
	printk(LOG_INFO "Scheduling by %s: %u %s each\n", word, width, width == 1 ? "CPU" : "CPUs");
}
