/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: HYPERVISOR_event_channel_op. Copies in, checks permission, copies out. */
#include "private.h"

#include <xen/hypercall.h>

/* Copy a new port out to the caller; close the port when that fails. */
static long return_port(struct vcpu *v, struct domain *d, int port, guest_ptr_t field)
{
	evtchn_port_t out = (evtchn_port_t)port;

	if (port < 0)
		return port;
	if (!guest_copy_out(v, field, &out, sizeof(out)))
		return 0;
	evtchn_close(d, (u32)port);
	return -XEN_EFAULT;
}

static long op_alloc_unbound(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_alloc_unbound op;
	struct domain *d;
	long rc;
	int err;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	d = domain_from_arg(v, op.dom, &err);
	if (!d)
		return err;
	if (op.remote_dom == DOMID_SELF)
		op.remote_dom = v->domain->id;
	rc = return_port(v, d, evtchn_alloc_unbound(d, op.remote_dom),
			 guest_ptr_add(arg, offsetof(struct evtchn_alloc_unbound, port)));
	domain_put(d);
	return rc;
}

static long op_bind_interdomain(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_bind_interdomain op;
	struct domain *rd;
	long rc;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	rd = domain_get_by_id(op.remote_dom == DOMID_SELF ? v->domain->id : op.remote_dom);
	if (!rd)
		return -XEN_ESRCH;
	rc = return_port(v, v->domain, evtchn_bind_interdomain(v->domain, rd, op.remote_port),
			 guest_ptr_add(arg, offsetof(struct evtchn_bind_interdomain, local_port)));
	domain_put(rd);
	return rc;
}

static long op_bind_virq(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_bind_virq op;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return return_port(v, v->domain, evtchn_bind_virq(v->domain, op.virq, op.vcpu),
			   guest_ptr_add(arg, offsetof(struct evtchn_bind_virq, port)));
}

static long op_bind_ipi(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_bind_ipi op;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return return_port(v, v->domain, evtchn_bind_ipi(v->domain, op.vcpu),
			   guest_ptr_add(arg, offsetof(struct evtchn_bind_ipi, port)));
}

static long op_bind_pirq(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_bind_pirq op;
	bool share;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	share = op.flags & BIND_PIRQ__WILL_SHARE;
	return return_port(v, v->domain, evtchn_bind_pirq(v, op.pirq, share),
			   guest_ptr_add(arg, offsetof(struct evtchn_bind_pirq, port)));
}

static long op_close(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_close op;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return evtchn_close(v->domain, op.port);
}

static long op_send(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_send op;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return evtchn_send(v->domain, op.port);
}

static long op_status(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_status op;
	struct domain *d;
	long rc;
	int err;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	d = domain_from_arg(v, op.dom, &err);
	if (!d)
		return err;
	rc = evtchn_status(d, &op);
	domain_put(d);
	if (!rc && guest_copy_out(v, arg, &op, sizeof(op)))
		rc = -XEN_EFAULT;
	return rc;
}

static long op_bind_vcpu(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_bind_vcpu op;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return evtchn_bind_vcpu(v->domain, op.port, op.vcpu);
}

static long op_unmask(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_unmask op;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return evtchn_unmask(v->domain, op.port);
}

static long op_reset(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_reset op;
	struct domain *d;
	long rc;
	int err;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	d = domain_from_arg(v, op.dom, &err);
	if (!d)
		return err;
	/* Another domain must be paused, or it could open channels as fast as we close them. */
	if (d != v->domain && !READ_ONCE(d->controller_pause_count))
		rc = -XEN_EINVAL;
	else
		rc = evtchn_reset(d, d == v->domain);
	domain_put(d);
	return rc;
}

static long op_init_control(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_init_control op;
	long rc;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	rc = evtchn_fifo_init_control(v->domain, op.vcpu, gfn_make(op.control_gfn), op.offset);
	op.link_bits = EVTCHN_FIFO_LINK_BITS;
	if (!rc && guest_copy_out(v, arg, &op, sizeof(op)))
		rc = -XEN_EFAULT;
	return rc;
}

static long op_expand_array(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_expand_array op;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return evtchn_fifo_expand_array(v->domain, gfn_make(op.array_gfn));
}

static long op_set_priority(struct vcpu *v, guest_ptr_t arg)
{
	struct evtchn_set_priority op;

	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return evtchn_set_priority(v->domain, op.port, op.priority);
}

static long (*const evtchn_op_table[])(struct vcpu *v, guest_ptr_t arg) = {
	[EVTCHNOP_bind_interdomain] = op_bind_interdomain,
	[EVTCHNOP_bind_virq] = op_bind_virq,
	[EVTCHNOP_bind_pirq] = op_bind_pirq,
	[EVTCHNOP_close] = op_close,
	[EVTCHNOP_send] = op_send,
	[EVTCHNOP_status] = op_status,
	[EVTCHNOP_alloc_unbound] = op_alloc_unbound,
	[EVTCHNOP_bind_ipi] = op_bind_ipi,
	[EVTCHNOP_bind_vcpu] = op_bind_vcpu,
	[EVTCHNOP_unmask] = op_unmask,
	[EVTCHNOP_reset] = op_reset,
	[EVTCHNOP_init_control] = op_init_control,
	[EVTCHNOP_expand_array] = op_expand_array,
	[EVTCHNOP_set_priority] = op_set_priority,
};

long evtchn_op(struct vcpu *v, u32 cmd, guest_ptr_t arg)
{
	if (cmd >= ARRAY_SIZE(evtchn_op_table))
		return -XEN_ENOSYS;
	return evtchn_op_table[array_index_nospec(cmd, ARRAY_SIZE(evtchn_op_table))](v, arg);
}
