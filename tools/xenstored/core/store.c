/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store's checks and changes; see store.h. Transactions are in txn.c. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "store.h"
#include "touched.h"
#include "txn.h"

static const char *const special_names[NR_SPECIAL] = {
	[SPECIAL_INTRODUCE] = "@introduceDomain",
	[SPECIAL_RELEASE] = "@releaseDomain",
};

struct usage *store_usage(struct store *s, uint16_t domid)
{
	struct usage **part = &s->usage[domid / DOMIDS_PART];

	if (!*part) {
		*part = xs_zalloc(DOMIDS_PART * sizeof(**part));
		for (unsigned int i = 0; i < DOMIDS_PART; i++)
			list_init(&(*part)[i].views);
	}
	return *part + domid % DOMIDS_PART;
}

long store_memory(struct store *s, uint16_t domid)
{
	return usage_memory(store_usage(s, domid));
}

int store_refuse(struct store *s, uint16_t domid, const unsigned int *limit)
{
	assert(limit >= &s->quota.nodes && limit < (unsigned int *)(&s->quota + 1));
	store_usage(s, domid)->refusals.count++;
	if (s->refused)
		s->refused(s->refused_ctx, domid, limit);
	return ENOSPC;
}

uint64_t store_replaced(const struct store *s)
{
	return s->growth.copied + s->growth.dropped;
}

uint64_t store_kept(struct store *s, uint16_t domid)
{
	struct list *views = &store_usage(s, domid)->views;

	if (list_empty(views))
		return 0;
	assert(store_replaced(s) >= list_entry(views->next, struct txn, view)->replaced);
	return store_replaced(s) - list_entry(views->next, struct txn, view)->replaced;
}

bool store_next_usage(const struct store *s, unsigned int *domid)
{
	while (*domid < NR_DOMIDS && !s->usage[*domid / DOMIDS_PART])
		*domid = (*domid / DOMIDS_PART + 1) * DOMIDS_PART;
	return *domid < NR_DOMIDS;
}

static void charge_store(void *ctx, uint16_t domid, int nodes, long bytes)
{
	struct usage *u = store_usage(ctx, domid);

	u->nodes += (uint32_t)nodes;
	u->node_bytes += bytes;
	/* Nothing is uncharged that was not charged. */
	assert((int32_t)u->nodes >= 0 && u->node_bytes >= 0);
}

static struct edit edit_store(struct store *s)
{
	s->commits++;
	return (struct edit){
		.root = &s->root, .gen = ++s->gen, .growth = &s->growth, .charge = charge_store,
		.ctx = s,
	};
}

void store_init(struct store *s)
{
	static const struct perm closed = { .domid = 0, .bits = 0 };
	struct edit e;

	memset(s, 0, sizeof(*s));
	quota_defaults(&s->quota);
	list_init(&s->txns);
	for (int i = 0; i < NR_SPECIAL; i++)
		s->special[i] = acl_new(&closed, 1);
	s->root = tree_new(acl_new(&closed, 1));
	charge_store(s, 0, 1, node_cost(s->root));
	e = edit_store(s);
	tree_set(&e, "/tool/xenstored", strlen("/tool/xenstored"), NULL, DOMID_NONE);
}

void store_fini(struct store *s)
{
	node_put(s->root);
	for (int i = 0; i < NR_SPECIAL; i++)
		acl_put(s->special[i]);
	for (unsigned int i = 0; i < NR_DOMIDS / DOMIDS_PART; i++)
		xs_free(s->usage[i]);
}

unsigned int store_rights(const struct acl *acl, const struct cred *cred)
{
	assert(acl->n);
	if (cred->privileged || acl->p[0].domid == cred->domid ||
	    (cred->target != DOMID_NONE && acl->p[0].domid == cred->target))
		return PERM_READ | PERM_WRITE | PERM_OWNER;
	for (uint32_t i = 1; i < acl->n; i++) {
		if (acl->p[i].domid == cred->domid ||
		    (cred->target != DOMID_NONE && acl->p[i].domid == cred->target))
			return acl->p[i].bits & (PERM_READ | PERM_WRITE);
	}
	return acl->p[0].bits & (PERM_READ | PERM_WRITE);
}

int store_special(const char *path)
{
	for (int i = 0; i < NR_SPECIAL; i++) {
		if (!strcmp(path, special_names[i]))
			return i;
	}
	return -1;
}

/*
 * That something is missing was looked at: everything missing on the way there must still be
 * missing, and the ancestor whose permissions decided must be the same, when the transaction
 * ends.
 */
static int note_missing(struct store *s, struct txn *t, const char *path, size_t len,
			size_t found)
{
	const char *p = path + found, *end = path + len;
	int error = txn_note(s, t, path, found, TOUCHED_VALUE);
	size_t step;

	while (!error && (step = path_next(&p, end))) {
		p += step;
		error = txn_note(s, t, path, (size_t)(p - path), TOUCHED_VALUE);
	}
	return error;
}

/*
 * Find what @path names and whether @cred has the right @want: *@node is NULL when there is none.
 */
static int lookup(struct store *s, struct txn *t, const struct cred *cred, const char *path,
		  unsigned int want, unsigned int flags, struct node **node, size_t *found)
{
	size_t len = strlen(path);
	struct node *n = tree_find_closest(txn_root(s, t), path, len, found);
	int error = txn_note(s, t, path, len, flags);

	assert(path[0] == '/' && *found && *found <= len);
	*node = *found == len ? n : NULL;
	/* With privilege the answer does not depend on the ancestor. */
	if (!error && !*node && !cred->privileged)
		error = note_missing(s, t, path, len, *found);
	if (error)
		return error;
	if ((store_rights(n->acl, cred) & want) != want)
		return EACCES;
	return *node ? 0 : ENOENT;
}

int store_read(struct store *s, struct txn *t, const struct cred *cred, const char *path,
	       struct node **node)
{
	size_t found;

	return lookup(s, t, cred, path, PERM_READ, TOUCHED_VALUE, node, &found);
}

int store_list(struct store *s, struct txn *t, const struct cred *cred, const char *path,
	       struct node **node)
{
	size_t found;

	return lookup(s, t, cred, path, PERM_READ, TOUCHED_VALUE | TOUCHED_CHILDREN, node,
		      &found);
}

int store_get_acl(struct store *s, struct txn *t, const struct cred *cred, const char *path,
		  const struct acl **acl)
{
	struct node *node;
	size_t found;
	int error, special;

	if (path_is_special(path)) {
		special = store_special(path);
		if (special < 0)
			return EINVAL;
		*acl = s->special[special];
		return store_rights(*acl, cred) & PERM_READ ? 0 : EACCES;
	}
	error = lookup(s, t, cred, path, PERM_READ, TOUCHED_VALUE, &node, &found);
	if (!error)
		*acl = node->acl;
	return error;
}

/* Would @nodes more nodes and @bytes more bytes be too much for @cred? */
static int check_room(struct store *s, struct txn *t, const struct cred *cred, unsigned int nodes,
		      long bytes)
{
	const struct usage *u = store_usage(s, cred->domid);
	int held = 0;
	long held_bytes = 0;

	if (cred->privileged)
		return 0;
	txn_delta(t, cred->domid, &held, &held_bytes);
	if (nodes && (long)u->nodes + held + (long)nodes > (long)s->quota.nodes)
		return store_refuse(s, cred->domid, &s->quota.nodes);
	if (bytes > 0 &&
	    store_memory(s, cred->domid) + held_bytes + bytes > (long)s->quota.memory)
		return store_refuse(s, cred->domid, &s->quota.memory);
	return 0;
}

/* The cost of the nodes missing on @path after its first @found bytes; they inherit @acl. */
static long cost_missing(const char *path, size_t len, size_t found, const struct acl *acl)
{
	return (long)tree_missing(path, len, found) * node_cost_new(0, acl) + (long)(len - found);
}

int store_check_set(struct store *s, struct txn *t, const struct cred *cred, const char *path,
		    const void *value, size_t len, bool mkdir, struct op *op, bool *nothing)
{
	size_t path_len = strlen(path), found;
	unsigned int missing;
	struct node *node;
	long cost;
	int error;

	*nothing = false;
	if (!cred->privileged && len > s->quota.node_size)
		return store_refuse(s, cred->domid, &s->quota.node_size);
	error = lookup(s, t, cred, path, PERM_WRITE, TOUCHED_VALUE, &node, &found);
	if (error && error != ENOENT)
		return error;
	if (node && mkdir) {
		*nothing = true;
		return 0;
	}
	missing = node ? 0 : tree_missing(path, path_len, found);
	error = missing ? note_missing(s, t, path, path_len, found) : 0;
	cost = mkdir ? 0 : blob_cost(len);
	if (node && node->value)
		cost -= blob_cost(node->value->len);
	if (missing)
		cost += cost_missing(path, path_len, found,
				     tree_find_closest(txn_root(s, t), path, found,
						       &found)->acl);
	if (!error)
		error = check_room(s, t, cred, missing, cost);
	*op = (struct op){
		.code = mkdir ? OP_MKDIR : OP_SET,
		.owner = cred->privileged ? DOMID_NONE : cred->domid,
		.path = path, .path_len = path_len, .value = value, .value_len = len,
	};
	return error;
}

int store_check_rm(struct store *s, struct txn *t, const struct cred *cred, const char *path,
		   struct op *op, bool *nothing)
{
	size_t len = strlen(path), found;
	struct node *node;
	int error;

	*nothing = false;
	if (len == 1)
		return EINVAL;
	/* Whether it is an error that there is nothing to remove depends on the parent. */
	if (t && !tree_find(txn_root(s, t), path, len)) {
		error = txn_note(s, t, path, path_parent_len(path, len), TOUCHED_VALUE);
		if (error)
			return error;
	}
	error = lookup(s, t, cred, path, PERM_WRITE, TOUCHED_VALUE | TOUCHED_SUBTREE, &node,
		       &found);
	if (error == ENOENT && found == path_parent_len(path, len)) {
		*nothing = true;
		return 0;
	}
	*op = (struct op){ .code = OP_RM, .owner = DOMID_NONE, .path = path, .path_len = len };
	return error;
}

static int check_new_acl(struct store *s, const struct cred *cred, const struct acl *old,
			 const struct perm *perms, uint32_t n)
{
	if (!n)
		return EINVAL;
	if (cred->privileged)
		return 0;
	if (n > s->quota.node_perms)
		return store_refuse(s, cred->domid, &s->quota.node_perms);
	return perms[0].domid == old->p[0].domid ? 0 : EPERM;
}

int store_check_acl(struct store *s, struct txn *t, const struct cred *cred, const char *path,
		    const struct perm *perms, uint32_t n, struct op *op)
{
	int error, special = -1;
	struct node *node;
	const struct acl *old;
	size_t found;

	if (path_is_special(path)) {
		special = store_special(path);
		if (special < 0)
			return EINVAL;
		old = s->special[special];
		error = store_rights(old, cred) & PERM_OWNER ? 0 : EACCES;
	} else {
		error = lookup(s, t, cred, path, PERM_OWNER, TOUCHED_VALUE, &node, &found);
		old = node ? node->acl : NULL;
	}
	if (!error)
		error = check_new_acl(s, cred, old, perms, n);
	if (!error && special < 0)
		error = check_room(s, t, cred, 0,
				   ((long)n - (long)old->n) * (long)sizeof(*perms));
	*op = (struct op){
		.code = OP_ACL, .owner = DOMID_NONE, .path = path, .path_len = strlen(path),
		.value = perms, .value_len = n * sizeof(*perms),
	};
	return error;
}

static struct acl *acl_of(const struct op *op)
{
	return acl_new(op->value, (uint32_t)(op->value_len / sizeof(struct perm)));
}

void op_apply(const struct edit *e, const struct op *op, struct node **removed)
{
	struct node *gone = NULL;

	switch (op->code) {
	case OP_SET:
		tree_set(e, op->path, op->path_len, blob_new(op->value, op->value_len),
			 op->owner);
		break;
	case OP_MKDIR:
		tree_set(e, op->path, op->path_len, NULL, op->owner);
		break;
	case OP_RM:
		if (tree_find(*e->root, op->path, op->path_len))
			gone = tree_remove(e, op->path, op->path_len);
		break;
	case OP_ACL:
		if (tree_find(*e->root, op->path, op->path_len))
			tree_set_acl(e, op->path, op->path_len, acl_of(op));
		break;
	}
	if (removed)
		*removed = gone;
	else
		node_put(gone);
}

void store_apply_special(struct store *s, const struct op *op)
{
	for (int i = 0; i < NR_SPECIAL; i++) {
		if (op->path_len == strlen(special_names[i]) &&
		    !memcmp(op->path, special_names[i], op->path_len)) {
			acl_put(s->special[i]);
			s->special[i] = acl_of(op);
		}
	}
}

void store_apply(struct store *s, const struct op *op, struct node **removed)
{
	struct edit e;

	assert(op->path_len && (op->path[0] == '/' || op->code == OP_ACL));
	if (op->path[0] == '@') {
		store_apply_special(s, op);
		if (removed)
			*removed = NULL;
		return;
	}
	e = edit_store(s);
	op_apply(&e, op, removed);
}

/* So many bytes of paths are found in one walk: what it takes is bounded. */
#define LEFTOVERS_BYTES 65536U

/* Paths, each with its NUL, of nodes that a domain owned or was listed in. */
struct leftovers {
	uint16_t domid;
	struct buf owned, listed;
};

static bool acl_lists(const struct acl *acl, uint16_t domid)
{
	for (uint32_t i = 1; i < acl->n; i++) {
		if (acl->p[i].domid == domid)
			return true;
	}
	return false;
}

static void find_leftovers(void *ctx, struct node *n, const char *path, size_t len)
{
	struct leftovers *l = ctx;

	if (l->owned.len + l->listed.len > LEFTOVERS_BYTES)
		return;
	if (n->acl->p[0].domid == l->domid && len > 1)
		buf_add(&l->owned, path, len + 1);
	else if (acl_lists(n->acl, l->domid))
		buf_add(&l->listed, path, len + 1);
}

static struct acl *acl_without(const struct acl *acl, uint16_t domid)
{
	struct acl *new = acl_new(acl->p, acl->n);
	uint32_t n = 1;

	for (uint32_t i = 1; i < acl->n; i++) {
		if (acl->p[i].domid != domid)
			new->p[n++] = acl->p[i];
	}
	new->n = n;
	return new;
}

/* Delete and change what the walk found; false when it found nothing. */
static bool forget_some(struct store *s, struct leftovers *l,
			void (*fn)(void *ctx, const char *path, struct node *removed), void *ctx)
{
	struct edit e;
	const char *p;

	l->owned.len = l->listed.len = 0;
	tree_walk(s->root, find_leftovers, l);
	for (p = l->owned.data; p < l->owned.data + l->owned.len; p += strlen(p) + 1) {
		struct node *gone;

		/* It may have gone with an ancestor. */
		if (!tree_find(s->root, p, strlen(p)))
			continue;
		e = edit_store(s);
		gone = tree_remove(&e, p, strlen(p));
		if (fn)
			fn(ctx, p, gone);
		node_put(gone);
	}
	for (p = l->listed.data; p < l->listed.data + l->listed.len; p += strlen(p) + 1) {
		struct node *n = tree_find(s->root, p, strlen(p));

		if (!n)
			continue;
		e = edit_store(s);
		tree_set_acl(&e, p, strlen(p), acl_without(n->acl, l->domid));
	}
	return l->owned.len || l->listed.len;
}

void store_forget_domain(struct store *s, uint16_t domid,
			 void (*fn)(void *ctx, const char *path, struct node *removed), void *ctx)
{
	struct leftovers l = { .domid = domid };

	while (forget_some(s, &l, fn, ctx))
		;
	for (int i = 0; i < NR_SPECIAL; i++) {
		struct acl *old = s->special[i];

		s->special[i] = acl_without(old, domid);
		acl_put(old);
	}
	buf_free(&l.owned);
	buf_free(&l.listed);
}

/* Subtract what is there from what is accounted; zeroes must be left. */
static void discount_node(void *ctx, struct node *n, const char *path, size_t len)
{
	struct usage *u = store_usage(ctx, n->acl->p[0].domid);

	(void)path;
	(void)len;
	u->nodes--;
	u->node_bytes -= node_cost(n);
}

static void recount_node(void *ctx, struct node *n, const char *path, size_t len)
{
	(void)path;
	(void)len;
	charge_store(ctx, n->acl->p[0].domid, 1, node_cost(n));
}

const char *store_check(struct store *s)
{
	const char *wrong = tree_check(s->root);

	if (wrong)
		return wrong;
	tree_walk(s->root, discount_node, s);
	for (unsigned int i = 0; !wrong && store_next_usage(s, &i); i++) {
		if (store_usage(s, (uint16_t)i)->nodes)
			wrong = "a domain's count of nodes is wrong";
		else if (store_usage(s, (uint16_t)i)->node_bytes)
			wrong = "a domain's memory of nodes is wrong";
	}
	tree_walk(s->root, recount_node, s);
	return wrong;
}
