/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing a flattened device tree (Devicetree Specification 0.4, chapter 5), version 17. */
#ifndef XEN_FDT_WRITE_H
#define XEN_FDT_WRITE_H

#include <xen/types.h>

#define FDT_STRINGS_MAX 8192

/** A tree under construction. Calls after the buffer is full do nothing; fdt_write_end() tells. */
struct fdt_writer {
	u8 *buf;
	u32 size, at;		/* of the buffer; where the structure block continues */
	u32 depth;
	bool failed;
	u32 strings_len;
	char strings[FDT_STRINGS_MAX];
};

/** Begin a tree in @size bytes at @buf, with its root node open. */
void fdt_write_begin(struct fdt_writer *w, void *buf, u32 size);
/** Close the root. The length of the tree, or 0: it did not fit, or nodes are still open. */
u32 fdt_write_end(struct fdt_writer *w);

void fdt_write_node(struct fdt_writer *w, const char *name);
/** Open a node called "@name@@address", in hexadecimal. */
void fdt_write_node_at(struct fdt_writer *w, const char *name, u64 address);
void fdt_write_close(struct fdt_writer *w);

void fdt_write_prop(struct fdt_writer *w, const char *name, const void *value, u32 len);
void fdt_write_string(struct fdt_writer *w, const char *name, const char *value);
void fdt_write_u32(struct fdt_writer *w, const char *name, u32 value);
void fdt_write_u64(struct fdt_writer *w, const char *name, u64 value);
/** @n cells. */
void fdt_write_cells(struct fdt_writer *w, const char *name, const u32 *cell, u32 n);
/** @n pairs of an address and a size, of that many cells each (1 or 2). A number that needs more
 * fails the tree. */
void fdt_write_reg(struct fdt_writer *w, const char *name, const u64 *number, u32 n,
		   u32 address_cells, u32 size_cells);
/** The same with two cells each. */
void fdt_write_ranges(struct fdt_writer *w, const char *name, const u64 *number, u32 n);

#endif
