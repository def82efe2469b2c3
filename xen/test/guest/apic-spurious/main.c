/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("APIC odds: software-disabled drops interrupts, error status, LVT masks when disabled");

static volatile u32 count;

static void handler(struct regs *regs)
{
	count++;
	apic_eoi();
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
	CHECK(apic_read(APIC_ESR) & 0x60, "error status %#x", apic_read(APIC_ESR));
	apic_write(APIC_ESR, 0);
	apic_write(APIC_ESR, 0);
	CHECK_EQ(apic_read(APIC_ESR), 0);
	/* EOI with nothing in service is harmless. */
	for (u32 i = 0; i < 10; i++)
		apic_eoi();
	apic_icr(0, ICR_SELF | 0x61);
	let_irqs_in();
	CHECK_EQ(count, 1);
}
