/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moving messages between a domain's page and the core; see ring.h. */
#include <string.h>

#include "ring.h"
#include "xs.h"

#define SLOT_MAGIC 0x31525358U
#define HEAD sizeof(struct xsd_sockmsg)
#define EVENT_BIT 1U

/* The guest writes these fields at any time. */
static uint32_t peek(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void publish(uint32_t *p, uint32_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

/* The last store of a step: the compiler may not move others behind it. */
static void commit(uint64_t *word, uint32_t start, uint32_t rest)
{
	__atomic_store_n(word, (uint64_t)rest << 32 | start, __ATOMIC_RELEASE);
}

static uint32_t start_of(uint64_t word)
{
	return (uint32_t)word;
}

static uint32_t answer_len(const struct ring_slot *s)
{
	return (uint32_t)(s->in >> 32);
}

static uint32_t out_len(const struct ring_slot *s)
{
	return (uint32_t)(s->out >> 33);
}

static void begin_out(struct ring_slot *s, uint32_t start, uint32_t len, bool event)
{
	commit(&s->out, start, len << 1 | (event ? EVENT_BIT : 0));
}

static void fail(struct ring *r, uint32_t error)
{
	r->broken = true;
	publish(&r->page->error, error);
	r->notify = true;
	conn_reset(r->xs, r->d->conn);
	conn_drop_output(r->d->conn);
}

/* Drop the answer that is out, or was never begun. */
static void answer_done(struct ring_slot *s)
{
	commit(&s->in, start_of(s->in), 0);
}

static void clear_indices(struct ring *r)
{
	r->req_cons = r->rsp_prod = 0;
	publish(&r->page->req_cons, 0);
	publish(&r->page->req_prod, 0);
	publish(&r->page->rsp_cons, 0);
	publish(&r->page->rsp_prod, 0);
}

static void clear_slot(struct ring *r)
{
	r->slot->magic = SLOT_MAGIC;
	commit(&r->slot->out, 0, 0);
	commit(&r->slot->in, r->req_cons, 0);
}

/* The guest asks for a fresh start. The word it waits for is written last. */
static void reconnect(struct ring *r)
{
	xs_domain_reset(r->xs, r->d);
	clear_indices(r);
	clear_slot(r);
	publish(&r->page->error, XENSTORE_ERROR_NONE);
	publish(&r->page->connection, XENSTORE_CONNECTED);
	r->broken = false;
	r->notify = true;
}

/* A message of the last daemon's that was going out: is it out? */
static bool resume_out(struct ring *r)
{
	struct ring_slot *s = r->slot;
	uint32_t len = out_len(s), sent = r->rsp_prod - start_of(s->out);
	bool event = s->out >> 32 & EVENT_BIT;

	if (!len)
		return true;
	if (len > RING_MESSAGE_MAX || sent > len || (!event && answer_len(s) != len))
		return false;
	if (sent == len) {
		if (!event)
			answer_done(s);
		commit(&s->out, 0, 0);
	}
	return true;
}

/* The request that is whole in the slot: did the last daemon do what it asks, and not say so? */
static void resume_request(struct ring *r)
{
	const struct resume *done = &r->d->resume;
	struct ring_slot *s = r->slot;
	struct xsd_sockmsg h;
	uint32_t have = r->req_cons - start_of(s->in);

	if (!done->valid || answer_len(s) || have < HEAD)
		return;
	memcpy(&h, s->request, HEAD);
	if (h.len != have - HEAD || r->req_cons != done->in_next || h.type != done->type ||
	    h.req_id != done->req_id || h.tx_id != done->tx_id)
		return;
	h.len = 3;
	memcpy(s->answer, &h, HEAD);
	memcpy(s->answer + HEAD, "OK", 3);
	commit(&s->in, r->req_cons, HEAD + 3);
}

void ring_attach(struct ring *r)
{
	struct ring_slot *s = r->slot;

	r->broken = false;
	/* A kernel that came up before this process waits for an event to look for devices. */
	r->notify = true;
	if (r->d->afresh)
		clear_indices(r);
	r->d->afresh = false;
	r->req_cons = peek(&r->page->req_cons);
	r->rsp_prod = peek(&r->page->rsp_prod);
	publish(&r->page->server_features,
		XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR);
	if (s->magic != SLOT_MAGIC) {
		publish(&r->page->error, XENSTORE_ERROR_NONE);
		clear_slot(r);
		return;
	}
	if (r->req_cons - start_of(s->in) > RING_MESSAGE_MAX || answer_len(s) > RING_MESSAGE_MAX ||
	    !resume_out(r)) {
		fail(r, XENSTORE_ERROR_COMM);
		return;
	}
	/* What broke the rules before the restart still does. */
	r->broken = peek(&r->page->error) != XENSTORE_ERROR_NONE;
	resume_request(r);
}

/* Choose the next message: the answer kept in the slot (no core queue knows it after a restart), or
 * the first of the queue. False when there is none. */
static bool next_out(struct ring *r)
{
	struct ring_slot *s = r->slot;
	struct msg *m = r->d->conn->out;

	if (m && m->event) {
		memcpy(s->event, m->data, m->len);
		conn_taking(r->d->conn);
		begin_out(s, r->rsp_prod, m->len, true);
		conn_taken(r->d->conn);
		return true;
	}
	if (m)
		conn_taken(r->d->conn);
	if (!answer_len(s))
		return false;
	begin_out(s, r->rsp_prod, answer_len(s), false);
	return true;
}

/* Send what fits of the message that is going out; true when that was all of it. */
static bool send_some(struct ring *r)
{
	struct ring_slot *s = r->slot;
	bool event = s->out >> 32 & EVENT_BIT;
	uint32_t len = out_len(s), sent = r->rsp_prod - start_of(s->out);
	uint32_t used = r->rsp_prod - peek(&r->page->rsp_cons), room, n;
	const char *from = (event ? s->event : s->answer) + sent;

	if (used > XENSTORE_RING_SIZE) {
		fail(r, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	room = XENSTORE_RING_SIZE - used;
	n = len - sent < room ? len - sent : room;
	for (uint32_t done = 0, step; done < n; done += step) {
		uint32_t at = MASK_XENSTORE_IDX(r->rsp_prod + done);

		step = XENSTORE_RING_SIZE - at < n - done ? XENSTORE_RING_SIZE - at : n - done;
		memcpy(r->page->rsp + at, from + done, step);
	}
	if (n) {
		r->rsp_prod += n;
		publish(&r->page->rsp_prod, r->rsp_prod);
		r->notify = true;
	}
	if (sent + n < len)
		return false;
	if (!event)
		answer_done(s);
	commit(&s->out, 0, 0);
	return true;
}

static void flush(struct ring *r)
{
	while (!r->broken && (out_len(r->slot) || next_out(r))) {
		if (!send_some(r))
			return;
	}
}

/* Take up to @want bytes more of the request out of the page; false when it breaks the rules. */
static bool take(struct ring *r, uint32_t have, uint32_t want)
{
	uint32_t there = peek(&r->page->req_prod) - r->req_cons, n;

	if (there > XENSTORE_RING_SIZE) {
		fail(r, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	n = want < there ? want : there;
	for (uint32_t done = 0, step; done < n; done += step) {
		uint32_t at = MASK_XENSTORE_IDX(r->req_cons + done);

		step = XENSTORE_RING_SIZE - at < n - done ? XENSTORE_RING_SIZE - at : n - done;
		memcpy(r->slot->request + have + done, r->page->req + at, step);
	}
	if (n) {
		r->req_cons += n;
		publish(&r->page->req_cons, r->req_cons);
		r->notify = true;
	}
	return n == want;
}

/* Is a request whole in the slot now? Its header goes to *@h. */
static bool whole_request(struct ring *r, struct xsd_sockmsg *h)
{
	uint32_t have = r->req_cons - start_of(r->slot->in);

	if (have < HEAD && !take(r, have, HEAD - have))
		return false;
	have = r->req_cons - start_of(r->slot->in);
	memcpy(h, r->slot->request, HEAD);
	if (h->len > XENSTORE_PAYLOAD_MAX) {
		fail(r, XENSTORE_ERROR_PROTO);
		return false;
	}
	return have == HEAD + h->len || take(r, have, HEAD + h->len - have);
}

/* Put the answer, which is somewhere in the queue, into the slot, and the request behind us. */
static void keep_answer(struct ring *r)
{
	const struct msg *m = r->d->conn->out;

	while (m && m->event)
		m = m->next;
	if (!m)
		return;
	memcpy(r->slot->answer, m->data, m->len);
	commit(&r->slot->in, r->req_cons, m->len);
}

bool ring_run(struct ring *r)
{
	struct conn *c = r->d->conn;
	struct xsd_sockmsg h;

	if (peek(&r->page->connection) == XENSTORE_RECONNECT)
		reconnect(r);
	if (r->broken)
		return false;
	flush(r);
	/* One answer at a time: the slot has room for one. */
	if (r->broken || c->nr_replies || answer_len(r->slot) || !whole_request(r, &h))
		return false;
	c->in_next = r->req_cons;
	xs_request(r->xs, c, &h, r->slot->request + HEAD);
	keep_answer(r);
	flush(r);
	return !r->broken && !answer_len(r->slot);
}
