/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lengths of intercepted instructions. A processor with NRIP-save reports the next RIP. Otherwise
 * (as on QEMU's TCG) the bytes at RIP are fetched through the guest's page tables and checked. A
 * small cache remembers lengths by (RIP, CR3, exit code). A guest that changes the prefixes of an
 * intercepted instruction in place can only mislead itself.
 */
#include <xen/x86/emul.h>

#include <asm/msr.h>
#include <asm/processor.h>

#include "svm.h"

static bool has_nrips;

void svm_insn_init(void)
{
	has_nrips = cpuid(0x8000000a).edx & BIT(3);
}

static bool exit_to_simple(u32 code, enum x86_simple *which)
{
	switch (code) {
	case SVM_EXIT_CPUID:
		*which = X86_SIMPLE_CPUID;
		return true;
	case SVM_EXIT_VMMCALL:
		*which = X86_SIMPLE_VMMCALL;
		return true;
	case SVM_EXIT_HLT:
		*which = X86_SIMPLE_HLT;
		return true;
	case SVM_EXIT_PAUSE:
		*which = X86_SIMPLE_PAUSE;
		return true;
	case SVM_EXIT_INVD:
		*which = X86_SIMPLE_INVD;
		return true;
	case SVM_EXIT_WBINVD:
		*which = X86_SIMPLE_WBINVD;
		return true;
	case SVM_EXIT_XSETBV:
		*which = X86_SIMPLE_XSETBV;
		return true;
	case SVM_EXIT_MSR:
		return true;
	default:
		return false;
	}
}

static u32 decode_len(struct x86_vcpu *xv, u32 code)
{
	struct vmcb *vmcb = vmcb_of(xv);
	enum x86_simple which = vmcb->exit_info1 ? X86_SIMPLE_WRMSR : X86_SIMPLE_RDMSR;
	bool is_long = (vmcb->efer & EFER_LMA) && (vmcb->cs.attr & HVM_SEG_ATTR_L);
	u64 va = is_long ? vmcb->rip : (u32)(vmcb->cs.base + vmcb->rip);
	u8 bytes[X86_INSN_MAX];
	int len;
	u32 n;

	if (!exit_to_simple(code, &which))
		return 0;
	n = hvm_fetch(xv, va, bytes, sizeof(bytes));
	len = x86_skip_simple(bytes, n, which);
	/* QEMU 7.2 reports INVD by the code of WBINVD. */
	if (len <= 0 && which == X86_SIMPLE_WBINVD)
		len = x86_skip_simple(bytes, n, X86_SIMPLE_INVD);
	return len > 0 ? (u32)len : 0;
}

/* Out of line, so that a known length does not cost a stack frame. */
static __noinline u32 learn_len(struct x86_vcpu *xv, struct insn_cache_entry *e)
{
	struct vmcb *vmcb = vmcb_of(xv);
	u32 code = (u32)vmcb->exit_code, len = decode_len(xv, code);

	/*
	 * Another vCPU changed the code or the page tables: let the guest execute what is there
	 * now.
	 */
	if (!len)
		return 0;
	ASSERT(len <= X86_INSN_MAX);
	*e = (struct insn_cache_entry){ vmcb->rip, vmcb->cr3, code, len };
	return len;
}

/* The calls of a hypercall page are 32 bytes apart: they need slots of their own. */
static inline u32 cache_slot(u64 rip)
{
	return (u32)(rip >> 1 ^ rip >> 5) % INSN_CACHE_SIZE;
}

u32 svm_insn_len(struct x86_vcpu *xv)
{
	struct vmcb *vmcb = vmcb_of(xv);
	struct insn_cache_entry *e;

	if (has_nrips && vmcb->next_rip > vmcb->rip && vmcb->next_rip - vmcb->rip <= X86_INSN_MAX)
		return (u32)(vmcb->next_rip - vmcb->rip);
	e = &svm_of(xv)->insn_cache[cache_slot(vmcb->rip)];
	if (likely(e->rip == vmcb->rip && e->cr3 == vmcb->cr3 &&
		   e->exit_code == (u32)vmcb->exit_code && e->len))
		return e->len;
	return learn_len(xv, e);
}
