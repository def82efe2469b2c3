/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulator's event queue: a heap with four children a node, indexed, so that an event can be
 * moved or cancelled in O(log n). Events of the same time happen in the order in which they were
 * set, so a run is the same every time.
 */
#ifndef SCHEDSIM_QUEUE_H
#define SCHEDSIM_QUEUE_H

#include <xen/types.h>

/** An event that the owner embeds or allocates; all zero is valid and not pending. */
struct event {
	u32 place;			/* index in the heap + 1, 0: not pending */
	u32 cpu;			/* the CPU on which it happens */
	void (*fn)(void *arg);
	void *arg;
};

/** Have @e happen at @time (ns) instead of when it was to happen before, if at all. */
void event_set(struct event *e, s64 time);
void event_cancel(struct event *e);
static inline bool event_pending(const struct event *e) { return e->place != 0; }
/** When a pending event happens. */
s64 event_time(const struct event *e);

/** The time of the next event, INT64_MAX when there is none. */
s64 queue_next_time(void);
/** The CPU of the next event, when there is one. */
u32 queue_next_cpu(void);
/** Take the next event out of the queue, which is not empty. */
struct event *queue_pop(void);

#endif
