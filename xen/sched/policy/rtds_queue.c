/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtds: periods and budgets, the units that wait, and which CPU looks at them. */
#include "rtds.h"

void rtds_begin_period(struct rtds_unit *ru, s_time_t now)
{
	ASSERT(ru->period > 0 && ru->budget > 0 && ru->budget <= ru->period);
	ru->deadline = now + ru->period;
	ru->left = ru->budget;
	ru->level = 0;
	ru->owed = 0;
}

/* Start the period that @now is in; an overdrawn budget is paid back from each that began. */
static void begin_due_period(struct rtds_unit *ru, s_time_t now)
{
	s64 owed = ru->level ? ru->owed : max(-ru->left, (s64)0);
	s64 periods;

	if (now < ru->deadline)
		return;
	periods = (now - ru->deadline) / ru->period + 1;
	ru->deadline += periods * ru->period;
	/* More periods than the debt needs would overflow the product. */
	periods = min(periods, owed / ru->budget + 1);
	ru->left = min(periods * ru->budget - owed, ru->budget);
	ru->level = 0;
	ru->owed = 0;
	ASSERT(ru->deadline > now && ru->left <= ru->budget);
}

/* A unit with extra time goes on at the next level when its time at this one is used up. */
static void next_level(struct rtds_unit *ru)
{
	if (ru->left > 0 || !ru->extra)
		return;
	if (!ru->level)
		ru->owed = -ru->left;
	ru->level++;
	ru->left = ru->budget;
	ASSERT(ru->level && ru->owed >= 0);
}

static void burn(struct rtds_unit *ru, s_time_t until)
{
	if (until <= ru->start)
		return;
	ru->left -= until - ru->start;
	ru->start = until;
}

void rtds_account(struct rtds_unit *ru, s_time_t now)
{
	ASSERT(ru->on_cpu && !rtds_waits(ru));
	/* The CPU may be late, and the time after the deadline belongs to the new period. */
	burn(ru, min(now, ru->deadline));
	begin_due_period(ru, now);
	burn(ru, now);
	next_level(ru);
}

/* Before the units of lower priority, after its equals. */
static void insert_by_priority(struct rtds_sched *rs, struct rtds_unit *ru)
{
	struct list_head *at;

	for (at = rs->queue.prev; at != &rs->queue; at = at->prev)
		if (!rtds_before(ru, list_entry(at, struct rtds_unit, queue)))
			break;
	list_add(&ru->queue, at);
}

static void insert_by_deadline(struct rtds_sched *rs, struct rtds_unit *ru)
{
	struct list_head *at;

	for (at = rs->refills.prev; at != &rs->refills; at = at->prev)
		if (list_entry(at, struct rtds_unit, refill)->deadline <= ru->deadline)
			break;
	list_add(&ru->refill, at);
}

void rtds_enqueue(struct scheduler *s, struct rtds_unit *ru, s_time_t now)
{
	struct rtds_sched *rs = rtds_sched(s);

	ASSERT(spin_is_locked_by_me(&rs->lock));
	ASSERT(ru->unit->runnable && !ru->unit->running);
	ASSERT(!ru->on_cpu && !rtds_waits(ru) && list_empty(&ru->queue));
	begin_due_period(ru, now);
	next_level(ru);
	insert_by_deadline(rs, ru);
	ru->unit->held_back = !rtds_has_time(ru);
	if (rtds_has_time(ru))
		insert_by_priority(rs, ru);
}

static void forget_told(struct rtds_sched *rs, struct rtds_unit *ru)
{
	if (ru->told == NR_CPUS)
		return;
	ASSERT(rs->cpu[ru->told].told);
	rs->cpu[ru->told].told--;
	ru->told = NR_CPUS;
}

void rtds_dequeue(struct scheduler *s, struct rtds_unit *ru)
{
	struct rtds_sched *rs = rtds_sched(s);

	ASSERT(spin_is_locked_by_me(&rs->lock));
	ASSERT(rtds_waits(ru) || list_empty(&ru->queue));
	forget_told(rs, ru);
	if (rtds_waits(ru))
		list_del_init(&ru->refill);
	if (!list_empty(&ru->queue))
		list_del_init(&ru->queue);
}

static struct rtds_unit *first_refill(const struct rtds_sched *rs)
{
	return list_empty(&rs->refills) ? NULL
					: list_first_entry(&rs->refills, struct rtds_unit, refill);
}

s_time_t rtds_next_refill(const struct rtds_sched *rs)
{
	struct rtds_unit *ru = first_refill(rs);

	return ru ? ru->deadline : INT64_MAX;
}

static void tell(struct rtds_sched *rs, u32 cpu, struct rtds_unit *ru)
{
	ASSERT(ru->told == NR_CPUS && !list_empty(&ru->queue));
	ru->told = cpu;
	rs->cpu[cpu].told++;
}

void rtds_refill_due(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct rtds_sched *rs = rtds_sched(s);
	struct rtds_unit *ru;

	/* Each goes to a place after @now, so every unit comes up once at most. */
	while ((ru = first_refill(rs)) != NULL && ru->deadline <= now) {
		rtds_dequeue(s, ru);
		rtds_enqueue(s, ru, now);
		if (!list_empty(&ru->queue))
			tell(rs, cpu, ru);
	}
}

void rtds_tickle_cpu(struct scheduler *s, u32 cpu)
{
	struct rtds_sched *rs = rtds_sched(s);

	ASSERT(spin_is_locked_by_me(&rs->lock) && cpu < NR_CPUS);
	if (cpumask_test_and_set(&rs->tickled, cpu))
		return;
	sched_tickle(s, cpu);
}

/* An idle CPU of @ok: the one @u was on, else one it prefers, else any; NR_CPUS: there is none. */
static u32 find_idle_cpu(const struct rtds_sched *rs, const struct sched_unit *u,
			 const cpumask_t *ok)
{
	cpumask_t idle, soft;

	cpumask_and(&idle, ok, &rs->idle);
	cpumask_and(&soft, &idle, &u->soft);
	if (!cpumask_empty(&soft))
		return cpumask_test(&soft, u->cpu) ? u->cpu : cpumask_first(&soft);
	return cpumask_test(&idle, u->cpu) ? u->cpu : cpumask_first(&idle);
}

/* The CPU of @ok that runs the unit of the lowest priority, if that is below @ru's. */
static u32 find_lowest_cpu(const struct rtds_sched *rs, const struct rtds_unit *ru,
			   const cpumask_t *ok)
{
	const struct rtds_unit *lowest = ru;
	u32 cpu, found = NR_CPUS;

	cpumask_for_each(cpu, ok) {
		const struct rtds_unit *curr = rs->cpu[cpu].curr;

		if (curr && rtds_before(lowest, curr)) {
			lowest = curr;
			found = cpu;
		}
	}
	return found;
}

void rtds_tickle(struct scheduler *s, struct rtds_unit *ru)
{
	struct rtds_sched *rs = rtds_sched(s);
	cpumask_t ok;
	u32 cpu;

	ASSERT(spin_is_locked_by_me(&rs->lock) && rtds_waits(ru));
	if (list_empty(&ru->queue))
		return;
	forget_told(rs, ru);
	/* A CPU that was tickled already will look at the whole queue. */
	cpumask_and(&ok, &s->cpus, &ru->unit->hard);
	cpumask_andnot(&ok, &ok, &rs->tickled);
	cpu = find_idle_cpu(rs, ru->unit, &ok);
	if (cpu == NR_CPUS)
		cpu = find_lowest_cpu(rs, ru, &ok);
	if (cpu == NR_CPUS)
		return;
	tell(rs, cpu, ru);
	rtds_tickle_cpu(s, cpu);
}

void rtds_tell_others(struct scheduler *s, u32 cpu)
{
	struct rtds_sched *rs = rtds_sched(s);
	struct rtds_unit *ru;

	ASSERT(!cpumask_test(&rs->tickled, cpu));
	list_for_each_entry(ru, &rs->queue, queue) {
		if (!rs->cpu[cpu].told)
			return;
		if (ru->told == cpu)
			rtds_tickle(s, ru);
	}
	ASSERT(!rs->cpu[cpu].told);
}

void rtds_cover_refills(struct scheduler *s)
{
	struct rtds_sched *rs = rtds_sched(s);

	if (rs->keeper != NR_CPUS && rtds_next_refill(rs) < rs->keeper_until)
		rtds_tickle_cpu(s, rs->keeper);
}
