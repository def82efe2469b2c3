/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PL011, polled for output. */
#include <xen/pl011.h>

#include <xen/compiler.h>
#include <xen/hal/cpu.h>
#include <xen/hal/io.h>

#define UARTDR 0x00
#define UARTFR 0x18
#define UARTIMSC 0x38
#define UARTICR 0x44
#define FR_BUSY BIT(3)
#define FR_RX_EMPTY BIT(4)
#define FR_TX_FULL BIT(5)
#define INT_RX BIT(4)
#define INT_RX_TIMEOUT BIT(6)
#define WAIT_POLLS 1000000U	/* more than a character takes at any baud rate */

static volatile char *reg(volatile void *regs, u32 at)
{
	return (volatile char *)regs + at;
}

static void wait_while(volatile void *regs, u32 bit)
{
	for (u32 i = 0; i < WAIT_POLLS && readl(reg(regs, UARTFR)) & bit; i++)
		hal_cpu_relax();
}

static void put(volatile void *regs, char c)
{
	wait_while(regs, FR_TX_FULL);
	writel((u8)c, reg(regs, UARTDR));
}

void pl011_write(volatile void *regs, const char *s, size_t len)
{
	for (; len; s++, len--) {
		if (*s == '\n')
			put(regs, '\r');
		put(regs, *s);
	}
}

void pl011_drain(volatile void *regs)
{
	wait_while(regs, FR_BUSY);
}

void pl011_enable_input(volatile void *regs)
{
	writel(0x7ff, reg(regs, UARTICR));
	writel(INT_RX | INT_RX_TIMEOUT, reg(regs, UARTIMSC));
}

int pl011_read(volatile void *regs)
{
	if (readl(reg(regs, UARTFR)) & FR_RX_EMPTY)
		return -1;
	return (int)(readl(reg(regs, UARTDR)) & 0xff);
}
