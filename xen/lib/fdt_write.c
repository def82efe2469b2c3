/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing device trees. The structure block grows after the header; the strings come last. */
#include <xen/fdt_write.h>

#include <xen/assert.h>
#include <xen/compiler.h>
#include <xen/format.h>
#include <xen/string.h>

#define MAGIC 0xd00dfeed
#define VERSION 17
#define COMPATIBLE_VERSION 16
#define HEADER_BYTES 40
#define RESERVE_BYTES 16	/* the entry that ends the block */
#define BEGIN_NODE 1
#define END_NODE 2
#define PROP 3
#define END 9

static void put32(u8 *at, u32 v)
{
	v = __builtin_bswap32(v);
	memcpy(at, &v, sizeof(v));
}

static u8 *room(struct fdt_writer *w, u32 len)
{
	u8 *at = w->buf + w->at;

	len = ROUND_UP(len, 4);
	if (w->failed || len > w->size - w->at) {
		w->failed = true;
		return NULL;
	}
	w->at += len;
	return at;
}

static void cell(struct fdt_writer *w, u32 v)
{
	u8 *at = room(w, 4);

	if (at)
		put32(at, v);
}

static void bytes(struct fdt_writer *w, const void *value, u32 len)
{
	u8 *at = room(w, len);

	if (!at)
		return;
	memset(at, 0, ROUND_UP(len, 4));
	memcpy(at, value, len);
}

void fdt_write_begin(struct fdt_writer *w, void *buf, u32 size)
{
	memset(w, 0, sizeof(*w));
	w->buf = buf;
	w->size = size;
	if (size < HEADER_BYTES + RESERVE_BYTES) {
		w->failed = true;
		return;
	}
	memset(buf, 0, HEADER_BYTES + RESERVE_BYTES);
	w->at = HEADER_BYTES + RESERVE_BYTES;
	fdt_write_node(w, "");
}

void fdt_write_node(struct fdt_writer *w, const char *name)
{
	w->depth++;
	cell(w, BEGIN_NODE);
	bytes(w, name, (u32)strlen(name) + 1);
}

void fdt_write_node_at(struct fdt_writer *w, const char *name, u64 address)
{
	char full[64];

	scnprintf(full, sizeof(full), "%s@%lx", name, address);
	fdt_write_node(w, full);
}

void fdt_write_close(struct fdt_writer *w)
{
	w->failed |= !w->depth;
	w->depth--;
	cell(w, END_NODE);
}

/* Offset of @name among the strings, each of which is there once. */
static u32 string_offset(struct fdt_writer *w, const char *name)
{
	u32 len = (u32)strlen(name) + 1, off = 0;

	while (off < w->strings_len) {
		if (!strcmp(w->strings + off, name))
			return off;
		off += (u32)strlen(w->strings + off) + 1;
	}
	if (len > sizeof(w->strings) - off) {
		w->failed = true;
		return 0;
	}
	memcpy(w->strings + off, name, len);
	w->strings_len += len;
	return off;
}

void fdt_write_prop(struct fdt_writer *w, const char *name, const void *value, u32 len)
{
	cell(w, PROP);
	cell(w, len);
	cell(w, string_offset(w, name));
	if (len)
		bytes(w, value, len);
}

void fdt_write_string(struct fdt_writer *w, const char *name, const char *value)
{
	fdt_write_prop(w, name, value, (u32)strlen(value) + 1);
}

void fdt_write_cells(struct fdt_writer *w, const char *name, const u32 *value, u32 n)
{
	cell(w, PROP);
	cell(w, n * 4);
	cell(w, string_offset(w, name));
	for (u32 i = 0; i < n; i++)
		cell(w, value[i]);
}

void fdt_write_u32(struct fdt_writer *w, const char *name, u32 value)
{
	fdt_write_cells(w, name, &value, 1);
}

void fdt_write_u64(struct fdt_writer *w, const char *name, u64 value)
{
	fdt_write_cells(w, name, (u32[]){ (u32)(value >> 32), (u32)value }, 2);
}

static void number_cells(struct fdt_writer *w, u64 v, u32 cells)
{
	if (cells == 2)
		cell(w, (u32)(v >> 32));
	else if (v >> 32)
		w->failed = true;
	cell(w, (u32)v);
}

void fdt_write_reg(struct fdt_writer *w, const char *name, const u64 *number, u32 n,
		   u32 address_cells, u32 size_cells)
{
	ASSERT(address_cells - 1 < 2 && size_cells - 1 < 2);
	cell(w, PROP);
	cell(w, n * 4 * (address_cells + size_cells));
	cell(w, string_offset(w, name));
	for (u32 i = 0; i < n; i++) {
		number_cells(w, number[2 * i], address_cells);
		number_cells(w, number[2 * i + 1], size_cells);
	}
}

void fdt_write_ranges(struct fdt_writer *w, const char *name, const u64 *number, u32 n)
{
	fdt_write_reg(w, name, number, n, 2, 2);
}

u32 fdt_write_end(struct fdt_writer *w)
{
	u32 struct_off = HEADER_BYTES + RESERVE_BYTES, strings_off, fields[10];

	fdt_write_close(w);
	cell(w, END);
	strings_off = w->at;
	bytes(w, w->strings, w->strings_len);
	if (w->failed || w->depth)
		return 0;
	fields[0] = MAGIC;
	fields[1] = w->at;
	fields[2] = struct_off;
	fields[3] = strings_off;
	fields[4] = HEADER_BYTES;
	fields[5] = VERSION;
	fields[6] = COMPATIBLE_VERSION;
	fields[7] = 0;			/* the boot CPU */
	fields[8] = w->strings_len;
	fields[9] = strings_off - struct_off;
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		put32(w->buf + i * 4, fields[i]);
	return w->at;
}
