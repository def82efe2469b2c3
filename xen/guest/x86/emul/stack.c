/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions that push and pop. */
#include "private.h"

#define ENTER_MAX_LEVEL 31

/** The number of significant bytes of the stack pointer. */
static u32 stack_width(const struct x86_emu *e)
{
	if (e->mode == X86_MODE_64)
		return 8;
	return e->ctx->seg[X86_SS].attr & X86_SEG_DB ? 4 : 2;
}

void x86_emu_adjust_sp(struct x86_emu *e, s64 delta)
{
	u32 width = stack_width(e);

	x86_emu_set_reg(e, X86_RSP, width, e->regs.gpr[X86_RSP] + delta);
}

static u64 stack_offset(const struct x86_emu *e)
{
	return e->regs.gpr[X86_RSP] & x86_mask(stack_width(e));
}

int x86_emu_push(struct x86_emu *e, u64 val, u32 size)
{
	ASSERT(size == 2 || size == 4 || size == 8);
	x86_emu_adjust_sp(e, -(s64)size);
	return x86_emu_write(e, X86_SS, stack_offset(e), &val, size);
}

int x86_emu_pop(struct x86_emu *e, u64 *val, u32 size)
{
	int rc;

	*val = 0;
	ASSERT(size == 2 || size == 4 || size == 8);
	rc = x86_emu_read(e, X86_SS, stack_offset(e), val, size);
	if (rc == X86EMUL_OKAY)
		x86_emu_adjust_sp(e, size);
	return rc;
}

int x86_do_push(struct x86_emu *e)
{
	bool imm = e->insn->form == F_I;

	return x86_emu_push(e, imm ? e->insn->imm : e->dst.val, e->insn->opsize);
}

/** A memory destination's address is computed after the pop, as POP [rSP] requires. */
int x86_do_pop(struct x86_emu *e)
{
	return x86_emu_pop(e, &e->dst.val, e->insn->opsize);
}

int x86_do_pusha(struct x86_emu *e)
{
	u64 sp = e->regs.gpr[X86_RSP];
	u32 reg, size = e->insn->opsize;
	int rc = X86EMUL_OKAY;

	for (reg = X86_RAX; reg <= X86_RDI && rc == X86EMUL_OKAY; reg++)
		rc = x86_emu_push(e, reg == X86_RSP ? sp : e->regs.gpr[reg], size);
	return rc;
}

int x86_do_popa(struct x86_emu *e)
{
	u32 size = e->insn->opsize;
	int reg, rc = X86EMUL_OKAY;
	u64 val;

	for (reg = X86_RDI; reg >= X86_RAX && rc == X86EMUL_OKAY; reg--) {
		rc = x86_emu_pop(e, &val, size);
		if (rc == X86EMUL_OKAY && reg != X86_RSP)
			x86_emu_set_reg(e, reg, size, val);
	}
	return rc;
}

/** In virtual-8086 mode with IOPL below 3 these instructions raise #GP, for the monitor. */
static bool vm86_denied(const struct x86_emu *e)
{
	return (e->regs.rflags & X86_FLAG_VM) && x86_emu_iopl(e) < 3;
}

int x86_do_pushf(struct x86_emu *e)
{
	if (vm86_denied(e))
		return x86_emu_gp0(e);
	return x86_emu_push(e, e->regs.rflags & ~(u64)(X86_FLAG_RF | X86_FLAG_VM),
			    e->insn->opsize);
}

int x86_do_popf(struct x86_emu *e)
{
	u32 mask = X86_FLAGS_ARITH | X86_FLAG_TF | X86_FLAG_DF | X86_FLAG_NT | X86_FLAG_AC |
		   X86_FLAG_ID;
	u64 val;
	int rc;

	if (vm86_denied(e))
		return x86_emu_gp0(e);
	rc = x86_emu_pop(e, &val, e->insn->opsize);
	if (rc != X86EMUL_OKAY)
		return rc;
	if (e->ctx->cpl == 0)
		mask |= X86_FLAG_IOPL;
	if (e->ctx->cpl <= x86_emu_iopl(e))
		mask |= X86_FLAG_IF;
	if (e->insn->opsize == 2)
		mask &= 0xffff;
	x86_emu_set_flags(e, mask, val);
	return X86EMUL_OKAY;
}

/** ES, CS, SS, DS from opcode bits 3-4; FS and GS from the 0f map. */
static enum x86_sreg sreg_of_opcode(const struct x86_insn *insn)
{
	if (insn->map == X86_MAP_0F)
		return insn->opcode & 8 ? X86_GS : X86_FS;
	return (insn->opcode >> 3) & 3;
}

int x86_do_pushseg(struct x86_emu *e)
{
	return x86_emu_push(e, e->ctx->seg[sreg_of_opcode(e->insn)].sel, e->insn->opsize);
}

int x86_do_popseg(struct x86_emu *e)
{
	enum x86_sreg sreg = sreg_of_opcode(e->insn);
	u64 sel;
	int rc = x86_emu_pop(e, &sel, e->insn->opsize);

	if (rc != X86EMUL_OKAY)
		return rc;
	e->ctx->mov_ss_shadow = sreg == X86_SS;
	return x86_emu_load_seg(e, sreg, sel);
}

int x86_do_enter(struct x86_emu *e)
{
	u32 size = e->insn->opsize, width = stack_width(e), level, i;
	u64 frame, link;
	u64 bp = e->regs.gpr[X86_RBP];
	int rc;

	ASSERT(size == 2 || size == 4 || size == 8);
	level = e->insn->imm2 & ENTER_MAX_LEVEL;
	rc = x86_emu_push(e, bp, size);
	if (rc != X86EMUL_OKAY)
		return rc;
	frame = e->regs.gpr[X86_RSP];
	for (i = 1; i < level; i++) {
		link = 0;
		rc = x86_emu_read(e, X86_SS, (bp - i * size) & x86_mask(width), &link, size);
		if (rc == X86EMUL_OKAY)
			rc = x86_emu_push(e, link, size);
		if (rc != X86EMUL_OKAY)
			return rc;
	}
	if (level) {
		rc = x86_emu_push(e, frame, size);
		if (rc != X86EMUL_OKAY)
			return rc;
	}
	x86_emu_set_reg(e, X86_RBP, size, frame);
	x86_emu_adjust_sp(e, -(s64)e->insn->imm);
	return X86EMUL_OKAY;
}

int x86_do_leave(struct x86_emu *e)
{
	u64 bp;
	int rc;

	x86_emu_set_reg(e, X86_RSP, stack_width(e), e->regs.gpr[X86_RBP]);
	rc = x86_emu_pop(e, &bp, e->insn->opsize);
	if (rc == X86EMUL_OKAY)
		x86_emu_set_reg(e, X86_RBP, e->insn->opsize, bp);
	return rc;
}
