/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I/O page tables: the radix trees that IOMMUs walk, in the entry format of the hardware.
 *
 * Design: a mapping is one entry at the highest level that alignment permits; changing a part of it
 * splits it. A table that a larger mapping or a larger hole replaces is taken out at once and freed
 * after the next flush, as units may still read it.
 * Without memory: what cannot be mapped stays unmapped, and a mapping that cannot be split is
 * removed whole. A device may lose memory that it should reach, but never keeps what it should not.
 */
#include <xen/assert.h>
#include <xen/hal/mm.h>
#include <xen/mm.h>

#include "private.h"

static u64 *table_of(mfn_t mfn)
{
	return mfn_to_virt(mfn);
}

static u64 span(u32 level)
{
	return 1UL << level * IOMMU_LEVEL_BITS;
}

static u32 index_of(u64 dfn, u32 level)
{
	return dfn >> level * IOMMU_LEVEL_BITS & (IOMMU_ENTRIES - 1);
}

/* Frames that a space can have: the root may be several tables side by side. */
static u64 nr_frames(void)
{
	return span(iommu_limits.levels) << iommu_limits.root_order;
}

static u64 *root_entry(const struct iommu_space *s, u64 dfn)
{
	ASSERT(dfn < nr_frames());
	return &((u64 *)mfn_to_virt(s->root))[dfn / span(iommu_limits.levels - 1)];
}

static bool is_present(u64 e)
{
	return e & iommu_hw->present;
}

static bool is_leaf(u64 e, u32 level)
{
	return !level || (e & iommu_hw->leaf_mask) == iommu_hw->leaf_value;
}

static mfn_t entry_mfn(u64 e)
{
	return mfn_make((e & iommu_hw->addr) >> PAGE_SHIFT);
}

static u64 rights_bits(u32 rights)
{
	return (rights & IOMMU_READ ? iommu_hw->read : 0) |
	       (rights & IOMMU_WRITE ? iommu_hw->write : 0);
}

static void clean(const void *p, size_t len)
{
	if (!iommu_limits.coherent && hal_cache_maintain(p, len, HAL_CACHE_CLEAN))
		panic("IOMMU: its units do not see caches, and this CPU cannot clean them");
}

void iommu_write_entry(u64 *entry, u64 val)
{
	__atomic_store_n(entry, val, __ATOMIC_RELEASE);
	clean(entry, sizeof(*entry));
}

void *iommu_alloc_pages(u32 order)
{
	struct page_info *pg = alloc_pages(order, 0);

	if (!pg)
		return NULL;
	clean(page_to_virt(pg), PAGE_SIZE << order);
	return page_to_virt(pg);
}

/* Tables of empty entries, 2^@order of them side by side; *@mfn is the first one's frame. */
static bool new_tables(struct iommu_space *s, u32 order, mfn_t *mfn)
{
	struct page_info *pg = NULL;

	if (s->tables + BIT(order) <= s->max_tables)
		pg = alloc_pages(order, 0);
	if (!pg)
		return false;
	s->tables += BIT(order);
	*mfn = page_to_mfn(pg);
	for (u32 i = 0; iommu_hw->absent && i < IOMMU_ENTRIES << order; i++)
		table_of(*mfn)[i] = iommu_hw->absent;
	clean(table_of(*mfn), PAGE_SIZE << order);
	return true;
}

static bool new_table(struct iommu_space *s, mfn_t *mfn)
{
	return new_tables(s, 0, mfn);
}

static void retire_table(struct iommu_space *s, mfn_t mfn)
{
	ASSERT(s->tables && s->stale);
	s->tables--;
	list_add(&mfn_to_page(mfn)->link, &s->dead);
}

static void retire_subtree(struct iommu_space *s, mfn_t table, u32 level)
{
	const u64 *t = table_of(table);

	for (u32 i = 0; level && i < IOMMU_ENTRIES; i++)
		if (is_present(t[i]) && !is_leaf(t[i], level))
			retire_subtree(s, entry_mfn(t[i]), level - 1);
	retire_table(s, table);
}

/* Replace an entry at @level and all that is below it. */
static void replace(struct iommu_space *s, u64 *entry, u64 new, u32 level)
{
	u64 old = *entry;

	if (old == new)
		return;
	iommu_write_entry(entry, new);
	if (!is_present(old)) {
		s->stale |= iommu_limits.caches_absent;
		return;
	}
	s->stale = true;
	if (!is_leaf(old, level))
		retire_subtree(s, entry_mfn(old), level - 1);
}

/* Replace a mapping by a table that maps the same. False, and the mapping is gone: no memory. */
static bool split(struct iommu_space *s, u64 *entry, u32 level)
{
	mfn_t table, mfn = entry_mfn(*entry);
	u64 rights = *entry & (iommu_hw->read | iommu_hw->write);

	ASSERT(level && is_present(*entry) && is_leaf(*entry, level));
	if (!new_table(s, &table)) {
		s->lost += span(level);
		replace(s, entry, iommu_hw->absent, level);
		return false;
	}
	for (u64 i = 0; i < IOMMU_ENTRIES; i++)
		table_of(table)[i] = rights |
			iommu_hw->leaf(mfn_add(mfn, i * span(level - 1)), level - 1);
	clean(table_of(table), PAGE_SIZE);
	replace(s, entry, iommu_hw->table(table, level), level);
	return true;
}

/* Set the entry for @dfn at @target to @new, which is iommu_hw->absent to unmap. */
static void set_one(struct iommu_space *s, u64 dfn, u32 target, u64 new)
{
	u32 level = iommu_limits.levels - 1;
	u64 *e = root_entry(s, dfn);
	mfn_t table;

	ASSERT(target <= level && !(dfn & (span(target) - 1)));
	for (; level > target; level--) {
		if (!is_present(*e)) {
			if (!is_present(new))
				return;
			if (!new_table(s, &table)) {
				s->lost += span(target);
				return;
			}
			replace(s, e, iommu_hw->table(table, level), level);
		} else if (is_leaf(*e, level) && !split(s, e, level)) {
			return;
		}
		e = &table_of(entry_mfn(*e))[index_of(dfn, level - 1)];
	}
	replace(s, e, new, target);
}

/* The highest level below @limit at which an entry covers no more than @n frames from @bits on. */
static u32 best_level(u64 bits, u64 n, u32 limit)
{
	u32 level = 0;

	while (level + 1 < limit && n >= span(level + 1) && !(bits & (span(level + 1) - 1)))
		level++;
	return level;
}

void iommu_set(struct iommu_space *s, u64 dfn, mfn_t mfn, u64 n, u32 rights)
{
	u64 end = nr_frames();
	u64 bits = rights_bits(rights);

	if (dfn >= end)
		return;
	n = min(n, end - dfn);
	while (n) {
		u32 level = bits ? best_level(dfn | mfn.v, n, iommu_limits.leaf_levels) :
				   best_level(dfn, n, iommu_limits.levels);

		set_one(s, dfn, level, bits ? iommu_hw->leaf(mfn, level) | bits : iommu_hw->absent);
		dfn += span(level);
		mfn = mfn_add(mfn, span(level));
		n -= span(level);
	}
}

void iommu_flush(struct iommu_space *s)
{
	struct page_info *pg, *next;

	if (!s->stale)
		return;
	iommu_hw->flush(s);
	s->stale = false;
	list_for_each_entry_safe(pg, next, &s->dead, link) {
		list_del_init(&pg->link);
		free_pages(pg, 0);
	}
}

mfn_t iommu_lookup(const struct iommu_space *s, u64 dfn, u32 *rights)
{
	u32 level = iommu_limits.levels - 1;
	u64 e;

	*rights = 0;
	if (dfn >= nr_frames())
		return mfn_invalid();
	e = *root_entry(s, dfn);
	while (is_present(e) && !is_leaf(e, level)) {
		level--;
		e = table_of(entry_mfn(e))[index_of(dfn, level)];
	}
	if (!is_present(e))
		return mfn_invalid();
	*rights = (e & iommu_hw->read ? IOMMU_READ : 0) | (e & iommu_hw->write ? IOMMU_WRITE : 0);
	return mfn_add(entry_mfn(e), dfn & (span(level) - 1));
}

/* Take the empty root, so that a space always has one. */
bool iommu_space_init(struct iommu_space *s, u16 id, u64 max_tables)
{
	u32 order = iommu_limits.root_order;

	*s = (struct iommu_space){ .id = id, .max_tables = max(max_tables, BIT(order)) };
	list_init(&s->dead);
	return new_tables(s, order, &s->root);
}

void iommu_space_fini(struct iommu_space *s)
{
	s->stale = true;
	for (u32 i = 0; i < BIT(iommu_limits.root_order); i++)
		retire_subtree(s, mfn_add(s->root, i), iommu_limits.levels - 1);
	iommu_flush(s);
	ASSERT(!s->tables);
}
