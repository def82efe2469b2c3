/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's physical memory map, as its kernel is told of it. */
#ifndef XEN_GUEST_MAP_H
#define XEN_GUEST_MAP_H

#include <xen/types.h>

#define GUEST_MAP_MAX 128

/** The types of ACPI's address ranges that the hypervisor makes (ACPI 6.4, table 15.4). */
#define GUEST_REGION_RAM 1
#define GUEST_REGION_ACPI 3

struct guest_region {
	u64 start, size;	/* bytes */
	u32 type;		/* as in ACPI */
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

#endif
