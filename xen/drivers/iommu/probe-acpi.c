/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which IOMMUs ACPI describes. */
#include <xen/acpi.h>
#include <xen/mm.h>
#include <xen/param.h>
#include <xen/printk.h>

#include "private.h"

struct kind {
	const char *table;
	int (*parse)(const u8 *p, size_t len, struct acpi_iommus *out);
	const struct iommu_hw *hw;
};

static const struct kind kinds[] = {
	{ "IVRS", acpi_parse_ivrs, &iommu_amd },
	{ "DMAR", acpi_parse_dmar, &iommu_vtd },
};

/* The units can be used only if they serve every device that is reached. */
static const char *__init unusable(const struct acpi_iommus *m)
{
	for (u32 i = 0; i < m->nr_units; i++)
		if (m->unit[i].segment)
			return param_error("a unit serves PCI segment %u; only segment 0 can be "
					   "used", m->unit[i].segment);
	return NULL;
}

/* Firmware keeps such memory for itself. RAM that is given to domains would be open to devices. */
static void __init drop_ram(struct acpi_iommus *m)
{
	u32 kept = 0;

	for (u32 i = 0; i < m->nr_unity; i++) {
		const struct acpi_unity *u = &m->unity[i];
		u64 mfn = u->start >> PAGE_SHIFT, end = mfn + (u->size >> PAGE_SHIFT);

		while (mfn < min(end, max_mfn) && !mfn_is_ram(mfn_make(mfn)))
			mfn++;
		if (mfn < min(end, max_mfn))
			printk(LOG_WARN "IOMMU: firmware wants devices to reach %#lx bytes at "
			       "%#lx, which are RAM: refused\n", u->size, u->start);
		else
			m->unity[kept++] = *u;
	}
	m->nr_unity = kept;
}

/* NULL, or why this kind is not used. */
static const char *__init try_kind(const struct kind *k, const struct acpi_table *t)
{
	const char *why;

	if (k->parse(t->data, t->length, &iommu_firmware))
		return param_error("ACPI's %s makes no sense", k->table);
	if (iommu_firmware.dropped)
		printk(LOG_WARN "ACPI: %u entries of %s ignored (malformed or too many)\n",
		       iommu_firmware.dropped, k->table);
	drop_ram(&iommu_firmware);
	why = unusable(&iommu_firmware);
	return why ? why : iommu_use(k->hw);
}

const bool iommu_kind_remaps = true;

const char *__init iommu_find(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct acpi_table *t = acpi_table_find(kinds[i].table);

		if (t)
			return try_kind(&kinds[i], t);
	}
	return "the firmware describes none (ACPI has neither IVRS nor DMAR); it may be switched "
	       "off in its setup";
}
