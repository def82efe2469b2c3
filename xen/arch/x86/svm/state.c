/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest register state in the VMCB, as the vendor-neutral code reads and writes it. */
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/string.h>
#include <xen/x86/ptwalk.h>

#include <asm/msr.h>
#include <asm/processor.h>

#include "asid.h"
#include "state.h"

void svm_sync_state(struct x86_vcpu *xv)
{
	struct svm_vcpu *s = svm_of(xv);

	/* The state is loaded in the CPU that runs the vCPU, and in no other. */
	ASSERT(!s->state_loaded || &xv->v == hal_current_vcpu());
	/*
	 * VMSAVE leaves the loaded state in place, so nothing has to be loaded again after reads.
	 */
	if (s->state_loaded)
		vmsave(s->vmcb_pa);
}

static void reload_state(struct x86_vcpu *xv)
{
	struct svm_vcpu *s = svm_of(xv);

	if (s->state_loaded)
		vmload(s->vmcb_pa);
}

/* The control blocks of all vCPUs are in memory, which any CPU can access. */
void svm_state_begin(struct x86_vcpu *xv)
{
}

void svm_state_end(struct x86_vcpu *xv)
{
}

u64 svm_get_cr(const struct x86_vcpu *xv, u32 cr)
{
	const struct vmcb *vmcb = vmcb_of(xv);

	ASSERT(cr <= 4 && cr != 1);
	switch (cr) {
	case 0:
		return vmcb->cr0;
	case 2:
		return vmcb->cr2;
	case 3:
		return vmcb->cr3;
	default:
		return vmcb->cr4 & ~(svm_of(xv)->mce_hidden ? X86_CR4_MCE : 0UL);
	}
}

void svm_get_paging(const struct x86_vcpu *xv, struct x86_walk *w)
{
	const struct vmcb *vmcb = vmcb_of(xv);

	w->cr0 = vmcb->cr0;
	w->cr3 = vmcb->cr3;
	w->cr4 = vmcb->cr4;
	w->efer = vmcb->efer & ~EFER_SVME;
	w->rflags = vmcb->rflags;
}

/*
 * A machine check while CR4.MCE is clear shuts the processor down before any intercept is checked,
 * so MCE is always set. A guest that cleared it reads it as clear, as its reads are intercepted.
 */
void svm_set_cr4(struct svm_vcpu *s, u64 val)
{
	ASSERT(!(val & X86_CR4_VMXE));
	s->mce_hidden = !(val & X86_CR4_MCE);
	s->vmcb->cr4 = val | X86_CR4_MCE;
	s->vmcb->cr_read = BIT(8) | (s->mce_hidden ? BIT(4) : 0);
}

void svm_set_cr(struct x86_vcpu *xv, u32 cr, u64 val)
{
	struct vmcb *vmcb = vmcb_of(xv);

	ASSERT(cr <= 4 && cr != 1);
	switch (cr) {
	case 0:
		ASSERT(!(val >> 32));
		vmcb->cr0 = val;
		break;
	case 2:
		vmcb->cr2 = val;
		break;
	case 3:
		vmcb->cr3 = val;
		break;
	default:
		svm_set_cr4(svm_of(xv), val);
	}
	asid_drop(svm_of(xv));
}

/* The guest never sees SVME, which VMRUN requires. */
u64 svm_get_efer(const struct x86_vcpu *xv)
{
	return vmcb_of(xv)->efer & ~EFER_SVME;
}

void svm_set_efer(struct x86_vcpu *xv, u64 val)
{
	ASSERT(!(val & EFER_SVME));
	vmcb_of(xv)->efer = val | EFER_SVME;
	asid_drop(svm_of(xv));
}

u64 svm_get_rip(const struct x86_vcpu *xv)
{
	return vmcb_of(xv)->rip;
}

void svm_set_rip(struct x86_vcpu *xv, u64 val)
{
	vmcb_of(xv)->rip = val;
}

u64 svm_get_rflags(const struct x86_vcpu *xv)
{
	const struct svm_vcpu *s = svm_of(xv);

	/* The trap flag may have been set by nmi.c. */
	return s->vmcb->rflags & ~(s->nmi == NMI_STEP && !s->guest_tf ? X86_EFLAGS_TF : 0UL);
}

void svm_set_rflags(struct x86_vcpu *xv, u64 val)
{
	struct svm_vcpu *s = svm_of(xv);

	s->vmcb->rflags = val | BIT(1);
	if (s->nmi == NMI_STEP) {
		s->guest_tf = val & X86_EFLAGS_TF;
		s->vmcb->rflags |= X86_EFLAGS_TF;
	}
}

u64 svm_get_dr(const struct x86_vcpu *xv, u32 dr)
{
	const struct vmcb *vmcb = vmcb_of(xv);

	ASSERT(dr < 4 || dr == 6 || dr == 7);
	return dr == 7 ? vmcb->dr7 : dr == 6 ? vmcb->dr6 : xv->dr[dr & 3];
}

void svm_set_dr(struct x86_vcpu *xv, u32 dr, u64 val)
{
	struct vmcb *vmcb = vmcb_of(xv);

	ASSERT(dr < 4 || dr == 6 || dr == 7);
	if (dr == 7)
		vmcb->dr7 = (u32)val | X86_DR7_RESET;
	else if (dr == 6)
		vmcb->dr6 = (u32)val | X86_DR6_RESET;
	else
		xv->dr[dr & 3] = val;
}

u32 svm_get_cpl(const struct x86_vcpu *xv)
{
	return vmcb_of(xv)->cpl;
}

static struct vmcb_seg *seg_of(struct vmcb *vmcb, enum hvm_segment s)
{
	switch (s) {
	case HVM_ES:
		return &vmcb->es;
	case HVM_CS:
		return &vmcb->cs;
	case HVM_SS:
		return &vmcb->ss;
	case HVM_DS:
		return &vmcb->ds;
	case HVM_FS:
		return &vmcb->fs;
	case HVM_GS:
		return &vmcb->gs;
	case HVM_TR:
		return &vmcb->tr;
	case HVM_LDTR:
		return &vmcb->ldtr;
	case HVM_GDTR:
		return &vmcb->gdtr;
	default:
		ASSERT(s == HVM_IDTR);
		return &vmcb->idtr;
	}
}

static bool seg_is_lazy(enum hvm_segment s)
{
	return s == HVM_FS || s == HVM_GS || s == HVM_TR || s == HVM_LDTR;
}

void svm_get_seg(struct x86_vcpu *xv, enum hvm_segment s, struct hvm_seg *out)
{
	const struct vmcb_seg *seg = seg_of(vmcb_of(xv), s);

	if (seg_is_lazy(s))
		svm_sync_state(xv);
	*out = (struct hvm_seg){ seg->sel, seg->attr, seg->limit, seg->base };
}

void svm_set_seg(struct x86_vcpu *xv, enum hvm_segment s, const struct hvm_seg *in)
{
	struct vmcb *vmcb = vmcb_of(xv);

	if (seg_is_lazy(s))
		svm_sync_state(xv);
	*seg_of(vmcb, s) = (struct vmcb_seg){ in->sel, in->attr, in->limit, in->base };
	if (s == HVM_SS)
		vmcb->cpl = (in->attr >> 5) & 3;
	if (seg_is_lazy(s))
		reload_state(xv);
}

/* MSRs that VMLOAD and VMSAVE switch; offsets into the VMCB. */
static u64 *lazy_msr(struct vmcb *vmcb, u32 msr)
{
	switch (msr) {
	case MSR_STAR:
		return &vmcb->star;
	case MSR_LSTAR:
		return &vmcb->lstar;
	case MSR_CSTAR:
		return &vmcb->cstar;
	case MSR_SFMASK:
		return &vmcb->sfmask;
	case MSR_KERNEL_GS_BASE:
		return &vmcb->kernel_gs_base;
	case MSR_FS_BASE:
		return &vmcb->fs.base;
	case MSR_GS_BASE:
		return &vmcb->gs.base;
	case MSR_SYSENTER_CS:
		return &vmcb->sysenter_cs;
	case MSR_SYSENTER_ESP:
		return &vmcb->sysenter_esp;
	case MSR_SYSENTER_EIP:
		return &vmcb->sysenter_eip;
	default:
		return NULL;
	}
}

bool svm_read_msr(struct x86_vcpu *xv, u32 msr, u64 *val)
{
	u64 *field = lazy_msr(vmcb_of(xv), msr);

	if (!field)
		return false;
	svm_sync_state(xv);
	*val = *field;
	return true;
}

bool svm_write_msr(struct x86_vcpu *xv, u32 msr, u64 val)
{
	u64 *field = lazy_msr(vmcb_of(xv), msr);

	if (!field)
		return false;
	svm_sync_state(xv);
	*field = val;
	reload_state(xv);
	return true;
}

void svm_set_tsc_offset(struct x86_vcpu *xv, u64 offset)
{
	vmcb_of(xv)->tsc_offset = offset;
}

void svm_set_pat(struct x86_vcpu *xv, u64 pat)
{
	ASSERT(pat_valid(pat));
	vmcb_of(xv)->g_pat = pat;
}
