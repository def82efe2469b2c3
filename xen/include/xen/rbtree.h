/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Red-black tree with intrusive nodes. The caller walks to the insertion point and locks. */
#ifndef XEN_RBTREE_H
#define XEN_RBTREE_H

#include <xen/compiler.h>

struct rb_node {
	struct rb_node *parent, *left, *right;
	bool red;
};

struct rb_root {
	struct rb_node *node;
};

#define RB_ROOT ((struct rb_root){ NULL })
#define rb_entry(p, type, member) container_of(p, type, member)

/** Link @n below @parent at @link (one of the parent's child slots or the root) and rebalance. */
void rb_insert(struct rb_root *root, struct rb_node *n, struct rb_node *parent,
	       struct rb_node **link);
void rb_erase(struct rb_root *root, struct rb_node *n);
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *n);
struct rb_node *rb_prev(const struct rb_node *n);

#endif
