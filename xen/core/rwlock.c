/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reader-writer locks for data that is read far more often than written. */
#include "lock_check.h"

#include <xen/assert.h>
#include <xen/hal/cpu.h>
#include <xen/spinlock.h>

#define RW_WRITER BIT(31)

void rw_lock_init(struct rwlock *l, const char *name, enum lock_rank rank)
{
	*l = (struct rwlock){ .rank = (u8)rank, .name = name };
}

void read_lock(struct rwlock *l)
{
	lock_check_order(l->name, l->rank, false);
	while (__atomic_fetch_add(&l->state, 1, __ATOMIC_ACQUIRE) & RW_WRITER) {
		__atomic_fetch_sub(&l->state, 1, __ATOMIC_RELAXED);
		while (__atomic_load_n(&l->state, __ATOMIC_RELAXED) & RW_WRITER)
			hal_cpu_relax();
	}
	lock_check_push(l, l->name, l->rank);
}

void read_unlock(struct rwlock *l)
{
	lock_check_pop(l, l->name, l->rank);
	ASSERT(READ_ONCE(l->state) & ~RW_WRITER);
	__atomic_fetch_sub(&l->state, 1, __ATOMIC_RELEASE);
}

void write_lock(struct rwlock *l)
{
	lock_check_order(l->name, l->rank, false);
	/* Set the writer's bit first, so that no new reader enters while the present ones leave. */
	while (__atomic_fetch_or(&l->state, (u32)RW_WRITER, __ATOMIC_ACQUIRE) & RW_WRITER)
		hal_cpu_relax();
	while (__atomic_load_n(&l->state, __ATOMIC_ACQUIRE) != RW_WRITER)
		hal_cpu_relax();
	lock_check_push(l, l->name, l->rank);
}

void write_unlock(struct rwlock *l)
{
	lock_check_pop(l, l->name, l->rank);
	ASSERT(rw_is_write_locked(l));
	/* A reader that found the bit set may not have undone its count yet: clear only the bit. */
	__atomic_fetch_and(&l->state, (u32)~RW_WRITER, __ATOMIC_RELEASE);
}
