/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scheduling parameters (domctl and sysctl) and the debug key that shows the run queues. */
#include <xen/console.h>
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/hal/time.h>

#include "internal.h"

int sched_adjust_domain(struct domain *d, struct xen_domctl_scheduler_op *op)
{
	struct scheduler *s = &sched_default;

	if (op->sched_id != s->ops->id)
		return -XEN_EINVAL;
	/* No policy here has parameters of single vCPUs. */
	if (op->cmd != XEN_DOMCTL_SCHEDOP_putinfo && op->cmd != XEN_DOMCTL_SCHEDOP_getinfo)
		return -XEN_EINVAL;
	return s->ops->adjust_domain(s, d->sched_priv, op, now_ns());
}

int sched_adjust_global(struct xen_sysctl_scheduler_op *op)
{
	struct scheduler *s = &sched_default;

	if (op->cpupool_id != s->pool_id)
		return -XEN_ESRCH;
	if (op->sched_id != s->ops->id)
		return -XEN_EINVAL;
	if (op->cmd != XEN_SYSCTL_SCHEDOP_putinfo && op->cmd != XEN_SYSCTL_SCHEDOP_getinfo)
		return -XEN_EINVAL;
	return s->ops->adjust_global(s, op);
}

void sched_dump_unit(const struct sched_unit *u, const char *state)
{
	char hard[48], soft[48];

	bitmap_format_list(hard, sizeof(hard), u->hard.bits, nr_cpu_ids);
	bitmap_format_list(soft, sizeof(soft), u->soft.bits, nr_cpu_ids);
	printk("    d%uv%u %s cpu %u hard {%s} soft {%s}\n", u->domid, u->id, state, u->cpu, hard,
	       soft);
}

static void dump_run_queues(char key)
{
	struct scheduler *s = &sched_default;
	s_time_t now = now_ns();
	u32 cpu;

	printk("Scheduler %s, now %lld ns\n", s->ops->name, (long long)now);
	cpumask_for_each(cpu, &s->cpus) {
		struct sched_cpu *sc = &sched_cpus[cpu];
		u64 flags = spin_lock_irqsave(sc->lock);

		printk("  CPU %u: %s, %llu switches\n", cpu,
		       sc->curr == sc->idle ? "idle" : "busy", (unsigned long long)sc->switches);
		if (sc->curr != sc->idle)
			sched_dump_unit(&sc->curr->unit, "running");
		s->ops->dump_cpu(s, cpu, now);
		spin_unlock_irqrestore(sc->lock, flags);
	}
}

void sched_register_keys(void)
{
	keyhandler_register('r', dump_run_queues, "show the run queues");
}
