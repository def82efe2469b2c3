/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ranked locks that each CPU holds. The locks of an interrupt handler are recorded on top of
 * those of the code it interrupted, so a handler that takes a lower-ranked lock is found as well.
 */
#include "lock_check.h"

#include <xen/percpu.h>
#include <xen/printk.h>

#ifndef NDEBUG

#define MAX_HELD 24

struct held_lock {
	const void *lock;
	const char *name;
	u8 rank;
};

/* Touched only by its own CPU, with interrupts disabled. */
struct held_locks {
	u32 count;
	bool reporting;		/* a violation is being printed, which takes locks itself */
	struct held_lock lock[MAX_HELD];
};

static DEFINE_PER_CPU(struct held_locks, held_locks);

void lock_check_order(const char *name, u8 rank, bool nested)
{
	struct held_locks *h;
	u64 flags;

	if (rank == LOCK_RANK_NONE)
		return;
	flags = hal_irq_save();
	h = &this_cpu(held_locks);
	for (u32 i = 0; i < h->count && !h->reporting; i++) {
		if (h->lock[i].rank < rank || (nested && h->lock[i].rank == rank))
			continue;
		h->reporting = true;
		panic("lock order: %s (rank %u) wanted while holding %s (rank %u)", name, rank,
		      h->lock[i].name, h->lock[i].rank);
	}
	hal_irq_restore(flags);
}

#define USE_IN_IRQ 1
#define USE_IRQS_ON 2

void lock_check_irq(u8 *use, const char *name)
{
	u8 how = hal_in_irq() ? USE_IN_IRQ : hal_irq_is_enabled() ? USE_IRQS_ON : 0;

	/* The usual case: it has been taken this way before. */
	if ((READ_ONCE(*use) & how) == how)
		return;
	how |= __atomic_fetch_or(use, how, __ATOMIC_RELAXED);
	if (how == (USE_IN_IRQ | USE_IRQS_ON) && !this_cpu(held_locks).reporting) {
		this_cpu(held_locks).reporting = true;
		panic("%s taken both in an interrupt handler and with interrupts on", name);
	}
}

void lock_check_push(const void *lock, const char *name, u8 rank)
{
	struct held_locks *h;
	u64 flags;

	if (rank == LOCK_RANK_NONE)
		return;
	flags = hal_irq_save();
	h = &this_cpu(held_locks);
	if (h->count == MAX_HELD && !h->reporting) {
		h->reporting = true;
		panic("more than %u locks held, taking %s", MAX_HELD, name);
	}
	if (h->count < MAX_HELD)
		h->lock[h->count++] = (struct held_lock){ lock, name, rank };
	hal_irq_restore(flags);
}

void lock_check_pop(const void *lock, const char *name, u8 rank)
{
	struct held_locks *h;
	u64 flags;
	u32 i;

	if (rank == LOCK_RANK_NONE)
		return;
	flags = hal_irq_save();
	h = &this_cpu(held_locks);
	/* Usually it is the innermost one, but locks may be released in any order. */
	for (i = h->count; i && h->lock[i - 1].lock != lock; i--)
		;
	if (i) {
		for (; i < h->count; i++)
			h->lock[i - 1] = h->lock[i];
		h->count--;
	} else if (!h->reporting) {
		h->reporting = true;
		panic("%s released by CPU %u, which does not hold it", name, hal_smp_cpu_id());
	}
	hal_irq_restore(flags);
}

#endif
