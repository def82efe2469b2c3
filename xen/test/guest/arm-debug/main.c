/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("debug registers: no breakpoint that another guest could meet, but single steps");
/* A CPU with VMIDs of 16 bits. */
RUN("alone=1 cpu=neoverse-n1");

#define MDSCR_SS 1
#define MDSCR_KDE 0x2000
#define PSTATE_SS 0x200000
#define PSTATE_EL1H_IRQS_OFF 0x1c5	/* debug exceptions are on */
#define EC_STEP_SAME 0x33

static void trace(void *arg)
{
	read_reg(s2_1_c0_c1_0);		/* TRCPRGCTLR */
}

/* One step over an instruction that traps to EL2. Tells where the next one is. */
static void step_over_trap(void *next)
{
	__asm__ volatile("adr x0, 2f; str x0, [%1]\n"
			 "adr x0, 1f; msr elr_el1, x0; msr spsr_el1, %0; eret\n"
			 "1: mrs x0, actlr_el1\n"
			 "2: nop; nop"
			 : : "r"((u64)PSTATE_EL1H_IRQS_OFF | PSTATE_SS), "r"(next)
			 : "x0", "memory");
}

void test_main(void)
{
	u64 next = 0;
	struct trap t;

	write_reg(dbgbvr0_el1, 0x41000000);
	write_reg(dbgbcr0_el1, 0x1e7);
	write_reg(dbgwvr1_el1, 0x41000000);
	CHECK_EQ(read_reg(dbgbvr0_el1), 0);
	CHECK_EQ(read_reg(dbgbcr0_el1), 0);
	CHECK_EQ(read_reg(dbgwvr1_el1), 0);
	write_reg(oslar_el1, 1);
	CHECK_EQ(read_reg(oslsr_el1), 8);
	t = try_call(trace, NULL);
	CHECK(t.taken && t.esr >> 26 == EC_UNKNOWN, "trace: ESR %#lx", t.esr);

	write_reg(mdscr_el1, MDSCR_SS | MDSCR_KDE);
	CHECK_EQ(read_reg(mdscr_el1), MDSCR_SS | MDSCR_KDE);
	t = try_call(step_over_trap, &next);
	write_reg(mdscr_el1, 0);
	CHECK(t.taken && t.esr >> 26 == EC_STEP_SAME, "no step: ESR %#lx", t.esr);
	CHECK_EQ(t.pc, next);
}
