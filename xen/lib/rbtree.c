/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Red-black tree. Invariants: the root is black, a red node has no red child, and every path from
 * the root to an empty slot crosses the same number of black nodes. Empty slots count as black.
 */
#include <xen/rbtree.h>

static bool is_red(const struct rb_node *n)
{
	return n && n->red;
}

/* Make @new take the place of @old under old's parent. */
static void replace_child(struct rb_root *root, struct rb_node *old, struct rb_node *new)
{
	struct rb_node *p = old->parent;

	if (!p)
		root->node = new;
	else if (p->left == old)
		p->left = new;
	else
		p->right = new;
	if (new)
		new->parent = p;
}

/* Rotate @n and its child on the given side, so that the child becomes the parent. */
static void rotate(struct rb_root *root, struct rb_node *n, bool right_child_up)
{
	struct rb_node *c = right_child_up ? n->right : n->left;
	struct rb_node *moved = right_child_up ? c->left : c->right;

	replace_child(root, n, c);
	if (right_child_up) {
		n->right = moved;
		c->left = n;
	} else {
		n->left = moved;
		c->right = n;
	}
	if (moved)
		moved->parent = n;
	n->parent = c;
}

void rb_insert(struct rb_root *root, struct rb_node *n, struct rb_node *parent,
	       struct rb_node **link)
{
	*n = (struct rb_node){ .parent = parent, .red = true };
	*link = n;
	while (is_red(n->parent)) {
		struct rb_node *p = n->parent, *g = p->parent;
		bool right = g->right == p;
		struct rb_node *uncle = right ? g->left : g->right;

		if (is_red(uncle)) {
			p->red = uncle->red = false;
			g->red = true;
			n = g;
			continue;
		}
		if ((p->right == n) != right) {
			/* An inner grandchild: rotate it to the outside first. */
			rotate(root, p, !right);
			p = n;
		}
		p->red = false;
		g->red = true;
		rotate(root, g, right);
		break;
	}
	root->node->red = false;
}

/* Restore the balance: the subtree @n (may be empty) below @p lacks one black node. */
static void fix_missing_black(struct rb_root *root, struct rb_node *n, struct rb_node *p)
{
	while (p && !is_red(n)) {
		bool right = p->left == n;	/* side of the sibling */
		struct rb_node *s = right ? p->right : p->left, *near, *far;

		if (s->red) {
			s->red = false;
			p->red = true;
			rotate(root, p, right);
			s = right ? p->right : p->left;
		}
		near = right ? s->left : s->right;
		far = right ? s->right : s->left;
		if (!is_red(near) && !is_red(far)) {
			s->red = true;
			n = p;
			p = n->parent;
			continue;
		}
		if (!is_red(far)) {
			near->red = false;
			s->red = true;
			rotate(root, s, !right);
			far = s;
			s = near;
		}
		s->red = p->red;
		p->red = far->red = false;
		rotate(root, p, right);
		return;
	}
	if (n)
		n->red = false;
}

void rb_erase(struct rb_root *root, struct rb_node *n)
{
	struct rb_node *child, *parent;
	bool lost_red;

	if (n->left && n->right) {
		/* Unhook the successor, which has no left child, and put it in n's place. */
		struct rb_node *s = n->right;

		while (s->left)
			s = s->left;
		child = s->right;
		lost_red = s->red;
		parent = s->parent == n ? s : s->parent;
		replace_child(root, s, child);
		replace_child(root, n, s);
		s->red = n->red;
		s->left = n->left;
		s->left->parent = s;
		s->right = n->right;
		if (s->right)
			s->right->parent = s;
	} else {
		child = n->left ? n->left : n->right;
		lost_red = n->red;
		parent = n->parent;
		replace_child(root, n, child);
	}
	if (!lost_red)
		fix_missing_black(root, child, parent);
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *n = root->node;

	while (n && n->left)
		n = n->left;
	return n;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *n = root->node;

	while (n && n->right)
		n = n->right;
	return n;
}

struct rb_node *rb_next(const struct rb_node *n)
{
	if (n->right) {
		for (n = n->right; n->left; n = n->left)
			;
		return (struct rb_node *)n;
	}
	while (n->parent && n->parent->right == n)
		n = n->parent;
	return n->parent;
}

struct rb_node *rb_prev(const struct rb_node *n)
{
	if (n->left) {
		for (n = n->left; n->right; n = n->right)
			;
		return (struct rb_node *)n;
	}
	while (n->parent && n->parent->left == n)
		n = n->parent;
	return n->parent;
}
