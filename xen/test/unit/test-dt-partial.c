/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's partial device tree: what it gets of a small machine, and each mistake's message. */
#include "unit.h"

#include <string.h>

#include <xen/compiler.h>
#include <xen/dt_devices.h>
#include <xen/dt_partial.h>
#include <xen/fdt_partial.h>
#include <xen/fdt_write.h>

#include "small-machine.h"

#define GUEST_BITS 40
#define RTC "/bus/rtc@9010000"
#define PCI "/pcie@10000000"

static u8 blob[16384] __aligned(8), written[16384] __aligned(8);
static struct fdt_writer w;
static struct fdt t, out;
static struct dt_partial p;
static char why[160];
static bool confined, result;

static int setup(void **state)
{
	small_machine_make(3);
	confined = true;
	fdt_write_begin(&w, blob, sizeof(blob));
	fdt_write_node(&w, "gic");
	fdt_write_u32(&w, "phandle", 0xfde8);
	fdt_write_close(&w);
	fdt_write_node(&w, "passthrough");
	fdt_write_u32(&w, "#address-cells", 2);
	fdt_write_u32(&w, "#size-cells", 2);
	return 0;
}

/* A device below /passthrough; a NULL path or a size of 0 is left out. */
static void device(const char *path, u64 start, u64 size, u64 guest, bool force)
{
	u64 reg[] = { start, size, guest };
	u8 be[sizeof(reg)];

	for (u32 i = 0; i < sizeof(reg); i++)
		be[i] = (u8)(reg[i / 8] >> (7 - i % 8) * 8);
	fdt_write_node(&w, "dev");
	if (path)
		fdt_write_string(&w, "xen,path", path);
	if (size)
		fdt_write_prop(&w, "xen,reg", be, sizeof(be));
	if (force)
		fdt_write_prop(&w, "xen,force-assign-without-iommu", NULL, 0);
	fdt_write_u32(&w, "clock-frequency", 5);
	fdt_write_close(&w);
}

static void read(void)
{
	u32 len;

	fdt_write_close(&w);
	len = fdt_write_end(&w);
	assert_int_equal(fdt_open(&t, blob, len), FDT_OK);
	assert_true(fdt_is_partial(&t));
	why[0] = '\0';
	result = dt_partial_read(&t, &small_tree, &small_machine, confined, GUEST_BITS, &p, why,
				 sizeof(why));
	assert_true(result == !why[0]);
}

static void refused(const char *text)
{
	read();
	if (result || strcmp(why, text))
		fail_msg("expected \"%s\", got \"%s\"", text, why);
	setup(NULL);
}

static void accepted(void)
{
	read();
	if (!result)
		fail_msg("refused: %s", why);
}

static void test_clock(void **state)
{
	device(RTC, 0x9010000, 0x1000, 0x10000000, true);
	accepted();
	assert_int_equal(fdt_partial_gic(&t), 0xfde8);
	assert_int_equal(p.nr_regs, 1);
	assert_true(p.reg[0].start == 0x9010000 && p.reg[0].size == 0x1000 &&
		    p.reg[0].guest == 0x10000000);
	assert_int_equal(p.nr_irqs, 1);
	assert_int_equal(p.irq[0], 34);
	assert_int_equal(p.nr_streams, 0);
	assert_int_equal(p.nr_nodes, 1);
}

/* All lines of a host bridge, its streams, and parts of its registers and windows. */
static void test_bridge(void **state)
{
	device(PCI, 0x4010000000, 0x100000, 0x20000000, false);
	device(NULL, 0x8000000000, 0x10000, 0x21000000, true);
	accepted();
	assert_int_equal(p.nr_irqs, 2);
	assert_int_equal(p.irq[0], 35);
	assert_int_equal(p.irq[1], 36);
	assert_int_equal(p.nr_streams, 1);
	assert_int_equal(p.stream[0].first, 0);
	assert_int_equal(p.stream[0].n, 0x10000);
}

static void test_guests_tree(void **state)
{
	struct fdt_prop prop;
	fdt_node_t n;
	u32 len, v;

	device(RTC, 0x9010000, 0x1000, 0x10000000, true);
	accepted();
	fdt_write_begin(&w, written, sizeof(written));
	fdt_write_partial(&w, &t);
	len = fdt_write_end(&w);
	assert_int_equal(fdt_open(&out, written, len), FDT_OK);
	n = fdt_find_path(&out, "/passthrough/dev");
	assert_true(fdt_node_ok(n));
	assert_true(fdt_get_u32(&out, n, "clock-frequency", &v) && v == 5);
	assert_false(fdt_get_prop(&out, n, "xen,path", &prop));
	assert_false(fdt_get_prop(&out, n, "xen,reg", &prop));
	assert_false(fdt_get_prop(&out, n, "xen,force-assign-without-iommu", &prop));
	assert_false(fdt_node_ok(fdt_find_path(&out, "/gic")));
}

/* Registers that no guest may have. */
static void test_forbidden(void **state)
{
	device(NULL, 0x40000000, 0x1000, 0x10000000, true);
	refused("dev: \"xen,reg\" has [0x40000000, 0x40001000), which is memory");
	device(NULL, 0x8000000, 0x1000, 0x10000000, true);
	refused("dev: \"xen,reg\" has [0x8000000, 0x8001000), which is the interrupt controller's");
	device(NULL, 0x80a0000, 0x1000, 0x10000000, true);
	refused("dev: \"xen,reg\" has [0x80a0000, 0x80a1000), which is the interrupt controller's");
	device(NULL, 0x9000000, 0x1000, 0x10000000, true);
	refused("dev: \"xen,reg\" has [0x9000000, 0x9001000), which is the hypervisor's console");
	device(NULL, 0x9050000, 0x1000, 0x10000000, true);
	refused("dev: \"xen,reg\" has [0x9050000, 0x9051000), which is an IOMMU's");
	/* A range that begins in a device and ends in another one's. */
	device(RTC, 0x9000000, 0x11000, 0x10000000, true);
	refused("dev: \"xen,reg\" has [0x9000000, 0x9011000), which is the hypervisor's console");
	device(NULL, 0x9040000, 0x1000, 0x10000000, true);
	refused("dev: \"xen,reg\" has [0x9040000, 0x9041000), where no one device of the machine "
		"has registers");
	device(RTC, 0x9010000, 0x2000, 0x10000000, true);
	refused("dev: \"xen,reg\" has [0x9010000, 0x9012000), where no one device of the machine "
		"has registers");
}

static void test_numbers(void **state)
{
	device(RTC, 0x9010800, 0x800, 0x10000000, true);
	refused("dev: \"xen,reg\" has [0x9010800, 0x9011000) at guest 0x10000000, which is not "
		"whole pages");
	device(RTC, 0x9010000, 0x1000, 0x10000010, true);
	refused("dev: \"xen,reg\" has [0x9010000, 0x9011000) at guest 0x10000010, which is not "
		"whole pages");
	device(RTC, 0x9010000, 0x1000, 1UL << GUEST_BITS, true);
	refused("dev: \"xen,reg\" has [0x9010000, +0x1000) at guest 0x10000000000, above what a "
		"guest can address");
	device(NULL, ~0xfffUL, 0x1000, 0x10000000, true);
	refused("dev: \"xen,reg\" has [0xfffffffffffff000, +0x1000) at guest 0x10000000, above "
		"what a guest can address");
	device(RTC, 0x9010000, 0xfffffffffffff000, 0x10000000, true);
	refused("dev: \"xen,reg\" has [0x9010000, +0xfffffffffffff000) at guest 0x10000000, above "
		"what a guest can address");
	device(RTC, 0x9010000, 0x1000, 0x10000000, true);
	device(PCI, 0x4010000000, 0x1000, 0x10000000, false);
	refused("dev: \"xen,reg\" has [0x4010000000, 0x4010001000) at guest 0x10000000, which "
		"overlaps another one");
	fdt_write_node(&w, "dev");
	fdt_write_u32(&w, "xen,reg", 7);
	fdt_write_close(&w);
	refused("dev: \"xen,reg\" has 4 bytes; give address, size and guest address of 2, 2 and 2 "
		"cells");
}

static void test_paths(void **state)
{
	device("/nothing", 0, 0, 0, true);
	refused("dev: the machine's tree has no node /nothing");
	device("/serial", 0, 0, 0, true);
	refused("dev: /serial is disabled, or what the hypervisor itself uses");
	device("/intc", 0, 0, 0, true);
	refused("dev: /intc is disabled, or what the hypervisor itself uses");
	device("/memory", 0, 0, 0, true);
	refused("dev: /memory is disabled, or what the hypervisor itself uses");
	device("/off", 0, 0, 0, true);
	refused("dev: /off is disabled, or what the hypervisor itself uses");
	fdt_write_node(&w, "dev");
	fdt_write_u32(&w, "xen,path", 7);
	fdt_write_close(&w);
	refused("dev: \"xen,path\" is not one string");
}

static void test_dma(void **state)
{
	device(RTC, 0x9010000, 0x1000, 0x10000000, false);
	refused("dev: the device has no IOMMU; \"xen,force-assign-without-iommu\" allows it for a "
		"device without DMA");
	device(NULL, 0x9010000, 0x1000, 0x10000000, false);
	refused("dev: it has \"xen,reg\" but no \"xen,path\", so no IOMMU; "
		"\"xen,force-assign-without-iommu\" allows it for a device without DMA");
	confined = false;
	device(PCI, 0, 0, 0, false);
	refused("dev: its IOMMU is not in use; \"xen,force-assign-without-iommu\" allows it for a "
		"device without DMA");
}

/* Two devices that share an interrupt go together. */
static void test_shared_interrupt(void **state)
{
	device("/bus/gpio", 0x9030000, 0x1000, 0x10000000, true);
	refused("dev: interrupt 39 is that of uart@9020000 too, which the guest does not get");
	device("/bus/gpio", 0x9030000, 0x1000, 0x10000000, true);
	device("/bus/uart", 0x9020000, 0x1000, 0x10001000, true);
	accepted();
	assert_int_equal(p.nr_irqs, 1);
}

/* What one guest has is neither the hardware domain's nor another guest's. */
static void test_others(void **state)
{
	small_machine.passed[small_machine.nr_passed++] = (struct dt_range){ 0x9010000, 0x1000 };
	small_machine.passed_node[small_machine.nr_passed_nodes++] =
		fdt_find_path(&small_tree, PCI);
	device(RTC, 0, 0, 0, true);
	read();
	assert_string_equal(why, "dev: another guest has " RTC ", or a page of its registers");
	fdt_write_begin(&w, written, sizeof(written));
	dt_copy_devices(&small_tree, &small_machine, &w);
	assert_int_equal(fdt_open(&out, written, fdt_write_end(&w)), FDT_OK);
	assert_true(fdt_node_ok(fdt_find_path(&out, "/bus")));
	assert_false(fdt_node_ok(fdt_find_path(&out, RTC)));
	assert_false(fdt_node_ok(fdt_find_path(&out, PCI)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_clock, setup),
		cmocka_unit_test_setup(test_bridge, setup),
		cmocka_unit_test_setup(test_guests_tree, setup),
		cmocka_unit_test_setup(test_forbidden, setup),
		cmocka_unit_test_setup(test_numbers, setup),
		cmocka_unit_test_setup(test_paths, setup),
		cmocka_unit_test_setup(test_dma, setup),
		cmocka_unit_test_setup(test_shared_interrupt, setup),
		cmocka_unit_test_setup(test_others, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
