/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: levels, stamps, ring, what guests print, rate limits, input and debug keys. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/console.h>
#include <xen/errno.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/softirq.h>

static char text[256 << 10];

/* What was printed since the last call. */
static const char *output(void)
{
	static u32 index;
	size_t n = console_ring_read(text, sizeof(text) - 1, &index, false);

	text[n] = 0;
	return text;
}

static u32 count_lines(const char *s, const char *what)
{
	u32 n = 0;

	for (; (s = strstr(s, what)) != NULL; s++)
		n++;
	return n;
}

static void test_levels(void **state)
{
	params_parse("console_timestamps=none loglvl=warning guest_loglvl=none");
	output();
	printk(LOG_ERR "e\n");
	printk("plain\n");
	printk(LOG_INFO "hidden\n");
	printk(LOG_G_ERR "hidden\n");
	printk("a");
	printk("b\nc\n");
	assert_string_equal(output(), "(XEN) e\n(XEN) plain\n(XEN) ab\n(XEN) c\n");
	params_parse("loglvl=all guest_loglvl=all");
	printk(LOG_DEBUG "d\n");
	printk(LOG_G_DEBUG "g\n");
	assert_string_equal(output(), "(XEN) d\n(XEN) g\n");
	/* Levels that are always shown, and those shown at a limited rate. */
	params_parse("loglvl=error/warning guest_loglvl=error/all");
	for (u32 i = 0; i < 500; i++) {
		printk(LOG_ERR "always\n");
		printk(LOG_WARN "limited\n");
		printk(LOG_G_ERR "guest always\n");
		printk(LOG_G_DEBUG "guest limited\n");
	}
	output();
	assert_int_equal(count_lines(text, "(XEN) always"), 500);
	assert_int_equal(count_lines(text, "(XEN) guest always"), 500);
	assert_in_range(count_lines(text, "(XEN) limited"), 50, 150);
	assert_in_range(count_lines(text, "(XEN) guest limited"), 50, 150);
	host_advance(20L * 1000000000);
	printk(LOG_WARN "limited\n");
	printk(LOG_G_DEBUG "guest limited\n");
	output();
	assert_non_null(strstr(text, " messages were dropped\n(XEN) limited\n"));
	assert_non_null(strstr(text, " messages on guests were dropped\n(XEN) guest limited\n"));
	params_parse("loglvl=error/none guest_loglvl=debug/error");
	printk(LOG_ERR "e\n");
	printk(LOG_WARN "hidden\n");
	printk(LOG_G_DEBUG "g\n");
	assert_string_equal(output(), "(XEN) e\n(XEN) g\n");
	params_parse("loglvl=some guest_loglvl=error/some loglvl=error/ loglvl=");
	assert_int_equal(count_lines(output(), "is ignored: each level is none, error, warning, "
					       "info, debug or all, as in error/all\n"), 4);
	params_parse("loglvl=none");
	printk(LOG_ERR "hidden\n");
	assert_string_equal(output(), "");
	params_parse("loglvl=all");
}

static void test_stamps(void **state)
{
	unsigned long long v;
	u32 y, mo, d, h, mi, s, ms;
	int used = 0;

	params_parse("console_timestamps=boot");
	host_advance(12345678000L);
	output();
	printk("x\n");
	assert_int_equal(sscanf(output(), "(XEN) [   %llu.34%*4d] x\n%n", &v, &used), 1);
	assert_int_equal(v, 32);
	assert_int_equal(used, (int)strlen(text));
	params_parse("console_timestamps=raw");
	printk("x\n");
	assert_int_equal(sscanf(output(), "(XEN) [%16llx] x", &v), 1);
	params_parse("console_timestamps=date");
	printk("x\n");
	/* The simulated wall clock starts at 1700000000. */
	assert_int_equal(sscanf(output(), "(XEN) [%u-%u-%u %u:%u:%u] x", &y, &mo, &d, &h, &mi, &s),
			 6);
	assert_int_equal(y * 10000 + mo * 100 + d, 20231114);
	assert_int_equal(h * 10000 + mi * 100 + s, 221352);
	params_parse("console_timestamps=datems");
	printk("x\n");
	assert_int_equal(sscanf(output(), "(XEN) [%u-%u-%u %u:%u:%u.%u] x", &y, &mo, &d, &h, &mi,
				&s, &ms), 7);
	assert_int_equal(h * 10000 + mi * 100 + s, 221352);
	assert_in_range(ms, 1, 999);
	/* As a flag */
	params_parse("console_timestamps");
	printk("x\n");
	assert_int_equal(sscanf(output(), "(XEN) [%u-%u-%u %u:%u:%u] x", &y, &mo, &d, &h, &mi, &s),
			 6);
	params_parse("no-console_timestamps");
	printk("x\n");
	assert_string_equal(output(), "(XEN) x\n");
	params_parse("console_timestamps=raw console_timestamps=never");
	assert_non_null(strstr(output(), "command line: console_timestamps=never is ignored: not "
					 "one of none, boot, raw, date, datems\n"));
	params_parse("console_timestamps=none");
}

static void test_ring_wraps(void **state)
{
	static char buf[200 << 10];
	u32 old = 0, fresh;
	size_t n;

	for (u32 i = 0; i < 20000; i++)
		printk("line %u\n", i);
	n = console_ring_read(buf, sizeof(buf), &old, false);
	assert_int_equal(n, 128 << 10);
	assert_non_null(strstr(buf + n - 30, "line 19999\n"));
	/* Reading continues at an index. */
	printk("more\n");
	fresh = old;
	n = console_ring_read(buf, sizeof(buf), &fresh, false);
	assert_int_equal(n, 11);
	n = console_ring_read(buf, 4, &old, true);
	assert_memory_equal(buf, "(XEN", 4);
	/* After clearing, a new reader gets nothing. */
	old = 0;
	assert_int_equal(console_ring_read(buf, sizeof(buf), &old, false), 0);
	output();
}

static void test_guest(void **state)
{
	output();
	console_guest_write(3, "hel", 3, false);
	console_guest_write(4, "other\n", 6, false);
	console_guest_write(3, "lo\033[31m\ttab\r\n", 13, false);
	assert_string_equal(output(), "(XEN) (d4) other\n(XEN) (d3) hello[31m\ttab\n");
	console_guest_write(0, "raw\033", 4, true);
	printk("x\n");
	assert_string_equal(output(), "raw\033\n(XEN) x\n");
}

static void test_guest_long_and_many(void **state)
{
	char big[1000];

	memset(big, 'q', sizeof(big));
	output();
	console_guest_write(5, big, sizeof(big), false);
	assert_int_equal(count_lines(output(), "(d5) "), 3);
	/* More guests than buffers: each line comes out, the oldest first. */
	for (u16 d = 100; d < 140; d++)
		console_guest_write(d, "z", 1, false);
	assert_true(count_lines(output(), ") z\n") >= 20);
}

static void test_guest_rate(void **state)
{
	output();
	for (u32 i = 0; i < 5000; i++)
		console_guest_write(50, "spam\n", 5, false);
	assert_in_range(count_lines(output(), "spam"), 1900, 2100);
	console_guest_write(51, "fine\n", 5, false);
	assert_int_equal(count_lines(output(), "fine"), 1);
	host_advance(1000000000L);
	console_guest_write(50, "again\n", 6, false);
	assert_int_equal(count_lines(output(), "lines were dropped]"), 1);
	params_parse("guest_loglvl=none/all");
	for (u32 i = 0; i < 1000; i++)
		printk(LOG_G_ERR "guest error\n");
	assert_in_range(count_lines(output(), "guest error"), 50, 200);
}

/* Guests that take turns in a slot do not start with a full burst each time. */
static void test_many_guests_rate(void **state)
{
	enum { GUESTS = 40, ROUNDS = 3000 };
	u32 lines = 0;

	host_advance(60L * 1000000000);
	output();
	for (u32 i = 0; i < ROUNDS; i++) {
		for (u16 d = 200; d < 200 + GUESTS; d++)
			console_guest_write(d, "flood\n", 6, false);
		lines += count_lines(output(), "flood");
	}
	/* 16 slots, each with a burst of 2000. */
	assert_in_range(lines, 16 * 2000, 16 * 2000 + 100);
	host_advance(1000000000L);
	console_guest_write(200, "later\n", 6, false);
	assert_int_equal(count_lines(output(), "lines of other guests were dropped]\n"), 1);
	assert_int_equal(count_lines(text, "later"), 1);
}

static char typed[16];
static u32 nr_typed;

static void rx(char c)
{
	typed[nr_typed++] = c;
}

static u32 key_runs;

static void on_key(char key)
{
	assert_int_equal(key, 'k');
	key_runs++;
}

static void test_input(void **state)
{
	keyhandler_register('k', on_key, "count");
	console_input('k');
	assert_int_equal(key_runs, 0);
	softirq_run();
	assert_int_equal(key_runs, 1);
	assert_int_equal(keyhandler_run('~'), -XEN_ENOENT);
	assert_int_equal(keyhandler_run((char)200), -XEN_ENOENT);
	console_set_guest_rx(rx);
	console_input('k');
	console_input(1);
	console_input('l');
	softirq_run();
	assert_int_equal(key_runs, 1);
	assert_int_equal(nr_typed, 3);
	assert_memory_equal(typed, "k\001l", 3);
	for (u32 i = 0; i < 3; i++)
		console_input(1);
	console_input('k');
	console_input('h');
	output();
	softirq_run();
	assert_int_equal(key_runs, 2);
	assert_int_equal(nr_typed, 3);
	assert_non_null(strstr(output(), " k: count\n"));
}

static u32 dev_chars;

static void dev_write(const char *s, size_t len)
{
	dev_chars += (u32)len;
}

static void test_device_replay(void **state)
{
	static const struct console_dev dev = { .name = "test", .write = dev_write };
	u32 index = 0;
	size_t held = console_ring_read(text, sizeof(text), &index, false);

	console_register(&dev);
	assert_int_equal(dev_chars, held);
	console_force_sync();
	printk("y\n");
	assert_int_equal(dev_chars, held + 8);
}

static int boot(void **state)
{
	host_init(1, 1, 1UL << 20);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_ring_wraps),
		cmocka_unit_test(test_guest),
		cmocka_unit_test(test_guest_long_and_many),
		cmocka_unit_test(test_guest_rate),
		cmocka_unit_test(test_many_guests_rate),
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_device_replay),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
