/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("interrupts under load: as many arrive as were sent, none doubled, while exits abound");
RUN("vcpus=2 timeout=60");

#define ROUNDS 20000

static volatile u32 self_count, other_count;
static volatile bool ready, stop;

static void self_handler(struct regs *regs)
{
	self_count++;
	apic_eoi();
}

static void other_handler(struct regs *regs)
{
	other_count++;
	apic_eoi();
}

/* Exits of all kinds with interrupts on, so that interrupts arrive in the middle of everything. */
static void busy(void *arg)
{
	apic_enable();
	sti();
	ready = true;
	while (!stop) {
		cpuid(0, 0);
		inb(0x80);
		apic_read(APIC_VERSION);
		sched_op(SCHEDOP_yield, NULL);
		rdmsr(MSR_APIC_BASE);
		(void)*(volatile u64 *)&shared_info;
	}
	cli();
}

void test_main(void)
{
	u32 sent = 0;

	apic_enable();
	set_vector(0x61, self_handler);
	set_vector(0x71, other_handler);
	sti();
	for (u32 i = 1; i <= ROUNDS; i++) {
		apic_icr(0, ICR_SELF | 0x61);
		if (i % 4 == 0)
			cpuid(0, 0);
		NEED(WAIT_FOR(self_count >= i, 20000), "%u of %u came", self_count, i);
		if (self_count != i)
			test_failure("%u came for %u sent", self_count, i);
	}
	if (vcpu_count() < 2)
		return;
	smp_need(1);
	smp_run(1, busy, NULL);
	NEED(WAIT_FOR(ready, 20000), "the other vCPU does not run");
	for (u64 end = now() + 300 * MS; now() < end;) {
		sent++;
		apic_icr(cpu_of(1)->apic_id, 0x71);
		if (!WAIT_FOR(other_count >= sent, 5000) || other_count != sent)
			test_failure("%u came for %u sent to the other vCPU", other_count, sent);
	}
	stop = true;
	CHECK(smp_wait(1, 20000), "the other vCPU is stuck");
	CHECK_EQ(other_count, sent);
	CHECK_EQ(self_count, ROUNDS);
	print("%u to itself, %u to the other\n", self_count, sent);
}
