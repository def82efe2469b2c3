/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EL2's vectors (ARM ARM, D1.3.1), and the way into a guest and out of it.
 *
 * guest_switch leaves a frame with a pointer to the guest's registers on the stack; an exception
 * from the guest continues there as guest_switch's return. Its caller keeps no other registers.
 */
#include <asm/traps.h>

/* guest_switch's frame: x29, x30, and the pointer. */
#define FRAME_BYTES 32
#define FRAME_GUEST 16

	.macro	save_all
	sub	sp, sp, #REGS_BYTES
	stp	x0, x1, [sp, #0]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	add	x0, sp, #REGS_BYTES
	stp	x30, x0, [sp, #REGS_LR]
	mrs	x0, elr_el2
	mrs	x1, spsr_el2
	stp	x0, x1, [sp, #REGS_PC]
	mov	x0, sp
	.endm

	.macro	fatal which
	.balign	128
	save_all
	mov	w1, #\which
	b	el2_exception
	.endm

	.macro	from_guest kind
	.balign	128
	stp	x0, x1, [sp, #-16]!
	mov	w1, #\kind
	b	guest_left
	.endm

	.text
	.balign	2048
	.globl	vectors
vectors:
	/* With SP_EL0, which the hypervisor does not use. */
	fatal	0
	fatal	1
	fatal	2
	fatal	3
	fatal	4
	.balign	128
	b	interrupt
	fatal	6
	fatal	7
	from_guest 0
	from_guest 1
	from_guest 2
	from_guest 3
	/* The guest's 32-bit programs. */
	from_guest 0
	from_guest 1
	from_guest 2
	from_guest 3
	.balign	128

interrupt:
	save_all
	bl	el2_interrupt
	ldp	x0, x1, [sp, #REGS_PC]
	msr	elr_el2, x0
	msr	spsr_el2, x1
	ldr	x30, [sp, #REGS_LR]
	ldp	x28, x29, [sp, #224]
	ldp	x26, x27, [sp, #208]
	ldp	x24, x25, [sp, #192]
	ldp	x22, x23, [sp, #176]
	ldp	x20, x21, [sp, #160]
	ldp	x18, x19, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp], #REGS_BYTES
	eret
	/* Nothing after an ERET is to be run, not even speculatively. */
	dsb	nsh
	isb

	.globl	guest_switch
	.type	guest_switch, @function
guest_switch:
	stp	x29, x30, [sp, #-FRAME_BYTES]!
	str	x0, [sp, #FRAME_GUEST]
	ldp	x1, x2, [x0, #REGS_PC]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldr	x30, [x0, #REGS_LR]
	ldp	x0, x1, [x0]
	eret
	dsb	nsh
	isb

guest_left:
	ldr	x0, [sp, #(16 + FRAME_GUEST)]
	stp	x2, x3, [x0, #16]
	stp	x4, x5, [x0, #32]
	stp	x6, x7, [x0, #48]
	stp	x8, x9, [x0, #64]
	stp	x10, x11, [x0, #80]
	stp	x12, x13, [x0, #96]
	stp	x14, x15, [x0, #112]
	stp	x16, x17, [x0, #128]
	stp	x18, x19, [x0, #144]
	stp	x20, x21, [x0, #160]
	stp	x22, x23, [x0, #176]
	stp	x24, x25, [x0, #192]
	stp	x26, x27, [x0, #208]
	stp	x28, x29, [x0, #224]
	str	x30, [x0, #REGS_LR]
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [x0, #REGS_PC]
	mov	w0, w1
	ldp	x29, x30, [sp], #FRAME_BYTES
	ret
	.size	guest_switch, . - guest_switch
