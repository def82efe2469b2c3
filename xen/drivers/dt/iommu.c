/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IOMMUs that a device tree describes. */
#include <xen/compiler.h>
#include <xen/dt_devices.h>
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
		if (fdt_get_prop(t, c, "#iommu-cells", &p) ||
		    fdt_get_prop(t, c, "mmu-masters", &p))
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

/* The version of an SMMU that has the registers of one; 0: the node is none of them. */
static u8 smmu_version(const struct fdt *t, fdt_node_t n)
{
	static const struct { const char *name; u8 version; } known[] = {
		{ "arm,smmu-v1", 1 }, { "arm,mmu-400", 1 }, { "arm,mmu-401", 1 },
		{ "arm,smmu-v2", 2 }, { "arm,mmu-500", 2 }, { "arm,smmu-v3", 3 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(known); i++)
		if (fdt_is_compatible(t, n, known[i].name))
			return known[i].version;
	return 0;
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

/* Before version 3 all interrupts are of faults: those of the unit, and then those of banks. */
static void fault_irqs(const struct fdt *t, fdt_node_t n, u32 *irq)
{
	u32 nr = 0, number;

	for (u32 i = 0; nr < IOMMU_MAX_IRQS && dt_irq(t, n, i, &number); i++)
		if (number)
			irq[nr++] = number;
}

static const char *add_unit(const struct fdt *t, fdt_node_t n, u8 version, struct acpi_iommus *out)
{
	struct acpi_iommu_unit *u = &out->unit[out->nr_units];
	struct fdt_prop p;
	struct dt_range r;

	if (out->nr_units == ACPI_MAX_IOMMUS)
		return "the device tree has too many SMMUs";
	if (!dt_reg(t, n, 0, &r) || r.size < (version == 3 ? SMMU3_LEAST : PAGE_SIZE) ||
	    r.start % PAGE_SIZE)
		return "an SMMU has no registers in the device tree, or too few";
	if (out->nr_units && (version == 3) != (out->unit[0].version == 3))
		return "the machine has SMMUs of version 3 and earlier ones, which are not used "
		       "together";
	*u = (struct acpi_iommu_unit){
		.base = paddr_make(r.start), .size = r.size, .version = version,
		.coherent = fdt_get_prop(t, n, "dma-coherent", &p),
	};
	if (version == 3)
		u->irq[0] = event_irq(t, n);
	else
		fault_irqs(t, n, u->irq);
	out->nr_units++;
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
static const char *look(const struct fdt *t, fdt_node_t n, fdt_node_t *units,
			struct acpi_iommus *out)
{
	const char *why = NULL;
	fdt_node_t c;

	fdt_for_each_child(c, t, n) {
		u8 version = smmu_version(t, c);

		if (!dt_is_enabled(t, c))
			continue;
		if (version)
			why = add_unit(t, c, version, out);
		else if (fdt_is_compatible(t, c, "arm,gic-v2m-frame"))
			why = add_msi_frame(t, c, out);
		if (version && !why)
			units[out->nr_units - 1] = c;
		if (!why)
			why = look(t, c, units, out);
		if (why)
			return why;
	}
	return NULL;
}

const char *dt_find_iommus(const struct fdt *t, struct acpi_iommus *out)
{
	fdt_node_t units[ACPI_MAX_IOMMUS];
	const char *why;

	memset(out, 0, sizeof(*out));
	why = look(t, fdt_root(t), units, out);
	if (!why && !out->nr_units)
		why = "the device tree has none";
	if (!why && out->unit[0].version < 3)
		why = dt_find_streams(t, units, out);
	return why;
}
