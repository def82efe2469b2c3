/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and interrupts of a node, as the CPUs see them (Devicetree Specification 0.4, sections
 * 2.3.6, 2.3.8 and 2.4). */
#include <xen/compiler.h>
#include <xen/dt_machine.h>
#include <xen/string.h>

#define GIC_SPI 0
#define GIC_PPI 1
#define GIC_FIRST_PPI 16
#define GIC_FIRST_SPI 32

/* The nodes from the root down to @n's parent; returns how many. */
static u32 ancestors(const struct fdt *t, fdt_node_t n, fdt_node_t *up)
{
	fdt_node_t at = fdt_root(t), c, in;
	u32 depth = 0;

	while (at.v != n.v && depth < FDT_MAX_DEPTH) {
		up[depth++] = at;
		in = FDT_NO_NODE;
		/* A node's subnodes follow it, before its next sibling. */
		fdt_for_each_child(c, t, at)
			if (c.v <= n.v)
				in = c;
		if (!fdt_node_ok(in))
			return 0;
		at = in;
	}
	return depth;
}

static u32 cells(const struct fdt *t, fdt_node_t n, const char *name, u32 absent)
{
	u32 v;

	return fdt_get_u32(t, n, name, &v) ? v : absent;
}

/* Translate @r, an address on the bus @bus, to the bus @parent is on. */
static bool translate(const struct fdt *t, fdt_node_t bus, fdt_node_t parent, struct dt_range *r)
{
	u32 child_cells = cells(t, bus, "#address-cells", 2), size_cells, parent_cells, step;
	struct fdt_prop p;
	u64 from, to, size;

	if (!fdt_get_prop(t, bus, "ranges", &p))
		return false;
	if (!p.len)
		return true;
	size_cells = cells(t, bus, "#size-cells", 1);
	parent_cells = cells(t, parent, "#address-cells", 2);
	step = child_cells + parent_cells + size_cells;
	for (u32 i = 0; fdt_prop_cells(&p, i, child_cells, &from) &&
			fdt_prop_cells(&p, i + child_cells, parent_cells, &to) &&
			fdt_prop_cells(&p, i + child_cells + parent_cells, size_cells, &size);
	     i += step)
		if (r->start >= from && r->start - from < size &&
		    r->size <= size - (r->start - from)) {
			r->start = r->start - from + to;
			return true;
		}
	return false;
}

bool dt_reg(const struct fdt *t, fdt_node_t n, u32 index, struct dt_range *r)
{
	fdt_node_t up[FDT_MAX_DEPTH];
	u32 depth = ancestors(t, n, up), address_cells, size_cells, at;
	struct fdt_prop p;

	if (!depth || !fdt_get_prop(t, n, "reg", &p))
		return false;
	address_cells = cells(t, up[depth - 1], "#address-cells", 2);
	size_cells = cells(t, up[depth - 1], "#size-cells", 1);
	if (address_cells > 2 || size_cells > 2 || index > p.len)
		return false;
	at = index * (address_cells + size_cells);
	r->size = 0;
	if (!fdt_prop_cells(&p, at, address_cells, &r->start) ||
	    (size_cells && !fdt_prop_cells(&p, at + address_cells, size_cells, &r->size)))
		return false;
	for (u32 i = depth - 1; i > 0; i--)
		if (!translate(t, up[i], up[i - 1], r))
			return false;
	return r->size <= ~0UL - r->start;
}

u32 dt_gic_irq(const struct fdt *t, fdt_node_t n, u32 index)
{
	struct fdt_prop p;
	u32 kind, number;

	/* Three cells each, or four where PPIs are partitioned; GICs on boards have three. */
	if (!fdt_get_prop(t, n, "interrupts", &p) || index > p.len ||
	    !fdt_prop_u32(&p, index * 3, &kind) || !fdt_prop_u32(&p, index * 3 + 1, &number))
		return 0;
	if (kind == GIC_PPI && number < GIC_FIRST_SPI - GIC_FIRST_PPI)
		return GIC_FIRST_PPI + number;
	return kind == GIC_SPI && number < 988 ? GIC_FIRST_SPI + number : 0;
}
