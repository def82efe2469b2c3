/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page-table entry bits and the hypervisor's own address space. */
#ifndef ASM_X86_PAGE_H
#define ASM_X86_PAGE_H

#define PAGE_BYTES	4096

#define PTE_PRESENT	0x001
#define PTE_WRITE	0x002
#define PTE_USER	0x004
#define PTE_PWT		0x008
#define PTE_PCD		0x010
#define PTE_ACCESSED	0x020
#define PTE_DIRTY	0x040
#define PTE_LARGE	0x080	/* in a directory or pointer entry */
#define PTE_GLOBAL	0x100
#define PTE_NX_BIT	63

/* Where the image is linked and the difference to where it is loaded. */
#define XEN_LINK_BASE	0xffffffff80000000
#define XEN_LOAD_PA	0x200000
#define XEN_IMAGE_MAX	0x40000000	/* the boot tables map this much of it */

/*
 * ffff800000000000  direct map of RAM and firmware tables, 64 TiB
 * ffffc00000000000  frame table, 512 GiB
 * ffffd00000000000  device registers and firmware tables outside the direct map, 512 GiB
 * ffffd08000000000  CPU stacks with guard pages, 512 GiB
 * ffffffff80000000  image, 1 GiB
 */
#define DIRECT_MAP_BASE	0xffff800000000000
#define DIRECT_MAP_SIZE	0x0000400000000000
#define FRAME_TABLE_BASE 0xffffc00000000000
#define MMIO_BASE	0xffffd00000000000
#define MMIO_SIZE	0x0000008000000000
#define STACKS_BASE	0xffffd08000000000

#ifndef __ASSEMBLY__

#include <xen/compiler.h>

typedef u64 pte_t;

#define PTES_PER_TABLE	512
#define PTE_NX		(1UL << PTE_NX_BIT)
#define PTE_ADDR_MASK	0x000ffffffffff000UL
#define SIZE_2M		(1UL << 21)
#define SIZE_1G		(1UL << 30)

/* Mappings of the hypervisor. Accessed and dirty are set so that the CPU never writes them. */
#define PROT_BASE	(PTE_PRESENT | PTE_ACCESSED | PTE_GLOBAL)
#define PROT_RX		(PROT_BASE)
#define PROT_RO		(PROT_BASE | PTE_NX)
#define PROT_RW		(PROT_BASE | PTE_NX | PTE_WRITE | PTE_DIRTY)
#define PROT_DEVICE	(PROT_RW | PTE_PCD | PTE_PWT)

#endif
#endif
