/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The debug key that shows the run queues. */
#include <xen/console.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/hal/time.h>

#include "internal.h"

void sched_dump_unit(const struct sched_unit *u, const char *state)
{
	char hard[48], soft[48];

	bitmap_format_list(hard, sizeof(hard), u->hard.bits, nr_cpu_ids);
	bitmap_format_list(soft, sizeof(soft), u->soft.bits, nr_cpu_ids);
	printk("    d%uv%u %s cpu %u hard {%s} soft {%s}\n", u->domid, u->id, state, u->cpu, hard,
	       soft);
}

void sched_dump_instance(struct scheduler *s)
{
	s_time_t now = hal_now_ns();
	u32 cpu;

	printk("Pool %u, scheduler %s, now %lld ns\n", s->pool_id, s->ops->name, (long long)now);
	cpumask_for_each(cpu, &s->cpus) {
		struct sched_cpu *sc = &sched_cpus[cpu];
		u64 flags;
		struct spinlock *l = sched_cpu_lock(sc, &flags);

		/* It may have left meanwhile. */
		if (sc->sched != s) {
			spin_unlock_irqrestore(l, flags);
			continue;
		}
		printk("  CPU %u: %s, %llu switches\n", cpu,
		       sc->curr == sc->idle ? "idle" : "busy", (unsigned long long)sc->switches);
		if (sc->curr != sc->idle)
			sched_dump_unit(sc->curr->part_of, "running");
		s->ops->dump_cpu(s, cpu, now);
		spin_unlock_irqrestore(l, flags);
	}
}

static void dump_run_queues(char key)
{
	struct scheduler *s;
	cpumask_t free;
	char text[48];

	rcu_read_lock();
	for (s = sched_pool_from(0); s; s = sched_pool_from(s->pool_id + 1))
		sched_dump_instance(s);
	rcu_read_unlock();
	sched_free_cpus(&free);
	if (cpumask_empty(&free))
		return;
	bitmap_format_list(text, sizeof(text), free.bits, nr_cpu_ids);
	printk("Free CPUs: %s\n", text);
}

void sched_register_keys(void)
{
	keyhandler_register('r', dump_run_queues, "show the run queues");
}
