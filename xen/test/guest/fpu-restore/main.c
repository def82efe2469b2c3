/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("a vCPU restores its FPU state again and again while another goes in and out of the guest");
RUN("vcpus=2 cpus=2 alone=1 timeout=60");

/*
 * With a thread for each CPU, QEMU clears a flag of the first CPU at every restore on any other,
 * without a lock, and so undoes what the first CPU changed meanwhile: whether nested paging is on,
 * whether interrupts are let in. The harness gives all CPUs one thread.
 */
#define ROUNDS 20000
#define RESTORES 64

static volatile bool over;
static u8 area[512] __attribute__((aligned(16)));

static void restore(void *arg)
{
	__asm__ volatile("fxsave %0" : "=m"(area));
	while (!over)
		for (u32 i = 0; i < RESTORES; i++)
			__asm__ volatile("fxrstor %0" :: "m"(area));
}

static void call(void *arg)
{
	for (u32 i = 0; i < ROUNDS; i++)
		CHECK_EQ(HC2(__HYPERVISOR_xen_version, XENVER_version, NULL), 4 << 16 | 17);
	over = true;
}

void test_main(void)
{
	if (vcpu_count() < 2)
		test_skip("one vCPU");
	apic_enable();
	NEED(smp_start(1), "vCPU 1 does not start");
	/* Either of them may be on the first CPU. */
	smp_run(1, restore, NULL);
	call(NULL);
	CHECK(smp_wait(1, 20000), "vCPU 1 does not come back");
	over = false;
	smp_run(1, call, NULL);
	restore(NULL);
	CHECK(smp_wait(1, 20000), "vCPU 1 does not come back");
}
