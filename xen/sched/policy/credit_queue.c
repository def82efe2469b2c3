/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credit: the queues of a CPU and its parked units. */
#include <xen/assert.h>

#include "credit.h"

/* Tell the other CPUs what there is to take. */
static void publish(struct cr_sched *cs, const struct cr_cpu *c)
{
	bool under = c->nr_movable[CR_BOOST] || c->nr_movable[CR_UNDER];

	cr_mark(&cs->waiting_under, c->cpu, under);
	cr_mark(&cs->waiting, c->cpu, under || c->nr_movable[CR_OVER]);
}

/* True when the unit may run on a CPU other than @cpu. */
static bool is_movable(const struct sched_unit *u, u32 cpu)
{
	cpumask_t others = u->hard;

	cpumask_unset(&others, cpu);
	return !cpumask_empty(&others);
}

static void link_unit(struct cr_sched *cs, struct cr_cpu *c, struct cr_unit *cu)
{
	/* A unit that lost its CPU before its turn was over goes on first. */
	bool at_end = cu->turn == 0 || cu->turn >= cu->slice || cu->yielded;

	if (at_end) {
		cu->turn = 0;
		list_add_tail(&cu->link, &c->queue[cu->class]);
	} else {
		list_add(&cu->link, &c->queue[cu->class]);
	}
	cu->place = CR_QUEUED;
	cu->movable = is_movable(cu->unit, c->cpu);
	if (cu->movable && c->nr_movable[cu->class]++ == 0)
		publish(cs, c);
}

void cr_enqueue(struct cr_sched *cs, struct cr_cpu *c, struct cr_unit *cu, s_time_t now)
{
	ASSERT(spin_is_locked_by_me(&c->lock) && cu->unit->cpu == c->cpu);
	ASSERT(cu->place == CR_NOWHERE && list_empty(&cu->link) && cu->unit->runnable);
	if (likely(share_cap_may_run(&cu->dom->cap, now))) {
		link_unit(cs, c, cu);
		return;
	}
	list_add_tail(&cu->link, &c->parked);
	cu->place = CR_PARKED;
	cu->unit->held_back = true;
	c->next_unpark = min(c->next_unpark, READ_ONCE(cu->dom->cap.next_refill));
}

void cr_dequeue(struct cr_sched *cs, struct cr_cpu *c, struct cr_unit *cu)
{
	ASSERT(spin_is_locked_by_me(&c->lock) && cu->unit->cpu == c->cpu);
	if (cu->place != CR_QUEUED && cu->place != CR_PARKED)
		return;
	list_del_init(&cu->link);
	cu->place = CR_NOWHERE;
	cu->unit->held_back = false;
	if (cu->movable) {
		cu->movable = false;
		ASSERT(c->nr_movable[cu->class]);
		if (--c->nr_movable[cu->class] == 0)
			publish(cs, c);
	}
}

void cr_requeue(struct cr_sched *cs, struct cr_cpu *c, struct cr_unit *cu, s_time_t now)
{
	cr_dequeue(cs, c, cu);
	cr_enqueue(cs, c, cu, now);
}

void cr_settle_cpu(struct cr_sched *cs, struct cr_cpu *c)
{
	struct cr_unit *cu, *next;

	ASSERT(spin_is_locked_by_me(&c->lock));
	c->period = READ_ONCE(cs->period);
	if (c->curr)
		cr_settle(cs, c->curr);
	for (enum cr_class k = CR_BOOST; k < CR_CLASSES; k++) {
		list_for_each_entry_safe(cu, next, &c->queue[k], link) {
			ASSERT(cu->place == CR_QUEUED && cu->class == k);
			cr_settle(cs, cu);
			if (k != CR_OVER || cr_class(cu) == CR_OVER)
				continue;
			cr_dequeue(cs, c, cu);
			cu->class = CR_UNDER;
			cu->turn = 0;
			link_unit(cs, c, cu);
		}
	}
}

void cr_unpark(struct cr_sched *cs, struct cr_cpu *c, s_time_t now)
{
	struct cr_unit *cu, *next;
	LIST_HEAD(again);

	ASSERT(spin_is_locked_by_me(&c->lock));
	c->next_unpark = INT64_MAX;
	/* Units that still have no budget return to the list, so empty it first. */
	while (!list_empty(&c->parked)) {
		cu = list_first_entry(&c->parked, struct cr_unit, link);
		list_del_init(&cu->link);
		list_add_tail(&cu->link, &again);
	}
	list_for_each_entry_safe(cu, next, &again, link) {
		ASSERT(cu->place == CR_PARKED);
		cr_settle(cs, cu);
		cu->class = cr_class(cu);
		cr_requeue(cs, c, cu, now);
	}
	c->offer = true;
}
