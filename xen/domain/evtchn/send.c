/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: raising events. Everything here may run in any context. */
#include "private.h"

#include <xen/hal/vcpu.h>
#include <xen/shared_info.h>
#include <xen/trace.h>

/*
 * vCPUs without a vcpu_info share a dummy. Nothing is marked there; when the guest registers one,
 * evtchn_vcpu_info_moved() raises the events.
 */
static bool has_vcpu_info(const struct vcpu *v)
{
	return v->id < XEN_LEGACY_MAX_VCPUS || v->vcpu_info_page;
}

void evtchn_mark_upcall(struct vcpu *v, int sel)
{
	struct vcpu_info *vi;

	if (unlikely(!has_vcpu_info(v)))
		return;
	/* Repeat if the info moved meanwhile: it may have been copied before our bits were set. */
	do {
		vi = READ_ONCE(v->vcpu_info);
		if (sel >= 0 && shared_select(v->domain, vi, (u32)sel))
			continue;
		if (!__atomic_exchange_n(&vi->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST)) {
			trace_evtchn_upcall(v->domain->id, v->id);
			hal_vcpu_event_notify(v);
		}
	} while (unlikely(READ_ONCE(v->vcpu_info) != vi));
}

void evtchn_vcpu_info_moved(struct vcpu *v)
{
	struct vcpu_info *vi = READ_ONCE(v->vcpu_info);

	/* The selector is a hint: surplus bits only make the guest scan its bitmaps once. */
	shared_select_all(v->domain, vi);
	__atomic_store_n(&vi->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
	hal_vcpu_event_notify(v);
}

/* End SCHEDOP_poll of vCPUs that wait for @port, or for several ports (they check again). */
static void wake_pollers(struct domain *d, u32 port)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		u32 polled = READ_ONCE(v->poll_evtchn);

		if (likely(polled == 0) || (polled != port && polled != ~0U))
			continue;
		/* The poll has ended, or is about to begin and will check the ports itself. */
		if (!(__atomic_load_n(&v->pause_flags, __ATOMIC_SEQ_CST) & VPF_POLL))
			continue;
		if (__atomic_compare_exchange_n(&v->poll_evtchn, &polled, 0, false,
						__ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			vcpu_unblock(v);
	}
}

void evtchn_raise(struct domain *d, struct evtchn *chn)
{
	struct vcpu *v = d->vcpu[READ_ONCE(chn->notify_vcpu)];

	ASSERT(READ_ONCE(chn->notify_vcpu) < d->max_vcpus);
	/* Only vCPU 0, the default, may be missing: its domain is still being built. */
	ASSERT(v || chn->notify_vcpu == 0);
	if (unlikely(!v))
		return;
	trace_evtchn_deliver(d->id, v->id, chn->port);
	READ_ONCE(d->evtchn->ops)->set_pending(v, chn);
	wake_pollers(d, chn->port);
}

int evtchn_send(struct domain *d, u32 port)
{
	struct evtchn *chn = evtchn_from_port(d, port);
	int rc = 0;
	u64 flags;

	if (unlikely(!chn))
		return -XEN_EINVAL;
	trace_evtchn_send(d->id, port);
	flags = spin_lock_irqsave(&chn->lock);
	switch (chn->state) {
	case EVTCHNSTAT_interdomain:
		ASSERT(chn->peer->state == EVTCHNSTAT_interdomain && chn->peer->peer == chn);
		evtchn_raise(chn->remote, chn->peer);
		break;
	case EVTCHNSTAT_ipi:
		evtchn_raise(d, chn);
		break;
	case EVTCHN_TO_CONSUMER:
		ASSERT(chn->peer->state == EVTCHN_CONSUMER && chn->peer->bound == chn);
		chn->peer->consumer->ops->event(chn->peer->consumer);
		break;
	case EVTCHNSTAT_unbound:
		/* Binding the channel raises its event. */
		break;
	default:
		rc = -XEN_EINVAL;
		break;
	}
	spin_unlock_irqrestore(&chn->lock, flags);
	return rc;
}

int evtchn_unmask(struct domain *d, u32 port)
{
	struct evtchn *chn = evtchn_from_port(d, port);
	struct vcpu *v;
	u64 flags;

	if (!chn)
		return -XEN_EINVAL;
	flags = spin_lock_irqsave(&chn->lock);
	v = d->vcpu[chn->notify_vcpu];
	if (chn->state != EVTCHNSTAT_closed && v)
		d->evtchn->ops->unmask(v, chn);
	spin_unlock_irqrestore(&chn->lock, flags);
	return 0;
}

/* Raise @port if it is still the channel that the caller's map named. */
static void raise_irq(struct domain *d, u32 port, u32 state, u32 nr, const struct vcpu *v)
{
	struct evtchn *chn = evtchn_from_port(d, port);
	u64 flags;

	ASSERT(state == EVTCHNSTAT_virq || state == EVTCHNSTAT_pirq);
	if (!chn)
		return;
	flags = spin_lock_irqsave(&chn->lock);
	if (chn->state == state && (state == EVTCHNSTAT_virq ? chn->virq : chn->pirq) == nr &&
	    (!v || chn->notify_vcpu == v->id))
		evtchn_raise(d, chn);
	spin_unlock_irqrestore(&chn->lock, flags);
}

void evtchn_send_vcpu_virq(struct vcpu *v, u32 virq)
{
	ASSERT(virq < NR_VIRQS && !evtchn_virq_is_global(virq));
	if (likely(v->evtchn))
		raise_irq(v->domain, READ_ONCE(v->evtchn->virq[virq]), EVTCHNSTAT_virq, virq, v);
}

void evtchn_send_global_virq(u32 virq)
{
	struct domain *d = READ_ONCE(hardware_domain);

	ASSERT(virq < NR_VIRQS && evtchn_virq_is_global(virq));
	if (d && d->evtchn)
		raise_irq(d, READ_ONCE(d->evtchn->global_virq[virq]), EVTCHNSTAT_virq, virq, NULL);
}

void evtchn_send_pirq(struct domain *d, u32 pirq)
{
	u32 *map = __atomic_load_n(&d->evtchn->pirq_port, __ATOMIC_ACQUIRE);

	if (map && pirq < EVTCHN_NR_PIRQS)
		raise_irq(d, READ_ONCE(map[pirq]), EVTCHNSTAT_pirq, pirq, NULL);
}

bool evtchn_vcpu_pending(const struct vcpu *v)
{
	return has_vcpu_info(v) && READ_ONCE(READ_ONCE(v->vcpu_info)->evtchn_upcall_pending);
}

bool evtchn_port_valid(const struct domain *d, u32 port)
{
	return evtchn_from_port(d, port) != NULL;
}

bool evtchn_port_pending(struct domain *d, u32 port)
{
	struct evtchn *chn = evtchn_from_port(d, port);
	bool pending;
	u64 flags;

	if (!chn)
		return false;
	flags = spin_lock_irqsave(&chn->lock);
	pending = chn->state != EVTCHNSTAT_closed && d->evtchn->ops->is_pending(d, chn);
	spin_unlock_irqrestore(&chn->lock, flags);
	return pending;
}
