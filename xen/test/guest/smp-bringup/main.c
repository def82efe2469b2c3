/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("vCPUs by INIT and SIPI: all come up, each with its own ids, in a fresh state");
RUN("vcpus=8 timeout=60");

static volatile u32 ids[MAX_CPUS], apic_ids[MAX_CPUS], leaf_ids[MAX_CPUS];
static volatile u64 efer[MAX_CPUS];

static void look(void *arg)
{
	u32 id = cpu_self()->id;

	apic_ids[id] = apic_read(APIC_ID) >> 24;
	ids[id] = cpuid(0x40000004, 0).b;
	leaf_ids[id] = cpuid(1, 0).b >> 24;
	efer[id] = rdmsr(MSR_EFER);
}

void test_main(void)
{
	u32 n = vcpu_count();

	if (n < 2)
		test_skip("one vCPU");
	apic_enable();
	for (u32 i = 1; i < n; i++)
		CHECK_EQ(vcpu_op(VCPUOP_is_up, i, NULL), 0);
	for (u32 i = 1; i < n; i++) {
		NEED(smp_start(i), "vCPU %u does not start", i);
		CHECK_EQ(vcpu_op(VCPUOP_is_up, i, NULL), 1);
		smp_run(i, look, NULL);
		CHECK(smp_wait(i, 20000), "vCPU %u does not work", i);
		CHECK_EQ(ids[i], i);
		CHECK_EQ(apic_ids[i], cpu_of(i)->apic_id);
		CHECK_EQ(leaf_ids[i], cpu_of(i)->apic_id);
		CHECK_EQ(efer[i] & EFER_LONG, efer_long());
	}
	CHECK_EQ(vcpu_op(VCPUOP_is_up, n, NULL), -XEN_ENOENT);
	CHECK_EQ(vcpu_op(VCPUOP_initialise, 1, UNMAPPED) < 0, 1);
}
