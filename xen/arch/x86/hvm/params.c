/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HVMOP_* and HVM_PARAM_* that configure how events are delivered to the guest. */
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/hal/vcpu.h>

#include "private.h"

#include <public/hvm/hvm_op.h>
#include <public/arch-x86/xen.h>
#include <public/hvm/params.h>

static long op_upcall_vector(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_hvm_evtchn_upcall_vector op;
	struct vcpu *t;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	if (op.vector < 0x10)
		return -XEN_EINVAL;
	t = domain_vcpu(v->domain, op.vcpu);
	if (!t)
		return -XEN_ENOENT;
	WRITE_ONCE(to_xv(t)->upcall_vector, op.vector);
	if (evtchn_vcpu_pending(t))
		hal_vcpu_event_notify(t);
	return 0;
}

/*
 * Bits 63-56 of HVM_PARAM_CALLBACK_IRQ give the meaning of the rest. A guest without a chipset has
 * no lines. Linux still sets GSI 1 when it uses the per-vCPU upcall, to show that it knows about
 * events.
 */
static int set_callback(struct domain *d, u64 value)
{
	u64 via = value >> 56;
	u8 vector = via == HVM_PARAM_CALLBACK_TYPE_VECTOR ? (u8)value : 0;
	int rc;

	if (via > HVM_PARAM_CALLBACK_TYPE_VECTOR ||
	    (via == HVM_PARAM_CALLBACK_TYPE_VECTOR && vector < 0x10))
		return -XEN_EINVAL;
	rc = hvm_callback_route(to_xd(d), value);
	if (!rc)
		to_xd(d)->callback_vector = vector;
	return rc;
}

int hal_hvm_param_set(struct domain *d, u32 index, u64 value)
{
	switch (index) {
	case HVM_PARAM_CALLBACK_IRQ:
		return set_callback(d, value);
	case HVM_PARAM_ACPI_IOPORTS_LOCATION:
		if (!(to_xd(d)->emulation_flags & XEN_X86_EMU_PM))
			return -XEN_ENODEV;
		return value > 1 ? -XEN_EINVAL : 0;
	default:
		return 0;
	}
}

long hal_hvm_op(struct vcpu *v, u32 cmd, guest_ptr_t arg)
{
	return cmd == HVMOP_set_evtchn_upcall_vector ? op_upcall_vector(v, arg) : -XEN_ENOSYS;
}
