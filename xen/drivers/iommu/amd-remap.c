/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt remapping of AMD's IOMMU (section 2.2.5 of its specification). The data of a message
 * are its number in the table, so with vectors as numbers messages stay what they are.
 */
#include "amd.h"
#include "private.h"

#include <xen/assert.h>

#define ENTRY_VALID BIT(0)
#define ENTRY_APIC_SHIFT 8
#define ENTRY_VECTOR_SHIFT 16

/* Third word of a device's entry. */
#define DEVICE_REMAPS BIT(0)
#define DEVICE_LENGTH (8UL << 1)	/* 2^8 interrupts */
#define DEVICE_THROUGH_TABLE (2UL << 60)

static u32 *table;

const char *amd_remap(bool wide)
{
	if (!amd_forgets_all())
		return "a unit has no command to forget everything";
	table = iommu_alloc_pages(0);
	if (!table)
		return "no memory";
	amd_set_interrupt_table(iommu_address(table) | DEVICE_THROUGH_TABLE | DEVICE_LENGTH |
				DEVICE_REMAPS);
	return NULL;
}

/* All devices use the same table, so any may raise it. */
void amd_set_interrupt(u8 vector, u32 apic_id, bool level, bool valid)
{
	u32 entry = ENTRY_VALID | apic_id << ENTRY_APIC_SHIFT | (u32)vector << ENTRY_VECTOR_SHIFT;

	ASSERT(table && apic_id <= 0xff);
	__atomic_store_n(&table[vector], valid ? entry : 0, __ATOMIC_RELEASE);
	amd_forget_all();
}

void amd_message(u8 vector, u64 *address, u32 *data)
{
	*address = IOMMU_MESSAGES;
	*data = vector;
}

u32 amd_line_word(u8 vector)
{
	return 0;
}
