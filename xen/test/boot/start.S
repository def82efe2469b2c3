/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiboot 1 entry of the test loader, and its jump into the hypervisor. */
	.section .multiboot, "a"
	.long 0x1badb002, 0x3, -(0x1badb002 + 0x3)

	.text
	.globl _start
_start:
	mov	$stack_end, %esp
	push	%ebx
	push	%eax
	call	loader_main
1:	hlt
	jmp	1b

/* loader_enter(entry, magic, info) */
	.globl loader_enter
loader_enter:
	mov	4(%esp), %ecx
	mov	8(%esp), %eax
	mov	12(%esp), %ebx
	jmp	*%ecx

	.bss
	.skip 16384
stack_end:

	.section .note.GNU-stack, "", @progbits
