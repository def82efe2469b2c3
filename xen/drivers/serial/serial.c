/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choice of serial ports as consoles by the command line, and driving them. */
#include <xen/serial.h>

#include <xen/errno.h>
#include <xen/hal/io.h>
#include <xen/hal/irq.h>
#include <xen/hal/time.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>

#include "ns16550.h"
#include "settings.h"

/* A port without an interrupt is polled for input, and more often while it has output. */
#define POLL_INPUT_NS 20000000
#define POLL_OUTPUT_NS 1400000		/* time of 16 characters at 115200 baud */
#define MMIO_WINDOW 64

static void com1_write(const char *s, size_t len);
static void com2_write(const char *s, size_t len);
static void com1_sync(void);
static void com2_sync(void);

#define COM(nm)                                                                \
	{                                                                      \
		.dev = { .name = #nm, .write = nm##_write, .sync = nm##_sync },\
		.lock = SPINLOCK_INIT(#nm, LOCK_RANK_SERIAL),                  \
	}
static struct uart coms[2] = { COM(com1), COM(com2) };

/* Defaults of com1= and com2=; used until the ports are started. */
#define SETTINGS(base_, irq_)                                                          \
	{                                                                              \
		.clock = UART_CLOCK, .data_bits = 8, .stop_bits = 1, .parity = 'n',    \
		.base = base_, .irq = irq_, .reg_width = 1,                            \
	}
static struct serial_settings settings[2] = { SETTINGS(0x3f8, 4), SETTINGS(0x2f8, 3) };
static struct serial_choice choice = { { true, false } };

static void com1_write(const char *s, size_t len) { uart_write(&coms[0], s, len); }
static void com2_write(const char *s, size_t len) { uart_write(&coms[1], s, len); }
static void com1_sync(void) { uart_sync(&coms[0]); }
static void com2_sync(void) { uart_sync(&coms[1]); }

bool serial_owns_port(u16 port)
{
	for (u32 i = 0; i < ARRAY_SIZE(coms); i++)
		if (coms[i].present && coms[i].port && (u16)(port - coms[i].port) < 8)
			return true;
	return false;
}

bool serial_owns_pci(struct pci_addr a)
{
	for (u32 i = 0; i < ARRAY_SIZE(coms); i++)
		if (coms[i].present && coms[i].on_pci && !a.segment && coms[i].bdf == a.bdf)
			return true;
	return false;
}

static bool sync_console;
PARAM_BOOL_VAR("sync_console", sync_console, sync_console);

static const char *parse_com1(const char *s) { return serial_settings_parse(&settings[0], s); }
static const char *parse_com2(const char *s) { return serial_settings_parse(&settings[1], s); }
PARAM_CUSTOM_FN("com1", com1, parse_com1);
PARAM_CUSTOM_FN("com2", com2, parse_com2);

static const char *parse_console(const char *s) { return serial_choice_parse(&choice, s); }
PARAM_CUSTOM_FN("console", console, parse_console);

/* Set up @u by its settings. False: the port does not exist. */
static bool __init configure(struct uart *u, const struct serial_settings *s, u32 nth)
{
	u->baud = s->baud;
	u->clock = s->clock;
	u->line_control = serial_line_control(s);
	u->irq = s->irq;
	u->reg_shift = s->reg_shift;
	u->reg_width = s->reg_width;
	if (s->pci) {
		if (!uart_find_pci(u, nth))
			return true;
		printk(LOG_ERR "serial: com%u=...,pci is ignored: there is no %s port on a PCI "
		       "card\n", nth + 1, nth ? "second" : "first");
		return false;
	}
	if (s->base > SERIAL_LAST_PORT)
		u->mmio = paddr_make(s->base);
	else
		u->port = (u16)s->base;
	return true;
}

static void start(struct uart *u)
{
	if (u->wanted && !u->present && uart_setup(u))
		console_register(&u->dev);
}

void __init serial_init_early(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(coms); i++) {
		if (!choice.com[i])
			continue;
		coms[i].wanted = configure(&coms[i], &settings[i], i);
		start(&coms[i]);
	}
}

static void interrupt(void *arg)
{
	uart_service(arg);
}

static void poll(void *arg)
{
	struct uart *u = arg;

	uart_service(u);
	timer_set(&u->poll, hal_now_ns() + (uart_has_output(u) ? POLL_OUTPUT_NS : POLL_INPUT_NS));
}

/* Take the port's interrupt. A number that no ISA interrupt has is the line of a PCI card, which is
 * level-triggered and active low (PCI Local Bus specification 3.0, section 2.2.6). */
static int __init take_interrupt(struct uart *u)
{
	struct hal_irq_line line = { u->irq, true, true };

	if (u->irq <= SERIAL_LAST_ISA_IRQ && !hal_irq_isa_line((u8)u->irq, &line))
		return -XEN_EINVAL;
	return hal_irq_request(&line, interrupt, u);
}

/* Interrupts are on from now on, or a timer polls the port. */
static bool __init has_interrupt(struct uart *u)
{
	int rc = u->irq ? take_interrupt(u) : 0;

	if (rc)
		printk(LOG_WARN "serial: %s is polled, as its interrupt %u cannot be used: %s\n",
		       u->dev.name, u->irq, rc == -XEN_EBUSY ? "another device has it" :
		       rc == -XEN_EINVAL ? "the machine has none of that number"
					 : "no vector is left");
	return u->irq && !rc;
}

static void __init report_absent(const struct uart *u)
{
	printk(LOG_WARN "serial: nothing answers at %s %#lx, so %s carries no log; correct %s= or "
	       "console=\n", u->port ? "I/O port" : "address", u->port ? u->port : u->mmio.v,
	       u->dev.name, u->dev.name);
}

void __init serial_init_late(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(coms); i++) {
		struct uart *u = &coms[i];

		if (u->wanted && u->mmio.v && !u->regs)
			u->regs = hal_map_mmio(u->mmio, MMIO_WINDOW);
		start(u);
		if (u->wanted && !u->present)
			report_absent(u);
		if (!u->present)
			continue;
		if (has_interrupt(u)) {
			uart_start(u, false, !sync_console);
			continue;
		}
		uart_start(u, true, !sync_console);
		timer_init(&u->poll, poll, u, 0);
		timer_set(&u->poll, hal_now_ns() + POLL_INPUT_NS);
	}
}

void __init serial_boot_done(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(coms); i++)
		coms[i].lossy = true;
}
