/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses of another domain (served.h) that this guest answers as its device model, or might have
 * to answer.
 */
#include "served.h"

/* What the model was asked since the last mark, and took from the ring. */
static void expect(const char *name, u32 asked, u32 buffered)
{
	u32 found = served_take_buffered();

	NEED(served_requests == asked && found == buffered,
	     "%s: %u requests and %u in the ring, expected %u and %u", name, served_requests, found,
	     asked, buffered);
}

static void measure(const char *name, u32 rounds, enum served_op what, bool asks, bool buffers)
{
	struct series s;

	served_begin();
	series_start(&s, rounds);
	s.length = MIN(s.length, buffers ? SERVED_RING : SERVED_MOST);
	s.base = served_time(SERVED_NOTHING, s.length);
	/* Once for what happens at the first access alone. */
	served_time(what, s.length);
	expect(name, asks ? s.length : 0, buffers ? s.length : 0);
	for (u32 b = 0; b < BATCHES; b++) {
		series_add(&s, b, served_time(what, s.length));
		expect(name, asks ? s.length : 0, buffers ? s.length : 0);
	}
	series_report(name, &s, 1);
}

static void port_read(const char *name, u32 rounds)
{
	measure(name, rounds, SERVED_PORT_READ, true, false);
}

static void port_write(const char *name, u32 rounds)
{
	measure(name, rounds, SERVED_PORT_WRITE, true, false);
}

static void port_none(const char *name, u32 rounds)
{
	measure(name, rounds, SERVED_PORT_NONE, false, false);
}

static void memory_read(const char *name, u32 rounds)
{
	measure(name, rounds, SERVED_MEMORY_READ, true, false);
}

static void memory_write(const char *name, u32 rounds)
{
	measure(name, rounds, SERVED_MEMORY_WRITE, true, false);
}

static void memory_none(const char *name, u32 rounds)
{
	measure(name, rounds, SERVED_MEMORY_NONE, false, false);
}

static void memory_buffered(const char *name, u32 rounds)
{
	measure(name, rounds, SERVED_MEMORY_BUFFERED, false, true);
}

static const struct benchmark table[] = {
	{ "ioreq.port.read", port_read, 2000 },
	{ "ioreq.port.write", port_write, 2000 },
	{ "ioreq.port.none", port_none, 2000 },
	{ "ioreq.memory.read", memory_read, 2000 },
	{ "ioreq.memory.write", memory_write, 2000 },
	{ "ioreq.memory.none", memory_none, 2000 },
	{ "ioreq.memory.buffered", memory_buffered, 2000 },
};
DEFINE_GROUP(ioreq, table);
