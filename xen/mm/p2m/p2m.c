/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The p2m engine: walks, splits and edits second-stage tables through the format's encoders.
 *
 * Design: tables of 512 entries, in as many levels as the format has. A mapping is one leaf at
 * level 0, 1 or 2; writing a smaller one inside a larger one splits it. Tables are freed when a
 * superpage replaces them and at the domain's end, but not when they become empty: the next
 * populate would need them again.
 * Locking: p->lock, exclusive for writers. It is never taken with interrupts disabled: a flush
 * waits for other CPUs, which may be spinning on the lock but must answer the flush.
 * Ordering: entries are written before the flush and before observers are told; the references of
 * unmapped pages are dropped after both.
 */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/p2m_fmt.h>
#include <xen/softirq.h>
#include <xen/trace.h>
#include <xen/xmalloc.h>

#include "private.h"

/* A domain may have twice the tables that its memory needs, and these for scattered mappings. */
#define TABLES_SPARE 1024
#define PAGES_PER_TABLE (P2M_ENTRIES / 2)

static u64 *table_of(mfn_t mfn)
{
	return mfn_to_virt(mfn);
}

static u32 level_shift(u32 level)
{
	return level * P2M_LEVEL_BITS;
}

static u32 root_entries(const struct p2m *p)
{
	return P2M_ENTRIES << p->fmt->root_order;
}

/* The root may have more entries than the other tables. */
static u32 level_index(const struct p2m *p, gfn_t gfn, u32 level)
{
	u32 entries = level == p->fmt->levels - 1 ? root_entries(p) : P2M_ENTRIES;

	ASSERT(level < p->fmt->levels);
	return (gfn.v >> level_shift(level)) & (entries - 1);
}

static bool gfn_fits(const struct p2m *p, gfn_t gfn)
{
	return !(gfn.v >> p2m_fmt_gfn_bits(p->fmt));
}

/* Empty tables stay, so a guest that scatters mappings over its space must be limited. */
static bool may_have_table(const struct p2m *p)
{
	const struct domain *d = p->domain;

	return !p->closed && (d->is_hardware ||
			      p->table_pages < TABLES_SPARE + d->max_pages / PAGES_PER_TABLE);
}

static struct page_info *alloc_table(struct p2m *p)
{
	struct page_info *pg = may_have_table(p) ? alloc_pages(0, 0) : NULL;

	if (pg)
		p->table_pages++;
	return pg;
}

static void free_table(struct p2m *p, mfn_t mfn)
{
	ASSERT(p->table_pages);
	p->table_pages--;
	free_pages(mfn_to_page(mfn), 0);
}

/* The mapping of another domain's page holds references: drop them with the mapping. */
static void drop_leaf(struct p2m *p, u64 entry, u32 level)
{
	ASSERT(p2m_entry_is_leaf(p->fmt, entry, level));
	/* A foreign page is always mapped at level 0: its references are for one frame. */
	ASSERT(level == 0 || p2m_entry_type(p->fmt, entry) != P2M_FOREIGN);
	if (p2m_entry_type(p->fmt, entry) == P2M_FOREIGN)
		p2m_drop_foreign(mfn_to_page(p2m_entry_mfn(p->fmt, entry)));
}

static void free_subtree(struct p2m *p, mfn_t table, u32 level)
{
	u64 *t = table_of(table);

	ASSERT(level < p->fmt->levels - 1);
	for (u32 i = 0; i < P2M_ENTRIES; i++) {
		if (!p2m_entry_is_present(p->fmt, t[i]))
			continue;
		if (p2m_entry_is_leaf(p->fmt, t[i], level))
			drop_leaf(p, t[i], level);
		else
			free_subtree(p, p2m_entry_mfn(p->fmt, t[i]), level - 1);
	}
	free_table(p, table);
}

/* A TLB may hold a translation of [@gfn, @gfn + @n) that is no longer valid. */
static void note_stale(struct p2m *p, u64 gfn, u64 n)
{
	bool none = p->flush_start == p->flush_end;

	p->flush_start = none ? gfn : min(p->flush_start, gfn);
	p->flush_end = none ? gfn + n : max(p->flush_end, gfn + n);
}

static void flush_tlbs(struct p2m *p)
{
	p->need_flush = false;
	if (p->flush_start == p->flush_end)	/* done already, when an entry was broken */
		return;
	hal_p2m_flush(p, gfn_make(p->flush_start), p->flush_end - p->flush_start);
	p->flush_start = p->flush_end = 0;
}

/* Afterwards no TLB and no observer has a translation that was unmapped before. */
static void flush_pending(struct p2m *p)
{
	ASSERT(rw_is_write_locked(&p->lock));
	if (p->need_flush || p->nr_parked)
		flush_tlbs(p);
	p2m_tell_observers(p);
	p2m_drop_parked(p);
}

/* Parked pages alone do not make a flush due. */
static void flush_unless_batched(struct p2m *p)
{
	if (p->batch)
		return;
	if (p->need_flush)
		flush_pending(p);
	else
		p2m_tell_observers(p);
}

/* Write an entry in the way that the format demands. @gfn is the first that it translates. */
static void write_entry(struct p2m *p, u64 *entry, u64 new, gfn_t gfn, u32 level)
{
	u64 span = 1UL << level_shift(level);

	if (p2m_entry_is_present(p->fmt, *entry)) {
		note_stale(p, gfn.v & ~(span - 1), span);
		if (p->fmt->break_first && new) {
			__atomic_store_n(entry, 0, __ATOMIC_RELEASE);
			flush_tlbs(p);
		}
	}
	__atomic_store_n(entry, new, __ATOMIC_RELEASE);
}

/* Replace a superpage leaf by a table of the next smaller leaves for the same frames. */
static int split_leaf(struct p2m *p, u64 *entry, gfn_t gfn, u32 level)
{
	struct page_info *pg = alloc_table(p);
	mfn_t mfn = p2m_entry_mfn(p->fmt, *entry);
	enum p2m_type type = p2m_entry_type(p->fmt, *entry);
	u64 *t;

	ASSERT(level && level <= P2M_MAX_LEAF_LEVEL);
	ASSERT(p2m_entry_is_leaf(p->fmt, *entry, level));
	ASSERT(!(mfn.v & ((1UL << level_shift(level)) - 1)));
	if (!pg)
		return -XEN_ENOMEM;
	t = page_to_virt(pg);
	for (u64 i = 0; i < P2M_ENTRIES; i++)
		t[i] = p->fmt->leaf(mfn_add(mfn, i << level_shift(level - 1)), type, level - 1);
	write_entry(p, entry, p->fmt->table(page_to_mfn(pg)), gfn, level);
	p->need_flush = p->flush_start < p->flush_end;
	return 0;
}

/* Find the entry for @gfn at @target, making tables and splitting leaves on the way. */
static int walk_create(struct p2m *p, gfn_t gfn, u32 target, u64 **entry)
{
	mfn_t table = p->root;

	ASSERT(rw_is_write_locked(&p->lock));
	ASSERT(gfn_fits(p, gfn) && target <= P2M_MAX_LEAF_LEVEL);
	for (u32 level = p->fmt->levels - 1;; level--) {
		u64 *e = &table_of(table)[level_index(p, gfn, level)];

		if (level == target) {
			*entry = e;
			return 0;
		}
		if (!p2m_entry_is_present(p->fmt, *e)) {
			struct page_info *pg = alloc_table(p);

			if (!pg)
				return -XEN_ENOMEM;
			__atomic_store_n(e, p->fmt->table(page_to_mfn(pg)), __ATOMIC_RELEASE);
		} else if (p2m_entry_is_leaf(p->fmt, *e, level)) {
			int rc = split_leaf(p, e, gfn, level);

			if (rc)
				return rc;
		}
		table = p2m_entry_mfn(p->fmt, *e);
	}
}

int p2m_split_to_page(struct p2m *p, gfn_t gfn)
{
	u64 *entry;

	return walk_create(p, gfn, 0, &entry);
}

void p2m_note_stale(struct p2m *p, gfn_t gfn)
{
	ASSERT(rw_is_write_locked(&p->lock));
	note_stale(p, gfn.v, 1);
	p->need_flush = true;
}

/* A leaf was replaced. Flush before dropping a foreign page's reference: it may be the last. */
static void let_go_leaf(struct p2m *p, u64 old, u64 new, u32 level)
{
	bool foreign = p2m_entry_type(p->fmt, old) == P2M_FOREIGN;

	if (foreign && !new && p2m_park(p, mfn_to_page(p2m_entry_mfn(p->fmt, old))))
		return;
	p->need_flush = true;
	if (!foreign)
		return;
	flush_pending(p);
	drop_leaf(p, old, level);
}

static void set_entry(struct p2m *p, u64 *entry, u64 new, gfn_t gfn, u32 level)
{
	u64 old = *entry;

	if (old == new)
		return;
	write_entry(p, entry, new, gfn, level);
	p2m_note_change(p, gfn.v, 1UL << level_shift(level));
	/* A TLB may still hold a translation that was unmapped since the last flush. */
	if (new && p->nr_parked)
		p->need_flush = true;
	if (!p2m_entry_is_present(p->fmt, old))
		return;
	if (p2m_entry_is_leaf(p->fmt, old, level)) {
		let_go_leaf(p, old, new, level);
	} else {
		p->need_flush = true;
		flush_pending(p);
		free_subtree(p, p2m_entry_mfn(p->fmt, old), level - 1);
	}
}

static bool order_to_level(u32 order, u32 *level)
{
	*level = order / P2M_LEVEL_BITS;
	return order % P2M_LEVEL_BITS == 0 && *level <= P2M_MAX_LEAF_LEVEL;
}

static int map_locked(struct p2m *p, gfn_t gfn, mfn_t mfn, u32 order, enum p2m_type type)
{
	u64 mask = (1UL << order) - 1, *entry;
	u32 level;
	int rc;

	ASSERT(type != P2M_INVALID);
	if (!order_to_level(order, &level) || ((gfn.v | mfn.v) & mask) ||
	    !gfn_fits(p, gfn) || p->closed)
		return -XEN_EINVAL;
	rc = walk_create(p, gfn, level, &entry);
	if (rc)
		return rc;
	trace_p2m_set(gfn.v, mfn.v, type, p->domain->id, (u16)order);
	set_entry(p, entry, p->fmt->leaf(mfn, type, level), gfn, level);
	if (p2m_type_is_ram(type) && gfn.v + mask > p->max_mapped.v)
		p->max_mapped = gfn_make(gfn.v + mask);
	return 0;
}

int p2m_map(struct p2m *p, gfn_t gfn, mfn_t mfn, u32 order, enum p2m_type type)
{
	int rc;

	write_lock(&p->lock);
	rc = map_locked(p, gfn, mfn, order, type);
	flush_unless_batched(p);
	write_unlock(&p->lock);
	return rc;
}

/*
 * Walk without changes. This is the hottest loop: it counts in bits of the gfn instead of levels,
 * and stores its results once, at the end.
 */
mfn_t p2m_lookup_locked(struct p2m *p, gfn_t gfn, enum p2m_type *type, u32 *order)
{
	const struct p2m_fmt *f = p->fmt;
	const u64 *table = table_of(p->root);
	u32 shift = level_shift(f->levels - 1);
	u64 e = 0, i = gfn.v >> shift;	/* the root may have more entries than other tables */

	ASSERT(rw_is_locked(&p->lock));
	if (likely(gfn_fits(p, gfn))) {
		ASSERT(i < root_entries(p));
		for (;;) {
			e = READ_ONCE(table[i]);
			if (!p2m_entry_is_present(f, e) || p2m_entry_is_leaf(f, e, shift))
				break;
			shift -= P2M_LEVEL_BITS;
			table = table_of(p2m_entry_mfn(f, e));
			i = (gfn.v >> shift) % P2M_ENTRIES;
		}
	}
	*order = shift;
	if (unlikely(!p2m_entry_is_present(f, e))) {
		*type = P2M_INVALID;
		return mfn_invalid();
	}
	*type = p2m_entry_type(f, e);
	return mfn_add(p2m_entry_mfn(f, e), gfn.v & ((1UL << *order) - 1));
}

int p2m_map_new(struct p2m *p, gfn_t gfn, mfn_t mfn, enum p2m_type type)
{
	int rc = -XEN_EEXIST;
	enum p2m_type there;
	u32 order;

	write_lock(&p->lock);
	p2m_lookup_locked(p, gfn, &there, &order);
	if (there == P2M_INVALID)
		rc = map_locked(p, gfn, mfn, 0, type);
	flush_unless_batched(p);
	write_unlock(&p->lock);
	return rc;
}

void p2m_join(struct p2m *p, gfn_t gfn, u32 order)
{
	u64 step = 1UL << (order - P2M_LEVEL_BITS), i = 0;
	enum p2m_type type, first_type;
	u32 found;
	mfn_t first;

	write_lock(&p->lock);
	first = p2m_lookup_locked(p, gfn, &first_type, &found);
	if (p2m_type_is_ram(first_type) && !((gfn.v | first.v) & ((1UL << order) - 1)))
		for (; i < P2M_ENTRIES; i++) {
			mfn_t mfn = p2m_lookup_locked(p, gfn_add(gfn, i * step), &type, &found);

			if (found != order - P2M_LEVEL_BITS || type != first_type ||
			    mfn.v != first.v + i * step)
				break;
		}
	if (i == P2M_ENTRIES)
		map_locked(p, gfn, first, order, first_type);
	flush_unless_batched(p);
	write_unlock(&p->lock);
}

/* True when nothing is mapped in [@gfn, @gfn + @n). Walks hole by hole. */
static bool range_is_empty(struct p2m *p, gfn_t gfn, u64 n)
{
	u64 end = gfn.v + n;
	enum p2m_type type;
	u32 order;

	while (gfn.v < end && gfn_fits(p, gfn)) {
		p2m_lookup_locked(p, gfn, &type, &order);
		if (type != P2M_INVALID)
			return false;
		gfn = gfn_make((gfn.v | ((1UL << order) - 1)) + 1);
	}
	return true;
}

static u32 best_order(u64 bits, u64 n)
{
	if (n >= (1UL << PAGE_ORDER_1G) && !(bits & ((1UL << PAGE_ORDER_1G) - 1)))
		return PAGE_ORDER_1G;
	if (n >= (1UL << PAGE_ORDER_2M) && !(bits & ((1UL << PAGE_ORDER_2M) - 1)))
		return PAGE_ORDER_2M;
	return PAGE_ORDER_4K;
}

static int unmap_locked(struct p2m *p, gfn_t gfn, u32 order)
{
	u64 *entry;
	u32 level;
	int rc;

	if (!order_to_level(order, &level) || (gfn.v & ((1UL << order) - 1)) ||
	    !gfn_fits(p, gfn))
		return -XEN_EINVAL;
	rc = walk_create(p, gfn, level, &entry);
	if (rc)
		return rc;
	trace_p2m_set(gfn.v, INVALID_MFN_VALUE, P2M_INVALID, p->domain->id, (u16)order);
	set_entry(p, entry, 0, gfn, level);
	return 0;
}

/* Unmap the first @done frames of a range, in the steps in which they were mapped. */
static void undo_range(struct p2m *p, gfn_t gfn, mfn_t mfn, u64 n, u64 done)
{
	ASSERT(done <= n);
	while (done) {
		u32 order = best_order(gfn.v | mfn.v, n);

		unmap_locked(p, gfn, order);
		gfn = gfn_add(gfn, 1UL << order);
		mfn = mfn_add(mfn, 1UL << order);
		n -= 1UL << order;
		done -= 1UL << order;
	}
}

int p2m_map_range(struct p2m *p, gfn_t gfn, mfn_t mfn, u64 n, enum p2m_type type)
{
	u64 done = 0;
	int rc;

	write_lock(&p->lock);
	rc = range_is_empty(p, gfn, n) ? 0 : -XEN_EEXIST;
	while (done < n && !rc) {
		gfn_t g = gfn_add(gfn, done);
		mfn_t m = mfn_add(mfn, done);
		u32 order = best_order(g.v | m.v, n - done);

		rc = map_locked(p, g, m, order, type);
		if (!rc)
			done += 1UL << order;
	}
	if (rc) {
		undo_range(p, gfn, mfn, n, done);
		/* The caller frees the frames after an error. */
		flush_pending(p);
	}
	flush_unless_batched(p);
	write_unlock(&p->lock);
	return rc;
}

int p2m_unmap(struct p2m *p, gfn_t gfn, u32 order)
{
	int rc;

	write_lock(&p->lock);
	rc = unmap_locked(p, gfn, order);
	flush_unless_batched(p);
	write_unlock(&p->lock);
	return rc;
}

int p2m_unmap_range(struct p2m *p, gfn_t gfn, u64 n)
{
	int rc = 0;

	write_lock(&p->lock);
	while (n && !rc) {
		u32 order = best_order(gfn.v, n);

		rc = unmap_locked(p, gfn, order);
		gfn = gfn_add(gfn, 1UL << order);
		n -= 1UL << order;
	}
	flush_unless_batched(p);
	write_unlock(&p->lock);
	return rc;
}

void p2m_unmap_device(struct p2m *p, gfn_t gfn, mfn_t mfn, u64 n)
{
	write_lock(&p->lock);
	for (u64 i = 0, step; i < n; i += step) {
		gfn_t g = gfn_add(gfn, i);
		enum p2m_type type;
		u32 order;
		mfn_t m = p2m_lookup_locked(p, g, &type, &order);
		u64 inside = g.v & ((1UL << order) - 1);

		step = min((1UL << order) - inside, n - i);
		/* Such a mapping lies within the range, so nothing has to be split. */
		if (type == P2M_MMIO_DIRECT && m.v == mfn.v + i && step == 1UL << order &&
		    unmap_locked(p, g, order))
			BUG();
	}
	flush_unless_batched(p);
	write_unlock(&p->lock);
}

mfn_t p2m_lookup(struct p2m *p, gfn_t gfn, enum p2m_type *type, u32 *order)
{
	u32 dummy;
	mfn_t mfn;

	read_lock(&p->lock);
	mfn = p2m_lookup_locked(p, gfn, type, order ? order : &dummy);
	read_unlock(&p->lock);
	return mfn;
}

int p2m_unmap_page(struct p2m *p, gfn_t gfn, mfn_t mfn, enum p2m_type type)
{
	int rc = -XEN_ENOENT;
	enum p2m_type there;
	u32 order;

	write_lock(&p->lock);
	if (mfn_eq(p2m_lookup_locked(p, gfn, &there, &order), mfn) && there == type)
		rc = unmap_locked(p, gfn, 0);
	flush_unless_batched(p);
	write_unlock(&p->lock);
	return rc;
}

int p2m_set_ram_type(struct p2m *p, gfn_t gfn, enum p2m_type type)
{
	int rc = -XEN_EINVAL;
	enum p2m_type now;
	u32 order;
	mfn_t mfn;

	ASSERT(p2m_type_is_ram(type));
	write_lock(&p->lock);
	mfn = p2m_lookup_locked(p, gfn, &now, &order);
	if (now == type)
		rc = 0;
	else if (p2m_type_is_ram(now))
		rc = map_locked(p, gfn, mfn, 0, type);
	flush_unless_batched(p);
	write_unlock(&p->lock);
	return rc;
}

struct page_info *p2m_get_page(struct domain *d, gfn_t gfn, enum p2m_type *type, bool write)
{
	struct p2m *p = d->p2m;
	struct page_info *pg = NULL;
	enum p2m_type t;
	u32 order;
	mfn_t mfn;

	read_lock(&p->lock);
	mfn = p2m_lookup_locked(p, gfn, &t, &order);
	switch (t) {
	case P2M_RAM_RO:
		if (write)
			break;
		/* fallthrough */
	case P2M_RAM_RW:
	case P2M_XENSHARE:
		if (page_get(mfn_to_page(mfn), d))
			pg = mfn_to_page(mfn);
		break;
	case P2M_GRANT_RO:
		if (write)
			break;
		/* fallthrough */
	case P2M_GRANT_RW:
	case P2M_FOREIGN:
		/* The mapping, which the lock keeps, holds a reference of its own. */
		if (mfn_is_ram(mfn) && page_get(mfn_to_page(mfn), mfn_to_page(mfn)->owner))
			pg = mfn_to_page(mfn);
		break;
	default:
		break;
	}
	read_unlock(&p->lock);
	if (type)
		*type = t;
	return pg;
}

void p2m_batch_begin(struct p2m *p)
{
	write_lock(&p->lock);
	p->batch++;
	write_unlock(&p->lock);
}

void p2m_batch_end(struct p2m *p)
{
	write_lock(&p->lock);
	ASSERT(p->batch);
	p->batch--;
	/* Flush even if other batches are open, as this caller may now release pages. */
	flush_pending(p);
	write_unlock(&p->lock);
}

void p2m_flush(struct p2m *p)
{
	write_lock(&p->lock);
	flush_pending(p);
	write_unlock(&p->lock);
}

int p2m_domain_init(struct domain *d)
{
	struct p2m *p = xzalloc(struct p2m);
	struct page_info *root;

	if (!p)
		return -XEN_ENOMEM;
	rw_lock_init(&p->lock, "p2m", LOCK_RANK_P2M);
	p->domain = d;
	p->fmt = hal_p2m_fmt(d);
	ASSERT(p->fmt->levels > P2M_MAX_LEAF_LEVEL && p->fmt->levels <= P2M_MAX_LEVELS);
	list_init(&p->observers);
	p2m_park_init(p);
	root = alloc_pages(p->fmt->root_order, 0);
	if (!root) {
		xfree(p);
		return -XEN_ENOMEM;
	}
	p->table_pages = 1UL << p->fmt->root_order;
	p->root = page_to_mfn(root);
	d->p2m = p;
	return 0;
}

/* Empty the table that an entry of the root points to, one entry at a time. */
static int destroy_root_entry(struct p2m *p, u64 *entry)
{
	const u32 level = p->fmt->levels - 2;
	mfn_t table = p2m_entry_mfn(p->fmt, *entry);
	u64 *t;

	/* Nothing is mapped any more, and no TLB holds a translation: the vCPUs have stopped. */
	ASSERT(p->closed && !p->need_flush && !p->nr_parked);
	if (p2m_entry_is_leaf(p->fmt, *entry, level + 1)) {
		drop_leaf(p, *entry, level + 1);
		*entry = 0;
		return 0;
	}
	t = table_of(table);
	for (u32 i = 0; i < P2M_ENTRIES; i++) {
		u64 e = t[i];

		if (!p2m_entry_is_present(p->fmt, e))
			continue;
		t[i] = 0;
		if (p2m_entry_is_leaf(p->fmt, e, level))
			drop_leaf(p, e, level);
		else
			free_subtree(p, p2m_entry_mfn(p->fmt, e), level - 1);
		if (softirq_pending())
			return -XEN_ERESTART;
	}
	*entry = 0;
	free_table(p, table);
	return 0;
}

/*
 * vCPUs of other domains that found this domain by its id may still do lookups, so an empty root
 * stays until the domain is freed.
 */
int p2m_domain_destroy(struct domain *d)
{
	struct p2m *p = d->p2m;
	u64 *root;
	int rc = 0;

	if (!p)
		return 0;
	write_lock(&p->lock);
	if (!p->closed)
		p2m_note_change(p, 0, 1UL << p2m_fmt_gfn_bits(p->fmt));
	p->closed = true;
	flush_pending(p);
	root = table_of(p->root);
	for (u32 i = 0; i < root_entries(p) && !rc; i++)
		if (p2m_entry_is_present(p->fmt, root[i]))
			rc = destroy_root_entry(p, &root[i]);
	write_unlock(&p->lock);
	return rc;
}

void p2m_domain_free(struct domain *d)
{
	struct p2m *p = d->p2m;

	if (!p)
		return;
	timer_kill(&p->park_timer);
	/* p2m_domain_destroy() has freed all tables but the root. */
	ASSERT(!p->nr_parked && !p->batch && p->table_pages == 1UL << p->fmt->root_order);
	free_pages(mfn_to_page(p->root), p->fmt->root_order);
	d->p2m = NULL;
	xfree(p);
}
