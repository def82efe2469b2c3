/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a vCPU's registers, and of the event that waits for it. */
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/x86/cpu-record.h>

#include <asm/msr.h>
#include <asm/processor.h>

#include "private.h"
#include "save.h"

#include <public/hvm/save.h>

static void save_seg(struct x86_vcpu *xv, enum hvm_segment s, u32 *sel, u32 *limit, u64 *base,
		     u32 *ar)
{
	struct hvm_seg seg;

	hvm->get_seg(xv, s, &seg);
	if (sel)
		*sel = seg.sel;
	*limit = seg.limit;
	*base = seg.base;
	if (ar)
		*ar = seg.attr;
}

static void load_seg(struct x86_vcpu *xv, enum hvm_segment s, u32 sel, u32 limit, u64 base, u32 ar)
{
	struct hvm_seg seg = { .sel = (u16)sel, .attr = (u16)(ar & 0xfff), .limit = limit,
			       .base = base };

	hvm->set_seg(xv, s, &seg);
}

static void save_segs(struct x86_vcpu *xv, struct hvm_hw_cpu *c)
{
	save_seg(xv, HVM_CS, &c->cs_sel, &c->cs_limit, &c->cs_base, &c->cs_arbytes);
	save_seg(xv, HVM_DS, &c->ds_sel, &c->ds_limit, &c->ds_base, &c->ds_arbytes);
	save_seg(xv, HVM_ES, &c->es_sel, &c->es_limit, &c->es_base, &c->es_arbytes);
	save_seg(xv, HVM_FS, &c->fs_sel, &c->fs_limit, &c->fs_base, &c->fs_arbytes);
	save_seg(xv, HVM_GS, &c->gs_sel, &c->gs_limit, &c->gs_base, &c->gs_arbytes);
	save_seg(xv, HVM_SS, &c->ss_sel, &c->ss_limit, &c->ss_base, &c->ss_arbytes);
	save_seg(xv, HVM_TR, &c->tr_sel, &c->tr_limit, &c->tr_base, &c->tr_arbytes);
	save_seg(xv, HVM_LDTR, &c->ldtr_sel, &c->ldtr_limit, &c->ldtr_base, &c->ldtr_arbytes);
	save_seg(xv, HVM_GDTR, NULL, &c->gdtr_limit, &c->gdtr_base, NULL);
	save_seg(xv, HVM_IDTR, NULL, &c->idtr_limit, &c->idtr_base, NULL);
}

static void load_segs(struct x86_vcpu *xv, const struct hvm_hw_cpu *c)
{
	load_seg(xv, HVM_CS, c->cs_sel, c->cs_limit, c->cs_base, c->cs_arbytes);
	load_seg(xv, HVM_DS, c->ds_sel, c->ds_limit, c->ds_base, c->ds_arbytes);
	load_seg(xv, HVM_ES, c->es_sel, c->es_limit, c->es_base, c->es_arbytes);
	load_seg(xv, HVM_FS, c->fs_sel, c->fs_limit, c->fs_base, c->fs_arbytes);
	load_seg(xv, HVM_GS, c->gs_sel, c->gs_limit, c->gs_base, c->gs_arbytes);
	load_seg(xv, HVM_SS, c->ss_sel, c->ss_limit, c->ss_base, c->ss_arbytes);
	load_seg(xv, HVM_TR, c->tr_sel, c->tr_limit, c->tr_base, c->tr_arbytes);
	load_seg(xv, HVM_LDTR, c->ldtr_sel, c->ldtr_limit, c->ldtr_base, c->ldtr_arbytes);
	load_seg(xv, HVM_GDTR, 0, c->gdtr_limit, c->gdtr_base, 0);
	load_seg(xv, HVM_IDTR, 0, c->idtr_limit, c->idtr_base, 0);
}

static void save_gprs(const struct x86_vcpu *xv, struct hvm_hw_cpu *c)
{
	const u64 *g = xv->gpr;

	c->rax = g[GPR_RAX];
	c->rbx = g[GPR_RBX];
	c->rcx = g[GPR_RCX];
	c->rdx = g[GPR_RDX];
	c->rbp = g[GPR_RBP];
	c->rsi = g[GPR_RSI];
	c->rdi = g[GPR_RDI];
	c->rsp = g[GPR_RSP];
	c->r8 = g[GPR_R8];
	c->r9 = g[GPR_R9];
	c->r10 = g[GPR_R10];
	c->r11 = g[GPR_R11];
	c->r12 = g[GPR_R12];
	c->r13 = g[GPR_R13];
	c->r14 = g[GPR_R14];
	c->r15 = g[GPR_R15];
}

static void load_gprs(struct x86_vcpu *xv, const struct hvm_hw_cpu *c)
{
	u64 *g = xv->gpr;

	g[GPR_RAX] = c->rax;
	g[GPR_RBX] = c->rbx;
	g[GPR_RCX] = c->rcx;
	g[GPR_RDX] = c->rdx;
	g[GPR_RBP] = c->rbp;
	g[GPR_RSI] = c->rsi;
	g[GPR_RDI] = c->rdi;
	g[GPR_RSP] = c->rsp;
	g[GPR_R8] = c->r8;
	g[GPR_R9] = c->r9;
	g[GPR_R10] = c->r10;
	g[GPR_R11] = c->r11;
	g[GPR_R12] = c->r12;
	g[GPR_R13] = c->r13;
	g[GPR_R14] = c->r14;
	g[GPR_R15] = c->r15;
}

/* MSRs that the hardware switches, and where the record has them. */
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
 * The record has room for one event. Two at once, an NMI that waits until another has been handled,
 * and an interrupt shadow pass within a few instructions: the toolstack must let the domain run on
 * and try again.
 */
static int save_event(struct x86_vcpu *xv, struct hvm_hw_cpu *c)
{
	struct x86_event e;
	int n = hvm->get_event(xv, &e);

	/* Nor can an instruction be saved that waits for a device, which has done its part. */
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
	save_gprs(xv, c);
	save_control(xv, c);
	save_segs(xv, c);
	CPU_MSRS(SAVE_MSR, c);
	c->msr_tsc_aux = xv->msrs.tsc_aux;
	c->tsc = cycles_now() + xv->tsc_offset;
	return sizeof(*c);
}

static s32 save(void *state, u32 instance, void *record, s_time_t now)
{
	struct x86_vcpu *xv = state;
	s32 len;

	/* One that is down has no registers worth keeping. The first is started by loading them. */
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
 * A record with a TSC sets the domain's clock from the first vCPU; the others follow it, as all
 * vCPUs of a domain read the same counter. A builder that leaves it zero has no opinion.
 */
static void load_tsc(struct x86_vcpu *xv, u64 tsc)
{
	struct x86_domain *xd = to_xd(xv->v.domain);

	if (!tsc)
		return;
	if (xv->v.id == 0)
		xd->tsc_offset = tsc - cycles_now();
	hvm_update_tsc_offset(xv);
}

/* Whatever waited for the vCPU before belongs to the state that is replaced. */
static void load_event(struct x86_vcpu *xv, const struct hvm_hw_cpu *c)
{
	struct x86_event e;

	hvm->reset_events(xv);
	pending_drop(&xv->pending, &xv->v);
	xv->offered_callback = false;
	WRITE_ONCE(xv->nmi_pending, false);
	if (cpu_record_event(c, &e))
		hvm->set_event(xv, &e);
}

static void load(void *state, u32 instance, const void *record, u32 len, s_time_t now)
{
#define LOAD_MSR(msr, field) hvm->write_msr(xv, msr, field)
	const struct hvm_hw_cpu *c = record;
	struct x86_vcpu *xv = state;

	hvm_state_begin(xv);
	if (c->flags & XEN_X86_FPU_INITIALISED)
		fpu_set_legacy(xv, c->fpu_regs);
	load_gprs(xv, c);
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
