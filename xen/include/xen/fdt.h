/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a flattened device tree (Devicetree Specification 0.4, chapter 5). fdt_open() checks the
 * whole tree once; after it, walking cannot leave the blob or loop.
 */
#ifndef XEN_FDT_H
#define XEN_FDT_H

#include <xen/types.h>

#define FDT_MAX_DEPTH 32

enum fdt_error {
	FDT_OK,
	FDT_TRUNCATED,		/* shorter than its header or than the header says */
	FDT_BAD_MAGIC,
	FDT_BAD_VERSION,
	FDT_BAD_LAYOUT,		/* blocks outside the blob, misaligned, or overlapping the header */
	FDT_BAD_RESERVE,	/* the memory reservation block does not end */
	FDT_BAD_TOKEN,		/* unknown token, or one that is not allowed there */
	FDT_BAD_NAME,		/* a node's or property's name does not end inside its block */
	FDT_BAD_PROPERTY,	/* a property's value leaves the structure block */
	FDT_TOO_DEEP,
};

const char *fdt_error_text(enum fdt_error e);

/** An opened tree. Const after fdt_open(). */
struct fdt {
	const u8 *blob;
	u32 size;		/* of the blob, as its header says */
	u32 struct_off, struct_size;
	u32 strings_off, strings_size;
	u32 reserve_off;
};

/** A node or "none": offset of its FDT_BEGIN_NODE token in the structure block. */
typedef struct { u32 v; } fdt_node_t;
#define FDT_NO_NODE ((fdt_node_t){ ~0U })
static inline bool fdt_node_ok(fdt_node_t n) { return n.v != ~0U; }

struct fdt_prop {
	const char *name;
	const u8 *value;
	u32 len;
	u32 next;		/* for fdt_next_prop() */
};

/** Check @len bytes at @blob (any alignment) fully; they must stay unchanged while in use. */
enum fdt_error fdt_open(struct fdt *t, const void *blob, size_t len);

fdt_node_t fdt_root(const struct fdt *t);
const char *fdt_node_name(const struct fdt *t, fdt_node_t n);
fdt_node_t fdt_first_child(const struct fdt *t, fdt_node_t n);
fdt_node_t fdt_next_sibling(const struct fdt *t, fdt_node_t n);
/** The child named @name, with or without its unit address. */
fdt_node_t fdt_find_child(const struct fdt *t, fdt_node_t n, const char *name);
/** By absolute path ("/chosen/dom1"). */
fdt_node_t fdt_find_path(const struct fdt *t, const char *path);
/** By the value of its phandle property. */
fdt_node_t fdt_find_phandle(const struct fdt *t, u32 phandle);

#define fdt_for_each_child(c, t, n) \
	for ((c) = fdt_first_child((t), (n)); fdt_node_ok(c); (c) = fdt_next_sibling((t), (c)))

bool fdt_first_prop(const struct fdt *t, fdt_node_t n, struct fdt_prop *p);
bool fdt_next_prop(const struct fdt *t, struct fdt_prop *p);
bool fdt_get_prop(const struct fdt *t, fdt_node_t n, const char *name, struct fdt_prop *p);

/** Cell @index of a property of big-endian cells; false when it does not reach that far. */
bool fdt_prop_u32(const struct fdt_prop *p, u32 index, u32 *v);
/** A number of @cells (1 or 2) cells that begins at cell @index. */
bool fdt_prop_cells(const struct fdt_prop *p, u32 index, u32 cells, u64 *v);
bool fdt_get_u32(const struct fdt *t, fdt_node_t n, const char *name, u32 *v);
/** A number of two cells or of one. */
bool fdt_get_u64(const struct fdt *t, fdt_node_t n, const char *name, u64 *v);
/** The value as a string; NULL when absent or not one string with its NUL. */
const char *fdt_get_string(const struct fdt *t, fdt_node_t n, const char *name);
/** String @index of a list; NULL after the last or when the list is malformed. */
const char *fdt_prop_string(const struct fdt_prop *p, u32 index);
/** True when a list of strings contains @s. */
bool fdt_prop_has_string(const struct fdt_prop *p, const char *s);
/** True when "compatible" contains @s. */
bool fdt_is_compatible(const struct fdt *t, fdt_node_t n, const char *s);

/** Entry @index of the memory reservation block; false after the last. */
bool fdt_reserved(const struct fdt *t, u32 index, u64 *start, u64 *size);

#endif
