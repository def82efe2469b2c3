/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state oracle: device models in other domains. */
#include "state-oracle-ioreq.h"

#include "state-oracle-private.h"

#include <xen/p2m.h>

#include "../../domain/evtchn/private.h"
#include "../../domain/ioreq/private.h"

static u32 check_slot(const struct domain *d, const struct ioreq_server *s,
		      const struct ioreq_slot *slot)
{
	const struct evtchn *chn = evtchn_from_port(d, slot->port);

	if (!slot->port)
		return 0;
	if (!chn || chn->state != EVTCHN_CONSUMER || chn->consumer != &slot->consumer ||
	    slot->consumer.may_bind != s->model || slot->server != s)
		panic("oracle: d%u: server %u does not have port %u", d->id, s->id, slot->port);
	return 1;
}

/* A page is the hypervisor's, and the guest has it where it is shown and nowhere else. */
static u64 check_page(const struct domain *d, const struct ioreq_page *p)
{
	enum p2m_type t;
	mfn_t at;

	if (!p->page) {
		if (p->shown || p->place >= 0)
			panic("oracle: d%u: a place without a page", d->id);
		return 0;
	}
	if (p->page->owner != d || !(p->page->flags & PAGE_FLAG_XENSHARE) ||
	    p->page->flags & PAGE_FLAG_ORPHAN)
		panic("oracle: d%u: frame %lx is not a server's", d->id, page_to_mfn(p->page).v);
	if (p->place < 0)
		return 0;
	at = p2m_lookup(d->p2m, p->gfn, &t, NULL);
	if (!p->shown && t == P2M_XENSHARE && mfn_eq(at, page_to_mfn(p->page)))
		panic("oracle: d%u has a server's frame at gfn %lx", d->id, p->gfn.v);
	return BIT(p->place);
}

static u32 check_server(const struct domain *d, const struct ioreq_server *s, u64 *places)
{
	u64 sync = check_page(d, &s->sync), ring = check_page(d, &s->ring);
	u32 ports = check_slot(d, s, &s->ring_slot);

	if (s->d != d || !s->sync.page || !s->ring.page != !s->ring_slot.port)
		panic("oracle: d%u: server %u is not complete", d->id, s->id);
	if (*places & (sync | ring) || (sync & ring))
		panic("oracle: d%u: two pages of servers are at one place", d->id);
	*places |= sync | ring;
	for (u32 i = 0; i < d->max_vcpus; i++)
		ports += check_slot(d, s, &s->slot[i]);
	if (ports != d->max_vcpus + !!s->ring.page)
		panic("oracle: d%u: server %u has %u ports", d->id, s->id, ports);
	for (u32 i = 0; i < IOREQ_RANGE_KINDS; i++)
		if (s->ranges[i].count > IOREQ_RANGES)
			panic("oracle: d%u: server %u has %u ranges", d->id, s->id,
			      s->ranges[i].count);
	return ports;
}

void oracle_check_ioreq(struct oracle_domain *od)
{
	const struct domain *d = od->d;
	u32 ports = 0;
	u64 places = 0;

	for (u32 i = 0; d->ioreq && i < IOREQ_SERVERS; i++)
		if (d->ioreq->server[i])
			ports += check_server(d, d->ioreq->server[i], &places);
	if (d->ioreq && d->ioreq->places != places)
		panic("oracle: d%u: places %lx of servers are %lx", d->id, d->ioreq->places,
		      places);
	if (d->evtchn && d->evtchn->nr_consumers != ports)
		panic("oracle: d%u: the hypervisor has %u ports, servers %u", d->id,
		      d->evtchn->nr_consumers, ports);
}
