/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The final page tables: direct map, image with strict permissions, and frame table. The frame
 * table for holes in the memory map shares one zeroed part, read-only.
 */
#include <xen/types.h>
#include <public/arch-x86/hvm/start_info.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <asm/desc.h>
#include <asm/mm.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <asm/trampoline.h>

/* Frames described by one 2 MiB part of the frame table. */
#define FRAMES_PER_PIECE (SIZE_2M / sizeof(struct page_info))
BUILD_BUG_ON(sizeof(struct page_info) != 32);

static bool __init in_direct_map(const struct boot_region *r)
{
	return r->type == XEN_HVM_MEMMAP_TYPE_RAM || r->type == XEN_HVM_MEMMAP_TYPE_ACPI ||
	       r->type == XEN_HVM_MEMMAP_TYPE_NVS;
}

static void __init map_boot(u64 va, u64 pa, u64 size, u64 prot)
{
	BUG_ON(map_pages(va, paddr_make(pa), size, prot));
}

static void __init map_direct(void)
{
	u64 mapped = 0;

	for (u32 i = 0; i < boot_info.nr_regions; i++) {
		const struct boot_region *r = &boot_info.regions[i];
		u64 start = ROUND_DOWN(r->start, PAGE_SIZE);
		u64 end = ROUND_UP(r->start + r->size, PAGE_SIZE);

		if (!in_direct_map(r))
			continue;
		if (end > DIRECT_MAP_SIZE) {
			printk(LOG_WARN "Memory above 64 TiB is not used\n");
			end = DIRECT_MAP_SIZE;
		}
		/* A page with both RAM and a device must not be cached. */
		if (r->type == XEN_HVM_MEMMAP_TYPE_RAM) {
			start = ROUND_UP(r->start, PAGE_SIZE);
			end = min(end, ROUND_DOWN(r->start + r->size, PAGE_SIZE));
		}
		/* Firmware tables of two types may share a page. */
		start = max(start, mapped);
		if (start >= end)
			continue;
		map_boot(DIRECT_MAP_BASE + start, start, end - start, PROT_RW);
		mapped = end;
	}
}

static void __init map_image_part(const char *start, const char *end, u64 prot)
{
	map_boot((u64)start, image_pa(start), end - start, prot);
}

static void __init map_image(void)
{
	const char *guard = boot_stack + STACK_GUARD_OFFSET;

	map_image_part(image_start, text_end, PROT_RX);
	map_image_part(text_end, rodata_end, PROT_RO);
	map_image_part(rodata_end, init_text_end, PROT_RX);
	map_image_part(init_text_end, guard, PROT_RW);
	map_image_part(guard + PAGE_SIZE, image_end, PROT_RW);
	/* Application processors run here on these tables before they jump to the image. */
	map_boot(TRAMPOLINE_PA, TRAMPOLINE_PA, TRAMPOLINE_PAGES * PAGE_SIZE,
		 PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY);
}

static u64 __init ram_end(void)
{
	u64 end = 0;

	for (u32 i = 0; i < boot_info.nr_regions; i++)
		if (boot_info.regions[i].type == XEN_HVM_MEMMAP_TYPE_RAM)
			end = boot_info.regions[i].start + boot_info.regions[i].size;
	return min(end, (u64)DIRECT_MAP_SIZE) >> PAGE_SHIFT;
}

static bool __init has_ram(u64 start, u64 end)
{
	for (u32 i = 0; i < boot_info.nr_regions; i++) {
		const struct boot_region *r = &boot_info.regions[i];

		if (r->type == XEN_HVM_MEMMAP_TYPE_RAM && start < r->start + r->size &&
		    end > r->start)
			return true;
	}
	return false;
}

static void __init map_frame_table(void)
{
	u64 hole = 0, va = FRAME_TABLE_BASE;

	max_mfn = ram_end();
	frame_table = (struct page_info *)FRAME_TABLE_BASE;
	for (u64 mfn = 0; mfn < max_mfn; mfn += FRAMES_PER_PIECE, va += SIZE_2M) {
		if (has_ram(mfn << PAGE_SHIFT, (mfn + FRAMES_PER_PIECE) << PAGE_SHIFT)) {
			u64 pa = virt_to_paddr(boot_alloc(SIZE_2M, SIZE_2M)).v;

			map_boot(va, pa, SIZE_2M, PROT_RW);
			continue;
		}
		if (hole == 0)
			hole = virt_to_paddr(boot_alloc(SIZE_2M, SIZE_2M)).v;
		map_boot(va, hole, SIZE_2M, PROT_RO);
	}
}

void __init paging_init(void)
{
	/*
	 * Below 4 GiB: the first page tables cover it, and application processors can load CR3
	 * early.
	 */
	idle_root = virt_to_paddr(boot_alloc(PAGE_SIZE, PAGE_SIZE));
	map_image();
	map_direct();
	ASSERT(idle_root.v < 1UL << 32);
	/* No-execute bits are reserved until this is set. */
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
	write_cr3(idle_root.v);
	write_cr4(read_cr4() | X86_CR4_PGE);
	boot_alloc_set_limit(DIRECT_MAP_SIZE);
	map_frame_table();
}
