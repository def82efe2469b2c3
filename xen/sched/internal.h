/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the scheduler core; policies do not see it. */
#ifndef SCHED_INTERNAL_H
#define SCHED_INTERNAL_H

#include <xen/domain.h>
#include <xen/sched/policy.h>
#include <xen/trace.h>

/** The scheduler's view of a CPU. Constant after sched_cpu_prepare except where said. */
struct sched_cpu {
	struct spinlock *lock;		/* its run queue's lock, given by the policy */
	struct scheduler *sched;
	struct vcpu *curr;		/* what runs [lock to change], own CPU reads without */
	struct vcpu *idle;
	s_time_t timer_at;		/* when @timer fires, INT64_MAX: not armed [own CPU] */
	struct timer timer;
	u64 switches;			/* [own CPU] */
} __aligned(64);

extern struct sched_cpu sched_cpus[NR_CPUS];
extern struct scheduler sched_default;

static inline struct vcpu *unit_vcpu(struct sched_unit *u)
{
	return container_of(u, struct vcpu, unit);
}

/** Lock the run queue @u belongs to; it cannot move meanwhile. Interrupts go off. */
struct spinlock *sched_unit_lock(struct sched_unit *u, u64 *flags);

/** With the unit's lock: tell the policy that @v may have stopped being runnable. */
void sched_sleep_locked(struct vcpu *v);

/** Start-up steps of the single files, in the order sched_init needs them. */
void sched_timer_prepare(u32 cpu);
void sched_boot_cpu_online(void);
void sched_register_keys(void);
void sched_charge_init(void);

/** Complete a move that VPF_MIGRATING asked for, unless @v still runs (then its CPU does it). */
void sched_migrate_finish(struct vcpu *v);

/** Account the time since the last change to the old state. Unit's lock held. */
static inline void sched_runstate_set(struct vcpu *v, int state, s_time_t now)
{
	struct vcpu_runstate_info *r = &v->runstate;

	if (now > (s_time_t)r->state_entry_time) {
		r->time[r->state] += now - r->state_entry_time;
		r->state_entry_time = now;
	}
	if (r->state != state)
		trace_runstate_change(r->state, (u32)state, v->id, v->domain->id);
	r->state = state;
}

/** The state of a vCPU that is not running, from its pause flags. */
static inline int sched_idle_runstate(const struct vcpu *v)
{
	if (READ_ONCE(v->pause_flags) & (VPF_BLOCKED | VPF_POLL | VPF_DEVICE))
		return RUNSTATE_blocked;
	return vcpu_runnable(v) ? RUNSTATE_runnable : RUNSTATE_offline;
}

#endif
