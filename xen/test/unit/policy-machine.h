/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine in virtual time that one scheduling policy runs, without the scheduler core: CPUs that
 * decide when they are tickled or at the time of their last decision, and units that work and
 * sleep. What happens at one instant happens in an order drawn from the seed, and a unit that
 * leaves its CPU has its state saved at a random place of that order.
 */
#ifndef TEST_POLICY_MACHINE_H
#define TEST_POLICY_MACHINE_H

#include <xen/sched/policy.h>

#define PM_MAX_UNITS 256U
#define PM_MAX_CPUS 64U
#define PM_BUSY INT64_MAX		/* work that has no end */

struct pm_unit {
	struct sched_unit u;
	s64 work;			/* ns it still has to run before it sleeps */
	s64 ran;			/* ns it has run */
	u32 paused;
	s_time_t wake_at;		/* INT64_MAX: not by itself */
	/** Called at wake_at, to set work and the next wake_at. */
	void (*on_wake)(struct pm_unit *pu);
	/** Called when the work is done; may be NULL. */
	void (*on_done)(struct pm_unit *pu);
	s64 period, cost;		/* for on_wake and on_done, as they like */
};

struct pm_cpu {
	struct pm_unit *curr;
	struct pm_unit *saving;		/* left, and its state is not saved yet */
	s_time_t until;
	s_time_t since;			/* work of curr is counted up to here */
	bool pending;			/* was tickled */
	bool powered;			/* decides: is in s.cpus, or still has a unit to give up */
};

struct pm {
	struct scheduler s;
	s_time_t now;
	u32 nr_cpus, nr_units;
	u64 seed;
	u64 decisions, switches;
	struct pm_cpu cpu[PM_MAX_CPUS];
	struct pm_unit *unit[PM_MAX_UNITS];	/* NULL: removed */
	/** Called when nothing is left to happen at pm.now; may be NULL. */
	void (*settled)(void);
};

/** The machine; one in a process. Call in a process of its own, after sw_start(). */
extern struct pm pm;

void pm_start(const struct sched_policy *policy, u32 cpus, u64 seed);
/** Everything is removed, and the policy ended. */
void pm_end(void);

u64 pm_random_below(u64 n);
s64 pm_random_between(s64 low, s64 high);

/** A new unit, asleep. @dom_priv is from pm_domain, or NULL. */
struct pm_unit *pm_unit_new(u16 domid, u32 id, void *dom_priv);
void pm_unit_free(struct pm_unit *pu);
/** Give the unit @work, and wake it unless it is paused. */
void pm_wake(struct pm_unit *pu, s64 work);
void pm_pause(struct pm_unit *pu);
void pm_unpause(struct pm_unit *pu);
void pm_set_hard(struct pm_unit *pu, const cpumask_t *hard);
void pm_set_params(struct pm_unit *pu, s64 period, s64 budget, bool extra);
void pm_cpu_leave(u32 cpu);
void pm_cpu_join(u32 cpu);

/** Let time pass. */
void pm_run(s_time_t until);

#endif
