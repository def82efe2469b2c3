/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building domains on ARM: where their memory lies, how a kernel is loaded, and the device tree
 * that it is told of its machine with. Addresses of guests are those of the ABI
 * (public/arch-arm.h); the hardware domain's are the machine's.
 */
#include <xen/errno.h>
#include <xen/fdt_write.h>
#include <xen/hal/build.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/version.h>
#include <asm/domain.h>
#include <asm/setup.h>
#include <asm/sysreg.h>

#include "private.h"

#define SIZE_2M (1UL << 21)
#define TREE_BYTES (64U << 10)
#define EM_AARCH64 183
/* Linux's arm64 boot protocol (Documentation/arm64/booting.rst). */
#define IMAGE_MAGIC_AT 56
#define IMAGE_TEXT_OFFSET_AT 8
#define IMAGE_SIZE_AT 16

#define PHANDLE_GIC 1
#define GRANT_TABLE_BASE 0x38000000UL
#define GRANT_TABLE_BYTES 0x01000000UL

/* A line's cells: kind, number, flags of the GIC's binding. */
#define PPI(n, flags) 1, (n) - 16, (flags)
#define LEVEL_LOW 0xf08

static u8 tree_buf[TREE_BYTES] __initdata __aligned(8);
static struct fdt_writer writer __initdata;

void __init hal_guest_config(struct domain_config *cfg) {}

struct guest_map *hal_guest_map(struct domain *d) { return &to_ad(d)->map; }

void __init hal_guest_plan_ram(struct guest_map *m, u64 bytes)
{
	u64 first = min(bytes, GUEST_RAM0_SIZE);

	ASSERT(!m->nr && !page_offset(bytes));
	guest_map_add(m, GUEST_RAM0_BASE, first, GUEST_REGION_RAM);
	if (bytes > first)
		guest_map_add(m, GUEST_RAM1_BASE, bytes - first, GUEST_REGION_RAM);
}

int __init hal_hardware_domain_init(struct domain *d)
{
	/* Its devices are not passed through yet: nothing beside RAM. */
	return 0;
}

int __init hal_firmware_tables(struct domain *d, u64 *address)
{
	*address = 0;
	return 0;
}

static u64 __init le64(const void *p, u64 at)
{
	u64 v;

	memcpy(&v, (const char *)p + at, sizeof(v));
	return v;
}

/* An Image is loaded as a whole, at an offset from any multiple of 2 MiB. */
static const char *__init parse_image(const struct domain *d, const void *kernel, u64 len,
				      struct kernel_layout *out)
{
	u64 offset = le64(kernel, IMAGE_TEXT_OFFSET_AT), size = le64(kernel, IMAGE_SIZE_AT), base;

	if (!size)
		return "the Image's header does not say how much memory it needs";
	size = max(size, len);
	if (offset >= SIZE_2M || size > 1UL << 32)
		return "the Image's header has impossible sizes";
	base = guest_map_find_ram(&to_ad(d)->map, 0, ~0UL, size + offset, SIZE_2M);
	if (!base)
		return "its memory has no room for it; give it more";
	out->image = (struct elf_image){ .nr_segments = 1, .start = base + offset,
					 .end = base + offset + size };
	out->image.segment[0] = (struct elf_segment){ 0, len, size, base + offset };
	out->entry = base + offset;
	return NULL;
}

const char *__init hal_kernel_parse(const struct domain *d, const void *kernel, u64 len,
				    struct kernel_layout *out)
{
	enum elf_error e;

	out->limit = 1UL << GUEST_PHYS_BITS;
	if (len >= 64 && !memcmp((const char *)kernel + IMAGE_MAGIC_AT, "ARM\x64", 4))
		return parse_image(d, kernel, len, out);
	e = elf_parse(kernel, len, EM_AARCH64, &out->image);
	out->entry = out->image.entry;
	return e == ELF_OK ? NULL : elf_error_text(e);
}

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

static void __init write_memory(const struct guest_map *m)
{
	for (u32 i = 0; i < m->nr; i++) {
		const struct guest_region *r = &m->region[i];

		if (r->type != GUEST_REGION_RAM)
			continue;
		fdt_write_node_at(&writer, "memory", r->start);
		fdt_write_string(&writer, "device_type", "memory");
		fdt_write_ranges(&writer, "reg", (u64[]){ r->start, r->size }, 1);
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
	fdt_write_u32(&writer, "#interrupt-cells", 3);
	fdt_write_u32(&writer, "#address-cells", 0);
	fdt_write_prop(&writer, "interrupt-controller", NULL, 0);
	fdt_write_ranges(&writer, "reg",
			 (u64[]){ ad->gicd, v2 ? VGIC2_DIST_BYTES : VGIC_DIST_BYTES, ad->gicr,
				  v2 ? GIC2_CPU_BYTES : (u64)d->max_vcpus * VGIC_REDIST_BYTES },
			 2);
	fdt_write_u32(&writer, "phandle", PHANDLE_GIC);
	fdt_write_close(&writer);
}

static void __init write_platform(void)
{
	static const char psci[] = "arm,psci-1.0\0arm,psci-0.2\0arm,psci";
	static const char xen[] = "xen,xen-4.17\0xen,xen";

	fdt_write_node(&writer, "psci");
	fdt_write_prop(&writer, "compatible", psci, sizeof(psci));
	fdt_write_string(&writer, "method", "hvc");
	fdt_write_close(&writer);
	fdt_write_node(&writer, "timer");
	fdt_write_string(&writer, "compatible", "arm,armv8-timer");
	fdt_write_cells(&writer, "interrupts",
			(u32[]){ PPI(29, LEVEL_LOW), PPI(VIRQ_TIMER_PHYS, LEVEL_LOW),
				 PPI(VIRQ_TIMER_VIRT, LEVEL_LOW) }, 9);
	fdt_write_close(&writer);
	fdt_write_node(&writer, "hypervisor");
	fdt_write_prop(&writer, "compatible", xen, sizeof(xen));
	fdt_write_ranges(&writer, "reg", (u64[]){ GRANT_TABLE_BASE, GRANT_TABLE_BYTES }, 1);
	fdt_write_cells(&writer, "interrupts", (u32[]){ PPI(VIRQ_EVENTS, LEVEL_LOW) }, 3);
	fdt_write_u32(&writer, "interrupt-parent", PHANDLE_GIC);
	fdt_write_close(&writer);
}

const void *__init hal_start_info(const struct domain *d, u64 at, const struct boot_args *args,
				  u64 *len)
{
	fdt_write_begin(&writer, tree_buf, sizeof(tree_buf));
	fdt_write_string(&writer, "model", "Xenolith virtual machine");
	fdt_write_string(&writer, "compatible", "xen,xenvm");
	fdt_write_u32(&writer, "#address-cells", 2);
	fdt_write_u32(&writer, "#size-cells", 2);
	fdt_write_u32(&writer, "interrupt-parent", PHANDLE_GIC);
	write_chosen(args);
	write_memory(&to_ad(d)->map);
	write_cpus(d);
	write_gic(d);
	write_platform();
	*len = fdt_write_end(&writer);
	BUG_ON(!*len);
	return tree_buf;
}

void __init hal_vcpu_set_entry(struct vcpu *v, u64 entry, u64 start_info)
{
	ASSERT(!v->id);
	guest_vcpu_reset(to_av(v), entry, start_info);
}
