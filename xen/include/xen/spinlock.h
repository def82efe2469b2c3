/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ticket spinlocks with ranks, and reader-writer locks.
 *
 * A CPU may take a lock only if its rank is higher than that of every lock it holds (equal
 * ranks need spin_lock_nested). Checked in debug builds and always on the host port.
 * Locks that interrupt handlers take are taken with the _irqsave forms everywhere.
 */
#ifndef XEN_SPINLOCK_H
#define XEN_SPINLOCK_H

#include <xen/compiler.h>

/** Lock ranks, outermost first. docs/locking.md explains the order. */
enum lock_rank {
	LOCK_RANK_NONE = 0,	/* not checked; docs/locking.md lists them */
	LOCK_RANK_CONTROL,
	LOCK_RANK_DOMLIST,
	LOCK_RANK_DOMAIN,
	LOCK_RANK_VPCI,
	LOCK_RANK_DEVICES,	/* a domain's table of devices */
	LOCK_RANK_IOREQ,	/* a domain's servers for device models */
	LOCK_RANK_GNTTAB,	/* a domain's grant table and pins */
	LOCK_RANK_GNTTAB_MAPTRACK,	/* the mappings a domain holds */
	LOCK_RANK_P2M,
	LOCK_RANK_IOMMU,	/* which functions are in which space */
	LOCK_RANK_PAGE_ALLOC,	/* per-domain page lists */
	LOCK_RANK_EVTCHN,	/* a domain's ports: allocation, FIFO set-up */
	LOCK_RANK_EVTCHN_LINK,	/* changes of bindings between two channels */
	LOCK_RANK_EVTCHN_CHANNEL,
	LOCK_RANK_EVTCHN_FIFO,	/* one queue of one vCPU */
	LOCK_RANK_VIOAPIC,
	LOCK_RANK_VLAPIC,
	LOCK_RANK_IRQ,		/* interrupt descriptors */
	LOCK_RANK_IOMMU_UNIT,	/* the commands of one IOMMU */
	LOCK_RANK_SCHED_UNITS,	/* the units of a scheduling instance */
	LOCK_RANK_SCHED,	/* run queues */
	LOCK_RANK_TIMER,
	LOCK_RANK_HEAP,		/* page allocator and xmalloc */
	LOCK_RANK_RCU,
	LOCK_RANK_CONSOLE,
	LOCK_RANK_SERIAL,
};

struct spinlock {
	u16 head, tail;		/* tickets: now serving, next to hand out */
	u16 owner;		/* CPU + 1 that holds it, 0 when free (debugging) */
	u8 rank;
	u8 irq_use;		/* how it was taken so far (debugging), see core/lock_check.h */
	const char *name;
};

#define SPINLOCK_INIT(n, r) { .rank = (r), .name = (n) }
#define DEFINE_SPINLOCK(var, r) struct spinlock var = SPINLOCK_INIT(#var, r)

void spin_lock_init(struct spinlock *l, const char *name, enum lock_rank rank);
void spin_lock(struct spinlock *l);
/** Take a second lock of equal rank; the caller orders them (by domain id, by CPU number). */
void spin_lock_nested(struct spinlock *l);
bool spin_trylock(struct spinlock *l);
void spin_unlock(struct spinlock *l);
/** Disable interrupts, then lock; returns the flags for spin_unlock_irqrestore. */
u64 spin_lock_irqsave(struct spinlock *l);
void spin_unlock_irqrestore(struct spinlock *l, u64 flags);
bool spin_is_locked_by_me(const struct spinlock *l);

struct rwlock {
	u32 state;		/* bit 31: writer; else number of readers */
	u8 rank;
	const char *name;
};

void rw_lock_init(struct rwlock *l, const char *name, enum lock_rank rank);
void read_lock(struct rwlock *l);
void read_unlock(struct rwlock *l);
void write_lock(struct rwlock *l);
void write_unlock(struct rwlock *l);
/** True when any CPU holds the lock, for reading or writing / for writing. For assertions. */
static inline bool rw_is_locked(const struct rwlock *l) { return READ_ONCE(l->state) != 0; }
static inline bool rw_is_write_locked(const struct rwlock *l)
{
	return READ_ONCE(l->state) >> 31;
}

#endif
