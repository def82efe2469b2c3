/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parking of unmapped foreign pages.
 *
 * A toolstack unmaps a guest's pages one by one, tens of thousands in a row. A flush for each would
 * make every CPU of its domain stop and answer, which takes minutes on a busy machine. So an
 * unmapped foreign page is parked with the references that its mapping held. One flush serves all
 * parked pages; it is due when there is no more room, when something new is mapped (which a stale
 * translation would hide), or PARK_NS after the first page was parked. Until then the domain may
 * still reach the pages, and they cannot be reused.
 */
#include <xen/assert.h>
#include <xen/hal/time.h>

#include "private.h"

#define PARK_NS 1000000

static void flush_parked(void *arg)
{
	p2m_flush(arg);
}

void p2m_park_init(struct p2m *p)
{
	timer_init(&p->park_timer, flush_parked, p, 0);
}

bool p2m_park(struct p2m *p, struct page_info *pg)
{
	ASSERT(rw_is_write_locked(&p->lock));
	ASSERT(p->nr_parked <= P2M_PARKED);
	if (p->nr_parked == P2M_PARKED || p->closed)
		return false;
	if (!p->nr_parked)
		timer_set(&p->park_timer, hal_now_ns() + PARK_NS);
	p->parked[p->nr_parked++] = pg;
	return true;
}

void p2m_drop_foreign(struct page_info *pg)
{
	struct domain *owner = pg->owner;

	/* The mapping held a reference to the page, so the page still has its owner. */
	ASSERT(owner && READ_ONCE(pg->refs));
	page_put(pg);
	domain_put(owner);
}

void p2m_drop_parked(struct p2m *p)
{
	/* No TLB holds a translation to them any more. */
	ASSERT(!p->need_flush && (!p->nr_parked || p->flush_start == p->flush_end));
	while (p->nr_parked)
		p2m_drop_foreign(p->parked[--p->nr_parked]);
}
