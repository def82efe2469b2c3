/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("APIC priorities and EOI: a higher class nests, a lower one waits, EOI ends the highest");

#define LOW 0x51
#define MID 0x61
#define MID2 0x6f
#define HIGH 0x71

static u32 order[8], n;

static void note(struct regs *regs)
{
	order[n++ & 7] = (u32)regs->vector;
}

static void on_low(struct regs *regs)
{
	note(regs);
	apic_eoi();
}

static void on_high(struct regs *regs)
{
	note(regs);
	CHECK(apic_bit(APIC_ISR, HIGH) && apic_bit(APIC_ISR, MID), "both are in service");
	CHECK_EQ(apic_read(APIC_PPR), HIGH & 0xf0);
	/* This ends the current interrupt, not the one it interrupted. */
	apic_eoi();
	CHECK(!apic_bit(APIC_ISR, HIGH) && apic_bit(APIC_ISR, MID), "EOI ended the wrong one");
	CHECK_EQ(apic_read(APIC_PPR), MID & 0xf0);
}

static void on_mid(struct regs *regs)
{
	note(regs);
	CHECK(apic_bit(APIC_ISR, MID) && !apic_bit(APIC_IRR, MID), "not in service");
	CHECK_EQ(apic_read(APIC_PPR), MID & 0xf0);
	apic_icr(0, ICR_SELF | LOW);
	apic_icr(0, ICR_SELF | MID2);
	let_irqs_in();
	CHECK_EQ(n, 1);
	CHECK(apic_bit(APIC_IRR, LOW) && apic_bit(APIC_IRR, MID2), "a request was lost");
	apic_icr(0, ICR_SELF | HIGH);
	let_irqs_in();
	CHECK_EQ(n, 2);
	apic_eoi();
	CHECK(!apic_bit(APIC_ISR, MID), "still in service after EOI");
}

void test_main(void)
{
	static const u32 want[] = { MID, HIGH, MID2, LOW };

	set_vector(LOW, on_low);
	set_vector(MID, on_mid);
	set_vector(MID2, on_low);
	set_vector(HIGH, on_high);
	apic_enable();
	apic_icr(0, ICR_SELF | MID);
	let_irqs_in();
	CHECK(WAIT_FOR(({ let_irqs_in(); n >= 4; }), 20000), "%u of 4 interrupts", n);
	for (u32 i = 0; i < ARRAY_SIZE(want); i++)
		CHECK(order[i] == want[i], "interrupt %u was %#x, expected %#x", i, order[i],
		      want[i]);
	CHECK_EQ(apic_read(APIC_PPR), 0);
	/* The task priority holds back its class and those below. */
	n = 0;
	set_vector(HIGH, on_low);
	apic_write(APIC_TPR, MID & 0xf0);
	apic_icr(0, ICR_SELF | MID2);
	apic_icr(0, ICR_SELF | HIGH);
	CHECK(WAIT_FOR(({ let_irqs_in(); n >= 1; }), 20000), "TPR holds a higher class back");
	CHECK_EQ(order[0], HIGH);
	CHECK(apic_bit(APIC_IRR, MID2), "the request that TPR holds back was lost");
	apic_write(APIC_TPR, 0);
	CHECK(WAIT_FOR(({ let_irqs_in(); n >= 2; }), 20000), "nothing came after TPR fell");
	CHECK_EQ(order[1], MID2);
}
