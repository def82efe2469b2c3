/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switching stacks without the system calls that libc's swapcontext makes. */
	.text

/* void stack_switch(void **save, void *load): System V ABI, so only these registers survive. */
	.globl stack_switch
	.type stack_switch, @function
stack_switch:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, (%rdi)
	mov %rsi, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
	.size stack_switch, . - stack_switch

/* A new stack "returns" here; r12 holds the argument, r13 the function. */
	.globl stack_start
	.type stack_start, @function
stack_start:
	mov %r12, %rdi
	call *%r13
	ud2
	.size stack_start, . - stack_start

	.section .note.GNU-stack, "", @progbits
