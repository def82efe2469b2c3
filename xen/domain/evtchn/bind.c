/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: opening, binding and closing them. */
#include "private.h"

#include <xen/hal/vcpu.h>
#include <xen/hypercall.h>
#include <xen/xmalloc.h>

/* Channels closed before a preemption check, so that every call makes progress. */
#define CLOSE_BATCH 32

DEFINE_SPINLOCK(evtchn_link_lock, LOCK_RANK_EVTCHN_LINK);

bool evtchn_virq_is_global(u32 virq)
{
	switch (virq) {
	case VIRQ_TIMER:
	case VIRQ_DEBUG:
	case VIRQ_XENOPROF:
	case VIRQ_XENPMU:
		return false;
	default:
		return true;
	}
}

int evtchn_open(struct domain *d, u8 state, u32 vcpu, u32 what)
{
	int port = evtchn_port_get(d);
	struct evtchn *chn;
	u64 flags;

	ASSERT(spin_is_locked_by_me(&d->evtchn->lock));
	ASSERT(state != EVTCHNSTAT_closed && state != EVTCHNSTAT_interdomain);
	ASSERT(vcpu < d->max_vcpus || vcpu == 0);
	if (port < 0)
		return port;
	chn = evtchn_from_port(d, (u32)port);
	flags = spin_lock_irqsave(&chn->lock);
	/* A port is freed only after its channel was closed. */
	ASSERT(chn->port == (u32)port && chn->state == EVTCHNSTAT_closed);
	chn->notify_vcpu = vcpu;
	chn->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
	chn->fifo_early = false;
	if (state == EVTCHNSTAT_unbound)
		chn->unbound_remote = (u16)what;
	else if (state == EVTCHNSTAT_pirq)
		chn->pirq = what;
	else
		chn->virq = what;
	chn->state = state;
	spin_unlock_irqrestore(&chn->lock, flags);
	return port;
}

int evtchn_alloc_unbound(struct domain *d, u16 remote)
{
	int port;

	spin_lock(&d->evtchn->lock);
	port = evtchn_open(d, EVTCHNSTAT_unbound, 0, remote);
	spin_unlock(&d->evtchn->lock);
	return port;
}

/* Bind @chn of @d to @rchn, an end of the hypervisor in @rd. Both are locked. */
static int join_consumer(struct domain *d, struct evtchn *chn, struct domain *rd,
			 struct evtchn *rchn)
{
	struct evtchn_consumer *c = rchn->consumer;

	ASSERT(spin_is_locked_by_me(&chn->lock) && spin_is_locked_by_me(&rchn->lock));
	if (rchn->bound || c->may_bind != d->id)
		return -XEN_EINVAL;
	chn->remote = rd;
	chn->peer = rchn;
	chn->state = EVTCHN_TO_CONSUMER;
	rchn->bound = chn;
	c->remote = d;
	/* Something may have been sent before there was anyone to receive it. */
	evtchn_raise(d, chn);
	return 0;
}

/* Join @chn of @d and @rchn of @rd. evtchn_link_lock held. */
static int join_channels(struct domain *d, struct evtchn *chn, struct domain *rd,
			 struct evtchn *rchn)
{
	int rc = -XEN_EINVAL;
	u64 flags;

	ASSERT(spin_is_locked_by_me(&evtchn_link_lock));
	ASSERT(chn != rchn);
	flags = spin_lock_irqsave(&chn->lock);
	/* No domain can have bound it: it is open to DOMID_INVALID only. */
	ASSERT(chn->state == EVTCHNSTAT_unbound);
	spin_lock_nested(&rchn->lock);
	if (rchn->state == EVTCHN_CONSUMER) {
		rc = join_consumer(d, chn, rd, rchn);
	} else if (rchn->state == EVTCHNSTAT_unbound && rchn->unbound_remote == d->id) {
		chn->remote = rd;
		chn->peer = rchn;
		chn->state = EVTCHNSTAT_interdomain;
		rchn->remote = d;
		rchn->peer = chn;
		rchn->state = EVTCHNSTAT_interdomain;
		/* The other end may have sent before it was bound; let the guest check. */
		evtchn_raise(d, chn);
		rc = 0;
	}
	spin_unlock(&rchn->lock);
	spin_unlock_irqrestore(&chn->lock, flags);
	return rc;
}

int evtchn_bind_interdomain(struct domain *d, struct domain *rd, u32 rport)
{
	struct evtchn *rchn = evtchn_from_port(rd, rport);
	struct evtchn *chn;
	int port, rc;

	if (!rchn)
		return -XEN_EINVAL;
	spin_lock(&d->evtchn->lock);
	/* First open it unbound, to DOMID_INVALID, so that join_channels() gets a valid channel. */
	port = evtchn_open(d, EVTCHNSTAT_unbound, 0, DOMID_INVALID);
	if (port > 0) {
		chn = evtchn_from_port(d, (u32)port);
		spin_lock(&evtchn_link_lock);
		rc = chn == rchn ? -XEN_EINVAL : join_channels(d, chn, rd, rchn);
		spin_unlock(&evtchn_link_lock);
		if (rc) {
			evtchn_close_locked(d, chn);
			port = rc;
		}
	}
	spin_unlock(&d->evtchn->lock);
	return port;
}

int evtchn_bind_virq(struct domain *d, u32 virq, u32 vcpu)
{
	struct vcpu *v = domain_vcpu(d, vcpu);
	u32 *map;
	int port;

	if (virq >= NR_VIRQS)
		return -XEN_EINVAL;
	if (!v)
		return -XEN_ENOENT;
	if (evtchn_virq_is_global(virq) && vcpu != 0)
		return -XEN_EINVAL;

	map = evtchn_virq_is_global(virq) ? d->evtchn->global_virq : v->evtchn->virq;
	spin_lock(&d->evtchn->lock);
	virq = array_index_nospec(virq, NR_VIRQS);
	if (map[virq])
		port = -XEN_EEXIST;
	else
		port = evtchn_open(d, EVTCHNSTAT_virq, vcpu, virq);
	if (port > 0)
		WRITE_ONCE(map[virq], (u32)port);
	spin_unlock(&d->evtchn->lock);
	return port;
}

int evtchn_bind_ipi(struct domain *d, u32 vcpu)
{
	int port;

	if (!domain_vcpu(d, vcpu))
		return -XEN_ENOENT;
	spin_lock(&d->evtchn->lock);
	port = evtchn_open(d, EVTCHNSTAT_ipi, vcpu, 0);
	spin_unlock(&d->evtchn->lock);
	return port;
}

/* Bind with the domain's lock held and the map allocated. */
static int bind_pirq_locked(struct vcpu *v, u32 pirq, bool share)
{
	struct domain *d = v->domain;
	u32 *map = d->evtchn->pirq_port;
	int port, rc;

	if (map[pirq])
		return -XEN_EEXIST;
	port = evtchn_open(d, EVTCHNSTAT_pirq, 0, pirq);
	if (port < 0)
		return port;
	/* Enter it into the map before interrupts can arrive. */
	WRITE_ONCE(map[pirq], (u32)port);
	rc = hal_pirq_bind(v, pirq, share);
	if (!rc)
		return port;
	/* The arch did not bind it, so closing must not unbind it. */
	WRITE_ONCE(map[pirq], 0);
	evtchn_close_locked(d, evtchn_from_port(d, (u32)port));
	return rc;
}

int evtchn_bind_pirq(struct vcpu *v, u32 pirq, bool share)
{
	struct domain *d = v->domain;
	bool allowed = d->is_hardware;
	u32 *map;
	int port;

	if (pirq >= EVTCHN_NR_PIRQS)
		return -XEN_EINVAL;
	pirq = array_index_nospec(pirq, EVTCHN_NR_PIRQS);
	if (!allowed) {
		spin_lock(&d->lock);
		allowed = rangeset_contains(&d->irq_caps, pirq, pirq);
		spin_unlock(&d->lock);
	}
	if (!allowed)
		return -XEN_EPERM;

	spin_lock(&d->evtchn->lock);
	map = d->evtchn->pirq_port;
	if (!map) {
		map = xzalloc_array(u32, EVTCHN_NR_PIRQS);
		__atomic_store_n(&d->evtchn->pirq_port, map, __ATOMIC_RELEASE);
	}
	port = map ? bind_pirq_locked(v, pirq, share) : -XEN_ENOMEM;
	spin_unlock(&d->evtchn->lock);
	return port;
}

int evtchn_bind_vcpu(struct domain *d, u32 port, u32 vcpu)
{
	struct evtchn *chn = evtchn_from_port(d, port);
	int rc = 0;
	u64 flags;

	if (!domain_vcpu(d, vcpu))
		return -XEN_ENOENT;
	if (!chn)
		return -XEN_EINVAL;
	flags = spin_lock_irqsave(&chn->lock);
	switch (chn->state) {
	case EVTCHNSTAT_virq:
		if (!evtchn_virq_is_global(chn->virq))
			rc = -XEN_EINVAL;
		break;
	case EVTCHNSTAT_unbound:
	case EVTCHNSTAT_interdomain:
	case EVTCHNSTAT_pirq:
	case EVTCHN_TO_CONSUMER:
		break;
	default:
		rc = -XEN_EINVAL;
		break;
	}
	if (!rc)
		WRITE_ONCE(chn->notify_vcpu, vcpu);
	spin_unlock_irqrestore(&chn->lock, flags);
	return rc;
}

int evtchn_set_priority(struct domain *d, u32 port, u32 priority)
{
	struct evtchn *chn = evtchn_from_port(d, port);
	u64 flags;
	int rc = 0;

	if (!READ_ONCE(d->evtchn->ops)->has_priorities)
		return -XEN_ENOSYS;
	if (!chn || priority > EVTCHN_FIFO_PRIORITY_MIN)
		return -XEN_EINVAL;
	flags = spin_lock_irqsave(&chn->lock);
	if (chn->state == EVTCHNSTAT_closed)
		rc = -XEN_EINVAL;
	else
		WRITE_ONCE(chn->priority, (u8)priority);
	spin_unlock_irqrestore(&chn->lock, flags);
	return rc;
}

/* Take the channel out of the VIRQ map that names it. evtchn_domain.lock held. */
static void forget_virq(struct domain *d, const struct evtchn *chn)
{
	u32 *map;

	ASSERT(chn->state == EVTCHNSTAT_virq && chn->virq < NR_VIRQS);
	map = evtchn_virq_is_global(chn->virq) ? d->evtchn->global_virq
					       : d->vcpu[chn->notify_vcpu]->evtchn->virq;
	/* A VIRQ has one channel, and the channel of a per-vCPU VIRQ never moves. */
	ASSERT(map[chn->virq] == chn->port);
	WRITE_ONCE(map[chn->virq], 0);
}

/* @chn, which is locked and bound to an end of the hypervisor, is closed. */
static void leave_consumer(struct evtchn *chn)
{
	struct evtchn *end = chn->peer;

	ASSERT(spin_is_locked_by_me(&chn->lock) && spin_is_locked_by_me(&evtchn_link_lock));
	spin_lock_nested(&end->lock);
	ASSERT(end->state == EVTCHN_CONSUMER && end->bound == chn);
	end->bound = NULL;
	end->consumer->remote = NULL;
	end->consumer->ops->closed(end->consumer);
	spin_unlock(&end->lock);
}

/* @chn, a locked end of the hypervisor, is closed: what is bound to it becomes unbound. */
static void end_consumer(struct domain *d, struct evtchn *chn)
{
	struct evtchn *other = chn->bound;

	ASSERT(spin_is_locked_by_me(&chn->lock) && spin_is_locked_by_me(&evtchn_link_lock));
	if (!other)
		return;
	spin_lock_nested(&other->lock);
	ASSERT(other->state == EVTCHN_TO_CONSUMER && other->peer == chn);
	other->state = EVTCHNSTAT_unbound;
	other->unbound_remote = d->id;
	spin_unlock(&other->lock);
}

int evtchn_close_locked(struct domain *d, struct evtchn *chn)
{
	u32 bound_pirq = EVTCHN_NR_PIRQS;
	u64 flags;

	ASSERT(spin_is_locked_by_me(&d->evtchn->lock));
	spin_lock(&evtchn_link_lock);
	flags = spin_lock_irqsave(&chn->lock);
	if (chn->state == EVTCHNSTAT_closed) {
		spin_unlock_irqrestore(&chn->lock, flags);
		spin_unlock(&evtchn_link_lock);
		return -XEN_EINVAL;
	}
	if (chn->state == EVTCHNSTAT_interdomain) {
		struct evtchn *peer = chn->peer;

		ASSERT(peer != chn);
		spin_lock_nested(&peer->lock);
		ASSERT(peer->state == EVTCHNSTAT_interdomain);
		ASSERT(peer->peer == chn && peer->remote == d);
		peer->state = EVTCHNSTAT_unbound;
		peer->unbound_remote = d->id;
		spin_unlock(&peer->lock);
	} else if (chn->state == EVTCHN_TO_CONSUMER) {
		leave_consumer(chn);
	} else if (chn->state == EVTCHN_CONSUMER) {
		end_consumer(d, chn);
	} else if (chn->state == EVTCHNSTAT_virq) {
		forget_virq(d, chn);
	} else if (chn->state == EVTCHNSTAT_pirq && d->evtchn->pirq_port[chn->pirq]) {
		bound_pirq = chn->pirq;
		ASSERT(bound_pirq < EVTCHN_NR_PIRQS);
		ASSERT(d->evtchn->pirq_port[bound_pirq] == chn->port);
		WRITE_ONCE(d->evtchn->pirq_port[bound_pirq], 0);
	}
	/* The guest never saw events of the hypervisor's ends. */
	if (chn->state != EVTCHN_CONSUMER)
		d->evtchn->ops->clear_pending(d, chn);
	chn->state = EVTCHNSTAT_closed;
	spin_unlock_irqrestore(&chn->lock, flags);
	spin_unlock(&evtchn_link_lock);

	if (bound_pirq < EVTCHN_NR_PIRQS)
		hal_pirq_unbind(d, bound_pirq);
	evtchn_port_put(d, chn->port);
	return 0;
}

int evtchn_close(struct domain *d, u32 port)
{
	struct evtchn *chn = evtchn_from_port(d, port);
	int rc;

	if (!chn)
		return -XEN_EINVAL;
	spin_lock(&d->evtchn->lock);
	/* The state of the hypervisor's ends changes only under this lock. */
	rc = chn->state == EVTCHN_CONSUMER ? -XEN_EINVAL : evtchn_close_locked(d, chn);
	spin_unlock(&d->evtchn->lock);
	return rc;
}

int evtchn_close_all(struct domain *d)
{
	u32 done = 0;

	for (u32 port = evtchn_next_open(d, 0); port < READ_ONCE(d->evtchn->nr_ports);
	     port = evtchn_next_open(d, port + 1)) {
		evtchn_close(d, port);
		if (++done % CLOSE_BATCH == 0 && hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	return 0;
}

int evtchn_reset(struct domain *d, bool self)
{
	struct evtchn_domain *ed = d->evtchn;
	struct evtchn_fifo *fifo = NULL;
	int rc = evtchn_close_all(d);

	if (rc || !self)
		return rc;
	spin_lock(&ed->lock);
	/*
	 * If another vCPU or domain opened a channel meanwhile, the FIFO pages are in use. The
	 * hypervisor's ends use none.
	 */
	if (ed->nr_open != ed->nr_consumers)
		rc = -XEN_EAGAIN;
	else
		fifo = evtchn_fifo_detach(d);
	spin_unlock(&ed->lock);
	evtchn_fifo_free(fifo);
	return rc;
}

int evtchn_status(struct domain *d, struct evtchn_status *st)
{
	struct evtchn *chn = evtchn_from_port(d, st->port);
	u64 flags;

	if (!chn)
		return -XEN_EINVAL;
	flags = spin_lock_irqsave(&chn->lock);
	st->status = chn->state;
	st->vcpu = chn->notify_vcpu;
	switch (chn->state) {
	case EVTCHNSTAT_unbound:
		st->u.unbound.dom = chn->unbound_remote;
		break;
	case EVTCHN_CONSUMER:
		st->status = chn->bound ? EVTCHNSTAT_interdomain : EVTCHNSTAT_unbound;
		st->u.unbound.dom = chn->consumer->may_bind;
		if (chn->bound)
			st->u.interdomain.port = chn->bound->port;
		break;
	case EVTCHN_TO_CONSUMER:
		st->status = EVTCHNSTAT_interdomain;
		/* fallthrough */
	case EVTCHNSTAT_interdomain:
		ASSERT(chn->peer && chn->remote);
		st->u.interdomain.dom = chn->remote->id;
		st->u.interdomain.port = chn->peer->port;
		break;
	case EVTCHNSTAT_pirq:
		st->u.pirq = chn->pirq;
		break;
	case EVTCHNSTAT_virq:
		st->u.virq = chn->virq;
		break;
	default:
		break;
	}
	spin_unlock_irqrestore(&chn->lock, flags);
	return 0;
}
