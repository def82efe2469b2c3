/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_DOMCTL_sethvmcontext: load vCPU state from a stream of records. The stream is copied once
 * and looked through from end to end before the first record is loaded. It need not hold a record
 * of every type: builders of domains send only the first vCPU's registers.
 */
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/string.h>
#include <xen/x86/mtrr.h>
#include <xen/xmalloc.h>

#include "domctl.h"
#include "private.h"
#include "save.h"

/* All records of 128 vCPUs need about 700 KiB. */
#define MAX_STREAM (4U << 20)

int hvm_record_check(struct x86_vcpu *xv, u16 type, const void *data, u32 len)
{
	struct mtrr_state mtrr;

	switch (type) {
	case HVM_SAVE_CODE(CPU):
		return len == HVM_SAVE_LENGTH(CPU) ? hvm_cpu_check(xv, data) : -XEN_EINVAL;
	case HVM_SAVE_CODE(LAPIC):
		return len == HVM_SAVE_LENGTH(LAPIC) ? 0 : -XEN_EINVAL;
	case HVM_SAVE_CODE(LAPIC_REGS):
		return len == HVM_SAVE_LENGTH(LAPIC_REGS) ? 0 : -XEN_EINVAL;
	case HVM_SAVE_CODE(MTRR):
		mtrr = xv->msrs.mtrr;
		return len == HVM_SAVE_LENGTH(MTRR) ? mtrr_load(&mtrr, data) : -XEN_EINVAL;
	case HVM_SAVE_CODE(TSC_ADJUST):
		return len == HVM_SAVE_LENGTH(TSC_ADJUST) ? 0 : -XEN_EINVAL;
	case CPU_XSAVE_CODE:
		return fpu_record_check(xv, data, len);
	default:
		return -XEN_EOPNOTSUPP;
	}
}

/* Each of the APIC's two records replaces its half of the state. */
static int load_lapic(struct x86_vcpu *xv, u16 type, const void *data)
{
	struct hvm_hw_lapic_regs regs;
	struct hvm_hw_lapic hdr;

	vlapic_save(&xv->vlapic, &hdr, &regs, now_ns());
	if (type == HVM_SAVE_CODE(LAPIC))
		memcpy(&hdr, data, sizeof(hdr));
	else
		memcpy(&regs, data, sizeof(regs));
	return vlapic_load(&xv->vlapic, &hdr, &regs, now_ns());
}

static void load_tsc_adjust(struct x86_vcpu *xv, const void *data)
{
	memcpy(&xv->msrs.tsc_adjust, data, sizeof(xv->msrs.tsc_adjust));
	xv->tsc_offset = to_xd(xv->v.domain)->tsc_offset + xv->msrs.tsc_adjust;
	hvm->set_tsc_offset(xv, xv->tsc_offset);
	arch_vcpu_update_time(&xv->v);
}

static int load_mtrr(struct x86_vcpu *xv, const void *data)
{
	int rc = mtrr_load(&xv->msrs.mtrr, data);

	if (!rc)
		hvm->set_pat(xv, xv->msrs.mtrr.pat);
	return rc;
}

int hvm_record_load(struct x86_vcpu *xv, u16 type, const void *data, u32 len)
{
	switch (type) {
	case HVM_SAVE_CODE(CPU):
		hvm_cpu_load(xv, data);
		return 0;
	case HVM_SAVE_CODE(LAPIC):
	case HVM_SAVE_CODE(LAPIC_REGS):
		return load_lapic(xv, type, data);
	case HVM_SAVE_CODE(MTRR):
		return load_mtrr(xv, data);
	case HVM_SAVE_CODE(TSC_ADJUST):
		load_tsc_adjust(xv, data);
		return 0;
	default:
		fpu_record_load(xv, data, len);
		return 0;
	}
}

static int check_header(const void *data, u32 len)
{
	struct hvm_save_header h;

	if (len != sizeof(h))
		return -XEN_EINVAL;
	memcpy(&h, data, sizeof(h));
	return h.magic == HVM_FILE_MAGIC && h.version == HVM_FILE_VERSION ? 0 : -XEN_EINVAL;
}

/*
 * Go through the stream in @buf, checking or loading. Records stand where earlier ones end, so
 * they need not be aligned: @tmp takes each in turn.
 */
static int walk(struct domain *d, const u8 *buf, u32 size, void *tmp, bool load)
{
	struct hvm_save_descriptor desc;
	u32 at = 0;

	for (bool first = true;; first = false) {
		int rc;

		if (size - at < sizeof(desc))
			return -XEN_EINVAL;
		memcpy(&desc, buf + at, sizeof(desc));
		at += sizeof(desc);
		if (desc.length > size - at || desc.length > HVM_RECORD_MAX)
			return -XEN_EINVAL;
		memcpy(tmp, buf + at, desc.length);
		at += desc.length;
		if (first != (desc.typecode == HVM_SAVE_CODE(HEADER)))
			return -XEN_EINVAL;
		if (desc.typecode == HVM_SAVE_CODE(END))
			return 0;
		if (first) {
			rc = check_header(tmp, desc.length);
		} else {
			struct x86_vcpu *xv;

			if (desc.instance >= d->max_vcpus || !d->vcpu[desc.instance])
				return -XEN_EINVAL;
			xv = to_xv(d->vcpu[desc.instance]);
			rc = load ? hvm_record_load(xv, desc.typecode, tmp, desc.length)
				  : hvm_record_check(xv, desc.typecode, tmp, desc.length);
		}
		if (rc)
			return rc;
	}
}

long domctl_set_hvm_context(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_hvmcontext *c = &op->u.hvmcontext;
	long rc = -XEN_ENOMEM;
	u8 *buf;
	void *tmp;

	if (d == v->domain || d->dying)
		return -XEN_EINVAL;
	if (c->size > MAX_STREAM)
		return -XEN_E2BIG;
	buf = xzalloc_bytes(max(c->size, 1U));
	tmp = xzalloc_bytes(HVM_RECORD_MAX);
	if (buf && tmp) {
		rc = -XEN_EFAULT;
		if (!guest_copy_in(v, buf, guest_handle_ptr(c->buffer), c->size)) {
			domain_pause(d);
			rc = walk(d, buf, c->size, tmp, false);
			if (!rc)
				rc = walk(d, buf, c->size, tmp, true);
			domain_unpause(d);
		}
	}
	xfree(tmp);
	xfree(buf);
	return rc;
}
