/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formatting against libc's, and number parsing. */
#include "unit.h"

#include <string.h>

#include <xen/format.h>

#define SAME(...)                                                      \
	do {                                                           \
		char want[128], got[128];                              \
		int n_ = snprintf(want, sizeof(want), __VA_ARGS__);    \
		assert_int_equal(scnprintf(got, sizeof(got), __VA_ARGS__), n_); \
		assert_string_equal(got, want);                        \
	} while (0)

/* Formats made from pieces cannot be checked by the compiler, and some are wrong on purpose. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-overflow"
#pragma GCC diagnostic ignored "-Wformat-security"

static void test_fixed(void **state)
{
	SAME("plain %% text");
	SAME("%s|%10s|%-10s|%.2s|%*s", "abc", "abc", "abc", "abc", -5, "x");
	SAME("%c%c", 'a', 'b');
	SAME("%hhd %hhu %hd %hu", (signed char)-3, (unsigned char)253, (short)-300,
	     (unsigned short)65000);
	SAME("%zu %zx", (size_t)77, (size_t)0xabc);
	SAME("%ld %lld %lu %llx", -5L, -6LL, ~0UL, ~0ULL);
	SAME("%p", (void *)0x1234);
	SAME("%d %d", INT32_MIN, INT32_MAX);
	SAME("%#x %#o %#X %#x", 255, 8, 255, 0);
}

static void test_random_numbers(void **state)
{
	static const char *const flags[] = { "", "-", "0", "+", " ", "#", "-+", "0+", "#0", "- " };
	static const char *const widths[] = { "", "1", "5", "12", "25" };
	static const char *const precisions[] = { "", ".0", ".1", ".7", ".20" };
	static const char conv[] = "diuxXo";

	unit_seed();
	for (int i = 0; i < 20000; i++) {
		uint64_t v = unit_random() >> unit_random_below(64);
		char fmt[32], want[128], got[128];
		char c = conv[unit_random_below(6)];
		const char *f = flags[unit_random_below(10)];

		if (unit_random_below(20) == 0)
			v = 0;
		/* Sign flags with unsigned conversions have no defined meaning. */
		if (c != 'd' && c != 'i' && (strchr(f, '+') || strchr(f, ' ')))
			continue;
		snprintf(fmt, sizeof(fmt), "%%%s%s%s%s%c", f, widths[unit_random_below(5)],
			 precisions[unit_random_below(5)], "ll", c);
		snprintf(want, sizeof(want), fmt, v);
		scnprintf(got, sizeof(got), fmt, v);
		if (strcmp(got, want))
			print_message("format %s value %#llx\n", fmt, (unsigned long long)v);
		assert_string_equal(got, want);
	}
}

static void test_truncation(void **state)
{
	char buf[8];

	assert_int_equal(scnprintf(buf, sizeof(buf), "%s", "0123456789"), 7);
	assert_string_equal(buf, "0123456");
	assert_int_equal(scnprintf(buf, 1, "%d", 5), 0);
	assert_int_equal(buf[0], 0);
	buf[0] = 'x';
	assert_int_equal(scnprintf(buf, 0, "%d", 5), 0);
	assert_int_equal(buf[0], 'x');
	assert_int_equal(scnprintf(buf, sizeof(buf), "%99999999999d", 1), 7);
	assert_int_equal(scnprintf(buf, sizeof(buf), "%s", (char *)NULL), 6);
}

static void test_parse(void **state)
{
	static const struct { const char *s; unsigned int base; u64 v; int used; } t[] = {
		{ "123", 0, 123, 3 }, { "0x1fz", 0, 0x1f, 4 }, { "0777", 0, 0777, 4 },
		{ "0", 0, 0, 1 }, { "", 0, 0, 0 }, { "x", 0, 0, 0 }, { "0x", 0, 0, 1 },
		{ "ff", 16, 0xff, 2 }, { "0xff", 16, 0xff, 4 }, { "-1", 0, 0, 0 },
		{ "18446744073709551615", 0, ~0UL, 20 }, { "99999999999999999999", 0, ~0UL, 20 },
		{ "08", 0, 0, 1 }, { "08", 10, 8, 2 },
	};
	const char *end;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(parse_u64(t[i].s, &end, t[i].base), t[i].v);
		assert_int_equal(end - t[i].s, t[i].used);
	}
	assert_int_equal(parse_size("4k", &end), 4096);
	assert_int_equal(*end, 0);
	assert_int_equal(parse_size("3M", NULL), 3 << 20);
	assert_int_equal(parse_size("2Gx", &end), 2UL << 30);
	assert_int_equal(*end, 'x');
	assert_int_equal(parse_size("7B", &end), 7);
	assert_int_equal(parse_size("7", &end), 7 << 10);
	assert_int_equal(parse_size("99999999T", &end), ~0UL);
	assert_int_equal(parse_size("k", &end), 0);
	assert_int_equal(*end, 'k');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_random_numbers),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
