/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data of the credit2 policy, shared by its files only. credit2.c explains the design. */
#ifndef SCHED_CREDIT2_H
#define SCHED_CREDIT2_H

#include "share.h"

#define C2_CREDIT_INIT (10 * SHARE_MS)	/* credit a reset grants */
#define C2_SLICE_MAX (10 * SHARE_MS)
#define C2_SLICE_MIN (500 * SHARE_US)
#define C2_PREEMPT_MARGIN (500 * SHARE_US) /* a waking unit preempts with this lead in credit */
#define C2_LOAD_WINDOW (50 * SHARE_MS)
#define C2_LOAD_UNIT 1024
#define C2_LOOK_AHEAD 16		/* waiting units looked at for the length of a slice */
#define C2_BALANCE_PERIOD (50 * SHARE_MS)
#define C2_STEAL_RETRY (1 * SHARE_MS)

struct c2_dom {
	u32 weight;			/* atomic */
	struct share_cap cap;
};

/** All fields [lock of rq] unless noted. */
struct c2_unit {
	struct sched_unit *unit;	/* [const] */
	struct c2_dom *dom;		/* [const] */
	struct c2_rq *rq;		/* changes with both locks held */
	struct list_head rq_link;	/* rq->units */
	struct list_head link;		/* rq->queue or rq->parked, or empty */
	bool queued, parked;		/* which of the two */
	bool active;			/* counted in the load */
	bool on_cpu;			/* chosen, burning credit since @start */
	bool yielded;			/* until saved or chosen again [own CPU] */
	s64 credit;			/* ns of the heaviest unit's run time */
	s_time_t start;			/* credit is burned up to here */
	s_time_t switched_in;
};

struct c2_rq {
	struct spinlock lock;
	u32 id;				/* [const] */
	cpumask_t cpus;			/* online CPUs it serves [lock], peeked at */
	cpumask_t idle;			/* those that are idle [lock], peeked at */
	cpumask_t tickled;		/* told to decide and have not decided yet [lock] */
	u32 nr_cpus, nr_assigned;	/* online; prepared [bring-up] */
	struct list_head units;		/* all units of this queue */
	u32 nr_units;
	struct list_head queue;		/* waiting, highest credit first */
	u32 nr_queued;			/* [lock], peeked at */
	struct list_head parked;	/* waiting for budget */
	s_time_t next_unpark;		/* earliest refill of a parked unit, INT64_MAX: none */
	u32 max_weight;
	u32 nr_active;			/* running, waiting or parked */
	s64 load;			/* average of nr_active, C2_LOAD_UNIT each; peeked at */
	s_time_t load_at;
	s_time_t next_balance;
};

struct c2_cpu {
	struct c2_rq *rq;		/* [const once prepared] */
	struct c2_unit *curr;		/* NULL: idle [rq lock] */
	s_time_t until;			/* end of its slice [rq lock] */
	struct sched_topology topo;	/* [const once prepared] */
};

struct c2_sched {
	struct c2_rq *rq[NR_CPUS];	/* [const once prepared] */
	u32 nr_rqs;
	s_time_t ratelimit;		/* atomic */
	s64 cap_period;			/* ns [const] */
	s64 resist;			/* the lead that a move to a busy CPU needs [const] */
	struct c2_cpu cpu[NR_CPUS];
};

static inline struct c2_sched *c2_sched(const struct scheduler *s) { return s->priv; }
static inline struct c2_unit *c2_unit(const struct sched_unit *u) { return u->priv; }
static inline struct c2_rq *c2_rq(const struct scheduler *s, u32 cpu)
{
	return c2_sched(s)->cpu[cpu].rq;
}

static inline u32 c2_weight(const struct c2_unit *cu) { return READ_ONCE(cu->dom->weight); }

/** The shortest slice while others wait. */
static inline s64 c2_slice_min(const struct scheduler *s)
{
	return max(C2_SLICE_MIN, READ_ONCE(c2_sched(s)->ratelimit));
}

/** How long @cu may run (ns) when the unit that is to run after it has less credit by @lead, which
 * is negative when that unit has more. The lock of @rq is held. */
static inline s64 c2_slice(const struct scheduler *s, const struct c2_rq *rq,
			   const struct c2_unit *cu, s64 lead)
{
	s64 t = lead * c2_weight(cu) / rq->max_weight;

	return max(min(t, C2_SLICE_MAX), c2_slice_min(s));
}

/** The lead in credit that a waiting unit needs before it takes @cpu from another one. */
static inline s64 c2_resist(const struct scheduler *s, const struct c2_unit *cu, u32 cpu)
{
	return cu->unit->cpu == cpu ? 0 : c2_sched(s)->resist;
}

/** Credit that @dt ns of running cost @cu. */
static inline s64 c2_cost(const struct c2_rq *rq, const struct c2_unit *cu, s64 dt)
{
	u32 w = c2_weight(cu);

	return likely(w == rq->max_weight) ? dt : dt * rq->max_weight / w;
}

/* credit2_queue.c. All with the lock of the run queue held. */
void c2_burn(struct c2_rq *rq, struct c2_unit *cu, s_time_t now);
void c2_set_active(struct c2_rq *rq, struct c2_unit *cu, bool active, s_time_t now);
/** Put a runnable unit on the queue, or on the parked list when its domain has no budget. */
void c2_enqueue(struct c2_rq *rq, struct c2_unit *cu, s_time_t now);
/** Take the unit off the list it is on. */
void c2_dequeue(struct c2_rq *rq, struct c2_unit *cu);
/** Queue parked units whose domains have budget again. */
void c2_unpark(struct c2_rq *rq, s_time_t now);
/** @cu, which has no credit left, is to run: grant all units credit until it has some. While units
 * with credit wait (for CPUs that it does not use) it runs on, up to a limited debt, instead. */
void c2_out_of_credit(struct c2_rq *rq, struct c2_unit *cu, s_time_t now);
void c2_attach(struct c2_rq *rq, struct c2_unit *cu, s_time_t now);
void c2_detach(struct c2_rq *rq, struct c2_unit *cu, s_time_t now);
void c2_find_max_weight(struct c2_rq *rq);
s64 c2_load(const struct c2_rq *rq, s_time_t now);

/* credit2_place.c */
/** A unit was queued: make the most suitable CPU decide again. */
void c2_tickle(struct scheduler *s, struct c2_rq *rq, struct c2_unit *cu, s_time_t now);
/** An idle CPU other than @cpu that the unit prefers; NR_CPUS when there is none. */
u32 c2_idle_soft_cpu(const struct c2_rq *rq, const struct c2_unit *cu, u32 cpu);
/** Tickle @cpu of @rq unless it was tickled already. */
void c2_tickle_cpu(struct scheduler *s, struct c2_rq *rq, u32 cpu);
u32 c2_pick_cpu(struct scheduler *s, struct sched_unit *u, s_time_t now);
/** Take a waiting unit from another run queue into @rq, off its list. NULL when there is none;
 * *@retry is set when the lock of a queue could not be had. */
struct c2_unit *c2_steal(struct scheduler *s, struct c2_rq *rq, u32 cpu, s_time_t now,
			 bool *retry);
/** From time to time: pull a waiting unit from a queue with much more load. */
void c2_balance(struct scheduler *s, struct c2_rq *rq, u32 cpu, s_time_t now);

/* credit2_params.c */
void c2_boot_params(struct c2_sched *cs);
int c2_cpu_prepare(struct scheduler *s, u32 cpu, const struct sched_topology *topo);
int c2_get_domain_params(struct scheduler *s, const void *dom_priv,
			 struct sched_domain_params *p);
int c2_set_domain_params(struct scheduler *s, void *dom_priv, const struct sched_domain_params *p,
			 s_time_t now);
int c2_get_global_params(struct scheduler *s, struct sched_global_params *p);
int c2_set_global_params(struct scheduler *s, const struct sched_global_params *p);
void c2_dump_cpu(struct scheduler *s, u32 cpu, s_time_t now);

#endif
