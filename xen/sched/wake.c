/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting and stopping vCPUs after their pause flags and counts changed.
 *
 * Ordering between blocking and waking: the vCPU sets VPF_BLOCKED and then looks for pending
 * events; the waker makes the event pending and then looks at VPF_BLOCKED. Both use sequentially
 * consistent operations, so at least one sees the other.
 */
#include <xen/printk.h>
#include <xen/softirq.h>
#include <xen/hal/cpu.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include "internal.h"

void vcpu_wake(struct vcpu *v)
{
	struct sched_unit *u = v->part_of;
	u64 flags;
	struct spinlock *l = sched_unit_lock(u, &flags);

	if (likely(sched_runnable(v))) {
		s_time_t now = hal_now_ns();

		if (v->runstate.state >= RUNSTATE_blocked)
			sched_runstate_set(v, RUNSTATE_runnable, now);
		/* A unit that runs is handled by schedule() or context_saved(). */
		if (!u->runnable && likely(!unit_is_moving(u))) {
			ASSERT(u->inserted && u->sched);
			u->runnable = true;
			trace_sched_time((u64)now, 1);
			trace_sched_wake(v->domain->id, v->id);
			if (!u->running)
				u->sched->ops->wake(u->sched, u, now);
		}
		/* Its unit has CPUs, of which one is for it. */
		if (unlikely(u->running && !v->running))
			sched_tickle(u->sched, vcpu_cpu(v));
	} else if (v->runstate.state == RUNSTATE_blocked) {
		sched_runstate_set(v, sched_idle_runstate(v), hal_now_ns());
	}
	spin_unlock_irqrestore(l, flags);
}

void sched_sleep_locked(struct vcpu *v)
{
	struct sched_unit *u = v->part_of;
	u32 cpu = vcpu_cpu(v);

	ASSERT(spin_is_locked_by_me(sched_cpus[u->cpu].lock));
	if (vcpu_runnable(v))
		return;
	trace_sched_sleep(v->domain->id, v->id);
	if (v->runstate.state == RUNSTATE_runnable)
		sched_runstate_set(v, sched_idle_runstate(v), hal_now_ns());
	if (sched_cpus[cpu].curr == v) {
		sched_tickle(u->sched, cpu);
	} else if (u->runnable && !sched_unit_runnable(u)) {
		u->runnable = false;
		if (!u->running)
			u->sched->ops->sleep(u->sched, u, hal_now_ns());
		else if (sched_cpus[cpu].res)
			sched_resource_stop(u);
	}
}

bool sched_at_next_run(struct vcpu *v, u32 work)
{
	u64 flags;
	/* schedule() marks the vCPU as running under this lock, and reads switch_work later. */
	struct spinlock *l = sched_unit_lock(v->part_of, &flags);
	bool off = !v->running;

	if (off)
		__atomic_fetch_or(&v->switch_work, work, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(l, flags);
	return off;
}

void vcpu_sleep_nosync(struct vcpu *v)
{
	u64 flags;
	struct spinlock *l = sched_unit_lock(v->part_of, &flags);

	sched_sleep_locked(v);
	spin_unlock_irqrestore(l, flags);
}

/*
 * During the wait below this CPU does nothing else: no softirq, no context switch. Two CPUs would
 * wait for ever if each waited for the vCPU that is current on the other, or if one held a lock
 * that the other spins for. So a caller holds no lock that guest hypercalls take, except the
 * control lock, which is only tried and never spun for; without that lock it knows that the target
 * cannot wait for it. A CPU never waits for its own current vCPU.
 */
void vcpu_sleep_sync(struct vcpu *v)
{
	vcpu_sleep_nosync(v);
	if (v == hal_current_vcpu())
		return;
	while (__atomic_load_n(&v->running, __ATOMIC_ACQUIRE) && !vcpu_runnable(v))
		hal_cpu_relax();
}

void vcpu_block(struct vcpu *v)
{
	ASSERT(v == hal_current_vcpu() && !is_idle_vcpu(v));
	__atomic_fetch_or(&v->pause_flags, VPF_BLOCKED, __ATOMIC_SEQ_CST);
	if (hal_vcpu_has_pending(v)) {
		__atomic_fetch_and(&v->pause_flags, ~VPF_BLOCKED, __ATOMIC_SEQ_CST);
		return;
	}
	trace_sched_block(v->domain->id, v->id);
	softirq_raise(SOFTIRQ_SCHEDULE);
}

void vcpu_unblock(struct vcpu *v)
{
	const unsigned long waits = VPF_BLOCKED | VPF_POLL;

	if (!(__atomic_load_n(&v->pause_flags, __ATOMIC_SEQ_CST) & waits))
		return;
	if (__atomic_fetch_and(&v->pause_flags, ~waits, __ATOMIC_SEQ_CST) & waits)
		vcpu_wake(v);
}

void vcpu_wait_for_device(struct vcpu *v)
{
	ASSERT(v == hal_current_vcpu());
	__atomic_fetch_or(&v->pause_flags, VPF_DEVICE, __ATOMIC_SEQ_CST);
	softirq_raise(SOFTIRQ_SCHEDULE);
}

void vcpu_device_answered(struct vcpu *v)
{
	if (__atomic_fetch_and(&v->pause_flags, ~VPF_DEVICE, __ATOMIC_SEQ_CST) & VPF_DEVICE)
		vcpu_wake(v);
}

void vcpu_yield(struct vcpu *v)
{
	struct sched_unit *u = v->part_of;

	ASSERT(v == hal_current_vcpu() && !is_idle_vcpu(v));
	trace_sched_yield(v->domain->id, v->id);
	u->sched->ops->yield(u->sched, u);
	sched_tickle(u->sched, u->cpu);
}

struct vcpu *sched_idle_vcpu(u32 cpu)
{
	return sched_cpus[cpu].idle;
}
