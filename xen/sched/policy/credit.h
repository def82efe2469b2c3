/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data of the credit policy, shared by its files only. credit.c explains the design. */
#ifndef SCHED_CREDIT_H
#define SCHED_CREDIT_H

#include "share.h"

#define CR_BOOST_TIME (2 * SHARE_MS)	/* how long a unit that woke keeps its boost */
#define CR_SLICE_MIN (100 * SHARE_US)	/* shorter turns would cost more than they enforce */
#define CR_YIELD_TIME (500 * SHARE_US)	/* the least that a yield gives to the next unit */
#define CR_CAP_PERIOD (10 * SHARE_MS)
#define CR_RETRY (1 * SHARE_MS)		/* an idle CPU tries a queue again that was locked */
#define CR_STEAL_QUEUES 8		/* queues that one decision tries to take work from */
#define CR_STEAL_UNITS 16		/* units of a queue that a busy CPU looks at */
#define CR_DEBT_PERIODS 32		/* a debt is paid back within so many periods */

/** Classes of units; a lower number goes first. */
enum cr_class { CR_BOOST, CR_UNDER, CR_OVER, CR_CLASSES };

enum cr_place { CR_NOWHERE, CR_QUEUED, CR_PARKED, CR_ON_CPU };

struct cr_dom {
	u32 weight;			/* atomic */
	struct share_cap cap;
	struct spinlock lock;		/* the rest; taken inside a run-queue lock */
	u64 period;			/* the period that the fields below are of */
	s64 grant;			/* ns for each unit that shares in this period */
	u32 nr_sharing;			/* units that share in the next */
};

/** All fields [lock of the CPU] unless noted. */
struct cr_unit {
	struct sched_unit *unit;	/* [const] */
	struct cr_dom *dom;		/* [const] */
	struct list_head link;		/* a queue or the parked list of its CPU, or empty */
	enum cr_place place;
	enum cr_class class;		/* its queue, or that it runs in */
	bool movable;			/* queued, and may run on other CPUs too */
	bool asleep;			/* since it last was runnable */
	bool slept;			/* since it was last settled */
	bool sharing;			/* its domain's grant of the next period counts it */
	bool yielded;			/* until saved or chosen again [own CPU] */
	s64 credit;			/* ns of run time */
	s64 slice;			/* ns of a turn, by its grant */
	s64 turn;			/* ns run since it was last at the end of a queue */
	s64 boost;			/* ns left of its boost */
	u64 period;			/* granted up to this one, 0: never */
	s_time_t start;			/* charged up to here */
	s_time_t min_until;		/* its CPU is not given to another one before */
	s_time_t left_at;		/* when it last left a CPU */
};

/** CPUs of one NUMA node. */
struct cr_node {
	u8 node;			/* [const] */
	cpumask_t cpus;			/* prepared ones [bring-up], read without */
};

struct cr_cpu {
	struct spinlock lock;
	u32 cpu;			/* [const] */
	struct cr_node *node;		/* [const] */
	bool online;
	struct cr_unit *curr;		/* NULL: idle */
	s_time_t until;			/* when it decides again */
	u64 period;			/* the queued units are granted up to this one */
	struct list_head queue[CR_CLASSES];
	u32 nr_movable[CR_CLASSES];	/* queued units that may run elsewhere */
	struct list_head parked;	/* waiting for their domain's budget */
	s_time_t next_unpark;		/* earliest refill of a parked unit, INT64_MAX: none */
	bool offer;			/* a queued unit could not be moved to an idle CPU */
	u32 nr_units;			/* inserted here; peeked at */
	u32 hint;			/* queue to try first, NR_CPUS: none; atomic */
	bool searching;			/* an idle CPU goes on with its search at @next_remote.. */
	bool next_remote;		/* ..among CPUs of other nodes (else its own).. */
	u32 next_victim;		/* ..with this CPU */
};

struct cr_sched {
	struct cr_cpu *cpu[NR_CPUS];	/* [const once prepared] */
	struct cr_node *node[NR_CPUS];	/* [const once prepared] */
	u32 nr_nodes;
	u32 nr_cpus;			/* online; atomic */
	s64 tslice, ratelimit, migr_delay;	/* ns; atomic */

	/* Sets that any CPU changes atomically. A CPU changes its own bits under its own lock, but
	 * others clear those of idle and over to claim the CPU for a unit. */
	cpumask_t idle;			/* online CPUs that run nothing */
	cpumask_t over;			/* CPUs that run a unit of class CR_OVER */
	cpumask_t waiting;		/* CPUs with movable units queued */
	cpumask_t waiting_under;	/* those with movable units before CR_OVER */

	struct spinlock lock;		/* turn of the period */
	u64 period;			/* number of the period [lock], read without */
	s_time_t period_end;		/* [lock], read without */
	s64 total;			/* ns granted in this period to all [lock], read without */
	u64 weight;			/* of all domains that share in it [lock], read without */
	u64 next_weight;		/* of those that share in the next; atomic */
	s64 pool;			/* ns that units could not take, for the next; atomic */
};

static inline struct cr_sched *cr_sched(const struct scheduler *s) { return s->priv; }
static inline struct cr_unit *cr_unit(const struct sched_unit *u) { return u->priv; }
static inline struct cr_cpu *cr_cpu(const struct scheduler *s, u32 cpu)
{
	return cr_sched(s)->cpu[cpu];
}

/** The class of a unit without a boost. */
static inline enum cr_class cr_class(const struct cr_unit *cu)
{
	return cu->credit > 0 ? CR_UNDER : CR_OVER;
}

/** Set or clear the bit of @cpu atomically, when it has the other value. */
static inline void cr_mark(cpumask_t *m, u32 cpu, bool value)
{
	if (cpumask_test(m, cpu) == value)
		return;
	if (value)
		cpumask_test_and_set(m, cpu);
	else
		cpumask_test_and_clear(m, cpu);
}

/** True while the caches of its CPU are taken to be full of the unit's data. */
static inline bool cr_is_hot(const struct cr_sched *cs, const struct cr_unit *cu, s_time_t now)
{
	return now - cu->left_at < READ_ONCE(cs->migr_delay);
}

/** The first queued unit of the best class below @limit; NULL: none. The lock of @c is held. */
static inline struct cr_unit *cr_first(const struct cr_cpu *c, enum cr_class limit)
{
	for (enum cr_class k = CR_BOOST; k < limit; k++)
		if (!list_empty(&c->queue[k]))
			return list_first_entry(&c->queue[k], struct cr_unit, link);
	return NULL;
}

/* credit_account.c. With the lock of the unit's CPU held. */
/** Charge the unit, which is on a CPU, with the time up to @now. */
void cr_burn(struct cr_unit *cu, s_time_t now);
/** Change the credit of a unit in any state by -@ns. */
void cr_charge(struct cr_sched *cs, struct cr_unit *cu, s64 ns);
/** Begin a new period when that is due. Needs no lock. */
void cr_turn_period(struct cr_sched *cs, s_time_t now);
/** Give the unit what it was granted since it was last asked for, up to @period. */
void cr_take_grants(struct cr_sched *cs, struct cr_unit *cu, u64 period);
static inline void cr_settle(struct cr_sched *cs, struct cr_unit *cu)
{
	u64 period = __atomic_load_n(&cs->period, __ATOMIC_ACQUIRE);

	if (unlikely(cu->period != period))
		cr_take_grants(cs, cu, period);
}
/** When @cpu, if it is busy, must settle its units. */
s_time_t cr_settle_time(const struct cr_sched *cs, u32 cpu);

/* credit_queue.c. With the lock of @c held. */
/** Queue a runnable unit by its class, or park it when its domain has no budget. */
void cr_enqueue(struct cr_sched *cs, struct cr_cpu *c, struct cr_unit *cu, s_time_t now);
/** Take the unit off the list it is on, if any. */
void cr_dequeue(struct cr_sched *cs, struct cr_cpu *c, struct cr_unit *cu);
/** Settle all units of the CPU; those with credit again change to another queue. */
void cr_settle_cpu(struct cr_sched *cs, struct cr_cpu *c);
/** Queue parked units whose domains have budget again. */
void cr_unpark(struct cr_sched *cs, struct cr_cpu *c, s_time_t now);
/** The affinity of a queued unit changed. */
void cr_requeue(struct cr_sched *cs, struct cr_cpu *c, struct cr_unit *cu, s_time_t now);

/* credit_place.c */
/** A unit was queued on @c, whose lock is held: see that the right CPU runs it. */
void cr_place(struct scheduler *s, struct cr_cpu *c, struct cr_unit *cu, s_time_t now);
/** Move queued units of @c, whose lock is held, to idle CPUs as far as there are such. */
void cr_offer(struct scheduler *s, struct cr_cpu *c, s_time_t now);
/** An idle CPU that the unit prefers to @cpu, or NR_CPUS. */
u32 cr_better_idle(const struct cr_sched *cs, const struct sched_unit *u, u32 cpu);
/** Take a unit with credit from another queue for @c, which has none. NULL when there is none. */
struct cr_unit *cr_steal_under(struct scheduler *s, struct cr_cpu *c, s_time_t now);
/** Take any unit for @c, which is idle. *@retry is set to the time to try again. */
struct cr_unit *cr_steal(struct scheduler *s, struct cr_cpu *c, s_time_t now, s_time_t *retry);
u32 cr_pick_cpu(struct scheduler *s, struct sched_unit *u, s_time_t now);

/* credit_params.c */
void cr_boot_params(struct cr_sched *cs);
int cr_cpu_prepare(struct scheduler *s, u32 cpu, const struct sched_topology *topo);
int cr_get_domain_params(struct scheduler *s, const void *dom_priv,
			 struct sched_domain_params *p);
int cr_set_domain_params(struct scheduler *s, void *dom_priv, const struct sched_domain_params *p,
			 s_time_t now);
int cr_get_global_params(struct scheduler *s, struct sched_global_params *p);
int cr_set_global_params(struct scheduler *s, const struct sched_global_params *p);
void cr_dump_cpu(struct scheduler *s, u32 cpu, s_time_t now);

#endif
