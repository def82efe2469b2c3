/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first instructions. Multiboot 1, Multiboot 2 and PVH all enter in 32-bit protected mode
 * without paging. Build page tables for the first 4 GiB and the image, enter long mode and call C.
 */
#include <asm/cpu.h>
#include <asm/desc.h>
#include <asm/page.h>
#include <asm/processor.h>

#define PA(sym) ((sym) - XEN_LINK_BASE)

#define MB1_MAGIC 0x1badb002
#define MB1_FLAGS 0x3			/* page-aligned modules, memory information */
#define MB2_MAGIC 0xe85250d6
#define PVH_MAGIC 0x336ec578
#define XEN_ELFNOTE_PHYS32_ENTRY 18
#define COM1 0x3f8

	.section .boot.header, "ax"
	.balign 8
multiboot1:
	.long MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)

	.balign 8
multiboot2:
	.long MB2_MAGIC, 0, multiboot2_end - multiboot2
	.long -(MB2_MAGIC + (multiboot2_end - multiboot2))
	/* Tags that the parser uses: command line, modules, memory map, RSDP (old and new). */
	.short 1, 1
	.long 2f - 1f + 8
1:	.long 1, 2, 3, 6, 14, 15
2:	.balign 8
	/* Entry address. */
	.short 3, 0
	.long 12, PA(boot_entry)
	.balign 8
	/* Modules on page boundaries. */
	.short 6, 0
	.long 8
	.short 0, 0
	.long 8
multiboot2_end:

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 4, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.long PA(boot_entry_pvh)

	.globl boot_entry_pa
	.set boot_entry_pa, PA(boot_entry)

	.section .boot.text, "ax"
	.code32
boot_entry_pvh:
	mov	$PVH_MAGIC, %eax
boot_entry:
	cld
	cli
	/* The arguments of start_xenolith: EDI is the magic, ESI the information. */
	mov	%eax, %edi
	mov	%ebx, %esi
	lgdt	PA(boot_gdt_ptr)
	ljmp	$SEL_CODE32, $PA(1f)
1:	mov	$SEL_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$PA(boot_stack + STACK_SIZE), %esp

	mov	$0x80000000, %eax
	cpuid
	cmp	$0x80000001, %eax
	jb	no_long_mode
	mov	$0x80000001, %eax
	cpuid
	bt	$29, %edx
	jnc	no_long_mode

	call	build_tables

	mov	$(X86_CR4_PAE), %eax
	mov	%eax, %cr4
	mov	$PA(boot_pml4), %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx		/* EFER */
	rdmsr
	or	$0x100, %eax			/* LME */
	wrmsr
	mov	$(X86_CR0_PG | X86_CR0_WP | X86_CR0_NE | X86_CR0_ET | X86_CR0_MP | X86_CR0_PE), %eax
	mov	%eax, %cr0
	ljmp	$SEL_CODE64, $PA(boot_long_mode)

/* 2 MiB pages map the first 4 GiB at 0 and in the direct map, and its first GiB at the image. */
build_tables:
	mov	$PA(boot_pd), %ebx
	mov	$(PTE_PRESENT | PTE_WRITE | PTE_LARGE), %eax
	xor	%ecx, %ecx
1:	mov	%eax, (%ebx, %ecx, 8)
	add	$0x200000, %eax
	inc	%ecx
	cmp	$2048, %ecx
	jb	1b

	mov	$(PA(boot_pd) + PTE_PRESENT + PTE_WRITE), %eax
	mov	%eax, PA(boot_pdpt_high) + 510 * 8
	xor	%ecx, %ecx
1:	mov	%eax, PA(boot_pdpt_low)(, %ecx, 8)
	add	$PAGE_BYTES, %eax
	inc	%ecx
	cmp	$4, %ecx
	jb	1b

	mov	$(PA(boot_pdpt_low) + PTE_PRESENT + PTE_WRITE), %eax
	mov	%eax, PA(boot_pml4)
	mov	%eax, PA(boot_pml4) + 256 * 8
	mov	$(PA(boot_pdpt_high) + PTE_PRESENT + PTE_WRITE), %eax
	mov	%eax, PA(boot_pml4) + 511 * 8
	ret

no_long_mode:
	mov	$PA(no_long_mode_text), %esi
1:	lodsb
	test	%al, %al
	jz	3f
	mov	%al, %bl
	mov	$(COM1 + 5), %dx
2:	inb	%dx, %al
	test	$0x20, %al
	jz	2b
	mov	%bl, %al
	mov	$COM1, %dx
	outb	%al, %dx
	jmp	1b
3:	hlt
	jmp	3b

	.code64
boot_long_mode:
	mov	$boot_long_mode_high, %rax
	jmp	*%rax
boot_long_mode_high:
	mov	$(boot_stack + STACK_SIZE - CPU_INFO_SIZE), %rsp
	xor	%ebp, %ebp
	/* A null return address ends every backtrace. */
	push	%rbp
	jmp	start_xenolith

	.section .rodata, "a"
	.balign 8
boot_gdt:
	.quad 0, GDT_DESC_CODE64, GDT_DESC_DATA, GDT_DESC_CODE32
boot_gdt_ptr:
	.short . - boot_gdt - 1
	.long PA(boot_gdt)
no_long_mode_text:
	.asciz "boot: this CPU has no 64-bit mode; Xenolith needs one that has\r\n"

	.section .bss.stack, "aw", @nobits
	.balign STACK_SIZE
	.globl boot_stack
boot_stack:
	.skip STACK_SIZE

	.section .bss, "aw", @nobits
	.balign PAGE_BYTES
boot_pml4:
	.skip PAGE_BYTES
boot_pdpt_low:
	.skip PAGE_BYTES
boot_pdpt_high:
	.skip PAGE_BYTES
boot_pd:
	.skip 4 * PAGE_BYTES
