/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Foreign pages on their way out.
 *
 * A toolstack unmaps what it mapped of a guest page by page, tens of thousands in a row, and a
 * flush for each makes every CPU of its domain stop and answer: minutes of a busy machine. So an
 * unmapped foreign page is parked with the references that its mapping held. One flush serves all
 * that are parked; it is due when there is no more room, when something new is mapped (where a
 * stale translation would hide it), or PARK_NS after the first. Until then the domain may still
 * reach what it could reach before, and nobody else gets the page.
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
		timer_set(&p->park_timer, now_ns() + PARK_NS);
	p->parked[p->nr_parked++] = pg;
	return true;
}

void p2m_drop_foreign(struct page_info *pg)
{
	struct domain *owner = pg->owner;

	/* The mapping held a reference on the page, so it has kept its owner. */
	ASSERT(owner && READ_ONCE(pg->refs));
	page_put(pg);
	domain_put(owner);
}

void p2m_drop_parked(struct p2m *p)
{
	/* No TLB leads to them any more. */
	ASSERT(!p->need_flush && (!p->nr_parked || p->flush_start == p->flush_end));
	while (p->nr_parked)
		p2m_drop_foreign(p->parked[--p->nr_parked]);
}
