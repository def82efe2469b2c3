/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_DOMCTL_gethvmcontext, gethvmcontext_partial and sethvmcontext: the table of all records that
 * a domain can have, and moving streams from and to the toolstack's memory.
 */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/string.h>
#include <xen/x86/save.h>
#include <xen/xmalloc.h>

#include <asm/processor.h>

#include "domctl.h"
#include "private.h"
#include "save.h"

#include <public/hvm/save.h>

#define CHANGESET 0x58454e4f4c495448UL	/* whose stream this is; nothing reads it */
/* All records of 128 vCPUs need about 700 KiB. */
#define MAX_STREAM (4U << 20)

static void apply_pat(void *owner)
{
	struct x86_vcpu *xv = owner;

	hvm_state_begin(xv);
	hvm->set_pat(xv, xv->msrs.mtrr.pat);
	hvm_state_end(xv);
}

static void apply_tsc_adjust(void *owner)
{
	hvm_state_begin(owner);
	hvm_update_tsc_offset(owner);
	hvm_state_end(owner);
}

#define VCPU(record, member, loaded) \
	{ &(record), SAVE_VCPU, 1, offsetof(struct x86_vcpu, member), loaded }

static const struct save_row rows[] = {
	VCPU(hvm_cpu_record, v, NULL),
	PC_SAVE_ROWS,
	VCPU(vlapic_record, vlapic, NULL),
	VCPU(vlapic_regs_record, vlapic, NULL),
	VCPU(mtrr_record, msrs.mtrr, apply_pat),
	VCPU(hvm_fpu_record, v, NULL),
	VCPU(tsc_adjust_record, msrs, apply_tsc_adjust),
};

BUILD_BUG_ON(offsetof(struct x86_vcpu, v) != 0);
BUILD_BUG_ON(ARRAY_SIZE(rows) > SAVE_MAX_ROWS);

static void *vcpu_of(const struct save_set *s, u32 id)
{
	struct vcpu *v = domain_vcpu(s->domain, id);

	return v ? to_xv(v) : NULL;
}

/* The records of @d, which is paused: its vCPUs' state is in memory and does not change. */
static struct save_set set_of(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		ASSERT(!READ_ONCE(v->running));
		hvm->collect_posts(to_xv(v));
	}
	return (struct save_set){
		.row = rows, .nr_rows = ARRAY_SIZE(rows), .devices = NULL,
		.nr_vcpus = d->max_vcpus, .vcpu = vcpu_of, .domain = d, .now = hal_now_ns(),
	};
}

static struct hvm_save_header header(void)
{
	return (struct hvm_save_header){
		.magic = HVM_FILE_MAGIC,
		.version = HVM_FILE_VERSION,
		.changeset = CHANGESET,
		.cpuid = cpuid(1).eax,
		.gtsc_khz = hal_cycles_khz(),
	};
}

/* A stream that is written to a guest's buffer of @room bytes, or (NULL) only counted. */
struct guest_sink {
	struct save_sink sink;
	struct vcpu *caller;
	guest_ptr_t out;
	u64 room, used;
};

static int put(struct save_sink *k, const void *buf, u32 len)
{
	struct guest_sink *g = container_of(k, struct guest_sink, sink);
	guest_ptr_t at = guest_ptr_add(g->out, g->used);

	g->used += len;
	if (guest_ptr_is_null(g->out))
		return 0;
	if (g->used > g->room)
		return -XEN_ENOSPC;
	return guest_copy_out(g->caller, at, buf, len) ? -XEN_EFAULT : 0;
}

long domctl_get_hvm_context(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_hvmcontext *c = &op->u.hvmcontext;
	struct guest_sink g = { { put }, v, guest_handle_ptr(c->buffer), c->size, 0 };
	struct hvm_save_header h = header();
	struct save_set s;
	void *record;
	int rc;

	if (d == v->domain)
		return -XEN_EINVAL;
	/*
	 * The state of lines has no record yet. A domain that never ran has none, and its builder
	 * asks for the vCPUs' records.
	 */
	if (to_xd(d)->lines && d->creation_finished)
		return -XEN_EOPNOTSUPP;
	record = xzalloc_bytes(SAVE_RECORD_MAX);
	if (!record)
		return -XEN_ENOMEM;
	domain_pause(d);
	s = set_of(d);
	rc = save_stream(&s, &h, &g.sink, record);
	domain_unpause(d);
	xfree(record);
	c->size = (u32)g.used;
	return rc;
}

/* The header counts as a record here. */
static s32 one_record(struct domain *d, u16 type, u16 instance, void *record)
{
	struct hvm_save_header h = header();
	struct save_set s;
	s32 len;

	if (type == HVM_SAVE_CODE(HEADER)) {
		memcpy(record, &h, sizeof(h));
		return sizeof(h);
	}
	domain_pause(d);
	s = set_of(d);
	len = save_record(&s, type, instance, record);
	domain_unpause(d);
	return len;
}

long domctl_get_hvm_record(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_hvmcontext_partial *c = &op->u.hvmcontext_partial;
	guest_ptr_t out = guest_handle_ptr(c->buffer);
	long rc = 0;
	void *record;
	s32 len;

	if (d == v->domain)
		return -XEN_EINVAL;
	if (c->type > HVM_SAVE_CODE_MAX || c->instance > 0xffff)
		return -XEN_ENOENT;
	record = xzalloc_bytes(SAVE_RECORD_MAX);
	if (!record)
		return -XEN_ENOMEM;
	len = one_record(d, (u16)c->type, (u16)c->instance, record);
	if (len < 0)
		rc = len;
	else if (!guest_ptr_is_null(out) && c->bufsz < (u32)len)
		rc = -XEN_ENOSPC;
	else if (!guest_ptr_is_null(out) && guest_copy_out(v, out, record, (u32)len))
		rc = -XEN_EFAULT;
	c->bufsz = len < 0 ? 0 : (u32)len;
	xfree(record);
	return rc;
}

long domctl_set_hvm_context(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_hvmcontext *c = &op->u.hvmcontext;
	long rc = -XEN_ENOMEM;
	struct save_set s;
	void *buf, *record;

	if (d == v->domain || d->dying)
		return -XEN_EINVAL;
	if (c->size > MAX_STREAM)
		return -XEN_E2BIG;
	buf = xzalloc_bytes(max(c->size, 1U));
	record = xzalloc_bytes(SAVE_RECORD_MAX);
	if (buf && record) {
		rc = -XEN_EFAULT;
		if (!guest_copy_in(v, buf, guest_handle_ptr(c->buffer), c->size)) {
			domain_pause(d);
			s = set_of(d);
			rc = save_check(&s, buf, c->size, record);
			if (!rc)
				save_load(&s, buf, c->size, record);
			domain_unpause(d);
		}
	}
	xfree(record);
	xfree(buf);
	return rc;
}
