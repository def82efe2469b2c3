/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("register_vcpu_info: events and time follow to the new place; once only; bad places");

void test_main(void)
{
	static struct vcpu_info moved __attribute__((aligned(64)));
	struct vcpu_register_vcpu_info r = { .mfn = (u64)&moved / PAGE_SIZE, .offset = 4096 - 8 };
	s32 port = event_bind_ipi(0);
	u64 before = now();

	NEED(port > 0, "port %d", port);
	CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_info, 0, &r), -XEN_EINVAL);
	r = (struct vcpu_register_vcpu_info){ .mfn = 0xfffffffffUL };
	CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_info, 0, &r), -XEN_EINVAL);
	CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_info, 0, UNMAPPED), -XEN_EFAULT);
	moved.evtchn_upcall_pending = 0;
	CHECK_EQ(move_vcpu_info(0, &moved), 0);
	CHECK(now() >= before && now() - before < 5000 * MS, "time jumped to %lu from %lu", now(),
	      before);
	moved.evtchn_upcall_pending = 0;
	moved.evtchn_pending_sel = 0;
	CHECK_EQ(event_send((u32)port), 0);
	CHECK_EQ(moved.evtchn_upcall_pending, 1);
	CHECK(moved.evtchn_pending_sel & BIT(port / (8 * sizeof(word))), "selector %#lx",
	      moved.evtchn_pending_sel);
	CHECK_EQ(move_vcpu_info(0, &moved), -XEN_EINVAL);
}
