/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of a node, as the CPUs see them (Devicetree Specification 0.4, sections 2.3.6 and
 * 2.3.8). */
#include <xen/compiler.h>
#include <xen/dt_devices.h>
#include <xen/string.h>

#include "tree.h"

bool dt_is_enabled(const struct fdt *t, fdt_node_t n)
{
	const char *s = fdt_get_string(t, n, "status");

	return !s || !strcmp(s, "okay") || !strcmp(s, "ok");
}

u32 dt_ancestors(const struct fdt *t, fdt_node_t n, fdt_node_t up[FDT_MAX_DEPTH])
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

u32 dt_cells(const struct fdt *t, fdt_node_t n, const char *name, u32 absent)
{
	u32 v;

	return fdt_get_u32(t, n, name, &v) ? v : absent;
}

/* Translate @r, an address on the bus @bus, to the bus @parent is on. */
static bool translate(const struct fdt *t, fdt_node_t bus, fdt_node_t parent, struct dt_range *r)
{
	u32 child_cells = dt_cells(t, bus, "#address-cells", 2), size_cells, parent_cells, step;
	struct fdt_prop p;
	u64 from, to, size;

	if (!fdt_get_prop(t, bus, "ranges", &p))
		return false;
	if (!p.len)
		return true;
	size_cells = dt_cells(t, bus, "#size-cells", 1);
	parent_cells = dt_cells(t, parent, "#address-cells", 2);
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

/* Translate @r from the innermost of the buses @up, @depth of them, to the root's. */
static bool to_cpus(const struct fdt *t, const fdt_node_t *up, u32 depth, struct dt_range *r)
{
	for (u32 i = depth - 1; i > 0; i--)
		if (!translate(t, up[i], up[i - 1], r))
			return false;
	return r->size <= ~0UL - r->start;
}

bool dt_bus_window(const struct fdt *t, fdt_node_t bus, u32 index, struct dt_range *r)
{
	u32 child = dt_cells(t, bus, "#address-cells", 2);
	u32 size = dt_cells(t, bus, "#size-cells", 1);
	fdt_node_t up[FDT_MAX_DEPTH];
	u32 depth = dt_ancestors(t, bus, up), parent, at;
	struct fdt_prop p;

	if (!depth || !fdt_get_prop(t, bus, "ranges", &p))
		return false;
	parent = dt_cells(t, up[depth - 1], "#address-cells", 2);
	if (child > 3 || parent > 2 || size > 2 || index > p.len)
		return false;
	at = index * (child + parent + size) + child;
	if (!fdt_prop_cells(&p, at, parent, &r->start) ||
	    !fdt_prop_cells(&p, at + parent, size, &r->size))
		return false;
	return to_cpus(t, up, depth, r);
}

bool dt_reg(const struct fdt *t, fdt_node_t n, u32 index, struct dt_range *r)
{
	fdt_node_t up[FDT_MAX_DEPTH];
	u32 depth = dt_ancestors(t, n, up), address_cells, size_cells, at;
	struct fdt_prop p;

	if (!depth || !fdt_get_prop(t, n, "reg", &p))
		return false;
	address_cells = dt_cells(t, up[depth - 1], "#address-cells", 2);
	size_cells = dt_cells(t, up[depth - 1], "#size-cells", 1);
	if (address_cells > 2 || size_cells > 2 || index > p.len)
		return false;
	at = index * (address_cells + size_cells);
	r->size = 0;
	if (!fdt_prop_cells(&p, at, address_cells, &r->start) ||
	    (size_cells && !fdt_prop_cells(&p, at + address_cells, size_cells, &r->size)))
		return false;
	return to_cpus(t, up, depth, r);
}
