/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD nested page table entries: the long-mode format (APM volume 2, sections 5.3 and 15.25). The
 * type is in bits 52-55, which the processor ignores. All entries have the user bit, as the nested
 * walk counts as a user access.
 */
#include <xen/ops.h>
#include <xen/p2m_fmt.h>

#define NPT_PRESENT BIT(0)
#define NPT_WRITE BIT(1)
#define NPT_USER BIT(2)
#define NPT_CACHE_DISABLE BIT(4)
#define NPT_ACCESSED BIT(5)
#define NPT_DIRTY BIT(6)
#define NPT_LARGE BIT(7)
#define NPT_NX BIT(63)
#define NPT_TYPE_SHIFT 52
#define NPT_ADDR_MASK 0x000ffffffffff000UL

static u64 npt_rights(enum p2m_type type)
{
	switch (type) {
	case P2M_RAM_RW:
	case P2M_FOREIGN:
	case P2M_XENSHARE:
		return NPT_WRITE;
	case P2M_MMIO_DIRECT:
		return NPT_WRITE | NPT_CACHE_DISABLE;
	case P2M_GRANT_RW:
		return NPT_WRITE | NPT_NX;
	case P2M_GRANT_RO:
		return NPT_NX;
	default:
		return 0;
	}
}

static u64 npt_leaf(mfn_t mfn, enum p2m_type type, u32 level)
{
	/* Set from the start, so that the walker need not write them (mm/p2m/dirty.c). */
	return (mfn.v << PAGE_SHIFT) | NPT_PRESENT | NPT_USER | NPT_ACCESSED | NPT_DIRTY |
	       (level ? NPT_LARGE : 0) | npt_rights(type) | ((u64)type << NPT_TYPE_SHIFT);
}

static u64 npt_table(mfn_t mfn)
{
	return (mfn.v << PAGE_SHIFT) | NPT_PRESENT | NPT_WRITE | NPT_USER | NPT_ACCESSED;
}

const struct p2m_fmt p2m_fmt_npt = {
	.name = "npt",
	.levels = 4,
	.leaf = npt_leaf,
	.table = npt_table,
	.present = NPT_PRESENT,
	.large_mask = NPT_LARGE,
	.large_value = NPT_LARGE,
	.addr = NPT_ADDR_MASK,
	.dirty = NPT_DIRTY,
	.type_shift = NPT_TYPE_SHIFT,
};
OPS_TABLE(p2m_fmt_npt, leaf);
