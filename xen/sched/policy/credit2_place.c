/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credit2: which CPU should look at a unit, and which run queue it should be in. */
#include <xen/assert.h>

#include "credit2.h"

void c2_tickle_cpu(struct scheduler *s, struct c2_rq *rq, u32 cpu)
{
	ASSERT(spin_is_locked_by_me(&rq->lock) && cpumask_test(&rq->cpus, cpu));
	if (cpumask_test(&rq->tickled, cpu))
		return;
	cpumask_set(&rq->tickled, cpu);
	sched_tickle(s, cpu);
}

u32 c2_idle_soft_cpu(const struct c2_rq *rq, const struct c2_unit *cu, u32 cpu)
{
	cpumask_t m;
	u32 c;

	cpumask_and(&m, &rq->idle, &cu->unit->soft);
	cpumask_and(&m, &m, &cu->unit->hard);
	c = cpumask_first(&m);
	return c == cpu ? cpumask_next(&m, cpu + 1) : c;
}

/* An idle CPU of @rq that was not tickled yet: @u's own, else one it prefers, else any allowed. */
static u32 find_idle_cpu(const struct c2_rq *rq, const struct sched_unit *u)
{
	cpumask_t ok, m;

	/* On a busy machine there is none. */
	if (!cpumask_intersects(&rq->idle, &u->hard))
		return NR_CPUS;
	cpumask_andnot(&ok, &rq->idle, &rq->tickled);
	cpumask_and(&ok, &ok, &u->hard);
	cpumask_and(&m, &ok, &u->soft);
	if (cpumask_test(&m, u->cpu))
		return u->cpu;
	if (!cpumask_empty(&m))
		return cpumask_first(&m);
	if (cpumask_test(&ok, u->cpu))
		return u->cpu;
	return cpumask_first(&ok);
}

/*
 * The CPU that is easiest to take over, as its unit has the least credit: its own CPU, whose caches
 * are warm, is easier by the migration resistance. *@lead is how far @cu leads beyond that.
 */
static u32 find_poorest_cpu(struct scheduler *s, struct c2_rq *rq, struct c2_unit *cu,
			    s_time_t now, s64 *lead)
{
	u32 cpu, best = NR_CPUS;
	cpumask_t m;

	*lead = INT64_MIN;
	cpumask_and(&m, &rq->cpus, &cu->unit->hard);
	cpumask_andnot(&m, &m, &rq->tickled);
	cpumask_for_each(cpu, &m) {
		struct c2_unit *cur = c2_sched(s)->cpu[cpu].curr;
		s64 l;

		if (!cur)
			continue;
		l = cu->credit - (cur->credit - c2_cost(rq, cur, max(now - cur->start, (s64)0))) -
		    c2_resist(s, cu, cpu);
		if (l > *lead) {
			*lead = l;
			best = cpu;
		}
	}
	return best;
}

/* Tickle an idle CPU of another queue, which may steal the unit. True when there is one. */
static bool tickle_other_queues(struct scheduler *s, struct c2_rq *rq, struct c2_unit *cu)
{
	struct c2_sched *cs = c2_sched(s);
	cpumask_t m;

	/* Pairs with the fence in c2_steal: either that sees the unit or this sees the idle CPU. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (u32 i = 0; i < cs->nr_rqs; i++) {
		if (cs->rq[i] == rq)
			continue;
		cpumask_and(&m, &cs->rq[i]->idle, &cu->unit->hard);
		if (!cpumask_empty(&m)) {
			sched_tickle(s, cpumask_first(&m));
			return true;
		}
	}
	return false;
}

void c2_tickle(struct scheduler *s, struct c2_rq *rq, struct c2_unit *cu, s_time_t now)
{
	const struct c2_cpu *cc;
	s64 lead;
	u32 cpu;

	if (unlikely(cu->parked)) {
		/* Make the CPU set a timer for the refill. */
		sched_tickle(s, cu->unit->cpu);
		return;
	}
	cpu = find_idle_cpu(rq, cu->unit);
	if (cpu != NR_CPUS) {
		c2_tickle_cpu(s, rq, cpu);
		return;
	}
	cpu = find_poorest_cpu(s, rq, cu, now, &lead);
	/* A unit that gave way must not take the CPU back at once. */
	if (cpu != NR_CPUS && !cu->yielded && lead > C2_PREEMPT_MARGIN) {
		c2_tickle_cpu(s, rq, cpu);
		return;
	}
	if (tickle_other_queues(s, rq, cu))
		return;
	/* A slice that ends later than with this unit waiting is too long now: choose it again. */
	if (cpu == NR_CPUS)
		return;
	cc = &c2_sched(s)->cpu[cpu];
	if (cc->until > now + c2_slice(s, rq, cc->curr, -lead))
		c2_tickle_cpu(s, rq, cpu);
}

static s64 load_per_cpu(const struct c2_rq *rq, s64 load)
{
	return load / max(READ_ONCE(rq->nr_cpus), 1U);
}

/* The least loaded queue with a CPU in @mask; the unit's own unless another is clearly better. */
static struct c2_rq *pick_queue(struct scheduler *s, const struct c2_unit *cu,
				const cpumask_t *mask, s_time_t now)
{
	struct c2_sched *cs = c2_sched(s);
	struct c2_rq *best = NULL;
	s64 best_score = INT64_MAX;

	for (u32 i = 0; i < cs->nr_rqs; i++) {
		struct c2_rq *rq = cs->rq[i];
		s64 score;

		if (!cpumask_intersects(&rq->cpus, mask))
			continue;
		/* Units that do not run count a little, as they may wake. */
		score = c2_load(rq, now) + (s64)READ_ONCE(rq->nr_units) * (C2_LOAD_UNIT / 8);
		if (cu->rq == rq)
			score -= (cu->active ? C2_LOAD_UNIT : 0) + C2_LOAD_UNIT / 2;
		score = load_per_cpu(rq, score);
		if (score < best_score) {
			best_score = score;
			best = rq;
		}
	}
	return best;
}

u32 c2_pick_cpu(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct c2_unit *cu = c2_unit(u);
	cpumask_t hard, soft, m;
	struct c2_rq *rq;
	u32 cpu, skip;

	cpumask_and(&hard, &u->hard, &s->cpus);
	cpumask_and(&soft, &hard, &u->soft);
	if (cpumask_empty(&soft))
		soft = hard;
	rq = pick_queue(s, cu, &soft, now);
	if (!rq)
		return cpumask_first(&hard);
	cpumask_and(&soft, &soft, &rq->cpus);
	cpumask_and(&m, &soft, &rq->idle);
	if (cpumask_empty(&m))
		m = soft;
	if (cu->rq == rq && cpumask_test(&m, u->cpu))
		return u->cpu;
	/* Spread units that are placed one after another. */
	skip = READ_ONCE(rq->nr_units) % cpumask_weight(&m);
	cpu = cpumask_first(&m);
	while (skip--)
		cpu = cpumask_next(&m, cpu + 1);
	return cpu;
}

/* The first waiting unit of @from that may (if @soft: prefers to) run on @cpu. Lock held. */
static struct c2_unit *find_movable(struct c2_rq *from, u32 cpu, bool soft, s_time_t now)
{
	struct c2_unit *cu;

	list_for_each_entry(cu, &from->queue, link) {
		if (!cpumask_test(&cu->unit->hard, cpu) ||
		    (soft && !cpumask_test(&cu->unit->soft, cpu)))
			continue;
		if (share_cap_may_run(&cu->dom->cap, now))
			return cu;
	}
	return NULL;
}

/* Move one waiting unit from @from to @to, whose lock is held; it ends up on no list. */
static struct c2_unit *pull_one(struct c2_rq *from, struct c2_rq *to, u32 cpu, s_time_t now,
				bool *busy)
{
	struct c2_unit *cu;

	if (!spin_trylock(&from->lock)) {
		*busy = true;
		return NULL;
	}
	cu = find_movable(from, cpu, true, now);
	if (!cu)
		cu = find_movable(from, cpu, false, now);
	if (cu) {
		c2_detach(from, cu, now);
		c2_attach(to, cu, now);
		c2_set_active(to, cu, true, now);
		WRITE_ONCE(cu->unit->cpu, cpu);
	}
	spin_unlock(&from->lock);
	return cu;
}

struct c2_unit *c2_steal(struct scheduler *s, struct c2_rq *rq, u32 cpu, s_time_t now,
			 bool *retry)
{
	struct c2_sched *cs = c2_sched(s);

	*retry = false;
	/* This CPU is marked as idle already. Pairs with the fence in tickle_other_queues. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (u32 i = 1; i < cs->nr_rqs; i++) {
		struct c2_rq *from = cs->rq[(rq->id + i) % cs->nr_rqs];
		struct c2_unit *cu;

		if (!READ_ONCE(from->nr_queued))
			continue;
		cu = pull_one(from, rq, cpu, now, retry);
		if (cu)
			return cu;
	}
	return NULL;
}

void c2_balance(struct scheduler *s, struct c2_rq *rq, u32 cpu, s_time_t now)
{
	struct c2_sched *cs = c2_sched(s);
	struct c2_rq *busiest = NULL;
	s64 own, most;
	bool busy;

	rq->next_balance = now + C2_BALANCE_PERIOD;
	/* Move only if this queue with the unit has less load than the other one had with it. */
	own = load_per_cpu(rq, c2_load(rq, now) + C2_LOAD_UNIT);
	most = own;
	for (u32 i = 0; i < cs->nr_rqs; i++) {
		struct c2_rq *other = cs->rq[i];
		s64 load = load_per_cpu(other, c2_load(other, now));

		if (other != rq && READ_ONCE(other->nr_queued) && load > most) {
			most = load;
			busiest = other;
		}
	}
	if (busiest) {
		struct c2_unit *cu = pull_one(busiest, rq, cpu, now, &busy);

		if (cu)
			c2_enqueue(rq, cu, now);
	}
}
