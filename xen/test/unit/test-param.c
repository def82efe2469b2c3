/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: every kind of parameter, and an error for each one that cannot be used. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
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

static const char *parse_custom(const char *v)
{
	if (!strcmp(v, "bad"))
		return param_error("not %s", "good");
	snprintf(custom, sizeof(custom), "<%s>", v);
	return NULL;
}
PARAM_CUSTOM_FN("tcustom", tcustom, parse_custom);
static const char *const words[] = { "first", "second" };
static u32 opt_word;
PARAM_WORD_VAR("tword", tword, opt_word, words);

/* What the log has gained since the last call. */
static const char *new_lines(void)
{
	static u32 from;
	const char *s = host_result()->console + from;

	from = host_result()->console_len;
	return s;
}

/* Lines with "command line:" since the last call. */
static u32 errors(void)
{
	const char *s = new_lines();
	u32 n = 0;

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
	assert_int_equal(errors(), 0);
	assert_true(opt_bool);
	assert_int_equal(opt_u8, 255);
	assert_int_equal(opt_u64, 0xfedcba9876543210UL);
	assert_int_equal(opt_size, 512UL << 20);
	assert_string_equal(opt_string, "abc");
	assert_string_equal(custom, "<x=y>");
	params_parse("no-tbool");
	assert_false(opt_bool);
	params_parse("tbool=on tbool=off tbool=true tcustom tword=second");
	assert_true(opt_bool);
	assert_string_equal(custom, "<>");
	assert_int_equal(opt_word, 1);
	params_parse("tbool=disable no-tcustom tword=first");
	assert_false(opt_bool);
	assert_string_equal(custom, "<no>");
	assert_int_equal(opt_word, 0);
	params_parse("tbool=enable");
	params_parse("-- nonsense tbool=no");
	assert_true(opt_bool);
	assert_string_equal(params_cmdline(), "-- nonsense tbool=no");
	assert_int_equal(errors(), 0);
}

#define LIST_ALL "docs/command-line.md lists all"

static void test_bad(void **state)
{
	static const struct { const char *line, *error; } cases[] = {
		{ "nonsense", "unknown parameter \"nonsense\"; " LIST_ALL },
		{ "nonsense=1", "unknown parameter \"nonsense\"; " LIST_ALL },
		{ "no-tu8", "unknown parameter \"no-tu8\"; " LIST_ALL },
		{ "no-tword", "unknown parameter \"no-tword\"; " LIST_ALL },
		{ "no-nonsense", "unknown parameter \"no-nonsense\"; " LIST_ALL },
		{ "tbool=maybe", "tbool=maybe is ignored: neither yes nor no" },
		{ "tu8=256", "tu8=256 is ignored: larger than 255" },
		{ "tu8=", "tu8= is ignored: not a number" },
		{ "tu8", "tu8= is ignored: not a number" },
		{ "tu8=1x", "tu8=1x is ignored: not a number" },
		{ "tu64=x", "tu64=x is ignored: not a number" },
		{ "tsize=5Q", "tsize=5Q is ignored: not a size such as 512M" },
		{ "tword=third", "tword=third is ignored: not one of first, second" },
		{ "tcustom=bad", "tcustom=bad is ignored: not good" },
		{ "tstring=12345678", "tstring=12345678 is ignored: longer than 7 characters" },
	};
	char want[128];

	new_lines();
	opt_u8 = 77;
	strcpy(opt_string, "kept");
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got;

		params_parse(cases[i].line);
		snprintf(want, sizeof(want), "command line: %s\n", cases[i].error);
		got = new_lines();
		if (!strstr(got, want))
			fail_msg("%s: got \"%s\"", cases[i].line, got);
	}
	assert_int_equal(opt_u8, 77);
	assert_string_equal(opt_string, "kept");
}

static void test_long_line(void **state)
{
	char line[5000];

	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	params_parse(line);
	assert_int_equal(errors(), 2);
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
