/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions: a view of their own, what they saw, what they did; see store.h. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "touched.h"
#include "txn.h"

struct node *txn_root(struct store *s, struct txn *t)
{
	assert(!t || t->doomed == !t->root);
	return t && !t->doomed ? t->root : s->root;
}

/* Account what the transaction itself takes: its changes as a list, and as nodes with values. */
static void recharge(struct store *s, struct txn *t)
{
	long now = (long)(sizeof(*t) + t->ops.cap + t->ops.len + t->growth.copied +
			  t->growth.created + touched_bytes(t->touched) +
			  t->nr_deltas * sizeof(*t->deltas) + 4U * ALLOC_OVERHEAD);

	store_usage(s, t->cred.domid)->transaction_bytes += now - t->charged;
	t->charged = now;
	assert(store_usage(s, t->cred.domid)->transaction_bytes >= now);
}

int txn_note(struct store *s, struct txn *t, const char *path, size_t len, unsigned int flags)
{
	if (!t || t->doomed)
		return 0;
	if (!touched_room(t->touched, len))
		return ENOMEM;
	if (touched_add(t->touched, path, len, flags))
		recharge(s, t);
	if (t->cred.privileged)
		return 0;
	if (touched_count(t->touched) > s->quota.transaction_nodes)
		return store_refuse(s, t->cred.domid, &s->quota.transaction_nodes);
	if (store_memory(s, t->cred.domid) > (long)s->quota.memory)
		return store_refuse(s, t->cred.domid, &s->quota.memory);
	return 0;
}

void txn_delta(const struct txn *t, uint16_t domid, int *nodes, long *bytes)
{
	*nodes = 0;
	*bytes = 0;
	for (unsigned int i = 0; t && i < t->nr_deltas; i++) {
		if (t->deltas[i].domid == domid) {
			*nodes = t->deltas[i].nodes;
			*bytes = t->deltas[i].bytes;
		}
	}
}

static void charge_txn(void *ctx, uint16_t domid, int nodes, long bytes)
{
	struct txn *t = ctx;
	struct delta *d = NULL;

	for (unsigned int i = 0; i < t->nr_deltas && !d; i++) {
		if (t->deltas[i].domid == domid)
			d = &t->deltas[i];
	}
	if (!d) {
		t->deltas = xs_realloc(t->deltas, (t->nr_deltas + 1) * sizeof(*d));
		d = &t->deltas[t->nr_deltas++];
		*d = (struct delta){ .domid = domid };
	}
	d->nodes += nodes;
	d->bytes += bytes;
}

int txn_start(struct store *s, const struct cred *cred, uint32_t id, struct txn **out)
{
	struct usage *u = store_usage(s, cred->domid);
	struct txn *t;

	if (!cred->privileged && u->transactions >= s->quota.transactions)
		return store_refuse(s, cred->domid, &s->quota.transactions);
	if (!cred->privileged && store_memory(s, cred->domid) >= (long)s->quota.memory)
		return store_refuse(s, cred->domid, &s->quota.memory);
	t = xs_zalloc(sizeof(*t));
	t->id = id;
	t->cred = *cred;
	t->commits = s->commits;
	t->replaced = store_replaced(s);
	t->base = node_get(s->root);
	t->root = node_get(s->root);
	t->touched = touched_new();
	list_init(&t->link);
	list_init(&t->age);
	if (!cred->privileged)
		list_add(&s->txns, &t->age);
	list_add(&u->views, &t->view);
	u->transactions++;
	recharge(s, t);
	*out = t;
	return 0;
}

int txn_apply(struct store *s, struct txn *t, const struct op *op)
{
	struct edit e = {
		.root = &t->root, .growth = &t->growth, .charge = charge_txn, .ctx = t,
	};

	if (t->doomed)
		return 0;
	/* As a list, which may have to grow, and as a node. */
	if (!t->cred.privileged && store_memory(s, t->cred.domid) + 3 * (long)op_size(op) +
	    (long)t->ops.len > (long)s->quota.memory)
		return store_refuse(s, t->cred.domid, &s->quota.memory);
	if (!buf_room(&t->ops, op_size(op)))
		return ENOMEM;
	e.gen = ++s->gen;
	if (op->path[0] == '/')
		op_apply(&e, op, NULL);
	op_encode(&t->ops, op);
	t->nr_ops++;
	recharge(s, t);
	return 0;
}

struct compare {
	struct node *before, *now;
};

/* Is @path, as far as the transaction looked at it, what it was? */
static bool unchanged(void *ctx, const char *path, size_t len, unsigned int flags)
{
	const struct compare *c = ctx;
	const struct node *a = tree_find(c->before, path, len);
	const struct node *b = tree_find(c->now, path, len);

	if (a == b)
		return true;
	if (!a || !b)
		return false;
	return (!(flags & TOUCHED_VALUE) || a->gen == b->gen) &&
	       (!(flags & TOUCHED_CHILDREN) || a->child_gen == b->child_gen) &&
	       (!(flags & TOUCHED_SUBTREE) || a->sub_gen == b->sub_gen);
}

static int check_quota(struct store *s, const struct txn *t)
{
	const struct usage *u = store_usage(s, t->cred.domid);
	long bytes;
	int nodes;

	if (t->cred.privileged)
		return 0;
	txn_delta(t, t->cred.domid, &nodes, &bytes);
	if (nodes > 0 && (long)u->nodes + nodes > (long)s->quota.nodes)
		return store_refuse(s, t->cred.domid, &s->quota.nodes);
	/* What the transaction took itself is free then. */
	if (bytes > 0 && usage_memory(u) - t->charged + bytes > (long)s->quota.memory)
		return store_refuse(s, t->cred.domid, &s->quota.memory);
	return 0;
}

int txn_check(struct store *s, struct txn *t)
{
	struct compare c = { .before = t->base, .now = s->root };

	if (t->doomed)
		return EAGAIN;
	/* What it saw was the store at one moment: without changes of its own it may end as if it
	 * had ended then. */
	if (!t->nr_ops)
		return 0;
	if (t->commits != s->commits && !touched_all(t->touched, unchanged, &c))
		return EAGAIN;
	return check_quota(s, t);
}

size_t txn_cost(const struct txn *t)
{
	/* The values and the nodes that the transaction made or copied, once more; the paths it
	 * tells of; and a little for each change. */
	return 2 * t->ops.len + 2 * (size_t)(t->growth.copied + t->growth.created) +
	       t->nr_ops * 512U + (1U << 20);
}

void txn_apply_all(struct store *s, struct txn *t)
{
	const char *p = t->ops.data, *end = p + t->ops.len;
	struct op op;

	assert(!t->doomed && (t->nr_ops != 0) == (t->ops.len != 0));
	if (!t->nr_ops)
		return;
	if (t->commits != s->commits) {
		while (p < end && op_decode(&p, end, &op))
			store_apply(s, &op, NULL);
		return;
	}
	while (p < end && op_decode(&p, end, &op)) {
		if (op.path[0] == '@')
			store_apply_special(s, &op);
	}
	/* The store is as it was when the transaction began: its tree is the new one. */
	node_put(s->root);
	s->root = node_get(t->root);
	s->commits++;
	s->growth.copied += t->growth.copied;
	s->growth.dropped += t->growth.dropped;
	for (unsigned int i = 0; i < t->nr_deltas; i++) {
		struct usage *u = store_usage(s, t->deltas[i].domid);

		u->nodes += (uint32_t)t->deltas[i].nodes;
		u->node_bytes += t->deltas[i].bytes;
	}
}

void txn_doom(struct store *s, struct txn *t)
{
	if (t->doomed)
		return;
	assert(t->base && t->root);
	t->doomed = true;
	list_del(&t->age);
	list_del(&t->view);
	node_put(t->base);
	node_put(t->root);
	t->base = t->root = NULL;
	touched_free(t->touched);
	t->touched = touched_new();
	buf_free(&t->ops);
	t->nr_ops = t->nr_deltas = 0;
	t->growth = (struct growth){ 0 };
	recharge(s, t);
}

void store_age(struct store *s)
{
	while (!list_empty(&s->txns)) {
		struct txn *t = list_entry(s->txns.next, struct txn, age);

		assert(!t->doomed && !t->cred.privileged);
		if (store_replaced(s) - t->replaced <= s->quota.transaction_memory)
			return;
		store_refuse(s, t->cred.domid, &s->quota.transaction_memory);
		txn_doom(s, t);
	}
}

void txn_free(struct store *s, struct txn *t)
{
	list_del(&t->link);
	list_del(&t->age);
	list_del(&t->view);
	node_put(t->base);
	node_put(t->root);
	assert(store_usage(s, t->cred.domid)->transactions);
	store_usage(s, t->cred.domid)->transactions--;
	store_usage(s, t->cred.domid)->transaction_bytes -= t->charged;
	touched_free(t->touched);
	buf_free(&t->ops);
	xs_free(t->deltas);
	xs_free(t);
}
