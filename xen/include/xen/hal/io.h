/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access to device registers and firmware tables, for drivers. */
#ifndef XEN_HAL_IO_H
#define XEN_HAL_IO_H

#include <xen/types.h>

/*
 * <asm/io.h> provides readb/readw/readl/readq and writeb/... for mapped registers and, on machines
 * with I/O ports, inb/inw/inl and outb/outw/outl.
 */
#include <asm/io.h>

/** Map device registers uncached, permanently; NULL when there is no room. Boot only. */
void *hal_map_mmio(paddr_t pa, size_t size);
/** Map firmware tables cached and read-only, permanently; NULL when there is no room. Boot only. */
void *hal_map_phys_ro(paddr_t pa, size_t size);

#endif
