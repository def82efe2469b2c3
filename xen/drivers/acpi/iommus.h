/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the parsers of IVRS and DMAR: adding to what they found, within its bounds. */
#ifndef DRIVERS_ACPI_IOMMUS_H
#define DRIVERS_ACPI_IOMMUS_H

#include <xen/acpi_iommu.h>
#include <xen/compiler.h>

/* Registers above this cannot be mapped, so firmware that names them is wrong. */
#define IOMMU_ADDRESS_LIMIT (1UL << 52)

/** Add a unit. A second description of the same registers replaces nothing and is not counted. */
static inline void iommus_add_unit(struct acpi_iommus *m, struct acpi_iommu_unit u)
{
	for (u32 i = 0; i < m->nr_units; i++)
		if (m->unit[i].base.v == u.base.v)
			return;
	if (m->nr_units == ARRAY_SIZE(m->unit) || !u.base.v || page_offset(u.base.v) ||
	    u.base.v >= IOMMU_ADDRESS_LIMIT)
		m->dropped++;
	else
		m->unit[m->nr_units++] = u;
}

/** Add [@start, @end), rounded outwards to whole pages. */
static inline void iommus_add_unity(struct acpi_iommus *m, u64 start, u64 end)
{
	if (start >= end || end > IOMMU_ADDRESS_LIMIT || m->nr_unity == ARRAY_SIZE(m->unity)) {
		m->dropped++;
		return;
	}
	start = ROUND_DOWN(start, PAGE_SIZE);
	end = ROUND_UP(end, PAGE_SIZE);
	m->unity[m->nr_unity++] = (struct acpi_unity){ start, end - start };
}

static inline void iommus_add_alias(struct acpi_iommus *m, u16 device, u16 seen_as)
{
	if (device == seen_as)
		return;
	if (m->nr_aliases == ARRAY_SIZE(m->alias))
		m->dropped++;
	else
		m->alias[m->nr_aliases++] = (struct acpi_dma_alias){ device, seen_as };
}

static inline void iommus_add_ioapic(struct acpi_iommus *m, u8 id, u16 bdf)
{
	if (m->nr_ioapics == ARRAY_SIZE(m->ioapic))
		m->dropped++;
	else
		m->ioapic[m->nr_ioapics++] = (struct acpi_dma_ioapic){ id, bdf };
}

#endif
