/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <public/sysctl.h>

TEST("the hypervisor's counters are read whole, or refused by a build without them");
RUN("dom0=1 cpus=1");

#define GCDA_MAGIC 0x67636461

static u8 buffer[4 << 20];

static long coverage(u32 cmd, u32 *size)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_coverage_op,
				.interface_version = XEN_SYSCTL_INTERFACE_VERSION };
	long rc;

	s.u.coverage_op.cmd = cmd;
	s.u.coverage_op.size = *size;
	set_xen_guest_handle(s.u.coverage_op.buffer, (char *)buffer);
	rc = HC1(__HYPERVISOR_sysctl, &s);
	*size = s.u.coverage_op.size;
	return rc;
}

static u32 word_at(u32 at)
{
	u32 w;

	__builtin_memcpy(&w, buffer + at, sizeof(w));
	return w;
}

/* Each record: a name, a length, and what a .gcda file has. */
static void check_records(u32 size)
{
	u32 at = 4, records = 0;

	CHECK_EQ(word_at(0), XEN_GCOV_FORMAT_MAGIC);
	while (at < size) {
		u32 bytes;

		while (at < size && buffer[at])
			at++;
		CHECK(at + 9 <= size, "the record at %u is cut short", at);
		bytes = word_at(at + 1);
		CHECK_EQ(word_at(at + 5), GCDA_MAGIC);
		CHECK(bytes % 4 == 0 && bytes <= size - at - 5, "a length of %u at %u", bytes, at);
		at += 5 + bytes;
		records++;
	}
	CHECK_EQ(at, size);
	CHECK(records > 50, "only %u objects count", records);
}

void test_main(void)
{
	u32 size = 0, got;
	long rc;

	if (!is_privileged())
		test_skip("only the privileged domain may");
	rc = coverage(XEN_SYSCTL_COVERAGE_get_size, &size);
	if (rc == -XEN_EOPNOTSUPP) {
		CHECK_EQ(coverage(XEN_SYSCTL_COVERAGE_read, &size), -XEN_EOPNOTSUPP);
		CHECK_EQ(coverage(XEN_SYSCTL_COVERAGE_reset, &size), -XEN_EOPNOTSUPP);
		return;
	}
	CHECK_EQ(rc, 0);
	CHECK(size && size <= sizeof(buffer), "%u bytes", size);
	got = size - 1;
	CHECK_EQ(coverage(XEN_SYSCTL_COVERAGE_read, &got), -XEN_ENOBUFS);
	got = sizeof(buffer);
	CHECK_EQ(coverage(XEN_SYSCTL_COVERAGE_read, &got), 0);
	CHECK_EQ(got, size);
	check_records(size);
	CHECK_EQ(coverage(XEN_SYSCTL_COVERAGE_reset, &got), 0);
}
