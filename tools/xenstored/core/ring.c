/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moving messages between a domain's page and the core; see ring.h. */
#include <assert.h>
#include <string.h>

#include "ring.h"
#include "xs.h"

/* "XSR2": the layout of struct ring_slot. */
#define SLOT_MAGIC 0x32525358U
#define HEAD sizeof(struct xsd_sockmsg)
#define EVENT_BIT 1U

/* The guest writes these fields at any time. */
static uint32_t peek(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/* Tell the guest something in its page, or commit a step by one word of the slot: the compiler may
 * not move earlier stores past it. */
static void publish(uint32_t *p, uint32_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

/* The same for a word of two halves. */
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
	assert(len && len <= RING_MESSAGE_MAX && !out_len(s));
	commit(&s->out, start, len << 1 | (event ? EVENT_BIT : 0));
}

/* The bytes of the current request that are in the slot. */
static uint32_t request_len(const struct ring_slot *s)
{
	return s->req_cons - start_of(s->in);
}

/* Bytes of the message going out that are in the page. */
static uint32_t sent_len(const struct ring_slot *s)
{
	return s->rsp_prod - start_of(s->out);
}

bool ring_broken(const struct ring *r)
{
	return r->slot->error != XENSTORE_ERROR_NONE;
}

static void fail(struct ring *r, uint32_t error)
{
	assert(error != XENSTORE_ERROR_NONE);
	publish(&r->slot->error, error);
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

/* Begin a stream at the given places: nothing taken, nothing going out. */
static void clear_slot(struct ring *r, uint32_t req_cons, uint32_t rsp_prod)
{
	struct ring_slot *s = r->slot;

	/* A daemon killed in here leaves a new slot. */
	publish(&s->magic, 0);
	s->error = XENSTORE_ERROR_NONE;
	s->req_cons = req_cons;
	s->rsp_prod = rsp_prod;
	commit(&s->out, 0, 0);
	commit(&s->in, req_cons, 0);
	publish(&s->magic, SLOT_MAGIC);
}

/* Both ends begin at zero. */
static void clear_all(struct ring *r)
{
	publish(&r->page->req_cons, 0);
	publish(&r->page->req_prod, 0);
	publish(&r->page->rsp_cons, 0);
	publish(&r->page->rsp_prod, 0);
	clear_slot(r, 0, 0);
}

/* The guest asks for a fresh start. The word it waits for is written last. */
static void reconnect(struct ring *r)
{
	xs_domain_reset(r->xs, r->d);
	clear_all(r);
	publish(&r->page->error, XENSTORE_ERROR_NONE);
	publish(&r->page->connection, XENSTORE_CONNECTED);
	r->notify = true;
}

/* Do the words of the slot agree with each other? They do unless the file was damaged. */
static bool slot_sound(const struct ring_slot *s)
{
	uint32_t have = request_len(s), len = out_len(s);
	struct xsd_sockmsg h;

	if (have > RING_MESSAGE_MAX || answer_len(s) > RING_MESSAGE_MAX)
		return false;
	if (have > HEAD) {
		memcpy(&h, s->request, HEAD);
		if (h.len > XENSTORE_PAYLOAD_MAX || have - HEAD > h.len)
			return false;
	}
	if (!len)
		return true;
	return len <= RING_MESSAGE_MAX && sent_len(s) <= len &&
	       (s->out >> 32 & EVENT_BIT || answer_len(s) == len);
}

/* Drop the message of the last daemon's that is in the page whole. */
static void resume_out(struct ring_slot *s)
{
	if (!out_len(s) || sent_len(s) != out_len(s))
		return;
	if (!(s->out >> 32 & EVENT_BIT))
		answer_done(s);
	commit(&s->out, 0, 0);
}

/* The request that is whole in the slot: did the last daemon do what it asks, and not say so? */
static void resume_request(struct ring *r)
{
	const struct resume *done = &r->d->resume;
	struct ring_slot *s = r->slot;
	struct xsd_sockmsg h;
	uint32_t have = request_len(s);

	if (!done->valid || answer_len(s) || have < HEAD)
		return;
	memcpy(&h, s->request, HEAD);
	if (h.len != have - HEAD || s->req_cons != done->in_next || h.type != done->type ||
	    h.req_id != done->req_id || h.tx_id != done->tx_id)
		return;
	h.len = 3;
	memcpy(s->answer, &h, HEAD);
	memcpy(s->answer + HEAD, "OK", 3);
	commit(&s->in, s->req_cons, HEAD + 3);
}

void ring_attach(struct ring *r)
{
	struct ring_slot *s = r->slot;

	/* A kernel that came up before this process waits for an event to look for devices. */
	r->notify = true;
	if (r->d->afresh)
		clear_all(r);
	r->d->afresh = false;
	publish(&r->page->server_features,
		XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR);
	if (s->magic != SLOT_MAGIC)
		clear_slot(r, peek(&r->page->req_cons), peek(&r->page->rsp_prod));
	if (!slot_sound(s))
		fail(r, XENSTORE_ERROR_COMM);
	publish(&r->page->req_cons, s->req_cons);
	publish(&r->page->rsp_prod, s->rsp_prod);
	publish(&r->page->error, s->error);
	if (ring_broken(r))
		return;
	resume_out(s);
	resume_request(r);
}

/* Choose the next message: the answer kept in the slot (no core queue knows it after a restart), or
 * the first of the queue. False when there is none. */
static bool next_out(struct ring *r)
{
	struct ring_slot *s = r->slot;
	struct msg *m = r->d->conn->out;

	if (m && m->event) {
		assert(m->len <= sizeof(s->event));
		memcpy(s->event, m->data, m->len);
		conn_taking(r->d->conn);
		begin_out(s, s->rsp_prod, m->len, true);
		conn_taken(r->d->conn);
		return true;
	}
	if (m)
		conn_taken(r->d->conn);
	if (!answer_len(s))
		return false;
	begin_out(s, s->rsp_prod, answer_len(s), false);
	return true;
}

/* Send what fits of the message that is going out; true when that was all of it. */
static bool send_some(struct ring *r)
{
	struct ring_slot *s = r->slot;
	bool event = s->out >> 32 & EVENT_BIT;
	uint32_t len = out_len(s), sent = sent_len(s);
	uint32_t used = s->rsp_prod - peek(&r->page->rsp_cons), room, n;
	const char *from = (event ? s->event : s->answer) + sent;

	assert(sent <= len && len <= RING_MESSAGE_MAX);
	if (used > XENSTORE_RING_SIZE) {
		fail(r, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	room = XENSTORE_RING_SIZE - used;
	n = len - sent < room ? len - sent : room;
	for (uint32_t done = 0, step; done < n; done += step) {
		uint32_t at = MASK_XENSTORE_IDX(s->rsp_prod + done);

		step = XENSTORE_RING_SIZE - at < n - done ? XENSTORE_RING_SIZE - at : n - done;
		memcpy(r->page->rsp + at, from + done, step);
	}
	if (n) {
		publish(&s->rsp_prod, s->rsp_prod + n);
		publish(&r->page->rsp_prod, s->rsp_prod);
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
	while (!ring_broken(r) && (out_len(r->slot) || next_out(r))) {
		if (!send_some(r))
			return;
	}
}

/*
 * Take up to @want bytes more of the request out of the page; false when they are not all there, or
 * the guest breaks the rules.
 */
static bool take(struct ring *r, uint32_t want)
{
	struct ring_slot *s = r->slot;
	uint32_t there = peek(&r->page->req_prod) - s->req_cons, have = request_len(s), n;

	assert(have <= RING_MESSAGE_MAX && want <= RING_MESSAGE_MAX - have);
	if (there > XENSTORE_RING_SIZE) {
		fail(r, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	n = want < there ? want : there;
	for (uint32_t done = 0, step; done < n; done += step) {
		uint32_t at = MASK_XENSTORE_IDX(s->req_cons + done);

		step = XENSTORE_RING_SIZE - at < n - done ? XENSTORE_RING_SIZE - at : n - done;
		memcpy(s->request + have + done, r->page->req + at, step);
	}
	if (n) {
		publish(&s->req_cons, s->req_cons + n);
		publish(&r->page->req_cons, s->req_cons);
		r->notify = true;
	}
	return n == want;
}

/* Is a request whole in the slot now? Its header goes to *@h. */
static bool whole_request(struct ring *r, struct xsd_sockmsg *h)
{
	uint32_t have = request_len(r->slot);

	if (have < HEAD && !take(r, HEAD - have))
		return false;
	memcpy(h, r->slot->request, HEAD);
	if (h->len > XENSTORE_PAYLOAD_MAX) {
		fail(r, XENSTORE_ERROR_PROTO);
		return false;
	}
	have = request_len(r->slot) - HEAD;
	assert(have <= h->len);
	return have == h->len || take(r, h->len - have);
}

/* Put the answer, which is somewhere in the queue, into the slot; the request is done with. */
static void keep_answer(struct ring *r)
{
	const struct msg *m = r->d->conn->out;

	while (m && m->event)
		m = m->next;
	if (!m)
		return;
	assert(m->len <= sizeof(r->slot->answer) && !answer_len(r->slot));
	memcpy(r->slot->answer, m->data, m->len);
	commit(&r->slot->in, r->slot->req_cons, m->len);
}

bool ring_run(struct ring *r)
{
	struct conn *c = r->d->conn;
	struct xsd_sockmsg h;

	if (peek(&r->page->connection) == XENSTORE_RECONNECT)
		reconnect(r);
	if (ring_broken(r))
		return false;
	flush(r);
	/* One answer at a time: the slot has room for one. */
	if (ring_broken(r) || c->nr_replies || answer_len(r->slot) || !whole_request(r, &h))
		return false;
	c->in_next = r->slot->req_cons;
	xs_request(r->xs, c, &h, r->slot->request + HEAD);
	keep_answer(r);
	flush(r);
	return !ring_broken(r) && !answer_len(r->slot);
}
