/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hooks of hal/build.h for PVH guests. An unprivileged guest has RAM from 0 up to a hole below
 * 4 GiB and from there on, and finds its vCPUs in ACPI tables at the end of the low RAM.
 */
#include <xen/errno.h>
#include <xen/format.h>
#include <xen/hal/build.h>
#include <xen/x86/pvh-start.h>

#include <asm/domain.h>
#include <asm/hvm.h>

#include "build.h"

#define LOW_RAM_END (3UL << 30)
#define HIGH_RAM_START (4UL << 30)
/* The kernel is entered with 32-bit addresses. */
#define PVH_LIMIT (1UL << 32)
#define EM_X86_64 62

static struct pvh_start start_info __initdata;

void __init hal_guest_config(struct domain_config *cfg, bool devices)
{
	cfg->flags |= XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
	cfg->emulation_flags = XEN_X86_EMU_LAPIC;
}

bool __init hal_guest_devices_claim(const void *tree, u64 len, char *why, size_t size)
{
	scnprintf(why, size, "devices are given by a device tree on ARM only; remove the node");
	return false;
}

int __init hal_guest_devices_give(struct domain *d, const void *tree, u64 len)
{
	return -XEN_EOPNOTSUPP;
}

struct guest_map *__init hal_guest_map(struct domain *d)
{
	return &to_xd(d)->map;
}

void __init hal_guest_plan_ram(struct guest_map *m, u64 bytes)
{
	u64 low = min(bytes, LOW_RAM_END);

	ASSERT(!m->nr && !page_offset(bytes));
	guest_map_add(m, 0, low, GUEST_REGION_RAM);
	if (bytes > low)
		guest_map_add(m, HIGH_RAM_START, bytes - low, GUEST_REGION_RAM);
}

int __init hal_firmware_tables(struct domain *d, u64 *address)
{
	return d->is_hardware ? hardware_build_acpi(d, address) : guest_build_acpi(d, address);
}

const char *__init hal_kernel_parse(const struct domain *d, const void *kernel, u64 len,
			     struct kernel_layout *out)
{
	enum elf_error e = elf_parse(kernel, len, EM_X86_64, &out->image);

	out->entry = out->image.phys32_entry;
	out->limit = PVH_LIMIT;
	return e == ELF_OK ? NULL : elf_error_text(e);
}

u64 __init hal_start_info_bytes(void)
{
	return sizeof(start_info);
}

const void *__init hal_start_info(const struct domain *d, u64 at, const struct boot_args *args,
				  u64 *len)
{
	pvh_start_fill(&start_info, at, &to_xd(d)->map, args);
	*len = sizeof(start_info);
	return &start_info;
}

void __init hal_vcpu_set_entry(struct vcpu *v, u64 entry, u64 info)
{
	ASSERT(!v->id && entry < PVH_LIMIT && info < PVH_LIMIT);
	hvm_set_pvh_state(to_xv(v), (u32)entry, (u32)info);
}
