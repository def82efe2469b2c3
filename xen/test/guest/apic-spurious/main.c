/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("APIC odds: software-disabled drops interrupts, error status, LVT masks when disabled");
RUN("vcpus=2");

static volatile u32 count;

static void handler(struct regs *regs)
{
	count++;
	apic_eoi();
}

static volatile u32 other_esr;

static void look(void *arg)
{
	apic_enable();
	apic_write(APIC_ESR, 0);
	other_esr = apic_read(APIC_ESR);
}

/* An illegal vector is an error of the sender and one of the receiver. */
static void illegal_ipi(void)
{
	smp_run(1, look, NULL);
	CHECK(smp_wait(1, 20000), "vCPU 1 does not work");
	apic_write(APIC_ESR, 0);
	apic_icr(cpu_of(1)->apic_id, 0x05);
	apic_write(APIC_ESR, 0);
	CHECK_EQ(apic_read(APIC_ESR), 0x20);
	smp_run(1, look, NULL);
	CHECK(smp_wait(1, 20000), "vCPU 1 does not work");
	CHECK_EQ(other_esr, 0x40);
}

void test_main(void)
{
	set_vector(0x61, handler);
	apic_enable();
	apic_write(APIC_LVTT, 0x61);
	CHECK(!(apic_read(APIC_LVTT) & LVT_MASKED), "LVT does not unmask");
	apic_write(APIC_SVR, 0xff);
	CHECK(apic_read(APIC_LVTT) & LVT_MASKED, "disabling does not mask the LVT");
	apic_write(APIC_LVTT, 0x61);
	CHECK(apic_read(APIC_LVTT) & LVT_MASKED, "unmasked while disabled");
	apic_icr(0, ICR_SELF | 0x61);
	apic_enable();
	let_irqs_in();
	CHECK_EQ(count, 0);
	/* A vector below 16 is an error, and shows after a write to the status register. */
	apic_write(APIC_ESR, 0);
	apic_icr(0, ICR_SELF | 0x05);
	apic_write(APIC_ESR, 0);
	CHECK_EQ(apic_read(APIC_ESR), 0x60);
	apic_write(APIC_ESR, 0);
	CHECK_EQ(apic_read(APIC_ESR), 0);
	smp_need(1);
	illegal_ipi();
	/* EOI with nothing in service is harmless. */
	for (u32 i = 0; i < 10; i++)
		apic_eoi();
	apic_icr(0, ICR_SELF | 0x61);
	let_irqs_in();
	CHECK_EQ(count, 1);
}
