/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start info that EBX of a PVH kernel points at (ABI: public/arch-x86/hvm/start_info.h). */
#ifndef XEN_X86_PVH_START_H
#define XEN_X86_PVH_START_H

#include <xen/boot.h>
#include <xen/guest_map.h>

#include <public/arch-x86/hvm/start_info.h>

/** Everything that the start info points at, in one piece; it comes first. */
struct pvh_start {
	struct hvm_start_info info;
	struct hvm_modlist_entry module;
	struct hvm_memmap_table_entry map[GUEST_MAP_MAX];
	char cmdline[BOOT_MODULE_CMDLINE_MAX];
};

/** Fill @s, which is for the guest physical address @at, below 4 GiB as all it names. A command
 * line that is too long is cut. Pure. */
void pvh_start_fill(struct pvh_start *s, u64 at, const struct guest_map *m,
		    const struct boot_args *args);

#endif
