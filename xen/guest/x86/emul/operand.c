/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers, memory operands and segmentation checks. */
#include "private.h"

#define CR0_PE (1u << 0)
#define CR4_LA57 (1u << 12)

int x86_emu_raise(struct x86_emu *e, u8 vector, u32 error)
{
	bool has_error = vector == X86_EXC_NP || vector == X86_EXC_SS || vector == X86_EXC_GP ||
			 vector == X86_EXC_PF || vector == X86_EXC_AC;

	e->ctx->exc = (struct x86_exception){
		.vector = vector, .has_error = has_error, .error = error,
	};
	return X86EMUL_EXCEPTION;
}

int x86_emu_ud(struct x86_emu *e)
{
	return x86_emu_raise(e, X86_EXC_UD, 0);
}

int x86_emu_gp0(struct x86_emu *e)
{
	return x86_emu_raise(e, X86_EXC_GP, 0);
}

bool x86_emu_real(const struct x86_emu *e)
{
	return !(e->ctx->cr0 & CR0_PE) || (e->ctx->regs.rflags & X86_FLAG_VM);
}

bool x86_emu_canonical(const struct x86_emu *e, u64 addr)
{
	u32 unused = e->ctx->cr4 & CR4_LA57 ? 7 : 16;

	return (u64)((s64)(addr << unused) >> unused) == addr;
}

/** Without REX, byte registers 4 to 7 are AH, CH, DH and BH. */
static bool is_high_byte(const struct x86_emu *e, u32 reg, u32 size)
{
	return size == 1 && !e->insn->rex && reg >= 4 && reg < 8;
}

u64 x86_emu_reg(const struct x86_emu *e, u32 reg, u32 size)
{
	ASSERT(reg < X86_GPR_NR);
	ASSERT(size == 1 || size == 2 || size == 4 || size == 8);
	if (is_high_byte(e, reg, size))
		return (e->regs.gpr[reg - 4] >> 8) & 0xff;
	return e->regs.gpr[reg] & x86_mask(size);
}

void x86_emu_set_reg(struct x86_emu *e, u32 reg, u32 size, u64 val)
{
	u64 *gpr = &e->regs.gpr[reg];

	ASSERT(reg < X86_GPR_NR);
	ASSERT(size == 1 || size == 2 || size == 4 || size == 8);
	if (is_high_byte(e, reg, size)) {
		gpr -= 4;
		*gpr = (*gpr & ~0xff00UL) | (val & 0xff) << 8;
	} else if (size == 4) {
		*gpr = (u32)val;	/* 32-bit results clear the upper half */
	} else {
		*gpr = (*gpr & ~x86_mask(size)) | (val & x86_mask(size));
	}
}

/** BT and similar with a register index access bits outside the operand. */
static u64 bit_string_offset(const struct x86_emu *e)
{
	const struct x86_insn *insn = e->insn;
	s64 bit;

	if (insn->op < OP_BT || insn->op > OP_BTC || insn->form != F_RM_R)
		return 0;
	bit = x86_sext(x86_emu_reg(e, insn->reg, insn->opsize), insn->opsize);
	return (bit >> 3) & ~(s64)(insn->opsize - 1);
}

u64 x86_emu_offset(const struct x86_emu *e)
{
	const struct x86_insn *insn = e->insn;
	u64 off = insn->disp;

	if (insn->form == F_ACC_MOFFS || insn->form == F_MOFFS_ACC)
		return insn->imm;
	if (insn->rip_relative)
		off += e->next_rip;
	if (insn->base != X86_GPR_NONE)
		off += e->regs.gpr[insn->base];
	if (insn->index != X86_GPR_NONE)
		off += e->regs.gpr[insn->index] * insn->scale;
	return (off + bit_string_offset(e)) & x86_mask(insn->adsize);
}

enum x86_sreg x86_emu_segment(const struct x86_emu *e)
{
	if (e->insn->seg != X86_SREG_NONE)
		return e->insn->seg;
	if (e->insn->base == X86_RSP || e->insn->base == X86_RBP)
		return X86_SS;
	return X86_DS;
}

/** Limit, presence and type of a segment outside 64-bit mode. */
static bool segment_allows(const struct x86_emu *e, const struct x86_segment *seg, u64 off,
			   u32 len, bool write)
{
	u64 last = off + len - 1;
	bool code = seg->attr & X86_SEG_TYPE_CODE;

	if (!x86_emu_real(e)) {
		if (!(seg->attr & X86_SEG_P))
			return false;
		if (write && (code || !(seg->attr & X86_SEG_TYPE_RW)))
			return false;
		if (!write && code && !(seg->attr & X86_SEG_TYPE_RW))
			return false;
	}
	if (!code && (seg->attr & X86_SEG_TYPE_DOWN))
		return off > seg->limit &&
		       last <= (seg->attr & X86_SEG_DB ? 0xffffffffUL : 0xffffUL);
	return last <= seg->limit;
}

int x86_emu_linear(struct x86_emu *e, enum x86_sreg sreg, u64 off, u32 len, bool write,
		   gvaddr_t *linear)
{
	const struct x86_segment *seg = &e->ctx->seg[sreg];

	ASSERT(sreg < X86_SREG_NR);
	ASSERT(len >= 1 && len <= 64);
	if (e->mode == X86_MODE_64) {
		linear->v = off + (sreg >= X86_FS ? seg->base : 0);
		if (x86_emu_canonical(e, linear->v) &&
		    x86_emu_canonical(e, linear->v + len - 1))
			return X86EMUL_OKAY;
	} else {
		linear->v = (u32)(seg->base + off);
		if (segment_allows(e, seg, off, len, write))
			return X86EMUL_OKAY;
	}
	return x86_emu_raise(e, sreg == X86_SS ? X86_EXC_SS : X86_EXC_GP, 0);
}

int x86_emu_read(struct x86_emu *e, enum x86_sreg sreg, u64 off, void *buf, u32 len)
{
	gvaddr_t linear;
	int rc = x86_emu_linear(e, sreg, off, len, false, &linear);

	return rc != X86EMUL_OKAY ? rc : e->ops->read(e->ctx, linear, buf, len, 0);
}

int x86_emu_write(struct x86_emu *e, enum x86_sreg sreg, u64 off, const void *buf, u32 len)
{
	gvaddr_t linear;
	int rc = x86_emu_linear(e, sreg, off, len, true, &linear);

	return rc != X86EMUL_OKAY ? rc : e->ops->write(e->ctx, linear, buf, len, 0);
}

int x86_emu_read_rm(struct x86_emu *e, u32 size, u64 *val)
{
	*val = 0;
	if (e->insn->mod == 3) {
		*val = x86_emu_reg(e, e->insn->rm, size);
		return X86EMUL_OKAY;
	}
	return x86_emu_read(e, x86_emu_segment(e), x86_emu_offset(e), val, size);
}

int x86_emu_write_rm(struct x86_emu *e, u32 size, u64 val)
{
	if (e->insn->mod == 3) {
		x86_emu_set_reg(e, e->insn->rm, size, val);
		return X86EMUL_OKAY;
	}
	return x86_emu_write(e, x86_emu_segment(e), x86_emu_offset(e), &val, size);
}

static void operand_reg(struct x86_emu *e, struct x86_operand *o, u32 reg, u32 size)
{
	*o = (struct x86_operand){ .kind = OPD_REG, .reg = reg, .size = size };
	o->val = x86_emu_reg(e, reg, size);
}

static void operand_const(struct x86_operand *o, u64 val, u32 size)
{
	*o = (struct x86_operand){ .kind = OPD_NONE, .size = size, .val = val & x86_mask(size) };
}

/** The r/m operand as source, or as destination with the table's read and write rules. */
static int operand_rm(struct x86_emu *e, struct x86_operand *o, u32 size, bool dst)
{
	u32 flags = e->insn->flags;
	bool write = dst && !(flags & T_RO);
	int rc;

	if (e->insn->mod == 3 && e->insn->has_modrm) {
		operand_reg(e, o, e->insn->rm, size);
		return X86EMUL_OKAY;
	}
	*o = (struct x86_operand){ .kind = OPD_MEM, .size = size };
	if (dst && (flags & T_WO))
		return X86EMUL_OKAY;	/* the address is computed when it is stored */
	rc = x86_emu_linear(e, x86_emu_segment(e), x86_emu_offset(e), size, write, &o->linear);
	if (rc != X86EMUL_OKAY)
		return rc;
	rc = e->ops->read(e->ctx, o->linear, &o->val, size, write ? X86_ACC_RMW : 0);
	if (dst)
		e->mem_old = o->val;
	return rc;
}

u32 x86_emu_source_size(const struct x86_insn *insn)
{
	if (insn->flags & T_S8)
		return 1;
	if (insn->flags & T_S16)
		return 2;
	if ((insn->flags & T_S32) && insn->opsize == 8)
		return 4;
	return insn->opsize;
}

int x86_emu_load_operands(struct x86_emu *e)
{
	const struct x86_insn *insn = e->insn;
	u32 size = insn->opsize, oreg = (insn->opcode & 7) | (insn->rex & 1) << 3;

	switch (insn->form) {
	case F_RM_R: case F_RM_R_I8: case F_RM_R_CL:
		operand_reg(e, &e->src, insn->reg, size);
		return operand_rm(e, &e->dst, size, true);
	case F_R_RM: case F_R_RM_I:
		operand_reg(e, &e->dst, insn->reg, size);
		return operand_rm(e, &e->src, x86_emu_source_size(insn), false);
	case F_RM: case F_RM_I: case F_RM_1: case F_RM_CL:
		operand_const(&e->src, insn->form == F_RM_I ? insn->imm :
			      insn->form == F_RM_1 ? 1 : e->regs.gpr[X86_RCX] & 0xff, size);
		return operand_rm(e, &e->dst, size, true);
	case F_ACC_I:
		operand_const(&e->src, insn->imm, size);
		operand_reg(e, &e->dst, X86_RAX, size);
		return X86EMUL_OKAY;
	case F_OREG: case F_OREG_I:
		operand_const(&e->src, insn->imm, size);
		operand_reg(e, &e->dst, oreg, size);
		return X86EMUL_OKAY;
	case F_ACC_OREG:
		operand_reg(e, &e->dst, X86_RAX, size);
		operand_reg(e, &e->src, oreg, size);
		return X86EMUL_OKAY;
	case F_ACC_MOFFS:
		operand_reg(e, &e->dst, X86_RAX, size);
		return operand_rm(e, &e->src, size, false);
	case F_MOFFS_ACC:
		operand_reg(e, &e->src, X86_RAX, size);
		return operand_rm(e, &e->dst, size, true);
	case F_I:
		operand_const(&e->src, insn->imm, size);
		return X86EMUL_OKAY;
	default:
		return X86EMUL_OKAY;
	}
}

int x86_emu_store_dst(struct x86_emu *e)
{
	struct x86_operand *o = &e->dst;
	int rc;

	if (o->kind == OPD_NONE || (e->insn->flags & T_RO))
		return X86EMUL_OKAY;
	ASSERT(o->size >= 1 && o->size <= 8);
	if (o->kind == OPD_REG) {
		x86_emu_set_reg(e, o->reg, o->size, o->val);
		return X86EMUL_OKAY;
	}
	if (e->insn->flags & T_WO) {
		rc = x86_emu_linear(e, x86_emu_segment(e), x86_emu_offset(e), o->size, true,
				    &o->linear);
		if (rc != X86EMUL_OKAY)
			return rc;
	}
	if (e->locked)
		return e->ops->cmpxchg(e->ctx, o->linear, &e->mem_old, &o->val, o->size);
	return e->ops->write(e->ctx, o->linear, &o->val, o->size, 0);
}
