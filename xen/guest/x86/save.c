/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saving, checking and loading a domain's records by the one table that describes them. */
#include <xen/assert.h>
#include <xen/bitmap.h>
#include <xen/errno.h>
#include <xen/string.h>
#include <xen/x86/save.h>

#include <public/xen.h>
#include <public/hvm/save.h>

BUILD_BUG_ON(sizeof(struct hvm_save_descriptor) != 8);

static u32 instances(const struct save_set *s, const struct save_row *row)
{
	u32 n = row->scope == SAVE_VCPU ? s->nr_vcpus : row->instances;

	ASSERT(n <= SAVE_MAX_INSTANCES);
	return n;
}

/* The vCPU, or the domain's devices, to which record @instance of @row belongs; NULL: none. */
static void *owner_of(const struct save_set *s, const struct save_row *row, u32 instance)
{
	ASSERT(instance < instances(s, row));
	return row->scope == SAVE_VCPU ? s->vcpu(s, instance) : s->devices;
}

static void *state_in(const struct save_row *row, void *owner)
{
	return (u8 *)owner + row->offset;
}

static const struct save_row *find_row(const struct save_set *s, u16 type)
{
	for (u32 i = 0; i < s->nr_rows; i++)
		if (s->row[i].kind->type == type)
			return &s->row[i];
	return NULL;
}

/* Call @fn for every record that the domain can have; stops when @fn does not return 0. */
static int each_record(const struct save_set *s, enum save_scope scope, void *arg,
		       int (*fn)(const struct save_set *s, const struct save_row *row,
				 u32 instance, void *arg))
{
	int rc = 0;

	for (u32 r = 0; r < s->nr_rows && !rc; r++) {
		const struct save_row *row = &s->row[r];

		if (row->scope != scope)
			continue;
		for (u32 i = 0; i < instances(s, row) && !rc; i++)
			if (owner_of(s, row, i))
				rc = fn(s, row, i, arg);
	}
	return rc;
}

static int settle(const struct save_set *s, const struct save_row *row, u32 instance, void *arg)
{
	if (row->kind->settle)
		row->kind->settle(state_in(row, owner_of(s, row, instance)), s->now);
	return 0;
}

/* Devices first: interrupts that they deliver reach the local APICs. */
static void settle_all(const struct save_set *s)
{
	each_record(s, SAVE_DOMAIN, NULL, settle);
	each_record(s, SAVE_VCPU, NULL, settle);
}

static s32 fill(const struct save_set *s, const struct save_row *row, u32 instance, void *record)
{
	const struct save_kind *kind = row->kind;
	s32 len;

	ASSERT(kind->min_bytes <= kind->max_bytes && kind->max_bytes <= SAVE_RECORD_MAX);
	memset(record, 0, kind->max_bytes);
	len = kind->save(state_in(row, owner_of(s, row, instance)), instance, record, s->now);
	ASSERT(len <= 0 || ((u32)len >= kind->min_bytes && (u32)len <= kind->max_bytes));
	return len;
}

static int put(struct save_sink *k, u16 type, u16 instance, const void *rec, u32 len)
{
	struct hvm_save_descriptor desc = { type, instance, len };
	int rc = k->put(k, &desc, sizeof(desc));

	return rc || !len ? rc : k->put(k, rec, len);
}

struct out {
	struct save_sink *sink;
	void *record;
};

static int put_record(const struct save_set *s, const struct save_row *row, u32 instance,
		      void *arg)
{
	struct out *o = arg;
	s32 len = fill(s, row, instance, o->record);

	if (len <= 0)
		return len;
	return put(o->sink, row->kind->type, (u16)instance, o->record, (u32)len);
}

int save_stream(const struct save_set *s, const struct hvm_save_header *h, struct save_sink *k,
		void *record)
{
	struct out o = { k, record };
	int rc = put(k, HVM_SAVE_CODE(HEADER), 0, h, sizeof(*h));

	settle_all(s);
	if (!rc)
		rc = each_record(s, SAVE_VCPU, &o, put_record);
	if (!rc)
		rc = each_record(s, SAVE_DOMAIN, &o, put_record);
	return rc ? rc : put(k, HVM_SAVE_CODE(END), 0, NULL, 0);
}

s32 save_record(const struct save_set *s, u16 type, u32 instance, void *record)
{
	const struct save_row *row = find_row(s, type);
	s32 len;

	if (!row || instance >= instances(s, row) || !owner_of(s, row, instance))
		return -XEN_ENOENT;
	settle_all(s);
	len = fill(s, row, instance, record);
	return len ? len : -XEN_ENODATA;
}

struct cursor {
	const u8 *at;
	u32 left;
};

/* The next descriptor, and the start of its record; NULL: the stream is cut short. */
static const u8 *next(struct cursor *c, struct hvm_save_descriptor *desc)
{
	const u8 *data;

	if (c->left < sizeof(*desc))
		return NULL;
	memcpy(desc, c->at, sizeof(*desc));
	data = c->at + sizeof(*desc);
	c->left -= (u32)sizeof(*desc);
	if (desc->length > c->left)
		return NULL;
	c->at = data + desc->length;
	c->left -= desc->length;
	return data;
}

static int check_header(struct cursor *c)
{
	struct hvm_save_descriptor desc;
	struct hvm_save_header h;
	const u8 *data = next(c, &desc);

	if (!data || desc.typecode != HVM_SAVE_CODE(HEADER) || desc.instance ||
	    desc.length != sizeof(h))
		return -XEN_EINVAL;
	memcpy(&h, data, sizeof(h));
	return h.magic == HVM_FILE_MAGIC && h.version == HVM_FILE_VERSION ? 0 : -XEN_EINVAL;
}

/* A record starts where the previous one ends, which may be unaligned: copy each to @record. */
static int check_record(const struct save_set *s, const struct hvm_save_descriptor *desc,
			const u8 *data, void *record, unsigned long *seen)
{
	const struct save_row *row = find_row(s, desc->typecode);
	void *owner;
	u32 bit;

	if (!row)
		return -XEN_EOPNOTSUPP;
	if (desc->instance >= instances(s, row) || desc->length < row->kind->min_bytes ||
	    desc->length > row->kind->max_bytes)
		return -XEN_EINVAL;
	owner = owner_of(s, row, desc->instance);
	if (!owner)
		return row->scope == SAVE_VCPU ? -XEN_EINVAL : -XEN_ENODEV;
	bit = (u32)(row - s->row) * SAVE_MAX_INSTANCES + desc->instance;
	if (bit_test(seen, bit))
		return -XEN_EEXIST;
	bit_set(seen, bit);
	memcpy(record, data, desc->length);
	return row->kind->check(state_in(row, owner), desc->instance, record, desc->length);
}

int save_check(const struct save_set *s, const void *buf, u32 size, void *record)
{
	DECLARE_BITMAP(seen, SAVE_MAX_ROWS * SAVE_MAX_INSTANCES) = { 0 };
	struct cursor c = { buf, size };
	int rc = check_header(&c);

	ASSERT(s->nr_rows <= SAVE_MAX_ROWS);
	while (!rc) {
		struct hvm_save_descriptor desc;
		const u8 *data = next(&c, &desc);

		if (!data)
			return -XEN_EINVAL;
		if (desc.typecode == HVM_SAVE_CODE(END))
			return desc.instance || desc.length ? -XEN_EINVAL : 0;
		rc = check_record(s, &desc, data, record, seen);
	}
	return rc;
}

static void load_record(const struct save_set *s, const struct save_row *row,
			const struct hvm_save_descriptor *desc, const u8 *data, void *record)
{
	void *owner = owner_of(s, row, desc->instance);

	memcpy(record, data, desc->length);
	ASSERT(!row->kind->check(state_in(row, owner), desc->instance, record, desc->length));
	row->kind->load(state_in(row, owner), desc->instance, record, desc->length, s->now);
	if (row->loaded)
		row->loaded(owner);
}

void save_load(const struct save_set *s, const void *buf, u32 size, void *record)
{
	for (u32 r = 0; r < s->nr_rows; r++) {
		struct cursor c = { buf, size };
		struct hvm_save_descriptor desc;
		const u8 *data;

		while ((data = next(&c, &desc)) && desc.typecode != HVM_SAVE_CODE(END))
			if (desc.typecode == s->row[r].kind->type)
				load_record(s, &s->row[r], &desc, data, record);
		ASSERT(data);
	}
}
