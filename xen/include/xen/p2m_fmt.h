/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encoding of the entries of one kind of second-stage table. Pure functions encode entries;
 * masks decode them, because every access to guest memory reads several. So the engine (mm/p2m) can
 * be tested against a model, and a second format is a second file.
 * Levels count from the leaves: 0 maps 4 KiB, 1 maps 2 MiB, 2 maps 1 GiB.
 */
#ifndef XEN_P2M_FMT_H
#define XEN_P2M_FMT_H

#include <xen/p2m.h>

#define P2M_LEVEL_BITS 9
#define P2M_ENTRIES (1U << P2M_LEVEL_BITS)
#define P2M_MAX_LEAF_LEVEL 2
#define P2M_MAX_LEVELS 5

struct p2m_fmt {
	const char *name;
	u32 levels;		/* of tables, from the root's to the leaves' */
	u32 root_order;		/* the root takes 2^this pages, and as many times the entries */
	bool break_first;	/* empty an entry and flush before changing it */
	u64 present;		/* an entry with any of these bits is present */
	u64 large_mask;		/* above level 0 an entry with (entry & large_mask) == */
	u64 large_value;	/* large_value is a mapping, else a pointer */
	u64 addr;		/* bits of the entry that hold the address */
	u64 dirty;		/* the bit that the processor sets in a leaf at a write; 0: none */
	u32 type_shift;		/* the lowest of the four bits that hold the enum p2m_type */
	/** Encode a mapping at @level. */
	u64 (*leaf)(mfn_t mfn, enum p2m_type type, u32 level);
	/** Encode a pointer to the next table. */
	u64 (*table)(mfn_t mfn);
};

/** The number of bits of a gfn. */
static inline u32 p2m_fmt_gfn_bits(const struct p2m_fmt *f)
{
	return f->levels * P2M_LEVEL_BITS + f->root_order;
}

static inline bool p2m_entry_is_present(const struct p2m_fmt *f, u64 entry)
{
	return entry & f->present;
}

/**
 * True for a mapping, false for a pointer; only for present entries. @level (or the order of the
 * level's mappings) is 0 in the lowest tables.
 */
static inline bool p2m_entry_is_leaf(const struct p2m_fmt *f, u64 entry, u32 level)
{
	return level == 0 || (entry & f->large_mask) == f->large_value;
}

static inline mfn_t p2m_entry_mfn(const struct p2m_fmt *f, u64 entry)
{
	return mfn_make((entry & f->addr) >> PAGE_SHIFT);
}

static inline enum p2m_type p2m_entry_type(const struct p2m_fmt *f, u64 entry)
{
	return (enum p2m_type)((entry >> f->type_shift) & 0xf);
}

/** AMD nested page tables (APM volume 2, section 15.25). */
extern const struct p2m_fmt p2m_fmt_npt;
/** Intel extended page tables (SDM volume 3, section 28.3). */
extern const struct p2m_fmt p2m_fmt_ept;
/** ARMv8 second stage, 4 KiB granule, 40 bits (ARM ARM, D8.5). */
extern const struct p2m_fmt p2m_fmt_lpae;

#endif
