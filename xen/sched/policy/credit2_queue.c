/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credit2: a run queue's lists, its units' credit, and its load. */
#include <xen/printk.h>

#include "credit2.h"

void c2_burn(struct c2_rq *rq, struct c2_unit *cu, s_time_t now)
{
	s64 dt = now - cu->start;

	ASSERT(cu->on_cpu && cu->rq == rq);
	if (dt <= 0)
		return;
	cu->start = now;
	cu->credit -= c2_cost(rq, cu, dt);
	share_cap_charge(&cu->dom->cap, dt);
}

s64 c2_load(const struct c2_rq *rq, s_time_t now)
{
	s64 dt = now - rq->load_at, inst = (s64)READ_ONCE(rq->nr_active) * C2_LOAD_UNIT;
	s64 load = READ_ONCE(rq->load);

	if (dt >= C2_LOAD_WINDOW)
		return inst;
	return dt <= 0 ? load : load + (inst - load) * dt / C2_LOAD_WINDOW;
}

void c2_set_active(struct c2_rq *rq, struct c2_unit *cu, bool active, s_time_t now)
{
	ASSERT(spin_is_locked_by_me(&rq->lock) && cu->rq == rq);
	if (cu->active == active)
		return;
	rq->load = c2_load(rq, now);
	rq->load_at = now;
	ASSERT(active || rq->nr_active);
	cu->active = active;
	rq->nr_active += active ? 1 : -1;
}

static void park(struct c2_rq *rq, struct c2_unit *cu)
{
	list_add_tail(&cu->link, &rq->parked);
	cu->parked = cu->unit->held_back = true;
	rq->next_unpark = min(rq->next_unpark, READ_ONCE(cu->dom->cap.next_refill));
}

void c2_enqueue(struct c2_rq *rq, struct c2_unit *cu, s_time_t now)
{
	struct list_head *at;

	ASSERT(spin_is_locked_by_me(&rq->lock) && cu->rq == rq);
	ASSERT(!cu->queued && !cu->parked && !cu->on_cpu);
	if (unlikely(!share_cap_may_run(&cu->dom->cap, now))) {
		park(rq, cu);
		return;
	}
	/* Try the tail first, where preempted units go; units that woke go to the head. Equals stay
	 * in order. */
	if (list_empty(&rq->queue) ||
	    cu->credit <= list_entry(rq->queue.prev, struct c2_unit, link)->credit) {
		at = &rq->queue;
	} else {
		for (at = rq->queue.next; at != &rq->queue; at = at->next)
			if (list_entry(at, struct c2_unit, link)->credit < cu->credit)
				break;
	}
	list_add_tail(&cu->link, at);
	cu->queued = true;
	WRITE_ONCE(rq->nr_queued, rq->nr_queued + 1);
}

void c2_dequeue(struct c2_rq *rq, struct c2_unit *cu)
{
	ASSERT(spin_is_locked_by_me(&rq->lock) && cu->rq == rq);
	ASSERT(!cu->queued || (rq->nr_queued && !cu->parked));
	if (cu->queued)
		WRITE_ONCE(rq->nr_queued, rq->nr_queued - 1);
	if (cu->queued || cu->parked)
		list_del_init(&cu->link);
	cu->queued = cu->parked = cu->unit->held_back = false;
}

void c2_unpark(struct c2_rq *rq, s_time_t now)
{
	struct c2_unit *cu, *next;
	LIST_HEAD(again);

	ASSERT(spin_is_locked_by_me(&rq->lock));
	rq->next_unpark = INT64_MAX;
	/* Units that still have no budget are parked again, at the tail of the same list; so empty
	 * the list first. */
	while (!list_empty(&rq->parked)) {
		cu = list_first_entry(&rq->parked, struct c2_unit, link);
		list_del_init(&cu->link);
		list_add_tail(&cu->link, &again);
	}
	list_for_each_entry_safe(cu, next, &again, link) {
		list_del_init(&cu->link);
		cu->parked = cu->unit->held_back = false;
		c2_enqueue(rq, cu, now);
	}
}

/* True when units wait that have credit, which others are to run out of too before a grant. */
static bool credit_waits(const struct c2_rq *rq)
{
	return !list_empty(&rq->queue) &&
	       list_first_entry(&rq->queue, struct c2_unit, link)->credit > 0;
}

void c2_out_of_credit(struct c2_rq *rq, struct c2_unit *cu, s_time_t now)
{
	s64 grant = (-cu->credit / C2_CREDIT_INIT + 1) * C2_CREDIT_INIT;
	struct c2_unit *pos;

	ASSERT(spin_is_locked_by_me(&rq->lock) && cu->credit <= 0);
	if (credit_waits(rq)) {
		cu->credit = max(cu->credit, -C2_CREDIT_INIT);
		return;
	}
	/* An equal grant keeps their order. The limit keeps sleeping units from saving up. */
	list_for_each_entry(pos, &rq->units, rq_link) {
		if (pos->on_cpu)
			c2_burn(rq, pos, now);
		pos->credit = min(pos->credit + grant, C2_CREDIT_INIT);
	}
}

void c2_find_max_weight(struct c2_rq *rq)
{
	struct c2_unit *pos;
	u32 max_weight = 1;

	ASSERT(spin_is_locked_by_me(&rq->lock));
	list_for_each_entry(pos, &rq->units, rq_link)
		max_weight = max(max_weight, c2_weight(pos));
	rq->max_weight = max_weight;
}

void c2_attach(struct c2_rq *rq, struct c2_unit *cu, s_time_t now)
{
	ASSERT(spin_is_locked_by_me(&rq->lock) && list_empty(&cu->rq_link));
	cu->rq = rq;
	list_add_tail(&cu->rq_link, &rq->units);
	rq->nr_units++;
	rq->max_weight = max(rq->max_weight, c2_weight(cu));
	/* Credit from another queue is not comparable here: limit it, but let a debt be one. */
	cu->credit = max(min(cu->credit, C2_CREDIT_INIT), -C2_CREDIT_INIT);
}

void c2_detach(struct c2_rq *rq, struct c2_unit *cu, s_time_t now)
{
	c2_dequeue(rq, cu);
	c2_set_active(rq, cu, false, now);
	ASSERT(rq->nr_units);
	list_del_init(&cu->rq_link);
	rq->nr_units--;
	if (c2_weight(cu) == rq->max_weight)
		c2_find_max_weight(rq);
}
