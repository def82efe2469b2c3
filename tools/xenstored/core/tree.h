/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of nodes, and how versions of it at different times share what is the same.
 *
 * Nodes are counted references. A snapshot is one more reference on the root; a change of the
 * tree copies what lies on the way to the change and is shared, and leaves the rest as it is, so a
 * snapshot costs nothing and a change costs the length of its path. The children of a node are a
 * treap (a search tree by name that is a heap by random numbers), so "the way" is short among many
 * siblings too.
 *
 * Each change has a number of its own; nodes remember the last one that changed them, which is how
 * transactions find out that another client was faster.
 */
#ifndef XSD_TREE_H
#define XSD_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define PERM_READ 1U
#define PERM_WRITE 2U
/* May change permissions, too: the node's owner. */
#define PERM_OWNER 4U

/* No domain: as an owner, the owner of the parent; as a target, none. */
#define DOMID_NONE 0xffffU

/** What one domain may do. */
struct perm {
	uint16_t domid;
	uint16_t bits;
};

/** Who may do what: the first entry names the owner and what all those not listed may do. */
struct acl {
	uint32_t ref, n;
	struct perm p[];
};

/** Bytes that are never changed, only replaced. */
struct blob {
	uint32_t ref, len;
	char data[];
};

struct node {
	uint32_t ref;
	uint32_t prio;
	/* The treap this node is in, and the one of its children. */
	struct node *left, *right, *children;
	uint32_t nr_children;
	uint16_t name_len;
	/* Numbers of the last change: of value or permissions, of the set of children, of anything
	 * here and below. */
	uint64_t gen, child_gen, sub_gen;
	struct blob *value;
	struct acl *acl;
	char name[];
};

/** Bytes that changes took. The first two exist because of a snapshot. */
struct growth {
	uint64_t copied;	/* nodes copied, as they were shared: a snapshot has the others */
	uint64_t dropped;	/* values and nodes taken out that a snapshot still has */
	uint64_t created;	/* new nodes */
};

/** One change: which tree, its number, and who is told about the memory of nodes. */
struct edit {
	struct node **root;
	uint64_t gen;
	struct growth *growth;		/* what the change takes is added there */
	void (*charge)(void *ctx, uint16_t domid, int nodes, long bytes);
	void *ctx;
};

/** @n entries, copied from @p, which need not be aligned. */
struct acl *acl_new(const void *p, uint32_t n);
struct acl *acl_get(struct acl *acl);
void acl_put(struct acl *acl);
struct blob *blob_new(const void *data, size_t len);
struct blob *blob_get(struct blob *blob);
void blob_put(struct blob *blob);

/** A root without children, with number 0, an empty value and the permissions @acl (kept). */
struct node *tree_new(struct acl *acl);
/** One more reference on @n, or NULL for NULL. */
struct node *node_get(struct node *n);
/** Drop a reference; the last one frees what only it held. */
void node_put(struct node *n);

/** The child named by the @len bytes of @name, or NULL. */
struct node *node_child(const struct node *parent, const char *name, size_t len);
/** The node at the absolute @path of @len bytes, or NULL. */
struct node *tree_find(struct node *root, const char *path, size_t len);
/**
 * The node there, or its closest ancestor that exists: *@found is the length of that one's path.
 */
struct node *tree_find_closest(struct node *root, const char *path, size_t len, size_t *found);
/** The number of components of @path after its first @from bytes. */
unsigned int tree_missing(const char *path, size_t len, size_t from);
/**
 * Append to @b the names of the children, each with its NUL, in order of their bytes: from byte
 * @from of that list on, and as many whole names as let @b be at most @max bytes long. True if
 * that was the rest.
 */
bool node_names(const struct node *n, size_t from, size_t max, struct buf *b);
/** What a node's memory is accounted as, in bytes: its own, its value's and its permissions', as if
 *  they were not shared, and what the allocator adds. */
long node_cost(const struct node *n);
/** What a new node without a value would cost, and what a value adds. */
long node_cost_new(size_t name_len, const struct acl *acl);
long blob_cost(size_t len);

/**
 * Set the value of @path to @value (kept), creating it and missing ancestors with empty values; a
 * NULL @value leaves an existing node alone (mkdir). New nodes inherit the permissions of the
 * closest ancestor, owned by @owner unless that is DOMID_NONE.
 */
void tree_set(const struct edit *e, const char *path, size_t len, struct blob *value,
	      uint16_t owner);
/** Replace the permissions of @path, which exists, by @acl (kept). */
void tree_set_acl(const struct edit *e, const char *path, size_t len, struct acl *acl);
/** Take @path, which exists and is not the root, out of the tree; the caller gets the reference. */
struct node *tree_remove(const struct edit *e, const char *path, size_t len);

/** Call @fn for every node in order, parents first; @path is the node's, and changes after. */
void tree_walk(struct node *root, void (*fn)(void *ctx, struct node *n, const char *path,
					     size_t len), void *ctx);
/** Check order, heap, counts and numbers of everything below @root; NULL or what is wrong. */
const char *tree_check(const struct node *root);

#endif
