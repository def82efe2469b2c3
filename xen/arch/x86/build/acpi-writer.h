/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing ACPI tables for guests (layouts: ACPI 6.4, chapter 5.2). */
#ifndef X86_BUILD_ACPI_WRITER_H
#define X86_BUILD_ACPI_WRITER_H

#include <xen/types.h>

#define ACPI_AREA_BYTES 16384

struct domain;

/**
 * Tables under construction. Data beyond the end is dropped, so make it large enough for 128 vCPUs.
 */
struct acpi_area {
	u64 base;		/* guest physical address of data[] */
	u32 used;
	u8 data[ACPI_AREA_BYTES];
};

/** Start an area for @base, with room for the root pointer at its start. */
void acpi_area_init(struct acpi_area *a, u64 base);

void acpi_put8(struct acpi_area *a, u32 v);
void acpi_put16(struct acpi_area *a, u32 v);
void acpi_put32(struct acpi_area *a, u32 v);
void acpi_put64(struct acpi_area *a, u64 v);
void acpi_put_zeros(struct acpi_area *a, u32 n);

/**
 * Start a table with its header. Returns its offset, which the end function needs for the checksum.
 */
u32 acpi_begin_table(struct acpi_area *a, const char *sig, u8 revision);
void acpi_end_table(struct acpi_area *a, u32 at);

/** The MADT's header and one entry for each vCPU. The caller may add entries before ending it. */
u32 acpi_begin_madt(struct acpi_area *a, u32 vcpus);
/** The root pointer at the area's start, for the XSDT at offset @xsdt. */
void acpi_put_rsdp(struct acpi_area *a, u32 xsdt);

#endif
