/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic, logic and data movement on loaded operands. */
#include "private.h"

/** Arithmetic flags of a result, without CF, OF and AF. */
u32 x86_emu_szp(u64 res, u32 size)
{
	u32 flags = 0;

	if (!(res & x86_mask(size)))
		flags |= X86_FLAG_ZF;
	if (res & x86_msb(size))
		flags |= X86_FLAG_SF;
	if (!__builtin_parity(res & 0xff))
		flags |= X86_FLAG_PF;
	return flags;
}

void x86_emu_set_flags(struct x86_emu *e, u32 mask, u32 val)
{
	e->regs.rflags = (e->regs.rflags & ~(u64)mask) | (val & mask);
}

/** a + b + carry, with all six flags. */
static u64 add(struct x86_emu *e, u64 a, u64 b, u64 carry, u32 size)
{
	u64 mask = x86_mask(size), res = (a + b + carry) & mask;
	u32 flags = x86_emu_szp(res, size);

	/* The carry out of every bit; three of them are used. */
	u64 carries = (a & b) | ((a | b) & ~res);

	if (carries & x86_msb(size))
		flags |= X86_FLAG_CF;
	if (((a ^ res) & (b ^ res)) & x86_msb(size))
		flags |= X86_FLAG_OF;
	if (carries & 8)
		flags |= X86_FLAG_AF;
	x86_emu_set_flags(e, X86_FLAGS_ARITH, flags);
	return res;
}

u64 x86_emu_sub(struct x86_emu *e, u64 a, u64 b, u64 borrow, u32 size)
{
	u64 mask = x86_mask(size), res = (a - b - borrow) & mask;
	u64 borrows = (~a & b) | ((~a | b) & res);
	u32 flags = x86_emu_szp(res, size);

	if (borrows & x86_msb(size))
		flags |= X86_FLAG_CF;
	if (((a ^ b) & (a ^ res)) & x86_msb(size))
		flags |= X86_FLAG_OF;
	if (borrows & 8)
		flags |= X86_FLAG_AF;
	x86_emu_set_flags(e, X86_FLAGS_ARITH, flags);
	return res;
}

static u64 logic(struct x86_emu *e, u64 res, u32 size)
{
	x86_emu_set_flags(e, X86_FLAGS_ARITH, x86_emu_szp(res, size));
	return res;
}

int x86_do_alu(struct x86_emu *e)
{
	u64 a = e->dst.val, b = e->src.val, cf = e->regs.rflags & X86_FLAG_CF;
	u32 size = e->dst.size;

	switch (e->insn->op) {
	case OP_ADD:
		e->dst.val = add(e, a, b, 0, size);
		break;
	case OP_ADC:
		e->dst.val = add(e, a, b, cf, size);
		break;
	case OP_SUB: case OP_CMP:
		e->dst.val = x86_emu_sub(e, a, b, 0, size);
		break;
	case OP_SBB:
		e->dst.val = x86_emu_sub(e, a, b, cf, size);
		break;
	case OP_OR:
		e->dst.val = logic(e, a | b, size);
		break;
	case OP_XOR:
		e->dst.val = logic(e, a ^ b, size);
		break;
	default:	/* AND, TEST */
		ASSERT(e->insn->op == OP_AND || e->insn->op == OP_TEST);
		e->dst.val = logic(e, a & b, size);
	}
	return X86EMUL_OKAY;
}

int x86_do_incdec(struct x86_emu *e)
{
	u64 cf = e->regs.rflags & X86_FLAG_CF;

	ASSERT(e->insn->op == OP_INC || e->insn->op == OP_DEC);
	if (e->insn->op == OP_INC)
		e->dst.val = add(e, e->dst.val, 1, 0, e->dst.size);
	else
		e->dst.val = x86_emu_sub(e, e->dst.val, 1, 0, e->dst.size);
	x86_emu_set_flags(e, X86_FLAG_CF, cf);
	return X86EMUL_OKAY;
}

int x86_do_neg(struct x86_emu *e)
{
	e->dst.val = x86_emu_sub(e, 0, e->dst.val, 0, e->dst.size);
	return X86EMUL_OKAY;
}

int x86_do_not(struct x86_emu *e)
{
	e->dst.val = ~e->dst.val & x86_mask(e->dst.size);
	return X86EMUL_OKAY;
}

int x86_do_mov(struct x86_emu *e)
{
	e->dst.val = e->src.val;
	return X86EMUL_OKAY;
}

int x86_do_movsx(struct x86_emu *e)
{
	e->dst.val = x86_sext(e->src.val, e->src.size);
	return X86EMUL_OKAY;
}

static u64 swap_bytes(u64 val, u32 size)
{
	ASSERT(size == 2 || size == 4 || size == 8);
	return __builtin_bswap64(val) >> (64 - size * 8);
}

int x86_do_movbe(struct x86_emu *e)
{
	e->dst.val = swap_bytes(e->src.val, e->src.size);
	return X86EMUL_OKAY;
}

/** On 16-bit operands the result is undefined; CPUs give zero. */
int x86_do_bswap(struct x86_emu *e)
{
	e->dst.val = e->dst.size == 2 ? 0 : swap_bytes(e->dst.val, e->dst.size);
	return X86EMUL_OKAY;
}

int x86_do_lea(struct x86_emu *e)
{
	ASSERT(e->insn->has_modrm && e->insn->mod != 3);
	x86_emu_set_reg(e, e->insn->reg, e->insn->opsize, x86_emu_offset(e));
	return X86EMUL_OKAY;
}

int x86_do_xchg(struct x86_emu *e)
{
	u64 old = e->dst.val;

	ASSERT(e->src.kind == OPD_REG && e->src.size == e->dst.size);
	e->dst.val = e->src.val;
	x86_emu_set_reg(e, e->src.reg, e->src.size, old);
	return X86EMUL_OKAY;
}

int x86_do_xadd(struct x86_emu *e)
{
	u64 old = e->dst.val;

	ASSERT(e->src.kind == OPD_REG && e->src.size == e->dst.size);
	e->dst.val = add(e, old, e->src.val, 0, e->dst.size);
	x86_emu_set_reg(e, e->src.reg, e->src.size, old);
	return X86EMUL_OKAY;
}

int x86_do_cmpxchg(struct x86_emu *e)
{
	u64 acc = x86_emu_reg(e, X86_RAX, e->dst.size);

	ASSERT(e->src.kind == OPD_REG && e->dst.kind != OPD_NONE);
	x86_emu_sub(e, acc, e->dst.val, 0, e->dst.size);
	if (e->regs.rflags & X86_FLAG_ZF) {
		e->dst.val = e->src.val;
	} else {
		x86_emu_set_reg(e, X86_RAX, e->dst.size, e->dst.val);
		/* A register destination keeps its value, including its upper half. */
		if (e->dst.kind == OPD_REG)
			e->dst.kind = OPD_NONE;
	}
	return X86EMUL_OKAY;
}

/** CMPXCHG8B and, with REX.W, CMPXCHG16B. */
int x86_do_cmpxchg8b(struct x86_emu *e)
{
	u32 half = e->insn->opsize == 8 ? 8 : 4, shift = half == 8 ? 0 : 32;
	u64 old[2] = { 0 }, want[2], with[2];
	u64 off = x86_emu_offset(e);
	gvaddr_t linear;
	int rc = x86_emu_linear(e, x86_emu_segment(e), off, half * 2, true, &linear);

	ASSERT(e->insn->mod != 3 && e->dst.kind == OPD_NONE);	/* it stores by itself */
	if (rc != X86EMUL_OKAY)
		return rc;
	if (half == 8 && (linear.v & 15))
		return x86_emu_gp0(e);
	rc = e->ops->read(e->ctx, linear, old, half * 2, X86_ACC_RMW);
	if (rc != X86EMUL_OKAY)
		return rc;
	want[0] = x86_emu_reg(e, X86_RAX, half);
	want[1] = x86_emu_reg(e, X86_RDX, half);
	with[0] = x86_emu_reg(e, X86_RBX, half);
	with[1] = x86_emu_reg(e, X86_RCX, half);
	if (shift) {
		want[0] |= want[1] << shift;
		with[0] |= with[1] << shift;
	}
	if (memcmp(old, want, half * 2)) {
		x86_emu_set_flags(e, X86_FLAG_ZF, 0);
		x86_emu_set_reg(e, X86_RAX, half, old[0]);
		x86_emu_set_reg(e, X86_RDX, half, shift ? old[0] >> shift : old[1]);
		memcpy(with, old, sizeof(with));	/* the processor writes in both cases */
	} else {
		x86_emu_set_flags(e, X86_FLAG_ZF, X86_FLAG_ZF);
	}
	if (e->locked)
		return e->ops->cmpxchg(e->ctx, linear, old, with, half * 2);
	return e->ops->write(e->ctx, linear, with, half * 2, 0);
}

bool x86_emu_cond(const struct x86_emu *e, u32 cc)
{
	u64 f = e->regs.rflags;
	bool less = !(f & X86_FLAG_SF) != !(f & X86_FLAG_OF), res;

	switch ((cc >> 1) & 7) {
	case 0:
		res = f & X86_FLAG_OF;
		break;
	case 1:
		res = f & X86_FLAG_CF;
		break;
	case 2:
		res = f & X86_FLAG_ZF;
		break;
	case 3:
		res = f & (X86_FLAG_CF | X86_FLAG_ZF);
		break;
	case 4:
		res = f & X86_FLAG_SF;
		break;
	case 5:
		res = f & X86_FLAG_PF;
		break;
	case 6:
		res = less;
		break;
	default:
		res = less || (f & X86_FLAG_ZF);
	}
	return res != (cc & 1);
}

int x86_do_setcc(struct x86_emu *e)
{
	e->dst.val = x86_emu_cond(e, e->insn->opcode);
	return X86EMUL_OKAY;
}

int x86_do_cmov(struct x86_emu *e)
{
	if (x86_emu_cond(e, e->insn->opcode))
		e->dst.val = e->src.val;
	return X86EMUL_OKAY;
}

/** CBW, CWDE, CDQE: widen the accumulator in place. */
int x86_do_cbw(struct x86_emu *e)
{
	u32 half = e->insn->opsize / 2;

	ASSERT(half >= 1);
	x86_emu_set_reg(e, X86_RAX, e->insn->opsize,
			x86_sext(e->regs.gpr[X86_RAX], half));
	return X86EMUL_OKAY;
}

/** CWD, CDQ, CQO: fill rDX with the accumulator's sign. */
int x86_do_cwd(struct x86_emu *e)
{
	u32 size = e->insn->opsize;

	x86_emu_set_reg(e, X86_RDX, size,
			e->regs.gpr[X86_RAX] & x86_msb(size) ? x86_mask(size) : 0);
	return X86EMUL_OKAY;
}

#define LAHF_FLAGS (X86_FLAG_CF | X86_FLAG_PF | X86_FLAG_AF | X86_FLAG_ZF | X86_FLAG_SF)

int x86_do_lahf(struct x86_emu *e)
{
	u64 ah = (e->regs.rflags & LAHF_FLAGS) | X86_FLAG_ONE;

	e->regs.gpr[X86_RAX] = (e->regs.gpr[X86_RAX] & ~0xff00UL) | ah << 8;
	return X86EMUL_OKAY;
}

int x86_do_sahf(struct x86_emu *e)
{
	x86_emu_set_flags(e, LAHF_FLAGS, e->regs.gpr[X86_RAX] >> 8);
	return X86EMUL_OKAY;
}

/** SALC, undocumented but implemented everywhere: AL becomes all ones or zeros by CF. */
int x86_do_salc(struct x86_emu *e)
{
	x86_emu_set_reg(e, X86_RAX, 1, e->regs.rflags & X86_FLAG_CF ? 0xff : 0);
	return X86EMUL_OKAY;
}
