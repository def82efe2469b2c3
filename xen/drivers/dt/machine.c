/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a machine's device tree: memory, CPUs, interrupt controller, timer, PSCI, console. */
#include <xen/compiler.h>
#include <xen/dt_machine.h>
#include <xen/string.h>

#include "tree.h"

/* Nodes of interest may be anywhere, so the whole tree is walked for each kind. */
typedef bool node_fn(const struct fdt *t, fdt_node_t n, const void *arg);

static fdt_node_t find_below(const struct fdt *t, fdt_node_t n, node_fn *match, const void *arg)
{
	fdt_node_t c, found;

	/* fdt_open() has bounded the depth. */
	fdt_for_each_child(c, t, n) {
		if (match(t, c, arg))
			return c;
		found = find_below(t, c, match, arg);
		if (fdt_node_ok(found))
			return found;
	}
	return FDT_NO_NODE;
}

/* @arg: NULL-terminated list of compatible strings. */
static bool match_compatible(const struct fdt *t, fdt_node_t n, const void *arg)
{
	if (!dt_is_enabled(t, n))
		return false;
	for (const char *const *s = arg; *s; s++)
		if (fdt_is_compatible(t, n, *s))
			return true;
	return false;
}

static bool add_bank(struct dt_machine *m, struct dt_range r)
{
	u32 i = m->nr_banks;

	if (!r.size)
		return true;
	if (i == DT_MAX_BANKS)
		return false;
	for (; i && m->bank[i - 1].start > r.start; i--)
		m->bank[i] = m->bank[i - 1];
	m->bank[i] = r;
	m->nr_banks++;
	return true;
}

static const char *read_memory(const struct fdt *t, struct dt_machine *m)
{
	struct dt_range r;
	fdt_node_t n;

	fdt_for_each_child(n, t, fdt_root(t)) {
		const char *type = fdt_get_string(t, n, "device_type");

		if (!type || strcmp(type, "memory") || !dt_is_enabled(t, n))
			continue;
		for (u32 i = 0; dt_reg(t, n, i, &r); i++)
			if (!add_bank(m, r))
				return "too many banks of memory";
	}
	if (!m->nr_banks)
		return "no memory";
	for (u32 i = 1; i < m->nr_banks; i++)
		if (m->bank[i].start - m->bank[i - 1].start < m->bank[i - 1].size)
			return "banks of memory overlap";
	return NULL;
}

static const char *read_cpus(const struct fdt *t, struct dt_machine *m)
{
	fdt_node_t cpus = fdt_find_path(t, "/cpus"), n;
	u32 width = 1;

	if (!fdt_node_ok(cpus))
		return "no /cpus";
	fdt_get_u32(t, cpus, "#address-cells", &width);
	fdt_for_each_child(n, t, cpus) {
		const char *type = fdt_get_string(t, n, "device_type");
		const char *method = fdt_get_string(t, n, "enable-method");
		struct fdt_prop reg;
		u64 id;

		if (!type || strcmp(type, "cpu"))
			continue;
		if (!fdt_get_prop(t, n, "reg", &reg) || !fdt_prop_cells(&reg, 0, width, &id))
			return "a CPU has no reg";
		if (m->nr_cpus == DT_MAX_CPUS)
			return "too many CPUs";
		m->cpu_psci[m->nr_cpus] = method && !strcmp(method, "psci");
		m->cpu_mpidr[m->nr_cpus++] = id;
	}
	return m->nr_cpus ? NULL : "no CPUs";
}

/* @arg: the version. */
static bool match_gic(const struct fdt *t, fdt_node_t n, const void *arg)
{
	return dt_is_enabled(t, n) && dt_gic_version(t, n) == *(const u32 *)arg;
}

static const char *read_gic(const struct fdt *t, struct dt_machine *m)
{
	fdt_node_t n = FDT_NO_NODE;

	for (u32 version = 3; version >= 2 && !fdt_node_ok(n); version--) {
		n = find_below(t, fdt_root(t), match_gic, &version);
		m->gic_version = fdt_node_ok(n) ? version : 0;
	}
	if (!fdt_node_ok(n))
		return "no GIC of version 2 or 3";
	m->gic_node = n;
	while (m->nr_gic < DT_MAX_GIC_REGIONS && dt_reg(t, n, m->nr_gic, &m->gic[m->nr_gic]))
		m->nr_gic++;
	if (m->nr_gic < 2)
		return "the GIC has no registers";
	if (m->gic_version == 3) {
		m->gic_redist_regions = 1;
		fdt_get_u32(t, n, "#redistributor-regions", &m->gic_redist_regions);
		if (!m->gic_redist_regions || m->gic_redist_regions > m->nr_gic - 1)
			return "the GIC has no registers of redistributors";
		fdt_get_u64(t, n, "redistributor-stride", &m->gic_redist_stride);
	}
	return NULL;
}

static void read_psci(const struct fdt *t, struct dt_machine *m)
{
	static const struct { const char *name; u32 version; } bindings[] = {
		{ "arm,psci-1.0", 1U << 16 }, { "arm,psci-0.2", 2 }, { "arm,psci", 1 },
	};
	fdt_node_t n = fdt_find_path(t, "/psci");
	const char *method;

	if (!fdt_node_ok(n))
		n = fdt_find_path(t, "/firmware/psci");
	if (!fdt_node_ok(n))
		return;
	method = fdt_get_string(t, n, "method");
	for (u32 i = 0; i < ARRAY_SIZE(bindings) && !m->has_psci; i++) {
		m->has_psci = method && fdt_is_compatible(t, n, bindings[i].name);
		m->psci_version = m->has_psci ? bindings[i].version : 0;
	}
	m->psci_uses_hvc = m->has_psci && !strcmp(method, "hvc");
}

static const char *read_timer(const struct fdt *t, struct dt_machine *m)
{
	static const char *const timers[] = { "arm,armv8-timer", "arm,armv7-timer", NULL };
	fdt_node_t n = find_below(t, fdt_root(t), match_compatible, timers);

	if (!fdt_node_ok(n))
		return "no architected timer";
	for (u32 i = 0; i < ARRAY_SIZE(m->timer_ppi); i++)
		m->timer_ppi[i] = dt_gic_irq(t, n, i);
	fdt_get_u32(t, n, "clock-frequency", &m->timer_hz);
	return m->timer_ppi[3] ? NULL : "the timer has no hypervisor interrupt";
}

static void read_chosen(const struct fdt *t, struct dt_machine *m)
{
	fdt_node_t n = fdt_find_path(t, "/chosen");

	m->model = fdt_get_string(t, fdt_root(t), "model");
	if (!fdt_node_ok(n))
		return;
	m->cmdline = fdt_get_string(t, n, "xen,xen-bootargs");
	if (!m->cmdline)
		m->cmdline = fdt_get_string(t, n, "bootargs");
	if (!fdt_get_u64(t, n, "linux,initrd-start", &m->initrd_start) ||
	    !fdt_get_u64(t, n, "linux,initrd-end", &m->initrd_end) ||
	    m->initrd_start >= m->initrd_end)
		m->initrd_start = m->initrd_end = 0;
}

static const char *first(const char *a, const char *b)
{
	return a ? a : b;
}

const char *dt_machine_parse(const struct fdt *t, struct dt_machine *m)
{
	const char *error = NULL;

	memset(m, 0, sizeof(*m));
	read_chosen(t, m);
	dt_uart_find(t, &m->uart);
	/* All parts are read, whatever is wrong with one: firmware may add what a tree lacks. */
	error = first(error, read_memory(t, m));
	error = first(error, read_cpus(t, m));
	error = first(error, read_gic(t, m));
	error = first(error, read_timer(t, m));
	read_psci(t, m);
	return error;
}
