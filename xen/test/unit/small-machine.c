/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "small-machine.h"

#include "unit.h"

#include <xen/compiler.h>
#include <xen/fdt_write.h>

enum { PHANDLE_GIC = 7, PHANDLE_ITS, PHANDLE_V2M, PHANDLE_SMMU, PHANDLE_CLOCK };

static u8 blob[16384] __aligned(8);
static struct fdt_writer w;
struct fdt small_tree;
struct dt_machine small_machine;
bool small_machine_moved_frame;

static void device(const char *name, const char *compatible, u32 at, u32 spi)
{
	fdt_write_node_at(&w, name, at);
	fdt_write_string(&w, "compatible", compatible);
	fdt_write_ranges(&w, "reg", (u64[]){ at, 0x1000 }, 1);
	fdt_write_cells(&w, "interrupts", (u32[]){ 0, spi, 4 }, 3);
	fdt_write_close(&w);
}

static void frame(u32 at)
{
	fdt_write_node_at(&w, "v2m", at);
	fdt_write_string(&w, "compatible", "arm,gic-v2m-frame");
	fdt_write_ranges(&w, "reg", (u64[]){ at, 0x1000 }, 1);
	fdt_write_u32(&w, "phandle", PHANDLE_V2M);
	fdt_write_close(&w);
}

static void gic(u32 version)
{
	fdt_write_node_at(&w, "intc", 0x8000000);
	fdt_write_string(&w, "compatible", version == 3 ? "arm,gic-v3" : "arm,gic-400");
	fdt_write_ranges(&w, "reg", (u64[]){ 0x8000000, 0x10000, 0x80a0000, 0x100000 }, 2);
	fdt_write_u32(&w, "#interrupt-cells", 3);
	fdt_write_u32(&w, "#address-cells", 2);
	fdt_write_u32(&w, "#size-cells", 2);
	if (small_machine_moved_frame)
		fdt_write_cells(&w, "ranges", (u32[]){ 0, 0, 0, 0x8000000, 0, 0x100000 }, 6);
	else
		fdt_write_prop(&w, "ranges", NULL, 0);
	fdt_write_u32(&w, "phandle", PHANDLE_GIC);
	if (version == 3) {
		fdt_write_node(&w, "its");
		fdt_write_string(&w, "compatible", "arm,gic-v3-its");
		fdt_write_u32(&w, "phandle", PHANDLE_ITS);
		fdt_write_close(&w);
	} else {
		frame(small_machine_moved_frame ? 0x20000 : 0x8020000);
	}
	fdt_write_close(&w);
}

/* Two windows, four lines; MSIs go to @msi. */
static void pci(u32 msi)
{
	fdt_write_node(&w, "pcie@10000000");
	fdt_write_string(&w, "device_type", "pci");
	fdt_write_u32(&w, "#address-cells", 3);
	fdt_write_u32(&w, "#size-cells", 2);
	fdt_write_u32(&w, "#interrupt-cells", 1);
	fdt_write_ranges(&w, "reg", (u64[]){ 0x4010000000, 0x10000000 }, 1);
	fdt_write_cells(&w, "ranges", (u32[]){
		0x1000000, 0, 0, 0, 0x3eff0000, 0, 0x10000,
		0x3000000, 0x80, 0, 0x80, 0, 0x80, 0 }, 14);
	fdt_write_cells(&w, "msi-map", (u32[]){ 0, msi, 0, 0x10000 }, 4);
	fdt_write_cells(&w, "iommu-map", (u32[]){ 0, PHANDLE_SMMU, 0, 0x10000 }, 4);
	fdt_write_cells(&w, "interrupt-map", (u32[]){
		0, 0, 0, 1, PHANDLE_GIC, 0, 0, 0, 3, 4,
		0, 0, 0, 2, PHANDLE_GIC, 0, 0, 0, 4, 4 }, 20);
	fdt_write_close(&w);
}

static void write_rest(u32 version)
{
	fdt_write_node(&w, "reserved-memory");
	fdt_write_close(&w);
	fdt_write_node(&w, "psci");
	fdt_write_string(&w, "compatible", "arm,psci-1.0");
	fdt_write_string(&w, "method", "smc");
	fdt_write_close(&w);
	fdt_write_node(&w, "timer");
	fdt_write_string(&w, "compatible", "arm,armv8-timer");
	fdt_write_cells(&w, "interrupts", (u32[]){ 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4 }, 12);
	fdt_write_close(&w);
	device("serial", "arm,pl011", 0x9000000, 1);
	fdt_write_node_at(&w, "smmu", 0x9050000);
	fdt_write_ranges(&w, "reg", (u64[]){ 0x9050000, 0x20000 }, 1);
	fdt_write_u32(&w, "#iommu-cells", 1);
	fdt_write_u32(&w, "phandle", PHANDLE_SMMU);
	fdt_write_close(&w);
	/* An SMMU as older trees have it. */
	fdt_write_node_at(&w, "oldmmu", 0x9060000);
	fdt_write_cells(&w, "mmu-masters", (u32[]){ PHANDLE_CLOCK }, 1);
	fdt_write_close(&w);
	fdt_write_node(&w, "clock");
	fdt_write_u32(&w, "phandle", PHANDLE_CLOCK);
	fdt_write_close(&w);
	fdt_write_node(&w, "bus");
	fdt_write_u32(&w, "#address-cells", 2);
	fdt_write_u32(&w, "#size-cells", 2);
	fdt_write_prop(&w, "ranges", NULL, 0);
	device("rtc", "arm,pl031", 0x9010000, 2);
	device("uart", "arm,pl011", 0x9020000, 7);
	device("gpio", "arm,pl061", 0x9030000, 7);
	fdt_write_close(&w);
	fdt_write_node(&w, "off");
	fdt_write_string(&w, "status", "disabled");
	fdt_write_close(&w);
	pci(version == 3 ? PHANDLE_ITS : PHANDLE_V2M);
}

void small_machine_make(u32 version)
{
	u32 len;

	fdt_write_begin(&w, blob, sizeof(blob));
	fdt_write_u32(&w, "#address-cells", 2);
	fdt_write_u32(&w, "#size-cells", 2);
	fdt_write_u32(&w, "interrupt-parent", PHANDLE_GIC);
	fdt_write_node(&w, "chosen");
	fdt_write_string(&w, "stdout-path", "/serial@9000000");
	fdt_write_close(&w);
	fdt_write_node_at(&w, "memory", 0x40000000);
	fdt_write_string(&w, "device_type", "memory");
	fdt_write_ranges(&w, "reg", (u64[]){ 0x40000000, 1UL << 30 }, 1);
	fdt_write_close(&w);
	fdt_write_node(&w, "cpus");
	fdt_write_u32(&w, "#address-cells", 1);
	fdt_write_u32(&w, "#size-cells", 0);
	fdt_write_node(&w, "cpu@0");
	fdt_write_string(&w, "device_type", "cpu");
	fdt_write_u32(&w, "reg", 0);
	fdt_write_close(&w);
	fdt_write_close(&w);
	gic(version);
	write_rest(version);
	len = fdt_write_end(&w);
	assert_int_equal(fdt_open(&small_tree, blob, len), FDT_OK);
	assert_null(dt_machine_parse(&small_tree, &small_machine));
}
