/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hardware domain's part of a machine's tree: a small machine is written, copied, and read. */
#include "unit.h"

#include <string.h>

#include <xen/compiler.h>
#include <xen/dt_devices.h>

#include "small-machine.h"

static u8 blob[16384] __aligned(8), copy[16384] __aligned(8);
static struct fdt_writer w;
static struct fdt copied;

static void make(u32 version)
{
	u32 len;

	small_machine_make(version);
	fdt_write_begin(&w, copy, sizeof(copy));
	fdt_write_node(&w, "intc");
	dt_copy_msi_frames(&small_tree, &small_machine, &w);
	fdt_write_close(&w);
	dt_copy_devices(&small_tree, &small_machine, &w);
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
					   "/psci", "/timer", "/serial", "/smmu", "/oldmmu",
					   "/off" };
	struct fdt_prop a, b;

	make(3);
	for (u32 i = 0; i < ARRAY_SIZE(kept); i++)
		assert_true(is_copied(kept[i]));
	for (u32 i = 0; i < ARRAY_SIZE(own); i++)
		assert_false(is_copied(own[i]));
	assert_false(is_copied("/intc/its"));
	/* A property as it was; those that lead nowhere are left out. */
	assert_true(fdt_get_prop(&small_tree, fdt_find_path(&small_tree, "/pcie"), "interrupt-map",
				 &a));
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
	small_machine_moved_frame = true;
	make(2);
	small_machine_moved_frame = false;
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
	assert_int_equal(dt_for_each_device(&small_tree, &small_machine, note, seen), 5);
	assert_string_equal(seen, "clock bus rtc@9010000 ");
}

static void test_registers_and_interrupts(void **state)
{
	fdt_node_t n;
	struct dt_range r;
	u32 irq, irqs[4];

	make(3);
	n = fdt_find_path(&small_tree, "/pcie");
	assert_true(dt_bus_window(&small_tree, n, 0, &r));
	assert_true(r.start == 0x3eff0000 && r.size == 0x10000);
	assert_true(dt_bus_window(&small_tree, n, 1, &r));
	assert_true(r.start == 0x8000000000 && r.size == 0x8000000000);
	assert_false(dt_bus_window(&small_tree, n, 2, &r));
	assert_int_equal(dt_bus_irqs(&small_tree, n, irqs, 4), 2);
	assert_int_equal(irqs[0], 35);
	assert_int_equal(irqs[1], 36);
	assert_int_equal(dt_bus_irqs(&small_tree, n, irqs, 1), 1);
	n = fdt_find_path(&small_tree, "/bus/rtc");
	assert_true(dt_irq(&small_tree, n, 0, &irq));
	assert_int_equal(irq, 34);
	assert_false(dt_irq(&small_tree, n, 1, &irq));
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
