/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOREQ servers: the pages that they share with their device models. A model gets them by
 * XENMEM_acquire_resource or, the old way, by mapping frames of the guest at which they are shown.
 */
#include "private.h"

#include <xen/p2m.h>

#include <public/hvm/params.h>

/* What HVM_PARAM_NR_IOREQ_SERVER_PAGES may be at most. */
#define MAX_PLACES 64

int ioreq_page_init(struct ioreq_server *s, struct ioreq_page *p)
{
	p->place = -1;
	p->page = alloc_pages(0, 0);
	if (!p->page)
		return -XEN_ENOMEM;
	p->page->owner = s->d;
	p->page->flags |= PAGE_FLAG_XENSHARE;
	p->va = page_to_virt(p->page);
	return 0;
}

/* The model may have it mapped for longer. Such a mapping leads to the owner, and holds it too. */
void ioreq_page_free(struct ioreq_page *p)
{
	if (!p->page)
		return;
	ASSERT(p->place < 0 && !p->shown);
	__atomic_fetch_or(&p->page->flags, (u8)PAGE_FLAG_ORPHAN, __ATOMIC_RELAXED);
	page_put(p->page);
	p->page = NULL;
	p->va = NULL;
}

/* A free place among those that the toolstack set aside, or -1. */
static s32 find_place(const struct ioreq_domain *id, const struct domain *d)
{
	u64 nr = min(READ_ONCE(d->hvm_params[HVM_PARAM_NR_IOREQ_SERVER_PAGES]), (u64)MAX_PLACES);

	for (u32 i = 0; i < nr; i++)
		if (!(id->places >> i & 1))
			return (s32)i;
	return -1;
}

int ioreq_page_show(struct ioreq_domain *id, struct ioreq_server *s, struct ioreq_page *p)
{
	int rc;

	ASSERT(rw_is_write_locked(&id->lock) && p->page);
	if (p->place < 0) {
		p->place = find_place(id, s->d);
		if (p->place < 0)
			return -XEN_ENOMEM;
		id->places |= BIT(p->place);
		p->gfn = gfn_make(READ_ONCE(s->d->hvm_params[HVM_PARAM_IOREQ_SERVER_PFN]) +
				  (u32)p->place);
	}
	if (p->shown)
		return 0;
	rc = guest_page_place(s->d, p->gfn, page_to_mfn(p->page));
	p->shown = !rc;
	return rc;
}

void ioreq_page_hide(struct ioreq_server *s, struct ioreq_page *p)
{
	if (!p->shown)
		return;
	/* The guest may have taken it away itself. */
	p2m_unmap_page(s->d->p2m, p->gfn, page_to_mfn(p->page), P2M_XENSHARE);
	/* The page may be freed next. */
	p2m_flush(s->d->p2m);
	p->shown = false;
}

void ioreq_page_drop(struct ioreq_domain *id, struct ioreq_server *s, struct ioreq_page *p)
{
	ASSERT(rw_is_write_locked(&id->lock));
	ioreq_page_hide(s, p);
	if (p->place >= 0)
		id->places &= ~BIT(p->place);
	p->place = -1;
}
