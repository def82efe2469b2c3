/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own address space at EL2, shared by all CPUs. */
#ifndef ASM_ARM_MM_H
#define ASM_ARM_MM_H

#include <xen/boot.h>
#include <xen/hal/io.h>
#include <xen/mm.h>
#include <asm/layout.h>

/** Address of RAM in the direct map. */
static inline void *paddr_to_virt(paddr_t pa) { return hal_direct_map + pa.v; }
/** Physical address of anything in the direct map, the image or a device mapping. */
paddr_t virt_to_paddr(const void *p);

/** Map [@pa, @pa + @size) at @va, which is unmapped, with large blocks where they fit.
 * Page-aligned. 0 or -XEN_ENOMEM. Boot, or under the mapping's own lock. */
int map_pages(u64 va, paddr_t pa, u64 size, u64 prot);

/** The image lies at @image_pa. First of all. */
void mm_init(u64 image_pa);
/** Map all RAM, the frame table, and give what is free to the heap. */
void mm_init_memory(void);

/** Zeroed memory for good, from RAM that the heap does not have yet. Stops the boot when there is
 * none. Boot, before mm_init_memory() ends. */
void *boot_alloc(u64 size, u64 align);

/** Write back and drop the caches' lines of [@va, @va + @len): for readers without caches. */
void clean_invalidate(const void *va, size_t len);

#endif
