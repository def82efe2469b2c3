/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grant tables: changing the format of the entries, which is possible only while none is in use.
 * Reserved entries are converted, as the toolstack may have filled them; all others are cleared.
 */
#include "private.h"

#include <xen/string.h>

struct reserved_entry {
	u16 flags, domid;
	u64 frame;
};

static int save_v1(const struct grant_table *gt, struct reserved_entry *r)
{
	for (u32 ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
		const struct grant_entry_v1 *e = grant_entry_v1_of(gt, ref);

		r[ref].flags = READ_ONCE(e->flags);
		r[ref].domid = READ_ONCE(e->domid);
		r[ref].frame = READ_ONCE(e->frame);
	}
	return 0;
}

/* -XEN_EINVAL when version 1 cannot express an entry. */
static int save_v2(const struct grant_table *gt, struct reserved_entry *r)
{
	for (u32 ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
		const union grant_entry_v2 *e = grant_entry_v2_of(gt, ref);

		r[ref].flags = READ_ONCE(e->hdr.flags);
		r[ref].domid = READ_ONCE(e->hdr.domid);
		r[ref].frame = READ_ONCE(e->full_page.frame);
		switch (r[ref].flags & GTF_type_mask) {
		case GTF_invalid:
			r[ref] = (struct reserved_entry){ 0 };
			break;
		case GTF_permit_access:
			if ((r[ref].flags & GTF_sub_page) || r[ref].frame > UINT32_MAX)
				return -XEN_EINVAL;
			break;
		default:
			return -XEN_EINVAL;
		}
	}
	return 0;
}

static void restore(struct grant_table *gt, u32 version, const struct reserved_entry *r)
{
	ASSERT(!gt->nr_pinned);
	for (u32 i = 0; i < gt->nr_frames; i++)
		memset(gt->frame[i].va, 0, PAGE_SIZE);
	for (u32 i = 0; i < gt->nr_status; i++)
		memset(gt->status[i].va, 0, PAGE_SIZE);
	for (u32 ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
		if (version == 1) {
			struct grant_entry_v1 *e = grant_entry_v1_of(gt, ref);

			e->domid = r[ref].domid;
			e->frame = (u32)r[ref].frame;
			__atomic_store_n(&e->flags, r[ref].flags, __ATOMIC_RELEASE);
		} else {
			union grant_entry_v2 *e = grant_entry_v2_of(gt, ref);

			e->full_page.hdr.domid = r[ref].domid;
			e->full_page.frame = r[ref].frame;
			__atomic_store_n(&e->hdr.flags, r[ref].flags, __ATOMIC_RELEASE);
		}
	}
	gt->version = version;
}

int grant_table_set_version(struct grant_table *gt, u32 version)
{
	struct reserved_entry reserved[GNTTAB_NR_RESERVED_ENTRIES];
	int rc = 0;

	if (version != 1 && version != 2)
		return -XEN_EINVAL;
	if (version > gt->max_version)
		return -XEN_ENOSYS;
	spin_lock(&gt->lock);
	if (version != gt->version) {
		if (gt->nr_pinned)
			rc = -XEN_EBUSY;
		else if (version == 2)
			rc = grant_table_grow_status(gt);
		if (!rc)
			rc = version == 2 ? save_v1(gt, reserved) : save_v2(gt, reserved);
		if (!rc)
			restore(gt, version, reserved);
	}
	spin_unlock(&gt->lock);
	return rc;
}
