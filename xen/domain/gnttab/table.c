/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: the shared frames of a domain, from its creation to its end. */
#include "private.h"

#include <xen/xmalloc.h>

#include <public/memory.h>

#define DEFAULT_FRAMES 64
#define DEFAULT_MAPTRACK 1024
#define INITIAL_FRAMES 1

u32 grant_table_nr_refs(const struct grant_table *gt)
{
	return gt->nr_frames * (gt->version == 1 ? GRANTS_PER_FRAME_V1 : GRANTS_PER_FRAME_V2);
}

struct grant_entry_v1 *grant_entry_v1_of(const struct grant_table *gt, u32 ref)
{
	struct grant_entry_v1 *e = gt->frame[ref / GRANTS_PER_FRAME_V1].va;

	ASSERT(spin_is_locked_by_me(&gt->lock));
	ASSERT(ref / GRANTS_PER_FRAME_V1 < gt->nr_frames);
	return &e[ref % GRANTS_PER_FRAME_V1];
}

union grant_entry_v2 *grant_entry_v2_of(const struct grant_table *gt, u32 ref)
{
	union grant_entry_v2 *e = gt->frame[ref / GRANTS_PER_FRAME_V2].va;

	ASSERT(spin_is_locked_by_me(&gt->lock));
	ASSERT(ref / GRANTS_PER_FRAME_V2 < gt->nr_frames);
	return &e[ref % GRANTS_PER_FRAME_V2];
}

grant_status_t *grant_status_of(const struct grant_table *gt, u32 ref)
{
	grant_status_t *s = gt->status[ref / STATUS_PER_FRAME].va;

	ASSERT(ref / STATUS_PER_FRAME < gt->nr_status);
	return &s[ref % STATUS_PER_FRAME];
}

struct grant_pin *grant_pin_of(const struct grant_table *gt, u32 ref)
{
	struct grant_pin *chunk;

	ASSERT(spin_is_locked_by_me(&gt->lock));
	ASSERT(ref < gt->max_frames * GRANTS_PER_FRAME_V1);
	chunk = gt->pins[ref / PINS_PER_CHUNK];
	return chunk ? &chunk[ref % PINS_PER_CHUNK] : NULL;
}

/* Allocate a zeroed frame that @gt's domain may map. */
static int add_frame(struct grant_table *gt, struct grant_frame *f)
{
	struct page_info *pg = alloc_pages(0, 0);

	if (!pg)
		return -XEN_ENOMEM;
	ASSERT(!f->page && !pg->owner);
	pg->owner = gt->domain;
	pg->flags |= PAGE_FLAG_XENSHARE;
	f->page = pg;
	f->va = page_to_virt(pg);
	return 0;
}

static void free_frame(struct grant_frame *f)
{
	ASSERT(f->page->flags & PAGE_FLAG_XENSHARE);
	/* Another domain may still have it mapped; it must not be found as ours again. */
	f->page->flags &= ~PAGE_FLAG_XENSHARE;
	f->page->owner = NULL;
	page_put(f->page);
}

static u32 status_frames_for(u32 nr_frames)
{
	return DIV_ROUND_UP(nr_frames * GRANTS_PER_FRAME_V2, STATUS_PER_FRAME);
}

int grant_table_grow_status(struct grant_table *gt)
{
	ASSERT(gt->nr_frames <= gt->max_frames);
	while (gt->nr_status < status_frames_for(gt->nr_frames)) {
		int rc = add_frame(gt, &gt->status[gt->nr_status]);

		if (rc)
			return rc;
		gt->nr_status++;
	}
	return 0;
}

int grant_table_grow(struct grant_table *gt, u32 nr)
{
	if (nr > gt->max_frames)
		return -XEN_EINVAL;
	while (gt->nr_frames < nr) {
		int rc = add_frame(gt, &gt->frame[gt->nr_frames]);

		if (rc)
			return rc;
		gt->nr_frames++;
		/* In version 2 an entry needs a status word. */
		rc = gt->version == 2 ? grant_table_grow_status(gt) : 0;
		if (rc) {
			free_frame(&gt->frame[--gt->nr_frames]);
			return rc;
		}
	}
	return 0;
}

int gnttab_domain_init(struct domain *d, u32 max_frames, u32 max_maptrack, u32 max_version)
{
	struct grant_table *gt;
	int rc;

	max_frames = max_frames ? max_frames : DEFAULT_FRAMES;
	max_maptrack = max_maptrack ? max_maptrack : DEFAULT_MAPTRACK;
	max_version = max_version ? max_version : GNTTAB_MAX_VERSION;
	if (max_frames > GNTTAB_MAX_FRAMES || max_maptrack > GNTTAB_MAX_MAPTRACK ||
	    max_version > GNTTAB_MAX_VERSION)
		return -XEN_EINVAL;
	gt = xzalloc(struct grant_table);
	if (!gt)
		return -XEN_ENOMEM;
	d->gnttab = gt;
	gt->domain = d;
	gt->version = 1;
	gt->max_version = max_version;
	gt->max_frames = max_frames;
	spin_lock_init(&gt->lock, "grant table", LOCK_RANK_GNTTAB);
	gt->frame = xzalloc_array(struct grant_frame, max_frames);
	gt->status = xzalloc_array(struct grant_frame, status_frames_for(max_frames));
	gt->pins = xzalloc_array(struct grant_pin *,
				 max_frames * GRANTS_PER_FRAME_V1 / PINS_PER_CHUNK);
	rc = maptrack_init(&gt->maptrack, max_maptrack);
	if (!rc && (!gt->frame || !gt->status || !gt->pins))
		rc = -XEN_ENOMEM;
	if (!rc)
		rc = grant_table_grow(gt, INITIAL_FRAMES);
	if (rc)
		gnttab_domain_free(d);
	return rc;
}

void gnttab_domain_free(struct domain *d)
{
	struct grant_table *gt = d->gnttab;

	if (!gt)
		return;
	/* Each mapping holds a reference to the granting domain, so no mapping is left. */
	ASSERT(!gt->nr_pinned);
	for (u32 i = 0; i < gt->nr_frames; i++)
		free_frame(&gt->frame[i]);
	for (u32 i = 0; i < gt->nr_status; i++)
		free_frame(&gt->status[i]);
	if (gt->pins)
		for (u32 i = 0; i < gt->max_frames * GRANTS_PER_FRAME_V1 / PINS_PER_CHUNK; i++)
			xfree(gt->pins[i]);
	maptrack_free_all(&gt->maptrack);
	xfree(gt->frame);
	xfree(gt->status);
	xfree(gt->pins);
	xfree(gt);
	d->gnttab = NULL;
}

int gnttab_frame(struct domain *d, u64 index, mfn_t *mfn)
{
	struct grant_table *gt = d->gnttab;
	bool status = index & XENMAPIDX_grant_table_status;
	int rc = -XEN_EINVAL;

	index &= ~(u64)XENMAPIDX_grant_table_status;
	spin_lock(&gt->lock);
	if (status) {
		const u32 per_status = STATUS_PER_FRAME / GRANTS_PER_FRAME_V2;

		if (gt->version == 2 && index < status_frames_for(gt->max_frames))
			rc = grant_table_grow(gt, (u32)index * per_status + 1);
		index = array_index_nospec((u32)index, status_frames_for(gt->max_frames));
		if (!rc)
			*mfn = page_to_mfn(gt->status[index].page);
	} else {
		if (index < gt->max_frames)
			rc = grant_table_grow(gt, max((u32)index + 1, gt->nr_frames));
		index = array_index_nospec((u32)index, gt->max_frames);
		if (!rc)
			*mfn = page_to_mfn(gt->frame[index].page);
	}
	spin_unlock(&gt->lock);
	return rc;
}

int gnttab_seed(struct domain *d, u32 ref, u16 to, gfn_t gfn)
{
	struct grant_table *gt = d->gnttab;
	int rc = -XEN_EINVAL;

	if (ref >= GNTTAB_NR_RESERVED_ENTRIES || gfn.v > UINT32_MAX)
		return rc;
	spin_lock(&gt->lock);
	if (gt->version == 1) {
		struct grant_entry_v1 *e = grant_entry_v1_of(gt, ref);

		e->frame = (u32)gfn.v;
		e->domid = to;
		__atomic_store_n(&e->flags, GTF_permit_access, __ATOMIC_RELEASE);
		rc = 0;
	}
	spin_unlock(&gt->lock);
	return rc;
}
