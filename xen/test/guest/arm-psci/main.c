/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("PSCI: version, features, starting a vCPU, bad targets, switching one off");
RUN("vcpus=2");

#define CPU_ON 0xc4000003
#define AFFINITY_INFO 0xc4000004

static void switch_off(void *arg)
{
	cpu_self()->busy = false;
	psci(0x84000002, 0, 0, 0);
	test_failure("CPU_OFF returned");
}

void test_main(void)
{
	CHECK_EQ(psci(0x84000000, 0, 0, 0), 0x10000);
	CHECK_EQ((s32)psci(0x8400000a, CPU_ON, 0, 0), 0);
	CHECK_EQ((s32)psci(0x8400000a, 0x8400ffff, 0, 0), -1);
	CHECK_EQ((s32)psci(0x8400ffff, 0, 0, 0), -1);
	CHECK_EQ((s32)psci(CPU_ON, 77, 0x41000000, 0), -2);
	CHECK_EQ((s32)psci(CPU_ON, 0, 0x41000000, 0), -4);
	CHECK_EQ((s32)psci(CPU_ON, 1, 0x41000001, 0), -9);
	CHECK_EQ((s32)psci(AFFINITY_INFO, 1, 0, 0), 1);
	CHECK_EQ((s32)psci(AFFINITY_INFO, 0, 0, 0), 0);
	CHECK_EQ((s32)psci(AFFINITY_INFO, 9, 0, 0), -2);
	smp_need(1);
	CHECK_EQ((s32)psci(AFFINITY_INFO, 1, 0, 0), 0);
	smp_run(1, switch_off, NULL);
	CHECK(WAIT_FOR((s32)psci(AFFINITY_INFO, 1, 0, 0) == 1, 10000), "it is still on");
	smp_need(1);
	CHECK_EQ((s32)psci(AFFINITY_INFO, 1, 0, 0), 0);
}
