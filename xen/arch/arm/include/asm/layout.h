/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's virtual address space: 48 bits, one range (EL2 has only TTBR0). The image, the
 * mapped device registers and the direct map each have top-level entries of their own. The image
 * has the last one, so that the identity mapping under which the MMU is switched on can only
 * collide with it if RAM were in the last 512 GiB of 48 bits.
 */
#ifndef ASM_ARM_LAYOUT_H
#define ASM_ARM_LAYOUT_H

#define SLOT_SHIFT 39
#define DIRECT_MAP_BASE 0x800000000000	/* slot 256 */
#define DIRECT_MAP_SIZE 0x7e8000000000	/* up to slot 508 */
#define FRAME_TABLE_BASE 0xfe8000000000	/* slot 509 */
#define MMIO_BASE 0xff0000000000	/* slot 510 */
#define MMIO_SIZE 0x8000000000
#define XEN_LINK_BASE 0xff8000000000	/* slot 511 */
#define XEN_IMAGE_MAX 0x800000		/* four tables of 512 pages */

#define STACK_ORDER 3
#define STACK_SIZE (4096 << STACK_ORDER)

/* Stage 1 descriptors of EL2 (ARM ARM, D8.3). */
#define PTE_VALID 1
#define PTE_TABLE 2		/* in a table of pages: "page" */
#define PTE_ATTR_SHIFT 2	/* index into MAIR_EL2 */
#define PTE_RES1 (1 << 6)	/* AP[1] */
#define PTE_RO (1 << 7)
#define PTE_INNER (3 << 8)
#define PTE_AF (1 << 10)
#define PTE_XN (1UL << 54)

#define ATTR_DEVICE 0		/* Device-nGnRE */
#define ATTR_NORMAL 1		/* write-back */
#define MAIR_VALUE 0xff04

#define PROT_COMMON (PTE_VALID | PTE_RES1 | PTE_INNER | PTE_AF | (ATTR_NORMAL << PTE_ATTR_SHIFT))
#define PROT_CODE (PROT_COMMON | PTE_RO)
#define PROT_RO (PROT_COMMON | PTE_RO | PTE_XN)
#define PROT_RW (PROT_COMMON | PTE_XN)
#define PROT_DEVICE (PTE_VALID | PTE_RES1 | PTE_AF | PTE_XN | (ATTR_DEVICE << PTE_ATTR_SHIFT))

#endif
