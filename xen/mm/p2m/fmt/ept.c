/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel's extended page table entries (SDM volume 3, section 28.3.2). The type is in bits 52-55,
 * which the processor ignores. Every pointer grants all rights, so the mapping alone decides.
 * Accessed and dirty bits are switched off in the pointer to the tables, as nothing uses them.
 */
#include <xen/ops.h>
#include <xen/p2m_fmt.h>

#define EPT_READ BIT(0)
#define EPT_WRITE BIT(1)
#define EPT_EXECUTE BIT(2)
#define EPT_ALL (EPT_READ | EPT_WRITE | EPT_EXECUTE)
#define EPT_LARGE BIT(7)
/* The memory type of a mapping; the guest's own PAT is combined with it. */
#define EPT_UNCACHEABLE (0UL << 3)
#define EPT_WRITE_BACK (6UL << 3)
#define EPT_TYPE_SHIFT 52
#define EPT_ADDR_MASK 0x000ffffffffff000UL

/* Writable entries are readable as well: the processor refuses others as misconfigured. */
static u64 ept_rights(enum p2m_type type)
{
	switch (type) {
	case P2M_RAM_RW:
	case P2M_FOREIGN:
	case P2M_XENSHARE:
		return EPT_ALL | EPT_WRITE_BACK;
	case P2M_RAM_RO:
		return EPT_READ | EPT_EXECUTE | EPT_WRITE_BACK;
	case P2M_MMIO_DIRECT:
		return EPT_ALL | EPT_UNCACHEABLE;
	case P2M_GRANT_RW:
		return EPT_READ | EPT_WRITE | EPT_WRITE_BACK;
	default:
		ASSERT(type == P2M_GRANT_RO);
		return EPT_READ | EPT_WRITE_BACK;
	}
}

static u64 ept_leaf(mfn_t mfn, enum p2m_type type, u32 level)
{
	ASSERT(level <= P2M_MAX_LEAF_LEVEL && !(mfn.v & ((1UL << level * P2M_LEVEL_BITS) - 1)));
	return (mfn.v << PAGE_SHIFT) | (level ? EPT_LARGE : 0) | ept_rights(type) |
	       ((u64)type << EPT_TYPE_SHIFT);
}

static u64 ept_table(mfn_t mfn)
{
	return (mfn.v << PAGE_SHIFT) | EPT_ALL;
}

const struct p2m_fmt p2m_fmt_ept = {
	.name = "ept",
	.levels = 4,
	.leaf = ept_leaf,
	.table = ept_table,
	.present = EPT_ALL,
	.large_mask = EPT_LARGE,
	.large_value = EPT_LARGE,
	.addr = EPT_ADDR_MASK,
	.type_shift = EPT_TYPE_SHIFT,
};
OPS_TABLE(p2m_fmt_ept, leaf);
