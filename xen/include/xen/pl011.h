/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARM's PrimeCell UART, PL011 (DDI0183), and the subset that SBSA defines. */
#ifndef XEN_PL011_H
#define XEN_PL011_H

#include <xen/types.h>

/** Write @len characters to the port whose registers are at @regs, with a bounded wait for each; a
 * newline gets a carriage return. The firmware has programmed the port. */
void pl011_write(volatile void *regs, const char *s, size_t len);
/** Wait, for a bounded time, until all characters have left. */
void pl011_drain(volatile void *regs);
/** Let the port interrupt when characters arrive. */
void pl011_enable_input(volatile void *regs);
/** Take a character that has arrived; -1: none. */
int pl011_read(volatile void *regs);

#endif
