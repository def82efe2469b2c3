/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I/O ports of a machine without devices. */
#include <xen/hal/io.h>

u8 inb(u16 port) { return 0xff; }
u16 inw(u16 port) { return 0xffff; }
u32 inl(u16 port) { return ~0U; }
void outb(u8 v, u16 port) {}
void outw(u16 v, u16 port) {}
void outl(u32 v, u16 port) {}
