/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of a guest that the hypervisor keeps mapped for itself, and places for pages of its own. */
#include <xen/p2m.h>

#include "private.h"

void *map_guest_page(struct domain *d, gfn_t gfn, struct page_info **page)
{
	enum p2m_type type;
	struct page_info *pg = p2m_get_page(d, gfn, &type, true);

	if (!pg)
		return NULL;
	if (type != P2M_RAM_RW) {
		page_put(pg);
		return NULL;
	}
	ASSERT(pg->owner == d);
	*page = pg;
	return page_to_virt(pg);
}

void unmap_guest_page(void *va, struct page_info *page)
{
	ASSERT(!va || page);
	if (va)
		page_put(page);
}

void guest_page_vacate(struct domain *d, gfn_t gfn)
{
	enum p2m_type t;
	struct page_info *pg = p2m_get_page(d, gfn, &t, false);

	if (!pg)
		return;
	/* Another vCPU may have unmapped it meanwhile; only the one that did may release it. */
	if (!p2m_unmap_page(d->p2m, gfn, page_to_mfn(pg), t) && p2m_type_is_ram(t) &&
	    !d->is_mapped_1to1) {
		p2m_flush(d->p2m);
		domain_release_page(pg);
	}
	page_put(pg);
}

int guest_page_place(struct domain *d, gfn_t gfn, mfn_t mfn)
{
	guest_page_vacate(d, gfn);
	return p2m_map_new(d->p2m, gfn, mfn, P2M_XENSHARE);
}
