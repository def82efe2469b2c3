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
	/* With others, it runs one unit; NULL: it runs units of its own [boot] */
	struct sched_resource *res;
	u32 place;			/* among the CPUs of @res, in ascending order [boot] */
	struct sched_unit *moving;	/* has just left @res, and is to move [own CPU] */
} __aligned(64);

/** CPUs that run one unit together: those of a core or socket. resource.c explains it. */
struct sched_resource {
	const u32 *cpu;			/* [sched_width], ascending. The policy knows the first */
	/* [lock of its CPUs] */
	struct sched_unit *unit;	/* has these CPUs, NULL: none does */
	struct sched_unit *next;	/* gets them, while @switching; NULL: none */
	bool switching;			/* the vCPUs of @unit are leaving */
	u32 busy;			/* CPUs that a vCPU of @unit has not left yet */
	s_time_t since;			/* when the last of the two was chosen */
};

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

/** The (first) vCPU of a unit. */
static inline struct vcpu *unit_vcpu(struct sched_unit *u)
{
	return container_of(u, struct vcpu, unit);
}

/** The vCPU of @u that runs on the CPU at @place of a resource; NULL: it has none there. */
static inline struct vcpu *unit_vcpu_at(struct sched_unit *u, u32 place)
{
	struct vcpu *first = unit_vcpu(u), *v;

	ASSERT(place < sched_width && !u->is_idle);
	if (!place)
		return first;
	v = domain_vcpu(first->domain, first->id + place);
	return v && READ_ONCE(v->part_of) == u ? v : NULL;
}

#define for_each_unit_vcpu(u, v)                                               \
	for (u32 place_ = 0; place_ < sched_width; place_++)                   \
		if (((v) = unit_vcpu_at(u, place_)) != NULL)

/** The vCPUs of a domain that are the first of their units. */
#define for_each_first_vcpu(d, v)                                              \
	for_each_vcpu(d, v)                                                    \
		if ((v)->part_of == &(v)->unit)

/** A unit that has to leave its CPU has the flag on its first vCPU. Its other vCPUs wait, too. */
static inline bool unit_is_moving(struct sched_unit *u)
{
	return READ_ONCE(unit_vcpu(u)->pause_flags) & VPF_MIGRATING;
}

/** vcpu_runnable() without a call, for the way of a decision. */
static inline bool sched_runnable(const struct vcpu *v)
{
	return !READ_ONCE(v->pause_flags) && !READ_ONCE(v->pause_count) &&
	       !READ_ONCE(v->domain->pause_count);
}

/** True when one of its vCPUs can run. */
bool sched_unit_runnable(struct sched_unit *u);

/** Lock the run queue of @u, which cannot move meanwhile. Disables interrupts. */
struct spinlock *sched_unit_lock(struct sched_unit *u, u64 *flags);

/**
 * Lock @sc's run queue; neither its instance nor its lock can change meanwhile. Disables
 * interrupts. (Another CPU may still try the lock that @sc had before, so a lock stays valid until
 * a grace period after the end of its instance.)
 */
static inline struct spinlock *sched_cpu_lock(struct sched_cpu *sc, u64 *flags)
{
	for (;;) {
		struct spinlock *l = READ_ONCE(sc->lock);

		*flags = spin_lock_irqsave(l);
		if (likely(l == READ_ONCE(sc->lock)))
			return l;
		spin_unlock_irqrestore(l, *flags);
	}
}

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
/** Give @cpu, which is free, to @s, of which its first sibling is one. */
void sched_cpu_follow(u32 cpu, struct scheduler *s);
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
/** Make the unit leave its CPU. Its lock held; sched_migrate_finish() follows without it. */
void sched_migrate_begin(struct sched_unit *u);
/** Complete a move that VPF_MIGRATING asks for, unless @u still runs: then its CPU does it. */
void sched_migrate_finish(struct sched_unit *u);

/** The first CPU of @cpu and its siblings: the one that the policy knows. */
static inline u32 sched_first_cpu(u32 cpu)
{
	const struct sched_resource *r = sched_cpus[cpu].res;

	return likely(!r) ? cpu : r->cpu[0];
}

/** Whether no unit has @cpu. */
static inline bool sched_cpu_idles(u32 cpu)
{
	const struct sched_cpu *sc = &sched_cpus[cpu];

	return sc->res ? !READ_ONCE(sc->res->unit) : READ_ONCE(sc->curr) == sc->idle;
}

/** All CPUs that are in @cpus or have a sibling there. */
void sched_whole_resources(const cpumask_t *cpus, cpumask_t *whole);

/**
 * What a CPU of a resource does in its decision, and after it saved the state of @prev.
 * sched_resource_choose: under the CPU's lock; returns what the CPU runs now, which is the idle
 * vCPU while others leave. sched_resource_left: no lock; interrupts off. Both may set @sc->moving.
 */
struct vcpu *sched_resource_choose(struct sched_cpu *sc, s_time_t now, s_time_t *until);
void sched_resource_left(struct sched_cpu *sc, struct vcpu *prev, s_time_t now);
/** A unit that was chosen for a resource, or has it, was found not runnable. Its lock held. */
void sched_resource_stop(struct sched_unit *u);
/** Make resources of all CPUs as sched-gran= says. Boot, all CPUs schedule, no domain. */
void sched_resources_init(bool smt_off);

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
	return sched_runnable(v) ? RUNSTATE_runnable : RUNSTATE_offline;
}

#endif
