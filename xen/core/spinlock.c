/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ticket spinlocks: first come, first served. */
#include "lock_check.h"

#include <xen/hal/cpu.h>
#include <xen/printk.h>
#include <xen/spinlock.h>

void spin_lock_init(struct spinlock *l, const char *name, enum lock_rank rank)
{
	*l = (struct spinlock)SPINLOCK_INIT(name, (u8)rank);
}

static __noinline __noreturn void taken_twice(const struct spinlock *l)
{
	panic("%s taken twice by CPU %u", l->name, hal_smp_cpu_id());
}

static inline void acquire(struct spinlock *l)
{
	u16 ticket, me = (u16)(hal_smp_cpu_id() + 1);

	if (unlikely(READ_ONCE(l->owner) == me))
		taken_twice(l);
	lock_check_irq(&l->irq_use, l->name);
	ticket = __atomic_fetch_add(&l->tail, 1, __ATOMIC_RELAXED);
	while (unlikely(__atomic_load_n(&l->head, __ATOMIC_ACQUIRE) != ticket))
		hal_cpu_relax();
	WRITE_ONCE(l->owner, me);
	lock_check_push(l, l->name, l->rank);
}

void spin_lock(struct spinlock *l)
{
	lock_check_order(l->name, l->rank, false);
	acquire(l);
}

void spin_lock_nested(struct spinlock *l)
{
	lock_check_order(l->name, l->rank, true);
	acquire(l);
}

/* A try cannot deadlock, so its order is not checked; the order of later locks is. */
bool spin_trylock(struct spinlock *l)
{
	u16 ticket = __atomic_load_n(&l->head, __ATOMIC_RELAXED);

	/* The lock is free when the next ticket is the one being served. */
	if (!__atomic_compare_exchange_n(&l->tail, &ticket, (u16)(ticket + 1), false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	/* A lock taken by a try with interrupts on blocks a handler that wants it, too. */
	if (!hal_in_irq())
		lock_check_irq(&l->irq_use, l->name);
	WRITE_ONCE(l->owner, (u16)(hal_smp_cpu_id() + 1));
	lock_check_push(l, l->name, l->rank);
	return true;
}

void spin_unlock(struct spinlock *l)
{
	lock_check_pop(l, l->name, l->rank);
	WRITE_ONCE(l->owner, 0);
	__atomic_store_n(&l->head, (u16)(l->head + 1), __ATOMIC_RELEASE);
}

u64 spin_lock_irqsave(struct spinlock *l)
{
	u64 flags = hal_irq_save();

	spin_lock(l);
	return flags;
}

void spin_unlock_irqrestore(struct spinlock *l, u64 flags)
{
	spin_unlock(l);
	hal_irq_restore(flags);
}

bool spin_is_locked_by_me(const struct spinlock *l)
{
	return READ_ONCE(l->owner) == hal_smp_cpu_id() + 1;
}
