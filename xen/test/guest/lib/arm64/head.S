/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start of an ARM64 microguest, by an ELF loader, or as an Image (Linux's arm64 boot protocol) at
 * any address: at EL1, the MMU off, the address of the device tree in X0. The MMU is switched on
 * with an identity mapping by blocks of 1 GiB: the first is for devices, the next three are memory.
 */
#define R_RELATIVE 1027		/* R_AARCH64_RELATIVE (ELF for the Arm 64-bit Architecture, 5.7) */
#define BLOCK_DEVICE 0x60000000000401	/* never executable */
#define BLOCK_MEMORY 0x40000000000705	/* not executable at EL0, inner shareable */
#define STACK_SIZE 0x4000

	.section .head, "ax"
	.globl	start, secondary_start, vectors, try_enter, try_recover
start:
	b	primary
	.long	0
	.quad	0			/* from a multiple of 2 MiB */
	.quad	image_bytes
	.quad	0xa			/* little-endian, 4 KiB pages, anywhere in memory */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

/* An Image's BSS is not cleared, and it may lie elsewhere than it was linked for. */
primary:
	adrp	x1, bss_start
	adrp	x2, image_end
1:	stp	xzr, xzr, [x1], #16
	cmp	x1, x2
	b.lo	1b
	adrp	x1, image_start
	ldr	x2, =0x41000000		/* where guest.lds has it */
	sub	x2, x1, x2
	adrp	x3, rela_start
	add	x3, x3, :lo12:rela_start
	adrp	x4, rela_end
	add	x4, x4, :lo12:rela_end
1:	cmp	x3, x4
	b.hs	2f
	ldp	x5, x6, [x3], #16	/* place, type */
	ldr	x7, [x3], #8		/* value */
	cmp	w6, #R_RELATIVE
	b.ne	1b
	add	x7, x7, x2
	str	x7, [x5, x2]
	b	1b
2:	adrp	x1, start_tree
	str	x0, [x1, :lo12:start_tree]
	adrp	x1, stacks
	mov	x2, #STACK_SIZE
	add	x1, x1, x2
	bl	mmu_on
	mov	sp, x1
	adrp	x0, stacks
	b	cpu_main

/* X0: the vCPU's struct cpu, at the lower end of its stack. */
secondary_start:
	mov	x19, x0
	mov	x1, #STACK_SIZE
	add	x1, x0, x1
	bl	mmu_on
	mov	sp, x1
	mov	x0, x19
	b	cpu_main

mmu_on:
	adrp	x2, vectors
	add	x2, x2, :lo12:vectors
	msr	vbar_el1, x2
	mov	x2, #(3 << 20)		/* floating point */
	msr	cpacr_el1, x2
	ldr	x2, =0xff00		/* attribute 0: device, 1: write-back */
	msr	mair_el1, x2
	ldr	x2, =0x280803519	/* 39 bits, 4 KiB, write-back, 40 bits of output */
	msr	tcr_el1, x2
	adrp	x2, tables
	msr	ttbr0_el1, x2
	dsb	sy
	tlbi	vmalle1
	dsb	sy
	isb
	mrs	x2, sctlr_el1
	mov	x3, #0x1005
	orr	x2, x2, x3
	msr	sctlr_el1, x2
	isb
	ret

	.macro	vector kind
	.balign	128
	sub	sp, sp, #272
	stp	x0, x1, [sp, #0]
	mov	x0, #\kind
	b	trap_common
	.endm

	.text
	.balign	2048
vectors:
	vector 0
	vector 1
	vector 2
	vector 3
	vector 0
	vector 1
	vector 2
	vector 3
	vector 0
	vector 1
	vector 2
	vector 3
	vector 0
	vector 1
	vector 2
	vector 3
	.balign	128
trap_common:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x29, x30, [sp, #160]
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	stp	x1, x2, [sp, #176]
	mov	x1, sp
	bl	trap_entry
	ldp	x1, x2, [sp, #176]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldp	x29, x30, [sp, #160]
	ldp	x18, x19, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp], #272
	eret

/* bool try_enter(u64 *try_sp, fn, arg): false when an exception ended fn. */
try_enter:
	sub	sp, sp, #112
	stp	x19, x20, [sp, #0]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	str	x0, [sp, #96]
	mov	x9, sp
	str	x9, [x0]
	mov	x0, x2
	blr	x1
	mov	x0, #0
	b	1f
/* The exception's handler returns here, with the stack pointer of above in X0. */
try_recover:
	mov	sp, x0
	mov	x0, #1
1:	ldr	x1, [sp, #96]
	str	xzr, [x1]
	ldp	x19, x20, [sp, #0]
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	add	sp, sp, #112
	ret

	.data
	.balign	4096
tables:
	.quad	0x00000000 + BLOCK_DEVICE
	.quad	0x40000000 + BLOCK_MEMORY
	.quad	0x80000000 + BLOCK_MEMORY
	.quad	0xc0000000 + BLOCK_MEMORY
	.fill	508, 8, 0
