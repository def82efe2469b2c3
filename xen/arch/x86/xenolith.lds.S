/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout of the image. Linked at the top of the address space, loaded at XEN_LOAD_PA. Each kind
 * of contents starts on a page, so that the page tables can keep code from being written and
 * data from being executed.
 */
#include <asm/page.h>

#define LOADED(s) AT(ADDR(s) - XEN_LINK_BASE)

OUTPUT_FORMAT(elf64-x86-64)
OUTPUT_ARCH(i386:x86-64)
ENTRY(boot_entry_pa)

PHDRS
{
	image PT_LOAD FLAGS(7);
	note PT_NOTE FLAGS(4);
}

SECTIONS
{
	. = XEN_LINK_BASE + XEN_LOAD_PA;
	image_start = .;
	.text : LOADED(.text) {
		*(.boot.header)
		*(.boot.text)
		*(.text .text.*)
	} :image
	. = ALIGN(4096);
	text_end = .;

	.rodata : LOADED(.rodata) {
		*(.rodata .rodata.*)
		. = ALIGN(8);
		extable_start = .;
		*(.extable)
		extable_end = .;
		. = ALIGN(8);
		altinstr_start = .;
		*(.altinstructions)
		altinstr_end = .;
		. = ALIGN(8);
		trace_sites_start = .;
		*(.trace_sites)
		trace_sites_end = .;
		. = ALIGN(8);
		gcov_info_start = .;
		*(.gcov_info)
		gcov_info_end = .;
	} :image
	params : LOADED(params) { *(params) } :image
	ops_tables : LOADED(ops_tables) { *(ops_tables) } :image
	.note.Xen : LOADED(.note.Xen) { *(.note.Xen) } :image :note
	/* The last of the read-only part, because its size changes between the two link passes. */
	.symbols : LOADED(.symbols) { *(.symbols) } :image
	. = ALIGN(4096);
	rodata_end = .;

	.init.text : LOADED(.init.text) {
		*(.init.text .init.text.*)
		*(.altinstr_replacement)
	} :image
	. = ALIGN(4096);
	init_text_end = .;

	.init.data : LOADED(.init.data) { *(.init.data .init.data.*) } :image
	. = ALIGN(4096);
	init_data_end = .;

	.data : LOADED(.data) { *(.data .data.*) } :image
	. = ALIGN(64);
	percpu_data : LOADED(percpu_data) {
		*(percpu_data)
		. = ALIGN(64);
	} :image

	.bss : LOADED(.bss) {
		*(.bss.stack)
		*(.bss .bss.* COMMON)
		. = ALIGN(64);
		/* The first CPU uses the template in place; the others start from this copy. */
		percpu_pristine = .;
		. += SIZEOF(percpu_data);
		. = ALIGN(4096);
	} :image
	image_end = .;

	/DISCARD/ : {
		*(.comment .eh_frame .note.GNU-stack .note.gnu.*)
	}
}

ASSERT(image_end - image_start < XEN_IMAGE_MAX - XEN_LOAD_PA, "image is too large")
