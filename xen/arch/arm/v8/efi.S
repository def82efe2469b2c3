/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image as an EFI application, and the way from the firmware to the boot. Sections of the file
 * lie where they lie in memory; the headers take the first page.
 */
#include <asm/layout.h>

#define MACHINE_ARM64 0xaa64
#define OPTIONAL_MAGIC 0x20b	/* PE32+ */
#define SUBSYSTEM_EFI 10
#define FILE_FLAGS 0x0206	/* executable; no line numbers, no debug information */
#define SECTION_CODE 0x60000020
#define SECTION_DATA 0xc0000040
#define PAGE 0x1000
#define IMAGE_HEADER 64		/* before this one (head.S) */
#define NX_COMPATIBLE 0x100
#define SCTLR_MMU_AND_CACHE 0x5

	/* PE and COFF Specification, sections 3.3, 3.4 and 4. */
	.section .head.pe, "a"
	.globl	pe_header
pe_header:
	.ascii	"PE\0\0"
	.short	MACHINE_ARM64
	.short	2			/* sections */
	.long	0, 0, 0
	.short	sections - optional_header
	.short	FILE_FLAGS
optional_header:
	.short	OPTIONAL_MAGIC
	.byte	0, 0
	.long	pe_text_bytes
	.long	pe_data_file_bytes
	.long	0
	.long	pe_entry
	.long	PAGE			/* where code begins */
	.quad	0			/* loaded anywhere */
	.long	PAGE, 0x200		/* alignment of sections in memory and in the file */
	.short	0, 0, 0, 0, 0, 0
	.long	0
	.long	image_bytes
	.long	PAGE			/* of headers */
	.long	0
	.short	SUBSYSTEM_EFI
	.short	NX_COMPATIBLE
	.quad	0, 0, 0, 0
	.long	0
	.long	6			/* directories, all empty */
	.quad	0, 0, 0, 0, 0, 0
sections:
	.ascii	".text\0\0\0"
	.long	pe_text_bytes, PAGE, pe_text_bytes, PAGE
	.long	0, 0, 0
	.long	SECTION_CODE
	.ascii	".data\0\0\0"
	.long	pe_data_bytes, pe_data_at, pe_data_file_bytes, pe_data_at
	.long	0, 0, 0
	.long	SECTION_DATA
	.skip	PAGE - IMAGE_HEADER - (. - pe_header)

	.text
	/* The image's handle and the system table are in X0 and X1, for C. */
	.globl	efi_entry
efi_entry:
	stp	x29, x30, [sp, #-16]!
	mov	x29, sp
	bl	efi_main
	ldp	x29, x30, [sp], #16
	ret

	/* void efi_leave(u64 tree, u64 entry). The firmware maps memory at its physical address. */
	.globl	efi_leave
efi_leave:
	msr	daifset, #0xf
	mrs	x2, sctlr_el2
	mov	x3, #SCTLR_MMU_AND_CACHE
	bic	x2, x2, x3
	msr	sctlr_el2, x2
	isb
	ic	iallu
	dsb	nsh
	isb
	br	x1
