/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout of the image on ARMv8. Linked at the top of EL2's address space and loaded anywhere, at a
 * multiple of 2 MiB. Each kind of contents starts on a page, so that the page tables can keep code
 * from being written and data from being executed.
 */
#include <asm/layout.h>

OUTPUT_FORMAT(elf64-littleaarch64)
OUTPUT_ARCH(aarch64)
ENTRY(image_start)

SECTIONS
{
	. = XEN_LINK_BASE;
	image_start = .;
	.text : {
		*(.head.text)
		*(.head.pe)
		*(.text .text.*)
		*(.init.text .init.text.*)
	}
	. = ALIGN(4096);
	text_end = .;
	init_text_end = .;

	.rodata : {
		*(.rodata .rodata.*)
		. = ALIGN(8);
		gcov_info_start = .;
		*(.gcov_info)
		gcov_info_end = .;
	}
	params : { *(params) }
	ops_tables : { *(ops_tables) }
	trace_sites : { *(trace_sites) }
	/* The last of the read-only part, because its size changes between the two link passes. */
	.symbols : { *(.symbols) }
	. = ALIGN(4096);
	rodata_end = .;

	.data : { *(.init.data .init.data.*) *(.data .data.*) }
	. = ALIGN(64);
	percpu_data : {
		*(percpu_data)
		. = ALIGN(64);
	}
	/* The file ends with a page, as the headers for EFI say. */
	.tail : {
		BYTE(0)
		. = ALIGN(4096);
	}
	loaded_end = .;

	.bss : {
		bss_start = .;
		*(.bss.page)
		*(.bss .bss.* COMMON)
		. = ALIGN(64);
		/* The first CPU uses the template in place; the others start from this copy. */
		percpu_pristine = .;
		. += SIZEOF(percpu_data);
		. = ALIGN(4096);
		bss_end = .;
	}
	image_end = .;
	image_bytes = image_end - image_start;
	/* For EFI (v8/efi.S): offsets in the image, and sizes. */
	pe_offset = pe_header - image_start;
	pe_entry = efi_entry - image_start;
	pe_text_bytes = text_end - image_start - 4096;
	pe_data_at = text_end - image_start;
	pe_data_file_bytes = loaded_end - text_end;
	pe_data_bytes = image_end - text_end;

	/DISCARD/ : {
		*(.comment .eh_frame .note.GNU-stack .note.gnu.*)
	}
}

ASSERT(image_end - image_start < XEN_IMAGE_MAX, "image is too large")
