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

/* The ports whose channels are not closed: a bit for each. */
static u64 open_ports(const struct evtchn_bucket *b)
{
	u64 open = 0;

	for (u32 i = 0; i < EVTCHN_PER_BUCKET; i++)
		open |= (u64)(b->chn[i].state != EVTCHNSTAT_closed) << i;
	return open;
}

static void check_used(const struct domain *d, u32 first, u64 used, u64 open)
{
	u32 hint = d->evtchn->hint;
	u64 below = hint <= first ? 0 : hint - first >= 64 ? ~0UL : (1UL << (hint - first)) - 1;
	u32 port;

	if (used != open) {
		port = (u32)__builtin_ctzl(used ^ open);
		panic("oracle: d%u port %u is %s and its channel is %s", d->id, first + port,
		      used >> port & 1 ? "in use" : "free", open >> port & 1 ? "open" : "closed");
	}
	if (below & ~used)
		panic("oracle: d%u port %u is free, below the first free port %u", d->id,
		      first + (u32)__builtin_ctzl(below & ~used), hint);
}

static u32 check_bucket(const struct domain *d, const struct evtchn_bucket *b, u32 first,
			u32 *consumers)
{
	u64 open = open_ports(b), none = first ? 0 : 1;

	BUILD_BUG_ON(EVTCHN_PER_BUCKET != 64);
	/* Port 0 is taken and never open. */
	check_used(d, first, b->used | none, open | none);
	open &= ~none;
	for (u64 left = open; left; left &= left - 1) {
		const struct evtchn *chn = &b->chn[__builtin_ctzl(left)];

		check_channel(d, chn);
		*consumers += chn->state == EVTCHN_CONSUMER;
	}
	return (u32)__builtin_popcountl(open);
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
