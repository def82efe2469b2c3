/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt remapping of Intel's IOMMU (sections 5.1 and 9.10 of its specification). */
#include "vtd.h"
#include "private.h"

#include <xen/assert.h>
#include <xen/hal/io.h>

#define TABLE_WIDE BIT(11)	/* entries have APIC ids of 32 bits */
#define TABLE_LENGTH 7UL	/* 2^(7 + 1) entries */

#define ENTRY_PRESENT BIT(0)
#define ENTRY_LEVEL BIT(4)
#define ENTRY_VECTOR_SHIFT 16
#define ENTRY_APIC_SHIFT 40	/* of an id of 8 bits */
#define ENTRY_WIDE_APIC_SHIFT 32

#define FORGET_INTERRUPTS 0x04UL
#define FORGET_INTERRUPT 0x14UL
#define INTERRUPT_SHIFT 32

/* A message of the form that goes through the table, and the same in an IO-APIC's entry. */
#define MESSAGE_REMAPPED BIT(4)
#define MESSAGE_NUMBER_SHIFT 5
#define LINE_REMAPPED BIT(16)
#define LINE_NUMBER_SHIFT 17

static u64 *table;
static bool wide_ids;

const char *vtd_remap(bool wide)
{
	struct vtd_unit *u;

	for (u32 i = 0; (u = vtd_unit(i)) != NULL; i++) {
		u64 ext = readq(u->regs + VTD_EXTENDED);

		if (!(ext & EXT_INTERRUPTS))
			return "a unit cannot";
		if (wide && !(ext & EXT_WIDE_APICS))
			return "a unit does not know x2APIC mode; x2apic=no allows it";
	}
	table = iommu_alloc_pages(0);
	if (!table)
		return "no memory";
	wide_ids = wide;
	for (u32 i = 0; (u = vtd_unit(i)) != NULL; i++) {
		writeq(iommu_address(table) | (wide ? TABLE_WIDE : 0) | TABLE_LENGTH,
		       u->regs + VTD_INTERRUPTS);
		vtd_command(u, COMMAND_SET_INTERRUPTS, "taking its table of interrupts");
		vtd_forget(u, FORGET_INTERRUPTS);
		vtd_command(u, COMMAND_REMAP, "switching remapping on");
	}
	return NULL;
}

/* The second word, which could name the one device that may raise it, stays zero: any may. */
void vtd_set_interrupt(u8 vector, u32 apic_id, bool level, bool valid)
{
	u64 entry = ENTRY_PRESENT | (level ? ENTRY_LEVEL : 0) | (u64)vector << ENTRY_VECTOR_SHIFT |
		    (u64)apic_id << (wide_ids ? ENTRY_WIDE_APIC_SHIFT : ENTRY_APIC_SHIFT);
	struct vtd_unit *u;

	ASSERT(table && (wide_ids || apic_id <= 0xff));
	iommu_write_entry(&table[vector * 2], valid ? entry : 0);
	for (u32 i = 0; (u = vtd_unit(i)) != NULL; i++)
		vtd_forget(u, FORGET_INTERRUPT | (u64)vector << INTERRUPT_SHIFT);
}

void vtd_message(u8 vector, u64 *address, u32 *data)
{
	*address = IOMMU_MESSAGES | (u64)vector << MESSAGE_NUMBER_SHIFT | MESSAGE_REMAPPED;
	*data = 0;
}

u32 vtd_line_word(u8 vector)
{
	return (u32)vector << LINE_NUMBER_SHIFT | LINE_REMAPPED;
}
