/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start of application processors, in real mode at TRAMPOLINE_PA, where this code is copied. It
 * enters 64-bit mode on the hypervisor's page tables, which map these pages one to one, and calls
 * the C function in the parameters at the end.
 */
#include <asm/desc.h>
#include <asm/processor.h>
#include <asm/trampoline.h>

#define AT(sym) (TRAMPOLINE_PA + (sym) - trampoline_start)
#define MSR_EFER 0xc0000080
#define EFER_LME_NXE 0x900

	.section .rodata.trampoline, "a"
	.balign	16
	.globl	trampoline_start, trampoline_params, trampoline_end

	.code16
trampoline_start:
	cli
	cld
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	gdt_pointer - trampoline_start
	mov	$(X86_CR0_PE | X86_CR0_ET), %eax
	mov	%eax, %cr0
	ljmpl	$SEL_CODE32, $AT(protected)

	.code32
protected:
	mov	$SEL_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$X86_CR4_PAE, %eax
	mov	%eax, %cr4
	mov	AT(trampoline_params), %eax
	mov	%eax, %cr3
	/* NXE must be on before paging: the tables have the bit set. */
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$EFER_LME_NXE, %eax
	wrmsr
	/* After INIT the caches are off; this also turns them on. */
	mov	$(X86_CR0_PG | X86_CR0_WP | X86_CR0_NE | X86_CR0_ET | X86_CR0_PE), %eax
	mov	%eax, %cr0
	ljmp	$SEL_CODE64, $AT(long_mode)

	.code64
long_mode:
	mov	AT(trampoline_params) + 8, %rsp
	mov	AT(trampoline_params) + 16, %rax
	mov	AT(trampoline_params) + 24, %rdi
	xor	%ebp, %ebp
	push	%rbp			/* ends backtraces; aligns as a call would */
	jmp	*%rax

	.balign	8
gdt:
	.quad	0
	.quad	GDT_DESC_CODE64
	.quad	GDT_DESC_DATA
	.quad	GDT_DESC_CODE32
gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.long	AT(gdt)

	.balign	8
trampoline_params:
	.fill	4, 8, 0
trampoline_end:

	.section .note.GNU-stack, "", @progbits
