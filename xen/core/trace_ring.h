/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of one CPU, shared by the files of core/trace*.c. */
#ifndef CORE_TRACE_RING_H
#define CORE_TRACE_RING_H

#include <xen/cpumask.h>

#include <public/xen.h>
#include <public/trace.h>

/*
 * Positions count bytes from 0 to twice the ring's size and then wrap, as the ABI demands, so that
 * full and empty differ. A record never crosses the ring's end.
 *
 * A writer changes @state in one step. Its low half is the position up to which records are
 * reserved. Its high half is the position up to which more may be reserved without further checks
 * (TRACE_LOSSY clear), or how many records were lost since the last that was kept.
 */
struct trace_ring {
	u64 state;		/* [own CPU, hal_local_cmpxchg] */
	u8 *data;		/* [const] */
	u32 size;		/* [const] bytes of records that fit */
	u32 nesting;		/* [own CPU] active writers, each interrupted by the next */
	bool on;		/* [control] tracing is on and the mask includes the CPU */
	bool wrap;		/* [const] new records push out old ones */
	struct t_buf *shared;	/* [const] header that consumers see, and may write anything to */
	u64 lost_since;		/* [own CPU] stamp of the first record lost */
	u64 tail;		/* [own CPU, hal_local_cmpxchg] wrap: the oldest record kept */
	u64 lost_reported;	/* [own CPU] total that lost_records entries have reported */
} __aligned(64);

#define TRACE_LOSSY 0x80000000U
#define TRACE_HEAD_BYTES 12U	/* event word and cycles */
#define TRACE_CYCLES_FLAG 0x80000000U

extern struct trace_ring trace_rings[NR_CPUS];

static inline u32 ring_offset(const struct trace_ring *r, u32 pos)
{
	return pos >= r->size ? pos - r->size : pos;
}

static inline u32 ring_advance(const struct trace_ring *r, u32 pos, u32 bytes)
{
	pos += bytes;
	return pos >= 2 * r->size ? pos - 2 * r->size : pos;
}

/** Bytes from @from to @to; more than the ring's size when @from is not before @to. */
static inline u32 ring_distance(const struct trace_ring *r, u32 from, u32 to)
{
	return to >= from ? to - from : to + 2 * r->size - from;
}

/** Is @pos a possible position of a consumer, with records reserved up to @prod? */
static inline bool ring_valid(const struct trace_ring *r, u32 pos, u32 prod)
{
	return pos < 2 * r->size && !(pos & 3) && ring_distance(r, pos, prod) <= r->size;
}

/** Length of the record at @pos; never past the ring's end, whatever the bytes there are. */
static inline u32 ring_record_bytes(const struct trace_ring *r, u32 pos)
{
	u32 off = ring_offset(r, pos);
	u32 head = READ_ONCE(*(u32 *)(r->data + off));
	u32 bytes = 4 + (head & TRACE_CYCLES_FLAG ? 8 : 0) + 4 * TRC_HD_EXTRA(head);

	return min(bytes, r->size - off);
}

/** The oldest record that a reader would get, with records up to @prod. */
static inline u32 ring_oldest(const struct trace_ring *r, u32 prod)
{
	u32 cons = READ_ONCE(r->shared->cons);

	if (ring_valid(r, cons, prod))
		return cons;
	return r->wrap ? (u32)r->tail : prod;
}

static inline u32 ring_lost(u64 state)
{
	u32 high = (u32)(state >> 32);

	return high & TRACE_LOSSY ? high & ~TRACE_LOSSY : 0;
}

#endif
