/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console that the device tree names. */
#include <xen/console.h>
#include <xen/pl011.h>
#include <xen/printk.h>
#include <asm/gic.h>
#include <asm/mm.h>
#include <asm/setup.h>

static volatile void *uart;

static void write_uart(const char *s, size_t len)
{
	pl011_write(uart, s, len);
}

static void sync_uart(void)
{
	pl011_drain(uart);
}

static const struct console_dev device = { "dtuart", write_uart, sync_uart };

void __init console_init_early(void)
{
	/* Other ports are known to the parser, and have no driver yet: the log is only kept. */
	if (machine.uart.kind != DT_UART_PL011)
		return;
	uart = hal_map_mmio(paddr_make(machine.uart.regs.start), machine.uart.regs.size);
	if (uart)
		console_register(&device);
}

static void input(u32 irq)
{
	int c;

	while ((c = pl011_read(uart)) >= 0)
		console_input((char)c);
}

void __init console_init_late(void)
{
	if (!uart || !machine.uart.irq)
		return;
	irq_set_handler(machine.uart.irq, input);
	gic->set_level(machine.uart.irq, true);
	gic->route(machine.uart.irq, 0);
	gic->enable(machine.uart.irq, true);
	pl011_enable_input(uart);
}
