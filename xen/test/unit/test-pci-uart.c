/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serial ports on PCI cards: which are found, in which order, and where their registers are. */
#include "unit.h"

#include <string.h>

#include "../../drivers/serial/ns16550.h"
#include "../../drivers/serial/settings.h"

#include <xen/errno.h>
#include <xen/hal/pci.h>

#define WINDOW 0xe0000000U
#define WINDOW_BYTES 0x8000U
#define CLASS_SERIAL 0x07000200U
#define OXFORD (62500000 / UART_CLOCK_PER_BAUD)

/* A card in this machine: its first registers of configuration space. */
struct device {
	u16 bdf;
	u32 config[8];
};

static struct device machine[4];
static u32 devices;

bool hal_pci_reaches(struct pci_addr a, u32 reg) { return devices != 0; }

static struct device *device_at(u16 bdf)
{
	for (u32 i = 0; i < devices; i++)
		if (machine[i].bdf == bdf)
			return &machine[i];
	return NULL;
}

u32 hal_pci_read(struct pci_addr a, u32 reg, u32 bytes)
{
	const struct device *d = device_at(a.bdf);

	assert_int_equal(bytes, 4);
	return d && reg / 4 < ARRAY_SIZE(d->config) ? d->config[reg / 4] : 0xffffffffU;
}

void hal_pci_write(struct pci_addr a, u32 reg, u32 bytes, u32 val)
{
	struct device *d = device_at(a.bdf);

	assert_non_null(d);
	assert_int_equal(reg, PCI_REG_COMMAND);
	d->config[reg / 4] = val;
}

static struct device *add(u16 bdf, u16 vendor, u16 id, u32 class, u32 bar)
{
	struct device *d = &machine[devices++];

	*d = (struct device){ bdf, { (u32)id << 16 | vendor, 0, class, 0, bar } };
	return d;
}

static int start(void **state)
{
	devices = 0;
	return 0;
}

/* What a card's data sheet says: its ports, their distance, and the baud rate of divisor 1. */
static const struct sheet {
	u16 vendor, id;
	u32 ports, first, stride, spacing, fastest;
} sheets[] = {
	{ 0x1b36, 0x0003, 2, 0, 8, 1, 115200 },
	{ 0x1b36, 0x0004, 4, 0, 8, 1, 115200 },
	{ 0x1415, 0xc11b, 1, 0x1000, 0x200, 1, OXFORD },
	{ 0x1415, 0xc158, 2, 0x1000, 0x200, 1, OXFORD },
	{ 0x1415, 0xc208, 4, 0x1000, 0x200, 1, OXFORD },
	{ 0x1415, 0xc308, 8, 0x1000, 0x200, 1, OXFORD },
	{ 0x14e4, 0x160a, 1, 0, 0x20, 4, 115200 },
	{ 0x13a8, 0x0352, 2, 0, 0x400, 1, 7812500 },
	{ 0x13a8, 0x0354, 4, 0, 0x400, 1, 7812500 },
	{ 0x1c00, 0x3253, 2, 0xc0, 8, 1, 115200 },
	{ 0x9710, 0x9900, 1, 0, 8, 1, 115200 },
};

/* The port is programmed at exactly the registers that it has, for 9600 baud. */
static void check_registers(struct uart *u, const struct sheet *s, u32 n)
{
	static u8 window[WINDOW_BYTES];
	u32 at = s->first + n * s->stride, divisor = (s->fastest + 4800) / 9600;

	memset(window, 0, sizeof(window));
	u->regs = window + (u->mmio.v - WINDOW);
	u->baud = 9600;
	u->line_control = 0x03;
	assert_true(uart_setup(u));
	assert_int_equal(u->regs - window, at);
	/* Memory in place of a chip keeps the last value of each register. */
	assert_int_equal(window[at], (u8)divisor);
	assert_int_equal(window[at + s->spacing], divisor >> 8);
	assert_int_equal(window[at + 2 * s->spacing], 0x07);
	assert_int_equal(window[at + 3 * s->spacing], 0x03);
	assert_int_equal(window[at + 4 * s->spacing], 0x0b);
	for (u32 i = 0; i < sizeof(window); i++)
		if (i < at || i > at + 4 * s->spacing || (i - at) % s->spacing)
			assert_int_equal(window[i], 0);
}

static void test_cards(void **state)
{
	for (u32 i = 0; i < ARRAY_SIZE(sheets); i++) {
		const struct sheet *s = &sheets[i];
		const struct device *d;

		start(NULL);
		d = add(0x28, s->vendor, s->id, 0x07000000, WINDOW);
		for (u32 n = 0; n < s->ports; n++) {
			struct uart u = {};

			assert_int_equal(uart_find_pci(&u, n), 0);
			assert_true(u.on_pci && u.bdf == 0x28 && !u.port);
			assert_int_equal(d->config[1] & 3, 3);
			check_registers(&u, s, n);
		}
		assert_int_equal(uart_find_pci(&(struct uart){}, s->ports), -XEN_ENODEV);
	}
}

/* Ports are counted over all cards, in the order of their addresses. */
static void test_order(void **state)
{
	struct uart u = {};

	add(0x08, 0x8086, 0x100e, 0x02000000, WINDOW);		/* a network card */
	add(0x10, 0x1b36, 0x0003, CLASS_SERIAL, 0xc001);
	add(0x20, 0xabcd, 0x0001, CLASS_SERIAL, 0xd001);	/* unknown, but of the class */
	assert_int_equal(uart_find_pci(&u, 0), 0);
	assert_int_equal(u.port, 0xc000);
	assert_int_equal(uart_find_pci(&u, 1), 0);
	assert_int_equal(u.port, 0xc008);
	assert_int_equal(uart_find_pci(&u, 2), 0);
	assert_int_equal(u.port, 0xd000);
	assert_int_equal(u.bdf, 0x20);
	assert_int_equal(uart_find_pci(&u, 3), -XEN_ENODEV);
}

/* Functions of a device count where function 0 says that there are several. */
static void test_functions(void **state)
{
	struct device *d = add(0x10, 0x8086, 0x1234, 0x01000000, 0);
	struct uart u = {};

	add(0x11, 0x1b36, 0x0003, CLASS_SERIAL, 0xc001);
	add(0x1a, 0x1b36, 0x0003, CLASS_SERIAL, 0xd001);	/* without a function 0 */
	assert_int_equal(uart_find_pci(&u, 0), -XEN_ENODEV);
	d->config[3] = 1U << 23;
	assert_int_equal(uart_find_pci(&u, 0), 0);
	assert_int_equal(u.bdf, 0x11);
}

/* A window that firmware has not set up is not at address 0; one of 64 bits has two registers. */
static void test_windows(void **state)
{
	struct device *d = add(0x10, 0x1415, 0xc158, CLASS_SERIAL, 4);
	struct uart u = {};

	assert_int_equal(uart_find_pci(&u, 0), -XEN_ENODEV);
	d->config[5] = 0x12;
	assert_int_equal(uart_find_pci(&u, 1), 0);
	assert_int_equal(u.mmio.v, 0x1200001200UL);
	d->config[4] = 1;
	assert_int_equal(uart_find_pci(&u, 0), -XEN_ENODEV);
}

static void test_no_pci(void **state)
{
	assert_int_equal(uart_find_pci(&(struct uart){}, 0), -XEN_ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_cards, start),
		cmocka_unit_test_setup(test_order, start),
		cmocka_unit_test_setup(test_functions, start),
		cmocka_unit_test_setup(test_windows, start),
		cmocka_unit_test_setup(test_no_pci, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
