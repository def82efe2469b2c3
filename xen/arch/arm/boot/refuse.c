/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A start that cannot go on, before there are page tables. The MMU is off, so all memory is device
 * memory, and the code runs at another address than it is linked for: it may use strings, but no
 * table of pointers. .bss is not cleared.
 */
#include <xen/compiler.h>
#include <xen/dt_machine.h>
#include <xen/hal/cpu.h>
#include <xen/hal/io.h>
#include <xen/pl011.h>
#include <xen/string.h>

/* Registers of a 16550 (PC16550D): transmitter, line status. */
#define THR 0
#define LSR 5
#define LSR_THR_EMPTY BIT(5)
#define WAIT_POLLS 1000000U	/* more than a character takes at any baud rate */
#define TREE_MAX (1UL << 21)	/* Linux's arm64 boot protocol */

void boot_refuse(u64 tree_pa, u64 level);

static u32 __init read_16550(const struct dt_uart *u, u32 reg)
{
	const void *at = (const void *)(u->regs.start + ((u64)reg << u->reg_shift));

	return u->reg_width == 4 ? readl(at) : readb(at);
}

static void __init put_16550(const struct dt_uart *u, u8 c)
{
	void *at = (void *)(u->regs.start + ((u64)THR << u->reg_shift));

	for (u32 i = 0; i < WAIT_POLLS && !(read_16550(u, LSR) & LSR_THR_EMPTY); i++)
		hal_cpu_relax();
	if (u->reg_width == 4)
		writel(c, at);
	else
		writeb(c, at);
}

static void __init say(const struct dt_uart *u, const char *s)
{
	if (u->kind == DT_UART_PL011)
		pl011_write((volatile void *)u->regs.start, s, strlen(s));
	if (u->kind != DT_UART_NS16550 || u->reg_shift > 4)
		return;
	for (; *s; s++) {
		if (*s == '\n')
			put_16550(u, '\r');
		put_16550(u, (u8)*s);
	}
}

/* @level: the exception level that the boot loader has chosen. Silent without a tree or a known
 * port; head.S stops the CPU afterwards. */
void __init boot_refuse(u64 tree_pa, u64 level)
{
	struct dt_uart uart;
	struct fdt tree;

	if (!tree_pa || tree_pa % 8 ||
	    fdt_open(&tree, (const void *)tree_pa, TREE_MAX) != FDT_OK)
		return;
	dt_uart_find(&tree, &uart);
	if (level == 1)
		say(&uart, "Xenolith was started at EL1 and needs EL2: "
			   "enable virtualization in the firmware "
			   "(QEMU: -machine virt,virtualization=on)\n");
	else if (level == 3)
		say(&uart, "Xenolith was started at EL3 and needs EL2: "
			   "start it by firmware that drops to EL2\n");
	else
		say(&uart, "Xenolith was loaded in the last 512 GiB of 256 TiB: "
			   "load it lower, as it cannot work there\n");
}
