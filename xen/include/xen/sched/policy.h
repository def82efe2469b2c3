/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface of the scheduler core and its policies.
 *
 * A policy sees units, CPU numbers and their topology, and gets the time as an argument. It never
 * reads the clock or the current vCPU, so the hypervisor and the tests run the same object. All its
 * state belongs to an instance, of which a process may have several.
 *
 * Locking. A policy gives each CPU a run-queue lock (cpu_lock); several CPUs may share one. A
 * unit is protected by the lock of the CPU in unit->cpu, and unit->cpu changes only with the locks
 * of the old and the new CPU held. Hooks below state the lock that the core holds; interrupts
 * are disabled whenever one is held. A policy takes a second run-queue lock by spin_trylock only.
 *
 * A unit that runs (unit->running) is not on a queue. When its CPU switches away, it stays marked
 * as running until its state is saved; only then context_saved returns it to the policy. So two
 * CPUs never pick the same unit.
 *
 * Under core and socket scheduling, a unit has as many vCPUs as a core or socket has CPUs. A policy
 * then knows only the first CPU of each: every CPU number and mask of CPUs below means those.
 */
#ifndef XEN_SCHED_POLICY_H
#define XEN_SCHED_POLICY_H

#include <xen/cpumask.h>
#include <xen/list.h>
#include <xen/spinlock.h>

#include <public/xen.h>
#include <public/domctl.h>	/* XEN_SCHEDULER_* */

struct scheduler;

/** The object of scheduling: one for each vCPU, idle vCPUs included, or for several vCPUs. */
struct sched_unit {
	u32 id;			/* number of its (first) vCPU */
	u16 domid;
	bool is_idle;
	bool inserted;		/* between unit_insert and unit_remove [run-queue lock of cpu] */
	bool runnable;		/* [run-queue lock of cpu] as last told to the policy */
	bool running;		/* on a CPU now; cleared once its state is saved. With several
				 * vCPUs: it was chosen, and not all of them have left yet */
	bool held_back;		/* set by its policy: waits on purpose, for its budget, its window
				 * or a CPU of its own [run-queue lock of cpu] */
	u32 cpu;		/* CPU whose run queue it belongs to [run-queue lock] */
	cpumask_t hard, soft;	/* affinities [run-queue lock of cpu] */
	void *priv;		/* the policy's per-unit data */
	void *dom_priv;		/* the policy's per-domain data */
	struct scheduler *sched;	/* the instance that schedules it; NULL: its domain dies */
	struct list_head link;		/* its instance's units [units_lock] */
};

/** The place of a CPU in the machine's topology. */
struct sched_topology {
	u32 core, socket;
	u8 node;
};

/** One instance of a policy with its CPUs (one for each CPU pool). */
struct scheduler {
	const struct sched_policy *ops;	/* [const] */
	void *priv;			/* the policy's own, set by init */
	cpumask_t cpus;			/* CPUs that run units [control call], read without */
	u32 pool_id;			/* [const] */
};

/** The data of a domain that a policy gets. */
struct sched_domain_desc {
	u16 domid;
	xen_domain_handle_t handle;	/* its UUID; domain_handle tells of another one */
};

/** Parameters of a domain, for policies of proportional share. */
struct sched_domain_params {
	u32 weight;			/* set: 0 leaves it */
	u32 cap;			/* percent of one CPU; 0: none */
};

/** Parameters of a unit, for real-time policies. */
struct sched_unit_params {
	s64 period_ns, budget_ns;
	bool extra;			/* may run beyond its budget when CPUs are idle */
};

/** A share of each major frame that belongs to one unit. */
struct sched_window {
	xen_domain_handle_t handle;	/* UUID of the unit's domain */
	u32 unit_id;
	s64 length_ns;
};

#define SCHED_MAX_WINDOWS 64U		/* ARINC653_MAX_DOMAINS_PER_SCHEDULE of public/sysctl.h */

/** What an instance of arinc653 does in each major frame: its windows, one after another. */
struct sched_schedule {
	s64 frame_ns;
	u32 nr;
	struct sched_window window[SCHED_MAX_WINDOWS];
};

/** Parameters of an instance. A policy ignores those that it does not have. */
struct sched_global_params {
	u32 ratelimit_us;		/* a unit runs at least that long; 0: no limit */
	u32 tslice_ms;			/* credit: the longest turn, and the accounting period */
	u32 migr_delay_us;		/* credit: a unit that ran so recently is not moved */
	struct sched_schedule *schedule;	/* arinc653: the caller's memory */
};

/** The result of schedule. */
struct sched_decision {
	struct sched_unit *unit;	/* NULL: idle */
	s_time_t until;			/* decide again then; INT64_MAX: at the next event only */
};

struct sched_policy {
	const char *name;		/* as in sched= */
	u32 id;				/* XEN_SCHEDULER_* */

	/* Creation and removal. No locks held; may allocate. 0 or a negative error. */
	int (*init)(struct scheduler *s);
	/** No CPU, domain or unit is left: free everything. */
	void (*deinit)(struct scheduler *s);
	/** May be called again for a CPU that went offline. */
	int (*cpu_prepare)(struct scheduler *s, u32 cpu, const struct sched_topology *topo);
	/** Constant once cpu_prepare has succeeded. */
	struct spinlock *(*cpu_lock)(struct scheduler *s, u32 cpu);
	int (*domain_init)(struct scheduler *s, const struct sched_domain_desc *desc,
			   void **dom_priv);
	void (*domain_free)(struct scheduler *s, void *dom_priv);
	/** Allocate unit->priv; the unit is not runnable and has a valid unit->cpu. */
	int (*unit_alloc)(struct scheduler *s, struct sched_unit *u);
	void (*unit_free)(struct scheduler *s, struct sched_unit *u);

	/* With the lock of @cpu or of unit->cpu held. */
	/** @cpu starts to schedule. */
	void (*cpu_online)(struct scheduler *s, u32 cpu, s_time_t now);
	/** @cpu was taken out of s->cpus: schedule must choose idle there from now on. The core
	 * moves its units to other CPUs afterwards, and makes those decide again. */
	void (*cpu_offline)(struct scheduler *s, u32 cpu, s_time_t now);
	void (*unit_insert)(struct scheduler *s, struct sched_unit *u, s_time_t now);
	/** The unit is neither runnable nor running. */
	void (*unit_remove)(struct scheduler *s, struct sched_unit *u, s_time_t now);
	/** The unit became runnable; it is not running. */
	void (*wake)(struct scheduler *s, struct sched_unit *u, s_time_t now);
	/** The unit stopped being runnable while it was not running. */
	void (*sleep)(struct scheduler *s, struct sched_unit *u, s_time_t now);
	/**
	 * Choose what @cpu runs. @prev runs there now (NULL: idle); when it is no longer runnable,
	 * prev->runnable is false. A chosen unit other than @prev comes off its queue and has its
	 * cpu set to @cpu.
	 */
	void (*schedule)(struct scheduler *s, u32 cpu, s_time_t now, struct sched_unit *prev,
			 struct sched_decision *out);
	/**
	 * @cpu goes from @prev to @next, either of which may be NULL for idle; @prev ran there for
	 * @ran ns without a break. Follows the decision of schedule, only when they differ. @prev
	 * counts as running until context_saved.
	 */
	void (*unit_switch)(struct scheduler *s, u32 cpu, struct sched_unit *prev,
			    struct sched_unit *next, s64 ran, s_time_t now);
	/** The unit left its CPU and its state is saved; queue it if it is runnable. */
	void (*context_saved)(struct scheduler *s, struct sched_unit *u, s_time_t now);
	/** The best CPU in both unit->hard and s->cpus for a unit that may have to move. */
	u32 (*pick_cpu)(struct scheduler *s, struct sched_unit *u, s_time_t now);
	/** Move a unit that is neither runnable (to the policy) nor running to @cpu, and set
	 * unit->cpu. Both locks are held. */
	void (*migrate)(struct scheduler *s, struct sched_unit *u, u32 cpu, s_time_t now);
	/** The affinities of the unit changed; unit->cpu is still one of unit->hard. */
	void (*affinity_changed)(struct scheduler *s, struct sched_unit *u, s_time_t now);
	/** The hypervisor spent @ns on behalf of the unit while another ran. A negative @ns is time
	 * of this unit that was spent on behalf of another. Any state, on any CPU. */
	void (*charge)(struct scheduler *s, struct sched_unit *u, s64 ns, s_time_t now);
	/** Print the state of @cpu's queue; called for CPUs in ascending order. */
	void (*dump_cpu)(struct scheduler *s, u32 cpu, s_time_t now);

	/** The unit, which runs on this CPU, yields. No lock; on its own CPU only. */
	void (*yield)(struct scheduler *s, struct sched_unit *u);

	/** The domain has another UUID than at its creation. No locks held; callers serialise. */
	void (*domain_handle)(struct scheduler *s, void *dom_priv,
			      const xen_domain_handle_t handle, s_time_t now);

	/* No locks held; callers serialise. -XEN_EINVAL: invalid values, nothing is changed;
	 * -XEN_EOPNOTSUPP: the policy has no such parameters. */
	int (*get_domain_params)(struct scheduler *s, const void *dom_priv,
				 struct sched_domain_params *p);
	int (*set_domain_params)(struct scheduler *s, void *dom_priv,
				 const struct sched_domain_params *p, s_time_t now);
	/** @u NULL: the parameters that new units get. */
	int (*get_unit_params)(struct scheduler *s, const struct sched_unit *u,
			       struct sched_unit_params *p);
	int (*set_unit_params)(struct scheduler *s, struct sched_unit *u,
			       const struct sched_unit_params *p, s_time_t now);
	int (*get_global_params)(struct scheduler *s, struct sched_global_params *p);
	int (*set_global_params)(struct scheduler *s, const struct sched_global_params *p);
};

extern const struct sched_policy sched_credit2, sched_credit, sched_null, sched_rtds,
	sched_arinc653;

/** Make @cpu of @s decide again soon. Any context. Implemented by the core, or by tests. */
void sched_tickle(struct scheduler *s, u32 cpu);

/** Printed by policies in dump_cpu: one unit on one line. */
void sched_dump_unit(const struct sched_unit *u, const char *state);

#endif
