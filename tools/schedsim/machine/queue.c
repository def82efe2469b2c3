/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulator's event queue. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "queue.h"

#define CHILDREN 4U

/* The key is beside the pointer, so that comparing does not touch the events themselves. */
struct slot {
	s64 time;
	u64 order;
	struct event *event;
};

static struct slot *heap;
static u32 used, room;
static u64 next_order;

static bool before(const struct slot *a, const struct slot *b)
{
	return a->time != b->time ? a->time < b->time : a->order < b->order;
}

static void put(u32 at, const struct slot *s)
{
	heap[at] = *s;
	s->event->place = at + 1;
}

static void sift_up(u32 at, struct slot s)
{
	while (at && before(&s, &heap[(at - 1) / CHILDREN])) {
		put(at, &heap[(at - 1) / CHILDREN]);
		at = (at - 1) / CHILDREN;
	}
	put(at, &s);
}

static void sift_down(u32 at, struct slot s)
{
	for (;;) {
		u32 first = at * CHILDREN + 1, best = first;

		if (first >= used)
			break;
		for (u32 c = first + 1; c < first + CHILDREN && c < used; c++)
			if (before(&heap[c], &heap[best]))
				best = c;
		if (!before(&heap[best], &s))
			break;
		put(at, &heap[best]);
		at = best;
	}
	put(at, &s);
}

static void move(u32 at, struct slot s)
{
	if (at && before(&s, &heap[(at - 1) / CHILDREN]))
		sift_up(at, s);
	else
		sift_down(at, s);
}

static void grow(void)
{
	room = room ? 2 * room : 1024;
	heap = realloc(heap, room * sizeof(*heap));
	if (!heap) {
		fprintf(stderr, "schedsim: no memory for %u events\n", room);
		exit(1);
	}
}

void event_set(struct event *e, s64 time)
{
	struct slot s = { .time = time, .order = next_order++, .event = e };

	assert(e->fn);
	if (e->place) {
		move(e->place - 1, s);
		return;
	}
	if (used == room)
		grow();
	sift_up(used++, s);
}

void event_cancel(struct event *e)
{
	u32 at = e->place - 1;
	struct slot last;

	if (!e->place)
		return;
	assert(at < used && heap[at].event == e);
	e->place = 0;
	last = heap[--used];
	if (at < used)
		move(at, last);
}

s64 event_time(const struct event *e)
{
	assert(e->place && heap[e->place - 1].event == e);
	return heap[e->place - 1].time;
}

s64 queue_next_time(void)
{
	return used ? heap[0].time : INT64_MAX;
}

u32 queue_next_cpu(void)
{
	assert(used);
	return heap[0].event->cpu;
}

struct event *queue_pop(void)
{
	struct event *e = heap[0].event;

	assert(used);
	event_cancel(e);
	return e;
}
