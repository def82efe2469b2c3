/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pages of a domain were written, by the dirty bits that the processor sets in the entries of
 * pages. Entries are made with the bit set, so that the processor need not write them and a page
 * counts as written until its bit is cleared here for the first time.
 */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/p2m_fmt.h>

#include "private.h"

/* The entry of a page that is mapped by itself; NULL: nothing is mapped, or a superpage is. */
static u64 *page_entry(const struct p2m *p, gfn_t gfn)
{
	const struct p2m_fmt *f = p->fmt;
	u64 *table = mfn_to_virt(p->root);
	u64 entries = P2M_ENTRIES << f->root_order;

	ASSERT(rw_is_locked(&p->lock));
	if (gfn.v >> p2m_fmt_gfn_bits(f))
		return NULL;
	for (u32 level = f->levels - 1;; level--) {
		u64 *e = &table[(gfn.v >> level * P2M_LEVEL_BITS) % entries], entry = READ_ONCE(*e);

		if (!p2m_entry_is_present(f, entry))
			return NULL;
		if (p2m_entry_is_leaf(f, entry, level))
			return level ? NULL : e;
		table = mfn_to_virt(p2m_entry_mfn(f, entry));
		entries = P2M_ENTRIES;
	}
}

/* Clear a page's bit. 1: it was set; 0: it was not, or no writable RAM is there; -XEN_ENOMEM. */
static int clear_one(struct p2m *p, gfn_t gfn)
{
	enum p2m_type type;
	u64 *entry;
	u32 order;
	int rc;

	p2m_lookup_locked(p, gfn, &type, &order);
	if (type != P2M_RAM_RW)
		return 0;
	rc = p2m_split_to_page(p, gfn);
	if (rc)
		return rc;
	entry = page_entry(p, gfn);
	ASSERT(entry && p2m_entry_type(p->fmt, *entry) == P2M_RAM_RW);
	if (!(__atomic_fetch_and(entry, ~p->fmt->dirty, __ATOMIC_ACQ_REL) & p->fmt->dirty))
		return 0;
	/* A processor that has the bit in its TLB would not set it again. */
	p2m_note_stale(p, gfn);
	return 1;
}

/* As much as the lock is held for at a time. */
#define AT_ONCE 64U

int p2m_collect_dirty(struct p2m *p, gfn_t first, u32 n, u8 *bitmap)
{
	int rc = 0;

	if (!p->fmt->dirty)
		return -XEN_ENODATA;
	for (u32 i = 0; i < n && rc >= 0;) {
		u32 end = min(n, i + AT_ONCE);

		write_lock(&p->lock);
		WRITE_ONCE(p->records_writes, true);
		for (; i < end && rc >= 0; i++) {
			rc = clear_one(p, gfn_add(first, i));
			if (rc > 0)
				bitmap[i / 8] |= (u8)(1 << i % 8);
		}
		write_unlock(&p->lock);
	}
	/* After it a write is seen by the next call. Those up to now are in the pages already. */
	p2m_flush(p);
	return rc < 0 ? rc : 0;
}

void p2m_mark_dirty(struct p2m *p, gfn_t gfn)
{
	u64 *entry = page_entry(p, gfn);

	if (entry)
		__atomic_fetch_or(entry, p->fmt->dirty, __ATOMIC_RELAXED);
}
