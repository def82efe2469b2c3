/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IOMMUs that a device tree describes. */
#include <xen/compiler.h>
#include <xen/dt_iommu.h>
#include <xen/string.h>

#include "tree.h"

#define SMMU3_LEAST 0x20000UL	/* bytes of registers */

/* Count down *@index over the registers of IOMMUs below @n; false when it was not reached. */
static bool find_registers(const struct fdt *t, fdt_node_t n, u32 *index, struct dt_range *r)
{
	struct fdt_prop p;
	fdt_node_t c;

	fdt_for_each_child(c, t, n) {
		if (fdt_get_prop(t, c, "#iommu-cells", &p))
			for (u32 i = 0; dt_reg(t, c, i, r); i++)
				if (!(*index)--)
					return true;
		if (find_registers(t, c, index, r))
			return true;
	}
	return false;
}

bool dt_iommu_registers(const struct fdt *t, u32 index, struct dt_range *r)
{
	return find_registers(t, fdt_root(t), &index, r);
}

/* Earlier versions have other registers. */
static bool is_old_smmu(const struct fdt *t, fdt_node_t n)
{
	static const char *const names[] = { "arm,smmu-v1", "arm,smmu-v2", "arm,mmu-400",
					     "arm,mmu-401", "arm,mmu-500" };

	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (fdt_is_compatible(t, n, names[i]))
			return true;
	return false;
}

/* The interrupt of events, by its name; a unit may have one for everything. 0: none. */
static u32 event_irq(const struct fdt *t, fdt_node_t n)
{
	struct fdt_prop names;
	const char *name;

	if (!fdt_get_prop(t, n, "interrupt-names", &names))
		return 0;
	for (u32 i = 0; (name = fdt_prop_string(&names, i)); i++)
		if (!strcmp(name, "eventq") || !strcmp(name, "combined"))
			return dt_gic_irq(t, n, i);
	return 0;
}

static const char *add_unit(const struct fdt *t, fdt_node_t n, struct acpi_iommus *out)
{
	struct dt_range r;

	if (out->nr_units == ACPI_MAX_IOMMUS)
		return "the device tree has too many SMMUs";
	if (!dt_reg(t, n, 0, &r) || r.size < SMMU3_LEAST || r.start % PAGE_SIZE)
		return "an SMMU has no registers in the device tree, or too few";
	out->unit[out->nr_units++] = (struct acpi_iommu_unit){
		.base = paddr_make(r.start), .irq = { event_irq(t, n) },
	};
	return NULL;
}

static const char *add_msi_frame(const struct fdt *t, fdt_node_t n, struct acpi_iommus *out)
{
	struct dt_range r;

	if (!dt_reg(t, n, 0, &r) || !r.size)
		return NULL;
	if (out->nr_unity == ACPI_MAX_UNITY)
		return "the device tree has too many frames for MSIs";
	out->unity[out->nr_unity++] = (struct acpi_unity){
		.start = ROUND_DOWN(r.start, PAGE_SIZE),
		.size = ROUND_UP(r.start + r.size, PAGE_SIZE) - ROUND_DOWN(r.start, PAGE_SIZE),
	};
	return NULL;
}

/* fdt_open() has bounded the depth. */
static const char *look(const struct fdt *t, fdt_node_t n, struct acpi_iommus *out)
{
	const char *why = NULL;
	fdt_node_t c;

	fdt_for_each_child(c, t, n) {
		if (!dt_is_enabled(t, c))
			continue;
		if (is_old_smmu(t, c))
			why = "the machine has an SMMU of version 1 or 2, for which there is no "
			      "driver";
		else if (fdt_is_compatible(t, c, "arm,smmu-v3"))
			why = add_unit(t, c, out);
		else if (fdt_is_compatible(t, c, "arm,gic-v2m-frame"))
			why = add_msi_frame(t, c, out);
		if (!why)
			why = look(t, c, out);
		if (why)
			return why;
	}
	return NULL;
}

const char *dt_find_iommus(const struct fdt *t, struct acpi_iommus *out)
{
	const char *why;

	memset(out, 0, sizeof(*out));
	why = look(t, fdt_root(t), out);
	if (why)
		return why;
	return out->nr_units ? NULL : "the device tree has none";
}
