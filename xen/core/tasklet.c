/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasklets. One lock guards all queues, which are short: any CPU may schedule a tasklet on any
 * other, and a single lock keeps that simple. A tasklet scheduled while it runs is queued again
 * when it has finished, so it never runs on two CPUs at once.
 */
#include <xen/hal/cpu.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/softirq.h>
#include <xen/spinlock.h>
#include <xen/tasklet.h>

static DEFINE_SPINLOCK(lock, LOCK_RANK_NONE);
static DEFINE_PER_CPU(struct list_head, queue);		/* [lock] */
static bool registered;					/* [lock] */

static void tasklet_softirq(void);

void tasklet_init(struct tasklet *t, void (*fn)(void *arg), void *arg)
{
	ASSERT(fn);
	*t = (struct tasklet){ .fn = fn, .arg = arg, .cpu = -1 };
	list_init(&t->link);
}

/* Returns the CPU that must be told, or NR_CPUS. Lock held. */
static u32 enqueue(struct tasklet *t, u32 cpu)
{
	struct list_head *q = &per_cpu(queue, cpu);

	ASSERT(spin_is_locked_by_me(&lock));
	ASSERT(cpu < NR_CPUS && t->scheduled && !t->dead);
	if (!q->next)
		list_init(q);
	if (!registered) {
		softirq_register(SOFTIRQ_TASKLET, tasklet_softirq);
		registered = true;
	}
	t->cpu = (s32)cpu;
	if (t->running)
		return NR_CPUS;
	list_add_tail(&t->link, q);
	return cpu;
}

void tasklet_schedule_on(struct tasklet *t, u32 cpu)
{
	u64 flags = spin_lock_irqsave(&lock);
	u32 tell = NR_CPUS;

	if (!t->dead && !t->scheduled) {
		t->scheduled = true;
		tell = enqueue(t, cpu);
	}
	spin_unlock_irqrestore(&lock, flags);
	if (tell < NR_CPUS)
		softirq_raise_cpu(tell, SOFTIRQ_TASKLET);
}

void tasklet_schedule(struct tasklet *t)
{
	tasklet_schedule_on(t, hal_smp_cpu_id());
}

static void tasklet_softirq(void)
{
	struct list_head *q = &this_cpu(queue);
	u64 flags = spin_lock_irqsave(&lock);
	u32 again = NR_CPUS;
	struct tasklet *t;

	if (q->next && !list_empty(q)) {
		t = list_first_entry(q, struct tasklet, link);
		ASSERT(t->scheduled && !t->running && t->cpu == (s32)hal_smp_cpu_id());
		list_del_init(&t->link);
		t->scheduled = false;
		t->cpu = -1;
		t->running = true;
		spin_unlock_irqrestore(&lock, flags);
		t->fn(t->arg);
		flags = spin_lock_irqsave(&lock);
		t->running = false;
		if (t->scheduled)
			again = enqueue(t, (u32)t->cpu);
		if (!list_empty(q))
			softirq_raise(SOFTIRQ_TASKLET);
	}
	spin_unlock_irqrestore(&lock, flags);
	if (again < NR_CPUS)
		softirq_raise_cpu(again, SOFTIRQ_TASKLET);
}

void tasklet_kill(struct tasklet *t)
{
	u64 flags = spin_lock_irqsave(&lock);

	t->dead = true;
	if (t->scheduled) {
		list_del_init(&t->link);
		t->scheduled = false;
		t->cpu = -1;
	}
	while (t->running) {
		spin_unlock_irqrestore(&lock, flags);
		hal_cpu_relax();
		flags = spin_lock_irqsave(&lock);
	}
	spin_unlock_irqrestore(&lock, flags);
}
