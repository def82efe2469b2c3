/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See request.h. */
#include "request.h"

/* The byte that holds the state is the one before the type. */
static uint8_t *state_of(struct ioreq *q)
{
	return (uint8_t *)q + offsetof(struct ioreq, type) - 1;
}

static void set_state(struct ioreq *q, struct ioreq *copy, uint8_t state)
{
	copy->state = state;
	__atomic_store_n(state_of(q), *state_of(copy), __ATOMIC_RELEASE);
}

/*
 * Xen may ask for several accesses of one instruction at once: they are all to the same port. Their
 * data are then in the guest's memory, which this device does not look at: reads give all ones.
 */
static uint64_t perform(const struct ioreq *r, struct demo *d, uint64_t base)
{
	unsigned int offset = (unsigned int)(r->addr - base);

	if (r->type != IOREQ_TYPE_PIO || r->data_is_ptr || r->addr < base)
		return ~(uint64_t)0;
	if (r->dir == IOREQ_READ)
		return demo_read(d, offset, r->size);
	for (uint32_t i = 0; i < r->count; i++)
		demo_write(d, offset, r->size, r->data);
	return r->data;
}

bool request_answer(struct ioreq *q, struct demo *d, uint64_t base)
{
	struct ioreq r = { 0 };

	/* The state says that the rest is complete, so it is read first. */
	*state_of(&r) = __atomic_load_n(state_of(q), __ATOMIC_ACQUIRE);
	if (r.state != STATE_IOREQ_READY)
		return false;
	r = *q;
	set_state(q, &r, STATE_IOREQ_INPROCESS);
	q->data = perform(&r, d, base);
	set_state(q, &r, STATE_IORESP_READY);
	return true;
}
