/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lengths of operand-free instructions, for CPUs that do not save the next RIP on an intercept. */
#include "private.h"

#define OP1(a) { 1, { a } }
#define OP2(a, b) { 2, { a, b } }
#define OP3(a, b, c) { 3, { a, b, c } }

static const struct {
	u8 len;
	u8 bytes[3];
} simple[X86_SIMPLE_NR] = {
	[X86_SIMPLE_CPUID] = OP2(0x0f, 0xa2), [X86_SIMPLE_RDMSR] = OP2(0x0f, 0x32),
	[X86_SIMPLE_WRMSR] = OP2(0x0f, 0x30), [X86_SIMPLE_RDTSC] = OP2(0x0f, 0x31),
	[X86_SIMPLE_RDTSCP] = OP3(0x0f, 0x01, 0xf9), [X86_SIMPLE_RDPMC] = OP2(0x0f, 0x33),
	[X86_SIMPLE_VMCALL] = OP3(0x0f, 0x01, 0xc1), [X86_SIMPLE_VMMCALL] = OP3(0x0f, 0x01, 0xd9),
	/* PAUSE is NOP with F3, which the prefix loop takes. */
	[X86_SIMPLE_HLT] = OP1(0xf4), [X86_SIMPLE_PAUSE] = OP1(0x90),
	[X86_SIMPLE_INVD] = OP2(0x0f, 0x08), [X86_SIMPLE_WBINVD] = OP2(0x0f, 0x09),
	[X86_SIMPLE_XSETBV] = OP3(0x0f, 0x01, 0xd1), [X86_SIMPLE_CLTS] = OP2(0x0f, 0x06),
	[X86_SIMPLE_MONITOR] = OP3(0x0f, 0x01, 0xc8), [X86_SIMPLE_MWAIT] = OP3(0x0f, 0x01, 0xc9),
	[X86_SIMPLE_VMRUN] = OP3(0x0f, 0x01, 0xd8), [X86_SIMPLE_VMLOAD] = OP3(0x0f, 0x01, 0xda),
	[X86_SIMPLE_VMSAVE] = OP3(0x0f, 0x01, 0xdb), [X86_SIMPLE_STGI] = OP3(0x0f, 0x01, 0xdc),
	[X86_SIMPLE_CLGI] = OP3(0x0f, 0x01, 0xdd), [X86_SIMPLE_SKINIT] = OP3(0x0f, 0x01, 0xde),
	[X86_SIMPLE_INVLPGA] = OP3(0x0f, 0x01, 0xdf), [X86_SIMPLE_INT3] = OP1(0xcc),
	[X86_SIMPLE_ICEBP] = OP1(0xf1), [X86_SIMPLE_INTO] = OP1(0xce),
	[X86_SIMPLE_RSM] = OP2(0x0f, 0xaa), [X86_SIMPLE_IRET] = OP1(0xcf),
	[X86_SIMPLE_PUSHF] = OP1(0x9c), [X86_SIMPLE_POPF] = OP1(0x9d),
};

static bool is_prefix(u8 b)
{
	switch (b) {
	case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: case 0x66: case 0x67:
	case 0xf0: case 0xf2: case 0xf3:
	case 0x40 ... 0x4f:	/* the intercept tells the instruction, so these can only be REX */
		return true;
	default:
		return false;
	}
}

int x86_skip_simple(const u8 *bytes, u32 n, enum x86_simple which)
{
	u32 len = simple[which].len, pos = 0, i;

	ASSERT(len >= 1 && len <= sizeof(simple[which].bytes));
	if (n > X86_INSN_MAX)
		n = X86_INSN_MAX;
	while (pos < n && bytes[pos] != simple[which].bytes[0] && is_prefix(bytes[pos]))
		pos++;
	if (pos + len > n)
		return 0;
	for (i = 0; i < len; i++)
		if (bytes[pos + i] != simple[which].bytes[i])
			return 0;
	return pos + len;
}
