/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state oracle: event channels. */
#include "state-oracle-evtchn.h"

#include "state-oracle-private.h"

#include "../../domain/evtchn/private.h"

static void check_interdomain(const struct domain *d, const struct evtchn *chn)
{
	const struct evtchn *peer = chn->peer;

	if (!oracle_domain(chn->remote))
		panic("oracle: d%u port %u leads to a domain that is gone", d->id, chn->port);
	if (peer->state != EVTCHNSTAT_interdomain || peer->peer != chn || peer->remote != d)
		panic("oracle: d%u port %u and its peer d%u port %u disagree", d->id, chn->port,
		      chn->remote->id, peer->port);
}

/* An end of the hypervisor, and what a domain has bound to it. */
static void check_consumer(const struct domain *d, const struct evtchn *chn)
{
	const struct evtchn *other = chn->bound;

	if (!chn->consumer->ops || !other != !chn->consumer->remote)
		panic("oracle: d%u port %u is half an end of the hypervisor", d->id, chn->port);
	if (other && (other->state != EVTCHN_TO_CONSUMER || other->peer != chn ||
		      other->remote != d || chn->consumer->remote->id != chn->consumer->may_bind))
		panic("oracle: d%u port %u, the hypervisor's, and its other end disagree", d->id,
		      chn->port);
}

static void check_to_consumer(const struct domain *d, const struct evtchn *chn)
{
	if (!oracle_domain(chn->remote))
		panic("oracle: d%u port %u leads to a domain that is gone", d->id, chn->port);
	if (chn->peer->state != EVTCHN_CONSUMER || chn->peer->bound != chn)
		panic("oracle: d%u port %u leads to an end that is not the hypervisor's", d->id,
		      chn->port);
}

static void check_virq(const struct domain *d, const struct evtchn *chn)
{
	const u32 *map = evtchn_virq_is_global(chn->virq) ? d->evtchn->global_virq
							  : d->vcpu[chn->notify_vcpu]->evtchn->virq;

	if (chn->virq >= NR_VIRQS || map[chn->virq] != chn->port)
		panic("oracle: d%u port %u is of VIRQ %u, which has another port", d->id,
		      chn->port, chn->virq);
}

static void check_channel(const struct domain *d, const struct evtchn *chn)
{
	if (chn->notify_vcpu && !domain_vcpu(d, chn->notify_vcpu))
		panic("oracle: d%u port %u is for vCPU %u, which there is not", d->id, chn->port,
		      chn->notify_vcpu);
	if (chn->state == EVTCHNSTAT_interdomain)
		check_interdomain(d, chn);
	else if (chn->state == EVTCHN_CONSUMER)
		check_consumer(d, chn);
	else if (chn->state == EVTCHN_TO_CONSUMER)
		check_to_consumer(d, chn);
	else if (chn->state == EVTCHNSTAT_virq)
		check_virq(d, chn);
}

static u32 check_bucket(const struct domain *d, const struct evtchn_bucket *b, u32 first,
			u32 *consumers)
{
	u32 open = 0;

	for (u32 i = 0; i < EVTCHN_PER_BUCKET; i++) {
		const struct evtchn *chn = &b->chn[i];
		bool used = b->used >> i & 1;

		/* Port 0 is taken and never open. */
		if (!first && !i)
			continue;
		if (used != (chn->state != EVTCHNSTAT_closed))
			panic("oracle: d%u port %u is %s and its channel has state %u", d->id,
			      first + i, used ? "in use" : "free", chn->state);
		if (!used && first + i < d->evtchn->hint)
			panic("oracle: d%u port %u is free, below the first free port %u", d->id,
			      first + i, d->evtchn->hint);
		if (used)
			check_channel(d, chn);
		open += used;
		*consumers += chn->state == EVTCHN_CONSUMER;
	}
	return open;
}

static void check_maps(const struct domain *d)
{
	for (u32 i = 0; i < NR_VIRQS; i++) {
		u32 port = d->evtchn->global_virq[i];
		const struct evtchn *chn = port ? evtchn_from_port(d, port) : NULL;

		if (port && (!chn || chn->state != EVTCHNSTAT_virq || chn->virq != i))
			panic("oracle: d%u VIRQ %u leads to port %u, which is not its", d->id, i,
			      port);
	}
}

static void expect_pages(const struct evtchn_page *p, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (p[i].page)
			oracle_expect(p[i].page, "an event queue");
}

void oracle_check_evtchn(struct oracle_domain *od)
{
	const struct domain *d = od->d;
	const struct evtchn_domain *ed = d->evtchn;
	u32 open = 0, consumers = 0;

	if (!ed)
		return;
	for (u32 port = 0; port < ed->nr_ports; port += EVTCHN_PER_BUCKET)
		open += check_bucket(d, ed->group[port / EVTCHN_PER_GROUP]
					    ->bucket[port / EVTCHN_PER_BUCKET %
						     EVTCHN_BUCKETS_PER_GROUP], port, &consumers);
	if (open != ed->nr_open || consumers != ed->nr_consumers)
		panic("oracle: d%u counts %u open ports, %u the hypervisor's, and has %u, %u",
		      d->id, ed->nr_open, ed->nr_consumers, open, consumers);
	check_maps(d);
	if (ed->fifo) {
		expect_pages(ed->fifo->array_page, ed->fifo->nr_pages);
		expect_pages(ed->fifo->control_page, ed->fifo->nr_control);
	}
}
