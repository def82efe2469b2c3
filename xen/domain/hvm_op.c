/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HVMOP_*: guest parameters; platform-specific operations go to the architecture. */
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/shared_info.h>

#include "private.h"

#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>

/* The parameters that a guest may set for itself; only its toolstack sets the others. */
static bool guest_may_set(u32 index)
{
	switch (index) {
	case HVM_PARAM_CALLBACK_IRQ:
	case HVM_PARAM_VM_GENERATION_ID_ADDR:
	case HVM_PARAM_STORE_EVTCHN:
	case HVM_PARAM_CONSOLE_EVTCHN:
	case HVM_PARAM_VM86_TSS:
	case HVM_PARAM_VM86_TSS_SIZED:
	case HVM_PARAM_ACPI_IOPORTS_LOCATION:
		return true;
	default:
		return false;
	}
}

/* Excludes rings that concern only the toolstack and the device model. */
static bool guest_may_get(u32 index)
{
	switch (index) {
	case HVM_PARAM_CALLBACK_IRQ:
	case HVM_PARAM_STORE_PFN:
	case HVM_PARAM_STORE_EVTCHN:
	case HVM_PARAM_CONSOLE_PFN:
	case HVM_PARAM_CONSOLE_EVTCHN:
	case HVM_PARAM_VM_GENERATION_ID_ADDR:
	case HVM_PARAM_VM86_TSS:
	case HVM_PARAM_VM86_TSS_SIZED:
	case HVM_PARAM_ACPI_IOPORTS_LOCATION:
		return true;
	default:
		return false;
	}
}

/* The frames for pages of ioreq servers are told once, as servers may be using them. */
static int check_ioreq_frames(const struct domain *d, const struct xen_hvm_param *p)
{
	u64 now = READ_ONCE(d->hvm_params[p->index]);

	if (p->index == HVM_PARAM_NR_IOREQ_SERVER_PAGES && (!p->value || p->value > 64))
		return -XEN_EINVAL;
	return now && now != p->value ? -XEN_EEXIST : 0;
}

static int set_param(struct vcpu *v, struct domain *d, const struct xen_hvm_param *p)
{
	int rc;

	ASSERT(p->index < HVM_NR_PARAMS && d->hvm_params);
	if (!v->domain->is_privileged && !guest_may_set(p->index))
		return -XEN_EPERM;
	if (p->index == HVM_PARAM_IOREQ_SERVER_PFN || p->index == HVM_PARAM_NR_IOREQ_SERVER_PAGES)
		rc = check_ioreq_frames(d, p);
	else
		rc = hal_hvm_param_set(d, p->index, p->value);
	if (rc)
		return rc;
	spin_lock(&d->lock);
	d->hvm_params[p->index] = p->value;
	spin_unlock(&d->lock);
	if (p->index == HVM_PARAM_CALLBACK_IRQ && d == v->domain)
		shared_info_latch(v);
	return 0;
}

static long op_param(struct vcpu *v, u32 cmd, guest_ptr_t arg)
{
	struct xen_hvm_param p;
	struct domain *d;
	int rc;

	if (guest_copy_in(v, &p, arg, sizeof(p)))
		return -XEN_EFAULT;
	if (p.index >= HVM_NR_PARAMS)
		return -XEN_EINVAL;
	p.index = array_index_nospec(p.index, HVM_NR_PARAMS);
	d = domain_from_arg(v, p.domid, &rc);
	if (!d)
		return rc;
	if (cmd == HVMOP_set_param) {
		rc = set_param(v, d, &p);
	} else if (!v->domain->is_privileged && !guest_may_get(p.index)) {
		rc = -XEN_EPERM;
	} else {
		p.value = READ_ONCE(d->hvm_params[p.index]);
		rc = guest_copy_out(v, arg, &p, sizeof(p)) ? -XEN_EFAULT : 0;
	}
	domain_put(d);
	return rc;
}

long do_hvm_op(struct vcpu *v, struct hypercall *hc)
{
	u32 cmd = (u32)hc->arg[0];
	guest_ptr_t arg = gvaddr_make(hc->arg[1]);

	switch (cmd) {
	case HVMOP_set_param:
	case HVMOP_get_param:
		return op_param(v, cmd, arg);
	default:
		return hal_hvm_op(v, cmd, arg);
	}
}
