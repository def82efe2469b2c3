/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making, doing and listing records; see record.h. */
#include <assert.h>
#include <string.h>

#include "path.h"
#include "xs.h"

/* Operations that a snapshot puts into one record, at least. */
#define SNAPSHOT_CHUNK 65536U

void record_begin(struct xs *xs, const struct conn *by, enum record_kind kind)
{
	struct record_head h = { .kind = (uint16_t)kind, .domid = DOMID_NONE };

	if (by && by->domain && by->request) {
		h.domid = by->domain->domid;
		h.in_next = by->in_next;
		h.type = by->request->type;
		h.req_id = by->request->req_id;
		h.tx_id = by->request->tx_id;
	}
	xs->record.len = 0;
	buf_add(&xs->record, &h, sizeof(h));
}

/* Remember where the ring was after the request that was recorded, for a snapshot. */
static void note_resume(struct xs *xs, const struct record_head *h)
{
	struct domain *d = h->domid == DOMID_NONE ? NULL : xs_domain(xs, h->domid);

	if (d && h->type)
		d->resume = (struct resume){
			.valid = true, .in_next = h->in_next, .type = h->type,
			.req_id = h->req_id, .tx_id = h->tx_id,
		};
}

int record_keep(struct xs *xs)
{
	int error = xs->hooks->append(xs->ctx, xs->record.data, xs->record.len);
	struct record_head h;

	assert(xs->record.len >= sizeof(h));
	memcpy(&h, xs->record.data, sizeof(h));
	assert(h.kind >= REC_OPS && h.kind <= REC_EPOCH);
	if (!error)
		note_resume(xs, &h);
	return error;
}

int record_domain(struct xs *xs, const struct conn *by, uint16_t domid, uint16_t target,
		  uint64_t gfn, uint32_t port, int shutdown)
{
	struct record_domain body = {
		.domid = domid, .target = target, .port = port, .shutdown = (uint32_t)shutdown,
		.gfn = gfn,
	};

	assert(target == DOMID_NONE || target != domid);
	record_begin(xs, by, REC_DOMAIN);
	buf_add(&xs->record, &body, sizeof(body));
	return record_keep(xs);
}

/* Could a request have led to this change of the store as it is now? */
static bool may_apply(const struct xs *xs, const struct op *op)
{
	if (op->code == OP_ACL && op->path[0] == '@')
		return true;
	if (!path_is_absolute(op->path, op->path_len))
		return false;
	return op->code != OP_ACL || tree_find(xs->store.root, op->path, op->path_len);
}

static const char *apply_ops(struct xs *xs, const char *p, const char *end)
{
	struct op op;

	while (p < end) {
		if (!op_decode(&p, end, &op) || !may_apply(xs, &op))
			return "a change of the store that makes no sense";
		store_apply(&xs->store, &op, NULL);
	}
	return NULL;
}

static const char *apply_domain(struct xs *xs, const char *p, size_t len)
{
	struct record_domain body;
	struct domain *d;

	if (len != sizeof(body))
		return "a domain of the wrong size";
	memcpy(&body, p, sizeof(body));
	if (body.domid == DOMID_NONE || body.target == body.domid)
		return "a domain that cannot be";
	d = xs_domain(xs, body.domid);
	if (!d)
		d = xs_domain_add(xs, body.domid);
	d->gfn = body.gfn;
	d->port = body.port;
	d->shutdown = body.shutdown != 0;
	d->target = d->conn->cred.target = body.target;
	return NULL;
}

static const char *apply_release(struct xs *xs, const char *p, size_t len)
{
	uint16_t domid;
	struct domain *d;

	if (len != sizeof(domid))
		return "a released domain of the wrong size";
	memcpy(&domid, p, sizeof(domid));
	d = xs_domain(xs, domid);
	if (!d)
		return "a domain released that was not introduced";
	xs_forget(xs, d, false);
	return NULL;
}

/* The connection of the ring that a record of watches is about. */
static struct conn *ring_of(struct xs *xs, uint16_t domid)
{
	struct domain *d = xs_domain(xs, domid);

	return d ? d->conn : NULL;
}

static bool may_watch(const char *path, size_t len)
{
	return path_is_special(path) ? path_special_valid(path) : path_is_absolute(path, len);
}

/* Has the name a watch was set on been put after the domain's home, of @home_len bytes? */
static bool is_below_home(const char *path, uint32_t home_len, uint16_t domid)
{
	char home[PATH_HOME_MAX];

	return home_len == path_home(home, domid) && !strncmp(path, home, home_len);
}

static const char *apply_watch(struct xs *xs, const struct record_head *h, const char *p,
			       size_t len)
{
	struct conn *c = ring_of(xs, h->domid);
	struct record_watch body;
	const char *path, *token;
	size_t path_len;
	struct watch *w;

	if (!c || len < sizeof(body) + 2 || p[len - 1])
		return "a watch that makes no sense";
	memcpy(&body, p, sizeof(body));
	path = p + sizeof(body);
	path_len = strlen(path);
	token = path + path_len + 1;
	if (token >= p + len)
		return "a watch without a token";
	if (token + strlen(token) + 1 != p + len || !may_watch(path, path_len) ||
	    (body.home_len && !is_below_home(path, body.home_len, h->domid)))
		return "a watch that makes no sense";
	w = conn_watch(c, path, token);
	if (h->kind == REC_UNWATCH && w)
		conn_watch_remove(xs, w);
	else if (h->kind == REC_WATCH && !w)
		conn_watch_add(xs, c, path, body.home_len, token);
	return NULL;
}

static const char *apply_reset(struct xs *xs, const char *p, size_t len)
{
	uint16_t domid;
	struct conn *c;

	if (len != sizeof(domid))
		return "a reset of the wrong size";
	memcpy(&domid, p, sizeof(domid));
	c = ring_of(xs, domid);
	if (c) {
		conn_reset(xs, c);
		c->domain->resume.valid = false;
	}
	return NULL;
}

static const char *apply_epoch(struct xs *xs, const char *p, size_t len)
{
	struct record_epoch body;

	if (len != sizeof(body))
		return "a start of the wrong size";
	memcpy(&body, p, sizeof(body));
	xs->epoch = body.epoch;
	return NULL;
}

static const char *apply_body(struct xs *xs, const struct record_head *h, const char *p, size_t len)
{
	switch (h->kind) {
	case REC_OPS:
		return apply_ops(xs, p, p + len);
	case REC_DOMAIN:
		return apply_domain(xs, p, len);
	case REC_RELEASE:
		return apply_release(xs, p, len);
	case REC_WATCH:
	case REC_UNWATCH:
		return apply_watch(xs, h, p, len);
	case REC_RESET:
		return apply_reset(xs, p, len);
	case REC_EPOCH:
		return apply_epoch(xs, p, len);
	}
	return "of an unknown kind";
}

const char *record_apply(struct xs *xs, const void *record, size_t len)
{
	struct record_head h;
	const char *wrong;

	if (len < sizeof(h))
		return "too short";
	memcpy(&h, record, sizeof(h));
	wrong = apply_body(xs, &h, (const char *)record + sizeof(h), len - sizeof(h));
	if (!wrong)
		note_resume(xs, &h);
	return wrong;
}

struct snapshot {
	struct xs *xs;
	int (*fn)(void *ctx, const void *record, size_t len);
	void *ctx;
	int error;
};

static void give(struct snapshot *s)
{
	struct buf *b = &s->xs->record;

	if (!s->error && b->len > sizeof(struct record_head))
		s->error = s->fn(s->ctx, b->data, b->len);
	b->len = 0;
}

static void snapshot_acl(struct snapshot *s, const char *path, size_t len, const struct acl *acl)
{
	struct op op = {
		.code = OP_ACL, .owner = DOMID_NONE, .path = path, .path_len = len,
		.value = acl->p, .value_len = acl->n * sizeof(acl->p[0]),
	};

	op_encode(&s->xs->record, &op);
}

static void snapshot_node(void *ctx, struct node *n, const char *path, size_t len)
{
	struct snapshot *s = ctx;
	struct op op = {
		.code = n->value ? OP_SET : OP_MKDIR, .owner = DOMID_NONE, .path = path,
		.path_len = len,
	};

	if (n->value) {
		op.value = n->value->data;
		op.value_len = n->value->len;
	}
	op_encode(&s->xs->record, &op);
	snapshot_acl(s, path, len, n->acl);
	if (s->xs->record.len >= SNAPSHOT_CHUNK) {
		give(s);
		record_begin(s->xs, NULL, REC_OPS);
	}
}

/* The record of a ring's last request comes with that of its domain, or with its last watch. */
static void snapshot_head(struct snapshot *s, const struct domain *d, enum record_kind kind)
{
	struct record_head h = { .kind = (uint16_t)kind, .domid = d->domid };

	if (d->resume.valid) {
		h.in_next = d->resume.in_next;
		h.type = d->resume.type;
		h.req_id = d->resume.req_id;
		h.tx_id = d->resume.tx_id;
	}
	s->xs->record.len = 0;
	buf_add(&s->xs->record, &h, sizeof(h));
}

static void snapshot_domain(struct snapshot *s, struct domain *d)
{
	struct record_domain body = {
		.domid = d->domid, .target = d->target, .port = d->port,
		.shutdown = d->shutdown, .gfn = d->gfn,
	};
	struct buf *b = &s->xs->record;
	struct list *pos;

	snapshot_head(s, d, REC_DOMAIN);
	buf_add(b, &body, sizeof(body));
	give(s);
	list_for(pos, &d->conn->watches) {
		struct watch *w = list_entry(pos, struct watch, owned);
		struct record_watch watch = { .home_len = (uint32_t)w->home_len };

		snapshot_head(s, d, REC_WATCH);
		buf_add(b, &watch, sizeof(watch));
		buf_add(b, w->path, strlen(w->path) + 1);
		buf_add(b, w->token, strlen(w->token) + 1);
		give(s);
	}
}

/* What an empty store begins with may have been removed since. */
static void snapshot_empty(struct snapshot *s)
{
	struct op op = { .code = OP_RM, .owner = DOMID_NONE, .path = "/tool", .path_len = 5 };

	op_encode(&s->xs->record, &op);
}

int record_snapshot(struct xs *xs, int (*fn)(void *ctx, const void *record, size_t len), void *ctx)
{
	struct snapshot s = { .xs = xs, .fn = fn, .ctx = ctx };
	struct record_epoch epoch = { .epoch = xs->epoch };
	struct list *pos;

	record_begin(xs, NULL, REC_EPOCH);
	buf_add(&xs->record, &epoch, sizeof(epoch));
	give(&s);
	record_begin(xs, NULL, REC_OPS);
	snapshot_empty(&s);
	snapshot_acl(&s, "@introduceDomain", 16, xs->store.special[SPECIAL_INTRODUCE]);
	snapshot_acl(&s, "@releaseDomain", 14, xs->store.special[SPECIAL_RELEASE]);
	tree_walk(xs->store.root, snapshot_node, &s);
	give(&s);
	list_for(pos, &xs->domains)
		snapshot_domain(&s, list_entry(pos, struct domain, link));
	return s.error;
}
