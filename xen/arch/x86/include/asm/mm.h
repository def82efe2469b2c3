/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own address space: one set of page tables, shared by all CPUs. */
#ifndef ASM_X86_MM_H
#define ASM_X86_MM_H

#include <xen/hal/io.h>
#include <xen/mm.h>
#include <asm/page.h>

/** CR3 of the hypervisor's page tables; set once at boot. Its top level is below 4 GiB, so that
 * a processor coming out of protected mode can load it. */
extern paddr_t idle_root;

/** Address of RAM or firmware tables in the direct map. */
static inline void *paddr_to_virt(paddr_t p) { return (void *)(DIRECT_MAP_BASE + p.v); }
/** Physical address of any mapped hypervisor address (direct map, image, stacks, MMIO). */
paddr_t virt_to_paddr(const void *va);

/* hal_map_mmio and hal_map_phys_ro, in <xen/hal/io.h>, may be called from any one CPU at a time. */

/** Overwrite hypervisor text; the executable mapping stays read-only. Writing more than one byte
 * is not atomic: the caller makes sure that no CPU executes there. */
void text_patch(void *addr, const void *bytes, size_t len);

/* ---- Boot only ---- */

/** Allocate @size bytes of boot memory (page granular, zeroed, in the direct map). Panics when
 * there is none. Not available once the heap has been given the rest. */
void *boot_alloc(u64 size, u64 align);
/** Let boot_alloc, and later the heap, have the RAM [@start, @end). */
void boot_alloc_give(u64 start, u64 end);
/** Find the memory for boot_alloc; at first only memory below 4 GiB. */
void boot_alloc_init(void);
/** From now on boot_alloc uses memory below @limit. */
void boot_alloc_set_limit(u64 limit);
/** Build the real page tables and frame table from the boot memory map and switch to them. */
void paging_init(void);
/** Give all free RAM to the page allocator, by NUMA node. */
void heap_init_from_boot(void);
/** Give [@start, @end) of boot memory that is no longer used to the page allocator, by node. Boot;
 * page-aligned. */
void heap_add_boot_memory(u64 start, u64 end);
/** From now on page tables come from the heap. */
void mm_use_heap(void);

/** Map [@pa, @pa + @size) at @va, all page-aligned, with the largest pages that fit. Nothing may
 * be mapped there. One caller at a time. 0 or -XEN_ENOMEM. */
int map_pages(u64 va, paddr_t pa, u64 size, u64 prot);

#endif
