/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest kernels that the domain builder takes. */
#ifndef TOOLS_TEST_FAKE_KERNEL_H
#define TOOLS_TEST_FAKE_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#define FAKE_KERNEL_AT 0x100000UL	/* where it asks to lie */
#define FAKE_KERNEL_ENTRY 0x100040UL
#define FAKE_KERNEL_BYTES 4096
#define FAKE_KERNEL_MEMORY 0x3000	/* with what it wants cleared */

/** An ELF file with one segment and a PVH note. */
void fake_kernel(uint8_t elf[FAKE_KERNEL_BYTES]);
/** The same as a 32-bit file. */
void fake_kernel32(uint8_t elf[FAKE_KERNEL_BYTES]);
/** The same as what an HVM guest starts with: entered at the file's own entry, without a note. */
void fake_loader(uint8_t elf[FAKE_KERNEL_BYTES]);
/** A bzImage around a payload; the caller frees it. @size: what it says it unpacks to, put behind
 * the payload when @append is set. */
uint8_t *fake_bzimage(const void *payload, size_t bytes, uint32_t size, int append, size_t *total);

#endif
