/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("VMX instructions in a guest without VMX, and others that CPUID hides, are #UD");

static u64 operand[2] __attribute__((aligned(16)));

#define DEFINE_INSN(name, text)                                                              \
	static void name(void *arg)                                                          \
	{                                                                                    \
		__asm__ volatile("xor %%ecx, %%ecx; xor %%edx, %%edx; xor %%eax, %%eax; " text \
				 :: "b"(operand) : "rax", "rcx", "rdx", "memory");           \
	}
DEFINE_INSN(do_vmcall, ".byte 0x0f, 0x01, 0xc1")
DEFINE_INSN(do_vmmcall, ".byte 0x0f, 0x01, 0xd9")
DEFINE_INSN(do_vmlaunch, ".byte 0x0f, 0x01, 0xc2")
DEFINE_INSN(do_vmresume, ".byte 0x0f, 0x01, 0xc3")
DEFINE_INSN(do_vmxoff, ".byte 0x0f, 0x01, 0xc4")
DEFINE_INSN(do_vmfunc, ".byte 0x0f, 0x01, 0xd4")
DEFINE_INSN(do_vmptrld, ".byte 0x0f, 0xc7, 0x33")		/* (%rbx) */
DEFINE_INSN(do_vmptrst, ".byte 0x0f, 0xc7, 0x3b")
DEFINE_INSN(do_vmclear, ".byte 0x66, 0x0f, 0xc7, 0x33")
DEFINE_INSN(do_vmxon, ".byte 0xf3, 0x0f, 0xc7, 0x33")
DEFINE_INSN(do_vmread, ".byte 0x0f, 0x78, 0xc8")		/* %rcx, %rax */
DEFINE_INSN(do_vmwrite, ".byte 0x0f, 0x79, 0xc8")
DEFINE_INSN(do_invept, ".byte 0x66, 0x0f, 0x38, 0x80, 0x03")
DEFINE_INSN(do_invvpid, ".byte 0x66, 0x0f, 0x38, 0x81, 0x03")
DEFINE_INSN(do_getsec, ".byte 0x0f, 0x37")
DEFINE_INSN(do_monitorx, "mov %%ebx, %%eax; .byte 0x0f, 0x01, 0xfa")
DEFINE_INSN(do_mwaitx, ".byte 0x0f, 0x01, 0xfb")
DEFINE_INSN(do_rdpru, ".byte 0x0f, 0x01, 0xfd")
DEFINE_INSN(do_mcommit, ".byte 0xf3, 0x0f, 0x01, 0xfa")
DEFINE_INSN(do_invlpgb, ".byte 0x0f, 0x01, 0xfe")
DEFINE_INSN(do_tlbsync, ".byte 0x0f, 0x01, 0xff")
DEFINE_INSN(do_rdtscp, "rdtscp")
DEFINE_INSN(do_invpcid, "mov $2, %%ecx; .byte 0x66, 0x0f, 0x38, 0x82, 0x0b")

struct insn {
	void (*fn)(void *arg);
	const char *name;
};

static const struct insn never[] = {
	{ do_vmlaunch, "vmlaunch" }, { do_vmresume, "vmresume" },
	{ do_vmxoff, "vmxoff" },     { do_vmfunc, "vmfunc" },	  { do_vmread, "vmread" },
	{ do_vmwrite, "vmwrite" },   { do_invept, "invept" },	  { do_invvpid, "invvpid" },
	{ do_getsec, "getsec" },     { do_monitorx, "monitorx" }, { do_mwaitx, "mwaitx" },
	{ do_rdpru, "rdpru" },	     { do_mcommit, "mcommit" },	  { do_invlpgb, "invlpgb" },
	{ do_tlbsync, "tlbsync" },
};

/* QEMU 10.0.2 executes these as if they were NOPs (docs/emulators.md). */
static const struct insn never_or_nop[] = {
	{ do_vmptrld, "vmptrld" }, { do_vmptrst, "vmptrst" }, { do_vmclear, "vmclear" },
	{ do_vmxon, "vmxon" },
};

static void check(void (*fn)(void *arg), const char *name, bool offered)
{
	struct trap t = try_call(fn, NULL);

	if (offered)
		CHECK(!t.taken, "%s is offered but traps: vector %u", name, t.vector);
	else
		CHECK(t.taken && t.vector == VEC_UD, "%s: %s vector %u", name,
		      t.taken ? "" : "no trap,", t.vector);
}

/* Each vendor has one instruction for hypercalls; there is none of the other's. */
static void check_hypercall_insns(void)
{
	bool intel = cpuid(0, 0).b == 0x756e6547;	/* "Genu" */

	check(intel ? do_vmmcall : do_vmcall, intel ? "vmmcall" : "vmcall", false);
}

void test_main(void)
{
	check_hypercall_insns();
	for (u32 i = 0; i < ARRAY_SIZE(never); i++)
		check(never[i].fn, never[i].name, false);
	for (u32 i = 0; i < ARRAY_SIZE(never_or_nop); i++) {
		struct trap t = try_call(never_or_nop[i].fn, NULL);

		CHECK(t.taken ? t.vector == VEC_UD : !operand[0] && !operand[1],
		      "%s: vector %u, or it did something", never_or_nop[i].name, t.vector);
	}
	check(do_rdtscp, "rdtscp", cpuid(0x80000001, 0).d & BIT(27));
	check(do_invpcid, "invpcid", cpuid(7, 0).b & BIT(10));
}
