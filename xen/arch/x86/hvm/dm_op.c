/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_DMOP_* about x86: interrupts and exceptions that a device model sends to its guest. */
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/x86/vmsi.h>

#include "private.h"

#include <public/hvm/dm_op.h>

#define NO_ERROR_CODE (~0U)

static long inject_msi(struct domain *d, const struct xen_dm_op_inject_msi *o)
{
	struct vmsi_message m = { .address = o->addr, .data = o->data };
	struct apic_msg msg;

	if (o->pad || !vmsi_decode(&m, &msg) || msg.vector < 16 ||
	    (msg.mode != APIC_DM_FIXED && msg.mode != APIC_DM_LOWEST))
		return -XEN_EINVAL;
	hvm_deliver(d, &msg, NULL);
	return 0;
}

static bool has_error_code(u8 vector)
{
	return vector == X86_VEC_DF || (vector >= X86_VEC_TS && vector <= X86_VEC_PF) ||
	       vector == X86_VEC_AC;
}

/* #DB has a register of its own to report in, which the operation has no room for. */
static bool may_inject(u8 vector, u32 error)
{
	if (vector > 31 || vector == X86_VEC_NMI || vector == X86_VEC_DB)
		return false;
	return (error != NO_ERROR_CODE) == has_error_code(vector) &&
	       (error == NO_ERROR_CODE || error <= 0xffff);
}

static long inject_exception(struct x86_vcpu *xv, const struct xen_dm_op_inject_event *o)
{
	u8 none = DM_EVENT_NONE;

	if (!may_inject(o->vector, o->error_code))
		return -XEN_EINVAL;
	if (!__atomic_compare_exchange_n(&xv->dm_event.state, &none, DM_EVENT_WRITING, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return -XEN_EBUSY;
	xv->dm_event.vector = o->vector;
	xv->dm_event.error = o->error_code == NO_ERROR_CODE ? -1 : (s32)o->error_code;
	xv->dm_event.cr2 = o->cr2;
	__atomic_store_n(&xv->dm_event.state, DM_EVENT_WAITS, __ATOMIC_RELEASE);
	WRITE_ONCE(xv->work_pending, true);
	hvm_kick(xv);
	return 0;
}

static long inject_event(struct domain *d, const struct xen_dm_op_inject_event *o)
{
	struct vcpu *v = domain_vcpu(d, o->vcpuid);

	if (o->pad0 || o->pad1 || !v)
		return -XEN_EINVAL;
	switch (o->type) {
	case XEN_DMOP_EVENT_ext_int:
		if (o->vector < 16)
			return -XEN_EINVAL;
		hvm->post(to_xv(v), o->vector, false);
		return 0;
	case XEN_DMOP_EVENT_nmi:
		hal_vcpu_nmi(v);
		return 0;
	case XEN_DMOP_EVENT_hw_exc:
		return inject_exception(to_xv(v), o);
	case XEN_DMOP_EVENT_sw_int:
	case XEN_DMOP_EVENT_pri_sw_exc:
	case XEN_DMOP_EVENT_sw_exc:
		/* These belong to an instruction that the guest executes. */
		return -XEN_EOPNOTSUPP;
	default:
		return -XEN_EINVAL;
	}
}

long hal_dm_op(struct domain *d, const struct xen_dm_op *op)
{
	switch (op->op) {
	case XEN_DMOP_inject_msi:
		return inject_msi(d, &op->u.inject_msi);
	case XEN_DMOP_inject_event:
		return inject_event(d, &op->u.inject_event);
	case XEN_DMOP_set_pci_intx_level:
	case XEN_DMOP_set_isa_irq_level:
	case XEN_DMOP_set_pci_link_route:
		return hvm_lines_op(d, op);
	default:
		return -XEN_EOPNOTSUPP;
	}
}
