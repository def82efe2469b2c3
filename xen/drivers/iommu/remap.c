/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts of devices by a table of the hypervisor's, in which their number is the vector. */
#include <xen/assert.h>
#include <xen/printk.h>

#include "private.h"

bool iommu_keeps_interrupts;

static bool remaps;	/* constant once domains run */

bool iommu_remaps_interrupts(void) { return remaps; }

bool __init iommu_remap_interrupts(bool wide)
{
	const char *why = iommu_keeps_interrupts ? "iommu=no-intremap on the command line" :
			  !iommu_firmware.has_intremap ? "the firmware does not allow for it" :
			  iommu_hw->remap(wide);

	remaps = !why;
	if (why)
		printk(LOG_INFO "IOMMU: interrupts are not remapped: %s\n", why);
	else
		printk(LOG_INFO "IOMMU: interrupts of devices are remapped\n");
	return remaps;
}

void iommu_set_interrupt(u8 vector, u32 apic_id, bool level)
{
	ASSERT(remaps);
	iommu_hw->set_interrupt(vector, apic_id, level, true);
}

void iommu_clear_interrupt(u8 vector)
{
	ASSERT(remaps);
	iommu_hw->set_interrupt(vector, 0, false, false);
}

void iommu_interrupt_message(u8 vector, u64 *address, u32 *data)
{
	ASSERT(remaps);
	iommu_hw->message(vector, address, data);
}

u32 iommu_line_word(u8 vector)
{
	ASSERT(remaps);
	return iommu_hw->line_word(vector);
}
