/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shifts, rotates and single-bit operations. */
#include "private.h"

static u64 rotate_left(u64 val, u32 count, u32 bits, u64 mask)
{
	count %= bits;
	return count ? ((val << count) | (val >> (bits - count))) & mask : val;
}

/** Rotate the @bits + 1 wide value CF:val left by @count <= bits; *cf in and out. */
static u64 rotate_left_carry(u64 val, u32 count, u32 bits, u64 mask, u64 *cf)
{
	u64 out;

	if (!count)
		return val;
	ASSERT(count <= bits);
	out = (val >> (bits - count)) & 1;
	/* Two steps, since shifting by all 64 bits is undefined in C. */
	val = ((val << (count - 1) << 1) | *cf << (count - 1) |
	       (count > 1 ? val >> (bits + 1 - count) : 0)) & mask;
	*cf = out;
	return val;
}

/** ROL, ROR, RCL, RCR: only CF and OF change. */
static void rotate(struct x86_emu *e, u32 count)
{
	u32 size = e->dst.size, bits = size * 8, flags = 0;
	u64 mask = x86_mask(size), val = e->dst.val, cf = e->regs.rflags & X86_FLAG_CF;
	bool left = e->insn->op == OP_ROL || e->insn->op == OP_RCL;

	switch (e->insn->op) {
	case OP_ROL:
		val = rotate_left(val, count, bits, mask);
		cf = val & 1;
		break;
	case OP_ROR:
		val = rotate_left(val, bits - count % bits, bits, mask);
		cf = !!(val & x86_msb(size));
		break;
	case OP_RCL:
		val = rotate_left_carry(val, count % (bits + 1), bits, mask, &cf);
		break;
	default:
		count %= bits + 1;
		val = rotate_left_carry(val, count ? bits + 1 - count : 0, bits, mask, &cf);
	}
	/*
	 * OF is defined only for one-bit rotates; the same computation is harmless for the others.
	 */
	if (left ? !!(val & x86_msb(size)) != cf : !!((val ^ val << 1) & x86_msb(size)))
		flags |= X86_FLAG_OF;
	e->dst.val = val;
	x86_emu_set_flags(e, X86_FLAG_CF | X86_FLAG_OF, flags | cf);
}

/** SHL, SHR, SAR by @count, 1 to 63. */
static void shift(struct x86_emu *e, u32 count)
{
	u32 size = e->dst.size, bits = size * 8, flags;
	u64 val = e->dst.val, res, cf, of;

	ASSERT(count >= 1 && count <= 63 && !(val & ~x86_mask(size)));
	switch (e->insn->op) {
	case OP_SHL:
		res = count < bits ? val << count : 0;
		cf = count <= bits ? (val >> (bits - count)) & 1 : 0;
		of = ((res >> (bits - 1)) & 1) ^ cf;
		break;
	case OP_SHR:
		res = count < bits ? val >> count : 0;
		cf = count <= bits ? (val >> (count - 1)) & 1 : 0;
		of = (val >> (bits - 1)) & 1;
		break;
	default:
		res = x86_sext(val, size) >> count;
		cf = (x86_sext(val, size) >> (count - 1)) & 1;
		of = 0;
	}
	res &= x86_mask(size);
	flags = x86_emu_szp(res, size) | cf | (of ? X86_FLAG_OF : 0);
	e->dst.val = res;
	x86_emu_set_flags(e, X86_FLAGS_ARITH, flags);
}

int x86_do_shift(struct x86_emu *e)
{
	u32 count = e->src.val & (e->dst.size == 8 ? 63 : 31);

	if (!count)
		return X86EMUL_OKAY;
	if (e->insn->op <= OP_RCR)
		rotate(e, count);
	else
		shift(e, count);
	return X86EMUL_OKAY;
}

/** SHLD and SHRD. A count above the operand's width is undefined; it acts modulo the width. */
int x86_do_shiftd(struct x86_emu *e)
{
	u32 size = e->dst.size, bits = size * 8, flags;
	u64 val = e->dst.val, fill = e->src.val, res, cf;
	u32 count = (e->insn->form == F_RM_R_I8 ? e->insn->imm : e->regs.gpr[X86_RCX]) &
		    (size == 8 ? 63 : 31);

	if (!count)
		return X86EMUL_OKAY;
	if (count > bits)
		count -= bits;
	ASSERT(count >= 1 && count <= bits && e->src.size == size);
	if (e->insn->op == OP_SHLD) {
		res = count < bits ? val << count | fill >> (bits - count) : fill;
		cf = (val >> (bits - count)) & 1;
	} else {
		res = count < bits ? val >> count | fill << (bits - count) : fill;
		cf = (val >> (count - 1)) & 1;
	}
	res &= x86_mask(size);
	flags = x86_emu_szp(res, size) | cf;
	if ((res ^ val) & x86_msb(size))
		flags |= X86_FLAG_OF;
	e->dst.val = res;
	x86_emu_set_flags(e, X86_FLAGS_ARITH, flags);
	return X86EMUL_OKAY;
}

/** BT, BTS, BTR, BTC: CF is the bit; other flags stay. */
int x86_do_bt(struct x86_emu *e)
{
	u64 bit = 1UL << (e->src.val & (e->dst.size * 8 - 1));

	x86_emu_set_flags(e, X86_FLAG_CF, e->dst.val & bit ? X86_FLAG_CF : 0);
	switch (e->insn->op) {
	case OP_BTS:
		e->dst.val |= bit;
		break;
	case OP_BTR:
		e->dst.val &= ~bit;
		break;
	case OP_BTC:
		e->dst.val ^= bit;
		break;
	default:
		break;
	}
	return X86EMUL_OKAY;
}

/**
 * TZCNT and LZCNT count the operand's width for zero and set CF; BSF and BSR leave the destination
 * unchanged.
 */
int x86_do_bitscan(struct x86_emu *e)
{
	u64 val = e->src.val, res;
	u32 bits = e->src.size * 8;
	bool count = e->insn->prefixes & X86_PFX_REP, forward = e->insn->op == OP_BSF;

	if (!val && !count) {
		e->dst.kind = OPD_NONE;
		x86_emu_set_flags(e, X86_FLAG_ZF, X86_FLAG_ZF);
		return X86EMUL_OKAY;
	}
	if (!val)
		res = bits;
	else if (forward)
		res = __builtin_ctzl(val);
	else
		res = count ? bits - 1 - (63 - __builtin_clzl(val)) : 63 - __builtin_clzl(val);
	e->dst.val = res;
	if (count)
		x86_emu_set_flags(e, X86_FLAG_CF | X86_FLAG_ZF,
				  (val ? 0 : X86_FLAG_CF) | (res ? 0 : X86_FLAG_ZF));
	else
		x86_emu_set_flags(e, X86_FLAG_ZF, 0);
	return X86EMUL_OKAY;
}

int x86_do_popcnt(struct x86_emu *e)
{
	u64 val = e->src.val;
	u32 n = 0;

	for (; val; val &= val - 1)
		n++;
	e->dst.val = n;
	x86_emu_set_flags(e, X86_FLAGS_ARITH, n ? 0 : X86_FLAG_ZF);
	return X86EMUL_OKAY;
}
