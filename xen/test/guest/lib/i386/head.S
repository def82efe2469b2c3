/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way in, in 32-bit flat protected mode (ABI: PVH, ELF note 18), and in 16-bit real mode for
 * further vCPUs. C code turns paging on where it is wanted. Stacks are aligned to their size, and
 * struct cpu lies at the lower end of each (lib/test.h).
 */
#define ELFNOTE_PHYS32_ENTRY 18
#define STACK_SIZE 0x4000

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 4, ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.long start

	.section .head, "ax"
	.globl start
start:
	cld
	mov	%ebx, start_info_pa
	lgdt	boot_gdtr
	ljmp	$0x8, $1f
1:	mov	$stacks + STACK_SIZE, %esp
	jmp	enter_c

	/* Further vCPUs; ap_stack_top was set for the one that starts. */
ap_start32:
	mov	ap_stack_top, %esp
enter_c:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	/* OSFXSR, OSXMMEXCPT; numeric errors as exceptions. */
	mov	$0x600, %eax
	mov	%eax, %cr4
	mov	$0x23, %eax
	mov	%eax, %cr0
	xor	%ebp, %ebp
	mov	%esp, %edi
	sub	$STACK_SIZE, %edi
	sub	$16, %esp
	call	paging_on
	mov	%edi, (%esp)
	call	cpu_main
2:	hlt
	jmp	2b

	/* Copied below 1 MiB. Real mode with CS = its segment. */
	.section .rodata
	.code16
	.globl ap_trampoline, ap_trampoline_end
ap_trampoline:
	cli
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	ap_gdtr - ap_trampoline
	mov	$0x23, %eax
	mov	%eax, %cr0
	ljmpl	$0x8, $ap_load_data
	.balign 4
ap_gdtr:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt
ap_trampoline_end:

	.section .head, "ax"
	.code32
ap_load_data:
	mov	$0x10, %eax
	mov	%eax, %ds
	jmp	ap_start32

	.data
	.balign 8
boot_gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 0x08: code */
	.quad	0x00cf93000000ffff	/* 0x10: data */
boot_gdt_end:
boot_gdtr:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt

	.globl start_info_pa, ap_stack_top
start_info_pa:
	.quad	0
ap_stack_top:
	.quad	0
