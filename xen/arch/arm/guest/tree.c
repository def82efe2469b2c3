/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device tree that tells a kernel of its machine. A guest's is made of what the ABI fixes
 * (public/arch-arm.h). The hardware domain's is the machine's tree, but for what the hypervisor
 * uses or makes itself: memory, CPUs, interrupt controller, timer, firmware.
 */
#include <xen/dt_devices.h>
#include <xen/hal/build.h>
#include <xen/printk.h>
#include <asm/domain.h>
#include <asm/mm.h>
#include <asm/sections.h>
#include <asm/setup.h>

#define TREE_BYTES (64U << 10)
#define PHANDLE_GIC 1
#define GRANT_TABLE_BASE 0x38000000UL
#define GRANT_TABLE_BYTES 0x01000000UL

/* What the GIC's binding says of a local interrupt: kind, and flags for "level, low". */
#define CELL_PPI 1
#define CELL_LEVEL_LOW 0xf08
#define MAX_IRQ_CELLS 4

static u8 tree_buf[TREE_BYTES] __initdata __aligned(8);
static struct fdt_writer writer __initdata;

/* How the tree that is being written gives numbers: the hardware domain's as the machine's does. */
struct tree_style {
	u32 address_cells, size_cells;	/* of the root */
	u32 irq_cells, gic_address_cells;
	u32 gic;			/* phandle */
};
static struct tree_style style __initdata;

u64 __init hal_start_info_bytes(void) { return TREE_BYTES; }

static void __init write_chosen(const struct boot_args *args)
{
	fdt_write_node(&writer, "chosen");
	if (args->cmdline)
		fdt_write_string(&writer, "bootargs", args->cmdline);
	if (args->initrd_len) {
		fdt_write_u64(&writer, "linux,initrd-start", args->initrd);
		fdt_write_u64(&writer, "linux,initrd-end", args->initrd + args->initrd_len);
	}
	fdt_write_close(&writer);
}

static void __init write_reg(const u64 *number, u32 n)
{
	fdt_write_reg(&writer, "reg", number, n, style.address_cells, style.size_cells);
}

/* Local interrupts, level-triggered. */
static void __init write_ppis(const u32 *irq, u32 n)
{
	u32 cell[3 * MAX_IRQ_CELLS] = { 0 };

	ASSERT(n <= 3 && style.irq_cells >= 3 && style.irq_cells <= MAX_IRQ_CELLS);
	for (u32 i = 0; i < n; i++) {
		cell[i * style.irq_cells] = CELL_PPI;
		cell[i * style.irq_cells + 1] = irq[i] - GIC_NR_SGIS;
		cell[i * style.irq_cells + 2] = CELL_LEVEL_LOW;
	}
	fdt_write_u32(&writer, "interrupt-parent", style.gic);
	fdt_write_cells(&writer, "interrupts", cell, n * style.irq_cells);
}

static void __init write_memory(const struct guest_map *m)
{
	for (u32 i = 0; i < m->nr; i++) {
		const struct guest_region *r = &m->region[i];

		if (r->type != GUEST_REGION_RAM)
			continue;
		fdt_write_node_at(&writer, "memory", r->start);
		fdt_write_string(&writer, "device_type", "memory");
		write_reg((u64[]){ r->start, r->size }, 1);
		fdt_write_close(&writer);
	}
}

static void __init write_cpus(const struct domain *d)
{
	fdt_write_node(&writer, "cpus");
	fdt_write_u32(&writer, "#address-cells", 1);
	fdt_write_u32(&writer, "#size-cells", 0);
	for (u32 i = 0; i < d->max_vcpus; i++) {
		fdt_write_node_at(&writer, "cpu", vgic_mpidr(i));
		fdt_write_string(&writer, "device_type", "cpu");
		fdt_write_string(&writer, "compatible", "arm,armv8");
		fdt_write_string(&writer, "enable-method", "psci");
		fdt_write_u32(&writer, "reg", (u32)vgic_mpidr(i));
		fdt_write_close(&writer);
	}
	fdt_write_close(&writer);
}

static void __init write_gic(const struct domain *d)
{
	const struct arm_domain *ad = to_ad(d);
	bool v2 = ad->vgic.version == 2;

	fdt_write_node_at(&writer, "interrupt-controller", ad->gicd);
	fdt_write_string(&writer, "compatible", v2 ? "arm,gic-400" : "arm,gic-v3");
	fdt_write_u32(&writer, "#interrupt-cells", style.irq_cells);
	fdt_write_u32(&writer, "#address-cells", style.gic_address_cells);
	fdt_write_prop(&writer, "interrupt-controller", NULL, 0);
	write_reg((u64[]){ ad->gicd, v2 ? VGIC2_DIST_BYTES : VGIC_DIST_BYTES, ad->gicr,
			   v2 ? GIC2_CPU_BYTES : (u64)d->max_vcpus * VGIC_REDIST_BYTES }, 2);
	fdt_write_u32(&writer, "phandle", style.gic);
	if (d->is_hardware) {
		fdt_write_u32(&writer, "#size-cells", style.size_cells);
		fdt_write_prop(&writer, "ranges", NULL, 0);
		dt_copy_msi_frames(&machine_tree, &machine, &writer);
	}
	fdt_write_close(&writer);
}

/*
 * Guest physical addresses where nothing is, for the frames of the grant table. With the machine's
 * addresses, these are the hypervisor's own image.
 */
static void __init write_grant_area(const struct domain *d)
{
	u64 image = (u64)(image_end - image_start);

	if (!d->is_hardware) {
		write_reg((u64[]){ GRANT_TABLE_BASE, GRANT_TABLE_BYTES }, 1);
		return;
	}
	write_reg((u64[]){ virt_to_paddr(image_start).v, ROUND_DOWN(image, PAGE_SIZE) }, 1);
}

static void __init write_platform(const struct domain *d)
{
	static const char psci[] = "arm,psci-1.0\0arm,psci-0.2\0arm,psci";
	static const char xen[] = "xen,xen-4.17\0xen,xen";

	fdt_write_node(&writer, "psci");
	fdt_write_prop(&writer, "compatible", psci, sizeof(psci));
	fdt_write_string(&writer, "method", "hvc");
	fdt_write_close(&writer);
	fdt_write_node(&writer, "timer");
	fdt_write_string(&writer, "compatible", "arm,armv8-timer");
	write_ppis((u32[]){ VIRQ_TIMER_SECURE, VIRQ_TIMER_PHYS, VIRQ_TIMER_VIRT }, 3);
	fdt_write_close(&writer);
	fdt_write_node(&writer, "hypervisor");
	fdt_write_prop(&writer, "compatible", xen, sizeof(xen));
	write_grant_area(d);
	write_ppis((u32[]){ VIRQ_EVENTS }, 1);
	fdt_write_close(&writer);
}

static void __init write_guest_root(const struct domain *d)
{
	u32 gic = guest_gic_phandle(d);

	style = (struct tree_style){ 2, 2, 3, 0, gic ? gic : PHANDLE_GIC };
	fdt_write_string(&writer, "model", "Xenolith virtual machine");
	fdt_write_string(&writer, "compatible", "xen,xenvm");
	fdt_write_u32(&writer, "#address-cells", style.address_cells);
	fdt_write_u32(&writer, "#size-cells", style.size_cells);
	fdt_write_u32(&writer, "interrupt-parent", style.gic);
}

/* The machine's properties and devices. Devices refer to the GIC by the machine's phandle, and
 * interrupt maps depend on its numbers of cells. */
static void __init write_machine_root(void)
{
	const struct fdt *t = &machine_tree;
	struct fdt_prop p;

	style = (struct tree_style){ 2, 1, 3, 0, PHANDLE_GIC };
	fdt_get_u32(t, fdt_root(t), "#address-cells", &style.address_cells);
	fdt_get_u32(t, fdt_root(t), "#size-cells", &style.size_cells);
	fdt_get_u32(t, machine.gic_node, "#interrupt-cells", &style.irq_cells);
	fdt_get_u32(t, machine.gic_node, "#address-cells", &style.gic_address_cells);
	fdt_get_u32(t, machine.gic_node, "phandle", &style.gic);
	if (style.address_cells - 1 > 1 || style.size_cells - 1 > 1 || style.irq_cells < 3 ||
	    style.irq_cells > MAX_IRQ_CELLS)
		panic("the device tree's root or GIC has numbers of cells that dom0's tree cannot "
		      "have");
	for (bool more = fdt_first_prop(t, fdt_root(t), &p); more; more = fdt_next_prop(t, &p))
		fdt_write_prop(&writer, p.name, p.value, p.len);
	dt_copy_devices(t, &machine, &writer);
}

const void *__init hal_start_info(const struct domain *d, u64 at, const struct boot_args *args,
				  u64 *len)
{
	fdt_write_begin(&writer, tree_buf, sizeof(tree_buf));
	d->is_hardware ? write_machine_root() : write_guest_root(d);
	write_chosen(args);
	write_memory(&to_ad(d)->map);
	write_cpus(d);
	write_gic(d);
	write_platform(d);
	if (!d->is_hardware)
		guest_write_devices(d, &writer);
	*len = fdt_write_end(&writer);
	if (!*len)
		panic("d%u: its device tree is larger than %u KiB", d->id, TREE_BYTES >> 10);
	return tree_buf;
}
