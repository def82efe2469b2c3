/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPUs of scheduling instances: starting, leaving an instance, and joining another.
 *
 * A CPU that left its instance runs its idle vCPU until it joins one again. All calls for a CPU are
 * serialised by the caller.
 */
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>

#include "internal.h"

/* The lock that guards a CPU changes only with that lock held. */
struct spinlock *sched_cpu_lock(struct sched_cpu *sc, u64 *flags)
{
	for (;;) {
		struct spinlock *l = READ_ONCE(sc->lock);

		*flags = spin_lock_irqsave(l);
		if (likely(l == READ_ONCE(sc->lock)))
			return l;
		spin_unlock_irqrestore(l, *flags);
	}
}

int sched_cpu_join(u32 cpu, struct scheduler *s)
{
	struct sched_cpu *sc = &sched_cpus[cpu];
	struct sched_topology topo = {
		.core = hal_cpu_to_core(cpu),
		.socket = hal_cpu_to_socket(cpu),
		.node = hal_cpu_to_node(cpu),
	};
	struct spinlock *old;
	u64 flags;
	int rc;

	ASSERT(!sc->sched || !cpumask_test(&sc->sched->cpus, cpu));
	rc = s->ops->cpu_prepare(s, cpu, &topo);
	if (rc)
		return rc;
	if (!sc->lock) {
		sc->lock = s->ops->cpu_lock(s, cpu);
		sc->sched = s;
		return 0;
	}
	old = sched_cpu_lock(sc, &flags);
	ASSERT(sc->curr == sc->idle);
	sc->sched = sc->idle->unit.sched = s;
	WRITE_ONCE(sc->lock, s->ops->cpu_lock(s, cpu));
	spin_unlock_irqrestore(old, flags);
	return 0;
}

void sched_cpu_online(u32 cpu)
{
	struct sched_cpu *sc = &sched_cpus[cpu];
	u64 flags;
	struct spinlock *l = sched_cpu_lock(sc, &flags);

	ASSERT(sc->idle && sc->idle->unit.sched == sc->sched);
	if (!cpumask_test_and_set(&sc->sched->cpus, cpu))
		sc->sched->ops->cpu_online(sc->sched, cpu, hal_now_ns());
	spin_unlock_irqrestore(l, flags);
	sched_tickle(sc->sched, cpu);
}

/* Make the unit leave @cpu, which is no longer in its instance, and wait until it has left. */
static void evacuate(struct scheduler *s, struct sched_unit *u, u32 cpu)
{
	struct vcpu *v = unit_vcpu(u);
	u64 flags;
	struct spinlock *l = sched_unit_lock(u, &flags);

	ASSERT(u->inserted && u->sched == s && !cpumask_test(&s->cpus, cpu));
	sched_keep_usable(u);
	if (u->cpu == cpu) {
		__atomic_fetch_or(&v->pause_flags, VPF_MIGRATING, __ATOMIC_SEQ_CST);
		sched_sleep_locked(v);
	}
	spin_unlock_irqrestore(l, flags);
	/* If the unit still runs there, that CPU moves it after saving its state. */
	for (sched_migrate_finish(v); READ_ONCE(u->cpu) == cpu; sched_migrate_finish(v))
		hal_cpu_relax();
}

int sched_cpu_leave(u32 cpu)
{
	struct sched_cpu *sc = &sched_cpus[cpu];
	struct scheduler *s = sc->sched;
	struct sched_instance *in;
	struct sched_unit *u;
	struct spinlock *l;
	u64 flags;

	if (!s || !cpumask_test(&s->cpus, cpu) || cpu == hal_smp_cpu_id())
		return -XEN_EINVAL;
	if (cpumask_weight(&s->cpus) == 1 && READ_ONCE(sched_instance(s)->nr_domains))
		return -XEN_EBUSY;
	l = sched_cpu_lock(sc, &flags);
	cpumask_unset(&s->cpus, cpu);
	s->ops->cpu_offline(s, cpu, hal_now_ns());
	spin_unlock_irqrestore(l, flags);
	sched_tickle(s, cpu);

	in = sched_instance(s);
	spin_lock(&in->units_lock);
	list_for_each_entry(u, &in->units, link)
		evacuate(s, u, cpu);
	spin_unlock(&in->units_lock);
	return 0;
}
