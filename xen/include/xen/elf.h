/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading an ELF kernel, 64-bit or 32-bit, for a PVH boot. Pure: the result says which parts of the
 * file to load where, and all of them are inside the file.
 */
#ifndef XEN_ELF_H
#define XEN_ELF_H

#include <xen/types.h>

#define ELF_MAX_SEGMENTS 16

enum elf_error {
	ELF_OK,
	ELF_TRUNCATED_HEADER,
	ELF_BAD_MAGIC,
	ELF_BAD_CLASS,		/* neither of the widths, or big-endian */
	ELF_BAD_VERSION,
	ELF_BAD_TYPE,		/* neither executable nor shared */
	ELF_BAD_MACHINE,
	ELF_BAD_PHDRS,		/* program headers outside the file or of a wrong size */
	ELF_BAD_SHDRS,
	ELF_TOO_MANY_SEGMENTS,
	ELF_NO_SEGMENTS,
	ELF_SEGMENT_OUTSIDE_FILE,
	ELF_SEGMENT_SIZES,	/* more bytes in the file than in memory */
	ELF_SEGMENT_WRAPS,
	ELF_SEGMENTS_OVERLAP,	/* in memory */
	ELF_BAD_NOTE,
	ELF_NO_PHYS32_ENTRY,
	ELF_ENTRY_OUTSIDE,	/* the entry is outside all segments */
};

/** Text for a log line. */
const char *elf_error_text(enum elf_error e);

/** @filesz bytes at @offset of the file go to @paddr; the rest up to @memsz is zero. */
struct elf_segment {
	u64 offset, filesz, memsz;
	u64 paddr;		/* guest physical, as the file asks for it */
};

struct elf_image {
	struct elf_segment segment[ELF_MAX_SEGMENTS];	/* in ascending order of paddr */
	u32 nr_segments;
	u64 entry;		/* e_entry: virtual */
	u64 phys32_entry;	/* XEN_ELFNOTE_PHYS32_ENTRY: physical; for ARM64 the entry */
	u64 start, end;		/* of all segments in memory */
};

/** Parse @len bytes at @file, any alignment, for machine @machine (62: x86-64). A PVH kernel
 * is entered in 32-bit mode, so its file may also be a 32-bit one of that family (3: i386). Those
 * of ARM64 (183) have no note of their entry. */
enum elf_error elf_parse(const void *file, u64 len, u16 machine, struct elf_image *img);

#endif
