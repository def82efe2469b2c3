/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler core: the loop of each CPU and its decision point.
 *
 * Hypervisor code never blocks. To take a vCPU off its CPU, a caller sets a reason (pause flag or
 * count) and raises SOFTIRQ_SCHEDULE on that CPU (wake.c); before the CPU enters the guest again
 * it runs schedule(), which asks the policy and switches. There is one stack a CPU, not one a vCPU,
 * so hal_context_switch returns like any function, with another vCPU current.
 */
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/softirq.h>
#include <xen/hal/cpu.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include "internal.h"

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
 * A timer that fires too early costs one decision; rearming it at every switch would cost more. So
 * the timer is only ever moved to an earlier time.
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

	ASSERT(sc == &sched_cpus[hal_smp_cpu_id()]);
	sc->timer_at = INT64_MAX;
	softirq_raise(SOFTIRQ_SCHEDULE);
}

/* Move the unit that this CPU was the last one to leave, if it has to. */
static inline void finish_move(struct sched_cpu *sc)
{
	struct sched_unit *u = sc->moving;

	if (likely(!u))
		return;
	sc->moving = NULL;
	sched_migrate_finish(u);
}

/* The state of @prev is in memory: others may run it from here on. */
static void context_saved(struct sched_cpu *sc, struct vcpu *prev, s_time_t now)
{
	struct sched_unit *u = prev->part_of;

	if (u->is_idle)
		return;
	if (unlikely(sc->res)) {
		sched_resource_left(sc, prev, now);
		return;
	}
	ASSERT(u->running && prev->running && sc == &sched_cpus[u->cpu]);
	spin_lock(sc->lock);
	trace_sched_saved(prev->domain->id, prev->id);
	u->running = false;
	__atomic_store_n(&prev->running, false, __ATOMIC_RELEASE);
	sc->sched->ops->context_saved(sc->sched, u, now);
	spin_unlock(sc->lock);
	if (unlikely(unit_is_moving(u)))
		sc->moving = u;
}

/* The CPU has left its instance and idles. */
static void become_free(struct sched_cpu *sc)
{
	/* The last CPU that its unit leaves makes the others decide again. */
	if (sc->res && READ_ONCE(sc->res->unit))
		return;
	timer_stop(&sc->timer);
	sc->timer_at = INT64_MAX;
	sched_cpu_freed(sc);
}

/* What the policy chooses for this CPU, whose @pu runs there now (NULL: idle). */
static inline struct vcpu *choose(struct sched_cpu *sc, struct sched_unit *pu, s_time_t now,
				  s_time_t *until)
{
	struct sched_decision dec = { .until = INT64_MAX };
	u32 cpu = (u32)(sc - sched_cpus);

	if (pu)
		pu->runnable = sched_runnable(unit_vcpu(pu));
	trace_sched_time((u64)now, !pu || pu->runnable);
	if (likely(sc->sched))
		sc->sched->ops->schedule(sc->sched, cpu, now, pu, &dec);
	ASSERT(dec.until > 0);
	/* A policy chooses a runnable unit of this CPU that runs nowhere else. */
	ASSERT(!dec.unit || (dec.unit->runnable && dec.unit->cpu == cpu));
	ASSERT(!dec.unit || dec.unit == pu || !dec.unit->running);
	*until = dec.until;
	return dec.unit ? unit_vcpu(dec.unit) : sc->idle;
}

/* Tell the policy of the switch that it has chosen. */
static inline void tell_switch(struct sched_cpu *sc, struct sched_unit *pu, struct vcpu *prev,
			       struct vcpu *next, s_time_t now)
{
	s64 ran = max(now - (s_time_t)prev->runstate.state_entry_time, 0L);

	sc->sched->ops->unit_switch(sc->sched, (u32)(sc - sched_cpus), pu,
				    next == sc->idle ? NULL : &next->unit, ran, now);
	next->unit.running = true;
}

/* SOFTIRQ_SCHEDULE. */
static void schedule(void)
{
	u32 cpu = hal_smp_cpu_id();
	struct sched_cpu *sc = &sched_cpus[cpu];
	struct vcpu *prev = sc->curr, *next;
	struct sched_unit *pu = prev->unit.is_idle ? NULL : prev->part_of;
	s_time_t until;
	u64 flags;
	struct spinlock *l = sched_cpu_lock(sc, &flags);
	s_time_t now = hal_now_ns();

	next = likely(!sc->res) ? choose(sc, pu, now, &until)
				: sched_resource_choose(sc, now, &until);
	if (next == prev) {
		trace_continue_running(prev->id, prev->domain->id);
		spin_unlock(l);
		if (!pu && unlikely(READ_ONCE(sc->leaving)))
			become_free(sc);
		else
			arm_timer(sc, until);
		finish_move(sc);
		hal_irq_restore(flags);
		return;
	}
	trace_sched_switch(prev->domain->id, prev->id, next->domain->id, next->id);
	ASSERT(prev->runstate.state == RUNSTATE_running);
	if (likely(!sc->res))
		tell_switch(sc, pu, prev, next, now);
	sched_runstate_set(prev, pu ? sched_idle_runstate(prev) : RUNSTATE_runnable, now);
	sched_runstate_set(next, RUNSTATE_running, now);
	next->running = true;
	sc->curr = next;
	sc->switches++;
	spin_unlock(l);

	arm_timer(sc, until);
	if (READ_ONCE(prev->switch_work))
		hooks.switched_out(prev);
	hal_set_current(next);
	trace_set_context(next->domain->id, next->id);
	hal_context_switch(prev, next);
	context_saved(sc, prev, now);
	finish_move(sc);
	if (next == sc->idle && unlikely(READ_ONCE(sc->leaving)))
		become_free(sc);
	if (unlikely(next->last_cpu != cpu)) {
		next->last_cpu = cpu;
		hooks.moved(next, cpu);
	}
	if (READ_ONCE(next->switch_work))
		hooks.switched_in(next);
	hal_irq_restore(flags);
}

/* Make this CPU run its idle vCPU, and then what its policy chooses. */
static void start_cpu(u32 cpu)
{
	struct sched_cpu *sc = &sched_cpus[cpu];
	u64 flags;
	struct spinlock *l = sched_cpu_lock(sc, &flags);

	sc->curr = sc->idle;
	sched_runstate_set(sc->idle, RUNSTATE_running, hal_now_ns());
	hal_set_current(sc->idle);
	trace_set_context(sc->idle->domain->id, sc->idle->id);
	spin_unlock_irqrestore(l, flags);
	sched_cpu_online(cpu);
}

void sched_boot_cpu_online(void)
{
	softirq_register(SOFTIRQ_SCHEDULE, schedule);
	start_cpu(hal_smp_cpu_id());
}

void sched_timer_prepare(u32 cpu)
{
	sched_cpus[cpu].timer_at = INT64_MAX;
	timer_init(&sched_cpus[cpu].timer, slice_timer_fn, &sched_cpus[cpu], cpu);
}

void cpu_run(void)
{
	u32 cpu = hal_smp_cpu_id();
	struct sched_cpu *sc = &sched_cpus[cpu];

	if (sc->sched && !cpumask_test(&sc->sched->cpus, sched_first_cpu(cpu)))
		start_cpu(cpu);
	/* A unit may have been queued here before this CPU looked. */
	softirq_raise(SOFTIRQ_SCHEDULE);
	/* A CPU that has just come up has never had them on. */
	hal_irq_enable();
	for (;;) {
		softirq_run();
		if (likely(sc->curr != sc->idle)) {
			hal_vcpu_run(sc->curr);
			continue;
		}
		hal_irq_disable();
		/* This may end a grace period and raise a softirq: check for those after it. */
		rcu_idle_enter();
		if (softirq_pending())
			hal_irq_enable();
		else
			hal_cpu_idle_wait();
		rcu_idle_exit();
	}
}
