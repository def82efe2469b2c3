/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of the record of a vCPU's registers, and the event that it holds. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/string.h>
#include <xen/x86/control-regs.h>
#include <xen/x86/cpu-record.h>
#include <xen/x86/regs.h>

#include <public/xen.h>
#include <public/hvm/save.h>

#define VEC_NMI 2
#define NR_EXCEPTIONS 32
/* Exceptions that push an error code: #DF, #TS to #PF, #AC, #CP. */
#define ERROR_CODE_VECTORS (1u << 8 | 0x1fu << 10 | 1u << 17 | 1u << 21)

/* CR3 above the largest physical address is reserved in long mode. */
#define CR3_RESERVED (0xfffUL << 52)
#define ATTR_L (1u << 9)
#define ATTR_DB (1u << 10)

static bool fpu_valid(const struct hvm_hw_cpu *c)
{
	u32 mxcsr;

	memcpy(&mxcsr, c->fpu_regs + FXSAVE_MXCSR, sizeof(mxcsr));
	return !(c->flags & XEN_X86_FPU_INITIALISED) || !(mxcsr & ~MXCSR_VALID);
}

static bool control_valid(const struct cpuid_policy *p, const struct hvm_hw_cpu *c)
{
	if (c->cr0 >> 32 || ((c->cr0 & X86_CR0_PG) && !(c->cr0 & X86_CR0_PE)) ||
	    ((c->cr0 & X86_CR0_NW) && !(c->cr0 & X86_CR0_CD)))
		return false;
	return !(c->cr3 & CR3_RESERVED) && !(c->cr4 & ~cpuid_cr4_valid(p)) && !(c->dr6 >> 32) &&
	       !(c->dr7 >> 32);
}

static bool long_mode_valid(const struct cpuid_policy *p, const struct hvm_hw_cpu *c)
{
	bool paging = c->cr0 & X86_CR0_PG, lme = c->msr_efer & EFER_LME;

	if (c->msr_efer & ~(efer_settable(p) | EFER_LMA))
		return false;
	if ((c->msr_efer & EFER_LMA) && (!lme || !paging))
		return false;
	if (!lme || !paging)
		return !(c->cr4 & X86_CR4_PCIDE);
	return (c->cr4 & X86_CR4_PAE) && (c->cs_arbytes & (ATTR_L | ATTR_DB)) != (ATTR_L | ATTR_DB);
}

static bool addresses_valid(const struct hvm_hw_cpu *c)
{
	const u64 address[] = {
		c->fs_base, c->gs_base, c->tr_base, c->ldtr_base, c->gdtr_base, c->idtr_base,
		c->shadow_gs, c->msr_lstar, c->msr_cstar, c->sysenter_eip, c->sysenter_esp,
	};

	for (u32 i = 0; i < ARRAY_SIZE(address); i++)
		if (!x86_canonical(address[i]))
			return false;
	return true;
}

static bool selectors_valid(const struct hvm_hw_cpu *c)
{
	u32 all = c->cs_sel | c->ds_sel | c->es_sel | c->fs_sel | c->gs_sel | c->ss_sel |
		  c->tr_sel | c->ldtr_sel;

	return !(all >> 16);
}

/* The instruction raises software interrupts and exceptions again, so none can be pending. */
static bool event_valid(const struct hvm_hw_cpu *c)
{
	u8 vector = c->pending_vector;

	if (!c->pending_valid)
		return true;
	if (c->pending_reserved)
		return false;
	switch (c->pending_type) {
	case X86_EVENT_INTR:
		/* Any vector: the 8259s give those of exceptions, too. */
		return !c->pending_error_valid;
	case X86_EVENT_NMI:
		return vector == VEC_NMI && !c->pending_error_valid;
	case X86_EVENT_EXC:
		return vector < NR_EXCEPTIONS && vector != VEC_NMI &&
		       (!c->pending_error_valid || (ERROR_CODE_VECTORS >> vector & 1));
	default:
		return false;
	}
}

int cpu_record_check(const struct cpuid_policy *p, const struct hvm_hw_cpu *c)
{
	if (c->pad0 || (c->flags & ~XEN_X86_FPU_INITIALISED) || c->msr_tsc_aux >> 32)
		return -XEN_EINVAL;
	if (!fpu_valid(c) || !control_valid(p, c) || !long_mode_valid(p, c) ||
	    !addresses_valid(c) || !selectors_valid(c) || !event_valid(c))
		return -XEN_EINVAL;
	return 0;
}

void cpu_record_put_event(struct hvm_hw_cpu *c, const struct x86_event *e)
{
	ASSERT(!c->pending_valid);
	c->pending_vector = e->vector;
	c->pending_type = e->type;
	c->pending_error_valid = e->has_error;
	c->pending_valid = true;
	c->error_code = e->has_error ? e->error : 0;
	ASSERT(event_valid(c));
}

bool cpu_record_event(const struct hvm_hw_cpu *c, struct x86_event *e)
{
	ASSERT(event_valid(c));
	/* In real mode no exception has an error code, whatever the source recorded. */
	*e = (struct x86_event){
		.vector = c->pending_vector, .type = c->pending_type,
		.has_error = c->pending_error_valid && (c->cr0 & X86_CR0_PE),
		.error = c->error_code,
	};
	return c->pending_valid;
}
