/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Playing bytes against xenstored's core. What is checked:
 *  - every request has one answer, and about nodes it is the model's: outside transactions the one
 *    on the model as it is, inside on the copy from when it began;
 *  - a transaction that ended well could have been done at once at its end: doing all its requests
 *    again on the model then gives the same answers;
 *  - one that ended with EAGAIN was not alone;
 *  - a change is told to every watch that may know of it;
 *  - at the end all accounts are right, the model has the same nodes, and the records, and a
 *    snapshot, make the same state again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../xenstored/core/path.h"
#include "xs-model.h"
#include "xs-play.h"
#include "xs-world.h"

#define SOCKETS 2
#define RINGS 3
#define PEERS (SOCKETS + RINGS)
#define MAX_TXNS 4

/* An open transaction and all that was asked in it. */
struct play_txn {
	bool open;
	uint32_t id;
	struct model model;
	struct buf log;		/* type, error, length and payload of request and answer */
	uint64_t changes;	/* of the store, when it began */
};

struct play {
	const uint8_t *p, *end;
	struct world w;
	struct model model;
	struct conn *peers[PEERS];
	struct play_txn txns[PEERS][MAX_TXNS];
	uint64_t changes;
};

static void __attribute__((noreturn)) wrong(const char *what, uint32_t type, int got, int want)
{
	fprintf(stderr, "xs-play: %s (%s: %d, expected %d)\n", what, wire_type_name(type), got,
		want);
	abort();
}

static uint8_t byte(struct play *g)
{
	return g->p < g->end ? *g->p++ : 0;
}

static void txn_close(struct play_txn *t)
{
	if (!t->open)
		return;
	model_fini(&t->model);
	buf_free(&t->log);
	*t = (struct play_txn){ 0 };
}

static void close_txns(struct play *g, unsigned int peer)
{
	for (unsigned int i = 0; i < MAX_TXNS; i++)
		txn_close(&g->txns[peer][i]);
}

/* Names: many collide, some are somebody's home, some are not valid. */
static void add_name(struct play *g, struct buf *b)
{
	static const char *const names[] = {
		"/", "/a", "/a/b", "/a/b/c", "/a/bb", "/a/b-", "/d/e/f/g", "/local/domain/1",
		"/local/domain/1/x", "/local/domain/2/x", "/local", "x", "x/y",
		"device/vif/0/state",
		"/tool/xenstored", "@releaseDomain", "@introduceDomain", "/a//b", "/a/", "", "/a b",
		"/local/domain/3", "/z", "y",
	};
	uint8_t n = byte(g);

	if (n < 0xf0) {
		n %= sizeof(names) / sizeof(names[0]);
		buf_add(b, names[n], strlen(names[n]) + 1);
		return;
	}
	/* Any bytes, up to a zero. */
	while (g->p < g->end && *g->p)
		buf_add(b, g->p++, 1);
	byte(g);
	buf_add(b, "", 1);
}

static void add_perms(struct play *g, struct buf *b)
{
	unsigned int n = 1 + byte(g) % 4;

	for (unsigned int i = 0; i < n; i++) {
		uint8_t c = byte(g);

		buf_printf(b, "%c%u", "nrwbx"[c % 5 == 4 && c < 250 ? 0 : c % 5],
			   c / 8 % 5 == 4 ? 70 : c / 8 % 5);
		buf_add(b, "", 1);
	}
}

static void add_bytes(struct play *g, struct buf *b)
{
	unsigned int n = byte(g);

	if (n == 255)
		n = 2500;
	for (unsigned int i = 0; i < n; i++) {
		uint8_t c = n == 2500 ? 'v' : byte(g);

		buf_add(b, &c, 1);
	}
}

/* A command of XS_CONTROL, whose words end with 0. Limits stay, as the model does not know them. */
static void add_control(struct play *g, struct buf *b)
{
	static const char *const commands[] = {
		"memreport", "check", "quota", "help", "quota/1", "quota/none", "quota/set/none/5",
		"quota/get/nodes/5", "compact", "log/on", "nothing",
	};
	const char *c = commands[byte(g) % (sizeof(commands) / sizeof(commands[0]))];

	for (; *c; c++)
		buf_add(b, *c == '/' ? "" : c, 1);
	buf_add(b, "", 1);
}

static bool is_change(uint32_t type)
{
	return type == XS_WRITE || type == XS_MKDIR || type == XS_RM || type == XS_SET_PERMS;
}

static bool is_about_nodes(uint32_t type)
{
	return type == XS_READ || type == XS_DIRECTORY || type == XS_GET_PERMS || is_change(type);
}

static void payload(struct play *g, uint32_t type, struct buf *b)
{
	switch (type) {
	case XS_WRITE:
		add_name(g, b);
		add_bytes(g, b);
		break;
	case XS_SET_PERMS:
		add_name(g, b);
		add_perms(g, b);
		break;
	case XS_WATCH:
	case XS_UNWATCH:
		add_name(g, b);
		buf_printf(b, "t%u", byte(g) % 4);
		buf_add(b, "", 1);
		break;
	case XS_DIRECTORY_PART:
		add_name(g, b);
		buf_printf(b, "%u", byte(g) % 32);
		buf_add(b, "", 1);
		break;
	case XS_INTRODUCE:
		buf_printf(b, "%u%c%u%c%u%c", 1 + byte(g) % 5, 0, byte(g), 0, byte(g), 0);
		break;
	case XS_RELEASE:
	case XS_RESUME:
	case XS_IS_DOMAIN_INTRODUCED:
	case XS_GET_DOMAIN_PATH:
		buf_printf(b, "%u%c", byte(g) % 6, 0);
		break;
	case XS_SET_TARGET:
		buf_printf(b, "%u%c%u%c", byte(g) % 6, 0, byte(g) % 6, 0);
		break;
	case XS_CONTROL:
		add_control(g, b);
		break;
	default:
		add_name(g, b);
	}
}

/* The record of one request in a transaction: what was asked, and answered. */
struct logged {
	uint32_t type;
	int error;
	size_t len, reply_len;
};

static void log_request(struct play_txn *t, uint32_t type, const struct buf *b, int error,
			const struct buf *reply)
{
	struct logged l = { .type = type, .error = error, .len = b->len,
			    .reply_len = error ? 0 : reply->len };

	buf_add(&t->log, &l, sizeof(l));
	buf_add(&t->log, b->data, l.len);
	buf_add(&t->log, reply->data, l.reply_len);
}

static bool same(const struct buf *a, const void *data, size_t len)
{
	return a->len == len && (!len || !memcmp(a->data, data, len));
}

/* Do again what a transaction did, on the model of now. */
static void redo(struct play *g, struct play_txn *t, const struct cred *cred)
{
	struct buf out = { 0 };
	struct logged l;

	for (size_t pos = 0; pos < t->log.len; pos += sizeof(l) + l.len + l.reply_len) {
		const char *data = t->log.data + pos + sizeof(l);
		int error;

		memcpy(&l, t->log.data + pos, sizeof(l));
		error = model_request(&g->model, cred, l.type, data, l.len, &out);
		if (error != l.error)
			wrong("a transaction was not as if done at once", l.type, l.error, error);
		if (!error && !same(&out, data + l.len, l.reply_len))
			wrong("a transaction read what was not there at its end", l.type, 0, 0);
	}
	buf_free(&out);
}

static void end_txn(struct play *g, unsigned int peer, struct play_txn *t, bool commit)
{
	struct conn *c = g->peers[peer];
	/* Without changes it counts as done when it began: making what is there is none. */
	bool changed = conn_txn(c, t->id)->nr_ops > 0;
	int error = world_ask_str(&g->w, c, XS_TRANSACTION_END, t->id, commit ? "T" : "F");

	if (error == EAGAIN && (!commit || g->changes == t->changes))
		wrong("a transaction nobody disturbed was refused", XS_TRANSACTION_END, error, 0);
	if (error && error != EAGAIN && error != ENOSPC)
		wrong("the end of a transaction", XS_TRANSACTION_END, error, 0);
	if (!error && commit && changed) {
		redo(g, t, &c->cred);
		g->changes++;
	}
	txn_close(t);
}

static void start_txn(struct play *g, unsigned int peer)
{
	for (unsigned int i = 0; i < MAX_TXNS; i++) {
		struct play_txn *t = &g->txns[peer][i];

		if (t->open)
			continue;
		t->id = world_start(&g->w, g->peers[peer]);
		if (!t->id)
			return;
		t->open = true;
		t->changes = g->changes;
		model_copy(&t->model, &g->model);
		return;
	}
}

static bool told(const struct watch *w, const char *path)
{
	const struct msg *m;

	if (w->merged)
		return true;
	for (m = w->conn->out; m; m = m->next) {
		const char *seen = m->data + sizeof(struct xsd_sockmsg);

		if (m->watch == w && !strcmp(seen, path + w->home_len))
			return true;
	}
	return false;
}

static void check_told(struct play *g, const struct cred *cred, const char *name)
{
	size_t home, len;
	char *path = path_absolute(name, cred->domid, &home);
	struct model_node *n = path ? model_find(&g->model, path) : NULL;
	struct list *pos, *p;

	list_for(pos, &g->w.xs.conns) {
		struct conn *c = list_entry(pos, struct conn, link);

		list_for(p, &c->watches) {
			struct watch *w = list_entry(p, struct watch, owned);

			len = strcmp(w->path, "/") ? strlen(w->path) : 0;
			if (!n || strncmp(w->path, path, len) || (path[len] && path[len] != '/') ||
			    !model_readable(n, &c->cred))
				continue;
			/* Its own events have been taken with the answer. */
			if (!told(w, path) && c->request == NULL && g->w.events.len == 0)
				wrong("a watch was not told", XS_WRITE, 0, 0);
		}
	}
	xs_free(path);
}

/* A request about nodes, in a transaction or not, compared with the model. */
static void ask_node(struct play *g, unsigned int peer, uint32_t type, struct play_txn *t,
		     const struct buf *b)
{
	struct conn *c = g->peers[peer];
	struct model *m = t ? &t->model : &g->model;
	struct buf out = { 0 };
	int error, want;

	g->w.events.len = 0;
	error = world_ask(&g->w, c, type, t ? t->id : 0, b->data, b->len);
	if (b->len && b->data[0] == '@')
		return;
	/* The model has no limits. */
	if (error == ENOSPC && (!c->cred.privileged || g->w.no_room))
		return;
	want = model_request(m, &c->cred, type, b->data, b->len, &out);
	if (!want && out.len > XENSTORE_PAYLOAD_MAX)
		want = E2BIG;
	if (error != want)
		wrong("another error than the model's", type, error, want);
	if (!error && !same(&out, g->w.reply.data, g->w.reply.len))
		wrong("another answer than the model's", type, 0, 0);
	if (t)
		log_request(t, type, b, error, &out);
	else if (is_change(type) && !error)
		g->changes++;
	if (!t && type == XS_WRITE && !error)
		check_told(g, &c->cred, b->data);
	buf_free(&out);
}

/* Make the peers' connections those there are now, after requests about domains. */
static void find_rings(struct play *g)
{
	bool no_room = g->w.no_room, no_rings = g->w.no_rings;

	g->w.no_room = g->w.no_rings = false;
	for (unsigned int i = 0; i < RINGS; i++)
		g->peers[SOCKETS + i] = world_ring(&g->w, (uint16_t)(i + 1));
	g->w.no_room = no_room;
	g->w.no_rings = no_rings;
}

/* Some requests end transactions. */
static void forget_txns(struct play *g)
{
	for (unsigned int peer = 0; peer < PEERS; peer++) {
		for (unsigned int i = 0; i < MAX_TXNS; i++) {
			struct play_txn *t = &g->txns[peer][i];

			if (t->open && !conn_txn(g->peers[peer], t->id))
				txn_close(t);
		}
	}
}

static void ask_other(struct play *g, unsigned int peer, uint32_t type, uint32_t tx,
		      const struct buf *b)
{
	struct conn *c = g->peers[peer];
	bool there[RINGS + 3];
	int error;

	for (uint16_t d = 1; d < RINGS + 3; d++)
		there[d] = xs_domain(&g->w.xs, d);
	error = world_ask(&g->w, c, type, tx, b->data, b->len);
	if (error < 0)
		wrong("not one answer", type, error, 0);
	for (uint16_t d = 1; d < RINGS + 3; d++) {
		if (there[d] && !xs_domain(&g->w.xs, d)) {
			model_forget(&g->model, d);
			g->changes++;
		}
	}
	find_rings(g);
	forget_txns(g);
}

static void one_request(struct play *g)
{
	static const uint32_t types[] = {
		XS_READ, XS_WRITE, XS_WRITE, XS_DIRECTORY, XS_MKDIR, XS_RM, XS_GET_PERMS,
		XS_SET_PERMS, XS_WATCH, XS_UNWATCH, XS_DIRECTORY_PART, XS_INTRODUCE, XS_RELEASE,
		XS_IS_DOMAIN_INTRODUCED, XS_GET_DOMAIN_PATH, XS_RESUME, XS_SET_TARGET,
		XS_RESET_WATCHES, XS_CONTROL,
	};
	unsigned int peer = byte(g) % PEERS, which;
	uint8_t kind = byte(g);
	struct play_txn *t;
	struct buf b = { 0 };
	uint32_t type;

	which = kind >> 5;
	t = which < MAX_TXNS && g->txns[peer][which].open ? &g->txns[peer][which] : NULL;
	kind &= 31;
	if (kind == 31)
		start_txn(g, peer);
	else if ((kind == 30 || kind == 29) && t)
		end_txn(g, peer, t, kind == 30);
	if (kind >= 29)
		return;
	type = kind < sizeof(types) / sizeof(types[0]) ? types[kind] : byte(g);
	if (type == XS_TRANSACTION_START || type == XS_TRANSACTION_END)
		type = XS_READ;
	if (kind == 28)
		add_bytes(g, &b);
	else
		payload(g, type, &b);
	if (is_about_nodes(type))
		ask_node(g, peer, type, t, &b);
	else
		ask_other(g, peer, type, type == XS_WATCH && t ? t->id : 0, &b);
	buf_free(&b);
}

static void something_else(struct play *g)
{
	uint8_t what = byte(g);
	unsigned int peer = byte(g) % PEERS;

	switch (what % 6) {
	case 0:
		g->w.no_room = !g->w.no_room;
		break;
	case 1:
		world_take(&g->w, g->peers[peer]);
		break;
	case 2:
		if (peer < SOCKETS) {
			close_txns(g, peer);
			conn_free(&g->w.xs, g->peers[peer]);
			g->peers[peer] = world_socket(&g->w);
		} else if (!g->w.no_room) {
			close_txns(g, peer);
			xs_domain_reset(&g->w.xs, g->peers[peer]->domain);
		}
		break;
	case 3:
		if (peer >= SOCKETS && !g->w.no_room)
			xs_domain_shutdown(&g->w.xs, g->peers[peer]->domain);
		break;
	case 4:
		g->w.xs.store.quota.nodes = 20U + peer;
		g->w.xs.store.quota.watches = 3;
		g->w.xs.store.quota.events = 2;
		break;
	case 5:
		g->w.no_rings = what & 0x80;
		break;
	}
}

static void compare_all(struct play *g)
{
	struct buf model = { 0 }, core = { 0 };
	const char *what = xs_check(&g->w.xs);

	if (!what)
		what = world_compare(&g->w);
	if (what)
		wrong(what, 0, 0, 0);
	model_describe(&g->model, &model);
	world_describe_nodes(&g->w.xs, &core);
	if (core.len != model.len || memcmp(core.data, model.data, model.len)) {
		fprintf(stderr, "core:\n%.*smodel:\n%.*s", (int)core.len, core.data,
			(int)model.len, model.data);
		wrong("the model has other nodes", 0, 0, 0);
	}
	buf_free(&model);
	buf_free(&core);
}

void xs_play(const uint8_t *data, size_t size)
{
	struct play *g = xs_zalloc(sizeof(*g));

	g->p = data;
	g->end = data + size;
	world_init(&g->w);
	model_init(&g->model);
	for (unsigned int i = 0; i < SOCKETS; i++)
		g->peers[i] = world_socket(&g->w);
	find_rings(g);
	while (g->p < g->end) {
		if (byte(g) < 0xf0)
			one_request(g);
		else
			something_else(g);
		g->w.no_rings = g->w.no_rings && g->p < g->end;
	}
	g->w.no_room = false;
	compare_all(g);
	for (unsigned int i = 0; i < PEERS; i++)
		close_txns(g, i);
	model_fini(&g->model);
	world_fini(&g->w);
	xs_free(g);
}
