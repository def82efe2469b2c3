/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("instructions that guests may not use: SVM and VMX ones, MONITOR, MWAIT, RDPMC fault");

#define DEFINE_INSN(name, text)                                                                    \
	static void name(void *arg) { __asm__ volatile(text ::: "rax", "rcx", "rdx", "memory"); }
DEFINE_INSN(do_vmrun, "xor %%eax, %%eax; vmrun")
DEFINE_INSN(do_vmload, "xor %%eax, %%eax; vmload")
DEFINE_INSN(do_vmsave, "xor %%eax, %%eax; vmsave")
DEFINE_INSN(do_stgi, "stgi")
DEFINE_INSN(do_clgi, "clgi")
DEFINE_INSN(do_skinit, "xor %%eax, %%eax; .byte 0x0f, 0x01, 0xde")
DEFINE_INSN(do_invlpga, "xor %%eax, %%eax; xor %%ecx, %%ecx; .byte 0x0f, 0x01, 0xdf")
DEFINE_INSN(do_monitor, "mov %%esp, %%eax; xor %%ecx, %%ecx; xor %%edx, %%edx; monitor")
DEFINE_INSN(do_mwait, "xor %%eax, %%eax; xor %%ecx, %%ecx; mwait")
DEFINE_INSN(do_vmxoff, ".byte 0x0f, 0x01, 0xc4")
DEFINE_INSN(do_ud2, "ud2")

void test_main(void)
{
	static const struct {
		void (*fn)(void *arg);
		const char *name;
	} insns[] = {
		{ do_vmrun, "vmrun" },	   { do_vmload, "vmload" },   { do_vmsave, "vmsave" },
		{ do_stgi, "stgi" },	   { do_clgi, "clgi" },	      { do_skinit, "skinit" },
		{ do_invlpga, "invlpga" }, { do_monitor, "monitor" }, { do_mwait, "mwait" },
		{ do_vmxoff, "vmxoff" }, { do_ud2, "ud2" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		struct trap t = try_call(insns[i].fn, NULL);

		CHECK(t.taken && t.vector == VEC_UD, "%s: %s vector %u", insns[i].name,
		      t.taken ? "" : "no trap,", t.vector);
	}
}
