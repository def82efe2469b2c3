/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("APIC IPIs between vCPUs: each arrives once, physical, logical and by shorthand");
RUN("vcpus=4 timeout=40");

#define ROUNDS 300

static volatile u32 count[MAX_CPUS];
static volatile bool stop;

static void handler(struct regs *regs)
{
	count[cpu_self()->id]++;
	apic_eoi();
}

static void listener(void *arg)
{
	apic_enable();
	apic_write(APIC_DFR, ~0U);
	apic_write(APIC_LDR, 1U << (24 + cpu_self()->id));
	count[cpu_self()->id] = 1;
	while (!stop)
		sti_hlt();
}

static bool all_reached(u32 want)
{
	return count[1] == want && count[2] == want && count[3] == want;
}

void test_main(void)
{
	u32 want = 1;

	apic_enable();
	smp_need(3);
	set_vector(0x61, handler);
	for (u32 i = 1; i < 4; i++)
		smp_run(i, listener, NULL);
	NEED(WAIT_FOR(all_reached(1), 20000), "the listeners do not start");
	for (u32 i = 0; i < ROUNDS; i++) {
		want++;
		if (i % 3 == 0) {
			apic_icr(0, ICR_OTHERS | 0x61);
		} else if (i % 3 == 1) {
			for (u32 k = 1; k < 4; k++)
				apic_icr(cpu_of(k)->apic_id, 0x61);
		} else {
			apic_icr(0x0e, 0x800 | 0x61);
		}
		NEED(WAIT_FOR(all_reached(want), 20000), "round %u: %u %u %u of %u", i, count[1],
		     count[2], count[3], want);
	}
	delay(5 * MS);
	CHECK(all_reached(want), "doubled: %u %u %u of %u", count[1], count[2], count[3], want);
	CHECK_EQ(count[0], 0);
	stop = true;
	apic_icr(0, ICR_OTHERS | 0x61);
	for (u32 i = 1; i < 4; i++)
		CHECK(smp_wait(i, 20000), "vCPU %u does not come back", i);
}
