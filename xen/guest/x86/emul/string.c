/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * String instructions. A repeated one does a bounded number of iterations. After each iteration the
 * registers hold its progress, so it can stop anywhere and be continued.
 */
#include "private.h"

/* Large enough to spread the cost of an exit, small enough not to delay interrupts. */
#define MAX_ITERATIONS 256

typedef int step_fn(struct x86_emu *e);

static enum x86_sreg source_segment(const struct x86_emu *e)
{
	return e->insn->seg != X86_SREG_NONE ? e->insn->seg : X86_DS;
}

static u64 index_offset(const struct x86_emu *e, u32 reg)
{
	return x86_emu_reg(e, reg, e->insn->adsize);
}

static void advance(struct x86_emu *e, u32 reg)
{
	s64 delta = e->insn->opsize;

	ASSERT(reg == X86_RSI || reg == X86_RDI);
	if (e->regs.rflags & X86_FLAG_DF)
		delta = -delta;
	x86_emu_set_reg(e, reg, e->insn->adsize, e->regs.gpr[reg] + delta);
}

/**
 * Stop in the middle and keep the completed iterations. A step that cannot be emulated is left for
 * the next attempt, which starts with it.
 */
static int stop_after(struct x86_emu *e, int rc)
{
	ASSERT(rc != X86EMUL_OKAY);
	if (rc == X86EMUL_UNHANDLEABLE) {
		e->next_rip = e->regs.rip;
		e->partial = true;
		return X86EMUL_OKAY;
	}
	e->regs.rflags |= X86_FLAG_RF;
	e->ctx->regs = e->regs;
	return rc;
}

/** @compare: REPE and REPNE also end on ZF. */
static int repeat(struct x86_emu *e, step_fn *step, bool compare)
{
	u32 prefix = e->insn->prefixes & (X86_PFX_REP | X86_PFX_REPNE), width = e->insn->adsize;
	u32 done, max = e->regs.rflags & X86_FLAG_TF ? 1 : MAX_ITERATIONS;
	u64 count;
	int rc;

	ASSERT(e->dst.kind == OPD_NONE && !e->partial);
	if (!prefix)
		return step(e);
	count = x86_emu_reg(e, X86_RCX, width);
	if (!count)
		return X86EMUL_OKAY;
	for (done = 0; done < max; done++) {
		rc = step(e);
		if (rc != X86EMUL_OKAY)
			return done ? stop_after(e, rc) : rc;
		x86_emu_set_reg(e, X86_RCX, width, --count);
		if (!count)
			return X86EMUL_OKAY;
		if (compare && !(e->regs.rflags & X86_FLAG_ZF) == !(prefix & X86_PFX_REPNE))
			return X86EMUL_OKAY;
		e->ops->step(e->ctx);
	}
	e->next_rip = e->regs.rip;
	e->partial = true;
	return X86EMUL_OKAY;
}

static int step_movs(struct x86_emu *e)
{
	u64 val = 0;
	int rc = x86_emu_read(e, source_segment(e), index_offset(e, X86_RSI), &val,
			      e->insn->opsize);

	if (rc == X86EMUL_OKAY)
		rc = x86_emu_write(e, X86_ES, index_offset(e, X86_RDI), &val, e->insn->opsize);
	if (rc != X86EMUL_OKAY)
		return rc;
	advance(e, X86_RSI);
	advance(e, X86_RDI);
	return X86EMUL_OKAY;
}

int x86_do_movs(struct x86_emu *e)
{
	return repeat(e, step_movs, false);
}

static int step_cmps(struct x86_emu *e)
{
	u64 a = 0, b = 0;
	int rc = x86_emu_read(e, source_segment(e), index_offset(e, X86_RSI), &a, e->insn->opsize);

	if (rc == X86EMUL_OKAY)
		rc = x86_emu_read(e, X86_ES, index_offset(e, X86_RDI), &b, e->insn->opsize);
	if (rc != X86EMUL_OKAY)
		return rc;
	x86_emu_sub(e, a, b, 0, e->insn->opsize);
	advance(e, X86_RSI);
	advance(e, X86_RDI);
	return X86EMUL_OKAY;
}

int x86_do_cmps(struct x86_emu *e)
{
	return repeat(e, step_cmps, true);
}

static int step_stos(struct x86_emu *e)
{
	int rc = x86_emu_write(e, X86_ES, index_offset(e, X86_RDI), &e->regs.gpr[X86_RAX],
			       e->insn->opsize);

	if (rc == X86EMUL_OKAY)
		advance(e, X86_RDI);
	return rc;
}

int x86_do_stos(struct x86_emu *e)
{
	return repeat(e, step_stos, false);
}

static int step_lods(struct x86_emu *e)
{
	u64 val = 0;
	int rc = x86_emu_read(e, source_segment(e), index_offset(e, X86_RSI), &val,
			      e->insn->opsize);

	if (rc != X86EMUL_OKAY)
		return rc;
	x86_emu_set_reg(e, X86_RAX, e->insn->opsize, val);
	advance(e, X86_RSI);
	return X86EMUL_OKAY;
}

int x86_do_lods(struct x86_emu *e)
{
	return repeat(e, step_lods, false);
}

static int step_scas(struct x86_emu *e)
{
	u64 val = 0;
	int rc = x86_emu_read(e, X86_ES, index_offset(e, X86_RDI), &val, e->insn->opsize);

	if (rc != X86EMUL_OKAY)
		return rc;
	x86_emu_sub(e, x86_emu_reg(e, X86_RAX, e->insn->opsize), val, 0, e->insn->opsize);
	advance(e, X86_RDI);
	return X86EMUL_OKAY;
}

int x86_do_scas(struct x86_emu *e)
{
	return repeat(e, step_scas, true);
}

static int step_ins(struct x86_emu *e)
{
	u32 size = x86_emu_port_size(e), val = 0;
	u16 port = e->regs.gpr[X86_RDX];
	gvaddr_t linear;
	int rc = x86_emu_linear(e, X86_ES, index_offset(e, X86_RDI), size, true, &linear);

	/* A port read cannot be undone, so first make sure that the store will succeed. */
	if (rc == X86EMUL_OKAY)
		rc = e->ops->write(e->ctx, linear, &val, size, X86_ACC_PROBE);
	if (rc == X86EMUL_OKAY)
		rc = e->ops->io_read(e->ctx, port, size, &val);
	if (rc == X86EMUL_OKAY)
		rc = e->ops->write(e->ctx, linear, &val, size, 0);
	if (rc == X86EMUL_OKAY)
		x86_emu_set_reg(e, X86_RDI, e->insn->adsize, e->regs.gpr[X86_RDI] +
				(e->regs.rflags & X86_FLAG_DF ? -(u64)size : size));
	return rc;
}

/*
 * Iterations of a repeated INS or OUTS that can be done in one, or 0: ascending, within one page of
 * memory at *@linear and within the segment. What remains is left to the next attempt.
 */
static u32 batch(struct x86_emu *e, enum x86_sreg sreg, u32 reg, bool store, gvaddr_t *linear)
{
	u32 size = x86_emu_port_size(e), width = e->insn->adsize;
	u64 offset = index_offset(e, reg), count = x86_emu_reg(e, X86_RCX, width), last;
	struct x86_exception none = e->ctx->exc;
	gvaddr_t end;
	bool ok;

	if (!(e->insn->prefixes & (X86_PFX_REP | X86_PFX_REPNE)) || count < 2 ||
	    (e->regs.rflags & (X86_FLAG_DF | X86_FLAG_TF)))
		return 0;
	ok = x86_emu_linear(e, sreg, offset, size, store, linear) == X86EMUL_OKAY;
	if (ok) {
		count = min(count, (PAGE_SIZE - page_offset(linear->v)) / size);
		last = offset + (count - 1) * size;
		ok = count >= 2 && last + size - 1 <= x86_mask(width) &&
		     x86_emu_linear(e, sreg, last, size, store, &end) == X86EMUL_OKAY;
	}
	e->ctx->exc = none;
	return ok ? (u32)count : 0;
}

/* UNHANDLEABLE: nothing was done, and the iterations are to be done one by one. */
static int do_batch(struct x86_emu *e, enum x86_sreg sreg, u32 reg, bool out)
{
	u32 size = x86_emu_port_size(e), width = e->insn->adsize, n;
	gvaddr_t linear;
	u64 left;
	int rc;

	n = batch(e, sreg, reg, !out, &linear);
	if (!n)
		return X86EMUL_UNHANDLEABLE;
	rc = e->ops->io_repeat(e->ctx, e->regs.gpr[X86_RDX], size, linear, out, n);
	ASSERT(rc != X86EMUL_EXCEPTION);
	if (rc != X86EMUL_OKAY)
		return rc;
	left = x86_emu_reg(e, X86_RCX, width) - n;
	x86_emu_set_reg(e, X86_RCX, width, left);
	x86_emu_set_reg(e, reg, width, e->regs.gpr[reg] + (u64)n * size);
	if (left) {
		e->ops->step(e->ctx);
		e->next_rip = e->regs.rip;
		e->partial = true;
	}
	return X86EMUL_OKAY;
}

int x86_do_ins(struct x86_emu *e)
{
	int rc = x86_emu_check_io(e, e->regs.gpr[X86_RDX], x86_emu_port_size(e));

	if (rc != X86EMUL_OKAY)
		return rc;
	rc = do_batch(e, X86_ES, X86_RDI, false);
	return rc != X86EMUL_UNHANDLEABLE ? rc : repeat(e, step_ins, false);
}

static int step_outs(struct x86_emu *e)
{
	u32 size = x86_emu_port_size(e), val = 0;
	int rc = x86_emu_read(e, source_segment(e), index_offset(e, X86_RSI), &val, size);

	if (rc == X86EMUL_OKAY)
		rc = e->ops->io_write(e->ctx, e->regs.gpr[X86_RDX], size, val);
	if (rc == X86EMUL_OKAY)
		x86_emu_set_reg(e, X86_RSI, e->insn->adsize, e->regs.gpr[X86_RSI] +
				(e->regs.rflags & X86_FLAG_DF ? -(u64)size : size));
	return rc;
}

int x86_do_outs(struct x86_emu *e)
{
	int rc = x86_emu_check_io(e, e->regs.gpr[X86_RDX], x86_emu_port_size(e));

	if (rc != X86EMUL_OKAY)
		return rc;
	rc = do_batch(e, source_segment(e), X86_RSI, true);
	return rc != X86EMUL_UNHANDLEABLE ? rc : repeat(e, step_outs, false);
}

int x86_do_xlat(struct x86_emu *e)
{
	u64 off = (e->regs.gpr[X86_RBX] + (e->regs.gpr[X86_RAX] & 0xff)) &
		  x86_mask(e->insn->adsize);
	u8 val = 0;
	int rc = x86_emu_read(e, source_segment(e), off, &val, 1);

	if (rc == X86EMUL_OKAY)
		x86_emu_set_reg(e, X86_RAX, 1, val);
	return rc;
}
