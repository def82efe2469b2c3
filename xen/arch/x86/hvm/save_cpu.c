/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a vCPU's registers and of its pending event. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/string.h>
#include <xen/x86/cpu-record.h>

#include <asm/msr.h>
#include <asm/processor.h>

#include "private.h"
#include "save.h"

#include <public/hvm/save.h>

/* Bits that hvm_seg.attr has; other processors may have set more in the record. */
#define SEG_ATTR_MASK 0xfffU

/* Offsets of the registers in the record. */
static const u16 gpr_at[GPR_COUNT] = {
#define GPR(name, field) [GPR_##name] = offsetof(struct hvm_hw_cpu, field)
	GPR(RAX, rax), GPR(RCX, rcx), GPR(RDX, rdx), GPR(RBX, rbx), GPR(RSP, rsp), GPR(RBP, rbp),
	GPR(RSI, rsi), GPR(RDI, rdi), GPR(R8, r8), GPR(R9, r9), GPR(R10, r10), GPR(R11, r11),
	GPR(R12, r12), GPR(R13, r13), GPR(R14, r14), GPR(R15, r15),
};

/*
 * The descriptor tables have neither selector nor attributes: offset 0, where the record has none.
 */
static const struct seg_at {
	u16 sel, limit, base, attr;
} seg_at[HVM_NR_SEGS] = {
#define TABLE(name, field)                                     \
	[HVM_##name] = { .limit = offsetof(struct hvm_hw_cpu, field##_limit), \
			 .base = offsetof(struct hvm_hw_cpu, field##_base) }
#define SEG(name, field)                                       \
	[HVM_##name] = { offsetof(struct hvm_hw_cpu, field##_sel),     \
			 offsetof(struct hvm_hw_cpu, field##_limit),   \
			 offsetof(struct hvm_hw_cpu, field##_base),    \
			 offsetof(struct hvm_hw_cpu, field##_arbytes) }
	SEG(ES, es), SEG(CS, cs), SEG(SS, ss), SEG(DS, ds), SEG(FS, fs), SEG(GS, gs), SEG(TR, tr),
	SEG(LDTR, ldtr), TABLE(GDTR, gdtr), TABLE(IDTR, idtr),
};

static u32 *field32(const struct hvm_hw_cpu *c, u16 at) { return (u32 *)((uintptr_t)c + at); }
static u64 *field64(const struct hvm_hw_cpu *c, u16 at) { return (u64 *)((uintptr_t)c + at); }

static void save_segs(struct x86_vcpu *xv, struct hvm_hw_cpu *c)
{
	for (u32 i = 0; i < HVM_NR_SEGS; i++) {
		const struct seg_at *at = &seg_at[i];
		struct hvm_seg seg;

		hvm->get_seg(xv, i, &seg);
		*field32(c, at->limit) = seg.limit;
		*field64(c, at->base) = seg.base;
		if (!at->sel)
			continue;
		*field32(c, at->sel) = seg.sel;
		*field32(c, at->attr) = seg.attr;
	}
}

static void load_segs(struct x86_vcpu *xv, const struct hvm_hw_cpu *c)
{
	for (u32 i = 0; i < HVM_NR_SEGS; i++) {
		const struct seg_at *at = &seg_at[i];
		struct hvm_seg seg = { .limit = *field32(c, at->limit),
				       .base = *field64(c, at->base) };

		if (at->sel) {
			seg.sel = (u16)*field32(c, at->sel);
			seg.attr = *field32(c, at->attr) & SEG_ATTR_MASK;
		}
		hvm->set_seg(xv, i, &seg);
	}
}

/* MSRs that the hardware switches, and their offsets in the record. */
#define CPU_MSRS(op, c)                                              \
	do {                                                         \
		op(MSR_SYSENTER_CS, (c)->sysenter_cs);               \
		op(MSR_SYSENTER_ESP, (c)->sysenter_esp);             \
		op(MSR_SYSENTER_EIP, (c)->sysenter_eip);             \
		op(MSR_KERNEL_GS_BASE, (c)->shadow_gs);              \
		op(MSR_LSTAR, (c)->msr_lstar);                       \
		op(MSR_STAR, (c)->msr_star);                         \
		op(MSR_CSTAR, (c)->msr_cstar);                       \
		op(MSR_SFMASK, (c)->msr_syscall_mask);               \
	} while (0)

static void save_control(struct x86_vcpu *xv, struct hvm_hw_cpu *c)
{
	c->rip = hvm->get_rip(xv);
	c->rflags = hvm->get_rflags(xv);
	c->cr0 = hvm->get_cr(xv, 0);
	c->cr2 = hvm->get_cr(xv, 2);
	c->cr3 = hvm->get_cr(xv, 3);
	c->cr4 = hvm->get_cr(xv, 4);
	c->dr0 = hvm->get_dr(xv, 0);
	c->dr1 = hvm->get_dr(xv, 1);
	c->dr2 = hvm->get_dr(xv, 2);
	c->dr3 = hvm->get_dr(xv, 3);
	c->dr6 = hvm->get_dr(xv, 6);
	c->dr7 = hvm->get_dr(xv, 7);
	c->msr_efer = hvm->get_efer(xv);
}

static void load_control(struct x86_vcpu *xv, const struct hvm_hw_cpu *c)
{
	hvm->set_efer(xv, c->msr_efer);
	hvm->set_cr(xv, 4, c->cr4);
	hvm->set_cr(xv, 3, c->cr3);
	hvm->set_cr(xv, 2, c->cr2);
	hvm->set_cr(xv, 0, c->cr0 | X86_CR0_ET);
	hvm->set_rip(xv, c->rip);
	hvm->set_rflags(xv, c->rflags);
	hvm->set_dr(xv, 0, c->dr0);
	hvm->set_dr(xv, 1, c->dr1);
	hvm->set_dr(xv, 2, c->dr2);
	hvm->set_dr(xv, 3, c->dr3);
	hvm->set_dr(xv, 6, c->dr6);
	hvm->set_dr(xv, 7, c->dr7);
}

/*
 * The record has room for one event. Two events at once, an NMI that waits until another has been
 * handled, and an interrupt shadow all pass within a few instructions: the toolstack must let the
 * domain run on and try again.
 */
static int save_event(struct x86_vcpu *xv, struct hvm_hw_cpu *c)
{
	struct x86_event e;
	int n = hvm->get_event(xv, &e);

	/*
	 * An instruction that waits for a device cannot be saved either: the device has done its
	 * part.
	 */
	ASSERT(n >= 0 && n <= 2);
	if (n > 1 || hvm->interrupt_shadow(xv) || pending_state(&xv->pending) != PENDING_NONE)
		return -XEN_EAGAIN;
	if (xv->nmi_pending) {
		if (n || hvm->nmi_blocked(xv))
			return -XEN_EAGAIN;
		e = (struct x86_event){ .vector = X86_VEC_NMI, .type = X86_EVENT_NMI };
		n = 1;
	}
	if (n)
		cpu_record_put_event(c, &e);
	return 0;
}

static s32 fill(struct x86_vcpu *xv, struct hvm_hw_cpu *c)
{
#define SAVE_MSR(msr, field) hvm->read_msr(xv, msr, &(field))
	int rc = save_event(xv, c);

	if (rc)
		return rc;
	memcpy(c->fpu_regs, xv->fpu_area, sizeof(c->fpu_regs));
	c->flags = XEN_X86_FPU_INITIALISED;
	for (u32 i = 0; i < GPR_COUNT; i++)
		*field64(c, gpr_at[i]) = xv->gpr[i];
	save_control(xv, c);
	save_segs(xv, c);
	CPU_MSRS(SAVE_MSR, c);
	c->msr_tsc_aux = xv->msrs.tsc_aux;
	c->tsc = hal_cycles_now() + xv->tsc_offset;
	return sizeof(*c);
}

static s32 save(void *state, u32 instance, void *record, s_time_t now)
{
	struct x86_vcpu *xv = state;
	s32 len;

	/*
	 * A vCPU that is down has no registers worth keeping. The first vCPU is started by loading
	 * them.
	 */
	if ((READ_ONCE(xv->v.pause_flags) & VPF_DOWN) && instance)
		return 0;
	hvm_state_begin(xv);
	len = fill(xv, record);
	hvm_state_end(xv);
	return len;
}

static int check(const void *state, u32 instance, const void *record, u32 len)
{
	const struct x86_vcpu *xv = state;

	return cpu_record_check(to_xd(xv->v.domain)->cpuid, record);
}

/*
 * A record with a TSC sets the domain's clock from the first vCPU. The others follow, as all vCPUs
 * of a domain read the same counter. A domain builder leaves the TSC zero, which changes nothing.
 */
static void load_tsc(struct x86_vcpu *xv, u64 tsc)
{
	struct x86_domain *xd = to_xd(xv->v.domain);

	if (!tsc)
		return;
	ASSERT(hvm_state_ours(xv));
	if (xv->v.id == 0)
		xd->tsc_offset = tsc - hal_cycles_now();
	hvm_update_tsc_offset(xv);
}

/* An event that was pending before belongs to the state being replaced. */
static void load_event(struct x86_vcpu *xv, const struct hvm_hw_cpu *c)
{
	struct x86_event e;

	hvm->reset_events(xv);
	ASSERT(!hvm->event_pending(xv));
	pending_drop(&xv->pending, &xv->v);
	xv->offered = OFFER_APIC;
	xv->pic_asks = false;
	WRITE_ONCE(xv->nmi_pending, false);
	if (cpu_record_event(c, &e))
		hvm->set_event(xv, &e);
}

static void load(void *state, u32 instance, const void *record, u32 len, s_time_t now)
{
#define LOAD_MSR(msr, field) hvm->write_msr(xv, msr, field)
	const struct hvm_hw_cpu *c = record;
	struct x86_vcpu *xv = state;

	ASSERT(!READ_ONCE(xv->v.running) && xv->fpu_area);
	hvm_state_begin(xv);
	if (c->flags & XEN_X86_FPU_INITIALISED)
		fpu_set_legacy(xv, c->fpu_regs);
	for (u32 i = 0; i < GPR_COUNT; i++)
		xv->gpr[i] = *field64(c, gpr_at[i]);
	load_event(xv, c);
	load_control(xv, c);
	load_segs(xv, c);
	CPU_MSRS(LOAD_MSR, c);
	xv->msrs.tsc_aux = (u32)c->msr_tsc_aux;
	load_tsc(xv, c->tsc);
	hvm_state_end(xv);
	WRITE_ONCE(xv->wait_for_sipi, false);
	xv->v.is_initialised = true;
	__atomic_fetch_and(&xv->v.pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_wake(&xv->v);
}

const struct save_kind hvm_cpu_record = {
	.type = HVM_SAVE_CODE(CPU),
	.min_bytes = HVM_SAVE_LENGTH(CPU), .max_bytes = HVM_SAVE_LENGTH(CPU),
	.save = save, .check = check, .load = load,
};
