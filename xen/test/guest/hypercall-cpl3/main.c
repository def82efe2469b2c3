/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("hypercalls from user mode are refused and leave the registers alone");

static u64 call_amd(void)
{
	u64 rax = __HYPERVISOR_xen_version, rdi = XENVER_version, rsi = 0;

	__asm__ volatile("vmmcall" : "+a"(rax), "+D"(rdi), "+S"(rsi) :: "memory");
	return rdi == XENVER_version && rsi == 0 ? rax : 1;
}

static u64 call_intel(void)
{
	u64 rax = __HYPERVISOR_xen_version, rdi = XENVER_version, rsi = 0;

	__asm__ volatile("vmcall" : "+a"(rax), "+D"(rdi), "+S"(rsi) :: "memory");
	return rdi == XENVER_version && rsi == 0 ? rax : 1;
}

static u64 privileged_insn(void)
{
	__asm__ volatile("hlt");
	return 0;
}

static void user_hlt(void *arg)
{
	user_call(privileged_insn);
}

void test_main(void)
{
	bool amd = hypercall_page[6] == 0x01 && hypercall_page[7] == 0xd9;
	struct trap t;

	CHECK_EQ((long)user_call(amd ? call_amd : call_intel), -XEN_EPERM);
	t = try_call(user_hlt, NULL);
	CHECK(t.taken && t.vector == VEC_GP, "HLT in user mode: vector %u", t.vector);
	CHECK(HC2(__HYPERVISOR_xen_version, XENVER_version, 0) > 0, "no calls after that");
}
