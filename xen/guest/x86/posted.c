/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Posted interrupts (xen/x86/posted.h). Each step below is one atomic operation, and the order of
 * steps is what keeps a request from being lost:
 *
 *   request: the vector's bit, then the control word
 *   collect: ON is cleared, then the bits are taken
 *   load:    SN is cleared, then the bits are looked at
 *   hold:    the vector's bit, then that there is one; collected in the opposite order
 *
 * So of a requester and an owner that meet, at least one sees what the other did. As SN is clear
 * while a vCPU runs, one that blocks finds ON set if any request was complete, and a requester that
 * is in between sets it and finds the vector that wakes.
 */
#include <xen/x86/posted.h>

#include <xen/assert.h>

#include "vlapic-private.h"

#define NR_WORDS 8

void posted_init(struct posted *p)
{
	*p = (struct posted){ .desc.control = POSTED_SN };
	list_init(&p->link);
}

void posted_waiters_init(struct posted_waiters *w)
{
	spin_lock_init(&w->lock, "posted", LOCK_RANK_IRQ);
	list_init(&w->list);
}

static enum posted_result hold(struct posted *p, u8 vector)
{
	u32 before = __atomic_fetch_or(&p->held[vector / 32], vec_bit(vector), __ATOMIC_SEQ_CST);

	__atomic_store_n(&p->holds, true, __ATOMIC_SEQ_CST);
	return before & vec_bit(vector) ? POSTED_MERGED : POSTED_KICK;
}

/* Set ON, unless that was done or SN says that the owner will look by itself. */
static enum posted_result notify(struct posted_desc *d, struct posted_target *to)
{
	u64 old = __atomic_load_n(&d->control, __ATOMIC_SEQ_CST);

	do {
		if (old & (POSTED_ON | POSTED_SN))
			return POSTED_QUIET;
	} while (!__atomic_compare_exchange_n(&d->control, &old, old | POSTED_ON, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	*to = (struct posted_target){ .cpu = (u32)(old >> POSTED_NDST_SHIFT),
				      .vector = (u8)(old >> POSTED_NV_SHIFT) };
	ASSERT(to->vector >= 16);
	return POSTED_NOTIFY;
}

enum posted_result posted_request(struct posted *p, struct vlapic *vl, u8 vector, bool level,
				  struct posted_target *to)
{
	u32 bit = vec_bit(vector);

	if (!vlapic_accept(vl, vec_regs(vl, vector), vector, level))
		return POSTED_MERGED;
	if (level)
		return hold(p, vector);
	if (__atomic_fetch_or(&p->desc.pir[vector / 32], bit, __ATOMIC_SEQ_CST) & bit)
		return POSTED_MERGED;
	return notify(&p->desc, to);
}

static bool any_request(const struct posted_desc *d)
{
	for (u32 i = 0; i < NR_WORDS; i++)
		if (__atomic_load_n(&d->pir[i], __ATOMIC_SEQ_CST))
			return true;
	return false;
}

/* From now on @cpu gets notifications, by @vector. ON stays as it is. Returns what it was. */
static bool direct_to(struct posted_desc *d, u32 cpu, u8 vector)
{
	u64 route = (u64)cpu << POSTED_NDST_SHIFT | (u64)vector << POSTED_NV_SHIFT;
	u64 old = __atomic_load_n(&d->control, __ATOMIC_SEQ_CST);

	ASSERT(vector >= 16);
	while (!__atomic_compare_exchange_n(&d->control, &old, route | (old & POSTED_ON), false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	return old & POSTED_ON;
}

void posted_load(struct posted *p, u32 cpu, const struct posted_vectors *vectors)
{
	bool notified = direct_to(&p->desc, cpu, vectors->running);

	/* Those who found SN set have set only their bit. */
	if (!notified && any_request(&p->desc))
		__atomic_fetch_or(&p->desc.control, POSTED_ON, __ATOMIC_SEQ_CST);
	posted_leave_list(p);
}

void posted_suspend(struct posted *p)
{
	__atomic_fetch_or(&p->desc.control, POSTED_SN, __ATOMIC_SEQ_CST);
}

bool posted_block(struct posted *p, struct posted_waiters *w, u32 cpu,
		  const struct posted_vectors *vectors)
{
	u64 flags = spin_lock_irqsave(&w->lock);
	bool notified;

	ASSERT(list_empty(&p->link));
	list_add_tail(&p->link, &w->list);
	p->where = w;
	spin_unlock_irqrestore(&w->lock, flags);
	notified = direct_to(&p->desc, cpu, vectors->wake);
	return notified || __atomic_load_n(&p->holds, __ATOMIC_SEQ_CST);
}

enum posted_news posted_collect(struct posted *p, struct vlapic *vl)
{
	enum posted_news news = POSTED_NONE;
	u32 bits;

	if (READ_ONCE(p->desc.control) & POSTED_ON) {
		__atomic_fetch_and(&p->desc.control, ~POSTED_ON, __ATOMIC_SEQ_CST);
		news = POSTED_EDGES;
		for (u32 i = 0; i < NR_WORDS; i++)
			if (READ_ONCE(p->desc.pir[i])) {
				bits = __atomic_exchange_n(&p->desc.pir[i], 0, __ATOMIC_SEQ_CST);
				vlapic_request_word(vl, i, bits);
			}
	}
	if (unlikely(READ_ONCE(p->holds))) {
		__atomic_store_n(&p->holds, false, __ATOMIC_SEQ_CST);
		news = POSTED_LEVELS;
		for (u32 i = 0; i < NR_WORDS; i++) {
			bits = __atomic_exchange_n(&p->held[i], 0, __ATOMIC_SEQ_CST);
			vlapic_request_word(vl, i, bits);
		}
	}
	return news;
}

void posted_drop(struct posted *p)
{
	__atomic_fetch_and(&p->desc.control, ~POSTED_ON, __ATOMIC_SEQ_CST);
	__atomic_store_n(&p->holds, false, __ATOMIC_SEQ_CST);
	for (u32 i = 0; i < NR_WORDS; i++) {
		__atomic_store_n(&p->desc.pir[i], 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&p->held[i], 0, __ATOMIC_SEQ_CST);
	}
}

void posted_wake(struct posted_waiters *w, void (*wake)(struct posted *p))
{
	u64 flags = spin_lock_irqsave(&w->lock);
	struct posted *p, *next;

	list_for_each_entry_safe(p, next, &w->list, link) {
		ASSERT(p->where == w);
		if (!(__atomic_load_n(&p->desc.control, __ATOMIC_SEQ_CST) & POSTED_ON))
			continue;
		list_del_init(&p->link);
		/* Under the lock: whoever frees it has left the list first. */
		wake(p);
	}
	spin_unlock_irqrestore(&w->lock, flags);
}

void posted_leave_list(struct posted *p)
{
	struct posted_waiters *w = p->where;
	u64 flags;

	if (!w)
		return;
	flags = spin_lock_irqsave(&w->lock);
	list_del_init(&p->link);
	spin_unlock_irqrestore(&w->lock, flags);
	p->where = NULL;
	ASSERT(list_empty(&p->link));
}
