/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which serial ports are consoles, from the command line, and how they are driven. */
#include <xen/serial.h>

#include <xen/errno.h>
#include <xen/format.h>
#include <xen/hal/io.h>
#include <xen/hal/irq.h>
#include <xen/hal/time.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>

#include "ns16550.h"

#define POLL_INTERVAL_NS 20000000
#define MMIO_WINDOW 64

static void com1_write(const char *s, size_t len);
static void com2_write(const char *s, size_t len);
static void com1_sync(void);
static void com2_sync(void);

#define COM(nm, port_, irq_)                                                   \
	{                                                                      \
		.dev = { .name = #nm, .write = nm##_write, .sync = nm##_sync },\
		.lock = SPINLOCK_INIT(#nm, LOCK_RANK_SERIAL),                  \
		.port = port_, .irq = irq_, .clock = UART_CLOCK,               \
		.line_control = 3,                                             \
	}
static struct uart coms[2] = { COM(com1, 0x3f8, 4), COM(com2, 0x2f8, 3) };

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

static bool console_given;
static bool sync_console;
PARAM_BOOL_VAR("sync_console", sync_console, sync_console);

/* "8n1": data bits, parity, stop bits, as the line control register wants them. */
static int parse_format(struct uart *u, const char **s)
{
	static const char parity[] = "n?o?e?m?s";	/* register value at twice its place */
	const char *p = *s, *par = p[0] && p[1] ? strchr(parity, p[1]) : NULL;
	u32 code;

	if (p[0] < '5' || p[0] > '8' || !par || p[1] == '?' || (p[2] != '1' && p[2] != '2'))
		return -XEN_EINVAL;
	code = (u32)(par - parity) / 2;
	u->line_control = (u8)((p[0] - '5') | (p[2] == '2' ? 4 : 0) |
			       (code ? (code * 2 - 1) << 3 : 0));
	*s = p + 3;
	return 0;
}

/* [,port[,irq]] or [,pci] */
static int parse_place(struct uart *u, const char *s)
{
	const char *end;
	u64 v;

	if (!strncmp(s, "pci", 3) && !s[3]) {
		u32 nth = u == &coms[1];
		int rc = uart_find_pci(u, nth);

		if (rc)
			printk(LOG_WARN "serial: com%u=...,pci wants %u port%s on PCI cards, which "
			       "there are not\n", nth + 1, nth + 1, nth ? "s" : "");
		return rc;
	}
	v = parse_u64(s, &end, 0);
	if (end == s || !v)
		return -XEN_EINVAL;
	if (v > 0xfff8) {
		u->mmio = paddr_make(v);
		u->port = 0;
	} else {
		u->port = (u16)v;
	}
	if (!*end)
		return 0;
	s = end + 1;
	v = parse_u64(s, &end, 0);
	if (end == s || *end || v > 15)
		return -XEN_EINVAL;
	u->irq = (u32)v;
	return 0;
}

/* baud[/clock][,format[,place]] */
static int parse_com(struct uart *u, const char *s)
{
	const char *end;

	if (!strncmp(s, "auto", 4)) {
		end = s + 4;
	} else {
		u->baud = (u32)parse_u64(s, &end, 10);
		if (end == s || !u->baud)
			return -XEN_EINVAL;
	}
	if (*end == '/') {
		s = end + 1;
		u->clock = (u32)parse_u64(s, &end, 10);
		if (end == s || !u->clock)
			return -XEN_EINVAL;
	}
	if (*end == ',') {
		end++;
		if (parse_format(u, &end))
			return -XEN_EINVAL;
	}
	if (*end == ',')
		return parse_place(u, end + 1);
	return *end ? -XEN_EINVAL : 0;
}

static int parse_com1(const char *s) { return parse_com(&coms[0], s); }
static int parse_com2(const char *s) { return parse_com(&coms[1], s); }
PARAM_CUSTOM_FN("com1", com1, parse_com1);
PARAM_CUSTOM_FN("com2", com2, parse_com2);

/* A list of com1, com2, none, and vga, which is taken and has no effect. */
static int parse_console(const char *s)
{
	console_given = true;
	coms[0].wanted = coms[1].wanted = false;
	while (*s) {
		const char *comma = strchr(s, ',');
		size_t n = comma ? (size_t)(comma - s) : strlen(s);

		if (n == 4 && (!strncmp(s, "com1", n) || !strncmp(s, "com2", n)))
			coms[s[3] - '1'].wanted = true;
		else if (!(n == 4 && !strncmp(s, "none", n)) && !(n == 3 && !strncmp(s, "vga", n)))
			return -XEN_EINVAL;
		s += n + (comma != NULL);
	}
	return 0;
}
PARAM_CUSTOM_FN("console", console, parse_console);

static void start(struct uart *u)
{
	if (u->wanted && !u->present && uart_setup(u))
		console_register(&u->dev);
}

void __init serial_init_early(void)
{
	if (!console_given)
		coms[0].wanted = true;
	for (u32 i = 0; i < ARRAY_SIZE(coms); i++)
		start(&coms[i]);
}

static void interrupt(void *arg)
{
	uart_service(arg);
}

static void poll(void *arg)
{
	struct uart *u = arg;

	uart_service(u);
	timer_set(&u->poll, now_ns() + POLL_INTERVAL_NS);
}

void __init serial_init_late(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(coms); i++) {
		struct uart *u = &coms[i];

		if (u->wanted && u->mmio.v && !u->regs)
			u->regs = map_mmio(u->mmio, MMIO_WINDOW);
		start(u);
		if (!u->present)
			continue;
		if (u->irq && irq_request_isa((u8)u->irq, interrupt, u) >= 0) {
			uart_start_irq(u, !sync_console);
			continue;
		}
		timer_init(&u->poll, poll, u, 0);
		timer_set(&u->poll, now_ns() + POLL_INTERVAL_NS);
	}
}
