/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels: the 2-level ABI. Pending and mask bitmaps in the shared info page, a selector
 * word in each vcpu_info. Their places depend on the guest's width (xen/shared_info.h). A guest
 * that becomes narrower loses the ports that only the wider layout has.
 */
#include <xen/ops.h>

#include "private.h"

#include <xen/shared_info.h>

static u32 two_level_nr_ports(const struct domain *d)
{
	return shared_evtchn_ports(d);
}

/* Check that the layout has a bit for the port; after the bitmaps follow other fields. */
static bool has_bit(const struct domain *d, const struct evtchn *chn)
{
	return likely(chn->port < shared_evtchn_ports(d));
}

static void two_level_raise(struct vcpu *v, u32 port)
{
	ASSERT(port < EVTCHN_2L_NR_CHANNELS);
	if (!bit_test(shared_evtchn_mask(v->domain), port))
		evtchn_mark_upcall(v, (int)shared_evtchn_selector(v->domain, port));
}

static void two_level_set_pending(struct vcpu *v, struct evtchn *chn)
{
	if (has_bit(v->domain, chn) &&
	    !bit_test_and_set_atomic(shared_evtchn_pending(v->domain), chn->port))
		two_level_raise(v, chn->port);
}

static void two_level_clear_pending(struct domain *d, struct evtchn *chn)
{
	if (has_bit(d, chn))
		bit_test_and_clear_atomic(shared_evtchn_pending(d), chn->port);
}

static void two_level_unmask(struct vcpu *v, struct evtchn *chn)
{
	if (!has_bit(v->domain, chn))
		return;
	/* An event that was not masked has been told already. */
	if (!bit_test_and_clear_atomic(shared_evtchn_mask(v->domain), chn->port))
		return;
	if (bit_test(shared_evtchn_pending(v->domain), chn->port))
		two_level_raise(v, chn->port);
}

static bool two_level_is_pending(struct domain *d, const struct evtchn *chn)
{
	return has_bit(d, chn) && bit_test(shared_evtchn_pending(d), chn->port);
}

static bool two_level_is_masked(struct domain *d, const struct evtchn *chn)
{
	return !has_bit(d, chn) || bit_test(shared_evtchn_mask(d), chn->port);
}

/* There are no queues, and closing a channel clears its bit. */
static bool two_level_is_held(struct domain *d, const struct evtchn *chn)
{
	return false;
}

const struct evtchn_ops evtchn_2l_ops = {
	.name = "2-level",
	.nr_ports = two_level_nr_ports,
	.set_pending = two_level_set_pending,
	.clear_pending = two_level_clear_pending,
	.unmask = two_level_unmask,
	.is_pending = two_level_is_pending,
	.is_masked = two_level_is_masked,
	.is_held = two_level_is_held,
};
OPS_TABLE(evtchn_2l_ops, nr_ports);
