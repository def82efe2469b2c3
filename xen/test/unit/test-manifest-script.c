/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scripts/manifest.py and the hypervisor have the same rules: what the script writes without a word
 * the hypervisor takes without one, and what the script refuses the hypervisor would refuse.
 */
#include "unit.h"

#include <string.h>

#include <xen/manifest.h>

#define MAX_BLOB 8192

static struct manifest m;
static u8 blob[MAX_BLOB] __aligned(8);
static char line[256];
static u32 nr_lines;

static void complain(void *ctx, const char *text)
{
	nr_lines++;
	snprintf(line, sizeof(line), "%s", text);
}

static bool claim(u32 index, char *why, size_t size) { return true; }

/* On a machine that lacks nothing. */
static bool accepted(size_t len)
{
	struct manifest_limits lim = { .nr_modules = 32, .self = 0, .nr_nodes = 64,
				       .total_kib = 1UL << 34, .claim_devices = claim };
	cpumask_t cpus;
	struct fdt t;

	for (u32 i = 0; i < NR_CPUS; i++)
		cpumask_set(&cpus, i);
	lim.cpus = &cpus;
	nr_lines = 0;
	assert_int_equal(fdt_open(&t, blob, len), FDT_OK);
	manifest_parse(&m, &t, &lim, complain, NULL);
	assert_true(!nr_lines == !m.nr_rejected);
	return !nr_lines;
}

static void test_same_rules(void **state)
{
	FILE *p = popen("python3 xen/test/unit/manifest-cases.py", "r");
	u32 nr[2] = { 0, 0 };
	char verdict[16], name[512];
	size_t len;

	assert_non_null(p);
	while (fscanf(p, "%15s %zu %511[^\n]", verdict, &len, name) == 3) {
		bool script = !strcmp(verdict, "accepted"), here;

		assert_int_equal(fgetc(p), '\n');
		assert_true(len <= MAX_BLOB);
		assert_int_equal(fread(blob, 1, len, p), len);
		here = accepted(len);
		if (script != here)
			fail_msg("%s: the script %s it, the hypervisor does not agree: %s", name,
				 verdict, here ? "" : line);
		nr[here]++;
	}
	assert_int_equal(pclose(p), 0);
	assert_true(nr[0] > 50 && nr[1] > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
