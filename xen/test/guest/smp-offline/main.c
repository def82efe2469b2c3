/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("vCPUs go and come back: HLT, VCPUOP_down and up, INIT and SIPI again");
RUN("vcpus=2 timeout=60");

static volatile u32 spins, woken;
static volatile bool stop;

static void spin(void *arg)
{
	while (!stop)
		spins++;
}

static void wake(struct regs *regs)
{
	woken++;
	apic_eoi();
}

static void down_self(void *arg)
{
	vcpu_op(VCPUOP_down, 1, NULL);
	woken = 100;
}

static void halt_off(void *arg)
{
	cli();
	__asm__ volatile("hlt");
	spins = 0xdead;
}

static bool moves(void)
{
	u32 s = spins;

	return WAIT_FOR(spins != s, 500);
}

void test_main(void)
{
	apic_enable();
	smp_need(1);
	set_vector(0x61, wake);
	smp_run(1, spin, NULL);
	CHECK(moves(), "does not run");
	CHECK_EQ(vcpu_op(VCPUOP_down, 1, NULL), 0);
	CHECK_EQ(vcpu_op(VCPUOP_is_up, 1, NULL), 0);
	delay(20 * MS);
	CHECK(!WAIT_FOR(({ u32 s = spins; delay(5 * MS); spins != s; }), 20), "runs while down");
	CHECK_EQ(vcpu_op(VCPUOP_up, 1, NULL), 0);
	CHECK(moves(), "does not go on after up");
	stop = true;
	CHECK(smp_wait(1, 20000), "stuck");
	smp_run(1, down_self, NULL);
	CHECK(WAIT_FOR(vcpu_op(VCPUOP_is_up, 1, NULL) == 0, 20000), "does not take itself down");
	CHECK_EQ(woken, 0);
	CHECK_EQ(vcpu_op(VCPUOP_up, 1, NULL), 0);
	CHECK(smp_wait(1, 20000), "does not come up");
	CHECK_EQ(woken, 100);
	/* Halted forever; INIT and SIPI restart it. */
	for (u32 i = 0; i < 5; i++) {
		smp_run(1, halt_off, NULL);
		delay(2 * MS);
		NEED(smp_start(1), "does not start again, round %u", i);
	}
	CHECK(spins != 0xdead, "HLT with interrupts off ended");
	/* INIT alone stops it, whatever it is doing. */
	stop = false;
	smp_run(1, spin, NULL);
	CHECK(moves(), "does not run again");
	apic_icr(cpu_of(1)->apic_id, ICR_INIT | ICR_ASSERT);
	delay(20 * MS);
	CHECK(!WAIT_FOR(({ u32 s = spins; delay(5 * MS); spins != s; }), 20), "runs after INIT");
	CHECK(smp_start(1), "does not start after INIT");
}
