/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings of Linux by Perfetto: sched_switch and sched_waking in a protobuf Trace. Debian
 * packages neither Perfetto's schema nor a decoder for C of it, and a dozen fields are quicker read
 * than generated. The numbers are those of protos/perfetto/trace in Perfetto's sources.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorded.h"
#include "say.h"

#define TRACE_PACKET 1U			/* of Trace */
#define PACKET_FTRACE 1U		/* of TracePacket */
#define BUNDLE_EVENT 2U			/* of FtraceEventBundle */
#define BUNDLE_COMPACT 4U
#define EVENT_TIMESTAMP 1U		/* of FtraceEvent */
#define EVENT_SWITCH 4U
#define EVENT_WAKEUP 17U
#define EVENT_WAKING 20U
#define SWITCH_PREV_PID 2U		/* of SchedSwitchFtraceEvent */
#define SWITCH_PREV_STATE 4U
#define SWITCH_NEXT_COMM 5U
#define SWITCH_NEXT_PID 6U
#define WAKE_COMM 1U			/* of SchedWakingFtraceEvent and SchedWakeupFtraceEvent */
#define WAKE_PID 2U

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct span { const u8 *at, *end; };

struct field {
	u32 number;
	u64 value;
	struct span bytes;
};

static const char *file;

static void damaged(void) { die("%s: a damaged Perfetto trace", file); }

static u64 varint(struct span *s)
{
	u64 v = 0;

	for (u32 shift = 0; s->at < s->end && shift < 64; shift += 7) {
		u8 b = *s->at++;

		v |= (u64)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	damaged();
	return 0;
}

static struct span take(struct span *s, u64 len)
{
	struct span in = { s->at, s->at + len };

	if (len > (u64)(s->end - s->at))
		damaged();
	s->at += len;
	return in;
}

/* The next field of a message; false at its end. */
static bool next(struct span *s, struct field *f)
{
	u64 key;

	if (s->at == s->end)
		return false;
	key = varint(s);
	*f = (struct field){ .number = (u32)(key >> 3) };
	switch (key & 7) {
	case WIRE_VARINT:
		f->value = varint(s);
		break;
	case WIRE_64:
		take(s, 8);
		break;
	case WIRE_BYTES:
		f->bytes = take(s, varint(s));
		break;
	case WIRE_32:
		take(s, 4);
		break;
	default:
		damaged();
	}
	return true;
}

/* One event; those of all CPUs are sorted by time before they are used. */
struct happening {
	s64 time;
	bool wake;
	u32 prev, next;			/* the woken task is @next */
	u64 prev_state;
	char comm[16];
};

static struct happening *list;
static u32 nr, room;

static void set_comm(struct happening *h, struct span s)
{
	size_t len = (size_t)(s.end - s.at);

	snprintf(h->comm, sizeof(h->comm), "%.*s", (int)(len < 15 ? len : 15), (const char *)s.at);
}

static void read_switch(struct happening *h, struct span s)
{
	struct field f;

	while (next(&s, &f)) {
		if (f.number == SWITCH_PREV_PID)
			h->prev = (u32)f.value;
		else if (f.number == SWITCH_PREV_STATE)
			h->prev_state = f.value;
		else if (f.number == SWITCH_NEXT_PID)
			h->next = (u32)f.value;
		else if (f.number == SWITCH_NEXT_COMM)
			set_comm(h, f.bytes);
	}
}

static void read_wake(struct happening *h, struct span s)
{
	struct field f;

	h->wake = true;
	while (next(&s, &f)) {
		if (f.number == WAKE_PID)
			h->next = (u32)f.value;
		else if (f.number == WAKE_COMM)
			set_comm(h, f.bytes);
	}
}

static void read_event(struct span s)
{
	struct happening h = {};
	bool useful = false;
	struct field f;

	while (next(&s, &f)) {
		if (f.number == EVENT_TIMESTAMP)
			h.time = (s64)f.value;
		useful |= f.number == EVENT_SWITCH || f.number == EVENT_WAKEUP ||
			  f.number == EVENT_WAKING;
		if (f.number == EVENT_SWITCH)
			read_switch(&h, f.bytes);
		else if (f.number == EVENT_WAKEUP || f.number == EVENT_WAKING)
			read_wake(&h, f.bytes);
	}
	if (!useful)
		return;
	if (nr == room) {
		room = room ? 2 * room : 4096;
		list = grow_array(list, room, sizeof(*list));
	}
	list[nr++] = h;
}

static void read_bundle(struct span s)
{
	struct field f;

	while (next(&s, &f)) {
		if (f.number == BUNDLE_COMPACT)
			die("%s: it has compact scheduling events; record with "
			    "compact_sched { enabled: false }", file);
		if (f.number == BUNDLE_EVENT)
			read_event(f.bytes);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct happening *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

static void replay(struct recording *r, const struct happening *h)
{
	char name[32];

	snprintf(name, sizeof(name), "%s-%u", h->comm, h->next);
	if (h->wake) {
		recording_wakes(r, h->next, 0, h->time, name);
		return;
	}
	if (h->prev)
		recording_stops(r, h->prev, 0, h->time, h->prev_state & 0xff);
	if (h->next)
		recording_runs(r, h->next, 0, h->time, name);
}

bool perfetto_is_one(const char *path)
{
	FILE *f = fopen(path, "rb");
	bool is = f && fgetc(f) == (TRACE_PACKET << 3 | WIRE_BYTES);

	/* The same byte is a line feed, with which a JSON file may begin. */
	if (is) {
		int c = fgetc(f);

		while (c == '\n' || c == ' ' || c == '\t' || c == '\r')
			c = fgetc(f);
		is = c != '{';
	}
	if (f)
		fclose(f);
	return is;
}

struct workload *workload_perfetto(const char *path)
{
	struct recording *r = recording_new();
	struct field packet, f;
	struct span s;
	size_t len;
	char *data = read_whole(path, &len);

	file = path;
	s = (struct span){ (const u8 *)data, (const u8 *)data + len };
	while (next(&s, &packet))
		while (packet.number == TRACE_PACKET && next(&packet.bytes, &f))
			if (f.number == PACKET_FTRACE)
				read_bundle(f.bytes);
	if (nr)
		qsort(list, nr, sizeof(*list), by_time);
	for (u32 i = 0; i < nr; i++)
		replay(r, &list[i]);
	free(list);
	free(data);
	return recording_end(r, path);
}
