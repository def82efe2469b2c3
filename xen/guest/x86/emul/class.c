/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of exits that an instruction can cause. One instruction causes an exit, but its bytes
 * are fetched later, when another vCPU may have replaced them. So only an instruction of the kind
 * that exited may be emulated.
 */
#include "private.h"

static bool has_memory_operand(const struct x86_insn *insn)
{
	if (insn->form == F_ACC_MOFFS || insn->form == F_MOFFS_ACC)
		return true;
	return insn->has_modrm && insn->mod != 3;
}

u32 x86_insn_class(const struct x86_insn *insn)
{
	switch (insn->op) {
	case OP_INS: case OP_OUTS:
		return X86_CLASS_STRING_IO | X86_CLASS_MEMORY;
	case OP_MOVCR_R: case OP_MOVCR_W: case OP_MOVDR_R: case OP_MOVDR_W: case OP_CLTS:
		return X86_CLASS_CONTROL;
	case OP_SMSW: case OP_LMSW:
		return X86_CLASS_CONTROL | (has_memory_operand(insn) ? X86_CLASS_MEMORY : 0);
	case OP_XSETBV: case OP_XGETBV:
		return X86_CLASS_XCR;
	case OP_IN: case OP_OUT:
		return X86_CLASS_PORT;
	case OP_HLT: case OP_CPUID: case OP_RDMSR: case OP_WRMSR:
	case OP_RDTSC: case OP_RDTSCP: case OP_WBINVD: case OP_INVLPG: case OP_CLI: case OP_STI:
	case OP_STAC: case OP_CLAC: case OP_SWAPGS:
		return X86_CLASS_SYSTEM;
	/* These access the stack, a descriptor table or a string. */
	case OP_PUSH ... OP_LEAVE:
	case OP_CALL: case OP_CALLN: case OP_RET ... OP_BOUND:
	case OP_XLAT: case OP_MOVSEG_W: case OP_LOADFAR: case OP_MOVS ... OP_SCAS:
		return X86_CLASS_MEMORY;
	/* It may access memory in an unknown way. It is not emulated anyway. */
	case OP_UNKNOWN:
		return X86_CLASS_MEMORY;
	case OP_LEA: case OP_NOP: case OP_UD:
		return X86_CLASS_REGISTER;
	default:
		return has_memory_operand(insn) ? X86_CLASS_MEMORY : X86_CLASS_REGISTER;
	}
}
