/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal's file: what was appended is there, half a record is not, two daemons are one too
 * many.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../xenstored/journal.h"

static char dir[64];
static struct journal j;
static unsigned int loaded;
static char last[256];

static int setup(void **state)
{
	strcpy(dir, "/tmp/xs-journal-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[96];

	journal_close(&j);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static const char *load_one(void *ctx, const void *record, size_t len)
{
	loaded++;
	snprintf(last, sizeof(last), "%.*s", (int)len, (const char *)record);
	return len == 3 && !memcmp(record, "bad", 3) ? "bad" : NULL;
}

static void reload(unsigned long want)
{
	unsigned long records;

	journal_close(&j);
	assert_int_equal(journal_open(&j, dir), 0);
	loaded = 0;
	assert_null(journal_load(&j, load_one, NULL, &records));
	assert_int_equal(records, want);
	assert_int_equal(loaded, want);
}

static void fresh(void)
{
	struct journal old;

	old = j;
	assert_int_equal(journal_begin(&j), 0);
	assert_int_equal(journal_commit(&j, &old), 0);
}

static void add(const char *s)
{
	assert_int_equal(journal_append(&j, s, strlen(s)), 0);
}

static void test_records(void **state)
{
	char text[200];

	assert_int_equal(journal_open(&j, dir), 0);
	reload(0);
	fresh();
	add("one");
	add("two, of another length");
	reload(2);
	assert_string_equal(last, "two, of another length");
	fresh();
	reload(0);
	fresh();
	/* Longer than it grows at once. */
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "%0150d", i);
		add(text);
	}
	reload(20000);
	assert_string_equal(last, text);
}

/* Cut or damage the last record at every byte: it is dropped, the others stay. */
static void test_half_record(void **state)
{
	char path[128], byte;
	size_t start;
	int fd;

	assert_int_equal(journal_open(&j, dir), 0);
	fresh();
	add("first");
	start = j.used;
	add("the second one");
	snprintf(path, sizeof(path), "%s/state", dir);
	for (size_t at = start; at < start + 30; at++) {
		fd = open(path, O_RDWR);
		assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
		byte ^= 0x40;
		assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
		reload(1);
		byte ^= 0x40;
		assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
		close(fd);
	}
	reload(2);
	assert_int_equal(truncate(path, (off_t)start + 20), 0);
	reload(1);
	assert_string_equal(last, "first");
}

/* Lengths that reach beyond the file. */
static void test_long_record(void **state)
{
	static const uint32_t lens[] = { 1U << 21, 0x7ffffff0, 0xffffffff };
	size_t start;
	char path[128];
	int fd;

	assert_int_equal(journal_open(&j, dir), 0);
	fresh();
	add("first");
	start = j.used;
	add("second");
	snprintf(path, sizeof(path), "%s/state", dir);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		fd = open(path, O_RDWR);
		assert_int_equal(pwrite(fd, &lens[i], 4, (off_t)start), 4);
		close(fd);
		reload(1);
		assert_string_equal(last, "first");
	}
}

/* A whole record in the place of the one after it. */
static void test_record_of_before(void **state)
{
	size_t start, len;
	char path[128], record[256];
	int fd;

	assert_int_equal(journal_open(&j, dir), 0);
	fresh();
	start = j.used;
	add("first");
	len = j.used - start;
	assert_true(len <= sizeof(record));
	snprintf(path, sizeof(path), "%s/state", dir);
	fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, record, len, (off_t)start), len);
	assert_int_equal(pwrite(fd, record, len, (off_t)(start + len)), len);
	close(fd);
	reload(1);
}

static void test_wrong_file(void **state)
{
	unsigned long records;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/state", dir);
	f = fopen(path, "w");
	fputs("something else that is long enough", f);
	fclose(f);
	assert_int_equal(journal_open(&j, dir), 0);
	assert_non_null(journal_load(&j, load_one, NULL, &records));
	assert_int_equal(truncate(path, 0), 0);
	assert_non_null(journal_load(&j, load_one, NULL, &records));
}

static void test_record_refused(void **state)
{
	unsigned long records;

	assert_int_equal(journal_open(&j, dir), 0);
	fresh();
	add("good");
	add("bad");
	add("good");
	assert_string_equal(journal_load(&j, load_one, NULL, &records), "bad");
	assert_int_equal(records, 1);
}

static void test_two_daemons(void **state)
{
	struct journal other;

	assert_int_equal(journal_open(&j, dir), 0);
	assert_int_equal(journal_open(&other, dir), EBUSY);
	journal_close(&other);
}

/* A new journal that cannot be finished leaves the old one as it was. */
static void test_abandoned(void **state)
{
	struct journal old;

	assert_int_equal(journal_open(&j, dir), 0);
	fresh();
	add("kept");
	old = j;
	assert_int_equal(journal_begin(&j), 0);
	add("never");
	journal_abandon(&j, &old);
	add("kept too");
	reload(2);
	assert_string_equal(last, "kept too");
}

/*
 * No room: an error, and what there is stays. (A limit on the size of files plays the full disk.)
 */
static void test_no_room(void **state)
{
	struct rlimit old, small;
	int error = 0;
	unsigned long n = 0;
	char text[1000];

	memset(text, 'x', sizeof(text));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(journal_open(&j, dir), 0);
	fresh();
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 1536 * 1024;
	setrlimit(RLIMIT_FSIZE, &small);
	while (!error && n < 5000) {
		error = journal_append(&j, text, sizeof(text));
		n += !error;
	}
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_not_equal(error, 0);
	add("there is room again");
	reload(n + 1);
	assert_string_equal(last, "there is room again");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_records), T(test_half_record), T(test_long_record),
		T(test_record_of_before), T(test_wrong_file), T(test_record_refused),
		T(test_two_daemons), T(test_abandoned), T(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
