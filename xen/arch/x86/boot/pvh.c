/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PVH start information, as <public/arch-x86/hvm/start_info.h> lays it out. */
#include <xen/types.h>
#include <public/arch-x86/hvm/start_info.h>
#include "boot.h"

static void parse_modules(const struct hvm_start_info *si)
{
	const struct hvm_modlist_entry *m;

	m = boot_ptr(si->modlist_paddr, si->nr_modules * sizeof(*m));
	if (m == NULL && si->nr_modules) {
		boot_fault("the PVH module list is not below 4 GiB");
		return;
	}
	for (u32 i = 0; i < si->nr_modules; i++) {
		if (m[i].size > ~m[i].paddr) {
			boot_fault("module %u wraps around the address space", i + 1);
			return;
		}
		boot_add_module(m[i].paddr, m[i].paddr + m[i].size,
				boot_ptr(m[i].cmdline_paddr, 1), false);
	}
}

void boot_parse_pvh(u32 info)
{
	const struct hvm_start_info *si = boot_ptr(info, sizeof(*si));
	const struct hvm_memmap_table_entry *map;

	boot_info.protocol = BOOT_PVH;
	boot_set_loader("PVH");
	if (si == NULL || si->magic != XEN_HVM_START_MAGIC_VALUE) {
		boot_fault("the PVH start information lacks its magic number");
		return;
	}
	boot_set_cmdline(boot_ptr(si->cmdline_paddr, 1), false);
	boot_info.rsdp = paddr_make(si->rsdp_paddr);
	parse_modules(si);
	if (si->version < 1) {
		boot_fault("PVH start information of version %u has no memory map; "
			   "version 1 is needed",
			   si->version);
		return;
	}
	map = boot_ptr(si->memmap_paddr, si->memmap_entries * sizeof(*map));
	if (map == NULL && si->memmap_entries)
		boot_fault("the PVH memory map is not below 4 GiB");
	for (u32 i = 0; map && i < si->memmap_entries; i++)
		boot_add_region(map[i].addr, map[i].size, map[i].type);
}
