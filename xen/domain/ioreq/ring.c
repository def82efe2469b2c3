/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOREQ servers: the ring of buffered requests. Writes to the VGA window go there, as a guest may
 * make thousands and nothing depends on when they are done: a device model empties the ring before
 * it looks at a request that a vCPU waits for, so its view of their order is the guest's.
 */
#include "private.h"

#define VGA_FIRST 0xa0000UL
#define VGA_LAST 0xbffffUL
#define SLOTS IOREQ_BUFFER_SLOT_NUM

static bool may_buffer(const struct ioreq_server *s, const struct ioreq_access *a)
{
	return s->ring.va && a->write && a->type == IOREQ_TYPE_COPY && a->addr >= VGA_FIRST &&
	       a->addr + a->bytes - 1 <= VGA_LAST && !(a->bytes & (a->bytes - 1));
}

/* Both indices of the ring, which a device model may change as it likes: the read index is low. */
static u64 *pointers_of(struct buffered_iopage *ring)
{
	_Static_assert(offsetof(struct buffered_iopage, write_pointer) == 4, "indices are a pair");
	return (u64 *)&ring->read_pointer;
}

/*
 * Keep the indices from wrapping, after which they would not lead to the same places: take whole
 * turns off both. A model that counts its index up atomically is not disturbed by that; others
 * cannot be helped, and their ring ends with the last index.
 */
static void turn_back(struct ioreq_server *s, struct buffered_iopage *ring)
{
	u64 old = __atomic_load_n(pointers_of(ring), __ATOMIC_ACQUIRE);
	u32 turns = (u32)old / SLOTS * SLOTS;

	ASSERT(spin_is_locked_by_me(&s->ring_lock));
	if (s->buffered != HVM_IOREQSRV_BUFIOREQ_ATOMIC || !turns || old >> 32 != s->ring_write ||
	    turns > s->ring_write)
		return;
	if (__atomic_compare_exchange_n(pointers_of(ring), &old, old - ((u64)turns << 32 | turns),
					false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		s->ring_write -= turns;
}

/* Place @n of a write in the ring; one of 8 bytes takes two. */
static void fill(struct buffered_iopage *ring, u32 at, const struct ioreq_access *a, u32 n)
{
	struct buf_ioreq r = {
		.type = a->type, .dir = IOREQ_WRITE, .size = (u8)__builtin_ctz(a->bytes),
		.addr = (u32)a->addr, .data = (u32)(a->data >> (32 * n)),
	};

	ring->buf_ioreq[at % SLOTS] = r;
}

bool ioreq_buffer(struct ioreq_server *s, const struct ioreq_access *a)
{
	struct buffered_iopage *ring = s->ring.va;
	u32 n = a->bytes == 8 ? 2 : 1, used;
	bool room;

	if (!may_buffer(s, a))
		return false;
	spin_lock(&s->ring_lock);
	turn_back(s, ring);
	/* An index that the model made up counts as a full ring. */
	used = s->ring_write - READ_ONCE(ring->read_pointer);
	room = used <= SLOTS - n && s->ring_write < ~0U - SLOTS;
	if (room) {
		for (u32 i = 0; i < n; i++)
			fill(ring, s->ring_write + i, a, i);
		s->ring_write += n;
		__atomic_store_n(&ring->write_pointer, s->ring_write, __ATOMIC_RELEASE);
	}
	spin_unlock(&s->ring_lock);
	if (room)
		evtchn_consumer_send(s->d, s->ring_slot.port);
	return room;
}

/* The model has nothing to tell by this channel, and no vCPU waits for the ring. */
static void ring_event(struct evtchn_consumer *c)
{
}

const struct evtchn_consumer_ops ioreq_ring_ops = {
	.name = "buffered ioreq", .event = ring_event, .closed = ring_event,
};
OPS_TABLE(ioreq_ring_ops, name);
