/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>

TEST("events by the callback vector: without the APIC, level-like, bad vectors refused");

static volatile u32 upcalls;

static void upcall(struct regs *regs)
{
	own_vcpu_info()->evtchn_upcall_pending = 0;
	__atomic_exchange_n(&own_vcpu_info()->evtchn_pending_sel, 0, __ATOMIC_ACQ_REL);
	upcalls++;
}

static long set_callback(u64 value)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ,
				   .value = value };

	return hvm_op(HVMOP_set_param, &p);
}

void test_main(void)
{
	u64 via = (u64)HVM_PARAM_CALLBACK_TYPE_VECTOR << 56;
	s32 port = event_bind_ipi(0);

	NEED(port > 0, "port %d", port);
	set_vector(0x50, upcall);
	CHECK_EQ(set_callback(via | 0x50), 0);
	sti();
	for (u32 i = 1; i <= 100; i++) {
		CHECK_EQ(event_send((u32)port), 0);
		CHECK(WAIT_FOR(upcalls == i, 20000), "%u upcalls for %u events", upcalls, i);
		CHECK(event_test_and_clear((u32)port), "not pending");
	}
	delay(MS);
	CHECK_EQ(upcalls, 100);
	CHECK_EQ(event_upcall_vector(0, 0x0f), -XEN_EINVAL);
	CHECK_EQ(event_upcall_vector(4000, 0x40), -XEN_ENOENT);
}
