/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the drivers of ARM's SMMUs share. */
#include "smmu.h"

#include <xen/assert.h>

#define ENTRY_NORMAL (15UL << 2)
#define ENTRY_INNER (3UL << 8)
#define ENTRY_ACCESSED BIT(10)

const u8 smmu_address_bits[SMMU_SIZES] = { 32, 36, 40, 42, 44, 48 };

u64 smmu_leaf(mfn_t mfn, u32 level)
{
	return mfn.v << PAGE_SHIFT | SMMU_ENTRY_VALID | ENTRY_NORMAL | ENTRY_INNER |
	       ENTRY_ACCESSED | (level ? 0 : SMMU_ENTRY_TABLE);
}

u64 smmu_table(mfn_t mfn, u32 level)
{
	ASSERT(level);
	return mfn.v << PAGE_SHIFT | SMMU_ENTRY_VALID | SMMU_ENTRY_TABLE;
}

/* Interrupts are not remapped by these IOMMUs; iommu_firmware.has_intremap is never set. */
const char *smmu_remap(bool wide) { return "that is not what this IOMMU does"; }
void smmu_set_interrupt(u8 vector, u32 apic_id, bool level, bool valid) { }
void smmu_message(u8 vector, u64 *address, u32 *data) { }
u32 smmu_line_word(u8 vector) { return 0; }
