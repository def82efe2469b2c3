/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hardware domain's part of a machine's tree: a small machine is written, copied, and read. */
#include "unit.h"

#include <string.h>

#include <xen/compiler.h>
#include <xen/dt_devices.h>

enum { PHANDLE_GIC = 7, PHANDLE_ITS, PHANDLE_V2M, PHANDLE_SMMU, PHANDLE_CLOCK };

static u8 blob[16384] __aligned(8), copy[16384] __aligned(8);
static struct fdt_writer w;
static struct fdt tree, copied;
static struct dt_machine m;
/* The frame for MSIs lies at another address for the CPUs than its node says. */
static bool moved_frame;

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
	if (moved_frame)
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
		frame(moved_frame ? 0x20000 : 0x8020000);
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
	fdt_write_u32(&w, "#iommu-cells", 1);
	fdt_write_u32(&w, "phandle", PHANDLE_SMMU);
	fdt_write_close(&w);
	fdt_write_node(&w, "clock");
	fdt_write_u32(&w, "phandle", PHANDLE_CLOCK);
	fdt_write_close(&w);
	fdt_write_node(&w, "bus");
	fdt_write_u32(&w, "#address-cells", 2);
	fdt_write_u32(&w, "#size-cells", 2);
	fdt_write_prop(&w, "ranges", NULL, 0);
	device("rtc", "arm,pl031", 0x9010000, 2);
	fdt_write_close(&w);
	fdt_write_node(&w, "off");
	fdt_write_string(&w, "status", "disabled");
	fdt_write_close(&w);
	pci(version == 3 ? PHANDLE_ITS : PHANDLE_V2M);
}

static void make(u32 version)
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
	assert_int_equal(fdt_open(&tree, blob, len), FDT_OK);
	assert_null(dt_machine_parse(&tree, &m));

	fdt_write_begin(&w, copy, sizeof(copy));
	fdt_write_node(&w, "intc");
	dt_copy_msi_frames(&tree, &m, &w);
	fdt_write_close(&w);
	dt_copy_devices(&tree, &m, &w);
	len = fdt_write_end(&w);
	assert_int_equal(fdt_open(&copied, copy, len), FDT_OK);
}

static bool is_copied(const char *path)
{
	return fdt_node_ok(fdt_find_path(&copied, path));
}

static bool has_prop(const char *path, const char *name)
{
	struct fdt_prop p;

	return fdt_get_prop(&copied, fdt_find_path(&copied, path), name, &p);
}

static void test_copy(void **state)
{
	static const char *const kept[] = { "/clock", "/bus/rtc", "/pcie" };
	static const char *const own[] = { "/chosen", "/memory", "/cpus", "/reserved-memory",
					   "/psci", "/timer", "/serial", "/smmu", "/off" };
	struct fdt_prop a, b;

	make(3);
	for (u32 i = 0; i < ARRAY_SIZE(kept); i++)
		assert_true(is_copied(kept[i]));
	for (u32 i = 0; i < ARRAY_SIZE(own); i++)
		assert_false(is_copied(own[i]));
	assert_false(is_copied("/intc/its"));
	/* A property as it was; those that lead nowhere are left out. */
	assert_true(fdt_get_prop(&tree, fdt_find_path(&tree, "/pcie"), "interrupt-map", &a));
	assert_true(fdt_get_prop(&copied, fdt_find_path(&copied, "/pcie"), "interrupt-map", &b));
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.value, b.value, a.len);
	assert_false(has_prop("/pcie", "iommu-map"));
	assert_false(has_prop("/pcie", "msi-map"));
}

static void test_msi_frames(void **state)
{
	make(2);
	assert_true(is_copied("/intc/v2m"));
	assert_true(has_prop("/pcie", "msi-map"));
	moved_frame = true;
	make(2);
	moved_frame = false;
	assert_false(is_copied("/intc/v2m"));
	assert_false(has_prop("/pcie", "msi-map"));
}

static int note(const struct fdt *t, fdt_node_t n, void *arg)
{
	strcat(arg, fdt_node_name(t, n));
	strcat(arg, " ");
	return !strcmp(fdt_node_name(t, n), "rtc@9010000") ? 5 : 0;
}

static void test_walk(void **state)
{
	char seen[200] = "";

	make(2);
	assert_int_equal(dt_for_each_device(&tree, &m, note, seen), 5);
	assert_string_equal(seen, "clock bus rtc@9010000 ");
}

static void test_registers_and_interrupts(void **state)
{
	fdt_node_t n;
	struct dt_range r;
	u32 irq, irqs[4];

	make(3);
	n = fdt_find_path(&tree, "/pcie");
	assert_true(dt_bus_window(&tree, n, 0, &r));
	assert_true(r.start == 0x3eff0000 && r.size == 0x10000);
	assert_true(dt_bus_window(&tree, n, 1, &r));
	assert_true(r.start == 0x8000000000 && r.size == 0x8000000000);
	assert_false(dt_bus_window(&tree, n, 2, &r));
	assert_int_equal(dt_bus_irqs(&tree, n, irqs, 4), 2);
	assert_int_equal(irqs[0], 35);
	assert_int_equal(irqs[1], 36);
	assert_int_equal(dt_bus_irqs(&tree, n, irqs, 1), 1);
	n = fdt_find_path(&tree, "/bus/rtc");
	assert_true(dt_irq(&tree, n, 0, &irq));
	assert_int_equal(irq, 34);
	assert_false(dt_irq(&tree, n, 1, &irq));
}

/* What does not fit the cells of a tree's root fails it, instead of being cut off. */
static void test_numbers_fit(void **state)
{
	static const struct { u32 address, size; bool fits; } cells[] = {
		{ 2, 2, true }, { 2, 1, true }, { 1, 1, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cells); i++) {
		fdt_write_begin(&w, blob, sizeof(blob));
		fdt_write_reg(&w, "reg", (u64[]){ 0x880000000, 0x1000 }, 1, cells[i].address,
			      cells[i].size);
		assert_int_equal(fdt_write_end(&w) != 0, cells[i].fits);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_msi_frames),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_registers_and_interrupts),
		cmocka_unit_test(test_numbers_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
