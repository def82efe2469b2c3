/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device registers. The simulated machine has no ports; a test that provides a device defines the
 * functions for them. Mapped registers are memory, and a test's model of a device is told of what
 * is written to them.
 */
#ifndef ASM_HOST_IO_H
#define ASM_HOST_IO_H

#include <xen/types.h>

/** The value read when no device answers: all ones. */
u8 inb(u16 port);
u16 inw(u16 port);
u32 inl(u16 port);
void outb(u8 v, u16 port);
void outw(u16 v, u16 port);
void outl(u32 v, u16 port);

/** A model of a device. True: it took the write; else, and when it is NULL, memory takes it. */
extern bool (*host_device_write)(volatile void *reg, u64 v, u32 bytes);

static inline u8 readb(const volatile void *p) { return *(const volatile u8 *)p; }
static inline u16 readw(const volatile void *p) { return *(const volatile u16 *)p; }
static inline u32 readl(const volatile void *p) { return *(const volatile u32 *)p; }
static inline u64 readq(const volatile void *p) { return *(const volatile u64 *)p; }
static inline void writeb(u8 v, volatile void *p)
{
	if (!host_device_write || !host_device_write(p, v, sizeof(v)))
		*(volatile u8 *)p = v;
}

static inline void writew(u16 v, volatile void *p)
{
	if (!host_device_write || !host_device_write(p, v, sizeof(v)))
		*(volatile u16 *)p = v;
}

static inline void writel(u32 v, volatile void *p)
{
	if (!host_device_write || !host_device_write(p, v, sizeof(v)))
		*(volatile u32 *)p = v;
}

static inline void writeq(u64 v, volatile void *p)
{
	if (!host_device_write || !host_device_write(p, v, sizeof(v)))
		*(volatile u64 *)p = v;
}

#endif
