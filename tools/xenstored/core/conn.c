/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections and their queues; see conn.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "xs.h"

/* Events that may wait for a connection with privilege before they are merged. */
#define PRIVILEGED_EVENTS 65536U
/* Replies that may wait for one before its requests are left alone. */
#define PRIVILEGED_REPLIES 256U

struct conn *conn_new(struct xs *xs, const struct cred *cred, struct domain *domain)
{
	struct conn *c = xs_zalloc(sizeof(*c));

	c->cred = *cred;
	c->usage = store_usage(&xs->store, cred->domid);
	c->domain = domain;
	c->out_tail = &c->out;
	list_init(&c->watches);
	list_init(&c->txns);
	assert(!domain || domain->domid == cred->domid);
	list_add(&xs->conns, &c->link);
	return c;
}

void conn_reset(struct xs *xs, struct conn *c)
{
	while (!list_empty(&c->watches))
		conn_watch_remove(xs, list_entry(c->watches.next, struct watch, owned));
	while (!list_empty(&c->txns))
		txn_free(&xs->store, list_entry(c->txns.next, struct txn, link));
}

void conn_drop_output(struct conn *c)
{
	while (c->out)
		conn_taken(c);
}

void conn_free(struct xs *xs, struct conn *c)
{
	conn_reset(xs, c);
	conn_drop_output(c);
	assert(!c->nr_replies && !c->nr_events && !c->out);
	list_del(&c->link);
	xs_free(c);
}

struct txn *conn_txn(const struct conn *c, uint32_t id)
{
	struct list *pos;

	list_for(pos, &c->txns) {
		struct txn *t = list_entry(pos, struct txn, link);

		if (t->id == id)
			return t;
	}
	return NULL;
}

struct watch *conn_watch(const struct conn *c, const char *path, const char *token)
{
	struct list *pos;

	list_for(pos, &c->watches) {
		struct watch *w = list_entry(pos, struct watch, owned);

		if (!strcmp(w->token, token) && !strcmp(w->path, path))
			return w;
	}
	return NULL;
}

struct watch *conn_watch_add(struct xs *xs, struct conn *c, const char *path, size_t home_len,
			     const char *token)
{
	struct usage *u = c->usage;
	struct watch *w = xs_zalloc(sizeof(*w));

	assert(home_len <= strlen(path));
	w->conn = c;
	w->path = xs_strndup(path, strlen(path));
	w->token = xs_strndup(token, strlen(token));
	w->home_len = home_len;
	list_add(&c->watches, &w->owned);
	watches_add(&xs->watches, w);
	u->watches++;
	u->watch_bytes += (long)watch_bytes(w);
	return w;
}

void conn_watch_remove(struct xs *xs, struct watch *w)
{
	struct usage *u = w->conn->usage;
	struct msg *m;

	assert(u->watches);
	u->watches--;
	u->watch_bytes -= (long)watch_bytes(w);
	for (m = w->pending ? w->conn->out : NULL; m; m = m->next) {
		if (m->watch == w)
			m->watch = NULL;
	}
	list_del(&w->owned);
	watches_remove(&xs->watches, w);
	xs_free(w->path);
	xs_free(w->token);
	xs_free(w);
}

long msg_bytes(const struct msg *m)
{
	return (long)(sizeof(*m) + m->len + ALLOC_OVERHEAD);
}

static struct msg *queue(struct xs *xs, struct conn *c, const struct xsd_sockmsg *h)
{
	struct msg *m = xs_alloc(sizeof(*m) + sizeof(*h) + h->len);
	bool first = !c->out;

	assert(h->len <= XENSTORE_PAYLOAD_MAX);
	m->next = NULL;
	m->watch = NULL;
	m->event = m->merged = false;
	m->len = (uint32_t)sizeof(*h) + h->len;
	memcpy(m->data, h, sizeof(*h));
	*c->out_tail = m;
	c->out_tail = &m->next;
	c->usage->message_bytes += msg_bytes(m);
	if (first)
		xs->hooks->output(xs->ctx, c);
	return m;
}

static void queue_reply(struct xs *xs, struct conn *c, uint32_t type, const void *data, size_t len)
{
	struct xsd_sockmsg h = *c->request;
	struct msg *m;

	assert(c->request);
	h.type = type;
	h.len = (uint32_t)len;
	m = queue(xs, c, &h);
	if (len)
		memcpy(m->data + sizeof(h), data, len);
	c->nr_replies++;
}

void conn_reply(struct xs *xs, struct conn *c, const void *data, size_t len)
{
	if (len > XENSTORE_PAYLOAD_MAX)
		conn_error(xs, c, E2BIG);
	else
		queue_reply(xs, c, c->request->type, data, len);
}

void conn_error(struct xs *xs, struct conn *c, int error)
{
	const char *name = wire_error_name(error);

	xs->errors++;
	queue_reply(xs, c, XS_ERROR, name, strlen(name) + 1);
}

/* A merged event takes no more than its watch is counted as, so the memory is exceeded by a bounded
 * amount. */
static void queue_event(struct xs *xs, struct watch *w, const char *seen, bool merged)
{
	size_t path_len = strlen(seen) + 1, token_len = strlen(w->token) + 1;
	struct xsd_sockmsg h = { .type = XS_WATCH_EVENT, .len = (uint32_t)(path_len + token_len) };
	struct msg *m = queue(xs, w->conn, &h);

	memcpy(m->data + sizeof(h), seen, path_len);
	memcpy(m->data + sizeof(h) + path_len, w->token, token_len);
	m->watch = w;
	m->event = true;
	m->merged = w->merged = merged;
	w->last = m;
	w->pending++;
	w->conn->nr_events++;
	xs->events++;
}

/* Does an event with @len bytes of payload fit into the memory of the domain? */
static bool has_room(struct xs *xs, const struct conn *c, size_t len)
{
	return c->cred.privileged ||
	       usage_memory(c->usage) + (long)(sizeof(struct msg) + sizeof(struct xsd_sockmsg) +
					       len + ALLOC_OVERHEAD) <=
	       (long)xs->store.quota.memory;
}

void conn_event(struct xs *xs, struct watch *w, const char *path)
{
	const struct conn *c = w->conn;
	const char *seen = path + w->home_len;
	unsigned int limit = c->cred.privileged ? PRIVILEGED_EVENTS : xs->store.quota.events;

	/* What was merged covers every path below. */
	if (w->merged)
		return;
	if (w->last && !strcmp(w->last->data + sizeof(struct xsd_sockmsg), seen))
		return;
	if (c->nr_events < limit && has_room(xs, c, strlen(seen) + strlen(w->token) + 2) &&
	    memory_ready(0))
		queue_event(xs, w, seen, false);
	else
		queue_event(xs, w, w->path + w->home_len, true);
}

void conn_taking(struct conn *c)
{
	struct watch *w = c->out->watch;

	assert(!w || w->pending);
	if (!w)
		return;
	if (w->last == c->out)
		w->last = NULL;
	if (c->out->merged)
		w->merged = false;
}

void conn_taken(struct conn *c)
{
	struct msg *m = c->out;

	assert(m && (m->event ? c->nr_events : c->nr_replies));
	conn_taking(c);
	c->usage->message_bytes -= msg_bytes(m);
	if (m->watch)
		m->watch->pending--;
	if (m->event)
		c->nr_events--;
	else
		c->nr_replies--;
	c->out = m->next;
	if (!c->out)
		c->out_tail = &c->out;
	xs_free(m);
}

bool conn_may_ask(const struct xs *xs, const struct conn *c)
{
	unsigned int limit = c->cred.privileged ? PRIVILEGED_REPLIES : xs->store.quota.outstanding;

	/* Without memory each has one answer, that there is none. */
	return c->nr_replies < (memory_ready(0) ? limit : 1);
}
