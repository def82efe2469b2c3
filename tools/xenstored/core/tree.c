/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The copy-on-write tree; see tree.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "tree.h"
#include "util.h"

struct acl *acl_new(const void *p, uint32_t n)
{
	struct acl *acl = xs_alloc(sizeof(*acl) + n * sizeof(acl->p[0]));

	assert(n);
	acl->ref = 1;
	acl->n = n;
	memcpy(acl->p, p, n * sizeof(acl->p[0]));
	return acl;
}

struct acl *acl_get(struct acl *acl)
{
	assert(acl->ref);
	acl->ref++;
	return acl;
}

void acl_put(struct acl *acl)
{
	assert(!acl || acl->ref);
	if (acl && !--acl->ref)
		xs_free(acl);
}

struct blob *blob_new(const void *data, size_t len)
{
	struct blob *blob = xs_alloc(sizeof(*blob) + len);

	blob->ref = 1;
	blob->len = (uint32_t)len;
	if (len)
		memcpy(blob->data, data, len);
	return blob;
}

struct blob *blob_get(struct blob *blob)
{
	if (blob)
		blob->ref++;
	return blob;
}

void blob_put(struct blob *blob)
{
	assert(!blob || blob->ref);
	if (blob && !--blob->ref)
		xs_free(blob);
}

static struct node *node_new(const char *name, size_t len, struct acl *acl)
{
	struct node *n = xs_zalloc(sizeof(*n) + len + 1);

	assert(acl && acl->ref);
	n->ref = 1;
	n->prio = xs_random();
	n->name_len = (uint16_t)len;
	memcpy(n->name, name, len);
	n->acl = acl;
	return n;
}

struct node *tree_new(struct acl *acl)
{
	return node_new("", 0, acl);
}

struct node *node_get(struct node *n)
{
	assert(!n || n->ref);
	if (n)
		n->ref++;
	return n;
}

/* Siblings to the right are freed in a loop: the depth of recursion is that of the path. */
void node_put(struct node *n)
{
	assert(!n || n->ref);
	while (n && !--n->ref) {
		struct node *right = n->right;

		assert(n->acl && (n->children != NULL) == (n->nr_children != 0));

		node_put(n->left);
		node_put(n->children);
		blob_put(n->value);
		acl_put(n->acl);
		xs_free(n);
		n = right;
	}
}

static int compare(const char *name, size_t len, const struct node *n)
{
	size_t common = len < n->name_len ? len : n->name_len;
	int c = memcmp(name, n->name, common);

	return c ? c : (len > n->name_len) - (len < n->name_len);
}

struct node *node_child(const struct node *parent, const char *name, size_t len)
{
	struct node *n = parent->children;

	while (n) {
		int c = compare(name, len, n);

		if (!c)
			break;
		n = c < 0 ? n->left : n->right;
	}
	return n;
}

struct node *tree_find_closest(struct node *root, const char *path, size_t len, size_t *found)
{
	const char *p = path, *end = path + len;
	struct node *n = root, *child;
	size_t step;

	*found = 1;
	while ((step = path_next(&p, end))) {
		child = node_child(n, p, step);
		if (!child)
			return n;
		n = child;
		p += step;
		*found = (size_t)(p - path);
	}
	*found = len;
	return n;
}

struct node *tree_find(struct node *root, const char *path, size_t len)
{
	size_t found;
	struct node *n = tree_find_closest(root, path, len, &found);

	return found == len ? n : NULL;
}

unsigned int tree_missing(const char *path, size_t len, size_t from)
{
	const char *p = path + from, *end = path + len;
	unsigned int n = 0;
	size_t step;

	while ((step = path_next(&p, end))) {
		p += step;
		n++;
	}
	return n;
}

struct names {
	size_t from, max;
	struct buf *to;
};

static bool add_names(struct names *s, const struct node *n)
{
	for (; n; n = n->right) {
		size_t size = n->name_len + 1U;

		if (!add_names(s, n->left))
			return false;
		if (s->from >= size) {
			s->from -= size;
			continue;
		}
		if (s->to->len + size - s->from > s->max)
			return false;
		buf_add(s->to, n->name + s->from, size - s->from);
		s->from = 0;
	}
	return true;
}

bool node_names(const struct node *n, size_t from, size_t max, struct buf *b)
{
	struct names s = { .from = from, .max = max, .to = b };

	return add_names(&s, n->children);
}

static size_t blob_bytes(const struct blob *blob)
{
	return blob ? sizeof(*blob) + blob->len + ALLOC_OVERHEAD : 0;
}

static size_t acl_bytes(const struct acl *acl)
{
	return sizeof(*acl) + acl->n * sizeof(acl->p[0]) + ALLOC_OVERHEAD;
}

static size_t node_bytes(const struct node *n)
{
	return sizeof(*n) + n->name_len + 1U + ALLOC_OVERHEAD;
}

long node_cost(const struct node *n)
{
	return (long)(node_bytes(n) + blob_bytes(n->value) + acl_bytes(n->acl));
}

long node_cost_new(size_t name_len, const struct acl *acl)
{
	return (long)(sizeof(struct node) + name_len + 1U + ALLOC_OVERHEAD + acl_bytes(acl));
}

long blob_cost(size_t len)
{
	return (long)(sizeof(struct blob) + len + ALLOC_OVERHEAD);
}

/* Make *@slot, reached through nodes that are not shared, a node that may be changed. */
static struct node *own(const struct edit *e, struct node **slot)
{
	struct node *old = *slot, *n;
	size_t size;

	assert(old && old->ref);
	if (old->ref == 1)
		return old;
	size = sizeof(*n) + old->name_len + 1U;
	n = xs_alloc(size);
	memcpy(n, old, size);
	n->ref = 1;
	node_get(n->left);
	node_get(n->right);
	node_get(n->children);
	blob_get(n->value);
	acl_get(n->acl);
	old->ref--;
	e->growth->copied += node_bytes(n);
	*slot = n;
	return n;
}

/* Own the child of @parent with this name, which exists, and the siblings on the way to it. */
static struct node **own_child(const struct edit *e, struct node *parent, const char *name,
			       size_t len)
{
	struct node **slot = &parent->children;

	assert(parent->ref == 1);
	for (;;) {
		int c = compare(name, len, *slot);
		struct node *n;

		if (!c)
			return slot;
		n = own(e, slot);
		slot = c < 0 ? &n->left : &n->right;
	}
}

static void insert_child(const struct edit *e, struct node *parent, struct node *child)
{
	struct node **slot = &parent->children, **left = &child->left, **right = &child->right, *t;

	assert(parent->ref == 1 && child->ref == 1 && !child->left && !child->right);
	while (*slot && (*slot)->prio >= child->prio) {
		struct node *n = own(e, slot);

		slot = compare(child->name, child->name_len, n) < 0 ? &n->left : &n->right;
	}
	t = *slot;
	*slot = child;
	while (t) {
		own(e, &t);
		if (compare(child->name, child->name_len, t) > 0) {
			*left = t;
			left = &t->right;
			t = t->right;
		} else {
			*right = t;
			right = &t->left;
			t = t->left;
		}
	}
	*left = *right = NULL;
	parent->nr_children++;
}

/* Take the node out of *@slot, whose way is owned, and join its two sides there. */
static struct node *unlink_slot(const struct edit *e, struct node **slot)
{
	struct node *n = *slot, *l = n->left, *r = n->right;

	if (n->ref == 1) {
		n->left = n->right = NULL;
	} else {
		node_get(l);
		node_get(r);
	}
	while (l && r) {
		if (l->prio > r->prio) {
			*slot = own(e, &l);
			slot = &l->right;
			l = l->right;
		} else {
			*slot = own(e, &r);
			slot = &r->left;
			r = r->left;
		}
	}
	*slot = l ? l : r;
	return n;
}

static struct acl *acl_for_child(struct acl *parent, uint16_t owner)
{
	struct acl *acl;

	if (owner == DOMID_NONE || parent->p[0].domid == owner)
		return acl_get(parent);
	acl = acl_new(parent->p, parent->n);
	acl->p[0].domid = owner;
	return acl;
}

static struct node *create_child(const struct edit *e, struct node *parent, const char *name,
				 size_t len, uint16_t owner)
{
	struct node *n = node_new(name, len, acl_for_child(parent->acl, owner));

	n->gen = n->child_gen = e->gen;
	insert_child(e, parent, n);
	parent->child_gen = e->gen;
	e->growth->created += (uint64_t)node_cost(n);
	e->charge(e->ctx, n->acl->p[0].domid, 1, node_cost(n));
	return n;
}

/* Own everything along @path, creating what is missing, and note the change there. */
static struct node *touch(const struct edit *e, const char *path, size_t len, uint16_t owner)
{
	const char *p = path, *end = path + len;
	struct node *n = own(e, e->root);
	size_t step;

	assert(len && path[0] == '/');
	/* Changes are numbered upwards, those of transactions too. */
	assert(e->gen >= n->sub_gen);
	n->sub_gen = e->gen;
	while ((step = path_next(&p, end))) {
		if (node_child(n, p, step))
			n = own(e, own_child(e, n, p, step));
		else
			n = create_child(e, n, p, step, owner);
		n->sub_gen = e->gen;
		p += step;
	}
	return n;
}

void tree_set(const struct edit *e, const char *path, size_t len, struct blob *value,
	      uint16_t owner)
{
	struct node *n;
	long before;

	if (!value && tree_find(*e->root, path, len))
		return;
	n = touch(e, path, len, owner);
	if (!value)
		return;
	before = node_cost(n);
	if (n->value && n->value->ref > 1)
		e->growth->dropped += blob_bytes(n->value);
	blob_put(n->value);
	n->value = value;
	n->gen = e->gen;
	e->charge(e->ctx, n->acl->p[0].domid, 0, node_cost(n) - before);
}

void tree_set_acl(const struct edit *e, const char *path, size_t len, struct acl *acl)
{
	struct node *n;

	assert(tree_find(*e->root, path, len));
	n = touch(e, path, len, DOMID_NONE);
	e->charge(e->ctx, n->acl->p[0].domid, -1, -node_cost(n));
	if (n->acl->ref > 1)
		e->growth->dropped += acl_bytes(n->acl);
	acl_put(n->acl);
	n->acl = acl;
	n->gen = e->gen;
	e->charge(e->ctx, n->acl->p[0].domid, 1, node_cost(n));
}

static void uncharge_all(const struct edit *e, const struct node *n, bool held);

/* @n goes from the tree, with all below; @held: a snapshot has what is above it. */
static void uncharge(const struct edit *e, const struct node *n, bool held)
{
	held |= n->ref > 1;
	e->charge(e->ctx, n->acl->p[0].domid, -1, -node_cost(n));
	if (held)
		e->growth->dropped += (uint64_t)node_cost(n);
	uncharge_all(e, n->children, held);
}

static void uncharge_all(const struct edit *e, const struct node *n, bool held)
{
	for (; n; n = n->right) {
		held |= n->ref > 1;
		uncharge_all(e, n->left, held);
		uncharge(e, n, held);
	}
}

struct node *tree_remove(const struct edit *e, const char *path, size_t len)
{
	size_t parent_len = path_parent_len(path, len);
	struct node *parent = touch(e, path, parent_len, DOMID_NONE), *n;
	const char *name = path + (parent_len == 1 ? 1 : parent_len + 1);

	n = unlink_slot(e, own_child(e, parent, name, (size_t)(path + len - name)));
	assert(n && n->ref && parent->nr_children);
	parent->nr_children--;
	parent->child_gen = e->gen;
	uncharge(e, n, false);
	return n;
}

struct walk {
	void (*fn)(void *ctx, struct node *n, const char *path, size_t len);
	void *ctx;
	struct buf path;
};

static void walk_siblings(struct walk *w, struct node *n)
{
	size_t len = w->path.len;

	for (; n; n = n->right) {
		walk_siblings(w, n->left);
		buf_add(&w->path, "/", 1);
		buf_add(&w->path, n->name, n->name_len + 1U);
		w->path.len--;
		w->fn(w->ctx, n, w->path.data, w->path.len);
		walk_siblings(w, n->children);
		w->path.len = len;
	}
}

void tree_walk(struct node *root, void (*fn)(void *ctx, struct node *n, const char *path,
					     size_t len), void *ctx)
{
	struct walk w = { .fn = fn, .ctx = ctx };

	fn(ctx, root, "/", 1);
	walk_siblings(&w, root->children);
	buf_free(&w.path);
}

/* What a check of a treap has seen so far. */
struct check {
	const char *wrong;
	const struct node *last;
	uint32_t count;
};

static void check_node(struct check *c, const struct node *n);

static void check_siblings(struct check *c, const struct node *n, const struct node *parent)
{
	if (!n || c->wrong)
		return;
	if ((n->left && n->left->prio > n->prio) || (n->right && n->right->prio > n->prio))
		c->wrong = "siblings are not a heap";
	check_siblings(c, n->left, parent);
	if (c->last && compare(n->name, n->name_len, c->last) <= 0)
		c->wrong = "siblings are out of order";
	c->last = n;
	c->count++;
	if (n->sub_gen > parent->sub_gen)
		c->wrong = "a parent is older than what is below";
	check_node(c, n);
	check_siblings(c, n->right, parent);
}

static void check_node(struct check *c, const struct node *n)
{
	struct check below = { .wrong = c->wrong };

	if (!n->ref || !n->acl || !n->acl->n || !n->acl->ref)
		c->wrong = "a node without reference or permissions";
	if (n->gen > n->sub_gen || n->child_gen > n->sub_gen)
		c->wrong = "a node is newer than its subtree";
	check_siblings(&below, n->children, n);
	if (below.wrong)
		c->wrong = below.wrong;
	else if (below.count != n->nr_children)
		c->wrong = "a wrong count of children";
}

const char *tree_check(const struct node *root)
{
	struct check c = { 0 };

	check_node(&c, root);
	return c.wrong;
}
