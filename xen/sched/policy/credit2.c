/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The credit2 policy: proportional share with weights and caps.
 *
 * Design. CPUs that share something (a socket, by default) share a run queue. Each unit has credit;
 * running burns it, the faster the smaller its domain's weight is compared to the largest in the
 * queue. The waiting unit with the most credit runs next. When even that unit has none left, every
 * unit of the queue is granted the same amount, up to a limit, so that units which slept cannot
 * save up credit. They still have more than units that ran, and so run soon after waking. A slice
 * ends when the unit's credit would fall below that of the next unit.
 *
 * Affinity may let a unit run that has no credit left while units with credit wait for other CPUs.
 * A grant at each such time would lift those to the limit over and over, and their weights would
 * mean nothing. So that unit runs on in debt, and a grant is due only when no unit with credit
 * waits. Its debt has the same limit, so that it is not punished long for time that no other unit
 * could have used.
 *
 * Bound. A unit's credit is at most one grant, and below zero by at most the cost of a shortest
 * slice. So on one CPU, units that always want to run differ in any span of time by no more than
 * twice the sum of both, in run time divided by weight. With several CPUs to a queue, units that
 * run when others are granted credit may lose some of theirs to the limit; there the shares are
 * tested, and no bound is claimed.
 *
 * A domain with a cap has a budget of run time, refilled every period; its units are parked while
 * it is used up. A budget that was overdrawn is paid back.
 *
 * An idle CPU takes work from other queues, and from time to time queues balance their load.
 *
 * Locking: each run queue has a lock. A second one is taken by spin_trylock only. A domain's lock
 * is taken inside a run-queue lock. credit2.h names the lock of each field.
 */
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/ops.h>
#include <xen/xmalloc.h>

#include "credit2.h"

static int c2_init(struct scheduler *s)
{
	struct c2_sched *cs = xzalloc(struct c2_sched);

	if (!cs)
		return -XEN_ENOMEM;
	c2_boot_params(cs);
	s->priv = cs;
	return 0;
}

static void c2_deinit(struct scheduler *s)
{
	struct c2_sched *cs = c2_sched(s);

	for (u32 i = 0; i < cs->nr_rqs; i++) {
		ASSERT(!cs->rq[i]->nr_units && !cs->rq[i]->nr_cpus);
		xfree(cs->rq[i]);
	}
	xfree(cs);
	s->priv = NULL;
}

static struct spinlock *c2_cpu_lock(struct scheduler *s, u32 cpu)
{
	return &c2_rq(s, cpu)->lock;
}

static int c2_domain_init(struct scheduler *s, const struct sched_domain_desc *desc,
			  void **dom_priv)
{
	struct c2_dom *dom = xzalloc(struct c2_dom);

	if (!dom)
		return -XEN_ENOMEM;
	share_cap_init(&dom->cap, c2_sched(s)->cap_period);
	dom->weight = SHARE_DEFAULT_WEIGHT;
	*dom_priv = dom;
	return 0;
}

static void c2_domain_free(struct scheduler *s, void *dom_priv)
{
	xfree(dom_priv);
}

static int c2_unit_alloc(struct scheduler *s, struct sched_unit *u)
{
	struct c2_unit *cu = xzalloc(struct c2_unit);

	if (!cu)
		return -XEN_ENOMEM;
	cu->unit = u;
	cu->dom = u->dom_priv;
	cu->credit = C2_CREDIT_INIT;
	list_init(&cu->link);
	list_init(&cu->rq_link);
	u->priv = cu;
	return 0;
}

static void c2_unit_free(struct scheduler *s, struct sched_unit *u)
{
	xfree(u->priv);
}

static void c2_cpu_online(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct c2_rq *rq = c2_rq(s, cpu);

	cpumask_set(&rq->cpus, cpu);
	cpumask_set(&rq->idle, cpu);
	WRITE_ONCE(rq->nr_cpus, rq->nr_cpus + 1);
}

static void c2_cpu_offline(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct c2_rq *rq = c2_rq(s, cpu);

	ASSERT(cpumask_test(&rq->cpus, cpu) && rq->nr_cpus);
	cpumask_unset(&rq->cpus, cpu);
	cpumask_unset(&rq->idle, cpu);
	cpumask_unset(&rq->tickled, cpu);
	WRITE_ONCE(rq->nr_cpus, rq->nr_cpus - 1);
}

static void c2_unit_insert(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	c2_attach(c2_rq(s, u->cpu), c2_unit(u), now);
}

static void c2_unit_remove(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	ASSERT(!c2_unit(u)->on_cpu);
	c2_detach(c2_rq(s, u->cpu), c2_unit(u), now);
}

static void c2_wake(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct c2_rq *rq = c2_rq(s, u->cpu);
	struct c2_unit *cu = c2_unit(u);

	ASSERT(u->runnable && !u->running && !cu->on_cpu);
	c2_set_active(rq, cu, true, now);
	c2_enqueue(rq, cu, now);
	c2_tickle(s, rq, cu, now);
}

static void c2_sleep(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct c2_rq *rq = c2_rq(s, u->cpu);

	ASSERT(!u->runnable && !u->running);
	c2_dequeue(rq, c2_unit(u));
	c2_set_active(rq, c2_unit(u), false, now);
}

static void c2_charge(struct scheduler *s, struct sched_unit *u, s64 ns, s_time_t now)
{
	struct c2_rq *rq = c2_rq(s, u->cpu);
	struct c2_unit *cu = c2_unit(u);
	bool listed = cu->queued || cu->parked;

	/* The queue is sorted by credit, so insert the unit again. */
	if (listed)
		c2_dequeue(rq, cu);
	cu->credit = min(cu->credit - c2_cost(rq, cu, ns), C2_CREDIT_INIT);
	share_cap_charge(&cu->dom->cap, ns);
	if (listed)
		c2_enqueue(rq, cu, now);
}

static void c2_context_saved(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct c2_unit *cu = c2_unit(u);

	if (u->runnable)
		c2_wake(s, u, now);
	else
		c2_set_active(c2_rq(s, u->cpu), cu, false, now);
	cu->yielded = false;
}

/* True when @prev should go on although others may have more credit. */
static bool within_ratelimit(struct scheduler *s, const struct c2_unit *prev, s_time_t now)
{
	return now - prev->switched_in < READ_ONCE(c2_sched(s)->ratelimit);
}

/* True when an idle CPU that the unit prefers to @cpu should run it; tickles that CPU. */
static bool better_elsewhere(struct scheduler *s, struct c2_rq *rq, struct c2_unit *cu, u32 cpu)
{
	u32 other;

	if (likely(cpumask_test(&cu->unit->soft, cpu)))
		return false;
	other = c2_idle_soft_cpu(rq, cu, cpu);
	if (other == NR_CPUS)
		return false;
	c2_tickle_cpu(s, rq, other);
	return true;
}

/* The best unit for @cpu: @prev if it may go on, or the first in the queue that leads it (by the
 * migration resistance, when it comes from another CPU). */
static struct c2_unit *choose(struct scheduler *s, struct c2_rq *rq, u32 cpu, struct c2_unit *prev,
			      s_time_t now)
{
	struct c2_unit *keep = prev, *cu, *next;

	if (keep && (keep->yielded || better_elsewhere(s, rq, keep, cpu)))
		keep = NULL;
	list_for_each_entry_safe(cu, next, &rq->queue, link) {
		if (keep && cu->credit <= keep->credit)
			break;
		if (!cpumask_test(&cu->unit->hard, cpu) ||
		    (keep && cu->credit <= keep->credit + c2_resist(s, cu, cpu)))
			continue;
		if (unlikely(!share_cap_may_run(&cu->dom->cap, now))) {
			c2_dequeue(rq, cu);
			c2_enqueue(rq, cu, now);
			continue;
		}
		if (!better_elsewhere(s, rq, cu, cpu))
			return cu;
	}
	/* No other unit wants the CPU that was yielded. */
	if (!keep && prev && prev->yielded && !better_elsewhere(s, rq, prev, cpu))
		keep = prev;
	return keep;
}

/* The unit that will run on @cpu after this one, as far as a short look tells; NULL: none.
 * @leaver, when there is one, gives way now and is queued once its state is saved. */
static struct c2_unit *successor(struct c2_rq *rq, u32 cpu, struct c2_unit *leaver)
{
	struct c2_unit *cu;
	u32 n = 0;

	if (leaver && !cpumask_test(&leaver->unit->hard, cpu))
		leaver = NULL;
	list_for_each_entry(cu, &rq->queue, link) {
		if (leaver && leaver->credit >= cu->credit)
			break;
		if (cpumask_test(&cu->unit->hard, cpu))
			return cu;
		if (++n == C2_LOOK_AHEAD)
			break;
	}
	return leaver;
}

/* How long @cu may run on @cpu, which @leaver (or NULL) gives to it, until another decision. */
static s64 slice(struct scheduler *s, struct c2_rq *rq, u32 cpu, struct c2_unit *cu,
		 struct c2_unit *leaver)
{
	struct c2_unit *next = successor(rq, cpu, leaver);
	s64 t = next ? c2_slice(s, rq, cu, cu->credit - next->credit) : C2_SLICE_MAX;

	ASSERT(cu->on_cpu && next != cu);
	return share_cap_slice(&cu->dom->cap, t);
}

static void switch_to(struct scheduler *s, struct c2_rq *rq, u32 cpu, struct c2_unit *prev,
		      struct c2_unit *next, s_time_t now)
{
	ASSERT(c2_sched(s)->cpu[cpu].curr == prev);
	if (prev) {
		ASSERT(prev->on_cpu);
		prev->on_cpu = false;
		share_cap_running(&prev->dom->cap, -1);
	}
	if (next) {
		ASSERT(!next->on_cpu && cpumask_test(&next->unit->hard, cpu));
		c2_dequeue(rq, next);
		next->on_cpu = true;
		next->start = next->switched_in = now;
		WRITE_ONCE(next->unit->cpu, cpu);
		share_cap_running(&next->dom->cap, 1);
	}
	c2_sched(s)->cpu[cpu].curr = next;
}

static void c2_schedule(struct scheduler *s, u32 cpu, s_time_t now, struct sched_unit *prev_unit,
			struct sched_decision *out)
{
	struct c2_rq *rq = c2_rq(s, cpu);
	struct c2_unit *prev = prev_unit ? c2_unit(prev_unit) : NULL;
	struct c2_unit *keep = NULL, *next;
	bool retry = false;

	cpumask_unset(&rq->tickled, cpu);
	if (unlikely(now >= rq->next_unpark))
		c2_unpark(rq, now);
	if (prev) {
		c2_burn(rq, prev, now);
		if (prev_unit->runnable) {
			if (likely(share_cap_may_run(&prev->dom->cap, now)))
				keep = prev;
			else
				rq->next_unpark = min(rq->next_unpark,
						      READ_ONCE(prev->dom->cap.next_refill));
		}
	}
	if (unlikely(!cpumask_test(&rq->cpus, cpu))) {
		/* The CPU left; context_saved puts its unit back on the queue. */
		switch_to(s, rq, cpu, prev, NULL, now);
		*out = (struct sched_decision){ .until = INT64_MAX };
		return;
	}
	if (unlikely(now >= rq->next_balance))
		c2_balance(s, rq, cpu, now);

	if (keep && !keep->yielded && within_ratelimit(s, keep, now)) {
		out->unit = prev_unit;
		out->until = min(keep->switched_in + READ_ONCE(c2_sched(s)->ratelimit),
				 rq->next_unpark);
		c2_sched(s)->cpu[cpu].until = out->until;
		return;
	}
	next = choose(s, rq, cpu, keep, now);
	if (next == prev && prev)
		prev->yielded = false;
	if (!next) {
		cpumask_set(&rq->idle, cpu);
		next = c2_steal(s, rq, cpu, now, &retry);
	}
	if (next != prev)
		switch_to(s, rq, cpu, prev, next, now);
	if (!next) {
		out->unit = NULL;
		out->until = min(rq->next_unpark, retry ? now + C2_STEAL_RETRY : INT64_MAX);
		return;
	}
	cpumask_unset(&rq->idle, cpu);
	if (next->credit <= 0)
		c2_out_of_credit(rq, next, now);
	out->unit = next->unit;
	out->until = min(now + slice(s, rq, cpu, next, next == keep ? NULL : keep),
			 rq->next_unpark);
	c2_sched(s)->cpu[cpu].until = out->until;
}

/* Credit was burned by the decision. */
static void c2_unit_switch(struct scheduler *s, u32 cpu, struct sched_unit *prev,
			   struct sched_unit *next, s64 ran, s_time_t now)
{
}

static void c2_migrate(struct scheduler *s, struct sched_unit *u, u32 cpu, s_time_t now)
{
	struct c2_rq *old = c2_rq(s, u->cpu), *new = c2_rq(s, cpu);

	if (old != new) {
		c2_detach(old, c2_unit(u), now);
		c2_attach(new, c2_unit(u), now);
	}
	WRITE_ONCE(u->cpu, cpu);
}

static void c2_affinity_changed(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	/* An idle CPU may now be allowed or preferred for a waiting unit. */
	if (c2_unit(u)->queued)
		c2_tickle(s, c2_rq(s, u->cpu), c2_unit(u), now);
	else if (u->running)
		sched_tickle(s, u->cpu);
}

static void c2_yield(struct scheduler *s, struct sched_unit *u)
{
	c2_unit(u)->yielded = true;
}

static void c2_domain_handle(struct scheduler *s, void *dom_priv,
			     const xen_domain_handle_t handle, s_time_t now)
{
}

/* Weights and caps belong to domains, so a unit has no parameters. */
static int c2_get_unit_params(struct scheduler *s, const struct sched_unit *u,
			      struct sched_unit_params *p)
{
	return -XEN_EOPNOTSUPP;
}

static int c2_set_unit_params(struct scheduler *s, struct sched_unit *u,
			      const struct sched_unit_params *p, s_time_t now)
{
	return -XEN_EOPNOTSUPP;
}

const struct sched_policy sched_credit2 = {
	.name = "credit2",
	.id = XEN_SCHEDULER_CREDIT2,
	.init = c2_init,
	.deinit = c2_deinit,
	.cpu_prepare = c2_cpu_prepare,
	.cpu_lock = c2_cpu_lock,
	.domain_init = c2_domain_init,
	.domain_free = c2_domain_free,
	.unit_alloc = c2_unit_alloc,
	.unit_free = c2_unit_free,
	.cpu_online = c2_cpu_online,
	.cpu_offline = c2_cpu_offline,
	.unit_insert = c2_unit_insert,
	.unit_remove = c2_unit_remove,
	.wake = c2_wake,
	.sleep = c2_sleep,
	.schedule = c2_schedule,
	.unit_switch = c2_unit_switch,
	.context_saved = c2_context_saved,
	.pick_cpu = c2_pick_cpu,
	.migrate = c2_migrate,
	.affinity_changed = c2_affinity_changed,
	.charge = c2_charge,
	.dump_cpu = c2_dump_cpu,
	.yield = c2_yield,
	.domain_handle = c2_domain_handle,
	.get_domain_params = c2_get_domain_params,
	.set_domain_params = c2_set_domain_params,
	.get_unit_params = c2_get_unit_params,
	.set_unit_params = c2_set_unit_params,
	.get_global_params = c2_get_global_params,
	.set_global_params = c2_set_global_params,
};
OPS_TABLE(sched_credit2, init);
