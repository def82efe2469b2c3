/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console daemon's log of the hypervisor: nothing twice, and what is missing is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xentoollog.h>

#include "../xenconsoled/daemon.h"
#include "fake-xen.h"

static char folder[64], path[96], text[65536 * 4];
static struct ctl *ctl;
static struct hvlog hv;
static xentoollog_logger *logger;

static int setup(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/xenolith-hvlog-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/hypervisor.log", folder);
	fake_reset(1);
	logger = (void *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	ctl = ctl_open(&fake_backend, logger);
	return ctl ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	logfile_close(&hv.file);
	ctl_close(ctl);
	xtl_logger_destroy(logger);
	fake_reset(0);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* The ring holds these bytes, of which the first has this index. */
static void ring(const char *bytes, size_t n, uint32_t first)
{
	fake_xen.log = bytes;
	fake_xen.log_bytes = (uint32_t)n;
	fake_xen.log_first = first;
}

static const char *logged(void)
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = '\0';
	return text;
}

static void test_follow(void **state)
{
	hvlog_open(&hv, folder, 0, false);
	ring("one\n", 4, 0);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	ring("one\ntwo\n", 8, 0);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	/* The ring has gone on, but not beyond what was read. */
	ring("wo\nthree\n", 9, 5);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	assert_string_equal(logged(), "one\ntwo\nthree\n");
}

static void test_loss(void **state)
{
	hvlog_open(&hv, folder, 0, false);
	/* What was gone before the daemon started is not its loss. */
	ring("old", 3, 70000);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	ring("new\n", 4, 70010);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	assert_string_equal(logged(), "old\n[7 bytes were overwritten or cleared before they were "
			    "read]\nnew\n");
}

/* Indices have 32 bits and wrap. */
static void test_wrap(void **state)
{
	hvlog_open(&hv, folder, 0, false);
	hv.index = UINT32_MAX - 1;
	hv.started = true;
	ring("abcdef\n", 7, UINT32_MAX - 1);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	assert_int_equal(hv.index, 5);
	ring("x\n", 2, 6);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	assert_string_equal(logged(), "abcdef\n[1 bytes were overwritten or cleared before they "
			    "were read]\nx\n");
}

/* More than one call gives, in one turn; and a limit that turns the file over. */
static void test_much(void **state)
{
	static char big[100000];
	size_t len;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\n';
	hvlog_open(&hv, folder, 0, false);
	ring(big, sizeof(big), 0);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	len = strlen(logged());
	assert_int_equal(len, sizeof(big));
	assert_memory_equal(text, big, sizeof(big));
	logfile_close(&hv.file);
	unlink(path);
	hvlog_open(&hv, folder, 50000, false);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	assert_true(strlen(logged()) < 50000);
	strcat(path, ".1");
	assert_true(strlen(logged()) >= 50000 && strlen(text) < 50000 + 16384);
}

static void test_stamp(void **state)
{
	int n = 0;

	hvlog_open(&hv, folder, 0, true);
	ring("one\ntwo", 7, 0);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	ring("one\ntwo more\n", 13, 0);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	assert_int_equal(sscanf(logged(), "[%*d-%*d-%*d %*d:%*d:%*d] one\n[%*d-%*d-%*d %*d:%*d:"
				"%*d] two more%n", &n), 0);
	assert_int_equal(n, strlen(text) - 1);
}

/* The hypervisor refuses, or the folder is not there: no log, no harm. */
static void test_fails(void **state)
{
	hvlog_open(&hv, folder, 0, false);
	ring("one\n", 4, 0);
	fake_xen.fail_at = 1;
	fake_xen.fail_with = -EPERM;
	assert_int_equal(hvlog_read(&hv, ctl), -EPERM);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	assert_string_equal(logged(), "one\n");
	logfile_close(&hv.file);
	hvlog_open(&hv, "/nonexistent/folder", 0, false);
	assert_int_equal(hv.file.fd, -1);
	assert_int_equal(hvlog_read(&hv, ctl), 0);
	hvlog_open(&hv, NULL, 0, false);
	assert_int_equal(hv.file.fd, -1);
	assert_int_equal(fake_xen.bufs, 0);
}

/* A folder whose path is longer than what daemons mostly have: the log is in it, not beside it. */
static void test_long_folder(void **state)
{
	char dir[1024];
	int n = snprintf(dir, sizeof(dir), "%s", folder);

	for (int i = 0; i < 3; i++) {
		n += snprintf(dir + n, sizeof(dir) - (size_t)n, "/%0200d", i);
		assert_int_equal(mkdir(dir, 0755), 0);
	}
	hvlog_open(&hv, dir, 0, false);
	assert_true(hv.file.fd >= 0);
	n += snprintf(dir + n, sizeof(dir) - (size_t)n, "/hypervisor.log");
	assert_int_equal(access(dir, F_OK), 0);
	assert_int_equal(access(path, F_OK), -1);
}

/* No folder has a path like this one. */
static void test_endless_folder(void **state)
{
	static char dir[3 * PATH_MAX];

	memset(dir, '/', sizeof(dir) - 1);
	hvlog_open(&hv, dir, 0, false);
	assert_int_equal(hv.file.fd, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Whatever a guest is called, its log is a file in this folder. */
static void test_names(void **state)
{
	static const char *const names[] = { "../out", "/etc/out", "a/b", "//", ".." };
	static const char *const files[] = { ".._out", "_etc_out", "a_b", "__", NULL };
	char below[sizeof(folder) + 8], at[sizeof(below) + 16];

	snprintf(below, sizeof(below), "%s/logs", folder);
	assert_int_equal(mkdir(below, 0755), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct logfile f;

		logfile_open(&f, below, names[i], 0, false);
		assert_int_equal(f.fd >= 0, files[i] != NULL);
		logfile_close(&f);
		snprintf(at, sizeof(at), "%s/%s", below, files[i] ? files[i] : "logs");
		assert_int_equal(access(at, F_OK) == 0, files[i] != NULL);
	}
	snprintf(at, sizeof(at), "%s/out", folder);
	assert_int_not_equal(access(at, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_follow), TEST(test_loss), TEST(test_wrap), TEST(test_much),
		TEST(test_stamp), TEST(test_fails), TEST(test_long_folder),
		TEST(test_endless_folder), TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
