/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The serial port driver on a slow wire: what is lost, what is not, and how long it takes. */
#include "unit.h"

#include <string.h>

#include "../../drivers/serial/ns16550.h"

#include <asm/host.h>
#include <xen/hal/io.h>

#define PORT 0x3f8
#define FIFO 16
#define LINE 12			/* what write_line() writes */

/* A 16550: the registers that the driver uses. */
static struct {
	u8 ier, lcr, fifo[FIFO];
	u32 in_fifo, reads_per_char;	/* 0: the wire stands still */
	u32 reads;			/* of LSR since the start */
	size_t sent;
	char wire[256 << 10];
} chip;

static void move_wire(void)
{
	if (!chip.in_fifo || !chip.reads_per_char || chip.reads % chip.reads_per_char)
		return;
	chip.wire[chip.sent++] = (char)chip.fifo[0];
	chip.wire[chip.sent] = 0;
	memmove(chip.fifo, chip.fifo + 1, --chip.in_fifo);
}

u8 inb(u16 port)
{
	switch (port - PORT) {
	case 1:
		return chip.ier;
	case 2:
		return chip.ier & 2 && !chip.in_fifo ? 0xc2 : 0xc1;
	case 3:
		return chip.lcr;
	case 5:
		chip.reads++;
		move_wire();
		return chip.in_fifo ? 0 : 0x60;
	}
	return 0;
}

void outb(u8 v, u16 port)
{
	switch (port - PORT) {
	case 0:
		if (chip.lcr & 0x80)
			break;
		assert_true(chip.in_fifo < FIFO);
		chip.fifo[chip.in_fifo++] = v;
		break;
	case 1:
		chip.ier = chip.lcr & 0x80 ? chip.ier : v & 0x0f;
		break;
	case 3:
		chip.lcr = v;
	}
}

static struct uart port;

static int setup(void **state)
{
	memset(&chip, 0, sizeof(chip));
	chip.reads_per_char = 2;
	port = (struct uart){ .port = PORT, .clock = 1843200, .baud = 115200, .line_control = 3,
			      .lock = SPINLOCK_INIT("port", LOCK_RANK_SERIAL) };
	assert_true(uart_setup(&port));
	return 0;
}

/* Let the wire take all there is. */
static void drain(void)
{
	chip.reads_per_char = 2;
	for (u32 i = 0; i < 40000 && (uart_has_output(&port) || chip.in_fifo); i++) {
		uart_service(&port);
		inb(PORT + 5);
		inb(PORT + 5);
	}
	assert_false(uart_has_output(&port));
}

static void write_line(u32 i)
{
	char line[32];

	uart_write(&port, line, (size_t)snprintf(line, sizeof(line), "line %06u\n", i));
}

/* Every line is there, once and in order. */
static void expect_lines(u32 n)
{
	const char *s = chip.wire;

	for (u32 i = 0; i < n; i++) {
		char want[32];

		snprintf(want, sizeof(want), "line %06u\n", i);
		if (strncmp(s, want, strlen(want)))
			fail_msg("line %u: %.20s", i, s);
		s += strlen(want);
	}
	assert_string_equal(s, "");
}

static void test_boot_waits(void **state)
{
	for (u32 i = 0; i < 100; i++)
		write_line(i);
	uart_start(&port, false, true);
	for (u32 i = 100; i < 5000; i++)
		write_line(i);
	drain();
	expect_lines(5000);
	assert_int_equal(chip.ier, 1);
}

static void lossy(bool polled)
{
	const char *mark;
	unsigned long lost;
	u32 before;
	int end = 0;

	uart_start(&port, polled, true);
	port.lossy = true;
	chip.reads_per_char = 0;
	before = chip.reads;
	for (u32 i = 0; i < 5000; i++)
		write_line(i);
	/* A look or two a line, however long the wire takes. */
	assert_in_range(chip.reads - before, 1, 2 * 5000 + 100);
	drain();
	/* The first line went to the chip at once. */
	assert_int_equal(strlen(chip.wire), UART_TX_RING + LINE);
	assert_null(strstr(chip.wire, "dropped"));
	write_line(7);
	drain();
	mark = strstr(chip.wire, "\n[");
	assert_non_null(mark);
	assert_int_equal(sscanf(mark, "\n[%lu characters were dropped]\nline 000007\n%n", &lost,
				&end), 1);
	assert_int_equal(mark[end], 0);
	assert_int_equal(lost, 5000 * LINE - UART_TX_RING - LINE);
	assert_int_equal(chip.ier, polled ? 0 : 1);
}

static void test_lossy_never_waits(void **state) { lossy(false); }
static void test_polled(void **state) { lossy(true); }

/* A port that is quick enough loses nothing, lossy or not: the emulator's is. */
static void test_quick_port(void **state)
{
	uart_start(&port, false, true);
	port.lossy = true;
	for (u32 i = 0; i < 5000; i++) {
		chip.reads_per_char = 1;
		write_line(i);
		for (u32 k = 0; k < FIFO; k++)
			inb(PORT + 5);
	}
	drain();
	expect_lines(5000);
}

/* What is in the ring leaves before the machine does. */
static void test_sync(void **state)
{
	uart_start(&port, false, true);
	port.lossy = true;
	chip.reads_per_char = 0;
	for (u32 i = 0; i < 1000; i++)
		write_line(i);
	chip.reads_per_char = 2;
	uart_sync(&port);
	write_line(1000);
	uart_sync(&port);
	expect_lines(1001);
}

/* A port that never answers again costs a bounded number of looks, once. */
static void test_stuck(void **state)
{
	chip.reads_per_char = 0;
	write_line(0);
	write_line(1);
	assert_in_range(chip.reads, 1000, 1000000);
	chip.reads = 0;
	for (u32 i = 0; i < 1000; i++)
		write_line(i);
	assert_in_range(chip.reads, 1, 2000);
}

static int boot(void **state)
{
	host_init(1, 1, 1UL << 20);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_boot_waits, setup),
		cmocka_unit_test_setup(test_lossy_never_waits, setup),
		cmocka_unit_test_setup(test_polled, setup),
		cmocka_unit_test_setup(test_quick_port, setup),
		cmocka_unit_test_setup(test_sync, setup),
		cmocka_unit_test_setup(test_stuck, setup),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
