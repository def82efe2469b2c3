/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices a guest gets: its partial device tree against the machine's. */
#include <xen/compiler.h>
#include <xen/dt_devices.h>
#include <xen/dt_partial.h>
#include <xen/format.h>
#include <xen/string.h>

#include "tree.h"

#define MAX_LINES 128		/* of one PCI host bridge: four for each of 32 slots */
#define FIRST_SHARED 32
#define MAX_CELLS 4

/* The context for reading one tree. */
struct reader {
	const struct fdt *t, *mt;
	const struct dt_machine *m;
	bool confined;
	u64 guest_end;
	struct dt_partial *p;
	fdt_node_t node;		/* that is being read */
	char *why;
	size_t size;
};

/* Say what is wrong. Always returns false. */
static bool __printf_like(2, 3) bad(const struct reader *r, const char *fmt, ...)
{
	int n = scnprintf(r->why, r->size, "%.40s: ", fdt_node_name(r->t, r->node));
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(r->why + n, r->size - (size_t)n, fmt, ap);
	va_end(ap);
	return false;
}

bool dt_streams(const struct fdt *t, fdt_node_t n, u32 index, struct dt_streams *s)
{
	struct fdt_prop p;
	u32 phandle, cells;
	fdt_node_t to;

	if (fdt_get_prop(t, n, "iommu-map", &p))
		return fdt_prop_u32(&p, index * 4 + 2, &s->first) &&
		       fdt_prop_u32(&p, index * 4 + 3, &s->n);
	if (!fdt_get_prop(t, n, "iommus", &p))
		return false;
	for (u32 at = 0; fdt_prop_u32(&p, at, &phandle); at += 1 + cells, index--) {
		to = fdt_find_phandle(t, phandle);
		cells = fdt_node_ok(to) ? dt_cells(t, to, "#iommu-cells", 0) : 0;
		if (!cells || cells > MAX_CELLS || !fdt_prop_u32(&p, at + 1, &s->first))
			return false;
		s->n = 1;
		if (!index)
			return true;
	}
	return false;
}

static bool overlaps(u64 start, u64 size, const struct dt_range *r)
{
	return r->size && start < r->start + r->size && r->start < start + size;
}

/* Whole pages of @r hold all of [@start, @start + @size). */
static bool covers(const struct dt_range *r, u64 start, u64 size)
{
	return r->size && start >= ROUND_DOWN(r->start, PAGE_SIZE) &&
	       start + size <= ROUND_UP(r->start + r->size, PAGE_SIZE);
}

/* What is searched for among the machine's devices. */
struct search {
	u64 start, size;
	fdt_node_t node;
	const struct dt_partial *p;
	u32 irq;
};

static int has_registers(const struct fdt *t, fdt_node_t n, void *arg)
{
	const char *type = fdt_get_string(t, n, "device_type");
	const struct search *s = arg;
	struct dt_range r;

	for (u32 i = 0; dt_reg(t, n, i, &r); i++)
		if (covers(&r, s->start, s->size))
			return 1;
	for (u32 i = 0; type && !strcmp(type, "pci") && dt_bus_window(t, n, i, &r); i++)
		if (covers(&r, s->start, s->size))
			return 1;
	return 0;
}

static int is_node(const struct fdt *t, fdt_node_t n, void *arg)
{
	return n.v == ((const struct search *)arg)->node.v;
}

/* What of the hypervisor's, or which memory, is in the range; NULL: nothing. */
static const char *holder(const struct reader *r, u64 start, u64 size)
{
	struct dt_range regs;

	for (u32 i = 0; i < r->m->nr_banks; i++)
		if (overlaps(start, size, &r->m->bank[i]))
			return "memory";
	for (u32 i = 0; i < r->m->nr_gic; i++)
		if (overlaps(start, size, &r->m->gic[i]))
			return "the interrupt controller's";
	if (r->m->uart.kind != DT_UART_NONE && overlaps(start, size, &r->m->uart.regs))
		return "the hypervisor's console";
	for (u32 i = 0; dt_iommu_registers(r->mt, i, &regs); i++)
		if (overlaps(start, size, &regs))
			return "an IOMMU's";
	return NULL;
}

static bool check_reg(const struct reader *r, const struct dt_partial_reg *g)
{
	struct search s = { .start = g->start, .size = g->size };
	const char *whose;

	if (!g->size || page_offset(g->start | g->size | g->guest))
		return bad(r, "\"xen,reg\" has [%#lx, %#lx) at guest %#lx, which is not whole "
			   "pages", g->start, g->start + g->size, g->guest);
	if (g->size > r->guest_end || g->guest > r->guest_end - g->size ||
	    g->start > ~0UL - g->size)
		return bad(r, "\"xen,reg\" has [%#lx, +%#lx) at guest %#lx, above what a guest can "
			   "address", g->start, g->size, g->guest);
	for (u32 i = 0; i < r->m->nr_passed; i++)
		if (overlaps(g->start, g->size, &r->m->passed[i]))
			return bad(r, "\"xen,reg\" has [%#lx, %#lx), which another guest has",
				   g->start, g->start + g->size);
	whose = holder(r, g->start, g->size);
	if (whose)
		return bad(r, "\"xen,reg\" has [%#lx, %#lx), which is %s", g->start,
			   g->start + g->size, whose);
	if (!dt_for_each_device(r->mt, r->m, has_registers, &s))
		return bad(r, "\"xen,reg\" has [%#lx, %#lx), where no one device of the machine "
			   "has registers", g->start, g->start + g->size);
	for (u32 i = 0; i < r->p->nr_regs; i++) {
		const struct dt_partial_reg *o = &r->p->reg[i];

		if (overlaps(g->start, g->size, &(struct dt_range){ o->start, o->size }) ||
		    overlaps(g->guest, g->size, &(struct dt_range){ o->guest, o->size }))
			return bad(r, "\"xen,reg\" has [%#lx, %#lx) at guest %#lx, which overlaps "
				   "another one", g->start, g->start + g->size, g->guest);
	}
	return true;
}

static bool read_regs(const struct reader *r, fdt_node_t parent, const struct fdt_prop *prop)
{
	u32 ac = dt_cells(r->t, parent, "#address-cells", 2);
	u32 sc = dt_cells(r->t, parent, "#size-cells", 1), entry = 2 * ac + sc;
	struct dt_partial_reg g;

	if (ac - 1 > 1 || sc - 1 > 1 || !prop->len || prop->len % (entry * 4))
		return bad(r, "\"xen,reg\" has %u bytes; give address, size and guest address of "
			   "%u, %u and %u cells", prop->len, ac, sc, ac);
	for (u32 at = 0; fdt_prop_cells(prop, at, ac, &g.start); at += entry) {
		fdt_prop_cells(prop, at + ac, sc, &g.size);
		fdt_prop_cells(prop, at + ac + sc, ac, &g.guest);
		if (!check_reg(r, &g))
			return false;
		if (r->p->nr_regs == DT_PARTIAL_REGS)
			return bad(r, "the tree has more than %u pieces of registers",
				   DT_PARTIAL_REGS);
		r->p->reg[r->p->nr_regs++] = g;
	}
	return true;
}

static bool add_irq(const struct reader *r, const char *path, u32 irq)
{
	struct dt_partial *p = r->p;

	if (irq < FIRST_SHARED)
		return bad(r, "an interrupt of %.60s is not a shared one of the GIC", path);
	for (u32 i = 0; i < p->nr_irqs; i++)
		if (p->irq[i] == irq)
			return true;
	if (p->nr_irqs == DT_PARTIAL_IRQS)
		return bad(r, "the devices have more than %u interrupts", DT_PARTIAL_IRQS);
	p->irq[p->nr_irqs++] = irq;
	return true;
}

static bool read_irqs(const struct reader *r, const char *path, fdt_node_t n)
{
	static u32 line[MAX_LINES];
	u32 irq, nr = dt_bus_irqs(r->mt, n, line, MAX_LINES);

	for (u32 i = 0; dt_irq(r->mt, n, i, &irq); i++)
		if (!add_irq(r, path, irq))
			return false;
	for (u32 i = 0; i < nr; i++)
		if (!add_irq(r, path, line[i]))
			return false;
	return true;
}

/* Without an IOMMU, a device that does DMA reaches all memory. */
static bool read_streams(const struct reader *r, const char *path, fdt_node_t n, bool force)
{
	struct dt_partial *p = r->p;
	struct dt_streams s;
	u32 i;

	for (i = 0; dt_streams(r->mt, n, i, &s); i++) {
		if (p->nr_streams == DT_PARTIAL_STREAMS)
			return bad(r, "the devices have more than %u groups of streams",
				   DT_PARTIAL_STREAMS);
		if (!s.n || s.first > 0xffff || s.n > 0x10000 - s.first)
			return bad(r, "the streams of %.60s do not have 16 bits", path);
		p->stream[p->nr_streams++] = s;
	}
	if (force || (i && r->confined))
		return true;
	return bad(r, "%s; \"xen,force-assign-without-iommu\" allows it for a device without DMA",
		   i ? "its IOMMU is not in use" : "the device has no IOMMU");
}

static bool read_path(const struct reader *r, const struct fdt_prop *prop, bool force)
{
	const char *path = fdt_get_string(r->t, r->node, "xen,path");
	struct dt_partial *p = r->p;
	struct search s;

	if (!path)
		return bad(r, "\"xen,path\" is not one string");
	s.node = fdt_find_path(r->mt, path);
	if (!fdt_node_ok(s.node))
		return bad(r, "the machine's tree has no node %.60s", path);
	if (dt_is_passed(r->mt, r->m, s.node))
		return bad(r, "another guest has %.60s, or a page of its registers", path);
	if (!dt_for_each_device(r->mt, r->m, is_node, &s))
		return bad(r, "%.60s is disabled, or what the hypervisor itself uses", path);
	if (p->nr_nodes == DT_PARTIAL_NODES)
		return bad(r, "the tree has more than %u devices", DT_PARTIAL_NODES);
	p->node[p->nr_nodes++] = s.node;
	return read_irqs(r, path, s.node) && read_streams(r, path, s.node, force);
}

/* fdt_open() has bounded the depth. */
static bool read_below(struct reader *r, fdt_node_t parent)
{
	struct fdt_prop reg, path, p;
	fdt_node_t c;

	fdt_for_each_child(c, r->t, parent) {
		bool has_reg = fdt_get_prop(r->t, c, "xen,reg", &reg);
		bool has_path = fdt_get_prop(r->t, c, "xen,path", &path);
		bool force = fdt_get_prop(r->t, c, "xen,force-assign-without-iommu", &p);

		r->node = c;
		if ((has_reg && !read_regs(r, parent, &reg)) ||
		    (has_path && !read_path(r, &path, force)))
			return false;
		if (has_reg && !has_path && !force)
			return bad(r, "it has \"xen,reg\" but no \"xen,path\", so no IOMMU; "
				   "\"xen,force-assign-without-iommu\" allows it for a device "
				   "without DMA");
		if (!read_below(r, c))
			return false;
	}
	return true;
}

/* Does the guest get the device @n, or pages in which it has registers? */
static bool is_given(const struct fdt *t, fdt_node_t n, const struct dt_partial *p)
{
	struct dt_range r;

	for (u32 i = 0; i < p->nr_nodes; i++)
		if (p->node[i].v == n.v)
			return true;
	for (u32 i = 0; dt_reg(t, n, i, &r); i++)
		for (u32 k = 0; k < p->nr_regs; k++)
			if (overlaps(p->reg[k].start, p->reg[k].size, &r))
				return true;
	return false;
}

static int keeps_irq(const struct fdt *t, fdt_node_t n, void *arg)
{
	struct search *s = arg;
	u32 irq;

	if (is_given(t, n, s->p))
		return 0;
	for (u32 i = 0; dt_irq(t, n, i, &irq); i++)
		if (irq == s->irq) {
			s->node = n;
			return 1;
		}
	return 0;
}

/* An interrupt has one owner: none may be that of a device that the hardware domain keeps. */
static bool check_irqs(const struct reader *r)
{
	struct search s = { .p = r->p };

	for (u32 i = 0; i < r->p->nr_irqs; i++) {
		s.irq = r->p->irq[i];
		if (dt_for_each_device(r->mt, r->m, keeps_irq, &s))
			return bad(r, "interrupt %u is that of %.40s too, which the guest does not "
				   "get", s.irq, fdt_node_name(r->mt, s.node));
	}
	return true;
}

bool dt_partial_read(const struct fdt *t, const struct fdt *mt, const struct dt_machine *m,
		     bool confined, u32 guest_bits, struct dt_partial *p, char *why, size_t size)
{
	fdt_node_t top = fdt_find_path(t, "/passthrough");
	struct reader r = { t, mt, m, confined, 1UL << guest_bits, p, top, why, size };

	memset(p, 0, sizeof(*p));
	if (!fdt_node_ok(top)) {
		scnprintf(why, size, "it has no node /passthrough");
		return false;
	}
	return read_below(&r, top) && check_irqs(&r);
}
