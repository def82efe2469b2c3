/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("64 vCPUs on as many CPUs start, each with a number of its own, and answer");
RUN("vcpus=64 cpus=64 memory=64 alone=1 icount=1 timeout=200");

static u32 seen[MAX_CPUS];

static void mark(void *arg)
{
	u64 mpidr = read_reg(mpidr_el1) & 0xffffff;

	__atomic_fetch_add(&seen[(mpidr >> 8) * 16 + (mpidr & 15)], 1, __ATOMIC_SEQ_CST);
}

void test_main(void)
{
	u32 n = vcpu_count();

	CHECK_EQ(n, 64);
	smp_need(n - 1);
	for (u32 i = 1; i < n; i++)
		smp_run(i, mark, NULL);
	for (u32 i = 1; i < n; i++)
		CHECK(smp_wait(i, 30000), "vCPU %u does not finish", i);
	for (u32 i = 1; i < n; i++)
		CHECK_EQ(seen[i], 1);
}
