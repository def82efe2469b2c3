/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("hypercalls from user mode are refused and leave the registers alone");

/* The registers of the first two arguments. */
#ifdef __x86_64__
#define ARG1 "+D"
#define ARG2 "+S"
#else
#define ARG1 "+b"
#define ARG2 "+c"
#endif

static u64 call_amd(void)
{
	word rc = __HYPERVISOR_xen_version, cmd = XENVER_version, arg = 0;

	__asm__ volatile("vmmcall" : "+a"(rc), ARG1(cmd), ARG2(arg) :: "memory");
	return cmd == XENVER_version && arg == 0 ? rc : 1;
}

static u64 call_intel(void)
{
	word rc = __HYPERVISOR_xen_version, cmd = XENVER_version, arg = 0;

	__asm__ volatile("vmcall" : "+a"(rc), ARG1(cmd), ARG2(arg) :: "memory");
	return cmd == XENVER_version && arg == 0 ? rc : 1;
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
