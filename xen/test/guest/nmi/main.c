/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("NMI: by IPI to oneself and to a vCPU that halts with interrupts off; by vcpu_op; each alone");
RUN("vcpus=2 timeout=40");

static volatile u32 nmis[2], ready;
static volatile u32 depth, deepest, again;

static void on_nmi(struct regs *regs)
{
	nmis[cpu_self()->id]++;
	if (++depth > deepest)
		deepest = depth;
	if (again) {
		again--;
		apic_icr(cpu_self()->apic_id, ICR_NMI | ICR_ASSERT);
		delay(MS);
	}
	depth--;
}

/* While an NMI is handled the next one waits. */
static void nested(void)
{
	u32 before = nmis[0];

	again = 1;
	apic_icr(cpu_of(0)->apic_id, ICR_NMI | ICR_ASSERT);
	CHECK(WAIT_FOR(nmis[0] == before + 2, 20000), "the NMI sent by the handler never came");
	CHECK_EQ(deepest, 1);
	again = 3;
	apic_icr(cpu_of(0)->apic_id, ICR_NMI | ICR_ASSERT);
	CHECK(WAIT_FOR(nmis[0] == before + 6, 20000), "%u of 4 came", nmis[0] - before - 2);
	CHECK_EQ(deepest, 1);
	CHECK_EQ(depth, 0);
	CHECK(!(rflags() & RFLAGS_TF), "the trap flag is left on");
}

static void halt(void *arg)
{
	cli();
	ready = 1;
	while (!nmis[1])
		relax();
	ready = 2;
}

void test_main(void)
{
	set_vector(VEC_NMI, on_nmi);
	apic_enable();
	cli();
	apic_icr(0, ICR_SELF | 0x61);
	apic_icr(cpu_of(0)->apic_id, ICR_NMI | ICR_ASSERT);
	CHECK(WAIT_FOR(nmis[0] == 1, 20000), "no NMI to oneself");
	CHECK_EQ(vcpu_op(VCPUOP_send_nmi, 0, NULL), 0);
	CHECK(WAIT_FOR(nmis[0] == 2, 20000), "no NMI by vcpu_op");
	nested();
	/* With interrupts off, an NMI still ends HLT. */
	if (vcpu_count() < 2)
		return;
	smp_need(1);
	smp_run(1, halt, NULL);
	CHECK(WAIT_FOR(ready == 1, 20000), "the other does not run");
	delay(5 * MS);
	apic_icr(cpu_of(1)->apic_id, ICR_NMI | ICR_ASSERT);
	CHECK(WAIT_FOR(ready == 2, 20000), "no NMI to the other vCPU");
	CHECK_EQ(nmis[1], 1);
	CHECK_EQ(nmis[0], 8);
}
