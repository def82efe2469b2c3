/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jumps, calls, returns and software interrupts. */
#include "private.h"

int x86_emu_branch(struct x86_emu *e, u64 target)
{
	target &= x86_mask(e->insn->opsize);
	if (e->mode == X86_MODE_64 ? !x86_emu_canonical(e, target)
				   : target > e->ctx->seg[X86_CS].limit)
		return x86_emu_gp0(e);
	e->next_rip = target;
	return X86EMUL_OKAY;
}

/** Target of a near jump or call. */
static u64 near_target(const struct x86_emu *e)
{
	if (e->insn->form == F_RM)
		return e->dst.val;
	return e->next_rip + e->insn->imm;
}

int x86_do_call(struct x86_emu *e)
{
	u64 ret = e->next_rip;
	int rc = x86_emu_branch(e, near_target(e));

	return rc != X86EMUL_OKAY ? rc : x86_emu_push(e, ret, e->insn->opsize);
}

int x86_do_jmp(struct x86_emu *e)
{
	return x86_emu_branch(e, near_target(e));
}

int x86_do_jcc(struct x86_emu *e)
{
	if (!x86_emu_cond(e, e->insn->opcode))
		return X86EMUL_OKAY;
	return x86_emu_branch(e, near_target(e));
}

/** LOOPNE, LOOPE, LOOP and JrCXZ; the address size chooses the counter's width. */
int x86_do_loop(struct x86_emu *e)
{
	u32 width = e->insn->adsize;
	u64 count = x86_emu_reg(e, X86_RCX, width);
	bool zf = e->regs.rflags & X86_FLAG_ZF, taken;

	ASSERT(width == 2 || width == 4 || width == 8);
	if (e->insn->op == OP_JCXZ) {
		taken = !count;
	} else {
		count = (count - 1) & x86_mask(width);
		x86_emu_set_reg(e, X86_RCX, width, count);
		taken = count;
		if (e->insn->opcode == 0xe0)
			taken = taken && !zf;
		else if (e->insn->opcode == 0xe1)
			taken = taken && zf;
	}
	return taken ? x86_emu_branch(e, near_target(e)) : X86EMUL_OKAY;
}

int x86_do_ret(struct x86_emu *e)
{
	u64 target;
	int rc = x86_emu_pop(e, &target, e->insn->opsize);

	if (rc == X86EMUL_OKAY)
		rc = x86_emu_branch(e, target);
	if (rc == X86EMUL_OKAY && e->insn->form == F_I16)
		x86_emu_adjust_sp(e, e->insn->imm);
	return rc;
}

/** CS:IP in real mode. In other modes far transfers use descriptors and gates: not emulated. */
static int far_branch(struct x86_emu *e, u16 sel, u64 target)
{
	int rc = x86_emu_branch(e, target);

	return rc != X86EMUL_OKAY ? rc : x86_emu_load_seg(e, X86_CS, sel);
}

static int far_pointer(struct x86_emu *e, u16 *sel, u64 *off)
{
	u32 size = e->insn->opsize;
	u8 buf[10] = { 0 };
	int rc;

	if (e->insn->form == F_FAR) {
		ASSERT(size <= 4);	/* the form is undefined in 64-bit mode */
		*sel = e->insn->imm2;
		*off = e->insn->imm;
		return X86EMUL_OKAY;
	}
	ASSERT(e->insn->mod != 3 && size + 2 <= sizeof(buf));
	rc = x86_emu_read(e, x86_emu_segment(e), x86_emu_offset(e), buf, size + 2);
	*off = 0;
	memcpy(off, buf, size);
	memcpy(sel, buf + size, 2);
	return rc;
}

int x86_do_far(struct x86_emu *e)
{
	bool call = e->insn->op == OP_CALLF || e->insn->op == OP_CALLFM;
	u64 off, ret = e->next_rip;
	u16 sel;
	int rc;

	if (!x86_emu_real(e))
		return X86EMUL_UNHANDLEABLE;
	rc = far_pointer(e, &sel, &off);
	if (rc == X86EMUL_OKAY)
		rc = far_branch(e, sel, off);
	if (rc == X86EMUL_OKAY && call)
		rc = x86_emu_push(e, e->ctx->seg[X86_CS].sel, e->insn->opsize);
	if (rc == X86EMUL_OKAY && call)
		rc = x86_emu_push(e, ret, e->insn->opsize);
	return rc;
}

int x86_do_retf(struct x86_emu *e)
{
	u64 ip, cs;
	int rc;

	if (!x86_emu_real(e))
		return X86EMUL_UNHANDLEABLE;
	rc = x86_emu_pop(e, &ip, e->insn->opsize);
	if (rc == X86EMUL_OKAY)
		rc = x86_emu_pop(e, &cs, e->insn->opsize);
	if (rc == X86EMUL_OKAY)
		rc = far_branch(e, cs, ip);
	if (rc == X86EMUL_OKAY && e->insn->form == F_I16)
		x86_emu_adjust_sp(e, e->insn->imm);
	return rc;
}

int x86_do_iret(struct x86_emu *e)
{
	u32 mask = X86_FLAGS_ARITH | X86_FLAG_TF | X86_FLAG_IF | X86_FLAG_DF | X86_FLAG_IOPL |
		   X86_FLAG_NT | X86_FLAG_AC | X86_FLAG_ID;
	u32 size = e->insn->opsize;
	u64 ip, cs, flags;
	int rc;

	if (e->ctx->cr0 & 1)
		return X86EMUL_UNHANDLEABLE;
	rc = x86_emu_pop(e, &ip, size);
	if (rc == X86EMUL_OKAY)
		rc = x86_emu_pop(e, &cs, size);
	if (rc == X86EMUL_OKAY)
		rc = x86_emu_pop(e, &flags, size);
	if (rc == X86EMUL_OKAY)
		rc = far_branch(e, cs, ip);
	if (rc == X86EMUL_OKAY)
		x86_emu_set_flags(e, size == 2 ? mask & 0xffff : mask, flags);
	return rc;
}

/** INT n and its short forms: the caller delivers the interrupt. */
int x86_do_int(struct x86_emu *e)
{
	u8 vector;

	switch (e->insn->op) {
	case OP_INT3:
		vector = X86_EXC_BP;
		break;
	case OP_INTO:
		if (!(e->regs.rflags & X86_FLAG_OF))
			return X86EMUL_OKAY;
		vector = X86_EXC_OF;
		break;
	case OP_ICEBP:
		vector = X86_EXC_DB;
		break;
	default:
		ASSERT(e->insn->op == OP_INTN);
		if ((e->regs.rflags & X86_FLAG_VM) && (e->regs.rflags & X86_FLAG_IOPL) !=
						      X86_FLAG_IOPL)
			return x86_emu_gp0(e);
		vector = e->insn->imm;
	}
	e->ctx->exc = (struct x86_exception){
		.vector = vector, .software = true, .insn_len = e->insn->len,
	};
	return X86EMUL_EXCEPTION;
}

int x86_do_bound(struct x86_emu *e)
{
	u32 size = e->insn->opsize;
	s64 index = x86_sext(x86_emu_reg(e, e->insn->reg, size), size);
	u8 buf[8] = { 0 };
	u64 low = 0, high = 0;
	int rc;

	ASSERT(size * 2 <= sizeof(buf));	/* BOUND is undefined in 64-bit mode */
	rc = x86_emu_read(e, x86_emu_segment(e), x86_emu_offset(e), buf, size * 2);
	if (rc != X86EMUL_OKAY)
		return rc;
	memcpy(&low, buf, size);
	memcpy(&high, buf + size, size);
	if (index < x86_sext(low, size) || index > x86_sext(high, size))
		return x86_emu_raise(e, X86_EXC_BR, 0);
	return X86EMUL_OKAY;
}
