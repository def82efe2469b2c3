/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory before the heap: RAM of the boot map without the first MiB, the image and the modules.
 * Allocations come from the top, so that low memory stays whole for DMA and for a dom0 that is
 * mapped 1:1. What is left goes to the heap.
 */
#include <xen/types.h>
#include <public/arch-x86/hvm/start_info.h>
#include <xen/printk.h>
#include <asm/alternative.h>
#include <asm/mm.h>
#include <asm/numa.h>
#include <asm/sections.h>
#include <asm/setup.h>

#define LOW_MEMORY (1UL << 20)
#define NUMA_GRANULE SIZE_2M
#define MAX_RANGES (BOOT_MAX_REGIONS + 2 * BOOT_MAX_MODULES + 2)

struct range {
	u64 start, end;
};

static struct range ranges[MAX_RANGES] __initdata;
static u32 nr_ranges __initdata;
static u64 alloc_limit __initdata;

static void __init remove_range(u64 start, u64 end)
{
	for (u32 i = 0; i < nr_ranges; i++) {
		struct range *r = &ranges[i];
		u64 old_end = r->end;

		if (start >= r->end || end <= r->start)
			continue;
		r->end = max(r->start, min(r->end, start));
		if (end >= old_end)
			continue;
		BUG_ON(nr_ranges == MAX_RANGES);
		ranges[nr_ranges++] = (struct range){ end, old_end };
	}
}

void __init boot_alloc_init(void)
{
	for (u32 i = 0; i < boot_info.nr_regions; i++) {
		const struct boot_region *r = &boot_info.regions[i];
		u64 start = ROUND_UP(r->start, PAGE_SIZE);
		u64 end = ROUND_DOWN(r->start + r->size, PAGE_SIZE);

		start = max(start, LOW_MEMORY);
		end = min(end, (u64)DIRECT_MAP_SIZE);
		if (r->type == XEN_HVM_MEMMAP_TYPE_RAM && start < end)
			ranges[nr_ranges++] = (struct range){ start, end };
	}
	remove_range(image_start_pa(), ROUND_UP(image_end_pa(), PAGE_SIZE));
	for (u32 i = 0; i < boot_info.nr_modules; i++)
		remove_range(ROUND_DOWN(boot_info.modules[i].start.v, PAGE_SIZE),
			     ROUND_UP(boot_info.modules[i].end.v, PAGE_SIZE));
	/* What the first page tables map. */
	boot_alloc_set_limit(1UL << 32);
}

void __init boot_alloc_set_limit(u64 limit)
{
	alloc_limit = limit;
}

void __init boot_alloc_give(u64 start, u64 end)
{
	ASSERT(!page_offset(start) && !page_offset(end));
	BUG_ON(nr_ranges == MAX_RANGES);
	if (start < end)
		ranges[nr_ranges++] = (struct range){ start, end };
}

void *__init boot_alloc(u64 size, u64 align)
{
	struct range *best = NULL;
	u64 best_start = 0;
	void *va;

	ASSERT(size && align >= PAGE_SIZE && !(align & (align - 1)));
	size = ROUND_UP(size, PAGE_SIZE);
	for (u32 i = 0; i < nr_ranges; i++) {
		struct range *r = &ranges[i];
		u64 end = min(r->end, alloc_limit), start;

		if (end < size)
			continue;
		start = ROUND_DOWN(end - size, align);
		if (start >= r->start && (best == NULL || start > best_start)) {
			best = r;
			best_start = start;
		}
	}
	if (best == NULL)
		boot_reject("no %lu KiB of memory left; give the machine more", size / 1024);
	remove_range(best_start, best_start + size);
	va = paddr_to_virt(paddr_make(best_start));
	clear_memory(va, size);
	return va;
}

void __init heap_add_boot_memory(u64 start, u64 end)
{
	ASSERT(!page_offset(start) && !page_offset(end) && end >> PAGE_SHIFT <= max_mfn);
	while (start < end) {
		u8 node = numa_node_of(paddr_make(start));
		u64 next = ROUND_DOWN(start, NUMA_GRANULE) + NUMA_GRANULE;

		while (next < end && numa_node_of(paddr_make(next)) == node)
			next += NUMA_GRANULE;
		next = min(next, end);
		heap_add_region(paddr_to_mfn(paddr_make(start)), paddr_to_mfn(paddr_make(next)),
				node, false);
		start = next;
	}
}

void __init heap_init_from_boot(void)
{
	for (u32 i = 0; i < nr_ranges; i++)
		heap_add_boot_memory(ranges[i].start, ranges[i].end);
	nr_ranges = 0;
	heap_set_from_top(true);
}
