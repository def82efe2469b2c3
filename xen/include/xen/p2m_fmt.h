/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How one kind of second-stage table encodes its entries. Pure functions of their arguments, so
 * that the engine (mm/p2m) can be tested against a model and a second format is a second file.
 * Levels count from the leaves: 0 maps 4 KiB, 1 maps 2 MiB, 2 maps 1 GiB.
 */
#ifndef XEN_P2M_FMT_H
#define XEN_P2M_FMT_H

#include <xen/p2m.h>

#define P2M_LEVELS 4
#define P2M_ENTRIES 512
#define P2M_MAX_LEAF_LEVEL 2

struct p2m_fmt {
	const char *name;
	/** Encode a mapping at @level. */
	u64 (*leaf)(mfn_t mfn, enum p2m_type type, u32 level);
	/** Encode a pointer to the next table. */
	u64 (*table)(mfn_t mfn);
	bool (*is_present)(u64 entry);
	/** True for a mapping, false for a pointer; only for present entries. */
	bool (*is_leaf)(u64 entry, u32 level);
	mfn_t (*mfn)(u64 entry, u32 level);
	enum p2m_type (*type)(u64 entry);
};

/** AMD nested page tables (APM volume 2, section 15.25). */
extern const struct p2m_fmt p2m_fmt_npt;

#endif
