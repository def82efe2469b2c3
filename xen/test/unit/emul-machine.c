/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See emul-machine.h. */
#include "emul-machine.h"

#include <xen/ops.h>
#include <xen/string.h>

static struct emul_machine *machine(struct x86_emul_ctx *ctx)
{
	return ctx->opaque;
}

static int page_fault(struct x86_emul_ctx *ctx, u64 addr, u32 error)
{
	machine(ctx)->outside = true;
	ctx->exc = (struct x86_exception){
		.vector = X86_EXC_PF, .has_error = true, .error = error, .cr2 = addr,
	};
	return X86EMUL_EXCEPTION;
}

static u8 *locate(struct emul_machine *m, gvaddr_t linear, u32 len, bool write)
{
	u64 off = linear.v - m->base;

	m->accesses++;
	m->access_at = linear.v;
	m->access_len = len;
	m->access_write = write;
	return off < m->size && len <= m->size - off ? m->mem + off : NULL;
}

/** All bytes of an instruction are given in ctx->insn, so the emulator has no reason to fetch. */
static int machine_fetch(struct x86_emul_ctx *ctx, gvaddr_t linear, void *buf, u32 len)
{
	return page_fault(ctx, linear.v, 0x10);
}

static int machine_read(struct x86_emul_ctx *ctx, gvaddr_t linear, void *buf, u32 len, u32 flags)
{
	u8 *p = locate(machine(ctx), linear, len, false);

	if (!p)
		return page_fault(ctx, linear.v, flags & X86_ACC_RMW ? 2 : 0);
	memcpy(buf, p, len);
	if (machine(ctx)->after_read)
		machine(ctx)->after_read(machine(ctx));
	return X86EMUL_OKAY;
}

static int machine_write(struct x86_emul_ctx *ctx, gvaddr_t linear, const void *buf, u32 len,
			 u32 flags)
{
	u8 *p = locate(machine(ctx), linear, len, true);

	if (!p)
		return page_fault(ctx, linear.v, 2);
	if (!(flags & X86_ACC_PROBE))
		memcpy(p, buf, len);
	return X86EMUL_OKAY;
}

static int machine_cmpxchg(struct x86_emul_ctx *ctx, gvaddr_t linear, const void *old,
			   const void *desired, u32 len)
{
	u8 *p = locate(machine(ctx), linear, len, true);

	if (!p)
		return page_fault(ctx, linear.v, 2);
	return x86_locked_cmpxchg(p, old, desired, len) ? X86EMUL_OKAY : X86EMUL_RETRY;
}

/** Does the device answer yet? */
static bool ready(struct emul_machine *m)
{
	if (!m->retries)
		return true;
	m->retries--;
	return false;
}

static int machine_io_read(struct x86_emul_ctx *ctx, u16 port, u32 size, u32 *val)
{
	struct emul_machine *m = machine(ctx);

	if (!ready(m))
		return X86EMUL_RETRY;
	m->port = port;
	*val = m->port_value & (size == 4 ? ~0U : (1U << size * 8) - 1);
	m->port_value = m->port_value * 6364136223846793005UL + 1442695040888963407UL;
	return X86EMUL_OKAY;
}

static int machine_io_write(struct x86_emul_ctx *ctx, u16 port, u32 size, u32 val)
{
	struct emul_machine *m = machine(ctx);

	if (!ready(m))
		return X86EMUL_RETRY;
	m->port = port;
	m->port_value = val;
	return X86EMUL_OKAY;
}

static void machine_step(struct x86_emul_ctx *ctx)
{
	machine(ctx)->steps++;
}

static int machine_read_msr(struct x86_emul_ctx *ctx, u32 msr, u64 *val)
{
	*val = machine(ctx)->msr;
	return X86EMUL_OKAY;
}

static int machine_write_msr(struct x86_emul_ctx *ctx, u32 msr, u64 val)
{
	machine(ctx)->msr = val;
	return X86EMUL_OKAY;
}

static int machine_read_cr(struct x86_emul_ctx *ctx, u32 nr, u64 *val)
{
	*val = nr == 0 ? ctx->cr0 : nr == 4 ? ctx->cr4 : machine(ctx)->cr[nr];
	return X86EMUL_OKAY;
}

static int machine_write_cr(struct x86_emul_ctx *ctx, u32 nr, u64 val)
{
	machine(ctx)->cr[nr] = val;
	return X86EMUL_OKAY;
}

static int machine_read_dr(struct x86_emul_ctx *ctx, u32 nr, u64 *val)
{
	*val = machine(ctx)->dr[nr];
	return X86EMUL_OKAY;
}

static int machine_write_dr(struct x86_emul_ctx *ctx, u32 nr, u64 val)
{
	machine(ctx)->dr[nr] = val;
	return X86EMUL_OKAY;
}

static int machine_cpuid(struct x86_emul_ctx *ctx, u32 leaf, u32 subleaf, u32 out[4])
{
	out[0] = leaf;
	out[1] = subleaf;
	out[2] = leaf ^ subleaf;
	out[3] = ~leaf;
	return X86EMUL_OKAY;
}

static int machine_rdtsc(struct x86_emul_ctx *ctx, u64 *tsc, u32 *aux)
{
	*tsc = 0x1122334455667788UL;
	*aux = 0x99;
	return X86EMUL_OKAY;
}

static int machine_wbinvd(struct x86_emul_ctx *ctx)
{
	return X86EMUL_OKAY;
}

static int machine_invlpg(struct x86_emul_ctx *ctx, gvaddr_t linear)
{
	machine(ctx)->cr[15] = linear.v;
	return X86EMUL_OKAY;
}

static int machine_get_vec(struct x86_emul_ctx *ctx, u32 reg, void *buf, u32 len)
{
	memcpy(buf, machine(ctx)->vec[reg], len);
	return X86EMUL_OKAY;
}

static int machine_put_vec(struct x86_emul_ctx *ctx, u32 reg, const void *buf, u32 len, bool zero)
{
	struct emul_machine *m = machine(ctx);

	if (zero)
		memset(m->vec[reg], 0, sizeof(m->vec[reg]));
	memcpy(m->vec[reg], buf, len);
	return X86EMUL_OKAY;
}

static int machine_read_tr(struct x86_emul_ctx *ctx, struct x86_segment *tr)
{
	*tr = machine(ctx)->tr;
	return X86EMUL_OKAY;
}

static int machine_read_dtr(struct x86_emul_ctx *ctx, bool idt, u64 *base, u16 *limit)
{
	*base = machine(ctx)->cr[12 + idt];
	*limit = idt ? 0xfff : 0x7f;
	return X86EMUL_OKAY;
}

static int machine_write_dtr(struct x86_emul_ctx *ctx, bool idt, u64 base, u16 limit)
{
	machine(ctx)->cr[12 + idt] = base;
	return X86EMUL_OKAY;
}

static int machine_xsetbv(struct x86_emul_ctx *ctx, u32 index, u64 val)
{
	machine(ctx)->cr[14] = val;
	return X86EMUL_OKAY;
}

static int machine_xgetbv(struct x86_emul_ctx *ctx, u32 index, u64 *val)
{
	*val = machine(ctx)->cr[14];
	return X86EMUL_OKAY;
}

static int machine_load_seg(struct x86_emul_ctx *ctx, enum x86_sreg sreg, u16 sel,
			    struct x86_segment *seg)
{
	seg->sel = sel;
	return X86EMUL_OKAY;
}

/* The data are the port's value, again and again. */
static int machine_io_repeat(struct x86_emul_ctx *ctx, u16 port, u32 size, gvaddr_t linear,
			     bool out, u32 n)
{
	struct emul_machine *m = machine(ctx);

	if (!m->repeats)
		return X86EMUL_UNHANDLEABLE;
	if (!ready(m))
		return X86EMUL_RETRY;
	m->port = port;
	m->repeated = n;
	for (u32 i = 0; i < n; i++) {
		gvaddr_t at = gvaddr_make(linear.v + (u64)i * size);
		int rc = out ? machine_read(ctx, at, &m->port_value, size, 0)
			     : machine_write(ctx, at, &m->port_value, size, 0);

		if (rc != X86EMUL_OKAY)
			return X86EMUL_UNHANDLEABLE;
	}
	return X86EMUL_OKAY;
}

const struct x86_emul_ops emul_machine_ops = {
	.fetch = machine_fetch, .read = machine_read, .write = machine_write,
	.cmpxchg = machine_cmpxchg, .io_read = machine_io_read, .io_write = machine_io_write,
	.io_repeat = machine_io_repeat, .step = machine_step,
	.read_msr = machine_read_msr, .write_msr = machine_write_msr,
	.read_cr = machine_read_cr, .write_cr = machine_write_cr,
	.read_dr = machine_read_dr, .write_dr = machine_write_dr,
	.cpuid = machine_cpuid, .rdtsc = machine_rdtsc,
	.xsetbv = machine_xsetbv, .xgetbv = machine_xgetbv,
	.wbinvd = machine_wbinvd, .invlpg = machine_invlpg, .load_seg = machine_load_seg,
	.read_tr = machine_read_tr, .read_dtr = machine_read_dtr,
	.write_dtr = machine_write_dtr,
	.get_vec = machine_get_vec, .put_vec = machine_put_vec,
};
OPS_TABLE(emul_machine_ops, fetch);

#define CR0_PE 1
#define CR4_OSFXSR_OSXSAVE (1UL << 9 | 1UL << 18)
#define EFER_LMA_LME (1UL << 10 | 1UL << 8)
#define ATTR_CODE 0x9b
#define ATTR_DATA 0x93

void emul_machine_init(struct emul_machine *m, enum x86_mode mode, bool real, u64 base, u8 *mem,
		       u32 size)
{
	u16 db = mode == X86_MODE_32 ? X86_SEG_DB : 0;
	u32 i;

	memset(m, 0, sizeof(*m));
	m->base = base;
	m->mem = mem;
	m->size = size;
	m->ctx.opaque = m;
	m->ctx.allowed = X86_CLASS_ANY;
	m->ctx.regs.rflags = X86_FLAG_ONE;
	m->ctx.cr0 = real ? 0 : CR0_PE;
	m->ctx.cr4 = CR4_OSFXSR_OSXSAVE;
	m->ctx.efer = mode == X86_MODE_64 ? EFER_LMA_LME : 0;
	for (i = 0; i < X86_SREG_NR; i++)
		m->ctx.seg[i] = (struct x86_segment){
			.limit = mode == X86_MODE_16 ? 0xffff : ~0U, .sel = i * 8,
			.attr = db | (i == X86_CS ? ATTR_CODE : ATTR_DATA),
		};
	if (mode == X86_MODE_64)
		m->ctx.seg[X86_CS].attr |= X86_SEG_L;
}

int emul_machine_run(struct emul_machine *m, const u8 *insn, u32 len)
{
	m->outside = false;
	m->ctx.insn_bytes = len;
	memcpy(m->ctx.insn, insn, len);
	return x86_emulate(&m->ctx, &emul_machine_ops);
}

bool emul_machine_agrees_on_move(struct emul_machine *m, const u8 *insn, u32 len)
{
	struct x86_emul_regs want = m->ctx.regs;
	u64 stored, found = 0;
	struct x86_move mv;

	m->accesses = 0;
	if (!x86_decode_move(insn, len, x86_emul_mode(&m->ctx), &mv) ||
	    emul_machine_run(m, insn, len) != X86EMUL_OKAY)
		return true;
	memcpy(&found, m->mem + (m->access_at - m->base), mv.bytes);
	if (mv.write) {
		stored = mv.reg == X86_GPR_NONE ? mv.imm : want.gpr[mv.reg];
		if (memcmp(&found, &stored, mv.bytes))
			return false;
	} else {
		want.gpr[mv.reg] = found;
	}
	want.rip = m->ctx.regs.rip;
	want.rflags = m->ctx.regs.rflags;
	return m->accesses == 1 && m->access_write == mv.write && m->access_len == mv.bytes &&
	       m->ctx.decoded.len == mv.len && !memcmp(&want, &m->ctx.regs, sizeof(want));
}
