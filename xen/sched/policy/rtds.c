/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rtds policy: real-time scheduling with a guaranteed budget for each unit.
 *
 * Design. Each unit has a period and a budget: in each of its periods it may run for its budget.
 * The end of the period is its deadline, and of all units of the instance, those with the earliest
 * deadlines run, on whichever of their allowed CPUs (global EDF). A unit is a deferrable server: it
 * keeps its budget while it sleeps, loses what is left of it at the deadline, and then gets a new
 * one. Periods follow one another without gaps from the unit's insertion on, however long it slept
 * and however late a CPU decides. A unit that ran for longer than its budget, because its CPU
 * could not switch in time or worked on its behalf elsewhere, has the excess taken off the next.
 *
 * A unit with extra time (the default) may go on when its budget is used up, at level 1, then with
 * another budget at level 2, and so on until its deadline. Any lower level comes before any higher,
 * whatever the deadlines. So extra time is what the budgets leave, shared in rough proportion to
 * them. A unit without extra time is depleted: it waits for its next period.
 *
 * Guarantee. On one CPU each unit gets its budget in each period if the ratios of budget to period
 * add up to at most 1. On m CPUs a sum of at most m - (m - 1) * u suffices, where u is the largest
 * ratio (J. Goossens, S. Funk, S. Baruah, "Priority-driven scheduling of periodic task systems on
 * multiprocessors", 2003). Parameters beyond that are accepted, as in Xen. Two things weaken the
 * guarantee. A unit that wakes late in its period has its whole budget and a near deadline, so it
 * may take up to one budget more from the others than its ratio says: the price of a deferrable
 * server. And with hard affinities, no unit moves to another CPU only to make room for a third.
 *
 * Events. The policy decides when a unit wakes or sleeps, when a unit that runs reaches the end of
 * its budget or of its period, and when the next period of a waiting unit begins: a refill. It has
 * no timer, but a CPU decides again at the time that its last decision named. A CPU names
 * the end of budget and period of the unit that it runs. One CPU, the keeper, also names the first
 * refill. A CPU that becomes idle takes that over from one that is busy, so that refills interrupt
 * a guest only while all CPUs are busy. A CPU whose own decision makes a refill the first takes
 * over as well, and the keeper's work goes to another CPU when it leaves the instance. Sleeping
 * units are not refilled: waking starts the period that is due. So nothing happens while all units
 * sleep.
 *
 * Placement. A unit that begins to wait is told to one CPU: an idle one, first the one it last
 * ran on, if it prefers that, then others that it prefers (soft affinity), then any allowed; or
 * the CPU that runs the unit of the lowest priority. That CPU decides from the whole queue. When it
 * takes another unit, the unit that was told to it is told to the next CPU, so that after the last
 * decision no unit waits while an allowed CPU idles or runs a unit of lower priority.
 *
 * Locking. One lock for the instance guards all CPUs and units, as each decision may concern any of
 * them. Cost: a decision looks at the queue from its head until it finds an allowed unit; a unit
 * that begins to wait is sorted in from the tail.
 *
 * Ordering. A unit is on one CPU (on_cpu), or waits (on the list of refills, and on the queue if
 * its budget is not used up), or sleeps. One that was preempted is neither until context_saved.
 * Its next period was already part of the decision that preempted it, so no refill is missed
 * in between.
 */
#include <xen/errno.h>
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/xmalloc.h>

#include "rtds.h"

static int rtds_init(struct scheduler *s)
{
	struct rtds_sched *rs = xzalloc(struct rtds_sched);

	if (!rs)
		return -XEN_ENOMEM;
	spin_lock_init(&rs->lock, "rtds", LOCK_RANK_SCHED);
	list_init(&rs->queue);
	list_init(&rs->refills);
	rs->keeper = NR_CPUS;
	rs->keeper_until = INT64_MAX;
	s->priv = rs;
	return 0;
}

static void rtds_deinit(struct scheduler *s)
{
	struct rtds_sched *rs = rtds_sched(s);

	ASSERT(list_empty(&rs->queue) && list_empty(&rs->refills));
	ASSERT(rs->keeper == NR_CPUS);
	xfree(rs);
	s->priv = NULL;
}

static int rtds_cpu_prepare(struct scheduler *s, u32 cpu, const struct sched_topology *topo)
{
	return 0;
}

static struct spinlock *rtds_cpu_lock(struct scheduler *s, u32 cpu)
{
	return &rtds_sched(s)->lock;
}

/* Parameters are those of units, and UUIDs say nothing to this policy. */
static int rtds_domain_init(struct scheduler *s, const struct sched_domain_desc *desc,
			    void **dom_priv)
{
	*dom_priv = NULL;
	return 0;
}

static void rtds_domain_free(struct scheduler *s, void *dom_priv)
{
}

static void rtds_domain_handle(struct scheduler *s, void *dom_priv,
			       const xen_domain_handle_t handle, s_time_t now)
{
}

static int rtds_unit_alloc(struct scheduler *s, struct sched_unit *u)
{
	struct rtds_unit *ru = xzalloc(struct rtds_unit);

	if (!ru)
		return -XEN_ENOMEM;
	ru->unit = u;
	list_init(&ru->queue);
	list_init(&ru->refill);
	ru->period = RTDS_PERIOD_DEFAULT;
	ru->budget = RTDS_BUDGET_DEFAULT;
	ru->extra = true;
	ru->told = NR_CPUS;
	u->priv = ru;
	return 0;
}

static void rtds_unit_free(struct scheduler *s, struct sched_unit *u)
{
	xfree(u->priv);
}

static void rtds_cpu_online(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct rtds_sched *rs = rtds_sched(s);

	ASSERT(!rs->cpu[cpu].curr && !rs->cpu[cpu].told);
	cpumask_set(&rs->idle, cpu);
	if (rs->keeper == NR_CPUS)
		rs->keeper = cpu;
}

static void rtds_cpu_offline(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct rtds_sched *rs = rtds_sched(s);

	ASSERT(!cpumask_test(&s->cpus, cpu));
	cpumask_unset(&rs->idle, cpu);
	cpumask_unset(&rs->tickled, cpu);
	rtds_tell_others(s, cpu);
	if (rs->keeper != cpu)
		return;
	rs->keeper = cpumask_first(&rs->idle);
	if (rs->keeper == NR_CPUS)
		rs->keeper = cpumask_first(&s->cpus);
	/* Its last decision may not have named the first refill. */
	rs->keeper_until = INT64_MAX;
	rtds_cover_refills(s);
}

static void rtds_unit_insert(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	ASSERT(!rtds_waits(rtds_unit(u)));
	rtds_begin_period(rtds_unit(u), now);
}

static void rtds_unit_remove(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	ASSERT(!u->runnable && !u->running && !rtds_unit(u)->on_cpu);
	ASSERT(!rtds_waits(rtds_unit(u)));
}

static void rtds_wake(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	rtds_enqueue(s, rtds_unit(u), now);
	rtds_tickle(s, rtds_unit(u));
	rtds_cover_refills(s);
}

static void rtds_sleep(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	ASSERT(!u->runnable && !u->running);
	rtds_dequeue(s, rtds_unit(u));
}

static void rtds_context_saved(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	if (u->runnable)
		rtds_wake(s, u, now);
}

/* The first unit of the queue that may run on @cpu, if it leads @keep. */
static struct rtds_unit *choose(struct rtds_sched *rs, u32 cpu, struct rtds_unit *keep)
{
	struct rtds_unit *ru;

	list_for_each_entry(ru, &rs->queue, queue) {
		if (keep && !rtds_before(ru, keep))
			break;
		if (!cpumask_test(&ru->unit->hard, cpu))
			continue;
		/* An idle CPU that it prefers to this one is about to take it. */
		if (ru->told != NR_CPUS && ru->told != cpu && cpumask_test(&rs->idle, ru->told) &&
		    cpumask_test(&ru->unit->soft, ru->told) && !cpumask_test(&ru->unit->soft, cpu))
			continue;
		return ru;
	}
	return keep;
}

static void switch_to(struct scheduler *s, u32 cpu, struct rtds_unit *prev, struct rtds_unit *next,
		      s_time_t now)
{
	struct rtds_sched *rs = rtds_sched(s);

	if (prev)
		prev->on_cpu = false;
	if (next) {
		ASSERT(!next->on_cpu && rtds_has_time(next) && next->deadline > now);
		rtds_dequeue(s, next);
		next->on_cpu = true;
		next->start = now;
		WRITE_ONCE(next->unit->cpu, cpu);
		cpumask_unset(&rs->idle, cpu);
	} else if (cpumask_test(&s->cpus, cpu)) {
		cpumask_set(&rs->idle, cpu);
	}
	rs->cpu[cpu].curr = next;
}

/* When @cpu has to decide again for the refills: INT64_MAX if another CPU looks after them. */
static s_time_t keep_refills(struct rtds_sched *rs, u32 cpu, s_time_t first)
{
	bool idle = cpumask_test(&rs->idle, cpu);

	if (cpu != rs->keeper && first >= rs->keeper_until &&
	    !(idle && !cpumask_test(&rs->idle, rs->keeper)))
		return INT64_MAX;
	rs->keeper = cpu;
	return first;
}

static void rtds_schedule(struct scheduler *s, u32 cpu, s_time_t now, struct sched_unit *prev_unit,
			  struct sched_decision *out)
{
	struct rtds_sched *rs = rtds_sched(s);
	struct rtds_unit *prev = prev_unit ? rtds_unit(prev_unit) : NULL;
	struct rtds_unit *keep = NULL, *next;
	s_time_t first;

	ASSERT(rs->cpu[cpu].curr == prev);
	cpumask_unset(&rs->tickled, cpu);
	if (prev)
		rtds_account(prev, now);
	if (unlikely(!cpumask_test(&s->cpus, cpu))) {
		/* The CPU left; context_saved lets its unit wait. */
		switch_to(s, cpu, prev, NULL, now);
		*out = (struct sched_decision){ .until = INT64_MAX };
		return;
	}
	rtds_refill_due(s, cpu, now);
	if (prev && prev_unit->runnable && rtds_has_time(prev) &&
	    cpumask_test(&prev_unit->hard, cpu))
		keep = prev;
	next = choose(rs, cpu, keep);
	if (next != prev)
		switch_to(s, cpu, prev, next, now);
	rtds_tell_others(s, cpu);

	first = rtds_next_refill(rs);
	if (prev && next != prev && prev_unit->runnable)
		first = min(first, prev->deadline);
	out->unit = next ? next->unit : NULL;
	out->until = keep_refills(rs, cpu, first);
	if (next)
		out->until = min(out->until, min(next->deadline, now + next->left));
	if (rs->keeper == cpu)
		rs->keeper_until = out->until;
	ASSERT(out->until > now && rs->keeper_until <= first);
}

/* The switch follows from the decision, which noted it. */
static void rtds_unit_switch(struct scheduler *s, u32 cpu, struct sched_unit *prev,
			     struct sched_unit *next, s64 ran, s_time_t now)
{
	ASSERT(rtds_sched(s)->cpu[cpu].curr == (next ? rtds_unit(next) : NULL));
}

static u32 rtds_pick_cpu(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct rtds_sched *rs = rtds_sched(s);
	cpumask_t ok, soft;
	u32 cpu;

	cpumask_and(&ok, &u->hard, &s->cpus);
	cpumask_and(&soft, &ok, &u->soft);
	if (!cpumask_empty(&soft))
		ok = soft;
	if (cpumask_test(&ok, u->cpu))
		return u->cpu;
	cpumask_and(&soft, &ok, &rs->idle);
	cpu = cpumask_first(&soft);
	return cpu != NR_CPUS ? cpu : cpumask_first(&ok);
}

static void rtds_migrate(struct scheduler *s, struct sched_unit *u, u32 cpu, s_time_t now)
{
	ASSERT(!u->runnable && !u->running && !rtds_waits(rtds_unit(u)));
	WRITE_ONCE(u->cpu, cpu);
}

static void rtds_affinity_changed(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct rtds_unit *ru = rtds_unit(u);

	if (rtds_waits(ru))
		rtds_tickle(s, ru);
	else if (ru->on_cpu)
		rtds_tickle_cpu(s, u->cpu);
}

static void rtds_charge(struct scheduler *s, struct sched_unit *u, s64 ns, s_time_t now)
{
	struct rtds_unit *ru = rtds_unit(u);

	ru->left = min(ru->left - ns, ru->budget);
	/* It may be depleted now. */
	if (rtds_waits(ru)) {
		rtds_dequeue(s, ru);
		rtds_wake(s, u, now);
	}
}

/* The budget is the unit's own: to give it up changes nothing for the others' guarantees. */
static void rtds_yield(struct scheduler *s, struct sched_unit *u)
{
}

const struct sched_policy sched_rtds = {
	.name = "rtds",
	.id = XEN_SCHEDULER_RTDS,
	.init = rtds_init,
	.deinit = rtds_deinit,
	.cpu_prepare = rtds_cpu_prepare,
	.cpu_lock = rtds_cpu_lock,
	.domain_init = rtds_domain_init,
	.domain_free = rtds_domain_free,
	.unit_alloc = rtds_unit_alloc,
	.unit_free = rtds_unit_free,
	.cpu_online = rtds_cpu_online,
	.cpu_offline = rtds_cpu_offline,
	.unit_insert = rtds_unit_insert,
	.unit_remove = rtds_unit_remove,
	.wake = rtds_wake,
	.sleep = rtds_sleep,
	.schedule = rtds_schedule,
	.unit_switch = rtds_unit_switch,
	.context_saved = rtds_context_saved,
	.pick_cpu = rtds_pick_cpu,
	.migrate = rtds_migrate,
	.affinity_changed = rtds_affinity_changed,
	.charge = rtds_charge,
	.dump_cpu = rtds_dump_cpu,
	.yield = rtds_yield,
	.domain_handle = rtds_domain_handle,
	.get_domain_params = rtds_get_domain_params,
	.set_domain_params = rtds_set_domain_params,
	.get_unit_params = rtds_get_unit_params,
	.set_unit_params = rtds_set_unit_params,
	.get_global_params = rtds_get_global_params,
	.set_global_params = rtds_set_global_params,
};
OPS_TABLE(sched_rtds, init);
