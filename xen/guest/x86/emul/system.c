/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flags, control registers and other instructions with effects beyond registers and memory. */
#include "private.h"

#define CR0_PE (1u << 0)
#define CR0_TS (1u << 3)
#define CR4_TSD (1u << 2)
#define CR4_UMIP (1u << 11)
#define CR4_VME (1u << 0)
#define CR4_PVI (1u << 1)

/** CLI and STI below IOPL. With VME or PVI they affect VIF, which is left to the CPU. */
static int change_if(struct x86_emu *e, bool set)
{
	if (e->ctx->cpl > x86_emu_iopl(e)) {
		if (e->ctx->cr4 & (CR4_VME | CR4_PVI))
			return X86EMUL_UNHANDLEABLE;
		return x86_emu_gp0(e);
	}
	e->ctx->sti_shadow = set && !(e->regs.rflags & X86_FLAG_IF);
	x86_emu_set_flags(e, X86_FLAG_IF, set ? X86_FLAG_IF : 0);
	return X86EMUL_OKAY;
}

int x86_do_flag(struct x86_emu *e)
{
	switch (e->insn->op) {
	case OP_CLC:
		x86_emu_set_flags(e, X86_FLAG_CF, 0);
		break;
	case OP_STC:
		x86_emu_set_flags(e, X86_FLAG_CF, X86_FLAG_CF);
		break;
	case OP_CMC:
		e->regs.rflags ^= X86_FLAG_CF;
		break;
	case OP_CLD:
		x86_emu_set_flags(e, X86_FLAG_DF, 0);
		break;
	case OP_STD:
		x86_emu_set_flags(e, X86_FLAG_DF, X86_FLAG_DF);
		break;
	default:
		ASSERT(e->insn->op == OP_CLI || e->insn->op == OP_STI);
		return change_if(e, e->insn->op == OP_STI);
	}
	return X86EMUL_OKAY;
}

int x86_do_hlt(struct x86_emu *e)
{
	e->ctx->hlt = true;
	return X86EMUL_OKAY;
}

static void set_pair(struct x86_emu *e, u64 val)
{
	x86_emu_set_reg(e, X86_RAX, 4, val);
	x86_emu_set_reg(e, X86_RDX, 4, val >> 32);
}

static u64 get_pair(const struct x86_emu *e)
{
	return x86_emu_reg(e, X86_RAX, 4) | x86_emu_reg(e, X86_RDX, 4) << 32;
}

int x86_do_cpuid(struct x86_emu *e)
{
	u32 out[4];
	int rc;

	rc = e->ops->cpuid(e->ctx, e->regs.gpr[X86_RAX], e->regs.gpr[X86_RCX], out);
	if (rc != X86EMUL_OKAY)
		return rc;
	x86_emu_set_reg(e, X86_RAX, 4, out[0]);
	x86_emu_set_reg(e, X86_RBX, 4, out[1]);
	x86_emu_set_reg(e, X86_RCX, 4, out[2]);
	x86_emu_set_reg(e, X86_RDX, 4, out[3]);
	return X86EMUL_OKAY;
}

int x86_do_msr(struct x86_emu *e)
{
	u32 msr = e->regs.gpr[X86_RCX];
	u64 val;
	int rc;

	if (e->insn->op == OP_WRMSR) {
		return e->ops->write_msr(e->ctx, msr, get_pair(e));
	}
	rc = e->ops->read_msr(e->ctx, msr, &val);
	if (rc == X86EMUL_OKAY)
		set_pair(e, val);
	return rc;
}

int x86_do_rdtsc(struct x86_emu *e)
{
	u64 tsc;
	u32 aux;
	int rc;

	if ((e->ctx->cr4 & CR4_TSD) && e->ctx->cpl && (e->ctx->cr0 & CR0_PE))
		return x86_emu_gp0(e);
	rc = e->ops->rdtsc(e->ctx, &tsc, &aux);
	if (rc != X86EMUL_OKAY)
		return rc;
	set_pair(e, tsc);
	if (e->insn->op == OP_RDTSCP)
		x86_emu_set_reg(e, X86_RCX, 4, aux);
	return X86EMUL_OKAY;
}

int x86_do_clts(struct x86_emu *e)
{
	return e->ops->write_cr(e->ctx, 0, e->ctx->cr0 & ~(u64)CR0_TS);
}

int x86_do_wbinvd(struct x86_emu *e)
{
	return e->ops->wbinvd(e->ctx);
}

/** LOCK MOV CR0 accesses CR8 on AMD's CPUs outside 64-bit mode. */
int x86_do_movcr(struct x86_emu *e)
{
	u32 nr = e->insn->reg;
	u64 val;
	int rc;

	ASSERT(!e->ctx->cpl);
	if (e->insn->prefixes & X86_PFX_LOCK)
		nr |= 8;
	if (nr != 0 && nr != 2 && nr != 3 && nr != 4 && nr != 8)
		return x86_emu_ud(e);
	if (e->insn->op == OP_MOVCR_W) {
		return e->ops->write_cr(e->ctx, nr,
					x86_emu_reg(e, e->insn->rm, e->insn->opsize));
	}
	rc = e->ops->read_cr(e->ctx, nr, &val);
	if (rc == X86EMUL_OKAY)
		x86_emu_set_reg(e, e->insn->rm, e->insn->opsize, val);
	return rc;
}

int x86_do_movdr(struct x86_emu *e)
{
	u32 nr = e->insn->reg;
	u64 val;
	int rc;

	if (nr > 7)
		return x86_emu_ud(e);
	if (e->insn->op == OP_MOVDR_W) {
		return e->ops->write_dr(e->ctx, nr,
					x86_emu_reg(e, e->insn->rm, e->insn->opsize));
	}
	rc = e->ops->read_dr(e->ctx, nr, &val);
	if (rc == X86EMUL_OKAY)
		x86_emu_set_reg(e, e->insn->rm, e->insn->opsize, val);
	return rc;
}

static bool umip_denies(const struct x86_emu *e)
{
	return (e->ctx->cr4 & CR4_UMIP) && e->ctx->cpl && (e->ctx->cr0 & CR0_PE);
}

/** SMSW and LMSW: the low word of CR0, of which LMSW may set but not clear PE. */
int x86_do_msw(struct x86_emu *e)
{
	u64 cr0 = e->ctx->cr0, val;
	int rc;

	if (e->insn->op == OP_SMSW) {
		if (umip_denies(e))
			return x86_emu_gp0(e);
		return x86_emu_write_rm(e, e->insn->mod == 3 ? e->insn->opsize : 2, cr0);
	}
	rc = x86_emu_read_rm(e, 2, &val);
	if (rc != X86EMUL_OKAY)
		return rc;
	return e->ops->write_cr(e->ctx, 0, (cr0 & ~0xeUL) | (val & 0xf));
}

int x86_do_invlpg(struct x86_emu *e)
{
	u64 off = x86_emu_offset(e);
	enum x86_sreg sreg = x86_emu_segment(e);

	if (e->mode != X86_MODE_64)
		off = (u32)(off + e->ctx->seg[sreg].base);
	else if (sreg >= X86_FS)
		off += e->ctx->seg[sreg].base;
	return e->ops->invlpg(e->ctx, gvaddr_make(off));
}

int x86_do_xcr(struct x86_emu *e)
{
	u32 index = e->regs.gpr[X86_RCX];
	u64 val;
	int rc;

	if (e->insn->op == OP_XSETBV) {
		return e->ops->xsetbv(e->ctx, index, get_pair(e));
	}
	rc = e->ops->xgetbv(e->ctx, index, &val);
	if (rc == X86EMUL_OKAY)
		set_pair(e, val);
	return rc;
}

/** SGDT, SIDT, LGDT, LIDT: limit, then a base of 8, 4 or (loading 16-bit operands) 3 bytes. */
int x86_do_dtr(struct x86_emu *e)
{
	bool idt = e->insn->op == OP_SIDT || e->insn->op == OP_LIDT;
	u32 base_bytes = e->mode == X86_MODE_64 ? 8 : 4;
	u8 buf[10] = { 0 };
	u64 base = 0;
	u16 limit;
	int rc;

	ASSERT(base_bytes + 2 <= sizeof(buf));
	if (e->insn->op == OP_SGDT || e->insn->op == OP_SIDT) {
		if (umip_denies(e))
			return x86_emu_gp0(e);
		rc = e->ops->read_dtr(e->ctx, idt, &base, &limit);
		if (rc != X86EMUL_OKAY)
			return rc;
		memcpy(buf, &limit, 2);
		memcpy(buf + 2, &base, base_bytes);
		return x86_emu_write(e, x86_emu_segment(e), x86_emu_offset(e), buf,
				     base_bytes + 2);
	}
	rc = x86_emu_read(e, x86_emu_segment(e), x86_emu_offset(e), buf, base_bytes + 2);
	if (rc != X86EMUL_OKAY)
		return rc;
	memcpy(&limit, buf, 2);
	memcpy(&base, buf + 2, base_bytes);
	if (e->mode != X86_MODE_64 && e->insn->opsize == 2)
		base &= 0xffffff;
	if (e->mode == X86_MODE_64 && !x86_emu_canonical(e, base))
		return x86_emu_gp0(e);
	return e->ops->write_dtr(e->ctx, idt, base, limit);
}

/** STAC and CLAC. */
int x86_do_smap_ac(struct x86_emu *e)
{
	if (x86_emu_real(e) && (e->regs.rflags & X86_FLAG_VM))
		return x86_emu_ud(e);
	x86_emu_set_flags(e, X86_FLAG_AC, e->insn->op == OP_STAC ? X86_FLAG_AC : 0);
	return X86EMUL_OKAY;
}

#define MSR_KERNEL_GS_BASE 0xc0000102u

int x86_do_swapgs(struct x86_emu *e)
{
	u64 gs = e->ctx->seg[X86_GS].base, kernel;
	int rc;

	if (e->mode != X86_MODE_64)
		return x86_emu_ud(e);
	rc = e->ops->read_msr(e->ctx, MSR_KERNEL_GS_BASE, &kernel);
	if (rc == X86EMUL_OKAY)
		rc = e->ops->write_msr(e->ctx, MSR_KERNEL_GS_BASE, gs);
	if (rc != X86EMUL_OKAY)
		return rc;
	e->new_seg = e->ctx->seg[X86_GS];
	e->new_seg.base = kernel;
	e->new_sreg = X86_GS;
	return X86EMUL_OKAY;
}

/** Device memory is never cached, so a line flush only has to check its address. */
int x86_do_clflush(struct x86_emu *e)
{
	gvaddr_t linear;

	return x86_emu_linear(e, x86_emu_segment(e), x86_emu_offset(e), 1, false, &linear);
}
