/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way in: 32-bit flat protected mode without paging (ABI: PVH, ELF note 18), and 16-bit real
 * mode for further vCPUs, both to 64-bit mode on an identity map of 4 GiB. Stacks are aligned to
 * their size, and struct cpu lies at the lower end of each (lib/test.h).
 */
#define ELFNOTE_PHYS32_ENTRY 18
#define STACK_SIZE 0x4000
#define CR0_PE_PG 0x80000001
#define EFER 0xc0000080

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 8, ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.quad start

	.section .head, "ax"
	.code32
	.globl start
start:
	cld
	mov	%ebx, start_info_pa
	lgdt	boot_gdtr
	ljmp	$0x28, $1f
1:	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$stacks + STACK_SIZE, %esp

	/* Four page directories map 4 GiB by 2 MiB pages. */
	mov	$boot_pd, %edi
	mov	$0x83, %eax
	mov	$2048, %ecx
2:	mov	%eax, (%edi)
	add	$0x200000, %eax
	add	$8, %edi
	dec	%ecx
	jnz	2b
	mov	$boot_pd + 7, %eax
	mov	$boot_pdpt, %edi
	mov	$4, %ecx
3:	mov	%eax, (%edi)
	add	$0x1000, %eax
	add	$8, %edi
	dec	%ecx
	jnz	3b
	movl	$boot_pdpt + 7, boot_pml4

to_long:
	/* PAE, OSFXSR, OSXMMEXCPT */
	mov	$0x620, %eax
	mov	%eax, %cr4
	mov	$boot_pml4, %eax
	mov	%eax, %cr3
	mov	$EFER, %ecx
	rdmsr
	or	$0x900, %eax
	wrmsr
	mov	$0x80010023, %eax
	mov	%eax, %cr0
	ljmp	$0x8, $4f

	.code64
4:	xor	%ebp, %ebp
	mov	%rsp, %rdi
	sub	$STACK_SIZE, %rdi
	and	$-16, %rsp
	call	cpu_main
5:	hlt
	jmp	5b

	/* 32-bit entry of further vCPUs; ap_stack_top was set for the one that starts. */
	.code32
ap_start32:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	ap_stack_top, %esp
	jmp	to_long

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
	ljmpl	$0x28, $ap_start32
	.balign 4
ap_gdtr:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt
ap_trampoline_end:

	.data
	.balign 8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* 0x08: 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x10: data */
	.quad	0x00cff3000000ffff	/* 0x18: user data */
	.quad	0x00affb000000ffff	/* 0x20: user 64-bit code */
	.quad	0x00cf9b000000ffff	/* 0x28: 32-bit code */
boot_gdt_end:
boot_gdtr:
	.word	boot_gdt_end - boot_gdt - 1
	.quad	boot_gdt

	.globl start_info_pa, ap_stack_top
start_info_pa:
	.quad	0
ap_stack_top:
	.quad	0

	.bss
	.balign 4096
	.globl boot_pml4
boot_pml4:
	.skip	4096
boot_pdpt:
	.skip	4096
boot_pd:
	.skip	4 * 4096
