/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("random hypercalls with random arguments: no crash, no hang, memory in order");
RUN("timeout=60 icount=1");

static u64 seed = 88172645463325252UL;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* A call may write beyond the address it is given. */
#define USED 12
static u8 scratch[USED + 8][PAGE_SIZE] PAGE_ALIGNED;

static u64 argument(void)
{
	switch (rnd() % 6) {
	case 0:
		return rnd() % 32;
	case 1:
		return rnd();
	case 2:
		return (u64)UNMAPPED + rnd() % 4096;
	default:
		return (u64)scratch + rnd() % (USED * PAGE_SIZE);
	}
}

/* Calls that end or stop the domain, give memory away or control the machine are left out. */
static bool allowed(u32 nr, u64 cmd)
{
	switch (nr) {
	case __HYPERVISOR_sched_op:
		return cmd == SCHEDOP_yield;
	case __HYPERVISOR_event_channel_op:
	case __HYPERVISOR_grant_table_op:
	case __HYPERVISOR_xen_version:
	case __HYPERVISOR_hvm_op:
	case __HYPERVISOR_vm_assist:
		return true;
	case __HYPERVISOR_vcpu_op:
		return cmd != VCPUOP_down && cmd != VCPUOP_send_nmi &&
		       cmd != VCPUOP_register_vcpu_info;
	case __HYPERVISOR_memory_op:
		return cmd == XENMEM_current_reservation || cmd == XENMEM_maximum_reservation ||
		       cmd == XENMEM_memory_map;
	default:
		return nr > 56;
	}
}

void test_main(void)
{
	u32 calls = 0;

	for (u32 i = 0; i < 50000; i++) {
		u32 nr = (u32)(rnd() % 64);
		u64 cmd = rnd() % 40;

		if (i % 64 == 0)
			for (u32 k = 0; k < sizeof(scratch) / 8; k += 16)
				((u64 *)scratch)[k] = rnd() % 3 ? rnd() % 64 : rnd();
		if (!allowed(nr, cmd))
			continue;
		calls++;
		/* The third argument of grant operations is the count of elements they write. */
		hypercall(nr, cmd, argument(),
			  nr == __HYPERVISOR_grant_table_op ? rnd() % 32 : argument(), argument());
	}
	print("%u calls\n", calls);
	CHECK(HC2(__HYPERVISOR_xen_version, XENVER_version, 0) > 0, "no calls any more");
	CHECK_EQ(sched_op(SCHEDOP_yield, NULL), 0);
}
