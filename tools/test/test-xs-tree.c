/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The copy-on-write tree against a list of paths, with snapshots that must not change. */
#include "unit.h"

#include <string.h>

#include "../xenstored/core/path.h"
#include "../xenstored/core/tree.h"
#include "../xenstored/core/util.h"
#include "../xenstored/core/wire.h"

#define SNAPSHOTS 8
#define STEPS 20000

static struct growth growth;
static uint32_t charged_nodes[4];
static long charged_bytes[4];

static void charge(void *ctx, uint16_t domid, int nodes, long bytes)
{
	assert_true(domid < 4);
	charged_nodes[domid] += (uint32_t)nodes;
	charged_bytes[domid] += bytes;
}

static void describe(void *ctx, struct node *n, const char *path, size_t len)
{
	struct buf *b = ctx;

	buf_add(b, path, len);
	buf_printf(b, " %u=", n->acl->p[0].domid);
	if (n->value)
		buf_add(b, n->value->data, n->value->len);
	buf_add(b, "\n", 1);
}

static struct buf text_of(struct node *root)
{
	struct buf b = { 0 };

	tree_walk(root, describe, &b);
	return b;
}

static size_t random_path(char path[64])
{
	static const char *const names[] = { "a", "b", "aa", "ab", "a-", "x", "device", "0", "1" };
	unsigned int depth = 1 + unit_random_below(4);

	path[0] = '\0';
	for (unsigned int i = 0; i < depth; i++) {
		strcat(path, "/");
		strcat(path, names[unit_random_below(9)]);
	}
	return strlen(path);
}

static void random_change(const struct edit *e)
{
	char path[64], value[16];
	size_t len = random_path(path);
	struct perm perm = { .domid = (uint16_t)unit_random_below(4) };

	switch (unit_random_below(6)) {
	case 0:
		if (tree_find(*e->root, path, len))
			node_put(tree_remove(e, path, len));
		break;
	case 1:
		if (tree_find(*e->root, path, len))
			tree_set_acl(e, path, len, acl_new(&perm, 1));
		break;
	case 2:
		tree_set(e, path, len, NULL, DOMID_NONE);
		break;
	default:
		snprintf(value, sizeof(value), "%u", (unsigned int)e->gen);
		tree_set(e, path, len, blob_new(value, strlen(value)), perm.domid);
		assert_non_null(tree_find(*e->root, path, len));
		assert_memory_equal(tree_find(*e->root, path, len)->value->data, value,
				    strlen(value));
	}
}

struct count {
	uint32_t nodes[4];
	long bytes[4];
};

static void count_node(void *ctx, struct node *n, const char *path, size_t len)
{
	struct count *c = ctx;

	c->nodes[n->acl->p[0].domid]++;
	c->bytes[n->acl->p[0].domid] += node_cost(n);
}

static void test_snapshots(void **state)
{
	static const struct perm closed;
	struct node *root = tree_new(acl_new(&closed, 1)), *kept[SNAPSHOTS] = { 0 };
	struct buf texts[SNAPSHOTS] = { 0 };
	struct edit e = { .root = &root, .growth = &growth, .charge = charge };

	unit_seed();
	charged_nodes[0] = 1;
	charged_bytes[0] = node_cost(root);
	for (int i = 0; i < STEPS; i++) {
		unsigned int k = unit_random_below(SNAPSHOTS * 4);

		e.gen++;
		random_change(&e);
		if (k >= SNAPSHOTS)
			continue;
		if (kept[k]) {
			struct buf now = text_of(kept[k]);

			assert_null(tree_check(kept[k]));
			assert_int_equal(now.len, texts[k].len);
			assert_memory_equal(now.data, texts[k].data, now.len);
			buf_free(&now);
			node_put(kept[k]);
			buf_free(&texts[k]);
			kept[k] = NULL;
		} else {
			kept[k] = node_get(root);
			texts[k] = text_of(root);
		}
		if (i % 100 == 0) {
			struct count c = { 0 };

			assert_null(tree_check(root));
			tree_walk(root, count_node, &c);
			assert_memory_equal(c.nodes, charged_nodes, sizeof(c.nodes));
			assert_memory_equal(c.bytes, charged_bytes, sizeof(c.bytes));
		}
	}
	for (int k = 0; k < SNAPSHOTS; k++) {
		node_put(kept[k]);
		buf_free(&texts[k]);
	}
	node_put(root);
}

/* A snapshot must not cost changes elsewhere: only the way to a change is copied. */
static void test_sharing(void **state)
{
	static const struct perm closed;
	struct node *root = tree_new(acl_new(&closed, 1)), *before;
	struct edit e = { .root = &root, .growth = &growth, .charge = charge };
	char path[64];

	for (int i = 0; i < 1000; i++) {
		e.gen++;
		snprintf(path, sizeof(path), "/d/%d/x", i);
		tree_set(&e, path, strlen(path), NULL, DOMID_NONE);
	}
	before = node_get(root);
	e.gen++;
	tree_set(&e, "/d/500/x", 8, blob_new("v", 1), DOMID_NONE);
	assert_ptr_not_equal(tree_find(root, "/d", 2), tree_find(before, "/d", 2));
	assert_ptr_not_equal(tree_find(root, "/d/500", 6), tree_find(before, "/d/500", 6));
	/* All others may have new places among their siblings, but are the same below. */
	assert_ptr_equal(tree_find(root, "/d/1/x", 6), tree_find(before, "/d/1/x", 6));
	assert_int_not_equal(tree_find(root, "/d", 2)->sub_gen,
			     tree_find(before, "/d", 2)->sub_gen);
	assert_int_equal(tree_find(root, "/d", 2)->gen, tree_find(before, "/d", 2)->gen);
	node_put(before);
	node_put(root);
}

static void test_names_in_order(void **state)
{
	static const struct perm closed;
	struct node *root = tree_new(acl_new(&closed, 1));
	struct edit e = { .root = &root, .gen = 1, .growth = &growth, .charge = charge };
	struct buf names = { 0 };

	tree_set(&e, "/b", 2, NULL, DOMID_NONE);
	tree_set(&e, "/a", 2, NULL, DOMID_NONE);
	tree_set(&e, "/aa", 3, NULL, DOMID_NONE);
	assert_true(node_names(root, 0, 7, &names));
	assert_int_equal(names.len, 7);
	assert_memory_equal(names.data, "a\0aa\0b", 7);
	names.len = 0;
	assert_false(node_names(root, 0, 6, &names));
	assert_int_equal(names.len, 5);
	names.len = 0;
	assert_true(node_names(root, 3, 7, &names));
	assert_memory_equal(names.data, "a\0b", 4);
	names.len = 0;
	node_put(tree_remove(&e, "/a", 2));
	assert_true(node_names(root, 0, 7, &names));
	assert_int_equal(names.len, 5);
	assert_memory_equal(names.data, "aa\0b", 5);
	buf_free(&names);
	node_put(root);
}

static void test_paths(void **state)
{
	static const struct {
		const char *name, *path;
		size_t home;
	} cases[] = {
		{ "/", "/", 0 },
		{ "/a/b", "/a/b", 0 },
		{ "a/b", "/local/domain/7/a/b", 16 },
		{ "/a@-_9", "/a@-_9", 0 },
		{ "", NULL, 0 },
		{ "/a/", NULL, 0 },
		{ "/a//b", NULL, 0 },
		{ "//", NULL, 0 },
		{ "a b", NULL, 0 },
		{ "@introduceDomain", NULL, 0 },
		{ "/a.b", NULL, 0 },
	};
	char longest[XENSTORE_ABS_PATH_MAX + 2], *path;
	size_t home;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		path = path_absolute(cases[i].name, 7, &home);
		if (!cases[i].path) {
			assert_null(path);
			continue;
		}
		assert_string_equal(path, cases[i].path);
		assert_int_equal(home, cases[i].home);
		xs_free(path);
	}
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	assert_null(path_absolute(longest, 0, &home));
	longest[XENSTORE_ABS_PATH_MAX] = '\0';
	path = path_absolute(longest, 0, &home);
	assert_non_null(path);
	xs_free(path);
	longest[0] = 'a';
	assert_null(path_absolute(longest, 0, &home));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snapshots),
		cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_names_in_order),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
