/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's physical memory map, as in its boot structures and XENMEM_memory_map. */
#ifndef ASM_X86_E820_H
#define ASM_X86_E820_H

#include <xen/compiler.h>

#define GUEST_MAP_MAX 128

struct guest_region {
	u64 start, size;
	u32 type;		/* XEN_HVM_MEMMAP_TYPE_* */
};

/** Sorted by address, not overlapping. Constant once the guest runs. */
struct guest_map {
	u32 nr;
	struct guest_region region[GUEST_MAP_MAX];
};

/** Insert a region that overlaps none, merging it with a neighbour of its type. False: full. */
bool guest_map_add(struct guest_map *m, u64 start, u64 size, u32 type);
/** Cut [@start, @start + @size) out of RAM regions and give it @type. False: full or not RAM. */
bool guest_map_carve(struct guest_map *m, u64 start, u64 size, u32 type);
/** The lowest aligned address from @from on, below @limit, with @size bytes of RAM; 0: none. */
u64 guest_map_find_ram(const struct guest_map *m, u64 from, u64 limit, u64 size, u64 align);
/** Whether [@start, @start + @size) lies in one RAM region. */
bool guest_map_is_ram(const struct guest_map *m, u64 start, u64 size);
u64 guest_map_ram_bytes(const struct guest_map *m);

#endif
