/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels: ends that belong to the hypervisor, as those of requests to device models. Such
 * an end is a port of the domain that the channel is about, and events sent to it call a function.
 * The domain itself cannot use the port.
 */
#include "private.h"

int evtchn_consumer_open(struct domain *d, u16 remote, struct evtchn_consumer *c,
			 const struct evtchn_consumer_ops *ops)
{
	struct evtchn_domain *ed = d->evtchn;
	struct evtchn *chn;
	int port;
	u64 flags;

	*c = (struct evtchn_consumer){ .ops = ops, .may_bind = remote };
	spin_lock(&ed->lock);
	/* Until the end is complete no domain can bind it. */
	port = evtchn_open(d, EVTCHNSTAT_unbound, 0, DOMID_INVALID);
	if (port > 0) {
		chn = evtchn_from_port(d, (u32)port);
		flags = spin_lock_irqsave(&chn->lock);
		chn->consumer = c;
		chn->bound = NULL;
		chn->state = EVTCHN_CONSUMER;
		spin_unlock_irqrestore(&chn->lock, flags);
		ed->nr_consumers++;
	}
	spin_unlock(&ed->lock);
	return port;
}

void evtchn_consumer_close(struct domain *d, u32 port)
{
	struct evtchn_domain *ed = d->evtchn;
	struct evtchn *chn = evtchn_from_port(d, port);

	spin_lock(&ed->lock);
	ASSERT(chn && chn->state == EVTCHN_CONSUMER && ed->nr_consumers);
	ed->nr_consumers--;
	evtchn_close_locked(d, chn);
	spin_unlock(&ed->lock);
}

bool evtchn_consumer_send(struct domain *d, u32 port)
{
	struct evtchn *chn = evtchn_from_port(d, port);
	bool bound = false;
	u64 flags;

	ASSERT(chn);
	flags = spin_lock_irqsave(&chn->lock);
	if (chn->state == EVTCHN_CONSUMER && chn->bound) {
		bound = true;
		evtchn_raise(chn->consumer->remote, chn->bound);
	}
	spin_unlock_irqrestore(&chn->lock, flags);
	return bound;
}
