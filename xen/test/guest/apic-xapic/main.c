/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("xAPIC by memory: identity, enabling, self IPI, priorities, nesting, EOI in order");

static volatile u32 order[16], count;
static volatile bool nest;

static void low(struct regs *regs)
{
	order[count++ & 15] = (u32)regs->vector;
	if (nest) {
		/* Higher classes may interrupt, the same class may not. */
		apic_icr(0, ICR_SELF | 0x49);
		apic_icr(0, ICR_SELF | 0x61);
		let_irqs_in();
		CHECK(apic_bit(APIC_ISR, 0x41), "0x41 is not in service");
		CHECK(apic_bit(APIC_IRR, 0x49), "0x49 is not requested");
	}
	order[count++ & 15] = (u32)regs->vector | 0x100;
	apic_eoi();
}

static void high(struct regs *regs)
{
	order[count++ & 15] = (u32)regs->vector;
	apic_eoi();
}

static void test_nesting(void)
{
	static const u32 want[] = { 0x41, 0x61, 0x141, 0x49 };

	nest = true;
	count = 0;
	apic_icr(0, ICR_SELF | 0x41);
	let_irqs_in();
	let_irqs_in();
	CHECK_EQ(count, 4);
	for (u32 i = 0; i < 4; i++)
		CHECK_EQ(order[i], want[i]);
	nest = false;
}

static void test_order(void)
{
	count = 0;
	apic_icr(0, ICR_SELF | 0x61);
	apic_icr(0, ICR_SELF | 0x82);
	apic_icr(0, ICR_SELF | 0x71);
	apic_icr(0, ICR_SELF | 0x71);
	CHECK(apic_bit(APIC_IRR, 0x61) && apic_bit(APIC_IRR, 0x71), "not requested");
	sti();
	CHECK(WAIT_FOR(count >= 3, 20000), "%u interrupts", count);
	cli();
	CHECK_EQ(count, 3);
	CHECK(order[0] == 0x82 && order[1] == 0x71 && order[2] == 0x61, "order %#x %#x %#x",
	      order[0], order[1], order[2]);
}

static void test_priority(void)
{
	count = 0;
	apic_write(APIC_TPR, 0x70);
	CHECK_EQ(apic_read(APIC_PPR), 0x70);
	apic_icr(0, ICR_SELF | 0x71);
	let_irqs_in();
	CHECK_EQ(count, 0);
	apic_icr(0, ICR_SELF | 0x82);
	let_irqs_in();
	CHECK_EQ(count, 1);
	set_task_priority(6);
	CHECK_EQ(apic_read(APIC_TPR), 0x60);
	let_irqs_in();
	CHECK_EQ(count, 2);
	apic_write(APIC_TPR, 0x20);
	CHECK_EQ(task_priority(), 2);
	set_task_priority(0);
}

void test_main(void)
{
	CHECK(!apic_is_x2apic(), "already in x2APIC mode");
	CHECK_EQ(apic_read(APIC_ID) >> 24, 0);
	CHECK((apic_read(APIC_VERSION) & 0xf0) == 0x10, "version %#x", apic_read(APIC_VERSION));
	CHECK(!(apic_read(APIC_SVR) & 0x100), "enabled by software from the start");
	set_vector(0x41, low);
	set_vector(0x49, high);
	set_vector(0x61, high);
	set_vector(0x71, high);
	set_vector(0x82, high);
	apic_icr(0, ICR_SELF | 0x61);
	apic_enable();
	let_irqs_in();
	CHECK_EQ(count, 0);
	test_order();
	test_priority();
	test_nesting();
	CHECK_EQ(apic_read(APIC_ISR + 0x20), 0);
	CHECK_EQ(apic_read(APIC_PPR), 0);
}
