/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARMv8's second stage with 4 KiB pages (ARM ARM, D8.3.1 and D8.5.1): three levels of tables, of
 * which two at the root lie side by side, for 40 bits of guest physical address. The type is in
 * bits 55-58, which are software's. A page's descriptor looks like a table's one level up.
 */
#include <xen/ops.h>
#include <xen/p2m_fmt.h>

#define LPAE_VALID BIT(0)
#define LPAE_TABLE BIT(1)
#define LPAE_ATTR_DEVICE (1UL << 2)	/* Device-nGnRE */
#define LPAE_ATTR_NORMAL (15UL << 2)	/* write-back, inner and outer */
#define LPAE_READ BIT(6)
#define LPAE_WRITE BIT(7)
#define LPAE_INNER (3UL << 8)
#define LPAE_ACCESSED BIT(10)
#define LPAE_XN BIT(54)
#define LPAE_TYPE_SHIFT 55
#define LPAE_ADDR_MASK 0x0000fffffffff000UL

static u64 lpae_rights(enum p2m_type type)
{
	switch (type) {
	case P2M_RAM_RW:
	case P2M_FOREIGN:
		return LPAE_ATTR_NORMAL | LPAE_INNER | LPAE_READ | LPAE_WRITE;
	case P2M_XENSHARE:
	case P2M_GRANT_RW:
		return LPAE_ATTR_NORMAL | LPAE_INNER | LPAE_READ | LPAE_WRITE | LPAE_XN;
	case P2M_GRANT_RO:
		return LPAE_ATTR_NORMAL | LPAE_INNER | LPAE_READ | LPAE_XN;
	case P2M_MMIO_DIRECT:
		return LPAE_ATTR_DEVICE | LPAE_READ | LPAE_WRITE | LPAE_XN;
	default:
		return LPAE_ATTR_NORMAL | LPAE_INNER | LPAE_READ;
	}
}

static u64 lpae_leaf(mfn_t mfn, enum p2m_type type, u32 level)
{
	return (mfn.v << PAGE_SHIFT) | LPAE_VALID | LPAE_ACCESSED | lpae_rights(type) |
	       (level ? 0 : LPAE_TABLE) | ((u64)type << LPAE_TYPE_SHIFT);
}

static u64 lpae_table(mfn_t mfn)
{
	return (mfn.v << PAGE_SHIFT) | LPAE_VALID | LPAE_TABLE;
}

const struct p2m_fmt p2m_fmt_lpae = {
	.name = "lpae",
	.levels = 3,
	.root_order = 1,
	.break_first = true,
	.leaf = lpae_leaf,
	.table = lpae_table,
	.present = LPAE_VALID,
	.large_mask = LPAE_TABLE,
	.large_value = 0,
	.addr = LPAE_ADDR_MASK,
	.type_shift = LPAE_TYPE_SHIFT,
};
OPS_TABLE(p2m_fmt_lpae, leaf);
