/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiplication, division and decimal adjustment. */
#include "private.h"

/** rDX:rAX for an instruction of @size bytes; byte instructions use AH:AL. */
static void set_wide(struct x86_emu *e, u32 size, u64 low, u64 high)
{
	ASSERT(!((low | high) & ~x86_mask(size)));
	if (size == 1) {
		x86_emu_set_reg(e, X86_RAX, 2, (low & 0xff) | high << 8);
		return;
	}
	x86_emu_set_reg(e, X86_RAX, size, low);
	x86_emu_set_reg(e, X86_RDX, size, high);
}

/**
 * MUL and one-operand IMUL. CF and OF tell whether the upper half is significant; other flags are
 * undefined.
 */
int x86_do_mul(struct x86_emu *e)
{
	u32 size = e->dst.size, bits = size * 8;
	u64 a = x86_emu_reg(e, X86_RAX, size), b = e->dst.val, low, high;
	bool is_signed = e->insn->op == OP_IMUL, over;
	unsigned __int128 prod;

	ASSERT(is_signed || e->insn->op == OP_MUL);
	if (is_signed)
		prod = (__int128)x86_sext(a, size) * x86_sext(b, size);
	else
		prod = (unsigned __int128)a * b;
	low = (u64)prod & x86_mask(size);
	high = (u64)(prod >> bits) & x86_mask(size);
	if (is_signed)
		over = high != (low & x86_msb(size) ? x86_mask(size) : 0);
	else
		over = high;
	set_wide(e, size, low, high);
	x86_emu_set_flags(e, X86_FLAGS_ARITH,
			  x86_emu_szp(low, size) | (over ? X86_FLAG_CF | X86_FLAG_OF : 0));
	return X86EMUL_OKAY;
}

int x86_do_imul2(struct x86_emu *e)
{
	u32 size = e->dst.size;
	u64 b = e->insn->form == F_R_RM_I ? e->insn->imm : e->dst.val;
	__int128 prod = (__int128)x86_sext(e->src.val, size) * x86_sext(b, size);
	u64 low = (u64)prod & x86_mask(size);
	bool over = prod != x86_sext(low, size);

	ASSERT(e->dst.kind == OPD_REG && size >= 2);
	e->dst.val = low;
	x86_emu_set_flags(e, X86_FLAGS_ARITH,
			  x86_emu_szp(low, size) | (over ? X86_FLAG_CF | X86_FLAG_OF : 0));
	return X86EMUL_OKAY;
}

/** @high:@low / @by with high < by, by hand: the compiler's 128-bit division is a library call. */
static u64 divide(u64 high, u64 low, u64 by, u64 *rem)
{
	u64 quot = 0, top;
	int i;

	ASSERT(high < by);
	if (!high) {
		*rem = low % by;
		return low / by;
	}
	for (i = 63; i >= 0; i--) {
		top = high >> 63;
		high = high << 1 | ((low >> i) & 1);
		quot <<= 1;
		if (top || high >= by) {
			high -= by;
			quot |= 1;
		}
	}
	*rem = high;
	return quot;
}

/** Unsigned @num / @by with a quotient of @size bytes. False when it does not fit. */
static bool divide_unsigned(unsigned __int128 num, u64 by, u32 size, u64 *quot, u64 *rem)
{
	if (!by || (u64)(num >> 64) >= by)
		return false;
	*quot = divide(num >> 64, (u64)num, by, rem);
	return *quot <= x86_mask(size);
}

static bool divide_signed(__int128 num, s64 by, u32 size, u64 *quot, u64 *rem)
{
	bool neg_num = num < 0, neg = neg_num != (by < 0);
	unsigned __int128 mag = neg_num ? -(unsigned __int128)num : (unsigned __int128)num;
	u64 limit = x86_msb(size) - (neg ? 0 : 1);

	if (!divide_unsigned(mag, by < 0 ? -(u64)by : (u64)by, 8, quot, rem) || *quot > limit)
		return false;
	if (neg)
		*quot = -*quot;
	if (neg_num)
		*rem = -*rem;
	return true;
}

int x86_do_div(struct x86_emu *e)
{
	u32 size = e->dst.size, bits = size * 8;
	unsigned __int128 num;
	u64 quot, rem;
	bool ok;

	if (size == 1)
		num = x86_emu_reg(e, X86_RAX, 2);
	else
		num = (unsigned __int128)x86_emu_reg(e, X86_RDX, size) << bits |
		      x86_emu_reg(e, X86_RAX, size);
	ASSERT(e->insn->op == OP_DIV || e->insn->op == OP_IDIV);
	if (e->insn->op == OP_DIV) {
		ok = divide_unsigned(num, e->dst.val, size, &quot, &rem);
	} else {
		/* Sign-extend the double-width numerator. */
		num <<= 128 - bits * 2;
		ok = divide_signed((__int128)num >> (128 - bits * 2),
				   x86_sext(e->dst.val, size), size, &quot, &rem);
	}
	if (!ok)
		return x86_emu_raise(e, X86_EXC_DE, 0);
	set_wide(e, size, quot & x86_mask(size), rem & x86_mask(size));
	return X86EMUL_OKAY;
}

static void set_al(struct x86_emu *e, u32 al)
{
	e->regs.gpr[X86_RAX] = (e->regs.gpr[X86_RAX] & ~0xffUL) | (al & 0xff);
}

/** DAA and DAS. */
static void adjust_packed(struct x86_emu *e, bool subtract)
{
	u32 old = e->regs.gpr[X86_RAX] & 0xff, flags = 0, delta = 0;
	u64 f = e->regs.rflags;

	if ((old & 0xf) > 9 || (f & X86_FLAG_AF)) {
		delta = 6;
		flags |= X86_FLAG_AF;
		/* The low digit's borrow may run out of the top of AL. */
		if (subtract && old < 6)
			flags |= X86_FLAG_CF;
	}
	if (old > 0x99 || (f & X86_FLAG_CF)) {
		delta += 0x60;
		flags |= X86_FLAG_CF;
	}
	set_al(e, subtract ? old - delta : old + delta);
	x86_emu_set_flags(e, X86_FLAGS_ARITH, flags | x86_emu_szp(e->regs.gpr[X86_RAX], 1));
}

/** AAA and AAS. */
static void adjust_unpacked(struct x86_emu *e, bool subtract)
{
	u64 ax = e->regs.gpr[X86_RAX] & 0xffff;
	u32 flags = 0;

	if ((ax & 0xf) > 9 || (e->regs.rflags & X86_FLAG_AF)) {
		ax = subtract ? ax - 0x106 : ax + 0x106;
		flags = X86_FLAG_AF | X86_FLAG_CF;
	}
	x86_emu_set_reg(e, X86_RAX, 2, ax & 0xff0f);
	x86_emu_set_flags(e, X86_FLAGS_ARITH, flags | x86_emu_szp(ax & 0xf, 1));
}

int x86_do_decimal(struct x86_emu *e)
{
	switch (e->insn->op) {
	case OP_DAA:
		adjust_packed(e, false);
		break;
	case OP_DAS:
		adjust_packed(e, true);
		break;
	case OP_AAA:
		adjust_unpacked(e, false);
		break;
	default:
		ASSERT(e->insn->op == OP_AAS);
		adjust_unpacked(e, true);
	}
	return X86EMUL_OKAY;
}

int x86_do_aam(struct x86_emu *e)
{
	u32 al = e->regs.gpr[X86_RAX] & 0xff, base = e->insn->imm & 0xff;

	if (!base)
		return x86_emu_raise(e, X86_EXC_DE, 0);
	x86_emu_set_reg(e, X86_RAX, 2, al % base | (al / base) << 8);
	x86_emu_set_flags(e, X86_FLAGS_ARITH, x86_emu_szp(al % base, 1));
	return X86EMUL_OKAY;
}

int x86_do_aad(struct x86_emu *e)
{
	u32 ax = e->regs.gpr[X86_RAX] & 0xffff;
	u32 al = (ax + (ax >> 8) * (e->insn->imm & 0xff)) & 0xff;

	x86_emu_set_reg(e, X86_RAX, 2, al);
	x86_emu_set_flags(e, X86_FLAGS_ARITH, x86_emu_szp(al, 1));
	return X86EMUL_OKAY;
}
