/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which nodes of the machine's tree are the hardware domain's, and their copy for its own tree. */
#include <xen/compiler.h>
#include <xen/dt_devices.h>
#include <xen/string.h>

#include "tree.h"

static bool is_any_of(const struct fdt *t, fdt_node_t n, const char *const *compatible)
{
	for (; *compatible; compatible++)
		if (fdt_is_compatible(t, n, *compatible))
			return true;
	return false;
}

static bool is_iommu(const struct fdt *t, fdt_node_t n)
{
	struct fdt_prop p;

	/* The second is how older trees describe SMMUs. */
	return fdt_get_prop(t, n, "#iommu-cells", &p) || fdt_get_prop(t, n, "mmu-masters", &p);
}

/* Nodes at the top that say what the machine is made of; the hypervisor writes its own. */
static bool describes_machine(const struct fdt *t, fdt_node_t n)
{
	static const char *const names[] = { "chosen", "cpus", "psci", "hypervisor",
					     "reserved-memory" };
	const char *type = fdt_get_string(t, n, "device_type");

	if (type && !strcmp(type, "memory"))
		return true;
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		fdt_node_t c = fdt_find_child(t, fdt_root(t), names[i]);

		if (c.v == n.v)
			return true;
	}
	return false;
}

bool dt_is_passed(const struct fdt *t, const struct dt_machine *m, fdt_node_t n)
{
	struct dt_range r;

	for (u32 i = 0; i < m->nr_passed_nodes; i++)
		if (m->passed_node[i].v == n.v)
			return true;
	for (u32 i = 0; m->nr_passed && dt_reg(t, n, i, &r); i++)
		for (u32 k = 0; k < m->nr_passed; k++)
			if (r.start < m->passed[k].start + m->passed[k].size &&
			    r.start + r.size > m->passed[k].start)
				return true;
	return false;
}

/* Nodes that are not the hardware domain's. */
static bool is_kept_from(const struct fdt *t, const struct dt_machine *m, fdt_node_t n)
{
	static const char *const owned[] = {
		"arm,armv8-timer", "arm,armv7-timer", "arm,armv7-timer-mem", "arm,armv8-pmuv3",
		"arm,psci", "arm,psci-0.2", "arm,psci-1.0", "arm,gic-v3-its", NULL,
	};

	return !dt_is_enabled(t, n) || n.v == m->uart.node.v || dt_gic_version(t, n) ||
	       is_iommu(t, n) || is_any_of(t, n, owned) || describes_machine(t, n) ||
	       dt_is_passed(t, m, n);
}

/* The frame's node is copied to the same place below a GIC that is on the root's bus. */
bool dt_is_msi_frame(const struct fdt *t, const struct dt_machine *m, fdt_node_t n)
{
	u32 cells = dt_cells(t, fdt_root(t), "#address-cells", 2);
	struct fdt_prop p;
	struct dt_range r;
	u64 raw;

	return m->gic_version == 2 && fdt_is_compatible(t, n, "arm,gic-v2m-frame") &&
	       dt_is_enabled(t, n) && dt_reg(t, n, 0, &r) && fdt_get_prop(t, n, "reg", &p) &&
	       dt_cells(t, m->gic_node, "#address-cells", 2) == cells &&
	       fdt_prop_cells(&p, 0, cells, &raw) && raw == r.start;
}

static int walk(const struct fdt *t, const struct dt_machine *m, fdt_node_t n, dt_device_fn *fn,
		void *arg)
{
	fdt_node_t c;
	int rc;

	/* fdt_open() has bounded the depth. */
	fdt_for_each_child(c, t, n) {
		if (is_kept_from(t, m, c))
			continue;
		if ((rc = fn(t, c, arg)) || (rc = walk(t, m, c, fn, arg)))
			return rc;
	}
	return 0;
}

int dt_for_each_device(const struct fdt *t, const struct dt_machine *m, dt_device_fn *fn, void *arg)
{
	int rc = walk(t, m, fdt_root(t), fn, arg);
	fdt_node_t c;

	fdt_for_each_child(c, t, m->gic_node)
		if (!rc && dt_is_msi_frame(t, m, c))
			rc = fn(t, c, arg);
	return rc;
}

/* Does cell @index of @p name a frame for MSIs, which the domain has? */
static bool leads_to_msi_frame(const struct fdt *t, const struct dt_machine *m,
			       const struct fdt_prop *p, u32 index)
{
	fdt_node_t to = FDT_NO_NODE;
	u32 phandle;

	if (fdt_prop_u32(p, index, &phandle))
		to = fdt_find_phandle(t, phandle);
	return fdt_node_ok(to) && dt_is_msi_frame(t, m, to);
}

/* What refers to nodes that are not copied. */
static bool is_dropped(const struct fdt *t, const struct dt_machine *m, const struct fdt_prop *p)
{
	static const char *const names[] = { "iommus", "iommu-map", "iommu-map-mask" };

	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(p->name, names[i]))
			return true;
	if (!strcmp(p->name, "msi-parent"))
		return !leads_to_msi_frame(t, m, p, 0);
	return !strcmp(p->name, "msi-map") && !leads_to_msi_frame(t, m, p, 1);
}

static void copy_node(const struct fdt *t, const struct dt_machine *m, fdt_node_t n,
		      struct fdt_writer *w)
{
	struct fdt_prop p;
	fdt_node_t c;

	fdt_write_node(w, fdt_node_name(t, n));
	for (bool more = fdt_first_prop(t, n, &p); more; more = fdt_next_prop(t, &p))
		if (!is_dropped(t, m, &p))
			fdt_write_prop(w, p.name, p.value, p.len);
	fdt_for_each_child(c, t, n)
		if (!is_kept_from(t, m, c))
			copy_node(t, m, c, w);
	fdt_write_close(w);
}

void dt_copy_devices(const struct fdt *t, const struct dt_machine *m, struct fdt_writer *w)
{
	fdt_node_t c;

	fdt_for_each_child(c, t, fdt_root(t))
		if (!is_kept_from(t, m, c))
			copy_node(t, m, c, w);
}

void dt_copy_msi_frames(const struct fdt *t, const struct dt_machine *m, struct fdt_writer *w)
{
	fdt_node_t c;

	fdt_for_each_child(c, t, m->gic_node)
		if (dt_is_msi_frame(t, m, c))
			copy_node(t, m, c, w);
}
