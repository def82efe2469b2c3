/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the rtds policy: its data, and what its files call in each other. See rtds.c. */
#ifndef SCHED_RTDS_H
#define SCHED_RTDS_H

#include <xen/assert.h>
#include <xen/sched/policy.h>

/** What a new unit gets, and the bounds of what it can be given; as Xen's rtds has them. */
#define RTDS_PERIOD_DEFAULT	10000000LL	/* ns */
#define RTDS_BUDGET_DEFAULT	4000000LL
#define RTDS_PERIOD_MIN		10000LL
#define RTDS_BUDGET_MIN		10000LL

/** All fields are under the lock of the instance. */
struct rtds_unit {
	struct sched_unit *unit;	/* [const] */
	struct list_head queue;		/* on the run queue, or empty */
	struct list_head refill;	/* on the list of refills, or empty */
	s64 period, budget;		/* as set; they hold from the next period on */
	bool extra;			/* has time of lower levels, too */
	bool on_cpu;			/* is the unit that some CPU chose last */
	u32 told;			/* CPU that was tickled for it, NR_CPUS: none */
	u32 level;			/* 0: its budget; above: extra time, budget after budget */
	s64 left;			/* ns it may still run at this level */
	s64 owed;			/* ns of overdrawn budget, when level is above 0 */
	s_time_t deadline;		/* end of its period */
	s_time_t start;			/* its time on the CPU is charged up to here */
};

struct rtds_cpu {
	struct rtds_unit *curr;		/* the unit it chose last, or NULL */
	u32 told;			/* queued units whose field told names this CPU */
};

struct rtds_sched {
	struct spinlock lock;		/* of all CPUs and units of the instance */
	struct list_head queue;		/* units that wait and may run, highest priority first */
	struct list_head refills;	/* all units that wait, earliest deadline first */
	cpumask_t idle;			/* of the CPUs of the instance */
	cpumask_t tickled;		/* will decide soon */
	u32 keeper;			/* CPU that looks at the refills in time, NR_CPUS: none */
	s_time_t keeper_until;		/* when it decides again at the latest */
	struct rtds_cpu cpu[NR_CPUS];
};

static inline struct rtds_sched *rtds_sched(const struct scheduler *s)
{
	return s->priv;
}

static inline struct rtds_unit *rtds_unit(const struct sched_unit *u)
{
	return u->priv;
}

/** True when @a has a higher priority than @b. Neither has at equal deadlines. */
static inline bool rtds_before(const struct rtds_unit *a, const struct rtds_unit *b)
{
	return a->level < b->level || (a->level == b->level && a->deadline < b->deadline);
}

/** True when the unit has time at its level. Time above level 0 is for units with extra time. */
static inline bool rtds_has_time(const struct rtds_unit *ru)
{
	return ru->left > 0 && (!ru->level || ru->extra);
}

static inline bool rtds_waits(const struct rtds_unit *ru)
{
	return !list_empty(&ru->refill);
}

/* rtds_queue.c. The lock of the instance is held. */

/** Begin a new period at @now, with a new budget. */
void rtds_begin_period(struct rtds_unit *ru, s_time_t now);
/** Charge a unit that runs for the time until @now, and give it the periods that began. */
void rtds_account(struct rtds_unit *ru, s_time_t now);
/** A runnable unit that left its CPU or woke waits from now on: to run, or for its next period. */
void rtds_enqueue(struct scheduler *s, struct rtds_unit *ru, s_time_t now);
void rtds_dequeue(struct scheduler *s, struct rtds_unit *ru);
/** Give waiting units the periods that began; those that may run count as told to @cpu. */
void rtds_refill_due(struct scheduler *s, u32 cpu, s_time_t now);
/** When the first waiting unit's next period begins; INT64_MAX: no unit waits. */
s_time_t rtds_next_refill(const struct rtds_sched *rs);

/** Make the best CPU look at @ru, if it waits and may run now. */
void rtds_tickle(struct scheduler *s, struct rtds_unit *ru);
void rtds_tickle_cpu(struct scheduler *s, u32 cpu);
/** @cpu was tickled for units and chose another: find other CPUs for those units. */
void rtds_tell_others(struct scheduler *s, u32 cpu);
/** Make the keeper decide again if the next refill comes before it does. */
void rtds_cover_refills(struct scheduler *s);

/* rtds_params.c; see policy.h. */
int rtds_get_domain_params(struct scheduler *s, const void *dom_priv,
			   struct sched_domain_params *p);
int rtds_set_domain_params(struct scheduler *s, void *dom_priv,
			   const struct sched_domain_params *p, s_time_t now);
int rtds_get_unit_params(struct scheduler *s, const struct sched_unit *u,
			 struct sched_unit_params *p);
int rtds_set_unit_params(struct scheduler *s, struct sched_unit *u,
			 const struct sched_unit_params *p, s_time_t now);
int rtds_get_global_params(struct scheduler *s, struct sched_global_params *p);
int rtds_set_global_params(struct scheduler *s, const struct sched_global_params *p);
void rtds_dump_cpu(struct scheduler *s, u32 cpu, s_time_t now);

#endif
