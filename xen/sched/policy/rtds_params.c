/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtds: the toolstack's parameters, and the dump of the queues. */
#include <xen/errno.h>
#include <xen/printk.h>

#include "rtds.h"

/* Each unit has parameters of its own, and the instance has none. */
int rtds_get_domain_params(struct scheduler *s, const void *dom_priv,
			   struct sched_domain_params *p)
{
	return -XEN_EOPNOTSUPP;
}

int rtds_set_domain_params(struct scheduler *s, void *dom_priv,
			   const struct sched_domain_params *p, s_time_t now)
{
	return -XEN_EOPNOTSUPP;
}

int rtds_get_global_params(struct scheduler *s, struct sched_global_params *p)
{
	return -XEN_EOPNOTSUPP;
}

int rtds_set_global_params(struct scheduler *s, const struct sched_global_params *p)
{
	return -XEN_EOPNOTSUPP;
}

int rtds_get_unit_params(struct scheduler *s, const struct sched_unit *u,
			 struct sched_unit_params *p)
{
	struct rtds_sched *rs = rtds_sched(s);
	const struct rtds_unit *ru;
	u64 flags;

	if (!u) {
		*p = (struct sched_unit_params){ RTDS_PERIOD_DEFAULT, RTDS_BUDGET_DEFAULT, true };
		return 0;
	}
	ru = rtds_unit(u);
	flags = spin_lock_irqsave(&rs->lock);
	*p = (struct sched_unit_params){ ru->period, ru->budget, ru->extra };
	spin_unlock_irqrestore(&rs->lock, flags);
	return 0;
}

/*
 * A period and a budget hold from the next period on, extra time at once. Only a period that would
 * end before the current one begins at once: that one may be long, and the unit may have no budget
 * left in it.
 */
static void apply(struct rtds_unit *ru, const struct sched_unit_params *p, s_time_t now)
{
	ru->period = p->period_ns;
	ru->budget = p->budget_ns;
	ru->extra = p->extra;
	if (ru->deadline > now + ru->period)
		rtds_begin_period(ru, now);
}

int rtds_set_unit_params(struct scheduler *s, struct sched_unit *u,
			 const struct sched_unit_params *p, s_time_t now)
{
	struct rtds_sched *rs = rtds_sched(s);
	struct rtds_unit *ru = rtds_unit(u);
	u64 flags;

	if (p->period_ns < RTDS_PERIOD_MIN || p->budget_ns < RTDS_BUDGET_MIN ||
	    p->budget_ns > p->period_ns)
		return -XEN_EINVAL;
	flags = spin_lock_irqsave(&rs->lock);
	if (ru->on_cpu) {
		rtds_account(ru, now);
		apply(ru, p, now);
		rtds_tickle_cpu(s, u->cpu);
	} else if (rtds_waits(ru)) {
		rtds_dequeue(s, ru);
		apply(ru, p, now);
		rtds_enqueue(s, ru, now);
		rtds_tickle(s, ru);
		rtds_cover_refills(s);
	} else {
		apply(ru, p, now);
	}
	spin_unlock_irqrestore(&rs->lock, flags);
	return 0;
}

static void dump_unit(const struct rtds_unit *ru, const char *state, s_time_t now)
{
	sched_dump_unit(ru->unit, state);
	printk("      period %lld budget %lld%s, level %u with %lld left, deadline in %lld ns\n",
	       (long long)ru->period, (long long)ru->budget, ru->extra ? " extra" : "", ru->level,
	       (long long)ru->left, (long long)(ru->deadline - now));
}

void rtds_dump_cpu(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct rtds_sched *rs = rtds_sched(s);
	struct rtds_unit *ru;

	if (rs->cpu[cpu].curr)
		dump_unit(rs->cpu[cpu].curr, "chosen", now);
	if (cpu != cpumask_first(&s->cpus))
		return;
	printk("    CPU %u looks after refills, next in %lld ns\n", rs->keeper,
	       (long long)(rtds_next_refill(rs) - now));
	list_for_each_entry(ru, &rs->refills, refill)
		dump_unit(ru, list_empty(&ru->queue) ? "depleted" : "waiting", now);
}
