/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing trace records: any context, no locks, no waiting.
 *
 * A ring is written by one CPU, but a writer may be interrupted at any instruction, even by an NMI,
 * by a handler that writes as well, and so on. So a writer first reserves its place by one
 * compare-and-exchange, which also decides which records are lost. It takes the stamp before that
 * step and repeats both when the step fails, so places and stamps have the same order. An
 * interrupted writer continues only after the interrupting one has finished. So when the outermost
 * writer is done, all reserved records are complete; it shows them to consumers by moving prod.
 *
 * Consumers move cons. The value is checked before use: when it is not a possible position, the
 * ring counts as full.
 */
#include <xen/assert.h>
#include <xen/hal/cpu.h>
#include <xen/softirq.h>
#include <xen/string.h>
#include <xen/trace.h>

#include "trace_ring.h"

#define LOST_WORDS 4U
#define LOST_BYTES (TRACE_HEAD_BYTES + 4 * LOST_WORDS)
#define EVENT_LOST 0x0001f001U
#define EVENT_WRAP 0x0001f002U

struct trace_ring trace_rings[NR_CPUS];
DEFINE_PER_CPU(u32, trace_context);

static inline void barrier(void) { __asm__ volatile("" ::: "memory"); }

/* The layout of one reservation. */
struct plan {
	u32 first_fill, lost_at;	/* [with lost records only] */
	u32 fill, record_at;
	u32 total;			/* bytes, all of the above included */
};

/* Bytes up to the ring's end if @bytes do not fit before it, else 0. */
static u32 fill_before(const struct trace_ring *r, u32 pos, u32 bytes)
{
	u32 room = r->size - ring_offset(r, pos);

	return room < bytes ? room : 0;
}

static void make_plan(const struct trace_ring *r, u32 prod, u32 lost, u32 bytes, struct plan *p)
{
	u32 pos = prod;

	p->first_fill = 0;
	p->lost_at = pos;
	if (lost) {
		p->first_fill = fill_before(r, pos, LOST_BYTES);
		p->lost_at = ring_advance(r, pos, p->first_fill);
		pos = ring_advance(r, p->lost_at, LOST_BYTES);
	}
	p->fill = fill_before(r, pos, bytes);
	p->record_at = ring_advance(r, pos, p->fill);
	p->total = ring_distance(r, prod, p->record_at) + bytes;
}

/*
 * Wrap mode: make sure that @need bytes are free after @prod, if necessary by moving the tail. It
 * moves further than needed, so that not every writer has to. False when another writer interfered.
 */
static bool push_out(struct trace_ring *r, u32 prod, u32 need)
{
	u64 old = READ_ONCE(r->tail);
	u32 cons = READ_ONCE(r->shared->cons), tail = (u32)old;

	/* A reader that keeps up needs nothing pushed out. */
	if (ring_valid(r, cons, prod) &&
	    ring_distance(r, cons, prod) < ring_distance(r, tail, prod))
		tail = cons;
	if (r->size - ring_distance(r, tail, prod) < need)
		need += r->size / 16;
	while (r->size - ring_distance(r, tail, prod) < need) {
		tail = ring_advance(r, tail, ring_record_bytes(r, tail));
		/* A consumer may have overwritten lengths, so the walk may have gone astray. */
		if (ring_distance(r, tail, prod) > r->size)
			tail = prod;
	}
	if (tail == (u32)old)
		return true;
	if (!hal_local_cmpxchg(&r->tail, &old, tail))
		return false;
	WRITE_ONCE(r->shared->cons, tail);
	return true;
}

/* Bytes between the consumer and @prod; the ring's size when cons is invalid. */
static u32 bytes_used(const struct trace_ring *r, u32 prod)
{
	u32 cons = r->wrap ? (u32)READ_ONCE(r->tail) : READ_ONCE(r->shared->cons);

	return ring_valid(r, cons, prod) ? ring_distance(r, cons, prod) : r->size;
}

/*
 * The position up to which the next writers need no further checks: where the ring ends, is full,
 * or becomes half full (just before that, so that the record that crosses it is checked).
 */
static u32 free_until(const struct trace_ring *r, u32 prod, u32 used)
{
	u32 end = prod < r->size ? r->size : 2 * r->size - 4;
	u32 room = r->size - used, half = ROUND_DOWN(r->size / 2, 4U);

	if (used < half)
		room = half - used - 4;
	return room < end - prod ? prod + room : end;
}

static void write_fill(struct trace_ring *r, u32 pos, u32 bytes, u64 stamp)
{
	u32 *p = (u32 *)(r->data + ring_offset(r, pos)), words = bytes / 4 - 1;

	ASSERT(bytes && !(bytes & 3) && ring_offset(r, pos) + bytes == r->size);
	memset(p, 0, bytes);
	*p = EVENT_WRAP | words << TRACE_EXTRA_SHIFT;
	if (words <= TRACE_EXTRA_MAX)
		return;
	*p = EVENT_WRAP | (words - 2) << TRACE_EXTRA_SHIFT | TRACE_CYCLES_FLAG;
	memcpy(p + 1, &stamp, sizeof(stamp));
}

static void write_lost(struct trace_ring *r, u32 pos, u32 lost, u64 since, u64 stamp)
{
	u32 *p = (u32 *)(r->data + ring_offset(r, pos));

	p[0] = EVENT_LOST | LOST_WORDS << TRACE_EXTRA_SHIFT | TRACE_CYCLES_FLAG;
	memcpy(p + 1, &stamp, sizeof(stamp));
	p[3] = lost;
	p[4] = this_cpu(trace_context);
	memcpy(p + 5, &since, sizeof(since));
	r->lost_reported += lost;
}

/* Count a record as lost; false when another writer interfered. */
static bool lose(struct trace_ring *r, u64 old, u64 stamp)
{
	u32 lost = ring_lost(old);

	/* The stamp is used only while the count is not 0, and only one writer raises it from 0. */
	if (!lost)
		r->lost_since = stamp;
	barrier();
	return hal_local_cmpxchg(&r->state, &old,
				 (u32)old |
				 (u64)(TRACE_LOSSY | min(lost + 1, TRACE_LOSSY - 1)) << 32);
}

/*
 * Try once to reserve. @old is the state read before @stamp was taken. 1: done, 0: lost,
 * -1: another writer interfered.
 */
static int try_reserve(struct trace_ring *r, u64 old, u32 bytes, u64 stamp, u32 **record)
{
	u32 prod = (u32)old, lost = ring_lost(old), used, next;
	u64 since = r->lost_since;
	struct plan p;

	make_plan(r, prod, lost, bytes, &p);
	ASSERT(r->nesting && ring_offset(r, p.record_at) + bytes <= r->size);
	if (r->wrap && !push_out(r, prod, p.total))
		return -1;
	used = bytes_used(r, prod);
	if (unlikely(r->size - used < p.total))
		return lose(r, old, stamp) ? 0 : -1;
	next = ring_advance(r, prod, p.total);
	if (!hal_local_cmpxchg(&r->state, &old,
			       next | (u64)free_until(r, next, used + p.total) << 32))
		return -1;
	if (p.first_fill)
		write_fill(r, prod, p.first_fill, stamp);
	if (lost)
		write_lost(r, p.lost_at, lost, since, stamp);
	if (p.fill)
		write_fill(r, ring_advance(r, p.record_at, 2 * r->size - p.fill), p.fill, stamp);
	if (used < r->size / 2 && used + p.total >= r->size / 2)
		softirq_raise(SOFTIRQ_TRACE);
	*record = (u32 *)(r->data + ring_offset(r, p.record_at));
	return 1;
}

/* A writer is done. Show the records to consumers if this is the outermost writer. */
static inline void commit(struct trace_ring *r)
{
	u32 prod;

	if (unlikely(r->nesting != 1)) {
		r->nesting--;
		return;
	}
	do {
		WRITE_ONCE(r->nesting, 1);
		barrier();
		prod = (u32)READ_ONCE(r->state);
		__atomic_store_n(&r->shared->prod, prod, __ATOMIC_RELEASE);
		barrier();
		WRITE_ONCE(r->nesting, 0);
		barrier();
		/* A nested writer that ended before nesting fell left its record to us. */
	} while (unlikely((u32)READ_ONCE(r->state) != prod));
}

/* The payload as arguments, so that it is passed in registers as far as possible. */
#define PAYLOAD_PARAMS u32 a, u32 b, u32 c, u32 d, u32 e, u32 f, u32 g
#define PAYLOAD a, b, c, d, e, f, g

static inline __attribute__((always_inline)) void fill_in(u32 *p, u32 id, u64 stamp, const u32 n,
							  PAYLOAD_PARAMS)
{
	const u32 words[] = { PAYLOAD };

	p[0] = id | n << TRACE_EXTRA_SHIFT | TRACE_CYCLES_FLAG;
	p[1] = (u32)stamp;
	p[2] = (u32)(stamp >> 32);
	for (u32 i = 0; i < n; i++)
		p[3 + i] = words[i];
}

/* The slow path: the ring ends, is full or becomes half full, or records were lost before. */
static __attribute__((noinline)) void append_slowly(struct trace_ring *r, u32 id, u32 n,
						    PAYLOAD_PARAMS)
{
	u32 *record = NULL;
	u64 old, stamp;

	do {
		old = READ_ONCE(r->state);
		stamp = hal_trace_stamp();
	} while (try_reserve(r, old, TRACE_HEAD_BYTES + 4 * n, stamp, &record) < 0);
	if (record)
		fill_in(record, id, stamp, n, PAYLOAD);
	barrier();
	commit(r);
}

static inline __attribute__((always_inline)) void append(u32 id, const u32 n, PAYLOAD_PARAMS)
{
	struct trace_ring *r = &trace_rings[hal_smp_cpu_id()];
	const u32 bytes = TRACE_HEAD_BYTES + 4 * n;
	u64 old, stamp;

	if (unlikely(!READ_ONCE(r->on)))
		return;
	r->nesting++;
	barrier();
	old = READ_ONCE(r->state);
	do {
		stamp = hal_trace_stamp();
		/* Signed, so that no sum is below the high half while TRACE_LOSSY is set. */
		if (unlikely((s32)((u32)old + bytes) > (s32)(old >> 32))) {
			append_slowly(r, id, n, PAYLOAD);
			return;
		}
	} while (unlikely(!hal_local_cmpxchg(&r->state, &old, old + bytes)));
	fill_in((u32 *)(r->data + ring_offset(r, (u32)old)), id, stamp, n, PAYLOAD);
	barrier();
	commit(r);
}

void trace_write0(u32 id)
{
	append(id, 0, 0, 0, 0, 0, 0, 0, 0);
}

void trace_write1(u32 id, u32 a)
{
	append(id, 1, a, 0, 0, 0, 0, 0, 0);
}

void trace_write2(u32 id, u32 a, u32 b)
{
	append(id, 2, a, b, 0, 0, 0, 0, 0);
}

void trace_write3(u32 id, u32 a, u32 b, u32 c)
{
	append(id, 3, a, b, c, 0, 0, 0, 0);
}

void trace_write4(u32 id, u32 a, u32 b, u32 c, u32 d)
{
	append(id, 4, a, b, c, d, 0, 0, 0);
}

void trace_write5(u32 id, u32 a, u32 b, u32 c, u32 d, u32 e)
{
	append(id, 5, a, b, c, d, e, 0, 0);
}

void trace_write6(u32 id, u32 a, u32 b, u32 c, u32 d, u32 e, u32 f)
{
	append(id, 6, a, b, c, d, e, f, 0);
}

void trace_write7(u32 id, u32 a, u32 b, u32 c, u32 d, u32 e, u32 f, u32 g)
{
	append(id, 7, a, b, c, d, e, f, g);
}
