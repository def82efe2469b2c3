/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("yield and block: block returns at once for a pending event, else when one comes");

static volatile u32 upcalls;

static void upcall(struct regs *regs)
{
	own_vcpu_info()->evtchn_upcall_pending = 0;
	own_vcpu_info()->evtchn_pending_sel = 0;
	upcalls++;
	apic_eoi();
}

void test_main(void)
{
	struct vcpu_set_singleshot_timer t = { .flags = 0 };
	s32 port = event_bind_virq(VIRQ_TIMER, 0), self = event_bind_ipi(0);
	u64 start;

	NEED(port > 0 && self > 0, "ports %d %d", port, self);
	apic_enable();
	set_vector(0x40, upcall);
	NEED(!event_upcall_vector(0, 0x40), "no upcall vector");
	CHECK_EQ(sched_op(SCHEDOP_yield, NULL), 0);
	sti();
	start = now();
	t.timeout_abs_ns = start + 30 * MS;
	CHECK_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &t), 0);
	CHECK_EQ(sched_op(SCHEDOP_block, NULL), 0);
	CHECK(WAIT_FOR(upcalls == 1, 20000), "no upcall by the timer");
	CHECK(now() >= t.timeout_abs_ns, "woken %ld ns early", (long)(t.timeout_abs_ns - now()));
	CHECK(event_test_and_clear((u32)port), "the timer's port is not pending");
	/* Pending before: it must not sleep. */
	cli();
	CHECK_EQ(event_send((u32)self), 0);
	start = now();
	t.timeout_abs_ns = start + 2000 * MS;
	CHECK_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &t), 0);
	CHECK_EQ(sched_op(SCHEDOP_block, NULL), 0);
	CHECK(now() - start < 1000 * MS, "blocked with an event pending");
	let_irqs_in();
	CHECK_EQ(upcalls, 2);
}
