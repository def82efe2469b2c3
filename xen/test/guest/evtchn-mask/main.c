/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("event masking: no upcall while masked, one on unmasking, none for a cleared event");

static volatile u32 upcalls;

static void upcall(struct regs *regs)
{
	own_vcpu_info()->evtchn_upcall_pending = 0;
	__atomic_exchange_n(&own_vcpu_info()->evtchn_pending_sel, 0, __ATOMIC_ACQ_REL);
	upcalls++;
	apic_eoi();
}

void test_main(void)
{
	s32 port = event_bind_ipi(0);

	NEED(port > 0, "port %d", port);
	apic_enable();
	set_vector(0x40, upcall);
	NEED(!event_upcall_vector(0, 0x40), "no upcall vector");
	event_mask((u32)port);
	sti();
	CHECK_EQ(event_send((u32)port), 0);
	delay(MS);
	CHECK_EQ(upcalls, 0);
	CHECK(event_pending((u32)port), "not pending");
	CHECK_EQ(event_unmask_call((u32)port), 0);
	CHECK(WAIT_FOR(upcalls, 20000), "no upcall after unmasking");
	delay(MS);
	CHECK_EQ(upcalls, 1);
	/* Still pending: a second send changes nothing. */
	CHECK_EQ(event_send((u32)port), 0);
	delay(MS);
	CHECK_EQ(upcalls, 1);
	event_test_and_clear((u32)port);
	event_mask((u32)port);
	CHECK_EQ(event_unmask_call((u32)port), 0);
	delay(MS);
	CHECK_EQ(upcalls, 1);
	/* Interrupts off: taken when they are on again. */
	cli();
	CHECK_EQ(event_send((u32)port), 0);
	delay(MS);
	CHECK_EQ(upcalls, 1);
	let_irqs_in();
	CHECK_EQ(upcalls, 2);
	CHECK_EQ(event_unmask_call(100000), -XEN_EINVAL);
}
