/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The red-black tree: its invariants after every step, its order against a plain array. */
#include "unit.h"

#include <xen/rbtree.h>

#define ITEMS 200

struct item {
	struct rb_node node;
	u32 key;
	bool in_tree;
};

static struct item items[ITEMS];

/* Black height; asserts parents, colours and order. */
static int check(const struct rb_node *n, const struct rb_node *parent)
{
	int l, r;

	if (!n)
		return 1;
	assert_ptr_equal(n->parent, parent);
	if (n->red) {
		assert_false(n->left && n->left->red);
		assert_false(n->right && n->right->red);
	}
	l = check(n->left, n);
	r = check(n->right, n);
	assert_int_equal(l, r);
	return l + !n->red;
}

static void insert(struct rb_root *root, struct item *it)
{
	struct rb_node **link = &root->node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = it->key < rb_entry(parent, struct item, node)->key ? &parent->left
									  : &parent->right;
	}
	rb_insert(root, &it->node, parent, link);
}

static void check_order(const struct rb_root *root, u32 count)
{
	struct rb_node *n = rb_first(root), *prev = NULL;
	u32 seen = 0;

	for (; n; prev = n, n = rb_next(n), seen++) {
		assert_ptr_equal(rb_prev(n), prev);
		if (prev)
			assert_true(rb_entry(prev, struct item, node)->key <=
				    rb_entry(n, struct item, node)->key);
	}
	assert_ptr_equal(rb_last(root), prev);
	assert_int_equal(seen, count);
}

static void test_random(void **state)
{
	struct rb_root root = RB_ROOT;
	u32 count = 0;

	unit_seed();
	for (int round = 0; round < 20000; round++) {
		struct item *it = &items[unit_random_below(ITEMS)];

		if (it->in_tree) {
			rb_erase(&root, &it->node);
			count--;
		} else {
			it->key = unit_random_below(100);
			insert(&root, it);
			count++;
		}
		it->in_tree = !it->in_tree;
		assert_false(root.node && root.node->red);
		check(root.node, NULL);
		if (round % 16 == 0)
			check_order(&root, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
