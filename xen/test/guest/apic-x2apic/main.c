/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("x2APIC by MSRs: modes, identity, self IPI, illegal registers and transitions fault");

static volatile u32 count;

static void handler(struct regs *regs)
{
	count++;
	apic_eoi();
}

void test_main(void)
{
	u64 base = rdmsr(MSR_APIC_BASE), v;

	if (!(cpuid(1, 0).c & BIT(21)))
		test_skip("no x2APIC");
	CHECK(!try_rdmsr(MSR_X2APIC + APIC_ID / 16, &v), "x2APIC registers in xAPIC mode");
	CHECK(!try_wrmsr(MSR_APIC_BASE, (base & ~BIT(11)) | BIT(10)), "x2APIC without enable");
	CHECK(!try_wrmsr(MSR_APIC_BASE, base | BIT(60)), "reserved bits of the base");
	apic_enable_x2apic();
	CHECK_EQ(apic_read(APIC_ID), 0);
	CHECK_EQ(apic_read(APIC_LDR), 1);
	set_vector(0x61, handler);
	sti();
	wrmsr(0x83f, 0x61);
	CHECK(WAIT_FOR(count == 1, 20000), "no self IPI by its own register");
	apic_icr(0, ICR_SELF | 0x61);
	CHECK(WAIT_FOR(count == 2, 20000), "no self IPI by shorthand");
	apic_icr(0, 0x61);
	CHECK(WAIT_FOR(count == 3, 20000), "no IPI to the own id");
	cli();
	CHECK(!try_wrmsr(MSR_X2APIC + APIC_EOI / 16, 1), "EOI with a value");
	CHECK(!try_wrmsr(MSR_X2APIC + APIC_ID / 16, 1), "the id was written");
	CHECK(!try_rdmsr(MSR_X2APIC + APIC_EOI / 16, &v), "EOI was read");
	CHECK(!try_rdmsr(MSR_X2APIC + APIC_DFR / 16, &v), "DFR exists");
	CHECK(!try_wrmsr(MSR_X2APIC + APIC_TPR / 16, 0x100), "TPR with reserved bits");
	CHECK(!try_wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) & ~BIT(10)), "back to xAPIC directly");
	CHECK_EQ(*(volatile u32 *)0xfee00020UL, is_mapped_1to1() ? *(volatile u32 *)0xfee00020UL
								   : ~0U);
	wrmsr(MSR_APIC_BASE, base & ~(BIT(10) | BIT(11)));
	wrmsr(MSR_APIC_BASE, base);
	CHECK_EQ(apic_read(APIC_ID) >> 24, 0);
}
