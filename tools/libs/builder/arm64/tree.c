/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device tree that tells a guest's kernel of its machine (Devicetree Specification 0.4; Linux's
 * bindings for the GIC, the timer, PSCI and Xen). */
#include <xen/fdt_partial.h>
#include <xen/fdt_write.h>

#include "layout.h"

#define PHANDLE_GIC 1
#define CELLS 2			/* of addresses and sizes */
#define IRQ_CELLS 3
#define MAX_PPIS 3
#define FIRST_PPI 16
#define CELL_PPI 1
#define CELL_LEVEL_LOW 0xf08	/* for all vCPUs; version 3 ignores the mask */

static void write_ppis(struct fdt_writer *w, const uint32_t *irq, uint32_t n)
{
	uint32_t cell[IRQ_CELLS * MAX_PPIS];

	for (uint32_t i = 0; i < n; i++) {
		cell[IRQ_CELLS * i] = CELL_PPI;
		cell[IRQ_CELLS * i + 1] = irq[i] - FIRST_PPI;
		cell[IRQ_CELLS * i + 2] = CELL_LEVEL_LOW;
	}
	fdt_write_cells(w, "interrupts", cell, n * IRQ_CELLS);
}

static void write_root(struct fdt_writer *w, uint32_t gic)
{
	static const char compatible[] = "xen,xenvm-4.17\0xen,xenvm";

	fdt_write_string(w, "model", "XENVM-4.17");
	fdt_write_prop(w, "compatible", compatible, sizeof(compatible));
	fdt_write_u32(w, "#address-cells", CELLS);
	fdt_write_u32(w, "#size-cells", CELLS);
	fdt_write_u32(w, "interrupt-parent", gic);
}

static void write_chosen(struct fdt_writer *w, const struct bld_plan *p)
{
	fdt_write_node(w, "chosen");
	if (p->config.cmdline)
		fdt_write_string(w, "bootargs", p->config.cmdline);
	if (p->ramdisk_at) {
		fdt_write_u64(w, "linux,initrd-start", p->ramdisk_at);
		fdt_write_u64(w, "linux,initrd-end", p->ramdisk_at + p->config.ramdisk_bytes);
	}
	fdt_write_close(w);
}

/* The rings' pages are not the kernel's to use. */
static void write_memory(struct fdt_writer *w, const struct bld_plan *p)
{
	for (uint32_t i = 0; i < p->nr_regions; i++) {
		uint64_t start = p->region[i].start.v;

		if (start == RINGS_BASE)
			continue;
		fdt_write_node_at(w, "memory", start);
		fdt_write_string(w, "device_type", "memory");
		fdt_write_reg(w, "reg", (u64[]){ start, p->region[i].bytes }, 1, CELLS, CELLS);
		fdt_write_close(w);
	}
}

/* Sixteen vCPUs to a cluster, as version 3's interrupts name at most sixteen. */
static void write_cpus(struct fdt_writer *w, uint32_t vcpus)
{
	fdt_write_node(w, "cpus");
	fdt_write_u32(w, "#address-cells", 1);
	fdt_write_u32(w, "#size-cells", 0);
	for (uint32_t i = 0; i < vcpus; i++) {
		uint32_t mpidr = (i & 0xf) | i >> 4 << 8;

		fdt_write_node_at(w, "cpu", mpidr);
		fdt_write_string(w, "device_type", "cpu");
		fdt_write_string(w, "compatible", "arm,armv8");
		fdt_write_string(w, "enable-method", "psci");
		fdt_write_u32(w, "reg", mpidr);
		fdt_write_close(w);
	}
	fdt_write_close(w);
}

static void write_gic(struct fdt_writer *w, uint32_t version, uint32_t vcpus, uint32_t gic)
{
	u64 v2[] = { GICD_BASE, GICV2_DIST_BYTES, GICV2_CPU_BASE, GICV2_CPU_BYTES };
	u64 v3[] = { GICD_BASE, GICV3_DIST_BYTES, GICV3_REDIST_BASE, vcpus * GICV3_REDIST_BYTES };

	fdt_write_node_at(w, "interrupt-controller", GICD_BASE);
	fdt_write_string(w, "compatible", version == 2 ? "arm,cortex-a15-gic" : "arm,gic-v3");
	fdt_write_u32(w, "#interrupt-cells", IRQ_CELLS);
	fdt_write_u32(w, "#address-cells", 0);
	fdt_write_prop(w, "interrupt-controller", NULL, 0);
	fdt_write_reg(w, "reg", version == 2 ? v2 : v3, 2, CELLS, CELLS);
	fdt_write_u32(w, "phandle", gic);
	fdt_write_close(w);
}

static void write_firmware(struct fdt_writer *w, uint32_t timer_hz)
{
	static const char psci[] = "arm,psci-1.0\0arm,psci-0.2\0arm,psci";

	fdt_write_node(w, "psci");
	fdt_write_prop(w, "compatible", psci, sizeof(psci));
	fdt_write_string(w, "method", "hvc");
	fdt_write_close(w);
	fdt_write_node(w, "timer");
	fdt_write_string(w, "compatible", "arm,armv8-timer");
	write_ppis(w, (uint32_t[]){ PPI_TIMER_SECURE, PPI_TIMER_PHYS, PPI_TIMER_VIRT }, 3);
	if (timer_hz)
		fdt_write_u32(w, "clock-frequency", timer_hz);
	fdt_write_close(w);
}

static void write_hypervisor(struct fdt_writer *w)
{
	static const char xen[] = "xen,xen-4.17\0xen,xen";

	fdt_write_node(w, "hypervisor");
	fdt_write_prop(w, "compatible", xen, sizeof(xen));
	fdt_write_reg(w, "reg", (u64[]){ GRANT_TABLE_BASE, GRANT_TABLE_BYTES }, 1, CELLS, CELLS);
	write_ppis(w, (uint32_t[]){ PPI_EVENTS }, 1);
	fdt_write_close(w);
}

bool bld_tree_write(struct bld_plan *p, const struct bld_platform *platform)
{
	uint32_t gic = PHANDLE_GIC;
	struct fdt_writer w;
	struct fdt devices;

	/* bld_plan_make() has looked at it. */
	if (p->config.device_tree) {
		if (fdt_open(&devices, p->config.device_tree, p->config.device_tree_bytes))
			return false;
		gic = fdt_partial_gic(&devices) ? fdt_partial_gic(&devices) : gic;
	}
	fdt_write_begin(&w, p->info, TREE_BYTES);
	write_root(&w, gic);
	write_chosen(&w, p);
	write_memory(&w, p);
	write_cpus(&w, p->config.vcpus);
	write_gic(&w, platform->gic_version, p->config.vcpus, gic);
	write_firmware(&w, platform->timer_hz);
	write_hypervisor(&w);
	if (p->config.device_tree)
		fdt_write_partial(&w, &devices);
	return fdt_write_end(&w) != 0;
}
