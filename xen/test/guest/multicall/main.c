/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("multicall: results in place, nested calls refused, long batches, bad arrays");

#define N 20000

static struct multicall_entry e[N] PAGE_ALIGNED;

static long multicall(struct multicall_entry *list, u64 n)
{
	return HC2(__HYPERVISOR_multicall, list, n);
}

static void fill(u32 i, u32 op, u64 arg)
{
	e[i] = (struct multicall_entry){ .op = op, .args = { arg }, .result = 0x55 };
}

void test_main(void)
{
	long version = HC2(__HYPERVISOR_xen_version, XENVER_version, 0);
	u32 bad = 0;

	fill(0, __HYPERVISOR_xen_version, XENVER_version);
	fill(1, 45, 0);
	fill(2, __HYPERVISOR_multicall, 0);
	fill(3, __HYPERVISOR_xen_version, XENVER_pagesize);
	fill(4, __HYPERVISOR_xen_version, XENVER_pagesize);
	CHECK_EQ(multicall(e, 4), 0);
	CHECK_EQ(e[0].result, version);
	CHECK_EQ((long)e[1].result, -XEN_ENOSYS);
	CHECK((long)e[2].result < 0, "a nested multicall returned %ld", (long)e[2].result);
	CHECK_EQ(e[3].result, PAGE_SIZE);
	CHECK_EQ(e[4].result, 0x55);
	CHECK_EQ(multicall(e, 0), 0);
	CHECK_EQ(multicall(UNMAPPED, 3), -XEN_EFAULT);
	/* Long enough to be continued several times. */
	for (u32 i = 0; i < N; i++)
		fill(i, __HYPERVISOR_xen_version, XENVER_pagesize);
	CHECK_EQ(multicall(e, N), 0);
	for (u32 i = 0; i < N; i++)
		bad += e[i].result != PAGE_SIZE;
	CHECK(!bad, "%u of %u entries have no result", bad, N);
}
