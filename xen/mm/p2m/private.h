/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the p2m engine. */
#ifndef P2M_PRIVATE_H
#define P2M_PRIVATE_H

#include <xen/p2m.h>

/* For mm/p2m/dirty.c, with p->lock held for writing. */
/** Let what is mapped at @gfn be mapped by pages. 0 or -XEN_ENOMEM. */
int p2m_split_to_page(struct p2m *p, gfn_t gfn);
/** A TLB may hold a translation of @gfn that is no longer valid: the next flush is due. */
void p2m_note_stale(struct p2m *p, gfn_t gfn);

/* Observers of changes: mm/p2m/observe.c. All with p->lock held for writing. */
/** Remember that [@gfn, @gfn + @n) may look different. */
void p2m_note_change(struct p2m *p, u64 gfn, u64 n);
/** Tell all observers the changes noted since the last call. */
void p2m_tell_observers(struct p2m *p);

/* Unmapped foreign pages: mm/p2m/park.c. All with p->lock held for writing. */
void p2m_park_init(struct p2m *p);
/** Keep the references of @pg's mapping until the next flush. False: flush and drop them now. */
bool p2m_park(struct p2m *p, struct page_info *pg);
/** Drop the references of parked pages. Called after a flush. */
void p2m_drop_parked(struct p2m *p);
/** Drop the references that a mapping of a foreign page holds, on it and on its owner. */
void p2m_drop_foreign(struct page_info *pg);

#endif
