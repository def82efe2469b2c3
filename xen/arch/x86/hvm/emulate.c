/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the instruction emulator on the current vCPU, for accesses to emulated devices, string port
 * I/O, and control and debug registers.
 */
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/trace.h>
#include <xen/x86/control-regs.h>
#include <xen/x86/emul.h>

#include <asm/msr.h>
#include <asm/processor.h>

#include "emulate.h"
#include "private.h"

static int op_io_read(struct x86_emul_ctx *ctx, u16 port, u32 size, u32 *val)
{
	struct device_access a = { .space = DEVICE_PORTS, .addr = port, .bytes = size };

	if (hvm_port_access(emul_xv(ctx), &a) == DEVICE_PENDING)
		return X86EMUL_RETRY;
	*val = (u32)(a.val & device_ones(size));
	return X86EMUL_OKAY;
}

static int op_io_write(struct x86_emul_ctx *ctx, u16 port, u32 size, u32 val)
{
	struct device_access a = { .space = DEVICE_PORTS, .addr = port, .bytes = size,
				   .write = true, .val = val };

	return hvm_port_access(emul_xv(ctx), &a) == DEVICE_PENDING ? X86EMUL_RETRY
								     : X86EMUL_OKAY;
}

/*
 * A device model in another domain finds or puts the data in the guest's memory itself. All others
 * are faster one by one, as are the registers of PCI functions.
 */
static int op_io_repeat(struct x86_emul_ctx *ctx, u16 port, u32 size, gvaddr_t linear, bool out,
			u32 n)
{
	struct x86_vcpu *xv = emul_xv(ctx);
	struct device_access a = { .space = DEVICE_PORTS, .addr = port, .bytes = size,
				   .write = out, .count = (u16)n };
	struct device *dev = device_find(&to_xd(xv->v.domain)->devices, DEVICE_PORTS, port, size);
	gpaddr_t gpa;

	ASSERT(n >= 2 && n <= PAGE_SIZE);
	if (!hvm_repeats(xv, dev, port) || !emul_ram(ctx, linear, !out, &gpa))
		return X86EMUL_UNHANDLEABLE;
	a.val = gpa.v;
	switch (pending_access(&xv->pending, dev, &xv->v, &a)) {
	case DEVICE_DONE:
		return X86EMUL_OKAY;
	case DEVICE_PENDING:
		return X86EMUL_RETRY;
	default:
		pending_step(&xv->pending);
		return X86EMUL_UNHANDLEABLE;
	}
}

static void op_step(struct x86_emul_ctx *ctx)
{
	pending_step(&emul_xv(ctx)->pending);
}

static int op_read_msr(struct x86_emul_ctx *ctx, u32 msr, u64 *val)
{
	return hvm_msr_read(emul_xv(ctx), msr, val) ? emul_raise(ctx, X86_VEC_GP, true, 0, 0)
						  : X86EMUL_OKAY;
}

static int op_write_msr(struct x86_emul_ctx *ctx, u32 msr, u64 val)
{
	return hvm_msr_write(emul_xv(ctx), msr, val) ? emul_raise(ctx, X86_VEC_GP, true, 0, 0)
						   : X86EMUL_OKAY;
}

static int op_read_cr(struct x86_emul_ctx *ctx, u32 nr, u64 *val)
{
	struct x86_vcpu *xv = emul_xv(ctx);

	*val = nr == 8 ? vlapic_cr8(&xv->vlapic) : hvm->get_cr(xv, nr);
	return X86EMUL_OKAY;
}

static int set_guest_cr0(struct x86_emul_ctx *ctx, u64 val)
{
	struct x86_vcpu *xv = emul_xv(ctx);
	struct cr0_ctx c = { .cr0 = ctx->cr0, .cr4 = ctx->cr4, .efer = ctx->efer,
			     .code_64bit = ctx->seg[X86_CS].attr & HVM_SEG_ATTR_L };
	u64 cr0, efer;

	if (!cr0_write_valid(&c, val, &cr0, &efer))
		return emul_raise(ctx, X86_VEC_GP, true, 0, 0);
	if (efer != ctx->efer)
		hvm->set_efer(xv, efer);
	hvm->set_cr(xv, 0, cr0);
	return X86EMUL_OKAY;
}

static int set_guest_cr4(struct x86_emul_ctx *ctx, u64 val)
{
	struct x86_vcpu *xv = emul_xv(ctx);
	struct cr4_ctx c = { .cr4 = ctx->cr4, .cr3 = hvm->get_cr(xv, 3),
			     .long_mode = ctx->efer & EFER_LMA };

	if (!cr4_write_valid(to_xd(xv->v.domain)->cpuid, &c, val))
		return emul_raise(ctx, X86_VEC_GP, true, 0, 0);
	hvm->set_cr(xv, 4, val);
	return X86EMUL_OKAY;
}

/*
 * CR4 and CR8 are intercepted, and CR0 on processors where its caching bits would outlast the
 * guest's run. Others get here only when the guest races with itself.
 */
static int op_write_cr(struct x86_emul_ctx *ctx, u32 nr, u64 val)
{
	if (nr == 0)
		return set_guest_cr0(ctx, val);
	if (nr == 4)
		return set_guest_cr4(ctx, val);
	if (nr != 8)
		return X86EMUL_UNHANDLEABLE;
	if (val >> 4)
		return emul_raise(ctx, X86_VEC_GP, true, 0, 0);
	vlapic_set_tpr(&emul_xv(ctx)->vlapic, (u8)(val << 4));
	return X86EMUL_OKAY;
}

static int op_cpuid(struct x86_emul_ctx *ctx, u32 leaf, u32 subleaf, u32 out[4])
{
	hvm_cpuid(emul_xv(ctx), leaf, subleaf, out);
	return X86EMUL_OKAY;
}

static int op_rdtsc(struct x86_emul_ctx *ctx, u64 *tsc, u32 *aux)
{
	*tsc = hal_cycles_now() + emul_xv(ctx)->tsc_offset;
	*aux = emul_xv(ctx)->msrs.tsc_aux;
	return X86EMUL_OKAY;
}

static int op_xsetbv(struct x86_emul_ctx *ctx, u32 index, u64 val)
{
	if (ctx->cpl || index || fpu_set_xcr0(emul_xv(ctx), val))
		return emul_raise(ctx, X86_VEC_GP, true, 0, 0);
	return X86EMUL_OKAY;
}

static int op_wbinvd(struct x86_emul_ctx *ctx)
{
	return X86EMUL_OKAY;
}

static int op_xgetbv(struct x86_emul_ctx *ctx, u32 index, u64 *val)
{
	if (index)
		return X86EMUL_UNHANDLEABLE;
	*val = emul_xv(ctx)->xcr0;
	return X86EMUL_OKAY;
}

static int op_read_tr(struct x86_emul_ctx *ctx, struct x86_segment *tr)
{
	struct hvm_seg s;

	hvm->get_seg(emul_xv(ctx), HVM_TR, &s);
	*tr = (struct x86_segment){ s.base, s.limit, s.sel, s.attr };
	return X86EMUL_OKAY;
}

/* No exit needs these: debug registers, INVLPG and descriptor tables belong to the guest. */
static int op_no_read_dr(struct x86_emul_ctx *ctx, u32 nr, u64 *val)
{
	return X86EMUL_UNHANDLEABLE;
}

static int op_no_write_dr(struct x86_emul_ctx *ctx, u32 nr, u64 val)
{
	return X86EMUL_UNHANDLEABLE;
}

static int op_no_invlpg(struct x86_emul_ctx *ctx, gvaddr_t linear)
{
	return X86EMUL_UNHANDLEABLE;
}

static int op_no_load_seg(struct x86_emul_ctx *ctx, enum x86_sreg sreg, u16 sel,
			  struct x86_segment *seg)
{
	return X86EMUL_UNHANDLEABLE;
}

static int op_no_read_dtr(struct x86_emul_ctx *ctx, bool idt, u64 *base, u16 *limit)
{
	return X86EMUL_UNHANDLEABLE;
}

static int op_no_write_dtr(struct x86_emul_ctx *ctx, bool idt, u64 base, u16 limit)
{
	return X86EMUL_UNHANDLEABLE;
}

static const struct x86_emul_ops emul_ops = {
	.fetch = emul_fetch,
	.read = emul_read,
	.write = emul_write,
	.cmpxchg = emul_cmpxchg,
	.io_read = op_io_read,
	.io_write = op_io_write,
	.io_repeat = op_io_repeat,
	.step = op_step,
	.read_msr = op_read_msr,
	.write_msr = op_write_msr,
	.read_cr = op_read_cr,
	.write_cr = op_write_cr,
	.read_dr = op_no_read_dr,
	.write_dr = op_no_write_dr,
	.cpuid = op_cpuid,
	.rdtsc = op_rdtsc,
	.xsetbv = op_xsetbv,
	.xgetbv = op_xgetbv,
	.wbinvd = op_wbinvd,
	.invlpg = op_no_invlpg,
	.load_seg = op_no_load_seg,
	.read_tr = op_read_tr,
	.read_dtr = op_no_read_dtr,
	.write_dtr = op_no_write_dtr,
	.get_vec = hvm_get_vec,
	.put_vec = hvm_put_vec,
};
OPS_TABLE(emul_ops, fetch);

static const enum hvm_segment segs[X86_SREG_NR] = { HVM_ES, HVM_CS, HVM_SS,
						    HVM_DS, HVM_FS, HVM_GS };

static void load_ctx(struct x86_vcpu *xv, struct x86_emul_ctx *ctx, u32 allowed)
{
	struct hvm_seg s;

	memcpy(ctx->regs.gpr, xv->gpr, sizeof(xv->gpr));
	ctx->regs.rip = hvm->get_rip(xv);
	ctx->regs.rflags = hvm->get_rflags(xv);
	for (u32 i = 0; i < X86_SREG_NR; i++) {
		hvm->get_seg(xv, segs[i], &s);
		ctx->seg[i] = (struct x86_segment){ s.base, s.limit, s.sel, s.attr };
	}
	ctx->cr0 = hvm->get_cr(xv, 0);
	ctx->cr4 = hvm->get_cr(xv, 4);
	ctx->efer = hvm->get_efer(xv);
	ctx->cpl = (u8)hvm->get_cpl(xv);
	ctx->allowed = (u8)allowed;
	ctx->insn_bytes = 0;
	ctx->opaque = xv;
	ctx->hlt = ctx->sti_shadow = ctx->mov_ss_shadow = ctx->singlestep = ctx->seg_dirty = false;
}

static void store_ctx(struct x86_vcpu *xv, const struct x86_emul_ctx *ctx)
{
	memcpy(xv->gpr, ctx->regs.gpr, sizeof(xv->gpr));
	hvm->set_rip(xv, ctx->regs.rip);
	hvm->set_rflags(xv, ctx->regs.rflags);
	for (u32 i = 0; ctx->seg_dirty && i < X86_SREG_NR; i++) {
		struct hvm_seg s = { ctx->seg[i].sel, ctx->seg[i].attr, ctx->seg[i].limit,
				     ctx->seg[i].base };

		hvm->set_seg(xv, segs[i], &s);
	}
}

static void finish(struct x86_vcpu *xv, struct x86_emul_ctx *ctx)
{
	store_ctx(xv, ctx);
	hvm->set_interrupt_shadow(xv, ctx->sti_shadow || ctx->mov_ss_shadow);
	if (ctx->singlestep)
		hvm_inject_step(xv);
	if (ctx->hlt)
		hvm_do_hlt(xv);
}

/* Is it the trap of INT1, INT3 or INTO? The guest chooses the vector of INT n. */
static bool is_trap(const struct x86_exception *e)
{
	return e->vector == X86_VEC_DB || e->vector == X86_VEC_BP || e->vector == X86_VEC_OF;
}

/*
 * INT1, INT3 and INTO trap after they were executed. INT n gets here only when its stack or the
 * IDT is not in RAM, or when it replaced another instruction. Its vector is not an exception.
 */
static void deliver_exception(struct x86_vcpu *xv, const struct x86_exception *e)
{
	if (e->software && !is_trap(e)) {
		hvm_inject_ud(xv);
		return;
	}
	if (e->software)
		hvm->set_rip(xv, hvm->get_rip(xv) + e->insn_len);
	hvm->inject_exception(xv, e->vector, e->has_error ? (s32)e->error : -1, e->cr2);
}

void hvm_emulate_one(struct x86_vcpu *xv, u32 allowed)
{
	u64 asked = pending_number(&xv->pending);
	struct x86_emul_ctx ctx;
	int result;

	ASSERT(allowed && !(allowed & ~X86_CLASS_ANY));
	xv->allowed = (u8)allowed;
	ASSERT(&xv->v == hal_current_vcpu());
	load_ctx(xv, &ctx, allowed);
	pending_begin(&xv->pending);
	trace_emulate(ctx.regs.rip);
	result = x86_emulate(&ctx, &emul_ops);
	trace_emulate_done((u32)result);
	if (pending_number(&xv->pending) == asked)
		pending_end(&xv->pending);
	else
		ASSERT(result == X86EMUL_RETRY);
	switch (result) {
	case X86EMUL_OKAY:
		finish(xv, &ctx);
		break;
	case X86EMUL_EXCEPTION:
		store_ctx(xv, &ctx);
		deliver_exception(xv, &ctx.exc);
		break;
	case X86EMUL_RETRY:
		store_ctx(xv, &ctx);
		break;
	default:
		printk_once(LOG_G_WARN "d%uv%u: cannot emulate the instruction at %#lx\n",
			    xv->v.domain->id, xv->v.id, hvm->get_rip(xv));
		hvm_inject_ud(xv);
	}
}

void hvm_finish_access(struct x86_vcpu *xv)
{
	ASSERT(pending_state(&xv->pending) == PENDING_ANSWERED);
	ASSERT(xv->allowed);
	hvm_emulate_one(xv, xv->allowed);
}
