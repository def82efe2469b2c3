/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Little-endian loads at any alignment, for tables whose fields are not aligned. */
#ifndef DRIVERS_ACPI_BYTES_H
#define DRIVERS_ACPI_BYTES_H

#include <xen/types.h>

static inline u16 load16(const u8 *p) { return (u16)(p[0] | p[1] << 8); }
static inline u32 load32(const u8 *p) { return load16(p) | (u32)load16(p + 2) << 16; }
static inline u64 load64(const u8 *p) { return load32(p) | (u64)load32(p + 4) << 32; }

#endif
