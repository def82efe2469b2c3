/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the boot loader to C at EL2. The loader follows Linux's arm64 boot protocol, or the EFI stub
 * does in its place (efi.S): the image begins with a header of 64 bytes, the MMU is off, and X0
 * holds the physical address of the device tree. Other CPUs enter at secondary_entry, started by
 * PSCI (DEN0022, section 5.6), with the physical address of their struct secondary_boot in X0.
 *
 * Until the MMU is on, the code runs at its physical address; ADRP is relative to it.
 */
#include <asm/layout.h>

#define TCR_VALUE 0x80803510	/* RES1, 4 KiB granule, inner shareable write-back, T0SZ 16 */
#define SCTLR_VALUE 0x30cd183d	/* RES1, MMU, caches, SP alignment, writable memory is data */

	.section .head.text, "ax"
	.globl image_start_entry
image_start_entry:
	add	x13, x18, #0x16		/* "MZ", as EFI wants; it does nothing here */
	b	primary
	.quad	0			/* from a multiple of 2 MiB */
	.quad	image_bytes
	.quad	0xa			/* little-endian, 4 KiB pages, anywhere in memory */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	pe_offset

	.text
primary:
	msr	daifset, #0xf
	mov	x20, x0
	mrs	x0, CurrentEL
	cmp	x0, #(2 << 2)
	b.ne	refuse
	adrp	x19, image_start
	adrp	x0, bss_start
	adrp	x1, bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b
	bl	map_image
	adrp	x0, boot_root
	bl	mmu_on
	/* The identity mapping is only needed for the step from one address to the other. */
	adrp	x0, idle_root_table
	ldr	x1, =1f
	br	x1
1:	bl	use_root
	msr	tpidr_el2, xzr
	ldr	x0, =boot_stack + STACK_SIZE
	mov	sp, x0
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x20
	mov	x1, x19
	b	start_xenolith

/* Started at another level than EL2, or where no page tables can be made. C says so, with the MMU
 * off. */
refuse:
	adrp	x2, boot_stack
	add	x2, x2, #STACK_SIZE
	mov	sp, x2
	mov	x29, xzr
	mrs	x1, CurrentEL
	lsr	x1, x1, #2
	mov	x0, x20
	bl	boot_refuse
1:	wfe
	b	1b

	.globl secondary_entry
secondary_entry:
	msr	daifset, #0xf
	ldp	x20, x21, [x0]		/* stack, per-CPU offset */
	ldr	x22, [x0, #16]		/* CPU number */
	adrp	x0, boot_root
	bl	mmu_on
	adrp	x0, idle_root_table
	ldr	x1, =1f
	br	x1
1:	bl	use_root
	msr	tpidr_el2, x21
	mov	sp, x20
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x22
	b	secondary_start

/* Set up translation and switch it on with the tables at X0. */
mmu_on:
	ldr	x1, =MAIR_VALUE
	msr	mair_el2, x1
	ldr	x1, =TCR_VALUE
	mrs	x2, id_aa64mmfr0_el1
	and	x2, x2, #0xf
	cmp	x2, #5
	mov	x3, #5			/* no more than 48 bits of physical address */
	csel	x2, x3, x2, hi
	bfi	x1, x2, #16, #3
	msr	tcr_el2, x1
	msr	ttbr0_el2, x0
	dsb	sy
	isb
	tlbi	alle2
	ic	iallu
	dsb	sy
	isb
	ldr	x1, =SCTLR_VALUE
	msr	sctlr_el2, x1
	isb
	ret

/* Use the tables at X0, physical, from now on. */
use_root:
	msr	ttbr0_el2, x0
	isb
	tlbi	alle2
	dsb	nsh
	isb
	ret

/* Enter the pages [X1, X2), physical, into the table at X0 with the attributes X3. */
map_run:
	cmp	x1, x2
	b.hs	2f
	sub	x4, x1, x19
	lsr	x4, x4, #12
1:	orr	x5, x1, x3
	str	x5, [x0, x4, lsl #3]
	add	x4, x4, #1
	add	x1, x1, #0x1000
	cmp	x1, x2
	b.lo	1b
2:	ret

/*
 * The image's tables, and beside them in boot_root one block of 1 GiB that maps this code to
 * itself. X19 is the physical address of the image. No cache holds these lines: the loader cleaned
 * them, and nothing is cached yet; mmu_on's DSB orders the writes before the walks.
 */
map_image:
	mov	x9, x30
	adrp	x0, image_l3
	mov	x1, x19
	adrp	x2, text_end
	ldr	x3, =PROT_CODE + PTE_TABLE
	bl	map_run
	mov	x1, x2
	adrp	x2, rodata_end
	ldr	x3, =PROT_RO + PTE_TABLE
	bl	map_run
	mov	x1, x2
	adrp	x2, image_end
	ldr	x3, =PROT_RW + PTE_TABLE
	bl	map_run
	adrp	x1, image_l2
	mov	x2, #0
	orr	x3, x0, #(PTE_VALID | PTE_TABLE)
1:	str	x3, [x1, x2, lsl #3]
	add	x3, x3, #0x1000
	add	x2, x2, #1
	cmp	x2, #(XEN_IMAGE_MAX >> 21)
	b.lo	1b
	orr	x1, x1, #(PTE_VALID | PTE_TABLE)
	adrp	x0, image_l1
	str	x1, [x0]
	orr	x0, x0, #(PTE_VALID | PTE_TABLE)
	adrp	x1, idle_root_table
	str	x0, [x1, #(511 * 8)]
	adrp	x2, boot_root
	str	x0, [x2, #(511 * 8)]
	adrp	x0, identity_l1
	orr	x1, x0, #(PTE_VALID | PTE_TABLE)
	ubfx	x3, x19, #39, #9
	cmp	x3, #511		/* the image's own slot: this memory cannot be used */
	b.eq	refuse
	str	x1, [x2, x3, lsl #3]
	ubfx	x3, x19, #30, #9
	lsr	x4, x19, #30
	lsl	x4, x4, #30
	ldr	x5, =PROT_CODE
	orr	x4, x4, x5
	str	x4, [x0, x3, lsl #3]
	ret	x9

	.ltorg

	.section .bss.page, "aw", @nobits
	.balign	4096
	.globl idle_root_table, boot_stack
idle_root_table:
	.skip	4096
boot_root:
	.skip	4096
identity_l1:
	.skip	4096
image_l1:
	.skip	4096
image_l2:
	.skip	4096
image_l3:
	.skip	4096 * (XEN_IMAGE_MAX >> 21)
	.balign	STACK_SIZE
boot_stack:
	.skip	STACK_SIZE
