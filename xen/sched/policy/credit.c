/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The credit policy: proportional share by credit that is granted every period.
 *
 * Design. Each CPU has its own run queue of three classes. A unit with credit left is UNDER, one
 * without is OVER; an UNDER unit that has just woken is in BOOST for a short while, so that it is
 * served at once. A CPU runs the first unit of the best class. Within a class units take turns, at
 * most one time slice long; a unit that lost its CPU before its turn was over goes on first.
 * Running costs credit, to the nanosecond and not by samples: timers are exact, so a decision is
 * due when the credit, the boost or the turn ends, and a unit that sleeps before some tick pays
 * all the same.
 *
 * Grants. In each period of one time slice, the time of all CPUs is granted to the domains that
 * share in it, by weight, and within a domain equally to the units that share. Credit has a limit
 * of two slices. A unit that slept in the last period and holds credit for a whole slice does not
 * share in the next, and what it is granted above the limit goes to a pool, which is part of the
 * next period's total: so what units do not use goes to the others, by weight. A unit that never
 * slept was kept from running, by its affinity or by others that were first; what it gets above
 * the limit is lost. A debt is limited to two slices, and to the grants of 32 periods: that bounds
 * how long a unit of small weight waits.
 *
 * Credit alone does not keep to weights when units that compete for a CPU all have reached the
 * limit, or all the largest debt: they are of one class then. So a turn is as long as the unit's
 * grant of a period, and taking turns keeps to weights too.
 *
 * Nothing ticks. The first CPU that decides after the end of a period begins the next, in a fixed
 * number of steps. Each unit asks for its grant when it is looked at next: when it wakes, or when
 * its CPU, once a period, goes through its own queue. A CPU that idles has no timer, unless a unit
 * with an exhausted cap waits there or a lock that it wanted was held.
 *
 * Placement. A unit that is queued is moved to an idle CPU at once: of its soft affinity rather
 * than only of its hard one, then of its node, then the one it used last. The sets of idle CPUs
 * and of CPUs with units to give are bit masks, and clearing an idle CPU's bit claims it, so two
 * units never choose the same. A CPU that becomes idle looks for work in the queues that the mask
 * names, those of its node first, eight queues in a decision. A CPU left with OVER units only
 * takes a unit with credit from another queue, and a unit with credit that has to wait calls such
 * a CPU: so classes hold for the whole instance although queues are separate.
 *
 * A domain with a cap has a budget of run time (share.h); its units are parked while it is used
 * up.
 *
 * Cost. Wake, sleep and the choice of the next unit take a fixed number of steps, with the masks
 * as one step for each 64 CPUs. Once a period a CPU visits the units in its own queue. A CPU about
 * to idle may walk whole queues of others to find a unit that may use it.
 *
 * Locking. Each CPU has a lock for its queue and the units there. A second one is only tried. A
 * domain's lock and the lock of its cap are taken inside. Masks and the sums that CPUs share are
 * atomic. credit.h names the lock of each field.
 *
 * Ordering. A CPU that idles sets its bit in the mask and then looks at the queues; a CPU that
 * queues a unit publishes it and then looks for idle CPUs. A full fence between the two steps on
 * either side means that at least one sees the other, so no unit waits while a CPU that it may use
 * idles. When a lock was held, the one who tried it looks again: the CPU of the queue in its next
 * decision, an idle CPU after 1 ms.
 */
#include <xen/errno.h>
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/xmalloc.h>

#include "credit.h"

static int cr_init(struct scheduler *s)
{
	struct cr_sched *cs = xzalloc(struct cr_sched);

	if (!cs)
		return -XEN_ENOMEM;
	spin_lock_init(&cs->lock, "credit period", LOCK_RANK_SCHED);
	cr_boot_params(cs);
	cs->period = 1;
	cs->total = cs->tslice;
	s->priv = cs;
	return 0;
}

static void cr_deinit(struct scheduler *s)
{
	struct cr_sched *cs = cr_sched(s);

	ASSERT(!cs->nr_cpus && cpumask_empty(&cs->waiting));
	for (u32 i = 0; i < NR_CPUS; i++) {
		ASSERT(!cs->cpu[i] || (!cs->cpu[i]->nr_units && !cs->cpu[i]->curr));
		xfree(cs->cpu[i]);
	}
	for (u32 i = 0; i < cs->nr_nodes; i++)
		xfree(cs->node[i]);
	xfree(cs);
	s->priv = NULL;
}

static struct spinlock *cr_cpu_lock(struct scheduler *s, u32 cpu)
{
	return &cr_cpu(s, cpu)->lock;
}

static int cr_domain_init(struct scheduler *s, const struct sched_domain_desc *desc,
			  void **dom_priv)
{
	struct cr_dom *dom = xzalloc(struct cr_dom);

	if (!dom)
		return -XEN_ENOMEM;
	spin_lock_init(&dom->lock, "credit domain", LOCK_RANK_SCHED);
	share_cap_init(&dom->cap, CR_CAP_PERIOD);
	dom->weight = SHARE_DEFAULT_WEIGHT;
	*dom_priv = dom;
	return 0;
}

static void cr_domain_free(struct scheduler *s, void *dom_priv)
{
	xfree(dom_priv);
}

static int cr_unit_alloc(struct scheduler *s, struct sched_unit *u)
{
	struct cr_unit *cu = xzalloc(struct cr_unit);

	if (!cu)
		return -XEN_ENOMEM;
	cu->unit = u;
	cu->dom = u->dom_priv;
	list_init(&cu->link);
	/* It begins as if it had slept for a while, on no CPU, with credit for its first boost. */
	cu->asleep = cu->slept = true;
	cu->credit = CR_BOOST_TIME;
	cu->left_at = INT64_MIN / 2;
	u->priv = cu;
	return 0;
}

static void cr_unit_free(struct scheduler *s, struct sched_unit *u)
{
	xfree(u->priv);
}

static void cr_cpu_online(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct cr_sched *cs = cr_sched(s);
	struct cr_cpu *c = cr_cpu(s, cpu);

	ASSERT(!c->online && !c->curr);
	c->online = true;
	__atomic_fetch_add(&cs->nr_cpus, 1, __ATOMIC_RELAXED);
	cr_mark(&cs->idle, cpu, true);
}

static void cr_cpu_offline(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct cr_sched *cs = cr_sched(s);
	struct cr_cpu *c = cr_cpu(s, cpu);

	ASSERT(c->online && READ_ONCE(cs->nr_cpus));
	c->online = false;
	__atomic_fetch_sub(&cs->nr_cpus, 1, __ATOMIC_RELAXED);
	cr_mark(&cs->idle, cpu, false);
	cr_mark(&cs->over, cpu, false);
}

static void cr_unit_insert(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct cr_cpu *c = cr_cpu(s, u->cpu);

	WRITE_ONCE(c->nr_units, c->nr_units + 1);
}

static void cr_unit_remove(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct cr_cpu *c = cr_cpu(s, u->cpu);

	ASSERT(cr_unit(u)->place == CR_NOWHERE && c->nr_units);
	WRITE_ONCE(c->nr_units, c->nr_units - 1);
}

/* A unit that is on no list became runnable, or left its CPU and still is. */
static void arrive(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct cr_sched *cs = cr_sched(s);
	struct cr_cpu *c = cr_cpu(s, u->cpu);
	struct cr_unit *cu = cr_unit(u);

	ASSERT(u->runnable && !u->running && cu->place == CR_NOWHERE);
	cr_turn_period(cs, now);
	cr_settle(cs, cu);
	if (cu->asleep) {
		cu->asleep = false;
		cu->turn = 0;
		cu->boost = CR_BOOST_TIME;
	}
	if (cu->yielded || cr_class(cu) == CR_OVER)
		cu->boost = 0;
	cu->class = cu->boost ? CR_BOOST : cr_class(cu);
	cr_enqueue(cs, c, cu, now);
	cr_place(s, c, cu, now);
}

static void cr_sleep(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	ASSERT(!u->runnable && !u->running);
	/* It was stopped from outside while it waited, which earns no boost. */
	cr_dequeue(cr_sched(s), cr_cpu(s, u->cpu), cr_unit(u));
}

static void cr_charge_unit(struct scheduler *s, struct sched_unit *u, s64 ns, s_time_t now)
{
	struct cr_sched *cs = cr_sched(s);
	struct cr_cpu *c = cr_cpu(s, u->cpu);
	struct cr_unit *cu = cr_unit(u);

	cr_charge(cs, cu, ns);
	/* While it runs, the next decision finds its class. */
	if (cu->place != CR_QUEUED || (cu->class == CR_OVER) == (cr_class(cu) == CR_OVER))
		return;
	cr_dequeue(cs, c, cu);
	cu->class = cr_class(cu);
	cr_enqueue(cs, c, cu, now);
}

static void cr_context_saved(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	if (u->runnable)
		arrive(s, u, now);
	cr_unit(u)->yielded = false;
}

/* The class of the unit that ran until now. Its turn ends with its credit, not with its boost. */
static void find_class(struct cr_unit *cu)
{
	enum cr_class class = cr_class(cu);

	if (cu->boost && class == CR_UNDER)
		class = CR_BOOST;
	if (class == CR_OVER && cu->class != CR_OVER)
		cu->turn = max(cu->turn, cu->slice);
	if (class != CR_BOOST)
		cu->boost = 0;
	cu->class = class;
}

/* The best unit of this CPU: @keep, which runs and may go on (NULL: none), or the first queued. */
static struct cr_unit *choose(struct scheduler *s, struct cr_cpu *c, struct cr_unit *keep,
			      s_time_t now)
{
	struct cr_sched *cs = cr_sched(s);
	enum cr_class limit = CR_CLASSES;
	struct cr_unit *first;

	/* An idle CPU that it prefers takes the unit when it is off this one. */
	if (keep && cr_better_idle(cs, keep->unit, c->cpu) != NR_CPUS)
		keep = NULL;
	if (keep && !keep->yielded)
		limit = keep->turn < keep->slice ? keep->class : keep->class + 1;
	while ((first = cr_first(c, limit))) {
		if (likely(share_cap_may_run(&first->dom->cap, now)))
			return first;
		cr_requeue(cs, c, first, now);
	}
	return keep;
}

/*
 * The best class that waits for @c. @leaver, when there is one, gives way now and is queued once
 * its state is saved; what it would do to an end chosen without it is another decision.
 */
static enum cr_class waiting_class(const struct cr_cpu *c, const struct cr_unit *leaver)
{
	const struct cr_unit *first = cr_first(c, CR_CLASSES);
	enum cr_class class = first ? first->class : CR_CLASSES;

	if (!leaver || !cpumask_test(&leaver->unit->hard, c->cpu))
		return class;
	/* The boost ends with a yield. */
	return min(class, leaver->yielded ? cr_class(leaver) : leaver->class);
}

/* When the CPU, which @leaver (or NULL) gives to @cu, must decide again. */
static s_time_t turn_end(struct cr_sched *cs, struct cr_cpu *c, struct cr_unit *cu,
			 const struct cr_unit *leaver, s_time_t now)
{
	enum cr_class waiting = waiting_class(c, leaver);
	s64 t = READ_ONCE(cs->tslice);

	ASSERT(cu->place == CR_ON_CPU && leaver != cu);
	if (waiting <= cu->class)
		t = waiting < cu->class ? 0 : cu->slice - min(cu->turn, cu->slice);
	if (cu->class == CR_BOOST)
		t = min(t, cu->boost);
	if (cu->class != CR_OVER)
		t = min(t, cu->credit);
	t = share_cap_slice(&cu->dom->cap, t);
	t = min(max(t, CR_SLICE_MIN), max(cr_settle_time(cs, c->cpu) - now, CR_SLICE_MIN));
	if (c->offer)
		t = min(t, max(READ_ONCE(cs->migr_delay), CR_SLICE_MIN));
	return max(now + t, cu->min_until);
}

static void switch_to(struct scheduler *s, struct cr_cpu *c, struct cr_unit *prev,
		      struct cr_unit *next, s_time_t now)
{
	s64 least = READ_ONCE(cr_sched(s)->ratelimit);

	ASSERT(c->curr == prev && prev != next);
	if (prev) {
		ASSERT(prev->place == CR_ON_CPU);
		prev->place = CR_NOWHERE;
		prev->left_at = now;
		share_cap_running(&prev->dom->cap, -1);
		if (prev->yielded)
			least = max(least, CR_YIELD_TIME);
	}
	if (next) {
		ASSERT(cpumask_test(&next->unit->hard, c->cpu) && next->unit->cpu == c->cpu);
		cr_dequeue(cr_sched(s), c, next);
		next->place = CR_ON_CPU;
		next->start = now;
		next->min_until = now + least;
		share_cap_running(&next->dom->cap, 1);
	}
	c->curr = next;
}

/* Bring the accounts of @c up to date. Returns @prev when it may go on. */
static struct cr_unit *account(struct cr_sched *cs, struct cr_cpu *c, struct cr_unit *prev,
			       s_time_t now)
{
	cr_turn_period(cs, now);
	if (prev)
		cr_burn(prev, now);
	if (c->period != READ_ONCE(cs->period))
		cr_settle_cpu(cs, c);
	if (unlikely(now >= c->next_unpark))
		cr_unpark(cs, c, now);
	if (!prev)
		return NULL;
	find_class(prev);
	if (!prev->unit->runnable) {
		prev->asleep = prev->slept = true;
		return NULL;
	}
	if (likely(share_cap_may_run(&prev->dom->cap, now)))
		return prev;
	c->next_unpark = min(c->next_unpark, READ_ONCE(prev->dom->cap.next_refill));
	return NULL;
}

/* The decision of a CPU that may run units. */
static struct cr_unit *decide(struct scheduler *s, struct cr_cpu *c, struct cr_unit *prev,
			      struct cr_unit *keep, s_time_t now, s_time_t *until)
{
	struct cr_sched *cs = cr_sched(s);
	struct cr_unit *next, *stolen;

	if (unlikely(c->offer))
		cr_offer(s, c, now);
	if (keep && !keep->yielded && now < keep->min_until)
		return keep;
	next = choose(s, c, keep, now);
	if (!next)
		return cr_steal(s, c, now, until);
	if (next->class == CR_OVER && !cpumask_empty(&cs->waiting_under)) {
		stolen = cr_steal_under(s, c, now);
		next = stolen ? stolen : next;
	}
	return next;
}

static void cr_schedule(struct scheduler *s, u32 cpu, s_time_t now, struct sched_unit *prev_unit,
			struct sched_decision *out)
{
	struct cr_unit *prev = prev_unit ? cr_unit(prev_unit) : NULL, *keep, *next = NULL;
	struct cr_cpu *c = cr_cpu(s, cpu);
	struct cr_sched *cs = cr_sched(s);

	ASSERT(c->curr == prev && spin_is_locked_by_me(&c->lock));
	keep = account(cs, c, prev, now);
	out->until = INT64_MAX;
	if (likely(c->online)) {
		out->until = c->next_unpark;
		next = decide(s, c, prev, keep, now, &out->until);
	}
	if (next != prev)
		switch_to(s, c, prev, next, now);
	else if (next)
		next->yielded = false;
	if (next) {
		if (next != prev) {
			cr_settle(cs, next);
			find_class(next);
		}
		out->until = min(out->until,
				 turn_end(cs, c, next, next == keep ? NULL : keep, now));
		cr_mark(&cs->idle, cpu, false);
	}
	cr_mark(&cs->over, cpu, next && next->class == CR_OVER);
	c->until = out->until;
	out->unit = next ? next->unit : NULL;
}

/* Credit was burned by the decision. */
static void cr_unit_switch(struct scheduler *s, u32 cpu, struct sched_unit *prev,
			   struct sched_unit *next, s64 ran, s_time_t now)
{
}

static void cr_migrate(struct scheduler *s, struct sched_unit *u, u32 cpu, s_time_t now)
{
	struct cr_cpu *old = cr_cpu(s, u->cpu), *new = cr_cpu(s, cpu);

	ASSERT(cr_unit(u)->place == CR_NOWHERE && cpumask_test(&u->hard, cpu));
	WRITE_ONCE(old->nr_units, old->nr_units - 1);
	WRITE_ONCE(new->nr_units, new->nr_units + 1);
	WRITE_ONCE(u->cpu, cpu);
}

static void cr_affinity_changed(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct cr_cpu *c = cr_cpu(s, u->cpu);
	struct cr_unit *cu = cr_unit(u);

	if (cu->place == CR_QUEUED) {
		cr_requeue(cr_sched(s), c, cu, now);
		cr_place(s, c, cu, now);
	} else if (u->running) {
		sched_tickle(s, u->cpu);
	}
}

static void cr_yield(struct scheduler *s, struct sched_unit *u)
{
	cr_unit(u)->yielded = true;
}

static void cr_domain_handle(struct scheduler *s, void *dom_priv,
			     const xen_domain_handle_t handle, s_time_t now)
{
}

/* Weights and caps belong to domains, so a unit has no parameters. */
static int cr_get_unit_params(struct scheduler *s, const struct sched_unit *u,
			      struct sched_unit_params *p)
{
	return -XEN_EOPNOTSUPP;
}

static int cr_set_unit_params(struct scheduler *s, struct sched_unit *u,
			      const struct sched_unit_params *p, s_time_t now)
{
	return -XEN_EOPNOTSUPP;
}

const struct sched_policy sched_credit = {
	.name = "credit",
	.id = XEN_SCHEDULER_CREDIT,
	.init = cr_init,
	.deinit = cr_deinit,
	.cpu_prepare = cr_cpu_prepare,
	.cpu_lock = cr_cpu_lock,
	.domain_init = cr_domain_init,
	.domain_free = cr_domain_free,
	.unit_alloc = cr_unit_alloc,
	.unit_free = cr_unit_free,
	.cpu_online = cr_cpu_online,
	.cpu_offline = cr_cpu_offline,
	.unit_insert = cr_unit_insert,
	.unit_remove = cr_unit_remove,
	.wake = arrive,
	.sleep = cr_sleep,
	.schedule = cr_schedule,
	.unit_switch = cr_unit_switch,
	.context_saved = cr_context_saved,
	.pick_cpu = cr_pick_cpu,
	.migrate = cr_migrate,
	.affinity_changed = cr_affinity_changed,
	.charge = cr_charge_unit,
	.dump_cpu = cr_dump_cpu,
	.yield = cr_yield,
	.domain_handle = cr_domain_handle,
	.get_domain_params = cr_get_domain_params,
	.set_domain_params = cr_set_domain_params,
	.get_unit_params = cr_get_unit_params,
	.set_unit_params = cr_set_unit_params,
	.get_global_params = cr_get_global_params,
	.set_global_params = cr_set_global_params,
};
OPS_TABLE(sched_credit, init);
