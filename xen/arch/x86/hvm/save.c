/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_DOMCTL_gethvmcontext: the state of a domain's vCPUs as a stream of records, each with its
 * descriptor, from a header to an end mark; and single records of it.
 */
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/string.h>
#include <xen/x86/mtrr.h>
#include <xen/xmalloc.h>

#include <asm/processor.h>

#include "domctl.h"
#include "private.h"
#include "save.h"

#define CHANGESET 0x58454e4f4c495448UL	/* whose stream this is; nobody reads it */

const u16 hvm_record_types[] = {
	HVM_SAVE_CODE(CPU), HVM_SAVE_CODE(LAPIC), HVM_SAVE_CODE(LAPIC_REGS), HVM_SAVE_CODE(MTRR),
	CPU_XSAVE_CODE, HVM_SAVE_CODE(TSC_ADJUST),
};
const u32 hvm_nr_record_types = ARRAY_SIZE(hvm_record_types);

u32 hvm_record_save(struct x86_vcpu *xv, u16 type, void *buf)
{
	struct {
		struct hvm_hw_lapic hdr;
		struct hvm_hw_lapic_regs regs;
	} apic;

	switch (type) {
	case HVM_SAVE_CODE(CPU):
		hvm_cpu_save(xv, buf);
		return HVM_SAVE_LENGTH(CPU);
	case HVM_SAVE_CODE(LAPIC):
		vlapic_save(&xv->vlapic, &apic.hdr, &apic.regs, now_ns());
		memcpy(buf, &apic.hdr, sizeof(apic.hdr));
		return HVM_SAVE_LENGTH(LAPIC);
	case HVM_SAVE_CODE(LAPIC_REGS):
		vlapic_save(&xv->vlapic, &apic.hdr, &apic.regs, now_ns());
		memcpy(buf, &apic.regs, sizeof(apic.regs));
		return HVM_SAVE_LENGTH(LAPIC_REGS);
	case HVM_SAVE_CODE(MTRR):
		mtrr_save(&xv->msrs.mtrr, buf);
		return HVM_SAVE_LENGTH(MTRR);
	case HVM_SAVE_CODE(TSC_ADJUST):
		memcpy(buf, &xv->msrs.tsc_adjust, sizeof(u64));
		return HVM_SAVE_LENGTH(TSC_ADJUST);
	case CPU_XSAVE_CODE:
		return fpu_record_save(xv, buf, HVM_RECORD_MAX);
	default:
		return 0;
	}
}

static u32 save_header(void *buf)
{
	struct hvm_save_header h = {
		.magic = HVM_FILE_MAGIC,
		.version = HVM_FILE_VERSION,
		.changeset = CHANGESET,
		.cpuid = cpuid(1).eax,
		.gtsc_khz = cycles_khz(),
	};

	memcpy(buf, &h, sizeof(h));
	return sizeof(h);
}

/* Where the stream goes: a guest buffer of @room bytes, or (NULL) nowhere, only counted. */
struct stream {
	struct vcpu *caller;
	guest_ptr_t out;
	u64 room, used;
	void *record;
};

static int put(struct stream *s, u16 type, u16 instance, u32 len)
{
	struct hvm_save_descriptor desc = { type, instance, len };
	guest_ptr_t at = guest_ptr_add(s->out, s->used);

	s->used += sizeof(desc) + len;
	if (guest_ptr_is_null(s->out))
		return 0;
	if (s->used > s->room)
		return -XEN_ENOSPC;
	if (guest_copy_out(s->caller, at, &desc, sizeof(desc)) ||
	    guest_copy_out(s->caller, guest_ptr_add(at, sizeof(desc)), s->record, len))
		return -XEN_EFAULT;
	return 0;
}

static int put_vcpus(struct stream *s, struct domain *d, u16 type)
{
	struct vcpu *v;
	int rc = 0;

	for_each_vcpu(d, v) {
		u32 len;

		/* A vCPU that is down has no registers worth keeping, but its other state. */
		if (type == HVM_SAVE_CODE(CPU) && (READ_ONCE(v->pause_flags) & VPF_DOWN) && v->id)
			continue;
		len = hvm_record_save(to_xv(v), type, s->record);
		if (len && (rc = put(s, type, (u16)v->id, len)))
			break;
	}
	return rc;
}

long domctl_get_hvm_context(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_hvmcontext *c = &op->u.hvmcontext;
	struct stream s = { .caller = v, .out = guest_handle_ptr(c->buffer), .room = c->size };
	int rc;

	if (d == v->domain)
		return -XEN_EINVAL;
	s.record = xzalloc_bytes(HVM_RECORD_MAX);
	if (!s.record)
		return -XEN_ENOMEM;
	domain_pause(d);
	rc = put(&s, HVM_SAVE_CODE(HEADER), 0, save_header(s.record));
	for (u32 i = 0; i < hvm_nr_record_types && !rc; i++)
		rc = put_vcpus(&s, d, hvm_record_types[i]);
	if (!rc)
		rc = put(&s, HVM_SAVE_CODE(END), 0, 0);
	domain_unpause(d);
	xfree(s.record);
	c->size = (u32)s.used;
	return rc;
}

long domctl_get_hvm_record(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_hvmcontext_partial *c = &op->u.hvmcontext_partial;
	guest_ptr_t out = guest_handle_ptr(c->buffer);
	long rc = 0;
	void *buf;
	u32 len;

	if (d == v->domain)
		return -XEN_EINVAL;
	if (c->type > HVM_SAVE_CODE_MAX || c->instance >= d->max_vcpus || !d->vcpu[c->instance])
		return -XEN_ENOENT;
	buf = xzalloc_bytes(HVM_RECORD_MAX);
	if (!buf)
		return -XEN_ENOMEM;
	domain_pause(d);
	len = c->type == HVM_SAVE_CODE(HEADER)
		      ? save_header(buf)
		      : hvm_record_save(to_xv(d->vcpu[c->instance]), (u16)c->type, buf);
	domain_unpause(d);
	if (!len)
		rc = -XEN_ENODATA;
	else if (!guest_ptr_is_null(out) && c->bufsz < len)
		rc = -XEN_ENOSPC;
	else if (!guest_ptr_is_null(out) && guest_copy_out(v, out, buf, len))
		rc = -XEN_EFAULT;
	c->bufsz = len;
	xfree(buf);
	return rc;
}
