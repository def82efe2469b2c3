/* SPDX-License-Identifier: GPL-2.0-or-later */
/* com1= and console= in all of Xen's forms: what they mean, and how others are refused. */
#include "unit.h"

#include <string.h>

#include "../../drivers/serial/settings.h"

#include <xen/compiler.h>

static const struct serial_settings start = {
	.clock = UART_CLOCK, .data_bits = 8, .stop_bits = 1, .parity = 'n', .base = 0x3f8, .irq = 4,
	.reg_width = 1,
};

/* All variables that a parameter may change. */
static void good(const char *text, u32 baud, u32 clock, u8 line_control, u64 base, u32 irq)
{
	struct serial_settings s = start;
	const char *why = serial_settings_parse(&s, text);

	if (why)
		fail_msg("%s: %s", text, why);
	assert_int_equal(s.baud, baud);
	assert_int_equal(s.clock, clock);
	assert_int_equal(serial_line_control(&s), line_control);
	assert_int_equal(s.pci ? 0 : s.base, base);
	assert_int_equal(s.irq, irq);
}

static void test_good(void **state)
{
	struct serial_settings s = start;

	good("", 0, UART_CLOCK, 3, 0x3f8, 4);
	good("auto", 0, UART_CLOCK, 3, 0x3f8, 4);
	good("115200", 115200, UART_CLOCK, 3, 0x3f8, 4);
	good("115200,8n1", 115200, UART_CLOCK, 3, 0x3f8, 4);
	good("9600/250000,7e2,0x2f8,3", 9600, 4000000, 2 | 4 | 0x18, 0x2f8, 3);
	good("38400,5o1", 38400, UART_CLOCK, 0x08, 0x3f8, 4);
	good("38400,8m1,0x3e8,0", 38400, UART_CLOCK, 3 | 0x28, 0x3e8, 0);
	good("38400,8s1,0xfe030000", 38400, UART_CLOCK, 3 | 0x38, 0xfe030000, 4);
	/* Fields may be empty. */
	good("115200,,0x2f8,3", 115200, UART_CLOCK, 3, 0x2f8, 3);
	good(",,,0", 0, UART_CLOCK, 3, 0x3f8, 0);
	good("115200,8n1,pci", 115200, UART_CLOCK, 3, 0, 0);
	good("115200,8n1,pci,21", 115200, UART_CLOCK, 3, 0, 21);
	good("115200,8n1,pci,5", 115200, UART_CLOCK, 3, 0, 5);
	good("irq=21,dev=pci", 0, UART_CLOCK, 3, 0, 21);
	good("115200,8n1,0xfe030000,33", 115200, UART_CLOCK, 3, 0xfe030000, 33);
	good("115200,8n1,,,,", 115200, UART_CLOCK, 3, 0x3f8, 4);
	/* By name */
	good("baud=115200,parity=e,stop-bits=2,data-bits=7,io-base=0x2f8,irq=3", 115200, UART_CLOCK,
	     2 | 4 | 0x18, 0x2f8, 3);
	good("115200,8n1,clock-hz=250000", 115200, 4000000, 3, 0x3f8, 4);
	good("115200,dev=pci", 115200, UART_CLOCK, 3, 0, 0);
	assert_null(serial_settings_parse(&s, "115200,8n1,0xfe030000,0,reg-width=4,reg-shift=2"));
	assert_int_equal(s.reg_width, 4);
	assert_int_equal(s.reg_shift, 2);
}

static void test_bad(void **state)
{
	static const struct { const char *text, *why; } cases[] = {
		{ "fast", "the baud rate is neither a number nor auto" },
		{ "0", "the baud rate is neither a number nor auto" },
		{ "115200x", "the baud rate is neither a number nor auto" },
		{ "115200/", "the base baud rate is not a number" },
		{ "115200/0", "the base baud rate is not a number" },
		{ "115200/4294967295", "the base baud rate is not a number" },
		{ "115200,8n", "the format is like 8n1" },
		{ "115200,9n1", "data bits are 5 to 8" },
		{ "115200,8x1", "parity is n, o, e, m or s" },
		{ "115200,8n3", "stop bits are 1 or 2" },
		{ "115200,8n1,here", "the place is a port, a memory address, or pci" },
		{ "115200,8n1,0", "the place is a port, a memory address, or pci" },
		{ "115200,8n1,amt", "ports of Intel AMT are not driven; use pci" },
		{ "115200,8n1,0x3f8,1024",
		  "the interrupt is a line from 1 to 1023, or 0 to poll" },
		{ "115200,8n1,0x3f8,msi",
		  "a port's MSI is not used; give its line, or 0 to poll" },
		{ "115200,8n1,0x3f8,4,01:00.0",
		  "a card cannot be named by its PCI address; use pci, which finds it" },
		{ "port=01:00.0",
		  "a card cannot be named by its PCI address; use pci, which finds it" },
		{ "speed=115200", "a port has no setting \"speed\"" },
		{ "dev=usb", "dev is pci or amt" },
		{ "reg-shift=4", "reg-shift is 0 to 3" },
		{ "reg-width=2", "reg-width is 1 or 4" },
		{ "reg-width=4", "reg-width=4 is for registers in memory" },
		{ "115200,8n1,0x3f8,4,,,7", "there are too many fields" },
		{ "io-base=0x00000000000000000000003f8",
		  "there are too many fields, or one is too long" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct serial_settings s = start;
		const char *why = serial_settings_parse(&s, cases[i].text);

		if (!why || strcmp(why, cases[i].why))
			fail_msg("%s: %s", cases[i].text, why ? why : "accepted");
		assert_memory_equal(&s, &start, sizeof(s));
	}
}

static void test_console(void **state)
{
	static const struct {
		const char *text;
		bool com1, com2;
		const char *why;
	} cases[] = {
		{ "com1", true, false, NULL },
		{ "com2", false, true, NULL },
		{ "com1,com2,vga", true, true, NULL },
		{ "vga,com1", true, false, NULL },
		{ "none", false, false, NULL },
		{ "vga", false, false, NULL },
		/* The known parts of a value take effect. */
		{ "com2,com3", false, true, "com3: not one of com1, com2, vga, none" },
		{ "xhci,com2", false, true, "xhci: this console is not built; use com1 or com2" },
		{ "com2,com1H", false, true, "com1H: a port cannot be shared; use com1" },
		/* A value without a known part changes nothing: its message needs a log. */
		{ "pv", true, false, "pv: this console is not built; use com1 or com2" },
		{ "com1L", true, false, "com1L: a port cannot be shared; use com1" },
		{ "", true, false, ": not one of com1, com2, vga, none" },
		{ "aVeryLongNameOfAConsoleIndeed", true, false,
		  "aVeryLongNameOfAConsole: not one of com1, com2, vga, none" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct serial_choice c = { { true, false } };
		const char *why = serial_choice_parse(&c, cases[i].text);

		if (!why != !cases[i].why || (why && strcmp(why, cases[i].why)))
			fail_msg("%s: %s", cases[i].text, why ? why : "accepted");
		assert_int_equal(c.com[0], cases[i].com1);
		assert_int_equal(c.com[1], cases[i].com2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_console),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
