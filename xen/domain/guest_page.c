/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of a guest that the hypervisor keeps mapped for itself. */
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
