/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of watches; see watch.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "watch.h"

/* A component of a path that is watched, or lies on the way to one that is. */
struct watch_node {
	struct watch_node *left, *right, *children, *parent;
	uint32_t prio;
	uint16_t len;
	struct list watches;
	char name[];
};

static struct watch_node *node_make(struct watch_node *parent, const char *name, size_t len)
{
	struct watch_node *n = xs_zalloc(sizeof(*n) + len + 1);

	memcpy(n->name, name, len);
	n->len = (uint16_t)len;
	n->prio = xs_random();
	n->parent = parent;
	list_init(&n->watches);
	return n;
}

void watches_init(struct watches *ws)
{
	ws->count = 0;
	ws->root = node_make(NULL, "", 0);
	ws->special = node_make(NULL, "", 0);
}

void watches_fini(struct watches *ws)
{
	assert(!ws->count && !ws->root->children && !ws->special->children);
	xs_free(ws->root);
	xs_free(ws->special);
}

static int compare(const char *name, size_t len, const struct watch_node *n)
{
	int c = memcmp(name, n->name, len < n->len ? len : n->len);

	return c ? c : (len > n->len) - (len < n->len);
}

static struct watch_node *child(const struct watch_node *parent, const char *name, size_t len)
{
	struct watch_node *n = parent->children;
	int c;

	while (n && (c = compare(name, len, n)))
		n = c < 0 ? n->left : n->right;
	return n;
}

static void insert(struct watch_node *parent, struct watch_node *new)
{
	struct watch_node **slot = &parent->children, *t;
	struct watch_node **left = &new->left, **right = &new->right;

	while (*slot && (*slot)->prio >= new->prio)
		slot = compare(new->name, new->len, *slot) < 0 ? &(*slot)->left : &(*slot)->right;
	t = *slot;
	*slot = new;
	while (t) {
		if (compare(new->name, new->len, t) > 0) {
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
}

static void take_out(struct watch_node *n)
{
	struct watch_node **slot = &n->parent->children, *l = n->left, *r = n->right;

	assert(!n->children && list_empty(&n->watches));
	while (*slot != n)
		slot = compare(n->name, n->len, *slot) < 0 ? &(*slot)->left : &(*slot)->right;
	while (l && r) {
		if (l->prio > r->prio) {
			*slot = l;
			slot = &l->right;
			l = l->right;
		} else {
			*slot = r;
			slot = &r->left;
			r = r->left;
		}
	}
	*slot = l ? l : r;
}

static struct watch_node *step_into(struct watch_node *n, const char *name, size_t len)
{
	struct watch_node *next = child(n, name, len);

	if (!next) {
		next = node_make(n, name, len);
		insert(n, next);
	}
	return next;
}

void watches_add(struct watches *ws, struct watch *w)
{
	const char *p = w->path, *end = p + strlen(p);
	struct watch_node *n = ws->root;
	size_t step;

	assert(!w->at && (*p == '/' || *p == '@'));
	if (path_is_special(w->path)) {
		n = step_into(ws->special, p, (size_t)(end - p));
	} else {
		while ((step = path_next(&p, end))) {
			n = step_into(n, p, step);
			p += step;
		}
	}
	w->at = n;
	list_add(&n->watches, &w->link);
	ws->count++;
}

void watches_remove(struct watches *ws, struct watch *w)
{
	struct watch_node *n = w->at, *parent;

	assert(n && ws->count);
	list_del(&w->link);
	ws->count--;
	while (n->parent && !n->children && list_empty(&n->watches)) {
		parent = n->parent;
		take_out(n);
		xs_free(n);
		n = parent;
	}
}

/* One change on its way through the tree. */
struct change {
	const char *path;
	const struct acl *before, *now, *parent;
	watch_fn *fn;
	void *ctx;
};

static void tell(const struct change *c, struct watch_node *n)
{
	struct list *pos, *tmp;

	list_for_safe(pos, tmp, &n->watches)
		c->fn(c->ctx, list_entry(pos, struct watch, link), c->path, c->before, c->now,
		      c->parent);
}

/* Tell all watches on the way to the path; returns its own place, NULL if it has none. */
static struct watch_node *tell_along(struct watches *ws, const struct change *c)
{
	const char *p = c->path, *end = p + strlen(p);
	struct watch_node *n = ws->root;
	size_t step;

	if (path_is_special(p)) {
		n = child(ws->special, p, (size_t)(end - p));
		if (n)
			tell(c, n);
		return NULL;
	}
	tell(c, n);
	while (n && (step = path_next(&p, end))) {
		n = child(n, p, step);
		if (n)
			tell(c, n);
		p += step;
	}
	return n;
}

void watches_changed(struct watches *ws, const char *path, const struct acl *before,
		     const struct acl *now, const struct acl *parent, watch_fn *fn, void *ctx)
{
	struct change c = {
		.path = path, .before = before, .now = now, .parent = parent, .fn = fn, .ctx = ctx,
	};

	tell_along(ws, &c);
}

/* The watches below @siblings whose nodes existed below @removed. */
static void tell_below(struct change *c, struct watch_node *siblings, const struct node *removed,
		       struct buf *path)
{
	size_t len = path->len;
	struct watch_node *w;

	for (w = siblings; w; w = w->right) {
		const struct node *n = node_child(removed, w->name, w->len);

		tell_below(c, w->left, removed, path);
		if (!n)
			continue;
		buf_add(path, "/", 1);
		buf_add(path, w->name, w->len + 1U);
		path->len--;
		c->path = path->data;
		c->before = n->acl;
		c->parent = removed->acl;
		tell(c, w);
		tell_below(c, w->children, n, path);
		path->len = len;
	}
}

void watches_removed(struct watches *ws, const char *path, const struct node *removed,
		     const struct acl *parent, watch_fn *fn, void *ctx)
{
	struct change c = {
		.path = path, .before = removed->acl, .parent = parent, .fn = fn, .ctx = ctx,
	};
	struct watch_node *at = tell_along(ws, &c);
	struct buf below = { 0 };

	if (!at || !at->children)
		return;
	buf_add(&below, path, strlen(path));
	tell_below(&c, at->children, removed, &below);
	buf_free(&below);
}

size_t watch_bytes(const struct watch *w)
{
	size_t len = strlen(w->path);

	return sizeof(*w) + tree_missing(w->path, len, 0) * sizeof(struct watch_node) + 2 * len +
	       strlen(w->token);
}
