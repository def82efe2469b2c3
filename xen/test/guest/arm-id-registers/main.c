/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("identification registers hide what guests do not get");
/* A CPU that has all that is to be hidden. */
RUN("alone=1 cpu=max");

#define CPACR_ZEN 0x30000	/* EL1 does not trap SVE itself */

#define FIELD(reg, shift) (read_reg(reg) >> (shift) & 0xf)

static void pmu(void *arg)
{
	read_reg(pmcr_el0);
}

static void sve(void *arg)
{
	__asm__ volatile(".inst 0x04bf5020" ::: "x0");	/* RDVL X0, #1 */
}

static void el2(void *arg)
{
	read_reg(hcr_el2);
}

void test_main(void)
{
	struct trap t;

	CHECK_EQ(FIELD(id_aa64pfr0_el1, 32), 0);	/* SVE */
	CHECK_EQ(FIELD(id_aa64pfr0_el1, 8), 0);		/* EL2 */
	CHECK_EQ(FIELD(id_aa64pfr0_el1, 4), 1);		/* EL1: 64-bit */
	CHECK_EQ(FIELD(id_aa64pfr0_el1, 24), 1);	/* GIC by system registers */
	CHECK_EQ(FIELD(id_aa64dfr0_el1, 8), 0);		/* PMU */
	CHECK_EQ(FIELD(id_aa64dfr0_el1, 44), 0);	/* trace buffer */
	CHECK_EQ(FIELD(id_aa64dfr0_el1, 52), 0);	/* branch records */
	CHECK_EQ(FIELD(id_aa64isar0_el1, 24), 0);	/* transactions */
	CHECK_EQ(FIELD(id_aa64isar1_el1, 60), 0);	/* accesses of 64 bytes */
	CHECK_EQ(FIELD(id_aa64isar1_el1, 4), 0);	/* pointer authentication */
	CHECK_EQ(FIELD(id_aa64mmfr1_el1, 8), 0);	/* VHE */
	write_reg(cpacr_el1, read_reg(cpacr_el1) | CPACR_ZEN);
	t = try_call(sve, NULL);
	CHECK(t.taken && t.esr >> 26 == EC_UNKNOWN, "SVE: ESR %#lx", t.esr);
	t = try_call(el2, NULL);
	CHECK(t.taken && t.esr >> 26 == EC_UNKNOWN, "EL2: ESR %#lx", t.esr);
	t = try_call(pmu, NULL);
	CHECK(t.taken, "the PMU is there");
	CHECK_EQ(read_reg(mpidr_el1) & 0xffffff, 0);
}
