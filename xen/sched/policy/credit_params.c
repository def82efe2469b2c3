/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credit: command line, CPUs, the toolstack's parameters, dump. */
#include <xen/errno.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/xmalloc.h>

#include <public/sysctl.h>	/* bounds of the parameters */

#include "credit.h"

#define DEFAULT_TSLICE_MS 30U

static u32 tslice_ms = DEFAULT_TSLICE_MS;
static u32 migr_delay_us;

PARAM_UINT_VAR("sched_credit_tslice_ms", sched_credit_tslice, tslice_ms);
PARAM_UINT_VAR("vcpu_migration_delay", vcpu_migration_delay, migr_delay_us);

static bool tslice_valid(u32 ms)
{
	return ms >= XEN_SYSCTL_CSCHED_TSLICE_MIN && ms <= XEN_SYSCTL_CSCHED_TSLICE_MAX;
}

void cr_boot_params(struct cr_sched *cs)
{
	if (!tslice_valid(tslice_ms)) {
		printk(LOG_WARN "sched_credit_tslice_ms=%u is not %u to %u; using %u\n", tslice_ms,
		       XEN_SYSCTL_CSCHED_TSLICE_MIN, XEN_SYSCTL_CSCHED_TSLICE_MAX,
		       DEFAULT_TSLICE_MS);
		tslice_ms = DEFAULT_TSLICE_MS;
	}
	if (migr_delay_us > XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US) {
		printk(LOG_WARN "vcpu_migration_delay=%u is above %u; using 0\n", migr_delay_us,
		       XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US);
		migr_delay_us = 0;
	}
	cs->tslice = tslice_ms * SHARE_MS;
	cs->migr_delay = migr_delay_us * SHARE_US;
	cs->ratelimit = share_boot_ratelimit();
	if (cs->ratelimit > cs->tslice) {
		printk(LOG_WARN "sched_ratelimit_us=%u is more than the time slice of %u ms; "
		       "using %u for credit\n", (u32)(cs->ratelimit / SHARE_US), tslice_ms,
		       tslice_ms * 1000);
		cs->ratelimit = cs->tslice;
	}
}

/* The node of a CPU; it is made with the node's first CPU. */
static struct cr_node *find_node(struct cr_sched *cs, u8 node)
{
	struct cr_node *n;

	for (u32 i = 0; i < cs->nr_nodes; i++)
		if (cs->node[i]->node == node)
			return cs->node[i];
	n = xzalloc(struct cr_node);
	if (!n)
		return NULL;
	n->node = node;
	cs->node[cs->nr_nodes++] = n;
	return n;
}

int cr_cpu_prepare(struct scheduler *s, u32 cpu, const struct sched_topology *topo)
{
	struct cr_sched *cs = cr_sched(s);
	struct cr_node *node;
	struct cr_cpu *c;

	if (cs->cpu[cpu])
		return 0;
	node = find_node(cs, topo->node);
	c = node ? xzalloc(struct cr_cpu) : NULL;
	if (!c)
		return -XEN_ENOMEM;
	spin_lock_init(&c->lock, "credit CPU", LOCK_RANK_SCHED);
	c->cpu = cpu;
	c->node = node;
	c->until = c->next_unpark = INT64_MAX;
	c->hint = NR_CPUS;
	for (enum cr_class k = CR_BOOST; k < CR_CLASSES; k++)
		list_init(&c->queue[k]);
	list_init(&c->parked);
	cpumask_test_and_set(&node->cpus, cpu);
	/* Other CPUs look at it while this one is brought up. */
	__atomic_store_n(&cs->cpu[cpu], c, __ATOMIC_RELEASE);
	return 0;
}

int cr_get_domain_params(struct scheduler *s, const void *dom_priv, struct sched_domain_params *p)
{
	const struct cr_dom *dom = dom_priv;

	p->weight = READ_ONCE(dom->weight);
	p->cap = READ_ONCE(dom->cap.percent);
	return 0;
}

int cr_set_domain_params(struct scheduler *s, void *dom_priv, const struct sched_domain_params *p,
			 s_time_t now)
{
	struct cr_dom *dom = dom_priv;

	if (p->weight > SHARE_WEIGHT_MAX || p->cap > SHARE_CAP_MAX)
		return -XEN_EINVAL;
	/* Grants follow from the next period on. */
	if (p->weight)
		WRITE_ONCE(dom->weight, p->weight);
	share_cap_set(&dom->cap, p->cap, now);
	return 0;
}

int cr_get_global_params(struct scheduler *s, struct sched_global_params *p)
{
	const struct cr_sched *cs = cr_sched(s);

	p->ratelimit_us = (u32)(READ_ONCE(cs->ratelimit) / SHARE_US);
	p->tslice_ms = (u32)(READ_ONCE(cs->tslice) / SHARE_MS);
	p->migr_delay_us = (u32)(READ_ONCE(cs->migr_delay) / SHARE_US);
	return 0;
}

int cr_set_global_params(struct scheduler *s, const struct sched_global_params *p)
{
	struct cr_sched *cs = cr_sched(s);

	if (!tslice_valid(p->tslice_ms) || !share_ratelimit_valid(p->ratelimit_us) ||
	    p->ratelimit_us > p->tslice_ms * 1000 ||
	    p->migr_delay_us > XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US)
		return -XEN_EINVAL;
	WRITE_ONCE(cs->ratelimit, p->ratelimit_us * SHARE_US);
	WRITE_ONCE(cs->tslice, p->tslice_ms * SHARE_MS);
	WRITE_ONCE(cs->migr_delay, p->migr_delay_us * SHARE_US);
	return 0;
}

static const char *const class_names[] = {
	[CR_BOOST] = "boost", [CR_UNDER] = "under", [CR_OVER] = "over",
};

static void dump_unit(const struct cr_unit *cu, const char *state)
{
	sched_dump_unit(cu->unit, state);
	printk("      %s credit %lld weight %u cap %u budget %lld\n", class_names[cu->class],
	       (long long)cu->credit, cu->dom->weight, cu->dom->cap.percent,
	       (long long)cu->dom->cap.budget);
}

void cr_dump_cpu(struct scheduler *s, u32 cpu, s_time_t now)
{
	const struct cr_sched *cs = cr_sched(s);
	const struct cr_cpu *c = cr_cpu(s, cpu);
	struct cr_unit *cu;

	if (cpu == cpumask_first(&s->cpus))
		printk("  Period %llu ends in %lld us: %lld us for a weight of %llu\n",
		       (unsigned long long)cs->period, (long long)(cs->period_end - now) / 1000,
		       (long long)cs->total / 1000, (unsigned long long)cs->weight);
	printk("  CPU %u: %u units%s\n", cpu, c->nr_units, c->curr ? "" : ", idle");
	if (c->curr)
		dump_unit(c->curr, "running");
	for (enum cr_class k = CR_BOOST; k < CR_CLASSES; k++)
		list_for_each_entry(cu, &c->queue[k], link)
			dump_unit(cu, "waiting");
	list_for_each_entry(cu, &c->parked, link)
		dump_unit(cu, "parked");
}
