/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments of hypercalls: from the numbers of a step to structures in a guest's memory. */
#include "hypercall.h"

#include <xen/compat.h>
#include <xen/guest_access.h>
#include <xen/printk.h>
#include <xen/string.h>

#include <public/domctl.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/hvm/dm_op.h>
#include <public/hvm/hvm_op.h>
#include <public/memory.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <public/vcpu.h>
#include <public/version.h>

#include "../../xen/domain/compat/private.h"

#include <generated/fuzz_calls.h>

/*
 * Where a guest keeps arguments: structures in its first page, arrays in one that has a hole after
 * it. A list of any length thus ends after at most 192 items, more than a call takes in one go.
 */
#define ARRAYS_AT 2560
#define ARRAY_BYTES 128
/* The frame of a guest for what does not fit there. Other steps fill it. */
#define LARGE_PAGE 1
#define MAX_ITEMS 3

static const u64 edges[] = {
	0, 1, 2, 7, 8, 31, 32, 63, 64, 127, 255, 256, 511, 512, 1023, 4095, 4096, 0x7fff, 0x8000,
	0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0xfffffffff,
	0x1000000000, 0xfffffffffffff, 0x7fffffffffffffff, 0x8000000000000000,
	0xfffffffffffffffe, 0xffffffffffffffff,
};

const struct call_desc *call_of(const struct step *s)
{
	return &call_table[s->call % call_count];
}

static u64 likely_gfn(u16 v, const struct domain *d)
{
	u64 base = guest_base(d);

	/* Now and then one that is right for another domain, or the start of a large frame. */
	if ((v & 0x300) == 0x300)
		base = base ? 0 : guest_base(hardware_domain);
	if ((v & 0xc00) == 0xc00)
		return 512UL << (v & 1);
	return base + 2 + v % (GUEST_GFNS - 2);
}

static u64 likely_value(enum field_kind kind, u16 v, const struct domain *d)
{
	static const u16 domids[] = { DOMID_SELF, 0, 1, 2, DOMID_SELF, 0,
				      1, 2, 1, 0, 3, DOMID_XEN };
	static const u8 mapflags[] = { GNTMAP_host_map, GNTMAP_host_map | GNTMAP_readonly,
				       GNTMAP_host_map | GNTMAP_device_map, GNTMAP_device_map };
	static const u8 orders[] = { 0, 0, 0, 0, 1, 2, 9, 9, 18, 3, 20, 31 };

	switch (kind) {
	case FIELD_PAD:
		return 0;
	case FIELD_DOMID:
		return domids[v % ARRAY_SIZE(domids)];
	case FIELD_GFN:
		return likely_gfn(v, d);
	case FIELD_ADDR:
		return (likely_gfn(v, d) << PAGE_SHIFT) + ((v & 0x1c0) == 0x1c0 ? v % 4096 : 0);
	case FIELD_PORT:
		return v % 12;
	case FIELD_REF:
		/* Some entries allow something from the beginning. */
		return v & 1 ? 2 + v / 2 % 4 : v / 2 % 12;
	case FIELD_MAPFLAGS:
		return mapflags[v & 4 ? 0 : v % ARRAY_SIZE(mapflags)];
	case FIELD_COPYFLAGS:
		return v % 4;
	case FIELD_VCPU:
		return v % 3;
	case FIELD_ORDER:
		return orders[v % ARRAY_SIZE(orders)];
	case FIELD_HANDLE:
	case FIELD_COUNT:
		return v % 8;
	case FIELD_OFFSET:
		return v % 4096 & ~7U;
	case FIELD_FLAGS:
		return v & 0x1000 ? BIT(v % 32) : v & 0x1f;
	case FIELD_TIME:
		return (u64)(v % 64) * 50000;
	default:
		return v % 16;
	}
}

u64 field_value(const struct step *s, enum field_kind kind, u16 raw, const struct domain *d)
{
	u32 class = raw >> 13;

	/* A pad shares its number with the field after it, and is nearly always to be zero. */
	if (kind == FIELD_PAD && !(s->how & HOW_RAW))
		return 0;
	if (s->how & HOW_RAW && class < 6)
		class = 6 + (raw & 1);
	if (class < 6)
		return likely_value(kind, raw & 0x1fff, d);
	if (class == 6)
		return edges[raw % ARRAY_SIZE(edges)];
	return raw * 0x9e3779b97f4a7c15UL >> (raw % 8 * 8);
}

static void put(u8 *at, u64 value, u32 bytes)
{
	memcpy(at, &value, min(bytes, 8U));
}

static u64 guest_arrays(const struct domain *d)
{
	return (guest_base(d) + GUEST_LAST) << PAGE_SHIFT;
}

/* Where the array of a pointer is, which is field number @nr of the step. */
static u64 array_address(const struct step *s, u32 nr, const struct domain *d)
{
	u32 slot = nr % ((PAGE_SIZE - ARRAYS_AT) / ARRAY_BYTES);

	if (s->how & HOW_FAULT && s->pick & 3)
		return s->pick & 1 ? 0xf0000000 : 0;
	return guest_arrays(d) + ARRAYS_AT + slot * ARRAY_BYTES;
}

/* What pointer field @f leads to: an array, or what is too large for one, in memory of its own. */
static u64 pointer_of(const struct step *s, const struct call_field *f, u32 nr,
		      const struct domain *d)
{
	if (f->element_bytes > ARRAY_BYTES && !(s->how & HOW_FAULT))
		return (guest_base(d) + LARGE_PAGE) << PAGE_SHIFT;
	return array_address(s, nr, d);
}

/* Fill the array; the same numbers serve again. */
static void write_array(const struct step *s, const struct call_field *f, u32 nr, struct vcpu *v)
{
	u32 bytes = v->caller_is_32bit && f->element == FIELD_GFN ? 4 : f->element_bytes;
	u32 n = bytes ? min(8U, ARRAY_BYTES / bytes) : 0;
	u8 array[ARRAY_BYTES];

	for (u32 i = 0; i < n; i++) {
		u16 raw = s->field[(nr + 1 + i) % STEP_FIELDS];

		memset(array + i * bytes, 0, bytes);
		put(array + i * bytes, field_value(s, f->element, raw, v->domain), bytes);
	}
	if (n)
		guest_phys_write(v->domain, gpaddr_make(array_address(s, nr, v->domain)), array,
				 n * bytes);
}

/* The control interfaces' versions, which every argument begins with. */
static u64 version_of(const struct call_desc *c)
{
	return c->nr == __HYPERVISOR_domctl ? XEN_DOMCTL_VERSION : XEN_SYSCTL_VERSION;
}

/* A field of a structure, and the numbers of the step that are used up before it. */
struct cursor {
	const struct call_field *f;
	u32 used;
};

/* The next field that this step has, false at the end. */
static bool next_field(const struct step *s, const struct call_desc *c, struct cursor *at)
{
	do {
		if (at->f && at->f->kind != FIELD_PAD && at->f->kind != FIELD_VERSION &&
		    (!at->f->alternatives || s->pick % at->f->alternatives == at->f->alternative))
			at->used++;
		at->f = at->f ? at->f + 1 : c->fields;
		if (at->f == c->fields + c->nr_fields)
			return false;
	} while (at->f->alternatives && s->pick % at->f->alternatives != at->f->alternative);
	return true;
}

/* Long lists are tried now and then only, as they take long. */
static u64 likely_length(const struct step *s, u64 count)
{
	return s->items % 8 ? count % 16 : count;
}

static u64 field_of(const struct step *s, const struct call_desc *c, const struct cursor *at,
		    const struct domain *d)
{
	u64 value;

	if (c->tag && at->f->at == 0)
		return c->tag;
	if (at->f->kind == FIELD_VERSION)
		return version_of(c);
	if (at->f->kind == FIELD_POINTER)
		return pointer_of(s, at->f, at->used, d);
	value = field_value(s, at->f->kind, s->field[at->used % STEP_FIELDS], d);
	return at->f->kind == FIELD_COUNT ? likely_length(s, value) : value;
}

static void make_struct(const struct step *s, const struct call_desc *c, u32 item, struct vcpu *v,
			u8 *to)
{
	struct cursor at = { .used = item * 5 };

	memset(to, 0, c->bytes);
	while (next_field(s, c, &at)) {
		if (at.f->kind == FIELD_POINTER)
			write_array(s, at.f, at.used, v);
		put(to + at.f->at, field_of(s, c, &at, v->domain), at.f->bytes);
	}
}

/* Write the structures of a call where its caller keeps them; returns the pointer. */
static u64 write_structs(const struct step *s, const struct call_desc *c, struct vcpu *v, u32 n,
			 u32 at)
{
	const struct compat_call *cc = v->caller_is_32bit ? compat_find_call(c->nr, c->cmd) : NULL;
	/* What is in a device model's buffers looks alike in both widths. */
	bool has_layout = cc && cc->layout && c->nr != __HYPERVISOR_dm_op;
	const struct compat_layout *l = has_layout ? compat_layout_by_id(cc->layout) : NULL;
	u64 addr = (guest_base(v->domain) << PAGE_SHIFT) + at;
	u8 native[2048];
	u8 narrow[COMPAT_MAX_BYTES];

	ASSERT(c->bytes <= sizeof(native));
	for (u32 i = 0; i < n; i++) {
		u32 bytes = l ? l->compat_bytes : c->bytes;

		make_struct(s, c, i, v, native);
		if (l)
			compat_from_native(l, narrow, native);
		guest_phys_write(v->domain, gpaddr_make(addr + i * bytes), l ? narrow : native,
				 bytes);
	}
	return addr;
}

static u32 items_of(const struct step *s, const struct call_desc *c)
{
	for (u32 i = 0; i < HYPERCALL_MAX_ARGS; i++)
		if (c->args[i] == FIELD_ITEMS)
			return 1 + s->items % MAX_ITEMS;
	return 1;
}

/* Long output is tried now and then only, as it takes long. */
static u64 console_count(const struct step *s, u64 count)
{
	return s->pick % 16 ? min(count, (u64)40) : count;
}

/* A list of one or two buffers, the first with the operation at @op; returns its address. */
static u64 write_buffers(const struct step *s, const struct call_desc *c, struct vcpu *v, u64 op,
			 u32 at)
{
	u64 addr = (guest_base(v->domain) << PAGE_SHIFT) + at;
	u32 width = v->caller_is_32bit ? 4 : 8;
	u8 list[4 * sizeof(u64)] = { 0 };
	u64 size = s->how & HOW_RAW ? s->items : c->bytes;

	put(list, op, width);
	put(list + width, size, width);
	put(list + 2 * width, array_address(s, 1, v->domain), width);
	put(list + 3 * width, ARRAY_BYTES, width);
	guest_phys_write(v->domain, gpaddr_make(addr), list, 4 * width);
	return addr;
}

static void make_args(const struct step *s, const struct call_desc *c, struct vcpu *v,
		      struct hypercall *hc, u32 at)
{
	u32 items = items_of(s, c);

	*hc = (struct hypercall){ .nr = c->nr };
	for (u32 i = 0; i < HYPERCALL_MAX_ARGS; i++) {
		u16 raw = s->field[STEP_FIELDS - 1 - i];

		if (c->args[i] == FIELD_ITEMS)
			hc->arg[i] = s->how & HOW_RAW ? s->items : items;
		else if (c->args[i] == FIELD_BUFFER)
			hc->arg[i] = guest_arrays(v->domain) + ARRAYS_AT;
		else if (c->args[i])
			hc->arg[i] = field_value(s, c->args[i], raw, v->domain);
	}
	if (c->nr == __HYPERVISOR_console_io)
		hc->arg[1] = console_count(s, hc->arg[1]);
	if (c->has_cmd)
		hc->arg[0] = c->cmd;
	if (c->has_struct)
		hc->arg[c->arg] = write_structs(s, c, v, items, at);
	if (c->nr == __HYPERVISOR_dm_op) {
		hc->arg[1] = s->how & HOW_RAW ? hc->arg[1] : 1 + (s->pick & 1);
		hc->arg[c->arg] = write_buffers(s, c, v, hc->arg[c->arg], at + 256);
	}
	if (v->caller_is_32bit)
		for (u32 i = 0; i < HYPERCALL_MAX_ARGS; i++)
			hc->arg[i] = (u32)hc->arg[i];
}

/* A batch: the numbers of the step choose the calls, which share them. */
static void make_batch(const struct step *s, struct vcpu *v, struct hypercall *hc)
{
	const struct call_desc *self = call_of(s);
	u32 n = 1 + s->items % MAX_ITEMS, width = v->caller_is_32bit ? 4 : 8;
	u64 addr = (guest_base(v->domain) << PAGE_SHIFT) + 2048;

	for (u32 i = 0; i < n; i++) {
		const struct call_desc *c = &call_table[s->field[i] % call_count];
		u8 entry[8 * sizeof(u64)] = { 0 };
		struct hypercall inner;

		make_args(s, c, v, &inner, i * 512);
		put(entry, inner.nr, width);
		for (u32 a = 0; a < HYPERCALL_MAX_ARGS; a++)
			put(entry + (2 + a) * width, inner.arg[a], width);
		guest_phys_write(v->domain, gpaddr_make(addr + i * 8 * width), entry, 8 * width);
	}
	*hc = (struct hypercall){ .nr = self->nr, .arg = { addr, n } };
}

void call_prepare(const struct step *s, struct vcpu *v, struct hypercall *hc)
{
	const struct call_desc *c = call_of(s);

	if (c->nr == __HYPERVISOR_multicall)
		make_batch(s, v, hc);
	else
		make_args(s, c, v, hc, 0);
}

void call_print(const struct step *s, const struct domain *d)
{
	const struct call_desc *c = call_of(s);
	const char *comma = "";

	say("%s(", c->name);
	for (u32 i = 0; i < HYPERCALL_MAX_ARGS; i++)
		if (c->args[i] && c->args[i] != FIELD_ITEMS && c->args[i] != FIELD_BUFFER) {
			say("%s%#lx", comma, (unsigned long)field_value(
				s, c->args[i], s->field[STEP_FIELDS - 1 - i], d));
			comma = ", ";
		}
	for (u32 item = 0; c->has_struct && item < items_of(s, c); item++) {
		struct cursor at = { .used = item * 5 };

		while (next_field(s, c, &at)) {
			if (at.f->kind == FIELD_VERSION || at.f->kind == FIELD_PAD)
				continue;
			say("%s%s=%#lx", comma, at.f->name, (unsigned long)field_of(s, c, &at, d));
			comma = ", ";
		}
		comma = "; ";
	}
	say(")");
}
