/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom0_mem= and dom0_max_vcpus=: what each form means, and what is refused. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/dom0_params.h>
#include <xen/param.h>

#define MIB(n) ((u64)(n) << 8)		/* in pages */
#define FREE MIB(900)
#define TOTAL MIB(1000)
#define FALLBACK MIB(800)
#define BAD_MEM "not a list of SIZE, min:SIZE and max:SIZE, where SIZE is like 512M, -512M, " \
		"25% or 1G+25%"
#define BAD_VCPUS "not N or MIN-MAX with numbers from 1 to 128"

/* What the log has gained since the last call. */
static const char *new_lines(void)
{
	static u32 from;
	const char *s = host_result()->console + from;

	from = host_result()->console_len;
	return s;
}

static void expect_error(const char *line, const char *why)
{
	char want[256];
	const char *got = new_lines();

	snprintf(want, sizeof(want), "command line: %s is ignored: %s\n", line, why);
	if (!strstr(got, want))
		fail_msg("%s: got \"%s\"", line, got);
}

/* A parameter keeps its value between lines, so each line sets all parts of it. */
static void test_mem(void **state)
{
	static const struct {
		const char *line;
		u64 pages, max_pages;
	} cases[] = {
		{ "", FALLBACK, FALLBACK },
		{ "dom0_mem=max:700M", MIB(700), MIB(700) },
		{ "dom0_mem=max:850M", FALLBACK, MIB(850) },
		{ "dom0_mem=min:820M,max:10G", MIB(820), MIB(10240) },
		/* max: overrides min: */
		{ "dom0_mem=min:820M,max:500M", MIB(500), MIB(500) },
		{ "dom0_mem=min:256M dom0_mem=max:400M", MIB(400), MIB(400) },
		{ "dom0_mem=400M,max:400M", MIB(400), MIB(400) },
		{ "dom0_mem=512M,max:1G", MIB(512), MIB(1024) },
		{ "dom0_mem=max:1G,512M", MIB(512), MIB(1024) },
		/* Without a suffix: KiB */
		{ "dom0_mem=262144,min:1,max:1T", MIB(256), MIB(1 << 20) },
		{ "dom0_mem=2097152B", 512, MIB(1 << 20) },
		{ "dom0_mem=45%", MIB(450), MIB(1 << 20) },
		{ "dom0_mem=100M+25%", MIB(350), MIB(1 << 20) },
		{ "dom0_mem=0%,min:8k", 2, MIB(1 << 20) },
		/* Less than what is free */
		{ "dom0_mem=-500M", MIB(400), MIB(1 << 20) },
		{ "dom0_mem=-2G,min:4k", 1, MIB(1 << 20) },
		{ "dom0_mem=1G,min:-100M,max:-50M", MIB(850), MIB(850) },
		{ "dom0_mem=1T,min:1k,max:1T", MIB(1 << 20), MIB(1 << 20) },
	};
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 pages;

		params_parse(cases[i].line);
		pages = dom0_mem_pages(FREE, TOTAL, FALLBACK);
		if (pages != cases[i].pages)
			fail_msg("%s: %lu pages", cases[i].line, pages);
		if (dom0_mem_max_pages(FREE, TOTAL, pages) != cases[i].max_pages)
			fail_msg("%s: at most %lu", cases[i].line,
				 dom0_mem_max_pages(FREE, TOTAL, pages));
		assert_string_equal(new_lines(), "");
	}
}

static void test_bad_mem(void **state)
{
	static const char *const bad[] = {
		"dom0_mem=", "dom0_mem=M", "dom0_mem=512Q", "dom0_mem=512M,", "dom0_mem=,512M",
		"dom0_mem=min:", "dom0_mem=mid:5M", "dom0_mem=100%", "dom0_mem=-25%",
		"dom0_mem=1G+", "dom0_mem=1G+25", "dom0_mem=-1G+25%", "dom0_mem=25%+1G",
		"dom0_mem=--1G", "dom0_mem=99999999T", "dom0_mem=512M;max:1G",
		"dom0_mem=512M,max:0000000000000000000000000000000000000000000001G",
	};
	u64 before;

	params_parse("dom0_mem=123M,min:1M,max:456M");
	new_lines();
	before = dom0_mem_pages(FREE, TOTAL, FALLBACK);
	assert_int_equal(before, MIB(123));
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		params_parse(bad[i]);
		expect_error(bad[i], BAD_MEM);
		assert_int_equal(dom0_mem_pages(FREE, TOTAL, FALLBACK), before);
	}
}

static void test_vcpus(void **state)
{
	static const struct {
		const char *line;
		u32 cpus, want;
	} cases[] = {
		{ "", 4, 4 }, { "", 200, 128 },
		{ "dom0_max_vcpus=4-8", 2, 4 }, { "dom0_max_vcpus=4-8", 4, 4 },
		{ "dom0_max_vcpus=4-8", 6, 6 }, { "dom0_max_vcpus=4-8", 8, 8 },
		{ "dom0_max_vcpus=4-8", 10, 8 },
		{ "dom0_max_vcpus=4-", 2, 4 }, { "dom0_max_vcpus=4-", 64, 64 },
		{ "dom0_max_vcpus=4-", 256, 128 }, { "dom0_max_vcpus=-8", 2, 2 },
		{ "dom0_max_vcpus=-8", 16, 8 }, { "dom0_max_vcpus=2-1000", 256, 128 },
		{ "dom0_max_vcpus=3", 1, 3 }, { "dom0_max_vcpus=128", 1, 128 },
	};
	static const char *const bad[] = {
		"dom0_max_vcpus=", "dom0_max_vcpus=0", "dom0_max_vcpus=-", "dom0_max_vcpus=0-4",
		"dom0_max_vcpus=8-4", "dom0_max_vcpus=129", "dom0_max_vcpus=129-200",
		"dom0_max_vcpus=4-8-", "dom0_max_vcpus=4x", "dom0_max_vcpus=-0",
		"dom0_max_vcpus=99999999999999999999",
	};

	assert_int_equal(dom0_vcpus(4, 2), 2);
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		params_parse(cases[i].line);
		if (dom0_vcpus(cases[i].cpus, 0) != cases[i].want)
			fail_msg("%s: %u", cases[i].line, dom0_vcpus(cases[i].cpus, 0));
		assert_string_equal(new_lines(), "");
	}
	/* The command line comes before a fallback. */
	assert_int_equal(dom0_vcpus(4, 2), 128);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		params_parse(bad[i]);
		expect_error(bad[i], BAD_VCPUS);
		assert_int_equal(dom0_vcpus(4, 0), 128);
	}
}

static int boot(void **state)
{
	host_init(1, 1, 1UL << 20);
	params_parse("console_timestamps=none");
	new_lines();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mem),
		cmocka_unit_test(test_bad_mem),
		cmocka_unit_test(test_vcpus),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
