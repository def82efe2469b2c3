/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grant tables: pinning an entry. The guest may change the entry at any moment, so one atomic step
 * must decide: version 1 checks and sets the flag in one exchange of the word that holds flags and
 * domid; version 2 sets the flag in the status word and then checks that the entry is unchanged.
 */
#include "private.h"

#include <xen/xmalloc.h>

/* Tries while a guest keeps changing its entry. */
#define MARK_TRIES 8

/* The contents of an entry, read once. */
struct grant_words {
	u16 type;		/* GTF_permit_access, GTF_transitive */
	bool sub_page;
	u16 start, length;
	gfn_t gfn;
	u16 via_domid;
	u32 via_ref;
};

static u16 use_flags(bool write)
{
	return GTF_reading | (write ? GTF_writing : 0);
}

/* May @grantee use an entry with this header (flags in the low, domid in the high half)? */
static int check_header(u32 header, u16 grantee, bool write, bool v2)
{
	u16 type = header & GTF_type_mask;

	if (type != GTF_permit_access && !(v2 && type == GTF_transitive))
		return GNTST_general_error;
	if (header >> 16 != grantee || (write && (header & GTF_readonly)))
		return GNTST_general_error;
	return GNTST_okay;
}

static int mark_v1(struct grant_table *gt, u32 ref, u16 grantee, bool write, struct grant_words *w)
{
	struct grant_entry_v1 *e = grant_entry_v1_of(gt, ref);
	u32 *header = (u32 *)(void *)e;
	u32 h = READ_ONCE(*header);

	ASSERT(gt->version == 1);
	for (u32 i = 0; i < MARK_TRIES; i++) {
		int rc = check_header(h, grantee, write, false);

		if (rc)
			return rc;
		if (!__atomic_compare_exchange_n(header, &h, h | use_flags(write), false,
						 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			continue;
		w->type = GTF_permit_access;
		w->length = PAGE_SIZE;
		w->gfn = gfn_make(READ_ONCE(e->frame));
		return GNTST_okay;
	}
	return GNTST_general_error;
}

/* Read the rest of a version 2 entry, whose header was @h. */
static int read_v2(const union grant_entry_v2 *e, u32 h, struct grant_words *w)
{
	w->type = h & GTF_type_mask;
	w->length = PAGE_SIZE;
	if (w->type == GTF_transitive) {
		w->via_domid = READ_ONCE(e->transitive.trans_domid);
		w->via_ref = READ_ONCE(e->transitive.gref);
		return GNTST_okay;
	}
	w->gfn = gfn_make(READ_ONCE(e->full_page.frame));
	if (h & GTF_sub_page) {
		w->sub_page = true;
		w->start = READ_ONCE(e->sub_page.page_off);
		w->length = READ_ONCE(e->sub_page.length);
		if (w->start + w->length > PAGE_SIZE)
			return GNTST_general_error;
	}
	return GNTST_okay;
}

static int mark_v2(struct grant_table *gt, u32 ref, u16 grantee, bool write, u16 unmark,
		   struct grant_words *w)
{
	union grant_entry_v2 *e = grant_entry_v2_of(gt, ref);
	grant_status_t *status = grant_status_of(gt, ref);
	const u32 *header = (const u32 *)(const void *)e;
	int rc = GNTST_general_error;

	ASSERT(gt->version == 2);
	for (u32 i = 0; i < MARK_TRIES; i++) {
		u32 h = READ_ONCE(*header);

		rc = check_header(h, grantee, write, true);
		if (rc)
			break;
		__atomic_fetch_or(status, use_flags(write), __ATOMIC_SEQ_CST);
		/* A guest that revokes a grant clears the entry first and then reads the status. */
		if (__atomic_load_n(header, __ATOMIC_SEQ_CST) == h) {
			rc = read_v2(e, h, w);
			if (!rc)
				return rc;
			break;
		}
		__atomic_fetch_and(status, (grant_status_t)~unmark, __ATOMIC_SEQ_CST);
		rc = GNTST_general_error;
	}
	__atomic_fetch_and(status, (grant_status_t)~unmark, __ATOMIC_SEQ_CST);
	return rc;
}

static void unmark(struct grant_table *gt, u32 ref, u16 flags)
{
	u16 *word = gt->version == 1 ? &grant_entry_v1_of(gt, ref)->flags
				     : grant_status_of(gt, ref);

	if (flags)
		__atomic_fetch_and(word, (u16)~flags, __ATOMIC_SEQ_CST);
}

/* The flags that no remaining user of @pin needs. */
static u16 flags_to_clear(const struct grant_pin *pin)
{
	return (pin->users ? 0 : GTF_reading) | (pin->writers ? 0 : GTF_writing);
}

static struct grant_pin *pin_alloc(struct grant_table *gt, u32 ref)
{
	struct grant_pin **chunk = &gt->pins[ref / PINS_PER_CHUNK];

	if (!*chunk)
		*chunk = xzalloc_array(struct grant_pin, PINS_PER_CHUNK);
	return *chunk ? &(*chunk)[ref % PINS_PER_CHUNK] : NULL;
}

/* Fill an unused pin from the entry's contents: find the page and take a reference. */
static int resolve(struct grant_table *gt, struct grant_pin *pin, u16 grantee,
		   const struct grant_words *w)
{
	struct page_info *pg = NULL;
	enum p2m_type type;

	ASSERT(!pin->users && !pin->page);
	if (w->type == GTF_permit_access) {
		pg = p2m_get_page(gt->domain, w->gfn, &type, false);
		if (!pg)
			return GNTST_bad_page;
		/* A domain may only grant its own memory, not pages that others granted to it. */
		if (!p2m_type_is_ram(type)) {
			page_put(pg);
			return GNTST_bad_page;
		}
		pin->writable = type == P2M_RAM_RW;
	}
	pin->page = pg;
	pin->grantee = grantee;
	pin->start = w->start;
	pin->length = w->length;
	pin->whole_page = !w->sub_page;
	pin->transitive = w->type == GTF_transitive;
	pin->via_domid = w->via_domid;
	pin->via_ref = w->via_ref;
	return GNTST_okay;
}

/* Check that the pinned entry allows the use that @flags describes. */
static int check_use(const struct grant_pin *pin, u16 grantee, u32 flags)
{
	ASSERT(pin->writers <= pin->users && !pin->page == pin->transitive);
	if (pin->grantee != grantee || pin->users == UINT32_MAX)
		return GNTST_general_error;
	if (!(flags & PIN_COPY) && (!pin->whole_page || pin->transitive))
		return GNTST_general_error;
	if ((flags & PIN_WRITE) && !pin->transitive && !pin->writable)
		return GNTST_general_error;
	return GNTST_okay;
}

static int pin_locked(struct grant_table *gt, u32 ref, u16 grantee, u32 flags,
		      struct grant_view *view, struct page_info **drop)
{
	bool write = flags & PIN_WRITE;
	struct grant_words w = { 0 };
	struct grant_pin *pin;
	int rc = GNTST_okay;

	ASSERT(spin_is_locked_by_me(&gt->lock));
	if (gt->closed)
		return GNTST_bad_domain;
	if (ref >= grant_table_nr_refs(gt))
		return GNTST_bad_gntref;
	ref = array_index_nospec(ref, grant_table_nr_refs(gt));
	pin = pin_alloc(gt, ref);
	if (!pin)
		return GNTST_no_space;
	if (pin->users)
		rc = check_use(pin, grantee, flags);
	if (!rc && (!pin->users || (write && !pin->writers))) {
		rc = gt->version == 1 ? mark_v1(gt, ref, grantee, write, &w)
				      : mark_v2(gt, ref, grantee, write, flags_to_clear(pin), &w);
		if (rc)
			return rc;
		if (!pin->users)
			rc = resolve(gt, pin, grantee, &w);
		if (!rc && !pin->users)
			rc = check_use(pin, grantee, flags);
		if (rc)
			unmark(gt, ref, flags_to_clear(pin));
	}
	if (rc) {
		if (!pin->users) {
			*drop = pin->page;
			*pin = (struct grant_pin){ 0 };
		}
		return rc;
	}
	gt->nr_pinned += pin->users == 0;
	pin->users++;
	pin->writers += write;
	ASSERT(gt->nr_pinned && pin->writers <= pin->users);
	*view = (struct grant_view){ pin->page, pin->start, pin->length, pin->via_domid,
				     pin->via_ref };
	return GNTST_okay;
}

int grant_pin(struct domain *d, u32 ref, u16 grantee, u32 flags, struct grant_view *view)
{
	struct page_info *drop = NULL;
	int rc;

	spin_lock(&d->gnttab->lock);
	rc = pin_locked(d->gnttab, ref, grantee, flags, view, &drop);
	spin_unlock(&d->gnttab->lock);
	if (drop)
		page_put(drop);
	return rc;
}

void grant_unpin(struct domain *d, u32 ref, bool write)
{
	struct grant_table *gt = d->gnttab;
	struct page_info *drop = NULL;
	struct grant_pin *pin;

	spin_lock(&gt->lock);
	pin = grant_pin_of(gt, ref);
	ASSERT(pin && pin->users && gt->nr_pinned);
	ASSERT(!write || pin->writers);
	pin->users--;
	pin->writers -= write;
	unmark(gt, ref, flags_to_clear(pin));
	if (!pin->users) {
		ASSERT(!pin->writers);
		drop = pin->page;
		*pin = (struct grant_pin){ 0 };
		gt->nr_pinned--;
	}
	spin_unlock(&gt->lock);
	if (drop)
		page_put(drop);
}
