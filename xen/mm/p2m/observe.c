/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling observers, such as IOMMUs, what changed in a p2m: once for a batch, as ranges. */
#include <xen/assert.h>

#include "private.h"

void p2m_note_change(struct p2m *p, u64 gfn, u64 n)
{
	struct p2m_range *last = p->nr_changes ? &p->change[p->nr_changes - 1] : NULL;
	u64 end;

	ASSERT(n && p->nr_changes <= P2M_CHANGES);
	if (list_empty(&p->observers))
		return;
	if (!last || (p->nr_changes < P2M_CHANGES &&
		      (gfn > last->start.v + last->n || gfn + n < last->start.v))) {
		p->change[p->nr_changes++] = (struct p2m_range){ gfn_make(gfn), n };
		return;
	}
	/* Extend the last range: the new one touches it, or there is no room for another. */
	end = max(last->start.v + last->n, gfn + n);
	last->start = gfn_make(min(last->start.v, gfn));
	last->n = end - last->start.v;
}

void p2m_tell_observers(struct p2m *p)
{
	struct p2m_observer *o;
	u32 nr = p->nr_changes;

	p->nr_changes = 0;
	if (!nr)
		return;
	list_for_each_entry(o, &p->observers, link)
		o->changed(o, p, p->change, nr);
	ASSERT(!p->nr_changes);
}

void p2m_observe(struct p2m *p, struct p2m_observer *o)
{
	ASSERT(o->changed);
	write_lock(&p->lock);
	list_add(&o->link, &p->observers);
	write_unlock(&p->lock);
}

void p2m_unobserve(struct p2m *p, struct p2m_observer *o)
{
	write_lock(&p->lock);
	list_del_init(&o->link);
	if (list_empty(&p->observers))
		p->nr_changes = 0;
	write_unlock(&p->lock);
}
