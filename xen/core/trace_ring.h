/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of one CPU, shared by the files of core/trace*.c. */
#ifndef CORE_TRACE_RING_H
#define CORE_TRACE_RING_H

#include <xen/cpumask.h>

#include <public/xen.h>
#include <public/trace.h>

/*
 * Positions count bytes from 0 to twice the ring's size and then begin again, as the ABI wants it,
 * so that full and empty differ. A record never crosses the ring's end.
 *
 * @state is what a writer changes in one step: in the low half the position up to which records
 * are reserved; in the high half the position up to which the next ones may go without a closer
 * look (TRACE_LOSSY clear), or how many have been lost since the last that was kept.
 */
struct trace_ring {
	u64 state;		/* [own CPU, hal_local_cmpxchg] */
	u8 *data;		/* [const] */
	u32 size;		/* [const] bytes of records it holds */
	u32 nesting;		/* [own CPU] writers under way, one interrupted by the next */
	bool on;		/* [control] tracing is on, and the CPU in its mask */
	bool wrap;		/* [const] new records push out old ones */
	struct t_buf *shared;	/* [const] what consumers see; they may write anything there */
	u64 lost_since;		/* [own CPU] stamp of the first one lost */
	u64 tail;		/* [own CPU, hal_local_cmpxchg] wrap: the oldest record kept */
	u64 lost_reported;	/* [own CPU] told by lost_records entries, in all */
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

/** Bytes from @from to @to; more than the size when @from is not behind @to. */
static inline u32 ring_distance(const struct trace_ring *r, u32 from, u32 to)
{
	return to >= from ? to - from : to + 2 * r->size - from;
}

/** Could @pos be where a consumer is, with records reserved up to @prod? */
static inline bool ring_valid(const struct trace_ring *r, u32 pos, u32 prod)
{
	return pos < 2 * r->size && !(pos & 3) && ring_distance(r, pos, prod) <= r->size;
}

/** Length of the record at @pos, never past the ring's end whatever stands there. */
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
