/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("HLT sleeps on while an event waits that nothing would deliver: no callback is set");

#define MORE_TURNS 4	/* event handler: the event ends a HLT, once */

static volatile u32 ticks;

static void handler(struct regs *regs)
{
	ticks++;
	apic_eoi();
}

void test_main(void)
{
	s32 self = event_bind_ipi(0);
	u32 turns = 0;
	u64 start;

	NEED(self > 0, "port %d", self);
	apic_enable();
	set_vector(0x61, handler);
	event_unmask_local((u32)self);
	CHECK_EQ(event_send((u32)self), 0);
	CHECK(own_vcpu_info()->evtchn_upcall_pending, "no upcall is pending");
	apic_write(APIC_TDCR, 0xb);
	apic_write(APIC_LVTT, 0x61);
	start = now();
	apic_write(APIC_TMICT, 50000000);
	while (!ticks && now() - start < 10000 * MS) {
		sti_hlt();
		turns++;
	}
	CHECK_EQ(ticks, 1);
	CHECK(turns <= MORE_TURNS, "HLT returned %u times in %lu us", turns,
	      (now() - start) / 1000);
	CHECK(own_vcpu_info()->evtchn_upcall_pending, "the upcall is not pending any more");
}
