/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory before the heap: RAM of the device tree without the image, the tree itself, what it
 * reserves (its list, and /reserved-memory) and the modules. Allocations come from the top, so that
 * low memory stays whole for a dom0 that is mapped 1:1. What is left goes to the heap.
 */
#include <xen/printk.h>
#include <xen/string.h>
#include <asm/mm.h>
#include <asm/sections.h>
#include <asm/setup.h>

#define MAX_RESERVED 64	/* pieces of memory that firmware keeps, at most */
#define MAX_RANGES (2 * DT_MAX_BANKS + 2 * BOOT_MAX_MODULES + MAX_RESERVED)
#define SIZE_2M (1UL << 21)
#define FRAMES_PER_PIECE (SIZE_2M / sizeof(struct page_info))

static struct dt_range range[MAX_RANGES] __initdata;
static u32 nr_ranges __initdata;

static void __init add_range(u64 start, u64 end)
{
	BUG_ON(nr_ranges == MAX_RANGES);
	if (start < end)
		range[nr_ranges++] = (struct dt_range){ start, end - start };
}

static void __init remove_range(u64 start, u64 end)
{
	for (u32 i = 0; i < nr_ranges; i++) {
		struct dt_range *r = &range[i];
		u64 old_end = r->start + r->size;

		if (start >= old_end || end <= r->start)
			continue;
		r->size = max(r->start, start) - r->start;
		if (end < old_end)
			add_range(end, old_end);
	}
}

static void __init remove_pages(u64 start, u64 size)
{
	remove_range(ROUND_DOWN(start, PAGE_SIZE), ROUND_UP(start + size, PAGE_SIZE));
}

/* What has a place of its own (Devicetree Specification, 3.5); where only a size is wanted, an
 * operating system would choose the place for its drivers. */
static void __init remove_reserved(void)
{
	const struct fdt *t = &machine_tree;
	fdt_node_t n, top = fdt_find_child(t, fdt_root(t), "reserved-memory");
	struct dt_range r;
	u32 nr = 0;

	if (!fdt_node_ok(top))
		return;
	fdt_for_each_child(n, t, top)
		for (u32 i = 0; dt_reg(t, n, i, &r); i++) {
			if (nr++ == MAX_RESERVED)
				panic("/reserved-memory has more than %u parts", MAX_RESERVED);
			remove_pages(r.start, r.size);
		}
}

static void __init find_free(void)
{
	u64 start, end;

	for (u32 i = 0; i < machine.nr_banks; i++)
		add_range(ROUND_UP(machine.bank[i].start, PAGE_SIZE),
			  ROUND_DOWN(machine.bank[i].start + machine.bank[i].size, PAGE_SIZE));
	remove_pages(virt_to_paddr(image_start).v, (u64)(image_end - image_start));
	remove_pages(virt_to_paddr(machine_tree.blob).v, machine_tree.size);
	for (u32 i = 0; fdt_reserved(&machine_tree, i, &start, &end); i++)
		remove_pages(start, end);
	remove_reserved();
	for (u32 i = 0; boot_module_range(i, &start, &end); i++)
		remove_pages(start, end - start);
}

void *__init boot_alloc(u64 size, u64 align)
{
	struct dt_range *best = NULL;
	u64 best_start = 0;
	void *va;

	size = ROUND_UP(size, PAGE_SIZE);
	for (u32 i = 0; i < nr_ranges; i++) {
		struct dt_range *r = &range[i];
		u64 start;

		if (r->size < size)
			continue;
		start = ROUND_DOWN(r->start + r->size - size, align);
		if (start >= r->start && (!best || start > best_start)) {
			best = r;
			best_start = start;
		}
	}
	if (!best)
		panic("no %lu KiB of memory left; give the machine more", size / 1024);
	remove_range(best_start, best_start + size);
	va = paddr_to_virt(paddr_make(best_start));
	memset(va, 0, size);
	return va;
}

static void __init map_direct(void)
{
	/* The tree is mapped already, and what is around it. */
	u64 tree = tree_mapped.start, tree_end = tree_mapped.start + tree_mapped.size;

	for (u32 i = 0; i < machine.nr_banks; i++) {
		u64 start = ROUND_UP(machine.bank[i].start, PAGE_SIZE);
		u64 end = ROUND_DOWN(machine.bank[i].start + machine.bank[i].size, PAGE_SIZE);

		if (end > DIRECT_MAP_SIZE)
			panic("memory above %lu TiB cannot be used", DIRECT_MAP_SIZE >> 40);
		if (tree >= end || tree_end <= start) {
			BUG_ON(map_pages(DIRECT_MAP_BASE + start, paddr_make(start), end - start,
					 PROT_RW));
			continue;
		}
		if (tree > start)
			BUG_ON(map_pages(DIRECT_MAP_BASE + start, paddr_make(start), tree - start,
					 PROT_RW));
		if (tree_end < end)
			BUG_ON(map_pages(DIRECT_MAP_BASE + tree_end, paddr_make(tree_end),
					 end - tree_end, PROT_RW));
	}
}

static bool __init has_ram(u64 start, u64 end)
{
	for (u32 i = 0; i < machine.nr_banks; i++)
		if (start < machine.bank[i].start + machine.bank[i].size &&
		    end > machine.bank[i].start)
			return true;
	return false;
}

/* Parts of the frame table for holes in the memory map share one zeroed part, read-only. */
static void __init map_frame_table(void)
{
	const struct dt_range *last = &machine.bank[machine.nr_banks - 1];
	u64 hole = 0, va = FRAME_TABLE_BASE;

	max_mfn = (last->start + last->size) >> PAGE_SHIFT;
	frame_table = (struct page_info *)FRAME_TABLE_BASE;
	for (u64 mfn = 0; mfn < max_mfn; mfn += FRAMES_PER_PIECE, va += SIZE_2M) {
		bool ram = has_ram(mfn << PAGE_SHIFT, (mfn + FRAMES_PER_PIECE) << PAGE_SHIFT);
		u64 pa;

		if (!ram && !hole)
			hole = virt_to_paddr(boot_alloc(SIZE_2M, SIZE_2M)).v;
		pa = ram ? virt_to_paddr(boot_alloc(SIZE_2M, SIZE_2M)).v : hole;
		BUG_ON(map_pages(va, paddr_make(pa), SIZE_2M, ram ? PROT_RW : PROT_RO));
	}
}

void __init mm_init_memory(void)
{
	map_direct();
	boot_modules_init();
	find_free();
	map_frame_table();
	for (u32 i = 0; i < nr_ranges; i++)
		if (range[i].size)
			heap_add_region(paddr_to_mfn(paddr_make(range[i].start)),
					paddr_to_mfn(paddr_make(range[i].start + range[i].size)), 0,
					false);
	nr_ranges = 0;
	heap_set_from_top(true);
	mm_use_heap();
	printk(LOG_INFO "Memory: %lu MiB free of %lu MiB\n",
	       free_page_count(NUMA_NO_NODE) >> (20 - PAGE_SHIFT),
	       total_page_count() >> (20 - PAGE_SHIFT));
}
