/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognising the plain moves by which drivers access device registers. */
#include "private.h"

/* A load must fill its register: a narrower load merges, and is left to the emulator. */
static bool plan_load(const struct x86_insn *insn, u32 reg, struct x86_move *out)
{
	*out = (struct x86_move){ .len = insn->len, .reg = reg,
				  .bytes = x86_emu_source_size(insn) };
	return insn->opsize >= 4;
}

static bool plan_store(const struct x86_insn *insn, u32 reg, struct x86_move *out)
{
	*out = (struct x86_move){ .len = insn->len, .write = true, .reg = reg,
				  .bytes = insn->opsize, .imm = insn->imm };
	/* AH, CH, DH and BH are encoded as 4 to 7 where there is no REX. */
	return reg == X86_GPR_NONE || insn->opsize > 1 || insn->rex || reg < X86_RSP;
}

bool x86_decode_move(const u8 *bytes, u32 n, enum x86_mode mode, struct x86_move *out)
{
	struct x86_insn insn;

	if (x86_insn_length(bytes, n, mode, &insn) <= 0 || (insn.has_modrm && insn.mod == 3))
		return false;
	ASSERT(insn.opsize >= 1 && insn.opsize <= 8);
	if (insn.op == OP_MOVZX)
		return plan_load(&insn, insn.reg, out);
	if (insn.op != OP_MOV)
		return false;
	switch (insn.form) {
	case F_R_RM:
		return plan_load(&insn, insn.reg, out);
	case F_ACC_MOFFS:
		return plan_load(&insn, X86_RAX, out);
	case F_RM_R:
		return plan_store(&insn, insn.reg, out);
	case F_MOFFS_ACC:
		return plan_store(&insn, X86_RAX, out);
	case F_RM_I:
		return plan_store(&insn, X86_GPR_NONE, out);
	default:
		return false;
	}
}
