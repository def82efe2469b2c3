/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests: taken apart, sent to their handlers; and the handlers for nodes and transactions. */
#include <assert.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "path.h"
#include "request.h"
#include "touched.h"

/* Transaction numbers carry in their upper bits which start of the daemon gave them out. */
#define EPOCH_SHIFT 24
#define EPOCHS 255U

bool request_args(struct request *r)
{
	char *p = r->data, *end = p + r->len;

	r->nr_args = 0;
	if (!r->len || end[-1])
		return false;
	while (p < end && r->nr_args < MAX_ARGS) {
		r->args[r->nr_args++] = p;
		p += strlen(p) + 1;
	}
	return true;
}

bool request_number(const char *s, uint64_t max, uint64_t *n)
{
	*n = 0;
	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || *n > (max - (uint64_t)(*s - '0')) / 10)
			return false;
		*n = *n * 10 + (uint64_t)(*s - '0');
	}
	return true;
}

char *request_path(const struct conn *c, const char *name, size_t *home_len)
{
	return path_absolute(name, c->cred.domid, home_len);
}

int request_ok(struct xs *xs, struct conn *c)
{
	conn_reply(xs, c, "OK", 3);
	return 0;
}

/* The single string that makes up the payload, as a path; NULL when it is none. */
static char *only_path(const struct conn *c, const struct request *r)
{
	size_t home_len;

	if (!r->len || memchr(r->data, 0, r->len) != r->data + r->len - 1)
		return NULL;
	return request_path(c, r->data, &home_len);
}

static int request_read(struct xs *xs, struct conn *c, struct request *r)
{
	char *path = only_path(c, r);
	struct node *node;
	int error;

	if (!path)
		return EINVAL;
	error = store_read(&xs->store, r->txn, &c->cred, path, &node);
	if (!error)
		conn_reply(xs, c, node->value ? node->value->data : NULL,
			   node->value ? node->value->len : 0);
	xs_free(path);
	return error;
}

static int request_directory(struct xs *xs, struct conn *c, struct request *r)
{
	char *path = only_path(c, r);
	struct node *node;
	int error;

	if (!path)
		return EINVAL;
	error = store_list(&xs->store, r->txn, &c->cred, path, &node);
	xs->answer.len = 0;
	if (!error && !node_names(node, 0, XENSTORE_PAYLOAD_MAX, &xs->answer))
		error = E2BIG;
	if (!error)
		conn_reply(xs, c, xs->answer.data, xs->answer.len);
	xs_free(path);
	return error;
}

/* The number of the last change of the children, as many whole names as fit from an offset on, and
 * an empty name after the last. */
static void reply_part(struct xs *xs, struct conn *c, struct node *node, uint64_t offset)
{
	struct buf *b = &xs->answer;

	b->len = 0;
	buf_printf(b, "%llu", (unsigned long long)node->child_gen);
	buf_add(b, "", 1);
	if (node_names(node, (size_t)offset, XENSTORE_PAYLOAD_MAX, b) &&
	    b->len < XENSTORE_PAYLOAD_MAX)
		buf_add(b, "", 1);
	conn_reply(xs, c, b->data, b->len);
}

static int request_directory_part(struct xs *xs, struct conn *c, struct request *r)
{
	struct node *node;
	size_t home_len;
	uint64_t offset;
	char *path;
	int error;

	if (!request_args(r) || r->nr_args != 2 || !request_number(r->args[1], UINT32_MAX, &offset))
		return EINVAL;
	path = request_path(c, r->args[0], &home_len);
	if (!path)
		return EINVAL;
	error = store_list(&xs->store, r->txn, &c->cred, path, &node);
	if (!error)
		reply_part(xs, c, node, offset);
	xs_free(path);
	return error;
}

static char letter_of(unsigned int bits)
{
	static const char letters[] = "nrwb";

	return letters[bits & (PERM_READ | PERM_WRITE)];
}

static int request_get_perms(struct xs *xs, struct conn *c, struct request *r)
{
	struct buf *b = &xs->answer;
	const struct acl *acl;
	char *path;
	int error;

	if (r->len && path_is_special(r->data))
		path = memchr(r->data, 0, r->len) == r->data + r->len - 1 ?
		       xs_strndup(r->data, r->len - 1) : NULL;
	else
		path = only_path(c, r);
	if (!path)
		return EINVAL;
	error = store_get_acl(&xs->store, r->txn, &c->cred, path, &acl);
	xs_free(path);
	if (error)
		return error;
	b->len = 0;
	for (uint32_t i = 0; i < acl->n; i++) {
		buf_printf(b, "%c%u", letter_of(acl->p[i].bits), acl->p[i].domid);
		buf_add(b, "", 1);
	}
	conn_reply(xs, c, b->data, b->len);
	return 0;
}

/* Make a checked change, in its transaction or at once, with its record and its events. */
static int change(struct xs *xs, struct conn *c, struct request *r, const struct op *op,
		  const char *path)
{
	struct acl *before = NULL;
	struct node *old, *removed;
	int error;

	if (r->txn)
		return txn_apply(&xs->store, r->txn, op);
	record_begin(xs, c, REC_OPS);
	op_encode(&xs->record, op);
	error = record_keep(xs);
	if (error)
		return error;
	old = path[0] == '/' ? tree_find(xs->store.root, path, strlen(path)) : NULL;
	if (old)
		before = acl_get(old->acl);
	store_apply(&xs->store, op, &removed);
	store_age(&xs->store);
	if (removed)
		xs_fire_removed(xs, path, removed);
	else if (path[0] == '/')
		xs_fire(xs, path, before);
	node_put(removed);
	acl_put(before);
	return 0;
}

static int request_write(struct xs *xs, struct conn *c, struct request *r)
{
	const char *end = memchr(r->data, 0, r->len);
	size_t name_len, home_len;
	bool nothing;
	struct op op;
	char *path;
	int error;

	if (!end)
		return EINVAL;
	path = request_path(c, r->data, &home_len);
	if (!path)
		return EINVAL;
	name_len = (size_t)(end + 1 - r->data);
	error = store_check_set(&xs->store, r->txn, &c->cred, path, end + 1, r->len - name_len,
				false, &op, &nothing);
	if (!error)
		error = change(xs, c, r, &op, path);
	xs_free(path);
	return error ? error : request_ok(xs, c);
}

static int request_mkdir(struct xs *xs, struct conn *c, struct request *r)
{
	char *path = only_path(c, r);
	bool nothing;
	struct op op;
	int error;

	if (!path)
		return EINVAL;
	error = store_check_set(&xs->store, r->txn, &c->cred, path, NULL, 0, true, &op, &nothing);
	if (!error && !nothing)
		error = change(xs, c, r, &op, path);
	xs_free(path);
	return error ? error : request_ok(xs, c);
}

static int request_rm(struct xs *xs, struct conn *c, struct request *r)
{
	char *path = only_path(c, r);
	bool nothing;
	struct op op;
	int error;

	if (!path)
		return EINVAL;
	error = store_check_rm(&xs->store, r->txn, &c->cred, path, &op, &nothing);
	if (!error && !nothing)
		error = change(xs, c, r, &op, path);
	xs_free(path);
	return error ? error : request_ok(xs, c);
}

/* A letter and a domain's number. */
static bool parse_perm(const char *s, struct perm *perm)
{
	static const char letters[] = "nrwb";
	const char *letter = *s ? strchr(letters, *s) : NULL;
	uint64_t domid;

	if (!letter || !request_number(s + 1, DOMID_NONE - 1, &domid))
		return false;
	perm->domid = (uint16_t)domid;
	perm->bits = (uint16_t)(letter - letters);
	return true;
}

/* All strings after the first; *@n is their number. False when one is not a permission. */
static bool parse_perms(const char *p, const char *end, struct buf *perms, uint32_t *n)
{
	struct perm perm;

	for (*n = 0; p < end; p += strlen(p) + 1, ++*n) {
		if (!parse_perm(p, &perm))
			return false;
		buf_add(perms, &perm, sizeof(perm));
	}
	return *n > 0;
}

static int request_set_perms(struct xs *xs, struct conn *c, struct request *r)
{
	struct buf perms = { 0 };
	size_t home_len;
	struct op op;
	uint32_t n;
	char *path;
	int error = EINVAL;

	if (!request_args(r) || r->nr_args < 2)
		return EINVAL;
	path = path_is_special(r->data) ? xs_strndup(r->data, strlen(r->data)) :
	       request_path(c, r->data, &home_len);
	if (path && parse_perms(r->args[1], r->data + r->len, &perms, &n)) {
		error = store_check_acl(&xs->store, r->txn, &c->cred, path,
					(const struct perm *)(void *)perms.data, n, &op);
		if (!error)
			error = change(xs, c, r, &op, path);
	}
	xs_free(path);
	buf_free(&perms);
	return error ? error : request_ok(xs, c);
}

static uint32_t new_txn_id(struct xs *xs, const struct conn *c)
{
	uint32_t id;

	do {
		if (++xs->next_txn >> EPOCH_SHIFT)
			xs->next_txn = 1;
		id = (xs->epoch % EPOCHS + 1) << EPOCH_SHIFT | xs->next_txn;
	} while (conn_txn(c, id));
	return id;
}

static int request_start(struct xs *xs, struct conn *c, struct request *r)
{
	struct txn *t;
	char number[16];
	int error;

	if (r->txn)
		return EBUSY;
	error = txn_start(&xs->store, &c->cred, new_txn_id(xs, c), &t);
	if (error)
		return error;
	list_add(&c->txns, &t->link);
	conn_reply(xs, c, number, (size_t)snprintf(number, sizeof(number), "%u", t->id) + 1);
	return 0;
}

/* Tell of every path that a transaction changed, once. @was is the tree before it. */
static void fire_all(struct xs *xs, const struct txn *t, struct node *was)
{
	const char *p = t->ops.data, *end = p + t->ops.len;
	struct touched *told = touched_new();
	struct op op;

	while (p < end && op_decode(&p, end, &op)) {
		struct node *old;
		char *path;

		if (op.path[0] == '@')
			continue;
		old = tree_find(was, op.path, op.path_len);
		/* Without memory for the set, some are told twice. */
		if (touched_room(told, op.path_len) &&
		    !touched_add(told, op.path, op.path_len, op.code == OP_RM ? 2 : 1))
			continue;
		path = xs_strndup(op.path, op.path_len);
		if (op.code == OP_RM && old)
			xs_fire_removed(xs, path, old);
		else if (op.code != OP_RM)
			xs_fire(xs, path, old ? old->acl : NULL);
		xs_free(path);
	}
	touched_free(told);
}

static int commit(struct xs *xs, struct conn *c, struct txn *t)
{
	struct node *was;
	int error = txn_check(&xs->store, t);

	if (error || !t->nr_ops)
		return error;
	if (!memory_ready(txn_cost(t)) ||
	    !buf_room(&xs->record, sizeof(struct record_head) + t->ops.len))
		return ENOMEM;
	record_begin(xs, c, REC_OPS);
	buf_add(&xs->record, t->ops.data, t->ops.len);
	error = record_keep(xs);
	if (error)
		return error;
	was = node_get(xs->store.root);
	txn_apply_all(&xs->store, t);
	fire_all(xs, t, was);
	node_put(was);
	return 0;
}

static int request_end(struct xs *xs, struct conn *c, struct request *r)
{
	struct txn *t = r->txn;
	int error = 0;

	if (!t)
		return ENOENT;
	if (r->len != 2 || r->data[1] || (r->data[0] != 'T' && r->data[0] != 'F'))
		return EINVAL;
	if (r->data[0] == 'T')
		error = commit(xs, c, t);
	if (error == EAGAIN)
		xs->conflicts++;
	txn_free(&xs->store, t);
	store_age(&xs->store);
	return error ? error : request_ok(xs, c);
}

/* A ring's transaction from before the daemon was started again: it will end with EAGAIN, and until
 * then behaves as one, so that the client notices nothing but the need to do it again. */
static struct txn *stale_txn(struct xs *xs, struct conn *c, uint32_t id)
{
	uint32_t epoch = id >> EPOCH_SHIFT;
	struct txn *t;

	if (!c->domain || !epoch || epoch == xs->epoch % EPOCHS + 1)
		return NULL;
	if (txn_start(&xs->store, &c->cred, id, &t))
		return NULL;
	assert(t->id == id && !t->nr_ops);
	list_add(&c->txns, &t->link);
	txn_doom(&xs->store, t);
	return t;
}

static const struct {
	request_fn *fn;
	bool privileged;
} handlers[XS_TYPE_COUNT] = {
	[XS_CONTROL] = { request_control, true },
	[XS_DIRECTORY] = { request_directory, false },
	[XS_READ] = { request_read, false },
	[XS_GET_PERMS] = { request_get_perms, false },
	[XS_WATCH] = { request_watch, false },
	[XS_UNWATCH] = { request_unwatch, false },
	[XS_TRANSACTION_START] = { request_start, false },
	[XS_TRANSACTION_END] = { request_end, false },
	[XS_INTRODUCE] = { request_introduce, true },
	[XS_RELEASE] = { request_release, true },
	[XS_GET_DOMAIN_PATH] = { request_domain_path, false },
	[XS_WRITE] = { request_write, false },
	[XS_MKDIR] = { request_mkdir, false },
	[XS_RM] = { request_rm, false },
	[XS_SET_PERMS] = { request_set_perms, false },
	[XS_IS_DOMAIN_INTRODUCED] = { request_is_introduced, false },
	[XS_RESUME] = { request_resume, true },
	[XS_SET_TARGET] = { request_set_target, true },
	[XS_RESET_WATCHES] = { request_reset_watches, false },
	[XS_DIRECTORY_PART] = { request_directory_part, false },
};

static int dispatch(struct xs *xs, struct conn *c, struct request *r, uint32_t tx_id)
{
	if (r->type >= XS_TYPE_COUNT || !handlers[r->type].fn)
		return ENOSYS;
	if (handlers[r->type].privileged && !c->cred.privileged)
		return EACCES;
	if (tx_id) {
		r->txn = conn_txn(c, tx_id);
		if (!r->txn)
			r->txn = stale_txn(xs, c, tx_id);
		if (!r->txn)
			return ENOENT;
	}
	return handlers[r->type].fn(xs, c, r);
}

/* Without memory, what gives some back is still done. */
static bool frees_memory(const struct request *r)
{
	switch (r->type) {
	case XS_TRANSACTION_END:
	case XS_UNWATCH:
	case XS_RESET_WATCHES:
	case XS_RELEASE:
		return true;
	}
	return false;
}

void xs_request(struct xs *xs, struct conn *c, const struct xsd_sockmsg *h, char *data)
{
	struct request r = { .type = h->type, .data = data, .len = h->len };
	int error;

	assert(h->len <= XENSTORE_PAYLOAD_MAX && !c->request);
	data[h->len] = '\0';
	c->request = h;
	xs->requests++;
	if (xs->hooks->trace)
		xs->hooks->trace(xs->ctx, c, h, data);
	error = memory_ready(0) || frees_memory(&r) ? dispatch(xs, c, &r, h->tx_id) : ENOMEM;
	if (error)
		conn_error(xs, c, error);
	c->request = NULL;
}
