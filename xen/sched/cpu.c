/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPUs of scheduling instances: starting, leaving an instance, and joining another.
 *
 * A CPU that left its instance is free: it belongs to none, has a lock of its own and runs its idle
 * vCPU. A CPU becomes free by itself, in its first decision after its last unit was moved away. So
 * a vCPU may take the CPU that it runs on out of its instance: it is moved before it runs again.
 */
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include "internal.h"

void sched_cpu_init(u32 cpu)
{
	struct sched_cpu *sc = &sched_cpus[cpu];

	spin_lock_init(&sc->free_lock, "free CPU", LOCK_RANK_SCHED);
	sc->lock = &sc->free_lock;
}

/* The instance @s gets the CPU, or, with NULL, it becomes free. */
static void give(struct sched_cpu *sc, struct scheduler *s, struct spinlock *new_lock)
{
	u64 flags;
	struct spinlock *old = sched_cpu_lock(sc, &flags);

	ASSERT(sc->curr == sc->idle && !sc->sched == !!s);
	ASSERT(!s || old == &sc->free_lock);
	sc->sched = s;
	sc->leaving = false;
	WRITE_ONCE(sc->lock, new_lock);
	spin_unlock_irqrestore(old, flags);
}

void sched_cpu_freed(struct sched_cpu *sc)
{
	ASSERT(sc == &sched_cpus[hal_smp_cpu_id()] && sc->leaving);
	give(sc, NULL, &sc->free_lock);
}

int sched_cpu_settle(u32 cpu)
{
	const struct sched_cpu *sc = &sched_cpus[cpu];

	if (READ_ONCE(sc->leaving) && READ_ONCE(sched_cpus[hal_smp_cpu_id()].leaving))
		return -XEN_ERESTART;
	while (__atomic_load_n(&sc->leaving, __ATOMIC_ACQUIRE))
		hal_cpu_relax();
	return 0;
}

/* The same for @cpu and its siblings. */
static int settle_all(u32 cpu)
{
	u32 sibling;
	cpumask_t all;
	int rc = 0;

	sched_siblings(cpu, &all);
	cpumask_for_each(sibling, &all)
		rc = rc ? rc : sched_cpu_settle(sibling);
	return rc;
}

int sched_cpu_join(u32 cpu, struct scheduler *s)
{
	u32 first = sched_first_cpu(cpu), sibling;
	struct sched_topology topo = {
		.core = hal_cpu_to_core(first),
		.socket = hal_cpu_to_socket(first),
		.node = hal_cpu_to_node(first),
	};
	cpumask_t all;
	int rc = settle_all(cpu);

	if (!rc)
		rc = s->ops->cpu_prepare(s, first, &topo);
	if (rc)
		return rc;
	sched_siblings(cpu, &all);
	cpumask_for_each(sibling, &all)
		sched_cpu_follow(sibling, s);
	return 0;
}

void sched_cpu_follow(u32 cpu, struct scheduler *s)
{
	give(&sched_cpus[cpu], s, s->ops->cpu_lock(s, sched_first_cpu(cpu)));
}

void sched_cpu_online(u32 cpu)
{
	struct sched_cpu *sc = &sched_cpus[cpu = sched_first_cpu(cpu)];
	u64 flags;
	struct spinlock *l = sched_cpu_lock(sc, &flags);
	struct scheduler *s = sc->sched;

	ASSERT(sc->idle && s && !sc->leaving);
	if (!cpumask_test_and_set(&s->cpus, cpu))
		s->ops->cpu_online(s, cpu, hal_now_ns());
	spin_unlock_irqrestore(l, flags);
	sched_tickle(s, cpu);
}

void sched_free_cpus(cpumask_t *cpus)
{
	u32 cpu;

	cpus_in_use(cpus);
	cpumask_for_each(cpu, cpus)
		if (READ_ONCE(sched_cpus[cpu].sched) && !READ_ONCE(sched_cpus[cpu].leaving))
			cpumask_unset(cpus, cpu);
}

/*
 * Make the unit leave @cpu, which is no longer in its instance, and wait until it has left. The
 * unit that runs on the calling CPU leaves it in that CPU's next decision.
 */
static void evacuate(struct scheduler *s, struct sched_unit *u, u32 cpu)
{
	u64 flags;
	struct spinlock *l = sched_unit_lock(u, &flags);
	bool own;

	ASSERT(u->inserted && u->sched == s && !cpumask_test(&s->cpus, cpu));
	sched_keep_usable(u);
	if (u->cpu == cpu)
		sched_migrate_begin(u);
	own = u == hal_current_vcpu()->part_of;
	spin_unlock_irqrestore(l, flags);
	/* If the unit still runs there, that CPU moves it after saving its state. */
	for (sched_migrate_finish(u); READ_ONCE(u->cpu) == cpu && !own; sched_migrate_finish(u))
		hal_cpu_relax();
}

int sched_cpu_leave(u32 cpu)
{
	struct sched_cpu *sc = &sched_cpus[cpu = sched_first_cpu(cpu)];
	struct scheduler *s = sc->sched;
	struct sched_unit *u;
	struct spinlock *l;
	cpumask_t all;
	u64 flags;
	u32 other;

	if (!s || !cpumask_test(&s->cpus, cpu))
		return -XEN_EINVAL;
	if (cpumask_weight(&s->cpus) == 1 && READ_ONCE(sched_instance(s)->nr_domains))
		return -XEN_EBUSY;
	l = sched_cpu_lock(sc, &flags);
	cpumask_unset(&s->cpus, cpu);
	s->ops->cpu_offline(s, cpu, hal_now_ns());
	spin_unlock_irqrestore(l, flags);
	sched_tickle(s, cpu);

	list_for_each_entry(u, &sched_instance(s)->units, link)
		evacuate(s, u, cpu);
	/* A unit may have been told to @cpu, which will not look any more: let the others look. */
	cpumask_for_each(other, &s->cpus)
		sched_tickle(s, other);
	sched_siblings(cpu, &all);
	cpumask_for_each(other, &all) {
		__atomic_store_n(&sched_cpus[other].leaving, true, __ATOMIC_RELEASE);
		sched_tickle(s, other);
	}
	/* The caller's own CPU leaves later, and with it those that run its unit's other vCPUs. */
	if (!cpumask_test(&all, hal_smp_cpu_id()))
		settle_all(cpu);
	return 0;
}
