/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOREQ servers: requests that a vCPU waits for, and their answers. */
#include "private.h"

#include <xen/hal/vcpu.h>
#include <xen/printk.h>

/* The byte of struct ioreq that holds its state and direction is the one before its type. */
#define STATE_AT (offsetof(struct ioreq, type) - 1)
#define STATE_MASK 0xf

static struct ioreq *place_of(const struct ioreq_slot *slot)
{
	return (struct ioreq *)slot->server->sync.va + slot->vcpu;
}

static u8 *state_of(struct ioreq *q)
{
	return (u8 *)q + STATE_AT;
}

/* Write a request; the device model may look at it once its state says READY. */
static void write_request(struct ioreq *q, const struct ioreq_access *a, u32 port)
{
	struct ioreq r = {
		.addr = a->addr, .data = a->write || a->count ? a->data : 0,
		.count = max(a->count, (u16)1), .data_is_ptr = a->count != 0, .size = a->bytes,
		.vp_eport = port, .state = STATE_IOREQ_READY,
		.dir = a->write ? IOREQ_WRITE : IOREQ_READ, .type = a->type,
	};
	u8 state = *state_of(&r);

	_Static_assert(sizeof(struct ioreq) == 32, "slots of a shared page");
	*state_of(&r) = STATE_IOREQ_NONE;
	*q = r;
	__atomic_store_n(state_of(q), state, __ATOMIC_RELEASE);
}

/* Answer the newest request. True if its vCPU was waiting. */
static bool answer(struct ioreq_slot *slot, u64 data)
{
	struct vcpu *v = domain_vcpu(slot->server->d, slot->vcpu);

	return v && hal_ioreq_answer(v, __atomic_load_n(&slot->number, __ATOMIC_ACQUIRE), data);
}

void ioreq_give_up(struct ioreq_slot *slot)
{
	struct ioreq_server *s = slot->server;

	if (answer(slot, ~0UL) && !__atomic_exchange_n(&s->told, true, __ATOMIC_RELAXED))
		printk(LOG_G_WARN "d%u: the device model of ioreq server %u, in d%u, is gone: "
		       "its devices read as all ones\n", s->d->id, s->id, s->model);
}

/* A model that puts a request back unanswered has given up on it. */
static void slot_event(struct evtchn_consumer *c)
{
	struct ioreq_slot *slot = container_of(c, struct ioreq_slot, consumer);
	struct ioreq *q = place_of(slot);
	u8 state = __atomic_load_n(state_of(q), __ATOMIC_ACQUIRE) & STATE_MASK;

	if (state == STATE_IOREQ_NONE)
		ioreq_give_up(slot);
	if (state != STATE_IORESP_READY)
		return;
	answer(slot, READ_ONCE(q->data));
}

static void slot_closed(struct evtchn_consumer *c)
{
	struct ioreq_slot *slot = container_of(c, struct ioreq_slot, consumer);

	WRITE_ONCE(slot->left, true);
	ioreq_give_up(slot);
}

const struct evtchn_consumer_ops ioreq_slot_ops = {
	.name = "ioreq", .event = slot_event, .closed = slot_closed,
};
OPS_TABLE(ioreq_slot_ops, name);

/* Before it binds its channel a new model finds the request when it does; a dead one never. */
static void send(struct ioreq_slot *slot, u64 number, const struct ioreq_access *a)
{
	__atomic_store_n(&slot->number, number, __ATOMIC_RELEASE);
	write_request(place_of(slot), a, slot->port);
	if (!evtchn_consumer_send(slot->server->d, slot->port) && READ_ONCE(slot->left))
		ioreq_give_up(slot);
}

enum ioreq_rc ioreq_send(struct vcpu *v, const struct ioreq_access *a,
			 u64 (*ask)(struct vcpu *v, const void *arg), const void *arg)
{
	struct ioreq_domain *id = ioreq_of(v->domain);
	enum ioreq_rc rc = IOREQ_UNCLAIMED;
	struct ioreq_server *s;

	if (!id)
		return rc;
	read_lock(&id->lock);
	s = ioreq_find(id, a);
	if (s && ioreq_buffer(s, a)) {
		rc = IOREQ_DONE;
	} else if (s) {
		send(&s->slot[v->id], ask(v, arg), a);
		rc = IOREQ_ASKED;
	}
	read_unlock(&id->lock);
	return rc;
}
