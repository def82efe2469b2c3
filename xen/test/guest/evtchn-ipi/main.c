/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("event IPIs to another vCPU arrive there, and wake it from HLT");
RUN("vcpus=2");

static volatile u32 upcalls, wrong_cpu;
static volatile bool stop;
static s32 port;

static void upcall(struct regs *regs)
{
	own_vcpu_info()->evtchn_upcall_pending = 0;
	__atomic_exchange_n(&own_vcpu_info()->evtchn_pending_sel, 0, __ATOMIC_ACQ_REL);
	wrong_cpu += cpu_self()->id != 1;
	event_test_and_clear((u32)port);
	upcalls++;
	apic_eoi();
}

static void halter(void *arg)
{
	apic_enable();
	while (!stop)
		sti_hlt();
}

void test_main(void)
{
	struct evtchn_bind_vcpu bind = { .vcpu = 0 };
	u64 start;

	apic_enable();
	smp_need(1);
	set_vector(0x40, upcall);
	NEED(!event_upcall_vector(1, 0x40), "no upcall vector");
	port = event_bind_ipi(1);
	NEED(port > 0, "port %d", port);
	bind.port = (u32)port;
	CHECK_EQ(evtchn_op(EVTCHNOP_bind_vcpu, &bind), -XEN_EINVAL);
	smp_run(1, halter, NULL);
	start = now();
	for (u32 i = 1; i <= 200; i++) {
		CHECK_EQ(event_send((u32)port), 0);
		NEED(WAIT_FOR(upcalls == i, 20000), "%u upcalls for %u events", upcalls, i);
	}
	print("%lu us an event\n", (now() - start) / 200 / 1000);
	stop = true;
	event_send((u32)port);
	CHECK(smp_wait(1, 20000), "the other vCPU does not wake");
	CHECK_EQ(upcalls, 201);
	CHECK_EQ(wrong_cpu, 0);
}
