/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("hypercalls: unknown numbers, unknown commands, bad pointers");

void test_main(void)
{
	static const u32 unknown[] = { 45, 47, 56, 57, 63, 100, 127 };

	for (u32 i = 0; i < ARRAY_SIZE(unknown); i++)
		CHECK_EQ(HC1(unknown[i], 0), -XEN_ENOSYS);
	CHECK_EQ(sched_op(1000, NULL), -XEN_ENOSYS);
	CHECK_EQ(evtchn_op(1000, NULL), -XEN_ENOSYS);
	CHECK_EQ(vcpu_op(1000, 0, NULL), -XEN_ENOSYS);
	CHECK_EQ(sched_op(SCHEDOP_shutdown, UNMAPPED), -XEN_EFAULT);
	CHECK(sched_op(SCHEDOP_poll, NON_CANONICAL) < 0, "a non-canonical pointer");
	CHECK_EQ(evtchn_op(EVTCHNOP_send, UNMAPPED), -XEN_EFAULT);
	CHECK_EQ(memory_op(XENMEM_add_to_physmap, UNMAPPED), -XEN_EFAULT);
	CHECK_EQ(vcpu_op(VCPUOP_is_up, 4000, NULL), -XEN_ENOENT);
}
