/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flattened device trees: validated fully once, then walked without further checks. */
#include <xen/compiler.h>
#include <xen/fdt.h>
#include <xen/string.h>

#define MAGIC 0xd00dfeed
#define HEADER_SIZE 40
#define OLDEST_VERSION 17
#define READ_AS 16		/* last compatible version of a version-17 tree */

enum { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4, END = 9 };

/* Words of the header. */
enum { H_MAGIC, H_SIZE, H_STRUCT, H_STRINGS, H_RESERVE, H_VERSION, H_COMPAT, H_CPU, H_STRINGS_SIZE,
       H_STRUCT_SIZE };

static u32 be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static u64 be64(const u8 *p)
{
	return (u64)be32(p) << 32 | be32(p + 4);
}

const char *fdt_error_text(enum fdt_error e)
{
	static const char *const text[] = {
		[FDT_OK] = "no error",
		[FDT_TRUNCATED] = "the device tree is cut short",
		[FDT_BAD_MAGIC] = "not a device tree",
		[FDT_BAD_VERSION] = "a device tree of an unknown version",
		[FDT_BAD_LAYOUT] = "a block of the device tree lies outside it",
		[FDT_BAD_RESERVE] = "the memory reservations do not end",
		[FDT_BAD_TOKEN] = "the structure block is malformed",
		[FDT_BAD_NAME] = "a name does not end inside its block",
		[FDT_BAD_PROPERTY] = "a property leaves the structure block",
		[FDT_TOO_DEEP] = "nodes are nested too deeply",
	};

	return e < ARRAY_SIZE(text) ? text[e] : "unknown error";
}

/* A token of the structure block. */
struct token {
	u32 kind, next;
	const char *name;
	const u8 *value;
	u32 len;
};

static enum fdt_error read_token(const struct fdt *t, u32 off, struct token *k)
{
	const u8 *p = t->blob + t->struct_off + off;
	u32 left = t->struct_size - off, len, name;

	if (left < 4)
		return FDT_BAD_TOKEN;
	k->kind = be32(p);
	k->next = off + 4;
	switch (k->kind) {
	case BEGIN_NODE:
		k->name = (const char *)p + 4;
		len = (u32)strnlen(k->name, left - 4);
		if (len == left - 4)
			return FDT_BAD_NAME;
		k->next += ROUND_UP(len + 1, 4U);
		break;
	case PROP:
		if (left < 12)
			return FDT_BAD_PROPERTY;
		k->len = be32(p + 4);
		name = be32(p + 8);
		k->value = p + 12;
		if (k->len > left - 12)
			return FDT_BAD_PROPERTY;
		if (name >= t->strings_size)
			return FDT_BAD_NAME;
		k->name = (const char *)t->blob + t->strings_off + name;
		if (strnlen(k->name, t->strings_size - name) == t->strings_size - name)
			return FDT_BAD_NAME;
		k->next += 8 + ROUND_UP(k->len, 4U);
		break;
	case END_NODE:
	case NOP:
	case END:
		break;
	default:
		return FDT_BAD_TOKEN;
	}
	return k->next > t->struct_size ? FDT_BAD_TOKEN : FDT_OK;
}

/* Check for one root node, properties before subnodes, all nodes ended, and FDT_END last. */
static enum fdt_error check_structure(const struct fdt *t)
{
	bool props_allowed = false, root_seen = false;
	struct token k;
	u32 depth = 0;

	for (u32 off = 0;; off = k.next) {
		enum fdt_error e = read_token(t, off, &k);

		if (e)
			return e;
		switch (k.kind) {
		case BEGIN_NODE:
			if (!depth && root_seen)
				return FDT_BAD_TOKEN;
			root_seen = props_allowed = true;
			if (++depth > FDT_MAX_DEPTH)
				return FDT_TOO_DEEP;
			break;
		case END_NODE:
			if (!depth--)
				return FDT_BAD_TOKEN;
			props_allowed = false;
			break;
		case PROP:
			if (!props_allowed)
				return FDT_BAD_TOKEN;
			break;
		case END:
			return depth || !root_seen ? FDT_BAD_TOKEN : FDT_OK;
		}
	}
}

static bool block_ok(const struct fdt *t, u32 off, u32 size, u32 align)
{
	return off >= HEADER_SIZE && off % align == 0 && off <= t->size && size <= t->size - off;
}

enum fdt_error fdt_open(struct fdt *t, const void *blob, size_t len)
{
	u32 h[HEADER_SIZE / 4], off;

	if (len < HEADER_SIZE)
		return FDT_TRUNCATED;
	for (u32 i = 0; i < ARRAY_SIZE(h); i++)
		h[i] = be32((const u8 *)blob + 4 * i);
	if (h[H_MAGIC] != MAGIC)
		return FDT_BAD_MAGIC;
	if (h[H_VERSION] < OLDEST_VERSION || h[H_COMPAT] > OLDEST_VERSION || h[H_COMPAT] < READ_AS)
		return FDT_BAD_VERSION;
	if (h[H_SIZE] > len || h[H_SIZE] < HEADER_SIZE)
		return FDT_TRUNCATED;
	*t = (struct fdt){ blob, h[H_SIZE], h[H_STRUCT], h[H_STRUCT_SIZE], h[H_STRINGS],
			   h[H_STRINGS_SIZE], h[H_RESERVE] };
	if (!block_ok(t, t->struct_off, t->struct_size, 4) ||
	    !block_ok(t, t->strings_off, t->strings_size, 1) ||
	    !block_ok(t, t->reserve_off, 16, 8))
		return FDT_BAD_LAYOUT;
	for (off = t->reserve_off;; off += 16) {
		if (t->size - off < 16)
			return FDT_BAD_RESERVE;
		if (!be64(t->blob + off) && !be64(t->blob + off + 8))
			break;
	}
	return check_structure(t);
}

bool fdt_reserved(const struct fdt *t, u32 index, u64 *start, u64 *size)
{
	const u8 *p = t->blob + t->reserve_off;

	for (;; index--, p += 16) {
		*start = be64(p);
		*size = be64(p + 8);
		if (!*start && !*size)
			return false;
		if (!index)
			return true;
	}
}

/* The functions below rely on tokens that were validated. */
static struct token token_at(const struct fdt *t, u32 off)
{
	struct token k = { .kind = END };

	read_token(t, off, &k);
	return k;
}

/* The next token that is not a NOP. *@off: its offset. */
static struct token next_token(const struct fdt *t, u32 *off)
{
	struct token k = token_at(t, *off);

	while (k.kind == NOP) {
		*off = k.next;
		k = token_at(t, *off);
	}
	return k;
}

fdt_node_t fdt_root(const struct fdt *t)
{
	u32 off = 0;

	next_token(t, &off);
	return (fdt_node_t){ off };
}

const char *fdt_node_name(const struct fdt *t, fdt_node_t n)
{
	return token_at(t, n.v).name;
}

fdt_node_t fdt_first_child(const struct fdt *t, fdt_node_t n)
{
	u32 off = token_at(t, n.v).next;
	struct token k = next_token(t, &off);

	while (k.kind == PROP) {
		off = k.next;
		k = next_token(t, &off);
	}
	return k.kind == BEGIN_NODE ? (fdt_node_t){ off } : FDT_NO_NODE;
}

fdt_node_t fdt_next_sibling(const struct fdt *t, fdt_node_t n)
{
	u32 off = n.v, depth = 0;
	struct token k;

	do {
		k = token_at(t, off);
		depth += k.kind == BEGIN_NODE;
		depth -= k.kind == END_NODE;
		off = k.next;
	} while (depth);
	k = next_token(t, &off);
	return k.kind == BEGIN_NODE ? (fdt_node_t){ off } : FDT_NO_NODE;
}

/* True when @name is "want" or "want@...", where @want has @len characters. */
static bool name_matches(const char *name, const char *want, size_t len)
{
	return !strncmp(name, want, len) && strnlen(name, len) == len &&
	       (!name[len] || name[len] == '@');
}

static fdt_node_t find_child(const struct fdt *t, fdt_node_t n, const char *name, size_t len)
{
	fdt_node_t c;

	fdt_for_each_child(c, t, n)
		if (name_matches(fdt_node_name(t, c), name, len))
			break;
	return c;
}

fdt_node_t fdt_find_child(const struct fdt *t, fdt_node_t n, const char *name)
{
	return find_child(t, n, name, strlen(name));
}

fdt_node_t fdt_find_path(const struct fdt *t, const char *path)
{
	fdt_node_t n = fdt_root(t);

	if (*path != '/')
		return FDT_NO_NODE;
	while (fdt_node_ok(n)) {
		const char *end;

		while (*path == '/')
			path++;
		if (!*path)
			break;
		end = strchr(path, '/');
		n = find_child(t, n, path, end ? (size_t)(end - path) : strlen(path));
		path = end ? end : path + strlen(path);
	}
	return n;
}

fdt_node_t fdt_find_phandle(const struct fdt *t, u32 phandle)
{
	fdt_node_t node = FDT_NO_NODE;
	struct token k;

	/* Properties come before subnodes, so the last node begun is the owner. */
	for (u32 off = 0;; off = k.next) {
		k = next_token(t, &off);
		if (k.kind == END)
			return FDT_NO_NODE;
		if (k.kind == BEGIN_NODE)
			node.v = off;
		if (k.kind == PROP && !strcmp(k.name, "phandle") && k.len == 4 &&
		    be32(k.value) == phandle)
			return node;
	}
}

static bool prop_at(const struct fdt *t, u32 off, struct fdt_prop *p)
{
	struct token k = next_token(t, &off);

	if (k.kind != PROP)
		return false;
	*p = (struct fdt_prop){ k.name, k.value, k.len, k.next };
	return true;
}

bool fdt_first_prop(const struct fdt *t, fdt_node_t n, struct fdt_prop *p)
{
	return prop_at(t, token_at(t, n.v).next, p);
}

bool fdt_next_prop(const struct fdt *t, struct fdt_prop *p)
{
	return prop_at(t, p->next, p);
}

bool fdt_get_prop(const struct fdt *t, fdt_node_t n, const char *name, struct fdt_prop *p)
{
	bool more = fdt_first_prop(t, n, p);

	while (more && strcmp(p->name, name))
		more = fdt_next_prop(t, p);
	return more;
}

bool fdt_prop_u32(const struct fdt_prop *p, u32 index, u32 *v)
{
	if (index >= p->len / 4)
		return false;
	*v = be32(p->value + 4UL * index);
	return true;
}

bool fdt_prop_cells(const struct fdt_prop *p, u32 index, u32 cells, u64 *v)
{
	u32 cell;

	*v = 0;
	if (cells < 1 || cells > 2)
		return false;
	for (; cells; cells--, index++) {
		if (!fdt_prop_u32(p, index, &cell))
			return false;
		*v = *v << 32 | cell;
	}
	return true;
}

bool fdt_get_u32(const struct fdt *t, fdt_node_t n, const char *name, u32 *v)
{
	struct fdt_prop p;

	return fdt_get_prop(t, n, name, &p) && p.len == 4 && fdt_prop_u32(&p, 0, v);
}

bool fdt_get_u64(const struct fdt *t, fdt_node_t n, const char *name, u64 *v)
{
	struct fdt_prop p;

	return fdt_get_prop(t, n, name, &p) && (p.len == 4 || p.len == 8) &&
	       fdt_prop_cells(&p, 0, p.len / 4, v);
}

const char *fdt_get_string(const struct fdt *t, fdt_node_t n, const char *name)
{
	struct fdt_prop p;

	if (!fdt_get_prop(t, n, name, &p) || !p.len ||
	    strnlen((const char *)p.value, p.len) != p.len - 1)
		return NULL;
	return (const char *)p.value;
}

const char *fdt_prop_string(const struct fdt_prop *p, u32 index)
{
	const char *s = (const char *)p->value;

	for (u32 left = p->len; left; index--) {
		u32 n = (u32)strnlen(s, left);

		if (n == left)
			return NULL;
		if (!index)
			return s;
		s += n + 1;
		left -= n + 1;
	}
	return NULL;
}

bool fdt_prop_has_string(const struct fdt_prop *p, const char *want)
{
	const char *s;

	for (u32 i = 0; (s = fdt_prop_string(p, i)) != NULL; i++)
		if (!strcmp(s, want))
			return true;
	return false;
}

bool fdt_is_compatible(const struct fdt *t, fdt_node_t n, const char *s)
{
	struct fdt_prop p;

	return fdt_get_prop(t, n, "compatible", &p) && fdt_prop_has_string(&p, s);
}
