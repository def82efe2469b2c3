/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler core: the decision point of each CPU, and starting and stopping vCPUs.
 *
 * Hypervisor code never blocks. What wants a vCPU off its CPU sets a reason (pause flag or count)
 * and raises SOFTIRQ_SCHEDULE on that CPU; before the CPU enters the guest again it runs
 * schedule(), which asks the policy and switches. There is one stack a CPU, not one a vCPU, so
 * arch_context_switch returns like any function, with another vCPU current.
 *
 * Ordering between blocking and waking: the vCPU sets VPF_BLOCKED and then looks for pending
 * events; the waker makes the event pending and then looks at VPF_BLOCKED. Both use sequentially
 * consistent operations, so at least one sees the other.
 */
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/softirq.h>
#include <xen/hal/cpu.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include "internal.h"

struct sched_cpu sched_cpus[NR_CPUS];

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

void sched_tickle(u32 cpu)
{
	softirq_raise_cpu(cpu, SOFTIRQ_SCHEDULE);
}

bool vcpu_runnable(const struct vcpu *v)
{
	return !READ_ONCE(v->pause_flags) && !READ_ONCE(v->pause_count) &&
	       !READ_ONCE(v->domain->pause_count);
}

static void no_switch(struct vcpu *v)
{
}

static void no_move(struct vcpu *v, u32 cpu)
{
}

static struct sched_hooks hooks = {	/* filled at boot */
	.switched_out = no_switch, .switched_in = no_switch, .moved = no_move,
};

void sched_set_hooks(const struct sched_hooks *h)
{
	hooks = *h;
}

/*
 * An armed timer that fires too early costs one decision; arming it anew costs every switch more.
 * So it is only ever pulled nearer.
 */
static inline void arm_timer(struct sched_cpu *sc, s_time_t until)
{
	if (until < sc->timer_at) {
		sc->timer_at = until;
		timer_set(&sc->timer, until);
	}
}

static void slice_timer_fn(void *arg)
{
	struct sched_cpu *sc = arg;

	sc->timer_at = INT64_MAX;
	softirq_raise(SOFTIRQ_SCHEDULE);
}

/* The state of @prev is in memory: others may run it from here on. */
static void context_saved(struct sched_cpu *sc, struct vcpu *prev, s_time_t now)
{
	struct sched_unit *u = &prev->unit;

	if (u->is_idle)
		return;
	spin_lock(sc->lock);
	__atomic_store_n(&u->running, false, __ATOMIC_RELEASE);
	sc->sched->ops->context_saved(sc->sched, u, now);
	spin_unlock(sc->lock);
	if (unlikely(READ_ONCE(prev->pause_flags) & VPF_MIGRATING))
		sched_migrate_finish(prev);
}

/* SOFTIRQ_SCHEDULE. */
static void schedule(void)
{
	u32 cpu = smp_cpu_id();
	struct sched_cpu *sc = &sched_cpus[cpu];
	struct vcpu *prev = sc->curr, *next;
	struct sched_unit *pu = prev->unit.is_idle ? NULL : &prev->unit;
	struct sched_decision dec;
	u64 flags = spin_lock_irqsave(sc->lock);
	s_time_t now = now_ns();

	if (pu)
		pu->runnable = vcpu_runnable(prev);
	sc->sched->ops->schedule(sc->sched, cpu, now, pu, &dec);
	next = dec.unit ? unit_vcpu(dec.unit) : sc->idle;
	if (next == prev) {
		trace_continue_running(prev->id, prev->domain->id);
		spin_unlock(sc->lock);
		arm_timer(sc, dec.until);
		irq_restore(flags);
		return;
	}
	trace_sched_switch(prev->domain->id, prev->id, next->domain->id, next->id);
	sched_runstate_set(prev, pu ? sched_idle_runstate(prev) : RUNSTATE_runnable, now);
	sched_runstate_set(next, RUNSTATE_running, now);
	next->unit.running = true;
	sc->curr = next;
	sc->switches++;
	spin_unlock(sc->lock);

	arm_timer(sc, dec.until);
	if (READ_ONCE(prev->switch_work))
		hooks.switched_out(prev);
	hal_set_current(next);
	trace_set_context(next->domain->id, next->id);
	arch_context_switch(prev, next);
	context_saved(sc, prev, now);
	if (unlikely(next->unit.last_cpu != cpu)) {
		next->unit.last_cpu = cpu;
		hooks.moved(next, cpu);
	}
	if (READ_ONCE(next->switch_work))
		hooks.switched_in(next);
	irq_restore(flags);
}

void vcpu_wake(struct vcpu *v)
{
	struct sched_unit *u = &v->unit;
	u64 flags;
	struct spinlock *l = sched_unit_lock(u, &flags);

	if (likely(vcpu_runnable(v))) {
		s_time_t now = now_ns();

		if (v->runstate.state >= RUNSTATE_blocked)
			sched_runstate_set(v, RUNSTATE_runnable, now);
		/* While it runs, schedule() or context_saved() sees to it. */
		if (!u->runnable) {
			u->runnable = true;
			trace_sched_wake(v->domain->id, v->id);
			if (!u->running)
				u->sched->ops->wake(u->sched, u, now);
		}
	} else if (v->runstate.state == RUNSTATE_blocked) {
		sched_runstate_set(v, sched_idle_runstate(v), now_ns());
	}
	spin_unlock_irqrestore(l, flags);
}

void sched_sleep_locked(struct vcpu *v)
{
	struct sched_unit *u = &v->unit;

	if (vcpu_runnable(v))
		return;
	trace_sched_sleep(v->domain->id, v->id);
	if (v->runstate.state == RUNSTATE_runnable)
		sched_runstate_set(v, sched_idle_runstate(v), now_ns());
	if (sched_cpus[u->cpu].curr == v) {
		sched_tickle(u->cpu);
	} else if (u->runnable) {
		u->runnable = false;
		if (!u->running)
			u->sched->ops->sleep(u->sched, u, now_ns());
	}
}

bool sched_at_next_run(struct vcpu *v, u32 work)
{
	u64 flags;
	/* schedule() marks it as running with this lock held, and looks at switch_work later. */
	struct spinlock *l = sched_unit_lock(&v->unit, &flags);
	bool off = !v->unit.running;

	if (off)
		__atomic_fetch_or(&v->switch_work, work, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(l, flags);
	return off;
}

void vcpu_sleep_nosync(struct vcpu *v)
{
	u64 flags;
	struct spinlock *l = sched_unit_lock(&v->unit, &flags);

	sched_sleep_locked(v);
	spin_unlock_irqrestore(l, flags);
}

/*
 * The wait below runs nothing else on this CPU: no softirq, no context switch. Two CPUs would
 * wait for ever if each waited for the vCPU current on the other, or if one held a lock that the
 * other spins for; so callers either hold the domctl lock, which is only ever tried and
 * never spun for, or know the target cannot wait for them, and hold no lock that guest
 * hypercalls take. A vCPU is never waited for by its own CPU.
 */
void vcpu_sleep_sync(struct vcpu *v)
{
	vcpu_sleep_nosync(v);
	if (v == current_vcpu())
		return;
	while (__atomic_load_n(&v->unit.running, __ATOMIC_ACQUIRE) && !vcpu_runnable(v))
		cpu_relax();
}

void vcpu_block(struct vcpu *v)
{
	__atomic_fetch_or(&v->pause_flags, VPF_BLOCKED, __ATOMIC_SEQ_CST);
	if (arch_vcpu_has_pending(v)) {
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

void vcpu_yield(struct vcpu *v)
{
	trace_sched_yield(v->domain->id, v->id);
	v->unit.sched->ops->yield(v->unit.sched, &v->unit);
	softirq_raise(SOFTIRQ_SCHEDULE);
}

struct vcpu *sched_idle_vcpu(u32 cpu)
{
	return sched_cpus[cpu].idle;
}

static void cpu_online(u32 cpu)
{
	struct sched_cpu *sc = &sched_cpus[cpu];
	u64 flags = spin_lock_irqsave(sc->lock);

	sc->curr = sc->idle;
	sched_runstate_set(sc->idle, RUNSTATE_running, now_ns());
	hal_set_current(sc->idle);
	trace_set_context(sc->idle->domain->id, sc->idle->id);
	if (!cpumask_test_and_set(&sc->sched->cpus, cpu))
		sc->sched->ops->cpu_online(sc->sched, cpu, now_ns());
	spin_unlock_irqrestore(sc->lock, flags);
}

void sched_boot_cpu_online(void)
{
	softirq_register(SOFTIRQ_SCHEDULE, schedule);
	cpu_online(smp_cpu_id());
}

void sched_timer_prepare(u32 cpu)
{
	sched_cpus[cpu].timer_at = INT64_MAX;
	timer_init(&sched_cpus[cpu].timer, slice_timer_fn, &sched_cpus[cpu], cpu);
}

void cpu_run(void)
{
	u32 cpu = smp_cpu_id();
	struct sched_cpu *sc = &sched_cpus[cpu];

	if (!cpumask_test(&sc->sched->cpus, cpu))
		cpu_online(cpu);
	/* A unit may have been queued here before this CPU looked. */
	softirq_raise(SOFTIRQ_SCHEDULE);
	/* A CPU that has just come up has never had them on. */
	irq_enable();
	for (;;) {
		softirq_run();
		if (likely(sc->curr != sc->idle)) {
			arch_vcpu_run(sc->curr);
			continue;
		}
		irq_disable();
		/* It may end a grace period and so raise a softirq: look for those after it. */
		rcu_idle_enter();
		if (softirq_pending())
			irq_enable();
		else
			cpu_idle_wait();
		rcu_idle_exit();
	}
}
