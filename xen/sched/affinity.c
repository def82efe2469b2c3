/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Affinity, and moving a vCPU to a CPU it may use.
 *
 * A vCPU that has to leave its run queue is first made not runnable (VPF_MIGRATING). Once it is off
 * its CPU it is moved, either by the caller or by the CPU that saved its state.
 */
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/hal/time.h>

#include "internal.h"

void sched_unlock_two(const struct lock_pair *p)
{
	if (p->first != p->second)
		spin_unlock(p->second);
	spin_unlock_irqrestore(p->first, p->flags);
}

/* Lock in order of address, as everywhere. A CPU gets another lock with a new instance. */
void sched_lock_two(struct lock_pair *p, u32 a, u32 b)
{
	for (;;) {
		struct spinlock *la = READ_ONCE(sched_cpus[a].lock);
		struct spinlock *lb = READ_ONCE(sched_cpus[b].lock);

		p->first = min(la, lb);
		p->second = max(la, lb);
		p->flags = spin_lock_irqsave(p->first);
		if (p->first != p->second)
			spin_lock_nested(p->second);
		if (la == READ_ONCE(sched_cpus[a].lock) && lb == READ_ONCE(sched_cpus[b].lock))
			return;
		sched_unlock_two(p);
	}
}

static bool may_migrate(struct sched_unit *u)
{
	return u->inserted && !u->running && unit_is_moving(u);
}

void sched_keep_usable(struct sched_unit *u)
{
	ASSERT(spin_is_locked_by_me(sched_cpus[u->cpu].lock));
	if (cpumask_intersects(&u->hard, &u->sched->cpus))
		return;
	printk(LOG_WARN "d%uv%u: none of its CPUs is left; it may use any now\n", u->domid, u->id);
	cpumask_setall(&u->hard);
}

void sched_migrate_finish(struct sched_unit *u)
{
	struct vcpu *v = unit_vcpu(u);
	struct lock_pair pair;
	bool done = false;
	u64 flags;

	/* Repeat only if the unit was moved, or the CPUs it may use changed, meanwhile. */
	while (!done) {
		struct spinlock *l = sched_unit_lock(u, &flags);
		struct scheduler *s = u->sched;
		bool may = may_migrate(u);
		u32 old = u->cpu, new = old;

		if (may) {
			sched_keep_usable(u);
			new = s->ops->pick_cpu(s, u, hal_now_ns());
		}
		spin_unlock_irqrestore(l, flags);
		if (!may)
			return;
		ASSERT(new < NR_CPUS);
		sched_lock_two(&pair, old, new);
		if (!may_migrate(u)) {
			sched_unlock_two(&pair);
			return;
		}
		if (u->cpu == old && u->sched == s && cpumask_test(&u->hard, new) &&
		    cpumask_test(&s->cpus, new)) {
			if (old != new)
				s->ops->migrate(s, u, new, hal_now_ns());
			__atomic_fetch_and(&v->pause_flags, ~VPF_MIGRATING, __ATOMIC_SEQ_CST);
			done = true;
		}
		sched_unlock_two(&pair);
	}
	for_each_unit_vcpu(u, v)
		vcpu_wake(v);
}

void sched_migrate_begin(struct sched_unit *u)
{
	struct vcpu *v = unit_vcpu(u);

	__atomic_fetch_or(&v->pause_flags, VPF_MIGRATING, __ATOMIC_SEQ_CST);
	sched_sleep_locked(v);
}

int vcpu_set_affinity(struct vcpu *v, const cpumask_t *hard, const cpumask_t *soft)
{
	struct sched_unit *u = v->part_of;
	struct scheduler *s = u->sched;
	cpumask_t whole_hard, whole_soft;
	struct spinlock *l;
	bool move;
	u64 flags;

	if (hard && unlikely(sched_width > 1)) {
		sched_whole_resources(hard, &whole_hard);
		hard = &whole_hard;
	}
	if (soft && unlikely(sched_width > 1)) {
		sched_whole_resources(soft, &whole_soft);
		soft = &whole_soft;
	}
	/* A dying domain's vCPU has no instance. */
	if (!s || (hard && !cpumask_intersects(hard, &s->cpus)) ||
	    (soft && !cpumask_intersects(soft, &s->cpus)))
		return -XEN_EINVAL;

	l = sched_unit_lock(u, &flags);
	if (hard)
		u->hard = *hard;
	if (soft)
		u->soft = *soft;
	move = !cpumask_test(&u->hard, u->cpu);
	if (move)
		sched_migrate_begin(u);
	else
		s->ops->affinity_changed(s, u, hal_now_ns());
	spin_unlock_irqrestore(l, flags);
	if (move)
		sched_migrate_finish(u);
	return 0;
}
