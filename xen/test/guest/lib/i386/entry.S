/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions and interrupts: stubs, the common frame (struct regs), and calls that may fault. */
#define REGS_RSP 12
#define REGS_RIP 40
#define REGS_CS 44
#define REGS_RFLAGS 48
#define REGS_OUTER_RSP 52

	.text
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

	/* The processor pushes ESP only when it comes from user mode; the frame always tells it. */
trap_common:
	pusha
	cld
	mov	%esp, %esi
	lea	REGS_OUTER_RSP(%esi), %eax
	testb	$3, REGS_CS(%esi)
	jz	1f
	mov	(%eax), %eax
1:	mov	%eax, REGS_RSP(%esi)
	and	$-16, %esp
	sub	$16, %esp
	mov	%esi, (%esp)
	call	trap_entry
	mov	%esi, %esp
	testb	$3, REGS_CS(%esp)
	jnz	2f
	/* Back to the kernel, on whatever stack the frame says now. */
	mov	REGS_RSP(%esp), %eax
	mov	REGS_RIP(%esp), %ebx
	mov	REGS_CS(%esp), %ecx
	mov	REGS_RFLAGS(%esp), %edx
	sub	$12, %eax
	mov	%ebx, (%eax)
	mov	%ecx, 4(%eax)
	mov	%edx, 8(%eax)
	mov	%eax, REGS_RSP(%esp)
	mov	(%esp), %edi
	mov	4(%esp), %esi
	mov	8(%esp), %ebp
	mov	16(%esp), %ebx
	mov	20(%esp), %edx
	mov	24(%esp), %ecx
	mov	28(%esp), %eax
	mov	REGS_RSP(%esp), %esp
	iret
2:	popa
	add	$8, %esp
	iret

/* bool try_enter(u32 *try_sp, void (*fn)(void *), void *arg): true if an exception ended fn. */
	.globl try_enter
try_enter:
	push	%ebx
	push	%ebp
	push	%esi
	push	%edi
	mov	20(%esp), %edi
	push	(%edi)
	mov	%esp, (%edi)
	push	%edi
	push	36(%esp)
	mov	36(%esp), %eax
	call	*%eax
	xor	%eax, %eax
1:	add	$4, %esp
	pop	%edi
	pop	(%edi)
	pop	%edi
	pop	%esi
	pop	%ebp
	pop	%ebx
	ret
	/* The trap handler comes here with ESP two words below what try_enter noted. */
	.globl try_recover
try_recover:
	mov	$1, %eax
	jmp	1b

/* u64 user_enter(u32 *kernel_sp, u32 eip, u32 arg, u32 esp): until user code does INT 0x81. */
	.globl user_enter
user_enter:
	push	%ebx
	push	%ebp
	push	%esi
	push	%edi
	pushf
	mov	24(%esp), %eax
	mov	28(%esp), %ecx
	mov	32(%esp), %edi
	mov	36(%esp), %edx
	mov	%esp, (%eax)
	mov	$0x1b, %eax
	mov	%eax, %ds
	mov	%eax, %es
	push	%eax
	push	%edx
	push	$0x202
	push	$0x23
	push	%ecx
	iret
	/* INT 0x81 comes here with ESP as noted; EDX:EAX is the result. */
	.globl user_leave
user_leave:
	mov	$0x10, %ecx
	mov	%ecx, %ds
	mov	%ecx, %es
	popf
	pop	%edi
	pop	%esi
	pop	%ebp
	pop	%ebx
	ret

/* Start of user code: calls the function in EDI, then exits with its result. */
	.globl user_start
user_start:
	call	*%edi
	int	$0x81
