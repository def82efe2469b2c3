/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HVMOP_* parameters of guests, and event channels made for them. */
#include "private.h"

#include <public/event_channel.h>
#include <public/hvm/hvm_op.h>

int ctl_hvm_param_set(struct ctl *ctl, uint32_t domid, uint32_t index, uint64_t value)
{
	struct xen_hvm_param p = { .domid = (domid_t)domid, .index = index, .value = value };
	long rc = call_struct(ctl, __HYPERVISOR_hvm_op, HVMOP_set_param, &p, sizeof(p));

	return rc < 0 ? (int)failed(ctl, rc, "setting a parameter", domid) : 0;
}

int ctl_hvm_param_get(struct ctl *ctl, uint32_t domid, uint32_t index, uint64_t *value)
{
	struct xen_hvm_param p = { .domid = (domid_t)domid, .index = index };
	long rc = call_struct(ctl, __HYPERVISOR_hvm_op, HVMOP_get_param, &p, sizeof(p));

	if (rc < 0)
		return (int)failed(ctl, rc, "reading a parameter", domid);
	*value = p.value;
	return 0;
}

int ctl_evtchn_alloc_unbound(struct ctl *ctl, uint32_t domid, uint32_t remote)
{
	struct evtchn_alloc_unbound op = { .dom = (domid_t)domid, .remote_dom = (domid_t)remote };
	long rc = call_struct(ctl, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &op,
			      sizeof(op));

	return rc < 0 ? (int)failed(ctl, rc, "making an event channel", domid) : (int)op.port;
}
