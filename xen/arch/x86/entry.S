/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry points of exceptions and interrupts. They arrive from hypervisor mode only (guests leave
 * through VM exits), so there is no stack or GS to switch.
 */
#include <asm/traps.h>

/* Vectors where the CPU pushes an error code: #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX. */
#define HAS_ERROR_CODE 0x60227d00

	.text
	.globl trap_stubs
	.balign STUB_SIZE
trap_stubs:
	.set vector, 0
	.rept NR_VECTORS
	.balign STUB_SIZE
	.if vector >= 32
	push	$0
	.elseif !((HAS_ERROR_CODE >> vector) & 1)
	push	$0
	.endif
	pushq	$vector
	jmp	trap_entry
	.set vector, vector + 1
	.endr

	.globl trap_entry
	.type trap_entry, @function
trap_entry:
	cld
	push	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	push	%rbp
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, %rdi
	call	trap_dispatch
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rbx
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq
	.size trap_entry, . - trap_entry

	.section .note.GNU-stack, "", @progbits
