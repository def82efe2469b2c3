/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: every kind of parameter, and a warning for each one that is no good. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/param.h>

static bool opt_bool;
PARAM_BOOL_VAR("tbool", tbool, opt_bool);
static u8 opt_u8;
PARAM_UINT_VAR("tu8", tu8, opt_u8);
static u64 opt_u64;
PARAM_UINT_VAR("tu64", tu64, opt_u64);
static u64 opt_size;
PARAM_SIZE_VAR("tsize", tsize, opt_size);
static char opt_string[8];
PARAM_STRING_VAR("tstring", tstring, opt_string);
static char custom[16];

static int parse_custom(const char *v)
{
	if (!strcmp(v, "bad"))
		return -XEN_EINVAL;
	snprintf(custom, sizeof(custom), "<%s>", v);
	return 0;
}
PARAM_CUSTOM_FN("tcustom", tcustom, parse_custom);

/* Lines with "command line:" since the last call. */
static u32 warnings(void)
{
	static u32 from;
	const char *s = host_result()->console + from;
	u32 n = 0;

	from = host_result()->console_len;
	while ((s = strstr(s, "command line:")) != NULL) {
		s++;
		n++;
	}
	return n;
}

static void test_good(void **state)
{
	params_parse("  tbool tu8=255 tu64=0xfedcba9876543210 tsize=512M\ttstring=abc "
		     "tcustom=x=y ");
	assert_int_equal(warnings(), 0);
	assert_true(opt_bool);
	assert_int_equal(opt_u8, 255);
	assert_int_equal(opt_u64, 0xfedcba9876543210UL);
	assert_int_equal(opt_size, 512UL << 20);
	assert_string_equal(opt_string, "abc");
	assert_string_equal(custom, "<x=y>");
	params_parse("no-tbool");
	assert_false(opt_bool);
	params_parse("tbool=on tbool=off tbool=true tcustom");
	assert_true(opt_bool);
	assert_string_equal(custom, "<>");
	params_parse("-- nonsense tbool=no");
	assert_true(opt_bool);
	assert_string_equal(params_cmdline(), "-- nonsense tbool=no");
	assert_int_equal(warnings(), 0);
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"nonsense", "nonsense=1", "tbool=maybe", "tbool=", "tu8=256", "tu8=", "tu8",
		"tu8=1x",
		"tu64=x", "tsize=5Q", "no-tu8", "no-nonsense", "tcustom=bad", "tstring=12345678",
	};

	opt_u8 = 77;
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		params_parse(bad[i]);
		if (warnings() != 1)
			fail_msg("no warning for %s", bad[i]);
	}
	assert_int_equal(opt_u8, 77);
	assert_string_equal(opt_string, "1234567");
}

static void test_long_line(void **state)
{
	char line[5000];

	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	params_parse(line);
	assert_int_equal(warnings(), 2);
	assert_true(strlen(params_cmdline()) < sizeof(line) - 1);
}

static int boot(void **state)
{
	host_init(1, 1, 1UL << 20);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_long_line),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
