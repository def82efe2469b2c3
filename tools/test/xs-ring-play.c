/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Playing bytes against a ring. Whatever the guest writes into its page, and whenever the daemon
 * dies, what is checked is:
 *  - the slot never holds more of a request than a request may have, nor of a message (asserted in
 *    ring.c, too);
 *  - a guest that then asks for a fresh start gets one, and is answered as any other;
 *  - accounts are right, and the records make the same state again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xs-guest.h"
#include "xs-ring-play.h"

struct play {
	const uint8_t *p, *end;
	struct guest g;
	uint32_t req_id;
};

static void __attribute__((noreturn)) wrong(const char *what)
{
	fprintf(stderr, "xs-ring-play: %s\n", what);
	abort();
}

static uint8_t byte(struct play *y)
{
	return y->p < y->end ? *y->p++ : 0;
}

static uint32_t word(struct play *y)
{
	uint32_t w = byte(y);

	return w | (uint32_t)byte(y) << 8 | (uint32_t)byte(y) << 16 | (uint32_t)byte(y) << 24;
}

/* A request as it should be, put in as far as it fits. */
static void put_request(struct play *y)
{
	static const struct {
		uint32_t type;
		const char *data;
		size_t len;
	} requests[] = {
		{ XS_WRITE, "/d/x\0value", 10 }, { XS_READ, "/d/x", 5 },
		{ XS_WATCH, "/d\0token", 9 }, { XS_UNWATCH, "/d\0token", 9 },
		{ XS_RM, "/d/x", 5 }, { XS_DIRECTORY, "/d", 3 }, { XS_TRANSACTION_START, "", 1 },
		{ XS_RESET_WATCHES, "", 1 },
	};
	uint8_t which = byte(y);
	size_t i = which % (sizeof(requests) / sizeof(requests[0])), long_by = which / 64 * 700U;
	struct xsd_sockmsg h = {
		.type = requests[i].type, .req_id = ++y->req_id,
	};
	char message[RING_MESSAGE_MAX];

	h.len = (uint32_t)(requests[i].len + (h.type == XS_WRITE ? long_by : 0));
	memcpy(message, &h, sizeof(h));
	memcpy(message + sizeof(h), requests[i].data, requests[i].len);
	memset(message + sizeof(h) + requests[i].len, 'v', h.len - requests[i].len);
	for (size_t n = 0, step; n < sizeof(h) + h.len; n += step) {
		step = guest_put(&y->g, message + n, sizeof(h) + h.len - n);
		if (!step)
			return;
		ring_run(&y->g.ring);
	}
}

/* Any of the words of the page, moved a little or set to anything. */
static void put_word(struct play *y)
{
	struct xenstore_domain_interface *p = &y->g.now->page;
	uint32_t *const words[] = {
		&p->req_cons, &p->req_prod, &p->rsp_cons, &p->rsp_prod, &p->server_features,
		&p->connection, &p->error,
	};
	uint8_t what = byte(y);
	uint32_t *at = words[(what & 0x7f) % (sizeof(words) / sizeof(words[0]))];

	if (what & 0x80)
		*at = word(y);
	else
		*at += (uint32_t)(int8_t)byte(y) * 17U;
}

static void put_bytes(struct play *y)
{
	struct xenstore_domain_interface *p = &y->g.now->page;
	unsigned int at = byte(y) * 4U, n = byte(y) % 32U;

	for (unsigned int i = 0; i < n; i++)
		p->req[(at + i) % XENSTORE_RING_SIZE] = (char)byte(y);
}

/* The daemon dies; if @at_record, when the next record is (about to be) kept. */
static void die(struct play *y, bool at_record, bool after)
{
	struct guest *g = &y->g;
	struct remains *r = after ? &g->after_record : &g->before_record;

	if (!at_record) {
		guest_restart_now(g);
		return;
	}
	buf_free(&g->before_record.log);
	buf_free(&g->after_record.log);
	g->copy_at = 1;
	guest_run(g);
	if (!g->copy_at)
		guest_restart(g, r);
	g->copy_at = 0;
}

static void one_step(struct play *y)
{
	struct guest *g = &y->g;
	char taken[512];
	uint8_t what = byte(y);

	switch (what % 10) {
	case 0:
	case 1:
		put_request(y);
		break;
	case 2:
		put_word(y);
		break;
	case 3:
		put_bytes(y);
		break;
	case 4:
		ring_run(&g->ring);
		break;
	case 5:
		die(y, what & 0x40, what & 0x80);
		break;
	case 6:
		guest_get(g, taken, 1U + what / 10U * 16U);
		break;
	case 7:
		world_write(&g->w, g->dom0, 0, "/d/e", "event");
		break;
	case 8:
		g->now->page.req_prod = g->now->page.req_cons + what * 5U;
		break;
	case 9:
		g->now->page.connection = XENSTORE_RECONNECT;
		break;
	}
}

static void check_slot(const struct play *y)
{
	const struct ring_slot *s = &y->g.now->slot;

	if (s->req_cons - (uint32_t)s->in > RING_MESSAGE_MAX)
		wrong("more of a request than a request may have");
	if (s->in >> 32 > RING_MESSAGE_MAX || s->out >> 33 > RING_MESSAGE_MAX)
		wrong("a message longer than any may be");
}

/* After all that, the guest can have a fresh start. */
static void fresh_start(struct play *y)
{
	struct guest *g = &y->g;
	struct xsd_sockmsg h = { .type = XS_MKDIR, .req_id = 77, .len = 5 }, answer;
	char data[16];

	g->now->page.connection = XENSTORE_RECONNECT;
	guest_run(g);
	if (g->now->page.connection != XENSTORE_CONNECTED || ring_broken(&g->ring))
		wrong("no fresh start");
	if (guest_put(g, &h, sizeof(h)) != sizeof(h) || guest_put(g, "/d/z", 5) != 5)
		wrong("a fresh ring is not empty");
	guest_run(g);
	if (guest_get(g, &answer, sizeof(answer)) != sizeof(answer) || answer.req_id != 77 ||
	    answer.type != XS_MKDIR || answer.len != 3 || guest_get(g, data, sizeof(data)) != 3)
		wrong("no answer after a fresh start");
}

void xs_ring_play(const uint8_t *data, size_t size)
{
	struct play *y = xs_zalloc(sizeof(*y));
	const char *what;

	y->p = data;
	y->end = data + size;
	guest_init(&y->g);
	while (y->p < y->end) {
		one_step(y);
		check_slot(y);
	}
	fresh_start(y);
	what = xs_check(&y->g.w.xs);
	if (!what)
		what = world_compare(&y->g.w);
	if (what)
		wrong(what);
	guest_fini(&y->g);
	xs_free(y);
}
