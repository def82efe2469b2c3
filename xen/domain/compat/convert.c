/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversion of structures between the layout of a 32-bit guest and the native one. */
#include "private.h"

#include <xen/printk.h>
#include <xen/string.h>

/* The part of a structure to convert, and both copies. */
struct piece {
	u32 off, len;		/* of the native structure */
	u8 *compat;		/* from the structure's start */
	u8 *native;		/* from @off */
};

typedef void (*field_fn)(const struct compat_field *f, struct piece *p);

/* The part of @f inside @p: returns its bytes, *@first is its offset in the native structure. */
static u32 overlap(const struct compat_field *f, const struct piece *p, u32 *first)
{
	u32 start = max((u32)f->native, p->off);
	u32 end = min((u32)f->native + f->native_size, p->off + p->len);

	*first = start;
	return start < end ? end - start : 0;
}

/* True when @n is only a part of a member that cannot be divided; runs of bytes can. */
static bool is_cut(const struct compat_field *f, u32 n)
{
	return n && n != f->native_size && f->kind != COMPAT_BYTES;
}

static void field_in(const struct compat_field *f, struct piece *p)
{
	u32 at, n = overlap(f, p, &at);
	u64 val = 0;

	ASSERT(!is_cut(f, n));
	if (!n)
		return;
	if (f->kind == COMPAT_BYTES) {
		memcpy(p->native + at - p->off, p->compat + f->compat + at - f->native, n);
		return;
	}
	memcpy(&val, p->compat + f->compat, f->compat_size);
	if (f->kind == COMPAT_INT)
		val = (u64)(s64)(s32)val;
	else if (f->kind == COMPAT_HANDLE)
		val = compat_ptr_make(f->target, val).v;
	memcpy(p->native + at - p->off, &val, n);
}

static void field_out(const struct compat_field *f, struct piece *p)
{
	u32 at, n = overlap(f, p, &at);
	u64 val = 0;

	ASSERT(!is_cut(f, n));
	if (!n)
		return;
	if (f->kind == COMPAT_BYTES) {
		memcpy(p->compat + f->compat + at - f->native, p->native + at - p->off, n);
		return;
	}
	memcpy(&val, p->native + at - p->off, n);
	if (f->kind == COMPAT_HANDLE && compat_ptr_translates(gvaddr_make(val)))
		val = compat_ptr_place(gvaddr_make(val)).va;
	memcpy(p->compat + f->compat, &val, f->compat_size);
}

static void for_fields(const struct compat_field *f, u32 n, field_fn fn, struct piece *p)
{
	for (u32 i = 0; i < n; i++) {
		ASSERT(f[i].compat_size && f[i].compat_size <= f[i].native_size);
		fn(&f[i], p);
	}
}

/* Convert the members that depend on the tag. @s is the source; the tag has one offset in both. */
static void for_case(const struct compat_layout *l, const u8 *s, field_fn fn, struct piece *p)
{
	u32 tag;

	if (!l->nr_cases)
		return;
	ASSERT(p->off == 0 && p->len == l->native_bytes);
	memcpy(&tag, s + l->tag, sizeof(tag));
	for (u32 i = 0; i < l->nr_cases; i++)
		if (l->cases[i].tag == tag)
			for_fields(l->cases[i].field, l->cases[i].nr_fields, fn, p);
}

bool compat_span(const struct compat_layout *l, u32 off, u32 len, struct compat_span *s)
{
	struct piece p = { .off = off, .len = len };

	ASSERT(off + len <= l->native_bytes);
	*s = (struct compat_span){ 0, l->compat_bytes };
	if (len == l->native_bytes)
		return true;
	if (l->nr_cases)
		return false;
	*s = (struct compat_span){ .start = l->compat_bytes };
	for (u32 i = 0; i < l->nr_fields; i++) {
		const struct compat_field *f = &l->field[i];
		u32 at, n = overlap(f, &p, &at);

		if (is_cut(f, n))
			return false;
		if (!n)
			continue;
		at = f->kind == COMPAT_BYTES ? f->compat + at - f->native : f->compat;
		s->start = min(s->start, at);
		s->end = max(s->end, at + (f->kind == COMPAT_BYTES ? n : f->compat_size));
	}
	s->start = min(s->start, s->end);
	ASSERT(s->end <= l->compat_bytes);
	return true;
}

void compat_convert_in(const struct compat_layout *l, u32 off, u32 len, const u8 *compat,
		       u8 *native)
{
	struct piece p = { off, len, (u8 *)(uintptr_t)compat, native };

	memset(native, 0, len);
	for_fields(l->field, l->nr_fields, field_in, &p);
	for_case(l, compat, field_in, &p);
}

void compat_convert_out(const struct compat_layout *l, u32 off, u32 len, u8 *compat,
			const u8 *native)
{
	struct piece p = { off, len, compat, (u8 *)(uintptr_t)native };
	struct compat_span s;
	bool ok;

	ok = compat_span(l, off, len, &s);
	ASSERT(ok);
	memset(compat + s.start, 0, s.end - s.start);
	for_fields(l->field, l->nr_fields, field_out, &p);
	for_case(l, native, field_out, &p);
}

u32 compat_bytes(const struct compat_layout *l)
{
	return l->compat_bytes;
}

u32 compat_offset(const struct compat_layout *l, u32 native)
{
	struct piece p = { .off = native, .len = 1 };
	u32 at;

	for (u32 i = 0; i < l->nr_fields; i++)
		if (overlap(&l->field[i], &p, &at))
			return l->field[i].compat + at - l->field[i].native;
	BUG();
}

void compat_from_native(const struct compat_layout *l, void *compat, const void *native)
{
	compat_convert_out(l, 0, l->native_bytes, compat, native);
}

void compat_to_native(const struct compat_layout *l, void *native, const void *compat)
{
	compat_convert_in(l, 0, l->native_bytes, compat, native);
}
