/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels: the 2-level ABI. Pending and mask bitmaps in the shared info page, a selector
 * word in each vcpu_info (public/xen.h, struct shared_info).
 */
#include <xen/ops.h>

#include "private.h"

static void two_level_raise(struct vcpu *v, u32 port)
{
	ASSERT(port < EVTCHN_2L_NR_CHANNELS);
	if (!bit_test(v->domain->shared_info->evtchn_mask, port))
		evtchn_mark_upcall(v, (int)(port / BITS_PER_LONG));
}

static void two_level_set_pending(struct vcpu *v, struct evtchn *chn)
{
	if (!bit_test_and_set_atomic(v->domain->shared_info->evtchn_pending, chn->port))
		two_level_raise(v, chn->port);
}

static void two_level_clear_pending(struct domain *d, struct evtchn *chn)
{
	bit_test_and_clear_atomic(d->shared_info->evtchn_pending, chn->port);
}

static void two_level_unmask(struct vcpu *v, struct evtchn *chn)
{
	struct shared_info *si = v->domain->shared_info;

	bit_test_and_clear_atomic(si->evtchn_mask, chn->port);
	if (bit_test(si->evtchn_pending, chn->port))
		two_level_raise(v, chn->port);
}

static bool two_level_is_pending(struct domain *d, const struct evtchn *chn)
{
	return bit_test(d->shared_info->evtchn_pending, chn->port);
}

static bool two_level_is_masked(struct domain *d, const struct evtchn *chn)
{
	return bit_test(d->shared_info->evtchn_mask, chn->port);
}

const struct evtchn_ops evtchn_2l_ops = {
	.name = "2-level",
	.nr_ports = EVTCHN_2L_NR_CHANNELS,
	.set_pending = two_level_set_pending,
	.clear_pending = two_level_clear_pending,
	.unmask = two_level_unmask,
	.is_pending = two_level_is_pending,
	.is_masked = two_level_is_masked,
};
OPS_TABLE(evtchn_2l_ops, set_pending);
