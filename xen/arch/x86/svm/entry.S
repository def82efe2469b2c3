/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * svm_vmrun: load the guest's registers from the array at RDI, VMRUN the control block at physical
 * address RAX, store them again. RAX and RSP are in the control block. Of the others it preserves
 * RBP, RBX, R12 and R13, as many as its caller needs across the call: see vmrun() in asm/insns.h.
 * The caller cleared GIF; pending interrupts are taken right after STGI here, on the host's stack.
 */
	.text
	.globl svm_vmrun
	.type svm_vmrun, @function
svm_vmrun:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%rdi
	mov	1*8(%rdi), %rcx
	mov	2*8(%rdi), %rdx
	mov	3*8(%rdi), %rbx
	mov	5*8(%rdi), %rbp
	mov	6*8(%rdi), %rsi
	mov	8*8(%rdi), %r8
	mov	9*8(%rdi), %r9
	mov	10*8(%rdi), %r10
	mov	11*8(%rdi), %r11
	mov	12*8(%rdi), %r12
	mov	13*8(%rdi), %r13
	mov	14*8(%rdi), %r14
	mov	15*8(%rdi), %r15
	mov	7*8(%rdi), %rdi
	vmrun	%rax
	.globl svm_vmrun_end
svm_vmrun_end:
	/* RAX and RSP are the host's again; the array's address is on top of the stack. */
	pop	%rax
	mov	%rcx, 1*8(%rax)
	mov	%rdx, 2*8(%rax)
	mov	%rbx, 3*8(%rax)
	mov	%rbp, 5*8(%rax)
	mov	%rsi, 6*8(%rax)
	mov	%rdi, 7*8(%rax)
	mov	%r8, 8*8(%rax)
	mov	%r9, 9*8(%rax)
	mov	%r10, 10*8(%rax)
	mov	%r11, 11*8(%rax)
	mov	%r12, 12*8(%rax)
	mov	%r13, 13*8(%rax)
	mov	%r14, 14*8(%rax)
	mov	%r15, 15*8(%rax)
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	stgi
	ret
	.size svm_vmrun, . - svm_vmrun
	.section .note.GNU-stack, "", @progbits
