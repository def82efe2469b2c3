/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of inclusive ranges in a red-black tree; neighbours are always merged. */
#include <xen/errno.h>
#include <xen/rangeset.h>
#include <xen/xmalloc.h>

struct range {
	struct rb_node node;
	u64 s, e;
};

#define to_range(n) rb_entry(n, struct range, node)

void rangeset_init(struct rangeset *r)
{
	r->root = RB_ROOT;
	r->count = 0;
}

static void drop(struct rangeset *r, struct range *x)
{
	rb_erase(&r->root, &x->node);
	r->count--;
	xfree(x);
}

void rangeset_destroy(struct rangeset *r)
{
	while (r->root.node)
		drop(r, to_range(r->root.node));
}

static struct range *next(const struct range *x)
{
	struct rb_node *n = rb_next(&x->node);

	return n ? to_range(n) : NULL;
}

/* The first range that ends at or after @v. */
static struct range *find_from(const struct rangeset *r, u64 v)
{
	struct rb_node *n = r->root.node;
	struct range *found = NULL;

	while (n) {
		if (to_range(n)->e >= v) {
			found = to_range(n);
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return found;
}

/* Add a node for [s, e], which neither overlaps nor touches another. */
static int insert(struct rangeset *r, u64 s, u64 e)
{
	struct rb_node **link = &r->root.node, *parent = NULL;
	struct range *x = xzalloc(struct range);

	if (!x)
		return -XEN_ENOMEM;
	x->s = s;
	x->e = e;
	while (*link) {
		parent = *link;
		link = s < to_range(parent)->s ? &parent->left : &parent->right;
	}
	rb_insert(&r->root, &x->node, parent, link);
	r->count++;
	return 0;
}

int rangeset_add(struct rangeset *r, u64 s, u64 e)
{
	struct range *x, *y;

	if (s > e)
		return -XEN_EINVAL;
	/* Ranges that touch are merged as well. */
	x = find_from(r, s ? s - 1 : 0);
	if (!x || (e != ~0UL && x->s > e + 1))
		return insert(r, s, e);
	/* Extend the first one over the others, which needs no memory and cannot fail. */
	x->s = min(x->s, s);
	x->e = max(x->e, e);
	while ((y = next(x)) != NULL && (x->e == ~0UL || y->s <= x->e + 1)) {
		x->e = max(x->e, y->e);
		drop(r, y);
	}
	return 0;
}

int rangeset_remove(struct rangeset *r, u64 s, u64 e)
{
	struct range *x, *y;
	int rc;

	if (s > e)
		return -XEN_EINVAL;
	x = find_from(r, s);
	if (x && x->s < s && x->e > e) {
		/* A hole in the middle: insert the upper part first, as only that may fail. */
		u64 old_end = x->e;

		x->e = s - 1;
		rc = insert(r, e + 1, old_end);
		if (rc)
			x->e = old_end;
		return rc;
	}
	for (; x && x->s <= e; x = y) {
		y = next(x);
		if (x->s < s)
			x->e = s - 1;
		else if (x->e > e)
			x->s = e + 1;
		else
			drop(r, x);
	}
	return 0;
}

bool rangeset_contains(const struct rangeset *r, u64 s, u64 e)
{
	const struct range *x = find_from(r, s);

	return s <= e && x && x->s <= s && x->e >= e;
}

bool rangeset_overlaps(const struct rangeset *r, u64 s, u64 e)
{
	const struct range *x = find_from(r, s);

	return s <= e && x && x->s <= e;
}

int rangeset_for_each(const struct rangeset *r, int (*fn)(u64 s, u64 e, void *arg), void *arg)
{
	for (struct rb_node *n = rb_first(&r->root); n; n = rb_next(n)) {
		int rc = fn(to_range(n)->s, to_range(n)->e, arg);

		if (rc)
			return rc;
	}
	return 0;
}
