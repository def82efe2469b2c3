/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpio archives: what a whole one holds, and that no damaged one is read beyond its end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/cpio.h>
#include <xen/errno.h>

static char archive[4096];
static size_t used;

static void pad(void)
{
	while (used % 4)
		archive[used++] = '\0';
}

static void add(const char *name, const char *data)
{
	used += sprintf(archive + used,
			"070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", 1, 0100644,
			0, 0, 1, 0, strlen(data), 0, 0, 0, 0, strlen(name) + 1, 0);
	used += sprintf(archive + used, "%s", name) + 1;
	pad();
	used += sprintf(archive + used, "%s", data);
	pad();
}

static int two_files(void **state)
{
	used = 0;
	add("modules", "kernel quiet\n");
	add("kernel", "ELF");
	add("TRAILER!!!", "");
	return 0;
}

static void test_walk(void **state)
{
	struct cpio_file f;
	u64 pos = 0;

	assert_int_equal(cpio_next(archive, used, &pos, &f), 1);
	assert_string_equal(f.name, "modules");
	assert_int_equal(f.size, 13);
	assert_memory_equal(f.data, "kernel quiet\n", 13);
	assert_int_equal(cpio_next(archive, used, &pos, &f), 1);
	assert_string_equal(f.name, "kernel");
	assert_int_equal(f.size, 3);
	assert_int_equal(cpio_next(archive, used, &pos, &f), 0);
	assert_int_equal(pos, used);
}

static void test_find(void **state)
{
	struct cpio_file f;

	assert_int_equal(cpio_find(archive, used, "kernel", &f), 1);
	assert_memory_equal(f.data, "ELF", 3);
	assert_int_equal(cpio_find(archive, used, "kern", &f), 0);
}

/* A copy of exactly the remaining bytes, so that ASan detects reading one too many. */
static void test_truncated_anywhere(void **state)
{
	struct cpio_file f;

	for (size_t len = 0; len < used; len++) {
		char *part = malloc(len ? len : 1);

		memcpy(part, archive, len);
		assert_int_equal(cpio_find(part, len, "no such file", &f), -XEN_EINVAL);
		free(part);
	}
}

static void test_damaged_fields(void **state)
{
	static const struct {
		size_t at;
		const char *bytes;
	} damage[] = {
		{ 0, "070702" }, { 54, "0000000g" }, { 54, "FFFFFFFF" }, { 94, "00000000" },
		{ 94, "FFFFFFFF" }, { 94, "00000003" },
	};
	struct cpio_file f;

	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		u64 pos = 0;

		two_files(NULL);
		memcpy(archive + damage[i].at, damage[i].bytes, strlen(damage[i].bytes));
		assert_int_equal(cpio_next(archive, used, &pos, &f), -XEN_EINVAL);
		assert_int_equal(pos, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_walk, two_files),
		cmocka_unit_test_setup(test_find, two_files),
		cmocka_unit_test_setup(test_truncated_anywhere, two_files),
		cmocka_unit_test_setup(test_damaged_fields, two_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
