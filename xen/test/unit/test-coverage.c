/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_SYSCTL_coverage_op, with the counters of two objects made by hand. */
#include "unit.h"

#include <xen/coverage.h>
#include <xen/errno.h>
#include <xen/string.h>

#include <asm/host.h>

#include "control.h"

#define RELEASE_12 0x4232322a	/* "B22*" */
#define RELEASE_13 0x4233302a	/* "B30*" */

static s64 counts[] = { 3, 0, 0x1122334455667788, 9 };
static struct gcov_info first, second;
static const struct gcov_function one = { &first, 0x11, 0x12, 0x13, { 3, counts } };
static const struct gcov_function copy = { &first, 0x11, 0x12, 0x13, { 3, counts } };
static const struct gcov_function two = { &second, 0x21, 0x22, 0x23, { 1, counts + 3 } };
static const struct gcov_function *const of_first[] = { &one };
static const struct gcov_function *const of_second[] = { &copy, &two };
static struct gcov_info first = { RELEASE_12, NULL, 0x51, 0x52, "/b/a.gcda", { NULL }, 1,
				  of_first };
static struct gcov_info second = { RELEASE_12, NULL, 0x61, 0x62, "c.gcda", { NULL }, 2, of_second };

/* The section, whose end the linker would set. */
extern const struct gcov_info *const gcov_info_start[2];
const struct gcov_info *const gcov_info_start[2] = { &first, &second };
__asm__(".globl gcov_info_end\n.set gcov_info_end, gcov_info_start + 16");

/* A file has a head of 16 bytes and an end of 4; a function has 28 bytes before its counters. */
#define BYTES_OF_FIRST (20 + 28 + 3 * 8)
#define BYTES_OF_SECOND (20 + 28 + 8)
#define BYTES (4 + 10 + 4 + BYTES_OF_FIRST + 7 + 4 + BYTES_OF_SECOND)

static u8 buffer[BYTES + 1];

static long coverage(u32 cmd, u32 *size)
{
	struct xen_sysctl op = { .u.coverage_op = { .cmd = cmd, .size = *size } };
	long rc;

	set_xen_guest_handle(op.u.coverage_op.buffer, (char *)buffer);
	rc = sysctl(&op, XEN_SYSCTL_coverage_op);
	*size = op.u.coverage_op.size;
	return rc;
}

static u32 word(u32 at)
{
	u32 w;

	memcpy(&w, buffer + at, sizeof(w));
	return w;
}

static void check_words(u32 at, const u32 *want, u32 n)
{
	for (u32 i = 0; i < n; i++)
		HOST_CHECK(word(at + 4 * i) == want[i]);
}

static void read_all(void *arg)
{
	static const u32 record[] = {
		BYTES_OF_FIRST, 0x67636461, RELEASE_12, 0x51, 0x52, 0x01000000, 12, 0x11, 0x12,
		0x13, 0x01a10000, 24, 3, 0, 0, 0, 0x55667788, 0x11223344, 0,
	};
	static const u32 other[] = {
		BYTES_OF_SECOND, 0x67636461, RELEASE_12, 0x61, 0x62, 0x01000000, 12, 0x21, 0x22,
		0x23, 0x01a10000, 8, 9, 0, 0,
	};
	u32 size = 0;

	control_start();
	HOST_CHECK(coverage(XEN_SYSCTL_COVERAGE_get_size, &size) == 0 && size == BYTES);
	buffer[BYTES] = 0x77;
	size = sizeof(buffer);
	HOST_CHECK(coverage(XEN_SYSCTL_COVERAGE_read, &size) == 0 && size == BYTES);
	HOST_CHECK(buffer[BYTES] == 0x77);
	HOST_CHECK(word(0) == XEN_GCOV_FORMAT_MAGIC);
	HOST_CHECK(!memcmp(buffer + 4, "/b/a.gcda", 10));
	check_words(14, record, ARRAY_SIZE(record));
	HOST_CHECK(!memcmp(buffer + 18 + BYTES_OF_FIRST, "c.gcda", 7));
	check_words(25 + BYTES_OF_FIRST, other, ARRAY_SIZE(other));
}

static void refuse(void *arg)
{
	u32 size = BYTES - 1;

	control_start();
	memset(buffer, 0x77, sizeof(buffer));
	HOST_CHECK(coverage(XEN_SYSCTL_COVERAGE_read, &size) == -XEN_ENOBUFS);
	HOST_CHECK(size == BYTES - 1 && buffer[0] == 0x77);
	HOST_CHECK(coverage(3, &size) == -XEN_EOPNOTSUPP);
	/* Another compiler's descriptions are not read. */
	first.version = RELEASE_13;
	HOST_CHECK(coverage(XEN_SYSCTL_COVERAGE_get_size, &size) == -XEN_EOPNOTSUPP);
	first.version = RELEASE_12;
}

static void reset(void *arg)
{
	u32 size = 0;

	control_start();
	HOST_CHECK(coverage(XEN_SYSCTL_COVERAGE_reset, &size) == 0);
	for (u32 i = 0; i < ARRAY_SIZE(counts); i++)
		HOST_CHECK(!counts[i]);
}

static void run(void (*fn)(void *arg))
{
	const struct host_outcome *o = host_isolated(fn, NULL);

	if (o->status)
		print_message("%s", o->console);
	assert_int_equal(o->status, 0);
}

static void test_read(void **state)
{
	run(read_all);
}

static void test_refuse(void **state)
{
	run(refuse);
}

static void test_reset(void **state)
{
	run(reset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
