/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credit: which CPU runs a unit: moving it to an idle CPU, stealing it from a busy one. */
#include <xen/assert.h>

#include "credit.h"

/* The first CPU of the set after @cpu, in a circle; NR_CPUS when the set is empty. */
static u32 next_after(const cpumask_t *m, u32 cpu)
{
	u32 next = cpu < NR_CPUS ? cpumask_next(m, cpu + 1) : NR_CPUS;

	return next != NR_CPUS ? next : cpumask_first(m);
}

/* Of the set @m that the unit may use, reduce to the best: soft affinity, then the same node. */
static void prefer(const struct cr_sched *cs, const struct sched_unit *u, cpumask_t *m)
{
	const cpumask_t *node = &cs->cpu[u->cpu]->node->cpus;

	if (cpumask_intersects(m, &u->soft))
		cpumask_and(m, m, &u->soft);
	if (cpumask_intersects(m, node))
		cpumask_and(m, m, node);
}

/* The best idle CPU for the unit, NR_CPUS when none is allowed. */
static u32 find_idle(const struct cr_sched *cs, const struct sched_unit *u)
{
	cpumask_t m;

	/* On a busy machine there is none. */
	if (!cpumask_intersects(&cs->idle, &u->hard))
		return NR_CPUS;
	cpumask_and(&m, &cs->idle, &u->hard);
	prefer(cs, u, &m);
	return cpumask_test(&m, u->cpu) ? u->cpu : next_after(&m, u->cpu);
}

u32 cr_better_idle(const struct cr_sched *cs, const struct sched_unit *u, u32 cpu)
{
	cpumask_t m;

	if (likely(cpumask_test(&u->soft, cpu)))
		return NR_CPUS;
	cpumask_and(&m, &cs->idle, &u->hard);
	cpumask_and(&m, &m, &u->soft);
	return next_after(&m, cpu);
}

/* Move a unit that is on no list from @from to @to. Both locks are held. */
static void move(struct cr_cpu *from, struct cr_cpu *to, struct cr_unit *cu)
{
	ASSERT(cu->place == CR_NOWHERE && cpumask_test(&cu->unit->hard, to->cpu));
	ASSERT(spin_is_locked_by_me(&from->lock) && spin_is_locked_by_me(&to->lock));
	WRITE_ONCE(from->nr_units, from->nr_units - 1);
	WRITE_ONCE(to->nr_units, to->nr_units + 1);
	WRITE_ONCE(cu->unit->cpu, to->cpu);
}

/*
 * Move a queued unit to an idle CPU, which is claimed by its bit, so that each unit gets another.
 * False when none is allowed. When the lock of one that is allowed cannot be had, the unit stays
 * and the CPU of @c tries again.
 */
static bool move_to_idle(struct scheduler *s, struct cr_cpu *c, struct cr_unit *cu, s_time_t now)
{
	struct cr_sched *cs = cr_sched(s);
	struct cr_cpu *to;
	u32 cpu;

	ASSERT(spin_is_locked_by_me(&c->lock) && cu->place == CR_QUEUED);
	/* Pairs with the fence in cr_steal: either that sees the unit or this sees the CPU. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while ((cpu = find_idle(cs, cu->unit)) != NR_CPUS) {
		if (!cpumask_test_and_clear(&cs->idle, cpu))
			continue;
		to = cs->cpu[cpu];
		if (to == c) {
			sched_tickle(s, cpu);
			return true;
		}
		if (!spin_trylock(&to->lock)) {
			WRITE_ONCE(to->hint, c->cpu);
			c->offer = true;
			sched_tickle(s, cpu);
			sched_tickle(s, c->cpu);
			return true;
		}
		if (to->online) {
			cr_dequeue(cs, c, cu);
			move(c, to, cu);
			cr_enqueue(cs, to, cu, now);
			sched_tickle(s, cpu);
			spin_unlock(&to->lock);
			return true;
		}
		spin_unlock(&to->lock);
	}
	return false;
}

/* Make a CPU that runs a unit without credit take this one, which has some. */
static void take_from_over(struct scheduler *s, struct cr_cpu *c, struct cr_unit *cu)
{
	struct cr_sched *cs = cr_sched(s);
	cpumask_t m;
	u32 cpu;

	cpumask_and(&m, &cs->over, &cu->unit->hard);
	cpumask_unset(&m, c->cpu);
	if (cpumask_empty(&m))
		return;
	prefer(cs, cu->unit, &m);
	cpu = next_after(&m, c->cpu);
	if (cpu == NR_CPUS || !cpumask_test_and_clear(&cs->over, cpu))
		return;
	WRITE_ONCE(cs->cpu[cpu]->hint, c->cpu);
	sched_tickle(s, cpu);
}

/* Until when the unit that runs on @c may go on, now that @cu waits there. */
static s_time_t runs_until(const struct cr_cpu *c, const struct cr_unit *cu, s_time_t now)
{
	const struct cr_unit *curr = c->curr;
	/* A unit that gave way must not take the CPU back at once. */
	s_time_t next = cu->yielded ? now + CR_YIELD_TIME : now;

	if (!curr || cu->class < curr->class)
		return next;
	if (cu->class > curr->class)
		return INT64_MAX;
	/* Turns are not cut shorter than a decision cuts them. */
	return max(curr->start - curr->turn + curr->slice, now + CR_SLICE_MIN);
}

void cr_place(struct scheduler *s, struct cr_cpu *c, struct cr_unit *cu, s_time_t now)
{
	struct cr_sched *cs = cr_sched(s);
	s_time_t by = INT64_MAX, turn;

	if (unlikely(cu->place == CR_PARKED)) {
		/* Make the CPU set a timer for the refill. */
		if (c->until > c->next_unpark)
			sched_tickle(s, c->cpu);
		return;
	}
	if (likely(!cr_is_hot(cs, cu, now)) || cpumask_test(&cs->idle, c->cpu)) {
		if (move_to_idle(s, c, cu, now))
			return;
	} else {
		c->offer = true;
		by = cu->left_at + READ_ONCE(cs->migr_delay);
	}
	turn = runs_until(c, cu, now);
	if (cu->class < CR_OVER && min(by, turn) > now)
		take_from_over(s, c, cu);
	/* Before that its CPU is not given to another one. */
	if (c->curr)
		turn = max(turn, c->curr->min_until);
	by = min(by, turn);
	/* The turn was chosen while this unit did not wait, and is too long: choose it again. */
	if (c->until > by)
		sched_tickle(s, c->cpu);
}

void cr_offer(struct scheduler *s, struct cr_cpu *c, s_time_t now)
{
	struct cr_sched *cs = cr_sched(s);
	struct cr_unit *cu, *next;

	c->offer = false;
	for (enum cr_class k = CR_BOOST; k < CR_CLASSES; k++) {
		list_for_each_entry_safe(cu, next, &c->queue[k], link) {
			if (cpumask_empty(&cs->idle))
				return;
			if (cr_is_hot(cs, cu, now))
				c->offer = true;
			else if (cu->movable)
				move_to_idle(s, c, cu, now);
		}
	}
}

/* The best unit of @from for @cpu with a class below @limit, among the first @most. Units that are
 * hot are left alone; *@hot says so. */
static struct cr_unit *find_movable(struct cr_sched *cs, struct cr_cpu *from, u32 cpu,
				    enum cr_class limit, u32 most, s_time_t now, bool *hot)
{
	struct cr_unit *cu, *second = NULL;

	for (enum cr_class k = CR_BOOST; k < limit; k++) {
		list_for_each_entry(cu, &from->queue[k], link) {
			if (!most--)
				return second;
			if (!cu->movable || !cpumask_test(&cu->unit->hard, cpu))
				continue;
			if (cr_is_hot(cs, cu, now)) {
				*hot = true;
				continue;
			}
			if (!share_cap_may_run(&cu->dom->cap, now))
				continue;
			if (cpumask_test(&cu->unit->soft, cpu))
				return cu;
			if (!second && cr_better_idle(cs, cu->unit, cpu) == NR_CPUS)
				second = cu;
		}
	}
	return second;
}

/* Try to take one unit from CPU @victim; it is on no list then. *@again is set when the lock could
 * not be had, or a unit may be taken only later. */
static struct cr_unit *take(struct cr_sched *cs, struct cr_cpu *c, u32 victim, enum cr_class limit,
			    s_time_t now, bool *again)
{
	u32 most = limit == CR_CLASSES ? ~0U : CR_STEAL_UNITS;
	struct cr_cpu *from = cs->cpu[victim];
	struct cr_unit *cu;

	ASSERT(from != c && spin_is_locked_by_me(&c->lock));
	if (!spin_trylock(&from->lock)) {
		*again = true;
		return NULL;
	}
	cu = find_movable(cs, from, c->cpu, limit, most, now, again);
	if (cu) {
		cr_dequeue(cs, from, cu);
		move(from, c, cu);
	}
	spin_unlock(&from->lock);
	return cu;
}

/* The queue that asked @c to take a unit from it, if it is still one of @m; else NR_CPUS. */
static u32 take_hint(struct cr_cpu *c, const cpumask_t *m)
{
	u32 cpu = __atomic_exchange_n(&c->hint, NR_CPUS, __ATOMIC_RELAXED);

	return cpu != NR_CPUS && cpumask_test(m, cpu) ? cpu : NR_CPUS;
}

struct cr_unit *cr_steal_under(struct scheduler *s, struct cr_cpu *c, s_time_t now)
{
	struct cr_sched *cs = cr_sched(s);
	u32 victim = take_hint(c, &cs->waiting_under);
	struct cr_unit *cu = NULL;
	bool again;

	for (u32 n = 0; n < CR_STEAL_QUEUES && !cu; n++) {
		cpumask_t m;

		if (victim == NR_CPUS) {
			cpumask_and(&m, &cs->waiting_under, &c->node->cpus);
			if (n >= CR_STEAL_QUEUES / 2 || cpumask_empty(&m))
				m = cs->waiting_under;
			cpumask_unset(&m, c->cpu);
			victim = next_after(&m, c->next_victim);
			c->next_victim = victim;
		}
		if (victim == NR_CPUS)
			break;
		cu = take(cs, c, victim, CR_OVER, now, &again);
		victim = NR_CPUS;
	}
	return cu;
}

/* The next queue that an idle CPU searches, NR_CPUS when it has seen all: those of its own node
 * first, each time in the order of their numbers. */
static u32 next_victim(const struct cr_sched *cs, struct cr_cpu *c)
{
	cpumask_t m;
	u32 cpu;

	for (;;) {
		if (c->next_remote)
			cpumask_andnot(&m, &cs->waiting, &c->node->cpus);
		else
			cpumask_and(&m, &cs->waiting, &c->node->cpus);
		cpumask_unset(&m, c->cpu);
		cpu = cpumask_next(&m, c->next_victim);
		if (cpu != NR_CPUS || c->next_remote)
			break;
		c->next_remote = true;
		c->next_victim = 0;
	}
	c->next_victim = cpu == NR_CPUS ? 0 : cpu + 1;
	return cpu;
}

struct cr_unit *cr_steal(struct scheduler *s, struct cr_cpu *c, s_time_t now, s_time_t *retry)
{
	struct cr_sched *cs = cr_sched(s);
	bool again = false;
	struct cr_unit *cu;
	u32 victim;

	if (!c->searching || !cpumask_test(&cs->idle, c->cpu)) {
		c->next_remote = false;
		c->next_victim = 0;
		c->searching = true;
	}
	cr_mark(&cs->idle, c->cpu, true);
	/* Pairs with the fence in move_to_idle. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	victim = take_hint(c, &cs->waiting);
	for (u32 n = 0; n < CR_STEAL_QUEUES; n++) {
		if (victim == NR_CPUS)
			victim = next_victim(cs, c);
		if (victim == NR_CPUS) {
			c->searching = false;
			if (again)
				*retry = min(*retry, now + CR_RETRY);
			return NULL;
		}
		cu = take(cs, c, victim, CR_CLASSES, now, &again);
		if (cu) {
			c->searching = false;
			return cu;
		}
		victim = NR_CPUS;
	}
	/* The rest in the next decision, so that interrupts are not kept waiting. */
	if (again)
		*retry = min(*retry, now + CR_RETRY);
	sched_tickle(s, c->cpu);
	return NULL;
}

/* How many units, at a rough guess, compete for @cpu. */
static u32 crowd(const struct cr_sched *cs, u32 cpu, const struct sched_unit *u)
{
	u32 n = READ_ONCE(cs->cpu[cpu]->nr_units);

	if (cpu == u->cpu && u->inserted)
		n--;
	return 2 * n + !cpumask_test(&cs->idle, cpu);
}

u32 cr_pick_cpu(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct cr_sched *cs = cr_sched(s);
	u32 cpu, best = u->cpu, least = ~0U;
	cpumask_t m;

	cpumask_and(&m, &u->hard, &s->cpus);
	if (cpumask_intersects(&m, &u->soft))
		cpumask_and(&m, &m, &u->soft);
	/* CPUs that leave just now may leave none; the core looks again then. */
	if (cpumask_empty(&m))
		return cpumask_first(&u->hard);
	if (cpumask_test(&m, best))
		least = crowd(cs, best, u);
	cpumask_for_each(cpu, &m) {
		u32 n = crowd(cs, cpu, u);

		if (n < least || (n == least && cs->cpu[best]->node != cs->cpu[u->cpu]->node &&
				  cs->cpu[cpu]->node == cs->cpu[u->cpu]->node)) {
			least = n;
			best = cpu;
		}
	}
	return best;
}
