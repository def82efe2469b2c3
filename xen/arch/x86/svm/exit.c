/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handler of each #VMEXIT (exit codes: APM volume 2, appendix C). */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/trace.h>
#include <xen/x86/emul.h>

#include <asm/processor.h>

#include "svm.h"

static void skip(struct x86_vcpu *xv)
{
	u32 len = svm_insn_len(xv);

	if (len)
		svm_skip(xv, len);
}

static void exit_cpuid(struct x86_vcpu *xv)
{
	u32 len = svm_insn_len(xv);

	if (!len)
		return;
	hvm_do_cpuid(xv);
	svm_skip(xv, len);
}

static void exit_vmmcall(struct x86_vcpu *xv)
{
	u32 len = svm_insn_len(xv);

	if (len && hvm_do_hypercall(xv))
		svm_skip(xv, len);
}

static void exit_msr(struct x86_vcpu *xv)
{
	u32 len = svm_insn_len(xv);

	if (len && hvm_do_msr(xv, vmcb_of(xv)->exit_info1 & 1))
		svm_skip(xv, len);
}

static void exit_ioio(struct x86_vcpu *xv)
{
	struct vmcb *vmcb = vmcb_of(xv);
	u64 info = vmcb->exit_info1;
	u32 bytes = (info >> 4) & 7;

	/* Bit 0: IN; bit 2: string; bits 4-6: size; exit_info2: the next RIP (APM 15.10.2). */
	if (info & BIT(2)) {
		hvm_emulate_one(xv, X86_CLASS_STRING_IO);
		return;
	}
	if (info & 1 ? hvm_do_in(xv, (u16)(info >> 16), bytes)
		     : hvm_do_out(xv, (u16)(info >> 16), bytes))
		svm_continue_at(xv, vmcb->exit_info2);
}

static void exit_npf(struct x86_vcpu *xv)
{
	struct vmcb *vmcb = vmcb_of(xv);
	u64 info = vmcb->exit_info1;
	u32 flags = 0, len;

	/*
	 * Bit 32: fault at the final address; bit 33: fault on the guest's page tables (APM
	 * 15.25.6).
	 */
	if (info & BIT(1))
		flags |= HVM_FAULT_WRITE;
	if (info & BIT(4))
		flags |= HVM_FAULT_FETCH;
	if (!(info & BIT(32)))
		flags |= HVM_FAULT_WALK;
	len = hvm_do_nested_fault(xv, gpaddr_make(vmcb->exit_info2), flags);
	if (len)
		svm_skip(xv, len);
}

static void exit_exception(struct x86_vcpu *xv, u32 vector)
{
	struct vmcb *vmcb = vmcb_of(xv);

	switch (vector) {
	case X86_VEC_DB:
		if (svm_nmi_stepped(xv))
			break;
		hvm->inject_exception(xv, X86_VEC_DB, -1, 0);
		break;
	case X86_VEC_AC:
		hvm->inject_exception(xv, X86_VEC_AC, (s32)vmcb->exit_info1, 0);
		break;
	case X86_VEC_MC:
		/*
		 * The machine check is the host's: raise it here, as the processor would have done.
		 */
		raise_machine_check();
		break;
	default:
		domain_crash(xv->v.domain, "unexpected exception intercept %u", vector);
	}
}

static void exit_unknown(struct x86_vcpu *xv)
{
	struct vmcb *vmcb = vmcb_of(xv);

	domain_crash(xv->v.domain,
		     "vCPU %u: unexpected exit %#lx info %#lx %#lx rip %#lx", xv->v.id,
		     vmcb->exit_code, vmcb->exit_info1, vmcb->exit_info2, vmcb->rip);
}

/* Exits of instructions that are undefined for the guest, always or by its policy (set_policy). */
static bool exit_is_undefined(u64 code)
{
	switch (code) {
	case SVM_EXIT_INVLPGA:
	case SVM_EXIT_VMRUN:
	case SVM_EXIT_RDPMC:
	case SVM_EXIT_RDTSCP:
	case SVM_EXIT_RDPRU:
		return true;
	default:
		return (code >= SVM_EXIT_VMLOAD && code <= SVM_EXIT_SKINIT) ||
		       (code >= SVM_EXIT_MONITOR && code <= SVM_EXIT_MWAIT_COND) ||
		       (code >= SVM_EXIT_INVLPGB && code <= SVM_EXIT_TLBSYNC);
	}
}

static void exit_invalid(struct x86_vcpu *xv)
{
	struct vmcb *vmcb = vmcb_of(xv);

	domain_crash(xv->v.domain,
		     "vCPU %u: invalid guest state cr0 %#lx cr3 %#lx cr4 %#lx efer %#lx "
		     "rflags %#lx",
		     xv->v.id, vmcb->cr0, vmcb->cr3, vmcb->cr4, vmcb->efer, vmcb->rflags);
}

static const u8 exit_classes[] = {
	[SVM_EXIT_CR0_READ ... SVM_EXIT_DR15_WRITE] = EXIT_CONTROL,
	[SVM_EXIT_EXC_BASE ... SVM_EXIT_EXC_LAST] = EXIT_EXCEPTION,
	[SVM_EXIT_INTR ... SVM_EXIT_INIT] = EXIT_INTERRUPT,
	[SVM_EXIT_CPUID] = EXIT_CPUID,
	[SVM_EXIT_HLT] = EXIT_HLT,
	[SVM_EXIT_IOIO] = EXIT_IO,
	[SVM_EXIT_MSR] = EXIT_MSR,
	[SVM_EXIT_VMMCALL] = EXIT_HYPERCALL,
	[SVM_EXIT_XSETBV] = EXIT_CONTROL,
};

static void count_exit(struct x86_vcpu *xv, u64 code)
{
	enum exit_class class = EXIT_OTHER;

	if (likely(code < ARRAY_SIZE(exit_classes)))
		class = exit_classes[code];
	else if (code == SVM_EXIT_NPF)
		class = EXIT_NESTED_FAULT;
	ASSERT(class < EXIT_CLASSES);
	xv->exits[class]++;
}

void svm_handle_exit(struct x86_vcpu *xv)
{
	u64 code = vmcb_of(xv)->exit_code;

	ASSERT(&xv->v == hal_current_vcpu() && svm_of(xv)->state_loaded);
	ASSERT(!svm_of(xv)->vintr_redeliver || svm_of(xv)->vintr_vector >= 0);
	count_exit(xv, code);
	switch (code) {
	case SVM_EXIT_INTR:
		trace_exit_interrupt();
		break;	/* the host took it when GIF was set */
	case SVM_EXIT_NMI:
	case SVM_EXIT_SMI:
	case SVM_EXIT_INIT:
		break;	/* the host handled it when GIF was set again */
	case SVM_EXIT_VINTR:
		break;	/* the guest can take interrupts now: see offer_interrupt() */
	case SVM_EXIT_VMMCALL:
		exit_vmmcall(xv);
		break;
	case SVM_EXIT_CPUID:
		exit_cpuid(xv);
		break;
	case SVM_EXIT_MSR:
		exit_msr(xv);
		break;
	case SVM_EXIT_IOIO:
		exit_ioio(xv);
		break;
	case SVM_EXIT_NPF:
		exit_npf(xv);
		break;
	case SVM_EXIT_HLT:
		skip(xv);
		hvm_do_hlt(xv);
		break;
	case SVM_EXIT_IRET:
		svm_exit_iret(xv);
		break;
	case SVM_EXIT_WBINVD:
	case SVM_EXIT_INVD:
	case SVM_EXIT_PAUSE:
		skip(xv);
		break;
	case SVM_EXIT_SHUTDOWN:
		hvm_do_triple_fault(xv);
		break;
	case SVM_EXIT_CR0_READ ... SVM_EXIT_CR15_WRITE:
	case SVM_EXIT_DR0_READ ... SVM_EXIT_DR15_WRITE:
		hvm_emulate_one(xv, X86_CLASS_CONTROL);
		break;
	case SVM_EXIT_XSETBV:
		hvm_emulate_one(xv, X86_CLASS_XCR);
		break;
	case SVM_EXIT_EXC_BASE ... SVM_EXIT_EXC_LAST:
		exit_exception(xv, (u32)code - SVM_EXIT_EXC_BASE);
		break;
	case SVM_EXIT_INVALID:
	case SVM_EXIT_INVALID32:
		exit_invalid(xv);
		break;
	default:
		if (exit_is_undefined(code))
			hvm_inject_ud(xv);
		else
			exit_unknown(xv);
	}
}
