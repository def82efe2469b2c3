/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which streams the devices of a device tree have in SMMUs of version 1 and 2: "iommus" of devices
 * and "iommu-map" of buses (Linux's bindings iommu.txt and pci-iommu.txt), or "mmu-masters" of the
 * unit in older trees. What leads to something else than a unit that is used is passed over: the
 * units refuse streams that are not known.
 */
#include <xen/compiler.h>
#include <xen/dt_iommu.h>

#include "tree.h"

#define STREAM_LIMIT 0x10000U
#define MAP_CELLS 4U

/* What is known of the tree, and what is filled in. */
struct search {
	const struct fdt *t;
	const fdt_node_t *units;
	struct acpi_iommus *out;
};

static const char *add(struct search *s, u32 unit, u32 stream, u32 mask)
{
	struct acpi_iommus *out = s->out;

	if (stream >= STREAM_LIMIT || mask >= STREAM_LIMIT)
		return "the device tree names a stream of more than 16 bits";
	if (out->nr_streams == IOMMU_MAX_STREAMS)
		return "the device tree names too many streams";
	out->streams[out->nr_streams++] = (struct iommu_streams){
		.unit = (u8)unit, .stream = (u16)stream, .mask = (u16)mask,
	};
	return NULL;
}

/* The index of a unit; none: their number. */
static u32 unit_of(const struct search *s, fdt_node_t n)
{
	u32 i = 0;

	while (i < s->out->nr_units && s->units[i].v != n.v)
		i++;
	return i;
}

static const char *add_specifier(struct search *s, fdt_node_t to, const struct fdt_prop *p, u32 at,
				 u32 cells)
{
	u32 unit = unit_of(s, to), stream, mask = 0;

	if (unit == s->out->nr_units)
		return NULL;
	if (cells != 1 && cells != 2)
		return "an SMMU's #iommu-cells is neither 1 nor 2";
	if (!fdt_prop_u32(p, at, &stream) || (cells == 2 && !fdt_prop_u32(p, at + 1, &mask)))
		return "a device's streams are cut short in the device tree";
	if (cells == 1)
		fdt_get_u32(s->t, to, "stream-match-mask", &mask);
	return add(s, unit, stream, mask);
}

/* "iommus": for each stream the unit and as many cells as the unit says. */
static const char *device_streams(struct search *s, fdt_node_t n)
{
	struct fdt_prop p;
	u32 phandle, at = 0;

	if (!fdt_get_prop(s->t, n, "iommus", &p))
		return NULL;
	while (fdt_prop_u32(&p, at, &phandle)) {
		fdt_node_t to = fdt_find_phandle(s->t, phandle);
		u32 cells = fdt_node_ok(to) ? dt_cells(s->t, to, "#iommu-cells", 0) : 0;
		const char *why;

		if (!fdt_node_ok(to))
			return "a device names an IOMMU that is not in the device tree";
		why = add_specifier(s, to, &p, at + 1, cells);
		if (why)
			return why;
		at += 1 + min(cells, p.len);
	}
	return NULL;
}

/* @nr streams from @first on, in blocks that a mask can name. */
static const char *add_range(struct search *s, u32 unit, u32 first, u32 nr)
{
	const char *why = NULL;

	if (first >= STREAM_LIMIT || nr > STREAM_LIMIT - first)
		return "the device tree names a stream of more than 16 bits";
	while (nr && !why) {
		u32 size = first ? first & -first : STREAM_LIMIT;

		while (size > nr)
			size /= 2;
		why = add(s, unit, first, size - 1);
		first += size;
		nr -= size;
	}
	return why;
}

/* "iommu-map": ranges of functions, their unit, and the first stream. */
static const char *bus_streams(struct search *s, fdt_node_t n)
{
	struct fdt_prop p;
	u32 phandle, first, nr;

	if (!fdt_get_prop(s->t, n, "iommu-map", &p))
		return NULL;
	for (u32 at = 0; fdt_prop_u32(&p, at + 1, &phandle); at += MAP_CELLS) {
		fdt_node_t to = fdt_find_phandle(s->t, phandle);
		u32 unit = fdt_node_ok(to) ? unit_of(s, to) : s->out->nr_units;
		const char *why;

		if (!fdt_prop_u32(&p, at + 2, &first) || !fdt_prop_u32(&p, at + 3, &nr))
			return "a bus's iommu-map is cut short in the device tree";
		why = unit < s->out->nr_units ? add_range(s, unit, first, nr) : NULL;
		if (why)
			return why;
	}
	return NULL;
}

/* "mmu-masters": devices, each with as many streams as the device says. */
static const char *unit_streams(struct search *s, u32 unit)
{
	struct fdt_prop p;
	u32 phandle, at = 0;

	if (!fdt_get_prop(s->t, s->units[unit], "mmu-masters", &p))
		return NULL;
	while (fdt_prop_u32(&p, at++, &phandle)) {
		fdt_node_t device = fdt_find_phandle(s->t, phandle);
		u32 nr, stream;

		if (!fdt_node_ok(device) || !fdt_get_u32(s->t, device, "#stream-id-cells", &nr))
			return "an SMMU's mmu-masters names a device without streams";
		for (; nr; nr--, at++) {
			const char *why = "an SMMU's mmu-masters is cut short";

			if (fdt_prop_u32(&p, at, &stream))
				why = add(s, unit, stream, 0);
			if (why)
				return why;
		}
	}
	return NULL;
}

/* fdt_open() has bounded the depth. */
static const char *look(struct search *s, fdt_node_t n)
{
	const char *why = NULL;
	fdt_node_t c;

	fdt_for_each_child(c, s->t, n) {
		if (!dt_is_enabled(s->t, c))
			continue;
		if ((why = device_streams(s, c)) || (why = bus_streams(s, c)) ||
		    (why = look(s, c)))
			return why;
	}
	return NULL;
}

const char *dt_find_streams(const struct fdt *t, const fdt_node_t *units, struct acpi_iommus *out)
{
	struct search s = { .t = t, .units = units, .out = out };
	const char *why = NULL;

	for (u32 i = 0; i < out->nr_units && !why; i++)
		why = unit_streams(&s, i);
	return why ? why : look(&s, fdt_root(t));
}
