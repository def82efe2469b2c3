/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Emulate one instruction: fetch, decode, load operands, run, store, commit. */
#include <xen/x86/regs.h>

#include "private.h"

static x86_op_fn *const handlers[OP_NR] = {
	[OP_ADD ... OP_TEST] = x86_do_alu,
	[OP_INC] = x86_do_incdec, [OP_DEC] = x86_do_incdec,
	[OP_NEG] = x86_do_neg, [OP_NOT] = x86_do_not,
	[OP_MOV] = x86_do_mov, [OP_MOVNTI] = x86_do_mov, [OP_MOVZX] = x86_do_mov,
	[OP_MOVSX] = x86_do_movsx, [OP_MOVBE] = x86_do_movbe, [OP_LEA] = x86_do_lea,
	[OP_XCHG] = x86_do_xchg, [OP_XADD] = x86_do_xadd,
	[OP_CMPXCHG] = x86_do_cmpxchg, [OP_CMPXCHG8B] = x86_do_cmpxchg8b,
	[OP_BSWAP] = x86_do_bswap, [OP_SETCC] = x86_do_setcc, [OP_CMOV] = x86_do_cmov,
	[OP_ROL ... OP_SAR] = x86_do_shift, [OP_SHLD ... OP_SHRD] = x86_do_shiftd,
	[OP_BT ... OP_BTC] = x86_do_bt, [OP_BSF ... OP_BSR] = x86_do_bitscan,
	[OP_POPCNT] = x86_do_popcnt,
	[OP_MUL ... OP_IMUL] = x86_do_mul, [OP_IMUL2] = x86_do_imul2,
	[OP_DIV ... OP_IDIV] = x86_do_div, [OP_CBW] = x86_do_cbw, [OP_CWD] = x86_do_cwd,
	[OP_DAA ... OP_AAS] = x86_do_decimal, [OP_AAM] = x86_do_aam, [OP_AAD] = x86_do_aad,
	[OP_PUSH] = x86_do_push, [OP_POP] = x86_do_pop,
	[OP_PUSHA] = x86_do_pusha, [OP_POPA] = x86_do_popa,
	[OP_PUSHF] = x86_do_pushf, [OP_POPF] = x86_do_popf,
	[OP_PUSHSEG] = x86_do_pushseg, [OP_POPSEG] = x86_do_popseg,
	[OP_ENTER] = x86_do_enter, [OP_LEAVE] = x86_do_leave,
	[OP_CALL] = x86_do_call, [OP_CALLN] = x86_do_call,
	[OP_JMP] = x86_do_jmp, [OP_JMPN] = x86_do_jmp, [OP_JCC] = x86_do_jcc,
	[OP_LOOP] = x86_do_loop, [OP_JCXZ] = x86_do_loop, [OP_RET] = x86_do_ret,
	[OP_CALLF ... OP_JMPFM] = x86_do_far, [OP_RETF] = x86_do_retf, [OP_IRET] = x86_do_iret,
	[OP_INT3 ... OP_ICEBP] = x86_do_int, [OP_BOUND] = x86_do_bound,
	[OP_XLAT] = x86_do_xlat, [OP_LAHF] = x86_do_lahf, [OP_SAHF] = x86_do_sahf,
	[OP_SALC] = x86_do_salc, [OP_CLC ... OP_STD] = x86_do_flag,
	[OP_MOVSEG_R] = x86_do_movseg_r, [OP_MOVSEG_W] = x86_do_movseg_w,
	[OP_LOADFAR] = x86_do_loadfar,
	[OP_MOVS] = x86_do_movs, [OP_CMPS] = x86_do_cmps, [OP_STOS] = x86_do_stos,
	[OP_LODS] = x86_do_lods, [OP_SCAS] = x86_do_scas,
	[OP_INS] = x86_do_ins, [OP_OUTS] = x86_do_outs, [OP_IN] = x86_do_in, [OP_OUT] = x86_do_out,
	[OP_HLT] = x86_do_hlt, [OP_CPUID] = x86_do_cpuid,
	[OP_RDMSR ... OP_WRMSR] = x86_do_msr, [OP_RDTSC ... OP_RDTSCP] = x86_do_rdtsc,
	[OP_CLTS] = x86_do_clts, [OP_WBINVD] = x86_do_wbinvd,
	[OP_MOVCR_R ... OP_MOVCR_W] = x86_do_movcr, [OP_MOVDR_R ... OP_MOVDR_W] = x86_do_movdr,
	[OP_SMSW ... OP_LMSW] = x86_do_msw, [OP_INVLPG] = x86_do_invlpg,
	[OP_XSETBV ... OP_XGETBV] = x86_do_xcr, [OP_SGDT ... OP_LIDT] = x86_do_dtr,
	[OP_STAC ... OP_CLAC] = x86_do_smap_ac, [OP_SWAPGS] = x86_do_swapgs,
	[OP_CLFLUSH] = x86_do_clflush, [OP_UD] = x86_emu_ud, [OP_VECMOV] = x86_do_vecmov,
};

enum x86_mode x86_emul_mode(const struct x86_emul_ctx *ctx)
{
	u16 attr = ctx->seg[X86_CS].attr;

	if ((ctx->efer & EFER_LMA) && (attr & X86_SEG_L))
		return X86_MODE_64;
	return attr & X86_SEG_DB ? X86_MODE_32 : X86_MODE_16;
}

/** Fetch from RIP + @have to the end of the page or of the segment. Adds to *have. */
static int fetch_more(struct x86_emu *e, u8 *buf, u32 *have)
{
	const struct x86_segment *cs = &e->ctx->seg[X86_CS];
	u64 off = e->regs.rip + *have;
	u32 len = X86_INSN_MAX - *have, in_page;
	gvaddr_t linear;
	int rc;

	if (e->mode == X86_MODE_64) {
		linear.v = off;
		if (!x86_emu_canonical(e, off))
			return x86_emu_gp0(e);
	} else {
		if (off > cs->limit)
			return x86_emu_gp0(e);
		if (len > cs->limit - off + 1)
			len = cs->limit - off + 1;
		linear.v = (u32)(cs->base + off);
	}
	in_page = PAGE_SIZE - page_offset(linear.v);
	if (len > in_page)
		len = in_page;
	ASSERT(len >= 1 && *have + len <= X86_INSN_MAX);
	rc = e->ops->fetch(e->ctx, linear, buf + *have, len);
	if (rc == X86EMUL_OKAY)
		*have += len;
	return rc;
}

static int fetch_and_decode(struct x86_emu *e)
{
	struct x86_emul_ctx *ctx = e->ctx;
	u32 have = ctx->insn_bytes > X86_INSN_MAX ? X86_INSN_MAX : ctx->insn_bytes;
	u8 buf[X86_INSN_MAX];
	int rc, len;

	memcpy(buf, ctx->insn, have);
	for (;;) {
		len = X86_DECODE_SHORT;
		if (have)
			len = x86_insn_length(buf, have, e->mode, &ctx->decoded);
		if (len > 0)
			return X86EMUL_OKAY;
		if (len == X86_DECODE_INVALID)
			return x86_emu_ud(e);
		if (len == X86_DECODE_TOO_LONG)
			return x86_emu_gp0(e);
		rc = fetch_more(e, buf, &have);
		if (rc != X86EMUL_OKAY)
			return rc;
	}
}

static int check_allowed(struct x86_emu *e)
{
	const struct x86_insn *insn = e->insn;

	if (!(x86_insn_class(insn) & e->ctx->allowed))
		return X86EMUL_RETRY;
	if (insn->op == OP_UNKNOWN || !handlers[insn->op])
		return insn->op == OP_NOP ? X86EMUL_OKAY : X86EMUL_UNHANDLEABLE;
	if (x86_emu_real(e) && ((insn->flags & T_NOREAL) ||
				(insn->prefixes & (X86_PFX_VEX | X86_PFX_EVEX | X86_PFX_XOP))))
		return x86_emu_ud(e);
	if ((insn->flags & T_PRIV) && e->ctx->cpl)
		return x86_emu_gp0(e);
	return X86EMUL_OKAY;
}

static void commit(struct x86_emu *e)
{
	struct x86_emul_ctx *ctx = e->ctx;
	bool tf = ctx->regs.rflags & X86_FLAG_TF;

	ASSERT(e->insn->len >= 1 && e->insn->len <= X86_INSN_MAX);
	ASSERT(e->new_sreg <= X86_SREG_NONE);
	/* Only a repeated string instruction can end partly done. */
	ASSERT(!e->partial || e->next_rip == e->regs.rip);
	e->regs.rip = e->next_rip;
	if (e->mode != X86_MODE_64)
		e->regs.rip = (u32)e->regs.rip;
	e->regs.rflags &= ~(u64)X86_FLAG_RF;
	if (e->partial)
		e->regs.rflags |= X86_FLAG_RF;
	ctx->regs = e->regs;
	if (e->new_sreg != X86_SREG_NONE) {
		ctx->seg[e->new_sreg] = e->new_seg;
		ctx->seg_dirty = true;
	}
	ctx->singlestep = tf && !ctx->mov_ss_shadow;
}

static int run(struct x86_emu *e)
{
	int rc = fetch_and_decode(e);

	if (rc != X86EMUL_OKAY)
		return rc;
	e->next_rip = e->regs.rip + e->insn->len;
	if (e->mode != X86_MODE_64)
		e->next_rip = (u32)e->next_rip;
	rc = check_allowed(e);
	if (rc != X86EMUL_OKAY || e->insn->op == OP_NOP)
		return rc;
	/* XCHG with memory is locked with or without the prefix. */
	e->locked = (e->insn->prefixes & X86_PFX_LOCK) || e->insn->op == OP_XCHG;
	rc = x86_emu_load_operands(e);
	if (rc == X86EMUL_OKAY)
		rc = handlers[e->insn->op](e);
	if (rc == X86EMUL_OKAY)
		rc = x86_emu_store_dst(e);
	return rc;
}

int x86_emulate(struct x86_emul_ctx *ctx, const struct x86_emul_ops *ops)
{
	struct x86_emu e = {
		.ctx = ctx, .ops = ops, .insn = &ctx->decoded, .regs = ctx->regs,
		.mode = x86_emul_mode(ctx), .new_sreg = X86_SREG_NONE,
	};
	int rc;

	ASSERT(ctx->cpl <= 3);
	ctx->hlt = ctx->sti_shadow = ctx->mov_ss_shadow = ctx->singlestep = false;
	ctx->seg_dirty = false;
	rc = run(&e);
	ASSERT(rc >= X86EMUL_OKAY && rc <= X86EMUL_RETRY);
	if (rc == X86EMUL_OKAY) {
		commit(&e);
	} else {
		ctx->hlt = ctx->sti_shadow = ctx->mov_ss_shadow = false;
	}
	return rc;
}
