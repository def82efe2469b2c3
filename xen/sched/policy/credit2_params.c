/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credit2: command line, assignment of CPUs to run queues, toolstack's parameters, dump. */
#include <xen/errno.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/xmalloc.h>

#include "credit2.h"

/* The part of the topology that the CPUs of a run queue share. */
enum grouping { GROUP_CPU, GROUP_CORE, GROUP_SOCKET, GROUP_NODE, GROUP_ALL };

static const char *const group_names[] = {
	[GROUP_CPU] = "cpu", [GROUP_CORE] = "core", [GROUP_SOCKET] = "socket",
	[GROUP_NODE] = "node", [GROUP_ALL] = "all",
};

static u32 group_by = GROUP_SOCKET;
static u32 max_cpus = 16;

PARAM_WORD_VAR("credit2_runqueue", credit2_runqueue, group_by, group_names);
PARAM_UINT_VAR("sched_credit2_max_cpus_runqueue", credit2_max_cpus, max_cpus);

#define DEFAULT_CAP_PERIOD_MS 10U
#define CAP_PERIOD_MAX_MS 1000U
#define DEFAULT_RESIST_US 500U
#define RESIST_MAX_US (C2_CREDIT_INIT / SHARE_US)

static u32 cap_period_ms = DEFAULT_CAP_PERIOD_MS;
static u32 resist_us = DEFAULT_RESIST_US;

PARAM_UINT_VAR("credit2_cap_period_ms", credit2_cap_period, cap_period_ms);
PARAM_UINT_VAR("sched_credit2_migrate_resist", credit2_migrate_resist, resist_us);

void c2_boot_params(struct c2_sched *cs)
{
	if (cap_period_ms < 1 || cap_period_ms > CAP_PERIOD_MAX_MS) {
		printk(LOG_WARN "credit2_cap_period_ms=%u is not 1 to %u; using %u\n",
		       cap_period_ms, CAP_PERIOD_MAX_MS, DEFAULT_CAP_PERIOD_MS);
		cap_period_ms = DEFAULT_CAP_PERIOD_MS;
	}
	if (resist_us > RESIST_MAX_US) {
		printk(LOG_WARN "sched_credit2_migrate_resist=%u is above %u; using %u\n",
		       resist_us, (u32)RESIST_MAX_US, DEFAULT_RESIST_US);
		resist_us = DEFAULT_RESIST_US;
	}
	cs->cap_period = cap_period_ms * SHARE_MS;
	cs->resist = resist_us * SHARE_US;
	cs->ratelimit = share_boot_ratelimit();
}

static bool belongs_together(const struct sched_topology *a, const struct sched_topology *b)
{
	switch (group_by) {
	case GROUP_CPU:
		return false;
	case GROUP_CORE:
		return a->socket == b->socket && a->core == b->core;
	case GROUP_SOCKET:
		return a->socket == b->socket;
	case GROUP_NODE:
		return a->node == b->node;
	default:
		return true;
	}
}

/* A queue with room whose CPUs are of the same group as @cpu. */
static struct c2_rq *find_queue(struct c2_sched *cs, u32 cpu)
{
	for (u32 i = 0; i < NR_CPUS; i++) {
		struct c2_rq *rq = cs->cpu[i].rq;

		if (rq && belongs_together(&cs->cpu[i].topo, &cs->cpu[cpu].topo) &&
		    (group_by == GROUP_ALL || rq->nr_assigned < max(max_cpus, 1U)))
			return rq;
	}
	return NULL;
}

int c2_cpu_prepare(struct scheduler *s, u32 cpu, const struct sched_topology *topo)
{
	struct c2_sched *cs = c2_sched(s);
	struct c2_rq *rq;

	if (cs->cpu[cpu].rq)
		return 0;
	cs->cpu[cpu].topo = *topo;
	rq = find_queue(cs, cpu);
	if (!rq) {
		rq = xzalloc(struct c2_rq);
		if (!rq)
			return -XEN_ENOMEM;
		spin_lock_init(&rq->lock, "credit2 run queue", LOCK_RANK_SCHED);
		list_init(&rq->units);
		list_init(&rq->queue);
		list_init(&rq->parked);
		rq->next_unpark = INT64_MAX;
		rq->max_weight = 1;
		rq->id = cs->nr_rqs;
		cs->rq[rq->id] = rq;
		/* Publish the queue: other CPUs walk the array while CPUs are brought up. */
		__atomic_store_n(&cs->nr_rqs, rq->id + 1, __ATOMIC_RELEASE);
	}
	rq->nr_assigned++;
	cs->cpu[cpu].rq = rq;
	return 0;
}

/*
 * The debt of a unit was computed with the old weight, and may be huge when that was small: the
 * shortest slice at weight 1 costs as much as seconds at a large weight. So debts are reduced.
 */
static void forgive_debts(struct c2_rq *rq, struct c2_dom *dom, s_time_t now)
{
	struct c2_unit *cu;

	list_for_each_entry(cu, &rq->units, rq_link) {
		bool queued = cu->queued;

		if (cu->dom != dom)
			continue;
		if (cu->on_cpu)
			c2_burn(rq, cu, now);
		if (queued)
			c2_dequeue(rq, cu);
		cu->credit = max(cu->credit, -C2_CREDIT_INIT);
		if (queued)
			c2_enqueue(rq, cu, now);
	}
}

static void set_weight(struct scheduler *s, struct c2_dom *dom, u32 weight, s_time_t now)
{
	struct c2_sched *cs = c2_sched(s);

	if (weight == dom->weight)
		return;
	WRITE_ONCE(dom->weight, weight);
	for (u32 i = 0; i < cs->nr_rqs; i++) {
		u64 flags = spin_lock_irqsave(&cs->rq[i]->lock);

		forgive_debts(cs->rq[i], dom, now);
		c2_find_max_weight(cs->rq[i]);
		spin_unlock_irqrestore(&cs->rq[i]->lock, flags);
	}
}

int c2_get_domain_params(struct scheduler *s, const void *dom_priv, struct sched_domain_params *p)
{
	const struct c2_dom *dom = dom_priv;

	p->weight = READ_ONCE(dom->weight);
	p->cap = READ_ONCE(dom->cap.percent);
	return 0;
}

int c2_set_domain_params(struct scheduler *s, void *dom_priv, const struct sched_domain_params *p,
			 s_time_t now)
{
	if (p->weight > SHARE_WEIGHT_MAX || p->cap > SHARE_CAP_MAX)
		return -XEN_EINVAL;
	if (p->weight)
		set_weight(s, dom_priv, p->weight, now);
	share_cap_set(&((struct c2_dom *)dom_priv)->cap, p->cap, now);
	return 0;
}

int c2_get_global_params(struct scheduler *s, struct sched_global_params *p)
{
	p->ratelimit_us = (u32)(READ_ONCE(c2_sched(s)->ratelimit) / SHARE_US);
	return 0;
}

int c2_set_global_params(struct scheduler *s, const struct sched_global_params *p)
{
	if (!share_ratelimit_valid(p->ratelimit_us))
		return -XEN_EINVAL;
	WRITE_ONCE(c2_sched(s)->ratelimit, p->ratelimit_us * SHARE_US);
	return 0;
}

void c2_dump_cpu(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct c2_rq *rq = c2_sched(s)->cpu[cpu].rq;
	struct c2_unit *cu;

	if (cpu != cpumask_first(&rq->cpus))
		return;
	printk("  Run queue %u: %u CPUs, %u units, %u active, %u waiting, load %lld/%u, "
	       "max weight %u\n", rq->id, rq->nr_cpus, rq->nr_units, rq->nr_active,
	       rq->nr_queued, (long long)c2_load(rq, now), C2_LOAD_UNIT, rq->max_weight);
	list_for_each_entry(cu, &rq->units, rq_link) {
		const char *state = cu->on_cpu ? "running" : cu->queued ? "waiting" :
				    cu->parked ? "parked" : "idle";

		sched_dump_unit(cu->unit, state);
		printk("      credit %lld weight %u cap %u budget %lld\n", (long long)cu->credit,
		       cu->dom->weight, cu->dom->cap.percent, (long long)cu->dom->cap.budget);
	}
}
