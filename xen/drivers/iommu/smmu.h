/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the drivers of ARM's SMMUs share: entries of second-stage tables with pages of 4 KiB, which
 * are those of CPUs (Arm Architecture Reference Manual, D8.3), sizes of addresses, and that none
 * of these units remaps interrupts.
 */
#ifndef DRIVERS_IOMMU_SMMU_H
#define DRIVERS_IOMMU_SMMU_H

#include "private.h"

#define SMMU_ENTRY_VALID BIT(0)
#define SMMU_ENTRY_TABLE BIT(1)
#define SMMU_ENTRY_READ BIT(6)
#define SMMU_ENTRY_WRITE BIT(7)
#define SMMU_ENTRY_ADDR 0x0000fffffffff000UL

/* Sizes of addresses as identification registers number them; the last is the largest one used. */
#define SMMU_SIZES 6U
#define SMMU_SIZE_44 4U		/* the least with which a fourth level of tables exists */
extern const u8 smmu_address_bits[SMMU_SIZES];
/* Input bits of three levels of tables that begin with one table. */
#define SMMU_LEVELS_3_BITS 39U

/** As in struct iommu_hw. */
u64 smmu_leaf(mfn_t mfn, u32 level);
u64 smmu_table(mfn_t mfn, u32 level);
const char *smmu_remap(bool wide);
void smmu_set_interrupt(u8 vector, u32 apic_id, bool level, bool valid);
void smmu_message(u8 vector, u64 *address, u32 *data);
u32 smmu_line_word(u8 vector);

/** The members of struct iommu_hw that are the same for all versions. */
#define SMMU_HW_COMMON \
	.present = SMMU_ENTRY_VALID, .leaf_mask = SMMU_ENTRY_TABLE, .leaf_value = 0, \
	.addr = SMMU_ENTRY_ADDR, .absent = 0, .read = SMMU_ENTRY_READ, \
	.write = SMMU_ENTRY_WRITE, .leaf = smmu_leaf, .table = smmu_table, .remap = smmu_remap, \
	.set_interrupt = smmu_set_interrupt, .message = smmu_message, .line_word = smmu_line_word

#endif
