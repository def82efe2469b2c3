/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions and interrupts: stubs, the common frame (struct regs), and calls that may fault. */
	.text
	.macro	push_all
	push	%rax
	push	%rbx
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%rbp
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	.endm
	.macro	pop_all
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rbp
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rbx
	pop	%rax
	.endm

	.globl trap_stubs
	.balign 16
trap_stubs:
	vector = 0
	.rept 256
	.balign 16
	/* 8, 10-14, 17, 21, 29 and 30 come with an error code. */
	.if vector > 31
	push	$0
	.elseif !(0x60227d00 >> vector & 1)
	push	$0
	.endif
	push	$vector
	jmp	trap_common
	vector = vector + 1
	.endr

trap_common:
	push_all
	cld
	mov	%rsp, %rdi
	mov	%rsp, %rbp
	and	$-16, %rsp
	call	trap_entry
	mov	%rbp, %rsp
	pop_all
	add	$16, %rsp
	iretq

/* bool try_enter(u64 *try_rsp, void (*fn)(void *), void *arg): true if an exception ended fn. */
	.globl try_enter
try_enter:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	pushq	(%rdi)
	mov	%rsp, (%rdi)
	push	%rdi
	sub	$8, %rsp
	mov	%rsi, %rax
	mov	%rdx, %rdi
	call	*%rax
	xor	%eax, %eax
1:	add	$8, %rsp
	pop	%rdi
	popq	(%rdi)
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	/* The trap handler comes here with RSP 16 below what try_enter noted. */
	.globl try_recover
try_recover:
	mov	$1, %eax
	jmp	1b

/* u64 user_enter(u64 *kernel_rsp, u64 rip, u64 arg, u64 rsp): until user code does INT 0x81. */
	.globl user_enter
user_enter:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	pushf
	mov	%rsp, (%rdi)
	pushq	$0x1b
	pushq	%rcx
	pushq	$0x202
	pushq	$0x23
	pushq	%rsi
	mov	%rdx, %rdi
	iretq
	/* INT 0x81 comes here with RSP as noted; RAX is the result. */
	.globl user_leave
user_leave:
	popf
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

/* Start of user code: calls the function in RDI, then exits with its result. */
	.globl user_start
user_start:
	call	*%rdi
	int	$0x81
