/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines from device trees: one is written and read back, then one thing at a time is wrong. */
#include "unit.h"

#include <string.h>

#include <xen/compiler.h>
#include <xen/dt_machine.h>
#include <xen/fdt_write.h>

static u8 blob[16384] __aligned(8);
static struct fdt_writer w;
static struct fdt tree;
static struct dt_machine m;

enum flaw { NONE, NO_MEMORY, OVERLAP, NO_CPUS, CPU_WITHOUT_REG, NO_GIC, GIC_WITHOUT_REGS,
	    NO_REDISTS, NO_TIMER, TIMER_WITHOUT_HYP, GICV2, SECONDARY_UART, DISABLED_GIC,
	    DISABLED_UART, FOUR_CELLS, NO_PARENT, EXTENDED };

#define GIC_PHANDLE 7

static void memory(u64 start, u64 size)
{
	fdt_write_node_at(&w, "memory", start);
	fdt_write_string(&w, "device_type", "memory");
	fdt_write_ranges(&w, "reg", (u64[]){ start, size }, 1);
	fdt_write_close(&w);
}

static void cpus(enum flaw flaw)
{
	fdt_write_node(&w, "cpus");
	fdt_write_u32(&w, "#address-cells", 2);
	fdt_write_u32(&w, "#size-cells", 0);
	for (u32 i = 0; i < 3 && flaw != NO_CPUS; i++) {
		fdt_write_node_at(&w, "cpu", i << 8);
		fdt_write_string(&w, "device_type", "cpu");
		if (flaw != CPU_WITHOUT_REG)
			fdt_write_u64(&w, "reg", i << 8);
		fdt_write_string(&w, "enable-method", i ? "psci" : "spin-table");
		fdt_write_close(&w);
	}
	fdt_write_close(&w);
}

/* On a bus whose addresses begin at 0x8000000. */
static void gic(enum flaw flaw)
{
	fdt_write_node(&w, "soc");
	fdt_write_u32(&w, "#address-cells", 1);
	fdt_write_u32(&w, "#size-cells", 1);
	fdt_write_cells(&w, "ranges", (u32[]){ 0, 0, 0x8000000, 0x1000000 }, 4);
	fdt_write_node_at(&w, "gic", 0);
	fdt_write_string(&w, "compatible", flaw == GICV2 ? "arm,cortex-a15-gic" : "arm,gic-v3");
	fdt_write_u32(&w, "#interrupt-cells", flaw == FOUR_CELLS ? 4 : 3);
	fdt_write_u32(&w, "phandle", flaw == NO_PARENT ? GIC_PHANDLE + 1 : GIC_PHANDLE);
	if (flaw == DISABLED_GIC)
		fdt_write_string(&w, "status", "disabled");
	if (flaw != GIC_WITHOUT_REGS)
		fdt_write_cells(&w, "reg", (u32[]){ 0, 0x10000, 0xa0000, 0xf60000 }, 4);
	if (flaw == NO_REDISTS)
		fdt_write_u32(&w, "#redistributor-regions", 2);
	fdt_write_close(&w);
	fdt_write_node_at(&w, "serial", 0x100000);
	fdt_write_string(&w, "compatible",
			 flaw == SECONDARY_UART ? "snps,dw-apb-uart" : "arm,pl011");
	fdt_write_cells(&w, "reg", (u32[]){ 0x100000, 0x1000 }, 2);
	fdt_write_cells(&w, "interrupts", (u32[]){ 0, 1, 4 }, 3);
	fdt_write_u32(&w, "reg-shift", 2);
	fdt_write_u32(&w, "reg-io-width", 4);
	if (flaw == DISABLED_UART)
		fdt_write_string(&w, "status", "disabled");
	fdt_write_close(&w);
	fdt_write_close(&w);
}

static void timer(enum flaw flaw)
{
	u32 cells[] = { 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4 };
	u32 extended[] = { GIC_PHANDLE, 1, 13, 4, GIC_PHANDLE, 1, 14, 4, GIC_PHANDLE, 1, 11, 4,
			   GIC_PHANDLE, 1, 10, 4 };
	u32 four[] = { 1, 13, 4, 0, 1, 14, 4, 0, 1, 11, 4, 0, 1, 10, 4, 0 };

	if (flaw == NO_TIMER)
		return;
	fdt_write_node(&w, "timer");
	fdt_write_string(&w, "compatible", "arm,armv8-timer");
	if (flaw == EXTENDED)
		fdt_write_cells(&w, "interrupts-extended", extended, 16);
	fdt_write_cells(&w, "interrupts", flaw == FOUR_CELLS ? four : cells,
			flaw == TIMER_WITHOUT_HYP || flaw == EXTENDED ? 9 :
			flaw == FOUR_CELLS ? 16 : 12);
	fdt_write_close(&w);
}

static const char *parse(enum flaw flaw)
{
	u32 len;

	fdt_write_begin(&w, blob, sizeof(blob));
	fdt_write_string(&w, "model", "a board");
	fdt_write_u32(&w, "#address-cells", 2);
	fdt_write_u32(&w, "#size-cells", 2);
	fdt_write_u32(&w, "interrupt-parent", GIC_PHANDLE);
	fdt_write_node(&w, "aliases");
	fdt_write_string(&w, "serial0", "/soc/serial@100000");
	fdt_write_close(&w);
	fdt_write_node(&w, "chosen");
	fdt_write_string(&w, "stdout-path", "serial0:115200n8");
	fdt_write_string(&w, "bootargs", "for Linux");
	fdt_write_string(&w, "xen,xen-bootargs", "sched=rtds");
	fdt_write_u32(&w, "linux,initrd-start", 0x48000000);
	fdt_write_u32(&w, "linux,initrd-end", 0x48001000);
	fdt_write_close(&w);
	if (flaw != NO_MEMORY) {
		memory(0x880000000, 1UL << 30);
		memory(0x40000000, flaw == OVERLAP ? 0x880000000UL : 1UL << 30);
	}
	cpus(flaw);
	if (flaw != NO_GIC)
		gic(flaw);
	timer(flaw);
	fdt_write_node(&w, "psci");
	fdt_write_string(&w, "compatible", "arm,psci-0.2");
	fdt_write_string(&w, "method", "smc");
	fdt_write_close(&w);
	len = fdt_write_end(&w);
	assert_int_not_equal(len, 0);
	assert_int_equal(fdt_open(&tree, blob, len), FDT_OK);
	return dt_machine_parse(&tree, &m);
}

static void test_whole(void **state)
{
	assert_null(parse(NONE));
	assert_string_equal(m.model, "a board");
	assert_string_equal(m.cmdline, "sched=rtds");
	assert_int_equal(m.initrd_end - m.initrd_start, 0x1000);
	/* In ascending order, whatever the tree's is. */
	assert_int_equal(m.nr_banks, 2);
	assert_int_equal(m.bank[0].start, 0x40000000);
	assert_int_equal(m.bank[1].start, 0x880000000);
	assert_int_equal(m.nr_cpus, 3);
	assert_int_equal(m.cpu_mpidr[2], 0x200);
	assert_false(m.cpu_psci[0]);
	assert_true(m.cpu_psci[1]);
	assert_int_equal(m.gic_version, 3);
	assert_int_equal(m.gic[0].start, 0x8000000);
	assert_int_equal(m.gic[1].start, 0x80a0000);
	assert_int_equal(m.timer_ppi[2], 27);
	assert_int_equal(m.timer_ppi[3], 26);
	assert_true(m.has_psci && !m.psci_uses_hvc);
	assert_int_equal(m.psci_version, 2);
	assert_int_equal(m.uart.kind, DT_UART_PL011);
	assert_int_equal(m.uart.regs.start, 0x8100000);
	assert_int_equal(m.uart.irq, 33);
	assert_int_equal(m.uart.reg_shift, 2);
	assert_null(parse(GICV2));
	assert_int_equal(m.gic_version, 2);
	assert_null(parse(SECONDARY_UART));
	assert_int_equal(m.uart.kind, DT_UART_NS16550);
	assert_null(parse(DISABLED_UART));
	assert_int_equal(m.uart.kind, DT_UART_NONE);
	/* Version 3 may describe each interrupt by four cells. */
	assert_null(parse(FOUR_CELLS));
	assert_int_equal(m.timer_ppi[3], 26);
	assert_null(parse(EXTENDED));
	assert_int_equal(m.timer_ppi[0], 29);
	assert_int_equal(m.timer_ppi[3], 26);
}

static void test_flaws(void **state)
{
	static const struct { enum flaw flaw; const char *error; } cases[] = {
		{ NO_MEMORY, "no memory" },
		{ OVERLAP, "banks of memory overlap" },
		{ NO_CPUS, "no CPUs" },
		{ CPU_WITHOUT_REG, "a CPU has no reg" },
		{ NO_GIC, "no GIC of version 2 or 3" },
		{ DISABLED_GIC, "no GIC of version 2 or 3" },
		{ GIC_WITHOUT_REGS, "the GIC has no registers" },
		{ NO_REDISTS, "the GIC has no registers of redistributors" },
		{ NO_TIMER, "no architected timer" },
		{ TIMER_WITHOUT_HYP, "the timer has no hypervisor interrupt" },
		{ NO_PARENT, "the timer has no hypervisor interrupt" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *error = parse(cases[i].flaw);

		assert_non_null(error);
		assert_string_equal(error, cases[i].error);
	}
	/* What is wrong with one part keeps no other from being read. */
	assert_non_null(parse(NO_MEMORY));
	assert_int_equal(m.nr_cpus, 3);
	assert_int_equal(m.gic_version, 3);
	assert_int_equal(m.timer_ppi[3], 26);
	assert_true(m.has_psci);
}

/* The port @name on a bus that maps its interrupts, as on ARM's models: @map, of @nr cells. */
static u32 mapped_irq(const char *name, const u32 *map, u32 nr)
{
	u32 len;

	fdt_write_begin(&w, blob, sizeof(blob));
	fdt_write_u32(&w, "#address-cells", 1);
	fdt_write_u32(&w, "#size-cells", 1);
	fdt_write_node(&w, "gic");
	fdt_write_string(&w, "compatible", "arm,gic-400");
	fdt_write_u32(&w, "#address-cells", 1);
	fdt_write_u32(&w, "#interrupt-cells", 3);
	fdt_write_u32(&w, "phandle", GIC_PHANDLE);
	fdt_write_close(&w);
	fdt_write_node(&w, "bus");
	fdt_write_u32(&w, "#address-cells", 1);
	fdt_write_u32(&w, "#size-cells", 1);
	fdt_write_u32(&w, "#interrupt-cells", 1);
	fdt_write_cells(&w, "ranges", NULL, 0);
	fdt_write_cells(&w, "interrupt-map-mask", (u32[]){ 0, 63 }, 2);
	fdt_write_cells(&w, "interrupt-map", map, nr);
	fdt_write_node(&w, "inner");
	fdt_write_u32(&w, "#address-cells", 1);
	fdt_write_u32(&w, "#size-cells", 1);
	fdt_write_node(&w, "serial");
	fdt_write_cells(&w, "reg", (u32[]){ 0x1000, 0x1000 }, 2);
	fdt_write_cells(&w, "interrupts", (u32[]){ 5 }, 1);
	fdt_write_close(&w);
	fdt_write_close(&w);
	fdt_write_close(&w);
	len = fdt_write_end(&w);
	assert_int_not_equal(len, 0);
	assert_int_equal(fdt_open(&tree, blob, len), FDT_OK);
	return dt_gic_irq(&tree, fdt_find_path(&tree, name), 0);
}

static void test_interrupt_map(void **state)
{
	static const char name[] = "/bus/inner/serial";
	static const u32 map[] = { 0, 4, GIC_PHANDLE, 0, 0, 40, 4, 0, 5, GIC_PHANDLE, 0, 0, 41, 4 };
	static const u32 strange[] = { 0, 4, GIC_PHANDLE + 1, 0, 0, 40, 4 };

	assert_int_equal(mapped_irq(name, map, 14), 32 + 41);
	assert_int_equal(mapped_irq(name, map, 7), 0);
	assert_int_equal(mapped_irq(name, map, 13), 0);
	assert_int_equal(mapped_irq(name, strange, 7), 0);
	assert_int_equal(mapped_irq(name, map, 0), 0);
	assert_int_equal(mapped_irq("/bus", map, 14), 0);
}

/* A bus whose "ranges" have entries of no cells maps nothing, and the search ends. */
static void test_empty_entries(void **state)
{
	struct dt_range r;
	u32 len;

	fdt_write_begin(&w, blob, sizeof(blob));
	fdt_write_u32(&w, "#address-cells", 0);
	fdt_write_node(&w, "bus");
	fdt_write_u32(&w, "#address-cells", 0);
	fdt_write_u32(&w, "#size-cells", 0);
	fdt_write_u32(&w, "ranges", 0);
	fdt_write_node(&w, "serial");
	fdt_write_u32(&w, "reg", 0);
	fdt_write_close(&w);
	fdt_write_close(&w);
	len = fdt_write_end(&w);
	assert_int_not_equal(len, 0);
	assert_int_equal(fdt_open(&tree, blob, len), FDT_OK);
	assert_false(dt_reg(&tree, fdt_find_path(&tree, "/bus/serial"), 0, &r));
}

static void test_translation(void **state)
{
	struct dt_range r;
	fdt_node_t n;

	assert_null(parse(NONE));
	n = fdt_find_path(&tree, "/soc/serial@100000");
	assert_true(dt_reg(&tree, n, 0, &r));
	assert_int_equal(r.start, 0x8100000);
	assert_int_equal(r.size, 0x1000);
	assert_false(dt_reg(&tree, n, 1, &r));
	assert_false(dt_reg(&tree, n, 0x40000000, &r));
	assert_false(dt_reg(&tree, fdt_root(&tree), 0, &r));
	assert_int_equal(dt_gic_irq(&tree, n, 1), 0);
}

/* A damaged tree may be refused or read as another machine, but it is never read outside. */
static void test_damage(void **state)
{
	u32 seed = 1, len;

	for (u32 i = 0; i < 3000; i++) {
		static u8 copy[sizeof(blob)] __aligned(8);

		parse(NONE);
		len = tree.size;
		memcpy(copy, blob, len);
		for (u32 k = 0; k < 1 + i % 4; k++) {
			seed = seed * 1664525 + 1013904223;
			copy[56 + seed % (len - 56)] = (u8)(seed >> 24);
		}
		if (fdt_open(&tree, copy, len) == FDT_OK)
			dt_machine_parse(&tree, &m);
	}
}

static void test_writer_full(void **state)
{
	static u8 small[200] __aligned(8);
	u32 fits = 0;

	for (u32 size = 0; size <= sizeof(small); size++) {
		u32 len;

		fdt_write_begin(&w, small, size);
		fdt_write_string(&w, "model", "x");
		fdt_write_node(&w, "chosen");
		fdt_write_u64(&w, "number", 1UL << 40);
		fdt_write_close(&w);
		len = fdt_write_end(&w);
		assert_true(len <= size);
		if (!len)
			continue;
		fits++;
		assert_int_equal(fdt_open(&tree, small, len), FDT_OK);
	}
	assert_true(fits > 10 && fits < sizeof(small) - 80);
	/* Nodes that are still open. */
	fdt_write_begin(&w, blob, sizeof(blob));
	fdt_write_node(&w, "open");
	assert_int_equal(fdt_write_end(&w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_flaws),
		cmocka_unit_test(test_translation),
		cmocka_unit_test(test_interrupt_map),
		cmocka_unit_test(test_empty_entries),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_writer_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
