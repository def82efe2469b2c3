/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SMMUs of version 1 and 2 in device trees: units, interrupts, and the streams of devices. */
#include "unit.h"

#include <string.h>

#include <xen/compiler.h>
#include <xen/dt_iommu.h>
#include <xen/fdt_write.h>

enum { GIC = 1, SMMU, OTHER, DEVICE };

static u8 blob[16384] __aligned(8);
static struct fdt_writer w;
static struct acpi_iommus found;

static void open_tree(void)
{
	fdt_write_begin(&w, blob, sizeof(blob));
	fdt_write_u32(&w, "#address-cells", 2);
	fdt_write_u32(&w, "#size-cells", 2);
	fdt_write_u32(&w, "interrupt-parent", GIC);
	fdt_write_node_at(&w, "intc", 0x8000000);
	fdt_write_string(&w, "compatible", "arm,gic-400");
	fdt_write_u32(&w, "#interrupt-cells", 3);
	fdt_write_u32(&w, "phandle", GIC);
	fdt_write_close(&w);
}

/* A unit, which is left open. */
static void open_smmu(const char *compatible, u32 phandle, u32 cells)
{
	fdt_write_node_at(&w, "smmu", 0xe0000000 + phandle * 0x10000);
	fdt_write_string(&w, "compatible", compatible);
	fdt_write_u32(&w, "phandle", phandle);
	fdt_write_u32(&w, "#global-interrupts", 1);
	fdt_write_cells(&w, "interrupts", (u32[]){ 0, 300, 4, 0, 301, 4 }, 6);
	fdt_write_ranges(&w, "reg", (u64[]){ 0xe0000000 + phandle * 0x10000, 0x10000 }, 1);
	if (cells)
		fdt_write_u32(&w, "#iommu-cells", cells);
}

static void smmu(const char *compatible, u32 phandle, u32 cells)
{
	open_smmu(compatible, phandle, cells);
	fdt_write_close(&w);
}

static void device(const char *prop, const u32 *cells, u32 nr, const char *status)
{
	fdt_write_node(&w, "device");
	fdt_write_string(&w, "status", status);
	fdt_write_cells(&w, prop, cells, nr);
	fdt_write_close(&w);
}

#define DEVICE_OF(prop, ...) \
	device(prop, (u32[]){ __VA_ARGS__ }, sizeof((u32[]){ __VA_ARGS__ }) / 4, "okay")

static const char *find(void)
{
	struct fdt t;

	assert_int_equal(fdt_open(&t, blob, fdt_write_end(&w)), FDT_OK);
	return dt_find_iommus(&t, &found);
}

static void check(u32 i, u32 unit, u32 stream, u32 mask)
{
	assert_true(i < found.nr_streams);
	assert_int_equal(found.streams[i].unit, unit);
	assert_int_equal(found.streams[i].stream, stream);
	assert_int_equal(found.streams[i].mask, mask);
}

static void test_versions(void **state)
{
	static const struct { const char *name; u32 version; } known[] = {
		{ "arm,smmu-v1", 1 }, { "arm,mmu-400", 1 }, { "arm,mmu-401", 1 },
		{ "arm,smmu-v2", 2 }, { "arm,mmu-500", 2 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(known); i++) {
		open_tree();
		smmu(known[i].name, SMMU, 1);
		assert_null(find());
		assert_int_equal(found.nr_units, 1);
		assert_int_equal(found.unit[0].version, known[i].version);
		assert_int_equal(found.unit[0].base.v, 0xe0020000);
		assert_int_equal(found.unit[0].size, 0x10000);
		assert_int_equal(found.unit[0].irq[0], 332);
		assert_int_equal(found.unit[0].irq[1], 333);
		assert_int_equal(found.unit[0].irq[2], 0);
		assert_false(found.unit[0].coherent);
		assert_int_equal(found.nr_streams, 0);
	}
}

static void test_streams(void **state)
{
	open_tree();
	DEVICE_OF("iommus", OTHER, 5, 0x1f, SMMU, 7, OTHER, 0x40, 0);
	smmu("arm,mmu-500", SMMU, 1);
	open_smmu("arm,mmu-401", OTHER, 2);
	fdt_write_prop(&w, "dma-coherent", NULL, 0);
	fdt_write_close(&w);
	device("iommus", (u32[]){ SMMU, 9 }, 2, "disabled");
	DEVICE_OF("iommus", SMMU, 0xffff);
	assert_null(find());
	assert_int_equal(found.nr_units, 2);
	assert_true(found.unit[1].coherent);
	assert_int_equal(found.nr_streams, 4);
	check(0, 1, 5, 0x1f);
	check(1, 0, 7, 0);
	check(2, 1, 0x40, 0);
	check(3, 0, 0xffff, 0);
}

/* A mask that the unit adds to all streams of one cell. */
static void test_match_mask(void **state)
{
	open_tree();
	open_smmu("arm,mmu-500", SMMU, 1);
	fdt_write_u32(&w, "stream-match-mask", 0x7c00);
	fdt_write_close(&w);
	DEVICE_OF("iommus", SMMU, 3);
	assert_null(find());
	check(0, 0, 3, 0x7c00);
}

static void test_buses(void **state)
{
	open_tree();
	smmu("arm,mmu-500", SMMU, 1);
	DEVICE_OF("iommu-map", 0, SMMU, 0, 0x10000);
	DEVICE_OF("iommu-map", 0, SMMU, 0x480, 0x20, 0x100, SMMU, 3, 6, 0x200, SMMU, 9, 0);
	assert_null(find());
	assert_int_equal(found.nr_streams, 5);
	check(0, 0, 0, 0xffff);
	check(1, 0, 0x480, 0x1f);
	/* 3 to 8 */
	check(2, 0, 3, 0);
	check(3, 0, 4, 3);
	check(4, 0, 8, 0);
}

/* As trees before Linux 4.9 have it. */
static void test_masters(void **state)
{
	open_tree();
	open_smmu("arm,mmu-401", SMMU, 0);
	fdt_write_cells(&w, "mmu-masters", (u32[]){ DEVICE, 0xe, 0xf, DEVICE + 1, 0 }, 5);
	fdt_write_close(&w);
	fdt_write_node(&w, "sata");
	fdt_write_u32(&w, "phandle", DEVICE);
	fdt_write_u32(&w, "#stream-id-cells", 2);
	fdt_write_close(&w);
	fdt_write_node(&w, "usb");
	fdt_write_u32(&w, "phandle", DEVICE + 1);
	fdt_write_u32(&w, "#stream-id-cells", 1);
	fdt_write_close(&w);
	assert_null(find());
	assert_int_equal(found.nr_streams, 3);
	check(0, 0, 0xe, 0);
	check(1, 0, 0xf, 0);
	check(2, 0, 0, 0);
}

/* What leads to a unit that is not used, or to no SMMU at all, is not a stream. */
static void test_others(void **state)
{
	open_tree();
	smmu("arm,mmu-500", SMMU, 1);
	open_smmu("arm,mmu-500", OTHER, 1);
	fdt_write_string(&w, "status", "disabled");
	fdt_write_close(&w);
	fdt_write_node(&w, "ipmmu");
	fdt_write_u32(&w, "#iommu-cells", 0);
	fdt_write_u32(&w, "phandle", DEVICE);
	fdt_write_close(&w);
	DEVICE_OF("iommus", DEVICE, OTHER, 4, SMMU, 6);
	DEVICE_OF("iommu-map", 0, OTHER, 0, 0x10000, 0, 0x77, 0, 1);
	assert_null(find());
	assert_int_equal(found.nr_units, 1);
	assert_int_equal(found.nr_streams, 1);
	check(0, 0, 6, 0);
}

/* Each is refused by one phrase. */
static void test_bad_trees(void **state)
{
	static const struct { const char *prop; u32 nr, cell[4]; const char *why; } bad[] = {
		{ "iommus", 2, { SMMU, 0x10000 }, "more than 16 bits" },
		{ "iommus", 2, { 0x77, 1 }, "not in the device tree" },
		{ "iommus", 1, { SMMU }, "cut short" },
		{ "iommu-map", 4, { 0, SMMU, 1, 0x10000 }, "more than 16 bits" },
		{ "iommu-map", 4, { 0, SMMU, 0xffffffff, 2 }, "more than 16 bits" },
		{ "iommu-map", 3, { 0, SMMU, 1 }, "cut short" },
		{ "mmu-masters", 2, { DEVICE, 1 }, "without streams" },
		{ "mmu-masters", 2, { GIC, 1 }, "without streams" },
		{ "mmu-masters", 2, { OTHER, 1 }, "cut short" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		bool masters = bad[i].prop[0] == 'm';
		const char *why;

		open_tree();
		open_smmu("arm,mmu-500", SMMU, 1);
		if (masters)
			fdt_write_cells(&w, bad[i].prop, bad[i].cell, bad[i].nr);
		fdt_write_close(&w);
		fdt_write_node(&w, "many");
		fdt_write_u32(&w, "phandle", OTHER);
		fdt_write_u32(&w, "#stream-id-cells", ~0U);
		fdt_write_close(&w);
		if (!masters)
			device(bad[i].prop, bad[i].cell, bad[i].nr, "okay");
		why = find();
		if (!why || !strstr(why, bad[i].why))
			fail_msg("case %u: '%s'", i, why ? why : "used");
	}
	open_tree();
	smmu("arm,mmu-500", SMMU, 3);
	DEVICE_OF("iommus", SMMU, 1, 2, 3);
	assert_non_null(strstr(find(), "neither 1 nor 2"));
	open_tree();
	smmu("arm,mmu-500", SMMU, 1);
	for (u32 i = 0; i < IOMMU_MAX_STREAMS / 8 + 1; i++)
		DEVICE_OF("iommus", SMMU, 1, SMMU, 1, SMMU, 1, SMMU, 1, SMMU, 1, SMMU, 1, SMMU, 1,
			  SMMU, 1);
	assert_non_null(strstr(find(), "too many streams"));
}

static void test_mixed_versions(void **state)
{
	open_tree();
	smmu("arm,mmu-500", SMMU, 1);
	fdt_write_node(&w, "new");
	fdt_write_string(&w, "compatible", "arm,smmu-v3");
	fdt_write_ranges(&w, "reg", (u64[]){ 0x9050000, 0x20000 }, 1);
	fdt_write_close(&w);
	assert_non_null(strstr(find(), "not used together"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions), cmocka_unit_test(test_streams),
		cmocka_unit_test(test_match_mask), cmocka_unit_test(test_buses),
		cmocka_unit_test(test_masters), cmocka_unit_test(test_others),
		cmocka_unit_test(test_bad_trees), cmocka_unit_test(test_mixed_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
