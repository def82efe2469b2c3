/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See emul-oracle.h. */
#include "emul-oracle.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/** Which results the manuals leave undefined. */
enum undefined {
	U_NONE, U_LOGIC, U_SHIFT, U_ROTATE, U_SHIFTD, U_MUL, U_DIV, U_BT, U_SCAN, U_COUNT,
	U_PACKED, U_UNPACKED, U_AAM,
};

static enum undefined class_1b(const struct x86_insn *insn)
{
	static const u8 group3[8] = { U_LOGIC, U_LOGIC, U_NONE, U_NONE, U_MUL, U_MUL, U_DIV,
				      U_DIV };
	u8 op = insn->opcode, reg = (insn->modrm >> 3) & 7;

	switch (op) {
	case 0x80 ... 0x83:
		return reg == 1 || reg == 4 || reg == 6 ? U_LOGIC : U_NONE;
	case 0x27: case 0x2f:
		return U_PACKED;
	case 0x37: case 0x3f:
		return U_UNPACKED;
	case 0xd4: case 0xd5:
		return U_AAM;
	case 0x84: case 0x85: case 0xa8: case 0xa9:
		return U_LOGIC;
	case 0x69: case 0x6b:
		return U_MUL;
	case 0xc0: case 0xc1: case 0xd0 ... 0xd3:
		return reg < 4 ? U_ROTATE : U_SHIFT;
	case 0xf6: case 0xf7:
		return group3[reg];
	default:
		/* OR, AND, XOR */
		return op >> 3 == 1 || op >> 3 == 4 || op >> 3 == 6 ? U_LOGIC : U_NONE;
	}
}

static enum undefined class_of(const struct x86_insn *insn)
{
	if (insn->map == X86_MAP_1B)
		return class_1b(insn);
	if (insn->map != X86_MAP_0F)
		return U_NONE;
	switch (insn->opcode) {
	case 0xa4: case 0xa5: case 0xac: case 0xad:
		return U_SHIFTD;
	case 0xaf:
		return U_MUL;
	case 0xa3: case 0xab: case 0xb3: case 0xbb: case 0xba:
		return U_BT;
	case 0xbc: case 0xbd:
		return insn->prefixes & X86_PFX_REP ? U_COUNT : U_SCAN;
	default:
		return U_NONE;
	}
}

/** Shift count as the instruction masks it. */
static u32 shift_count(const struct x86_insn *insn, const struct native_state *before)
{
	u32 mask = insn->opsize == 8 ? 63 : 31;

	if (insn->imm_bytes)
		return insn->imm & mask;
	if (!insn->map && insn->opcode < 0xd2)
		return 1;
	return before->gpr[1] & mask;
}

static u32 undefined_flags(const struct x86_insn *insn, const struct native_state *before)
{
	enum undefined class = class_of(insn);
	u32 count, bits = insn->opsize * 8;

	switch (class) {
	case U_LOGIC:
		return X86_FLAG_AF;
	case U_SHIFT: case U_ROTATE: case U_SHIFTD:
		count = shift_count(insn, before);
		if (!count)
			return 0;
		if (class == U_SHIFTD && count > bits)
			return X86_FLAGS_ARITH;
		return (count > 1 ? X86_FLAG_OF : 0) |
		       (class != U_ROTATE ? X86_FLAG_AF : 0) |
		       (class == U_SHIFT && count >= bits ? X86_FLAG_CF : 0);
	case U_MUL:
		return X86_FLAG_SF | X86_FLAG_ZF | X86_FLAG_AF | X86_FLAG_PF;
	case U_DIV:
		return X86_FLAGS_ARITH;
	case U_BT:
		return X86_FLAG_OF | X86_FLAG_SF | X86_FLAG_AF | X86_FLAG_PF;
	case U_PACKED:
		return X86_FLAG_OF;
	case U_UNPACKED:
		return X86_FLAG_OF | X86_FLAG_SF | X86_FLAG_ZF | X86_FLAG_PF;
	case U_AAM:
		return X86_FLAG_OF | X86_FLAG_AF | X86_FLAG_CF;
	case U_SCAN:
		return X86_FLAGS_ARITH & ~X86_FLAG_ZF;
	case U_COUNT:
		return X86_FLAG_OF | X86_FLAG_SF | X86_FLAG_AF | X86_FLAG_PF;
	default:
		return 0;
	}
}

/** Results (not only flags) undefined: SHLD past the width, BSF of zero, BSWAP of a word. */
static bool undefined_result(const struct x86_insn *insn, const struct native_state *before,
			     u64 rflags)
{
	enum undefined class = class_of(insn);

	if (class == U_SHIFTD)
		return shift_count(insn, before) > insn->opsize * 8U;
	if (class == U_SCAN)
		return rflags & X86_FLAG_ZF;
	return insn->map == X86_MAP_0F && insn->opcode >= 0xc8 && insn->opcode < 0xd0 &&
	       insn->opsize == 2;
}

static int signal_of(const struct emul_machine *m, int rc)
{
	if (rc == X86EMUL_OKAY)
		return 0;
	switch (m->ctx.exc.vector) {
	case X86_EXC_DE:
		return SIGFPE;
	case X86_EXC_UD:
		return SIGILL;
	default:
		return SIGSEGV;
	}
}

int oracle_emulate(struct emul_machine *m, enum x86_mode mode, const struct native_state *before,
		   u8 *mem, const u8 *insn, u32 len)
{
	u32 calls = 0;
	int rc;

	emul_machine_init(m, mode, false, NATIVE_DATA, mem, NATIVE_DATA_SIZE);
	m->ctx.cpl = 3;
	memcpy(m->ctx.regs.gpr, before->gpr, sizeof(before->gpr));
	m->ctx.regs.rflags = before->rflags;
	m->ctx.regs.rip = NATIVE_INSN;
	do
		rc = emul_machine_run(m, insn, len);
	while (rc == X86EMUL_OKAY && m->ctx.regs.rip == NATIVE_INSN && calls++ < 100);
	return rc;
}

void oracle_explain(const struct emul_machine *m, const struct native_state *before,
		    const struct native_state *after, const u8 *insn, u32 len, int rc)
{
	u32 i;

	for (i = 0; i < len; i++)
		fprintf(stderr, " %02x", insn[i]);
	fprintf(stderr, "\n  rc %d vector %u, native signal %d taken %d\n", rc, m->ctx.exc.vector,
		after->signal, after->taken);
	fprintf(stderr, "  flags before %#lx native %#lx emulated %#lx, rip %#lx\n", before->rflags,
		after->rflags, m->ctx.regs.rflags, m->ctx.regs.rip);
	for (i = 0; i < 16; i++)
		fprintf(stderr, "  r%-2u before %#18lx native %#18lx emulated %#18lx%s\n", i,
			before->gpr[i], after->gpr[i], m->ctx.regs.gpr[i],
			after->gpr[i] != m->ctx.regs.gpr[i] ? " <--" : "");
	for (i = 0; i < NATIVE_DATA_SIZE; i++)
		if (m->mem[i] != native_data()[i])
			fprintf(stderr, "  mem+%#x native %#x emulated %#x\n", i,
				native_data()[i], m->mem[i]);
}

/** In 32-bit code the upper halves of registers are not compared. */
static bool same_registers(const struct emul_machine *m, const u64 *gpr)
{
	bool is64 = x86_emul_mode(&m->ctx) == X86_MODE_64;
	u32 i;

	for (i = 0; i < (is64 ? 16 : 8); i++)
		if ((m->ctx.regs.gpr[i] ^ gpr[i]) & (is64 ? ~0UL : ~0U))
			return false;
	return true;
}

bool oracle_agrees(const struct emul_machine *m, const struct native_state *before,
		   const struct native_state *after, u32 len, int rc)
{
	const struct x86_insn *insn = &m->ctx.decoded;
	u64 rip = NATIVE_INSN + len + (after->taken ? NATIVE_TAKEN : 0), mask;
	int sig = signal_of(m, rc);

	if (sig != after->signal)
		return sig == SIGSEGV && after->signal == SIGBUS;
	if (sig)
		return same_registers(m, before->gpr) &&
		       m->ctx.regs.rip == NATIVE_INSN;
	mask = (X86_FLAGS_ARITH | X86_FLAG_DF) & ~undefined_flags(insn, before);
	if ((m->ctx.regs.rflags ^ after->rflags) & mask)
		return false;
	if (m->ctx.regs.rip != rip)
		return false;
	if (undefined_result(insn, before, after->rflags))
		return true;
	return same_registers(m, after->gpr) &&
	       !memcmp(m->mem, native_data(), NATIVE_DATA_SIZE);
}
