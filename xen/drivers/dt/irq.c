/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of a node (Devicetree Specification 0.4, section 2.4; Linux's bindings arm,gic.yaml
 * and arm,gic-v3.yaml). No table of pointers: the code also runs before its image is mapped.
 */
#include <xen/compiler.h>
#include <xen/dt_devices.h>
#include <xen/string.h>

#include "tree.h"

#define GIC_SPI 0
#define GIC_PPI 1
#define GIC_FIRST_PPI 16
#define GIC_FIRST_SPI 32
#define GIC_NR_SPIS 988		/* INTIDs 1020 to 1023 have other meanings */
#define MAX_CELLS 4		/* of a specifier or of an address */

u32 dt_gic_version(const struct fdt *t, fdt_node_t n)
{
	if (fdt_is_compatible(t, n, "arm,gic-v3"))
		return 3;
	return fdt_is_compatible(t, n, "arm,gic-400") ||
	       fdt_is_compatible(t, n, "arm,cortex-a15-gic") ||
	       fdt_is_compatible(t, n, "arm,cortex-a7-gic") ||
	       fdt_is_compatible(t, n, "arm,cortex-a9-gic") ||
	       fdt_is_compatible(t, n, "arm,eb11mp-gic") ? 2 : 0;
}

/* What @n's interrupts go to: a controller, or a bus that maps them. */
static fdt_node_t interrupt_parent(const struct fdt *t, fdt_node_t n)
{
	fdt_node_t up[FDT_MAX_DEPTH];
	u32 depth = dt_ancestors(t, n, up), phandle, v;

	/* A node that names a parent may be any number of levels up, and so may a bus. */
	for (u32 i = depth; i > 0; i--) {
		fdt_node_t at = i == depth ? n : up[i];
		fdt_node_t next = fdt_get_u32(t, at, "interrupt-parent", &phandle) ?
				  fdt_find_phandle(t, phandle) : up[i - 1];

		if (fdt_node_ok(next) && fdt_get_u32(t, next, "#interrupt-cells", &v))
			return next;
	}
	return fdt_get_u32(t, fdt_root(t), "interrupt-parent", &phandle) ?
	       fdt_find_phandle(t, phandle) : FDT_NO_NODE;
}

/* Read @nr cells at @at; false when they are not there. */
static bool read_cells(const struct fdt_prop *p, u32 at, u32 nr, u32 *v)
{
	if (nr > MAX_CELLS || at > p->len)
		return false;
	for (u32 i = 0; i < nr; i++)
		if (!fdt_prop_u32(p, at + i, &v[i]))
			return false;
	return true;
}

/* What an entry of an "interrupt-map" leads to: a controller and its specifier. */
struct target {
	fdt_node_t to;
	u32 spec[MAX_CELLS], nr;
};

/* Read the target at cell *@at of @map, and move *@at behind it. */
static bool read_target(const struct fdt *t, const struct fdt_prop *map, u32 *at, struct target *g)
{
	u32 phandle, skip;

	if (!fdt_prop_u32(map, *at, &phandle))
		return false;
	g->to = fdt_find_phandle(t, phandle);
	if (!fdt_node_ok(g->to))
		return false;
	skip = dt_cells(t, g->to, "#address-cells", 0);
	g->nr = dt_cells(t, g->to, "#interrupt-cells", 0);
	if (skip > MAX_CELLS || !read_cells(map, *at + 1 + skip, g->nr, g->spec))
		return false;
	*at += 1 + skip + g->nr;
	return true;
}

/*
 * Find @spec, of a device at the address @unit, in the map of the bus @bus. On success @spec is
 * what the controller *@to understands, of *@nr cells.
 */
static bool map_interrupt(const struct fdt *t, fdt_node_t bus, const u32 *unit, u32 *spec, u32 *nr,
			  fdt_node_t *to)
{
	u32 unit_cells = dt_cells(t, bus, "#address-cells", 2), key_cells = unit_cells + *nr;
	u32 mask[2 * MAX_CELLS], key[2 * MAX_CELLS], at = 0;
	struct fdt_prop map, masks;
	struct target g;

	if (unit_cells > MAX_CELLS || !fdt_get_prop(t, bus, "interrupt-map", &map))
		return false;
	for (u32 i = 0; i < key_cells; i++)
		mask[i] = ~0U;
	if (fdt_get_prop(t, bus, "interrupt-map-mask", &masks) &&
	    (!read_cells(&masks, 0, unit_cells, mask) ||
	     !read_cells(&masks, unit_cells, *nr, mask + unit_cells)))
		return false;
	while (read_cells(&map, at, unit_cells, key) &&
	       read_cells(&map, at + unit_cells, *nr, key + unit_cells)) {
		bool same = true;

		at += key_cells;
		if (!read_target(t, &map, &at, &g))
			return false;
		for (u32 i = 0; i < key_cells; i++)
			same &= !(((i < unit_cells ? unit[i] : spec[i - unit_cells]) ^ key[i]) &
				  mask[i]);
		if (same) {
			*to = g.to;
			*nr = g.nr;
			memcpy(spec, g.spec, sizeof(g.spec));
			return true;
		}
	}
	return false;
}

/* Entry @index of "interrupts-extended", where each names its controller: *@to, and @spec of *@nr
 * cells. */
static bool extended(const struct fdt *t, const struct fdt_prop *p, u32 index, u32 *spec, u32 *nr,
		     fdt_node_t *to)
{
	u32 phandle;

	for (u32 at = 0; fdt_prop_u32(p, at, &phandle); at += 1 + *nr, index--) {
		*to = fdt_find_phandle(t, phandle);
		*nr = fdt_node_ok(*to) ? dt_cells(t, *to, "#interrupt-cells", 0) : 0;
		if (!*nr || *nr > MAX_CELLS)
			return false;
		if (!index)
			return read_cells(p, at + 1, *nr, spec);
	}
	return false;
}

/* The same of "interrupts", which all go to one parent. */
static bool plain(const struct fdt *t, fdt_node_t n, u32 index, u32 *spec, u32 *nr, fdt_node_t *to)
{
	struct fdt_prop p;

	*to = interrupt_parent(t, n);
	if (!fdt_node_ok(*to) || !fdt_get_prop(t, n, "interrupts", &p) || index > p.len)
		return false;
	*nr = dt_cells(t, *to, "#interrupt-cells", 0);
	return *nr && *nr <= MAX_CELLS && read_cells(&p, index * *nr, *nr, spec);
}

/* The INTID of what the controller @to is told; 0: it is not a GIC. */
static u32 intid(const struct fdt *t, fdt_node_t to, const u32 *spec, u32 nr)
{
	if (!dt_gic_version(t, to) || nr < 3)
		return 0;
	if (spec[0] == GIC_PPI && spec[1] < GIC_FIRST_SPI - GIC_FIRST_PPI)
		return GIC_FIRST_PPI + spec[1];
	return spec[0] == GIC_SPI && spec[1] < GIC_NR_SPIS ? GIC_FIRST_SPI + spec[1] : 0;
}

bool dt_irq(const struct fdt *t, fdt_node_t n, u32 index, u32 *irq)
{
	u32 spec[MAX_CELLS] = { 0 }, unit[MAX_CELLS] = { 0 }, nr = 0;
	fdt_node_t to = FDT_NO_NODE;
	struct fdt_prop p, reg;

	*irq = 0;
	/* Of two properties the one that names controllers counts. */
	if (fdt_get_prop(t, n, "interrupts-extended", &p) ?
	    !extended(t, &p, index, spec, &nr, &to) : !plain(t, n, index, spec, &nr, &to))
		return false;
	if (!dt_gic_version(t, to)) {
		if (fdt_get_prop(t, n, "reg", &reg))
			read_cells(&reg, 0, min(reg.len / 4, (u32)MAX_CELLS), unit);
		if (!map_interrupt(t, to, unit, spec, &nr, &to))
			return true;
	}
	*irq = intid(t, to, spec, nr);
	return true;
}

u32 dt_gic_irq(const struct fdt *t, fdt_node_t n, u32 index)
{
	u32 irq;

	dt_irq(t, n, index, &irq);
	return irq;
}

u32 dt_bus_irqs(const struct fdt *t, fdt_node_t bus, u32 *irq, u32 max)
{
	u32 key_cells = dt_cells(t, bus, "#address-cells", 2) +
			dt_cells(t, bus, "#interrupt-cells", 1), at, nr = 0;
	struct fdt_prop map;
	struct target g;

	if (key_cells > 2 * MAX_CELLS || !fdt_get_prop(t, bus, "interrupt-map", &map))
		return 0;
	for (at = key_cells; nr < max && read_target(t, &map, &at, &g); at += key_cells)
		irq[nr++] = intid(t, g.to, g.spec, g.nr);
	return nr;
}
