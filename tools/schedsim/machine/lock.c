/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks of the simulated machine. One CPU executes at a time and gives way only where it holds no
 * run-queue lock, so a lock that is taken twice is a fault of the code under test.
 */
#include <xen/sched.h>
#include <xen/spinlock.h>
#include <xen/sched/policy.h>

#include "private.h"

void spin_lock_init(struct spinlock *l, const char *name, enum lock_rank rank)
{
	*l = (struct spinlock){ .name = name, .rank = (u8)rank };
}

void spin_lock(struct spinlock *l)
{
	if (unlikely(l->owner))
		panic("CPU %u waits for the lock \"%s\", which CPU %u holds", host_current_cpu,
		      l->name, l->owner - 1);
	l->owner = (u16)(host_current_cpu + 1);
}

void spin_lock_nested(struct spinlock *l) { spin_lock(l); }

/* Pretend that another CPU has the lock; at most twice in a row, as it would not keep it. */
static bool disturbed(void)
{
	static u32 in_a_row;

	if (machine_random() % 8 == 0 && in_a_row < 2) {
		in_a_row++;
		return true;
	}
	in_a_row = 0;
	return false;
}

static const struct spinlock *taken_for[NR_CPUS];
static u32 nr_taken;

void machine_lock_taken(u32 cpu, bool taken)
{
	struct scheduler *s = sched_pool(0);

	nr_taken += (u32)taken - (taken_for[cpu] ? 1 : 0);
	taken_for[cpu] = taken ? s->ops->cpu_lock(s, cpu) : NULL;
}

static bool taken_by_another(const struct spinlock *l)
{
	if (likely(!nr_taken))
		return false;
	for (u32 cpu = 0; cpu < machine_cfg.cpus; cpu++)
		if (taken_for[cpu] == l && cpu != host_current_cpu)
			return true;
	return false;
}

bool spin_trylock(struct spinlock *l)
{
	if (l->owner || taken_by_another(l) || (unlikely(machine_cfg.disturb) && disturbed()))
		return false;
	spin_lock(l);
	return true;
}

void spin_unlock(struct spinlock *l)
{
	ASSERT(l->owner == host_current_cpu + 1);
	l->owner = 0;
}

u64 spin_lock_irqsave(struct spinlock *l)
{
	spin_lock(l);
	return 0;
}

void spin_unlock_irqrestore(struct spinlock *l, u64 flags) { spin_unlock(l); }

bool spin_is_locked_by_me(const struct spinlock *l) { return l->owner == host_current_cpu + 1; }
