/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Units and CPUs: whose lock guards a unit, which CPUs belong together, and what can run. */
#include <xen/softirq.h>

#include "internal.h"

struct sched_cpu sched_cpus[NR_CPUS];
u32 sched_width = 1;

struct spinlock *sched_unit_lock(struct sched_unit *u, u64 *flags)
{
	for (;;) {
		struct spinlock *l = sched_cpus[READ_ONCE(u->cpu)].lock;

		*flags = spin_lock_irqsave(l);
		if (likely(l == sched_cpus[READ_ONCE(u->cpu)].lock))
			return l;
		spin_unlock_irqrestore(l, *flags);
	}
}

void sched_tickle(struct scheduler *s, u32 cpu)
{
	softirq_raise_cpu(cpu, SOFTIRQ_SCHEDULE);
}

bool vcpu_runnable(const struct vcpu *v)
{
	return sched_runnable(v);
}

bool sched_unit_runnable(struct sched_unit *u)
{
	struct vcpu *v;

	if (unit_is_moving(u))
		return false;
	for_each_unit_vcpu(u, v)
		if (vcpu_runnable(v))
			return true;
	return false;
}

u32 vcpu_cpu(const struct vcpu *v)
{
	u32 cpu = READ_ONCE(v->part_of->cpu);

	return likely(sched_width == 1) ? cpu : sched_cpu_at(cpu, v->id % sched_width);
}

u32 sched_cpu_at(u32 cpu, u32 place)
{
	const struct sched_resource *r = sched_cpus[cpu].res;

	ASSERT(place < sched_width);
	return r ? r->cpu[place] : cpu;
}

void sched_siblings(u32 cpu, cpumask_t *cpus)
{
	const struct sched_resource *r = sched_cpus[cpu].res;

	cpumask_clear(cpus);
	cpumask_set(cpus, cpu);
	for (u32 i = 0; r && i < sched_width; i++)
		cpumask_set(cpus, r->cpu[i]);
}

void sched_whole_resources(const cpumask_t *cpus, cpumask_t *whole)
{
	u32 cpu;

	*whole = *cpus;
	if (sched_width == 1)
		return;
	cpumask_for_each(cpu, &cpu_online_map)
		if (cpumask_test(cpus, cpu))
			for (u32 i = 0; i < sched_width; i++)
				cpumask_set(whole, sched_cpu_at(cpu, i));
}

void sched_pool_cpus(const struct scheduler *s, cpumask_t *cpus)
{
	sched_whole_resources(&s->cpus, cpus);
}
