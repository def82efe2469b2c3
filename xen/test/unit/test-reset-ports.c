/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every way a PC's ports reset it or close its A20 gate, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/x86/reset-ports.h>

static struct reset_ports ports;

static int set_up(void **state)
{
	ports = (struct reset_ports){ .acpi_port = 0x1234, .acpi_value = 6 };
	return 0;
}

static int out(u16 port, u8 val, u8 expect)
{
	u8 v = val;
	int rc = reset_port_write(&ports, port, &v);

	if (rc == RESET_PASS)
		assert_int_equal(v, expect);
	return rc;
}

static void test_watched(void **state)
{
	u32 n = 0;

	for (u32 port = 0; port < 0x10000; port++)
		n += reset_port_watched(&ports, (u16)port);
	assert_int_equal(n, 5);
	ports.acpi_port = 0;
	assert_false(reset_port_watched(&ports, 0));
}

static void test_keyboard(void **state)
{
	/* Pulse commands: bit 0 clear pulls the reset line; A20 stays open. */
	for (u32 c = 0xf0; c <= 0xff; c++)
		assert_int_equal(out(0x64, (u8)c, (u8)(c | 2)), c & 1 ? RESET_PASS : RESET_NOW);
	for (u32 c = 0; c < 0xf0; c++)
		assert_int_equal(out(0x64, (u8)c, c == 0xdd ? 0xff : (u8)c), RESET_PASS);
	/* The meaning of data depends on the command before it. */
	assert_int_equal(out(0x64, 0x60, 0x60), RESET_PASS);
	assert_int_equal(out(0x60, 0xfe, 0xfe), RESET_PASS);
	assert_int_equal(out(0x64, 0xd1, 0xd1), RESET_PASS);
	assert_int_equal(out(0x60, 0xfe, 0), RESET_NOW);
	assert_int_equal(out(0x64, 0xd1, 0xd1), RESET_PASS);
	assert_int_equal(out(0x60, 0xdd, 0xdf), RESET_PASS);
	assert_int_equal(out(0x60, 0xdc, 0xdc), RESET_PASS);
}

static void test_others(void **state)
{
	assert_int_equal(out(0x92, 0x01, 0), RESET_NOW);
	assert_int_equal(out(0x92, 0x00, 0x02), RESET_PASS);
	assert_int_equal(out(0x92, 0x0e, 0x0e), RESET_PASS);
	assert_int_equal(out(0xcf9, 0x02, 0x02), RESET_PASS);
	assert_int_equal(out(0xcf9, 0x06, 0), RESET_NOW);
	assert_int_equal(out(0x1234, 0x06, 0), RESET_NOW);
	assert_int_equal(out(0x1234, 0x05, 0x05), RESET_PASS);
	/* The register of the tables may be one of the others. */
	ports.acpi_port = 0x64;
	ports.acpi_value = 0x55;
	assert_int_equal(out(0x64, 0x55, 0), RESET_NOW);
	assert_int_equal(out(0x64, 0xfe, 0), RESET_NOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_watched, set_up),
		cmocka_unit_test_setup(test_keyboard, set_up),
		cmocka_unit_test_setup(test_others, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
