/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of the machine end a guest's run even while it takes none itself. That must not
 * bring it what waits for it, which happens in Bochs with vmx_apic=virtual (docs/emulators.md).
 */
#include "cpu.h"

TEST("interrupts that wait while a vCPU takes none come later, whatever else arrives");
RUN("vcpus=2 opts=vmx_apic=tpr");

#define ROUNDS 20
#define VEC_SELF 0x61
#define VEC_OTHER 0x71

static volatile u32 from_self, from_other;
static volatile bool stop;

static void on_self(struct regs *regs)
{
	from_self++;
	apic_eoi();
}

static void on_other(struct regs *regs)
{
	from_other++;
	apic_eoi();
}

/* Each of these is an interrupt of the other's CPU. */
static void send(void *arg)
{
	apic_enable_x2apic();
	while (!stop) {
		apic_icr(cpu_of(0)->apic_id, VEC_OTHER);
		delay(MS / 5);
	}
}

void test_main(void)
{
	smp_need(1);
	set_vector(VEC_SELF, on_self);
	set_vector(VEC_OTHER, on_other);
	apic_enable_x2apic();
	smp_run(1, send, NULL);
	for (u32 i = 0; i < ROUNDS; i++) {
		u64 end = now() + 2 * MS;

		from_self = 0;
		from_other = 0;
		cli();
		apic_icr(0, ICR_SELF | VEC_SELF);
		while (now() < end)
			cli();
		CHECK(!from_self && !from_other, "came while off: own %u, others %u", from_self,
		      from_other);
		let_irqs_in();
		CHECK_EQ(from_self, 1);
	}
	stop = true;
	CHECK(smp_wait(1, 20000), "vCPU 1 does not end");
}
