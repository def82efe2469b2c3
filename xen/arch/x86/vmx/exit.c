/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handler of each exit (reasons: SDM volume 3, appendix C). */
#include <xen/hal/vcpu.h>
#include <xen/trace.h>
#include <xen/x86/emul.h>

#include "apic.h"
#include "state.h"

#define DR6_RAISED 0x600fUL	/* breakpoints, BD and BS: in the exit's qualification as in DR6 */
#define DR6_BREAKPOINTS 0xfUL
#define DR6_BD BIT(13)
#define DR7_GD BIT(13)

void vmx_skip(struct x86_vcpu *xv, u64 len)
{
	vmcs_write(VMCS_GUEST_RIP, vmcs_read(VMCS_GUEST_RIP) + len);
	vmx_set_interrupt_shadow(xv, false);
	if (unlikely(vmcs_read(VMCS_GUEST_RFLAGS) & X86_EFLAGS_TF))
		hvm_inject_step(xv);
}

static void skip_insn(struct x86_vcpu *xv)
{
	vmx_skip(xv, vmcs_read(VMCS_INSN_LENGTH));
}

static void exit_io(struct x86_vcpu *xv)
{
	u64 q = vmcs_read(VMCS_QUALIFICATION);
	u32 bytes = (q & VMX_IO_BYTES_MASK) + 1;
	u16 port = (u16)(q >> VMX_IO_PORT_SHIFT);

	if (q & VMX_IO_STRING) {
		hvm_emulate_one(xv, X86_CLASS_STRING_IO);
		return;
	}
	if (q & VMX_IO_IN ? hvm_do_in(xv, port, bytes) : hvm_do_out(xv, port, bytes))
		skip_insn(xv);
}

/* An IRET had ended the blocking of NMIs before it faulted: it will run again. */
static void block_nmis_again(bool unblocked)
{
	if (unblocked && !(vmcs_read(VMCS_VECTORING_EVENT) & VMX_EVENT_VALID))
		vmcs_write(VMCS_INTERRUPTIBILITY,
			   vmcs_read(VMCS_INTERRUPTIBILITY) | VMX_BLOCKED_NMI);
}

static void exit_ept_violation(struct x86_vcpu *xv)
{
	u64 q = vmcs_read(VMCS_QUALIFICATION);
	u32 flags = 0, len;

	block_nmis_again(q & VMX_EPT_IRET_UNBLOCK);
	if (q & VMX_EPT_WRITE)
		flags |= HVM_FAULT_WRITE;
	if (q & VMX_EPT_FETCH)
		flags |= HVM_FAULT_FETCH;
	/* Loading PDPTEs has no linear address. */
	if (!(q & VMX_EPT_LINEAR) || !(q & VMX_EPT_FINAL))
		flags |= HVM_FAULT_WALK;
	len = hvm_do_nested_fault(xv, gpaddr_make(vmcs_read(VMCS_GUEST_PHYS)), flags);
	if (len)
		vmx_skip(xv, len);
}

/*
 * Such an exit has changed neither DR6 nor DR7. INT1 is an instruction that is done, unlike what
 * the debug registers report.
 */
static void exit_debug(struct x86_vcpu *xv, u32 type)
{
	u64 q = vmcs_read(VMCS_QUALIFICATION) & DR6_RAISED;

	if (type == VMX_TYPE_INT1)
		vmcs_write(VMCS_GUEST_RIP,
			   vmcs_read(VMCS_GUEST_RIP) + vmcs_read(VMCS_INSN_LENGTH));
	else
		hvm->set_dr(xv, 6, (hvm->get_dr(xv, 6) & ~DR6_BREAKPOINTS) | q);
	if (q & DR6_BD)
		vmcs_write(VMCS_GUEST_DR7, vmcs_read(VMCS_GUEST_DR7) & ~DR7_GD);
	vmx_note_pending_step();
	hvm->inject_exception(xv, X86_VEC_DB, -1, 0);
}

/* The guest's own, as it would have come without the exit. An #AC always has an error code. */
static void raise_again(struct x86_vcpu *xv, u32 event)
{
	u8 vector = event & VMX_EVENT_VECTOR;

	hvm->inject_exception(xv, vector,
			      event & VMX_EVENT_ERROR ? (s32)vmcs_read(VMCS_EXIT_ERROR) : -1,
			      vector == X86_VEC_PF ? vmcs_read(VMCS_QUALIFICATION) : 0);
}

static void exit_exception(struct x86_vcpu *xv)
{
	u32 event = (u32)vmcs_read(VMCS_EXIT_EVENT), vector = event & VMX_EVENT_VECTOR;
	u32 type = (event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT;

	ASSERT(event & VMX_EVENT_VALID);
	if (type == VMX_TYPE_NMI)
		return;		/* the host took it right after the exit */
	block_nmis_again((event & VMX_EVENT_IRET_UNBLOCK) && vector != X86_VEC_DF);
	switch (vector) {
	case X86_VEC_DB:
		exit_debug(xv, type);
		break;
	case X86_VEC_AC:
		raise_again(xv, event);
		break;
	case X86_VEC_MC:
		/* The machine check is the host's: raise it here, as the processor would have. */
		__asm__ volatile("int $18");
		break;
	default:
		if (vmx_catch_faults)
			raise_again(xv, event);
		else
			domain_crash(xv->v.domain, "unexpected exception exit %u", vector);
	}
}

static void exit_nmi_window(struct x86_vcpu *xv)
{
	vmx_proc_control(vmx_of(xv), VMX_PROC_NMI_WINDOW, false);
	if (xv->nmi_pending)
		WRITE_ONCE(xv->work_pending, true);
}

static void exit_unknown(struct x86_vcpu *xv, u32 reason)
{
	domain_crash(xv->v.domain, "vCPU %u: unexpected exit %u qualification %#lx rip %#lx",
		     xv->v.id, reason, vmcs_read(VMCS_QUALIFICATION), vmcs_read(VMCS_GUEST_RIP));
}

static u64 read_field(void *ctx, u32 field)
{
	return vmcs_read(field);
}

void vmx_report_refusal(struct x86_vcpu *xv, u32 reason)
{
	const struct vmx_entry_source src = { .read = read_field, .caps = &vmx_caps,
					      .phys_bits = vmx_phys_bits() };
	struct vmx_entry_fault f;
	u64 error = reason ? 0 : vmcs_read(VMCS_INSN_ERROR);

	vmx_reached(xv);
	if (vmx_entry_valid(&src, &f))
		domain_crash(xv->v.domain,
			     "vCPU %u: VM entry refused (reason %#x, error %lu), and no field is "
			     "known to be wrong; rip %#lx", xv->v.id, reason, error,
			     vmcs_read(VMCS_GUEST_RIP));
	else
		domain_crash(xv->v.domain,
			     "vCPU %u: VM entry refused (reason %#x, error %lu): %s is %#lx: %s",
			     xv->v.id, reason, error, f.name, f.value, f.rule);
}

static const u8 exit_classes[] = {
	[VMX_EXIT_EXCEPTION] = EXIT_EXCEPTION,
	[VMX_EXIT_INTERRUPT] = EXIT_INTERRUPT,
	[VMX_EXIT_INIT ... VMX_EXIT_NMI_WINDOW] = EXIT_INTERRUPT,
	[VMX_EXIT_CPUID] = EXIT_CPUID,
	[VMX_EXIT_HLT] = EXIT_HLT,
	[VMX_EXIT_VMCALL] = EXIT_HYPERCALL,
	[VMX_EXIT_CR] = EXIT_CONTROL,
	[VMX_EXIT_DR] = EXIT_CONTROL,
	[VMX_EXIT_IO] = EXIT_IO,
	[VMX_EXIT_RDMSR] = EXIT_MSR,
	[VMX_EXIT_WRMSR] = EXIT_MSR,
	[VMX_EXIT_TPR ... VMX_EXIT_EOI] = EXIT_APIC,
	[VMX_EXIT_EPT_VIOLATION] = EXIT_NESTED_FAULT,
	[VMX_EXIT_PREEMPTION] = EXIT_INTERRUPT,
	[VMX_EXIT_XSETBV] = EXIT_CONTROL,
	[VMX_EXIT_APIC_WRITE] = EXIT_APIC,
};

static void count_exit(struct x86_vcpu *xv, u32 reason)
{
	xv->exits[reason < ARRAY_SIZE(exit_classes) ? exit_classes[reason] : EXIT_OTHER]++;
}

/* Instructions that guests do not have: their CPUID shows neither VMX nor MONITOR. */
static bool is_undefined(u32 reason)
{
	switch (reason) {
	case VMX_EXIT_GETSEC:
	case VMX_EXIT_RDPMC:
	case VMX_EXIT_RSM:
	case VMX_EXIT_VMCLEAR ... VMX_EXIT_VMXON:
	case VMX_EXIT_MWAIT:
	case VMX_EXIT_MONITOR:
	case VMX_EXIT_INVEPT:
	case VMX_EXIT_INVVPID:
	case VMX_EXIT_VMFUNC:
		return true;
	default:
		return false;
	}
}

void vmx_handle_exit(struct x86_vcpu *xv, u32 reason)
{
	ASSERT(vmx_reached(xv)->on_cpu && &xv->v == hal_current_vcpu());
	count_exit(xv, reason);
	switch (reason) {
	case VMX_EXIT_PREEMPTION:
		break;	/* what was pending was taken when interrupts were on again */
	case VMX_EXIT_INTERRUPT:
		trace_exit_interrupt();
		break;	/* the host took it when interrupts were on again */
	case VMX_EXIT_INIT:
	case VMX_EXIT_SIPI:
		break;
	case VMX_EXIT_INTR_WINDOW:
		break;	/* the guest can take interrupts now: see vmx_offer_events() */
	case VMX_EXIT_NMI_WINDOW:
		exit_nmi_window(xv);
		break;
	case VMX_EXIT_EXCEPTION:
		exit_exception(xv);
		break;
	case VMX_EXIT_VMCALL:
		if (hvm_do_hypercall(xv))
			skip_insn(xv);
		break;
	case VMX_EXIT_CPUID:
		hvm_do_cpuid(xv);
		skip_insn(xv);
		break;
	case VMX_EXIT_RDMSR:
	case VMX_EXIT_WRMSR:
		if (hvm_do_msr(xv, reason == VMX_EXIT_WRMSR))
			skip_insn(xv);
		break;
	case VMX_EXIT_IO:
		exit_io(xv);
		break;
	case VMX_EXIT_EPT_VIOLATION:
		exit_ept_violation(xv);
		break;
	case VMX_EXIT_TPR:
		break;	/* what that lets through is offered at the next entry */
	case VMX_EXIT_APIC_ACCESS:
		vmx_exit_apic_access(xv);
		break;
	case VMX_EXIT_APIC_WRITE:
		vmx_exit_apic_write(xv);
		break;
	case VMX_EXIT_EOI:
		vmx_exit_eoi(xv);
		break;
	case VMX_EXIT_HLT:
		skip_insn(xv);
		vmx_apic_collect(xv);
		hvm_do_hlt(xv);
		break;
	case VMX_EXIT_WBINVD:
	case VMX_EXIT_INVD:
		skip_insn(xv);
		break;
	case VMX_EXIT_TRIPLE_FAULT:
		hvm_do_triple_fault(xv);
		break;
	case VMX_EXIT_CR:
	case VMX_EXIT_DR:
		hvm_emulate_one(xv, X86_CLASS_CONTROL);
		break;
	case VMX_EXIT_XSETBV:
		hvm_emulate_one(xv, X86_CLASS_XCR);
		break;
	case VMX_EXIT_TASK_SWITCH:
		domain_crash(xv->v.domain, "vCPU %u: a switch of hardware tasks, which VMX leaves "
			     "to the hypervisor and this one does not do", xv->v.id);
		break;
	default:
		if (is_undefined(reason))
			hvm_inject_ud(xv);
		else
			exit_unknown(xv, reason);
	}
}
