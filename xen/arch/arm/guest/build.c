/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building domains on ARM: where their memory lies and how a kernel is loaded. Addresses of guests
 * are those of the ABI (public/arch-arm.h); the hardware domain's are the machine's.
 */
#include <xen/hal/build.h>
#include <xen/iommu.h>
#include <xen/string.h>
#include <asm/domain.h>

#include "private.h"

#define SIZE_2M (1UL << 21)
#define EM_AARCH64 183
/* Linux's arm64 boot protocol (Documentation/arm64/booting.rst). */
#define IMAGE_MAGIC_AT 56
#define IMAGE_TEXT_OFFSET_AT 8
#define IMAGE_SIZE_AT 16

void __init hal_guest_config(struct domain_config *cfg, bool devices)
{
	if (!devices)
		return;
	/* Interrupts have the machine's numbers. */
	cfg->nr_spis = gic_nr_irqs - GIC_NR_LOCAL;
	if (iommu_in_use())
		cfg->flags |= XEN_DOMCTL_CDF_iommu;
}

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
	return guest_give_devices(d);
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

void __init hal_vcpu_set_entry(struct vcpu *v, u64 entry, u64 start_info)
{
	ASSERT(!v->id);
	guest_vcpu_reset(to_av(v), entry, start_info);
}
