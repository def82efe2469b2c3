/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A world around xenstored's core; see xs-world.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xs-world.h"

static int keep_in(struct buf *log, const void *record, size_t len)
{
	buf_add(log, &len, sizeof(len));
	buf_add(log, record, len);
	return 0;
}

static int append(void *ctx, const void *record, size_t len)
{
	struct world *w = ctx;

	return w->no_room ? ENOSPC : keep_in(&w->log, record, len);
}

static int attach(void *ctx, struct domain *d)
{
	struct world *w = ctx;

	if (w->no_rings)
		return EINVAL;
	w->attached++;
	d->io = w;
	return 0;
}

static void detach(void *ctx, struct domain *d)
{
	struct world *w = ctx;

	if (d->io)
		w->attached--;
	d->io = NULL;
}

static void output(void *ctx, struct conn *c)
{
	(void)ctx;
	(void)c;
}

static int control(void *ctx, const char *command, const char *arg, struct buf *answer)
{
	(void)ctx;
	(void)arg;
	buf_printf(answer, "%s", command);
	return 0;
}

static const struct xs_hooks hooks = {
	.append = append, .attach = attach, .detach = detach, .output = output,
	.control = control,
};

void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	xs_init(&w->xs, &hooks, w);
}

void world_fini(struct world *w)
{
	xs_fini(&w->xs);
	buf_free(&w->log);
	buf_free(&w->events);
	buf_free(&w->reply);
}

struct conn *world_socket(struct world *w)
{
	static const struct cred cred = { .domid = 0, .target = DOMID_NONE, .privileged = true };

	return conn_new(&w->xs, &cred, NULL);
}

struct conn *world_ring(struct world *w, uint16_t domid)
{
	if (!xs_domain(&w->xs, domid))
		xs_introduce(&w->xs, NULL, domid, 0x1000U + domid, 1U + domid);
	return xs_domain(&w->xs, domid)->conn;
}

static int error_of(const char *name)
{
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++) {
		if (!strcmp(xsd_errors[i].errstring, name))
			return xsd_errors[i].errnum;
	}
	return -1;
}

/*
 * Take all messages; returns how many replies there were, the last in w->reply, its type in
 * *@type.
 */
static int take(struct world *w, struct conn *c, uint32_t *type)
{
	int replies = 0;

	while (c->out) {
		struct xsd_sockmsg h;
		const char *data = c->out->data + sizeof(h);

		memcpy(&h, c->out->data, sizeof(h));
		if (c->out->event) {
			buf_add(&w->events, data, h.len);
		} else {
			replies++;
			*type = h.type;
			w->reply.len = 0;
			buf_add(&w->reply, data, h.len);
			buf_add(&w->reply, "", 1);
			w->reply.len--;
		}
		conn_taking(c);
		conn_taken(c);
	}
	return replies;
}

void world_take(struct world *w, struct conn *c)
{
	uint32_t type;

	take(w, c, &type);
}

int world_ask(struct world *w, struct conn *c, uint32_t type, uint32_t tx, const void *data,
	      size_t len)
{
	static uint32_t req_id;
	struct xsd_sockmsg h = {
		.type = type, .req_id = ++req_id, .tx_id = tx, .len = (uint32_t)len,
	};
	char *payload = xs_alloc(len + 1);
	uint32_t got = 0;
	int replies;

	if (len)
		memcpy(payload, data, len);
	c->in_next += (uint32_t)(sizeof(h) + len);
	xs_request(&w->xs, c, &h, payload);
	xs_free(payload);
	replies = take(w, c, &got);
	if (replies != 1 || (got != XS_ERROR && got != type))
		return -1;
	return got == XS_ERROR ? error_of(w->reply.data) : 0;
}

int world_ask_str(struct world *w, struct conn *c, uint32_t type, uint32_t tx, const char *s)
{
	return world_ask(w, c, type, tx, s, strlen(s) + 1);
}

int world_write(struct world *w, struct conn *c, uint32_t tx, const char *path, const char *value)
{
	struct buf b = { 0 };
	int error;

	buf_add(&b, path, strlen(path) + 1);
	buf_add(&b, value, strlen(value));
	error = world_ask(w, c, XS_WRITE, tx, b.data, b.len);
	buf_free(&b);
	return error;
}

uint32_t world_start(struct world *w, struct conn *c)
{
	if (world_ask_str(w, c, XS_TRANSACTION_START, 0, ""))
		return 0;
	return (uint32_t)strtoul(w->reply.data, NULL, 10);
}

static void describe_node(void *ctx, struct node *n, const char *path, size_t len)
{
	struct buf *b = ctx;

	buf_add(b, path, len);
	for (uint32_t i = 0; i < n->acl->n; i++)
		buf_printf(b, " %u:%u", n->acl->p[i].domid, n->acl->p[i].bits);
	buf_printf(b, " = ");
	if (n->value)
		buf_add(b, n->value->data, n->value->len);
	buf_add(b, "\n", 1);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The order of watches is no part of the state. */
static void describe_watches(const struct conn *c, struct buf *b)
{
	char **lines = NULL;
	size_t n = 0;
	struct list *pos;

	list_for(pos, &c->watches) {
		const struct watch *w = list_entry(pos, struct watch, owned);
		struct buf line = { 0 };

		buf_printf(&line, "  watch %s %s %zu", w->path, w->token, w->home_len);
		buf_add(&line, "", 1);
		lines = xs_realloc(lines, (n + 1) * sizeof(*lines));
		lines[n++] = line.data;
	}
	if (n)
		qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++) {
		buf_printf(b, "%s\n", lines[i]);
		xs_free(lines[i]);
	}
	xs_free(lines);
}

void world_describe(struct xs *xs, struct buf *b)
{
	/* Tests use small numbers. */
	for (unsigned int i = 0; i < DOMIDS_PART; i++) {
		const struct domain *d = xs_domain(xs, (uint16_t)i);

		if (!d)
			continue;
		buf_printf(b, "domain %u target %u shutdown %d gfn %llu port %u\n", i, d->target,
			   d->shutdown, (unsigned long long)d->gfn, d->port);
		describe_watches(d->conn, b);
	}
	for (int i = 0; i < NR_SPECIAL; i++) {
		for (uint32_t k = 0; k < xs->store.special[i]->n; k++)
			buf_printf(b, "special %d %u:%u\n", i, xs->store.special[i]->p[k].domid,
				   xs->store.special[i]->p[k].bits);
	}
	world_describe_nodes(xs, b);
}

void world_describe_nodes(struct xs *xs, struct buf *b)
{
	tree_walk(xs->store.root, describe_node, b);
}

static const char *replay(const struct buf *log, struct world *into)
{
	const char *wrong = NULL;
	size_t pos = 0, len;

	while (!wrong && pos < log->len) {
		memcpy(&len, log->data + pos, sizeof(len));
		wrong = record_apply(&into->xs, log->data + pos + sizeof(len), len);
		pos += sizeof(len) + len;
	}
	return wrong;
}

static const char *compare_one(struct world *w, const struct buf *log, const char *what)
{
	struct buf here = { 0 }, there = { 0 };
	struct world other;
	const char *wrong;

	world_init(&other);
	wrong = replay(log, &other);
	if (!wrong)
		wrong = xs_check(&other.xs);
	world_describe(&w->xs, &here);
	world_describe(&other.xs, &there);
	if (!wrong && (here.len != there.len || memcmp(here.data, there.data, here.len))) {
		fputs("here:\n", stderr);
		fwrite(here.data, here.len, 1, stderr);
		fputs("there:\n", stderr);
		fwrite(there.data, there.len, 1, stderr);
		wrong = what;
	}
	buf_free(&here);
	buf_free(&there);
	world_fini(&other);
	return wrong;
}

static int snapshot_one(void *ctx, const void *record, size_t len)
{
	return keep_in(ctx, record, len);
}

const char *world_compare(struct world *w)
{
	struct buf snapshot = { 0 };
	const char *wrong = compare_one(w, &w->log, "the records make another state");

	if (!wrong && record_snapshot(&w->xs, snapshot_one, &snapshot))
		wrong = "no snapshot could be made";
	if (!wrong)
		wrong = compare_one(w, &snapshot, "the snapshot makes another state");
	buf_free(&snapshot);
	return wrong;
}
