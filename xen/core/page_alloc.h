/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the page allocator share. */
#ifndef CORE_PAGE_ALLOC_H
#define CORE_PAGE_ALLOC_H

#include <xen/mm.h>

/** Give back frames whose last reference is gone. All of them become dirty. */
void heap_free_dirty(struct page_info *pg, u32 order);
/** Zero those of the frames that are marked dirty, and unmark them. The caller owns them. */
void heap_scrub_owned(struct page_info *pg, u32 order);

#endif
