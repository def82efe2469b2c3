/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the scheduler core; policies do not see it. */
#ifndef SCHED_INTERNAL_H
#define SCHED_INTERNAL_H

#include <xen/assert.h>
#include <xen/domain.h>
#include <xen/sched/policy.h>
#include <xen/trace.h>

/** The scheduler's view of a CPU. Constant after sched_cpu_prepare except where said. */
struct sched_cpu {
	struct spinlock *lock;		/* its run queue's, given by the policy [itself] */
	struct scheduler *sched;	/* its instance, NULL: it is free [lock] */
	bool leaving;			/* its units are gone [control call, own CPU] */
	struct vcpu *curr;		/* runs now [lock to change], own CPU reads without */
	struct vcpu *idle;
	s_time_t timer_at;		/* when @timer fires, INT64_MAX: not armed [own CPU] */
	struct timer timer;
	u64 switches;			/* [own CPU] */
	struct spinlock free_lock;	/* guards it while it is free */
} __aligned(64);

extern struct sched_cpu sched_cpus[NR_CPUS];

/** An instance with the data of the core, which its policy does not see. */
struct sched_instance {
	struct scheduler s;
	struct list_head link;		/* list of all instances */
	struct spinlock units_lock;	/* taken before run-queue locks */
	/* [units_lock; only control calls change it, so they may read without] */
	struct list_head units;
	u32 nr_domains;			/* atomic */
	struct rcu_head rcu;
};

static inline struct sched_instance *sched_instance(struct scheduler *s)
{
	return container_of(s, struct sched_instance, s);
}

static inline struct vcpu *unit_vcpu(struct sched_unit *u)
{
	return container_of(u, struct vcpu, unit);
}

/** Lock the run queue of @u, which cannot move meanwhile. Disables interrupts. */
struct spinlock *sched_unit_lock(struct sched_unit *u, u64 *flags);

/**
 * Lock @sc's run queue; its instance cannot change meanwhile. Disables interrupts. (Another CPU may
 * still try the lock that @sc had before, so a lock stays valid until a grace period after the end
 * of its instance.)
 */
struct spinlock *sched_cpu_lock(struct sched_cpu *sc, u64 *flags);

/** The locks of two CPUs' queues, which may be the same lock. */
struct lock_pair {
	struct spinlock *first, *second;
	u64 flags;
};

/** Take / release both. Disables interrupts. */
void sched_lock_two(struct lock_pair *p, u32 a, u32 b);
void sched_unlock_two(const struct lock_pair *p);

/** Tell the policy if @v stopped being runnable. The unit's lock is held. */
void sched_sleep_locked(struct vcpu *v);

/** Give the CPU a lock; it is free. */
void sched_cpu_init(u32 cpu);
/** This CPU, which idles and has no unit left, becomes free. Interrupts off. */
void sched_cpu_freed(struct sched_cpu *sc);
/** Wait until @cpu has become free if it is leaving. -XEN_ERESTART: it is the caller's own. */
int sched_cpu_settle(u32 cpu);

/** Start-up steps of the files of the core, in the order in which sched_init needs them. */
void sched_timer_prepare(u32 cpu);
void sched_boot_cpu_online(void);
void sched_register_keys(void);
void sched_charge_init(void);
void sched_watchdog_init(void);

/** Print the run queues of an instance. Inside an RCU read section or a control call. */
void sched_dump_instance(struct scheduler *s);

/** Let the unit use all CPUs if its instance has none that its affinity allows. Its lock held. */
void sched_keep_usable(struct sched_unit *u);
/** Complete a move that VPF_MIGRATING asks for, unless @v still runs: then its CPU does it. */
void sched_migrate_finish(struct vcpu *v);

/** Add the time since the last change to the old state. The unit's lock is held. */
static inline void sched_runstate_set(struct vcpu *v, int state, s_time_t now)
{
	struct vcpu_runstate_info *r = &v->runstate;

	ASSERT(state >= RUNSTATE_running && state <= RUNSTATE_offline);
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
