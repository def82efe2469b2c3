/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See x86-oracle.h. */
#include "x86-oracle.h"

#include <xen/string.h>
#include <xen/hal/time.h>
#include <xen/x86/control-regs.h>

#include <asm/host.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/soft-processor.h>

#include <hvm/save.h>
#include <svm/svm.h>

#define APIC_WORDS 8
#define ILLEGAL_VECTORS 0xffffU
#define ERROR_VECTORS (BIT(X86_VEC_DF) | BIT(X86_VEC_TS) | BIT(X86_VEC_NP) | BIT(X86_VEC_SS) | \
		       BIT(X86_VEC_GP) | BIT(X86_VEC_PF) | BIT(X86_VEC_AC))
#define SPIV_ENABLE BIT(8)
/* Instructions and events that no guest may carry out or take by itself. */
#define ALWAYS_1 (SVM_I1_INTR | SVM_I1_NMI | SVM_I1_SMI | SVM_I1_INIT | SVM_I1_RDPMC |   \
		  SVM_I1_CPUID | SVM_I1_INVD | SVM_I1_HLT | SVM_I1_INVLPGA | SVM_I1_IOIO | \
		  SVM_I1_MSR | SVM_I1_FERR | SVM_I1_SHUTDOWN)
#define ALWAYS_2 (SVM_I2_VMRUN | SVM_I2_VMMCALL | SVM_I2_VMLOAD | SVM_I2_VMSAVE | SVM_I2_STGI | \
		  SVM_I2_CLGI | SVM_I2_SKINIT | SVM_I2_WBINVD | SVM_I2_MONITOR | SVM_I2_MWAIT | \
		  SVM_I2_XSETBV)
#define ALWAYS_EXC (BIT(X86_VEC_DB) | BIT(X86_VEC_AC) | BIT(X86_VEC_MC))

static s32 top_vector(const struct vlapic *vl, u32 first, u32 *words)
{
	s32 top = -1;

	*words = 0;
	for (u32 i = 0; i < APIC_WORDS; i++) {
		u32 w = *vlapic_reg(vl, first + i);

		if (!w)
			continue;
		*words |= 1U << i;
		top = (s32)(i * 32 + 31 - (u32)__builtin_clz(w));
	}
	return top;
}

static const char *apic_wrong(struct vlapic *vl)
{
	u32 words, tpr = *vlapic_reg(vl, APIC_REG_TPR), class;
	s32 top = top_vector(vl, APIC_REG_ISR, &words);

	if (words != vl->isr_words || top != vl->isr_top)
		return "local APIC: the vector in service is not ISR's highest";
	class = top < 0 ? 0 : (u32)top & 0xf0;
	if (tpr > 0xff || *vlapic_reg(vl, APIC_REG_PPR) != ((tpr & 0xf0) >= class ? tpr : class))
		return "local APIC: PPR does not follow from TPR and ISR";
	top_vector(vl, APIC_REG_IRR, &words);
	if (words & ~READ_ONCE(vl->irr_words))
		return "local APIC: a request that its owner would not find";
	if ((*vlapic_reg(vl, APIC_REG_ISR) | *vlapic_reg(vl, APIC_REG_IRR)) & ILLEGAL_VECTORS)
		return "local APIC: an illegal vector is requested or in service";
	if (vl->enabled != ((vl->base_msr & APIC_BASE_EN) && (*vlapic_reg(vl, APIC_REG_SPIV) &
							      SPIV_ENABLE)))
		return "local APIC: its enabling does not follow from the registers";
	if (vl->x2apic != !!(vl->base_msr & APIC_BASE_EXTD) || (vl->base_msr & vl->base_reserved))
		return "local APIC: base MSR";
	return NULL;
}

static const char *control_wrong(struct x86_vcpu *xv)
{
	const struct cpuid_policy *p = to_xd(xv->v.domain)->cpuid;
	struct cr4_ctx c4 = { .cr4 = hvm->get_cr(xv, 4), .cr3 = hvm->get_cr(xv, 3),
			      .long_mode = hvm->get_efer(xv) & EFER_LMA };

	if (!cr4_write_valid(p, &c4, c4.cr4))
		return "CR4 has a bit that its policy does not allow";
	if (hvm->get_efer(xv) & ~(efer_settable(p) | EFER_LMA))
		return "EFER has a bit that its policy does not allow";
	if (!(hvm->get_efer(xv) & EFER_LMA) != !((hvm->get_efer(xv) & EFER_LME) &&
						 (hvm->get_cr(xv, 0) & X86_CR0_PG)))
		return "EFER.LMA does not follow from LME and CR0.PG";
	if (!pat_valid(xv->msrs.mtrr.pat))
		return "PAT";
	if (!(xv->xcr0 & XCR0_X87) || (xv->xcr0 != XCR0_X87 && !cpuid_xcr0_valid(p, xv->xcr0)))
		return "XCR0";
	return NULL;
}

/* An error code goes with exactly those exceptions that have one, in protected mode. */
static const char *event_wrong(const struct vmcb *b)
{
	u64 e = b->event_inj;
	bool has_error = e & SVM_EV_ERROR_VALID;

	if (!(e & SVM_EV_VALID))
		return NULL;
	if ((e & SVM_EV_TYPE_MASK) == SVM_EV_TYPE_NMI)
		return (e & SVM_EV_VECTOR_MASK) == X86_VEC_NMI && !has_error ? NULL
									    : "injected NMI";
	if ((e & SVM_EV_TYPE_MASK) != SVM_EV_TYPE_EXC)
		return "an interrupt is injected instead of being offered";
	if (!(b->cr0 & X86_CR0_PE))
		return has_error ? "error code of an exception in real mode" : NULL;
	if (has_error != !!(ERROR_VECTORS >> (e & SVM_EV_VECTOR_MASK) & 1))
		return "error code of the injected exception";
	return NULL;
}

static const char *svm_wrong(const struct x86_vcpu *xv)
{
	const struct svm_vcpu *s = xv->vendor;
	const struct vmcb *b = s->vmcb;

	if (!(b->cr4 & X86_CR4_MCE) || !(b->efer & EFER_SVME))
		return "CR4.MCE or EFER.SVME is off";
	if (!(b->cr_write & BIT(4)) || !(b->cr_write & BIT(8)) || !(b->cr_read & BIT(8)) ||
	    s->mce_hidden != !!(b->cr_read & BIT(4)))
		return "intercepts of control registers";
	if ((~b->intercept1 & ALWAYS_1) || (~b->intercept2 & ALWAYS_2))
		return "intercepts of instructions";
	if ((~b->exceptions & ALWAYS_EXC) || !(b->vintr & SVM_VINTR_MASKING))
		return "intercepts of exceptions, or virtual interrupts are off";
	if (s->vintr_redeliver && s->vintr_vector < 0)
		return "an interrupt without a vector is to be delivered again";
	if (!(b->intercept1 & SVM_I1_IRET) != (s->nmi != NMI_BLOCKED))
		return "IRET is intercepted at another time than during an NMI";
	return event_wrong(b);
}

const char *x86_vcpu_wrong(struct x86_vcpu *xv)
{
	const char *why = apic_wrong(&xv->vlapic);

	if (!why)
		why = control_wrong(xv);
	if (!why)
		why = svm_wrong(xv);
	return why;
}

static const char *record_wrong(const struct save_kind *k, void *state, u32 id)
{
	static u8 rec[SAVE_RECORD_MAX];
	s32 len;

	memset(rec, 0, sizeof(rec));
	if (k->settle)
		k->settle(state, hal_now_ns());
	len = k->save(state, id, rec, hal_now_ns());
	if (len <= 0)
		return NULL;
	if ((u32)len < k->min_bytes || (u32)len > k->max_bytes)
		return "a record of its state has the wrong size";
	return k->check(state, id, rec, (u32)len) ? "a record of its state would be refused" : NULL;
}

const char *x86_records_wrong(struct x86_vcpu *xv)
{
	const struct { const struct save_kind *k; void *state; } all[] = {
		{ &hvm_cpu_record, xv }, { &vlapic_record, &xv->vlapic },
		{ &vlapic_regs_record, &xv->vlapic }, { &mtrr_record, &xv->msrs.mtrr },
		{ &hvm_fpu_record, xv }, { &tsc_adjust_record, &xv->msrs },
	};
	const char *why = NULL;

	for (u32 i = 0; i < ARRAY_SIZE(all) && !why; i++)
		why = record_wrong(all[i].k, all[i].state, xv->v.id);
	return why;
}
