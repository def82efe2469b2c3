/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("a guest that sends itself events and IPIs without end does not stop another");
RUN("domains=2 judges=1 timeout=40 cpus=1 icount=1");

static void nothing(struct regs *regs)
{
	apic_eoi();
}

static void hostile(void)
{
	s32 port = event_bind_ipi(0);

	apic_enable();
	set_vector(0x61, nothing);
	sti();
	for (;;) {
		event_test_and_clear((u32)port);
		event_send((u32)port);
		apic_icr(0, ICR_SELF | 0x61);
	}
}

void test_main(void)
{
	peer_domid();
	if (!role())
		live_on();
	else
		hostile();
}
