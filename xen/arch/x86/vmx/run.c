/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running a vCPU: into the guest and out again, until other work waits. */
#include <xen/hal/vcpu.h>
#include <xen/softirq.h>
#include <xen/trace.h>

#include <asm/traps.h>

#include "apic.h"
#include "state.h"

static inline void cli(void) { __asm__ volatile("cli" ::: "memory"); }
static inline void sti(void) { __asm__ volatile("sti" ::: "memory"); }

/* An NMI that ended the run is the host's, and NMIs stay blocked until its handler's IRET. */
static __noinline void take_nmi(void)
{
	u32 event = (u32)vmcs_read(VMCS_EXIT_EVENT);

	if ((event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT == VMX_TYPE_NMI)
		__asm__ volatile("int $2");
}

/* An interrupt that ended the run and was acknowledged by that. */
static __noinline void take_interrupt(void)
{
	u32 event = (u32)vmcs_read(VMCS_EXIT_EVENT);

	ASSERT(event & VMX_EVENT_VALID);
	irq_dispatch(event & VMX_EVENT_VECTOR);
}

static void trace_exit(u32 reason)
{
	trace_record_vmexit(reason, vmcs_read(VMCS_GUEST_RIP));
}

/* Into the guest and out again. False: other work is to be done first, or it was not entered. */
static inline bool enter_guest(struct x86_vcpu *xv, struct vmx_vcpu *s, u32 *reason)
{
	bool refused;

	if (unlikely(s->pdptes_stale))
		vmx_load_pdptes(xv);
	vmx_apic_check_mode(xv);
	/*
	 * An IPI from here on stays pending and ends the run at once. With interrupts on, one that
	 * came after vmx_offer_events() looked would be handled, and its work forgotten.
	 */
	cli();
	vmx_offer_events(xv);
	if (unlikely(softirq_pending())) {
		sti();
		vmx_withdraw_events(xv);
		return false;
	}
	vmx_tlb_for_entry(s);
	vmcs_write(VMCS_GUEST_RSP, xv->gpr[GPR_RSP]);
	trace_vmentry();
	refused = vmx_enter(xv->gpr, s->launched);
	if (unlikely(refused)) {
		sti();
		vmx_report_refusal(xv, 0);
		return false;
	}
	s->launched = true;
	*reason = (u32)vmcs_read(VMCS_EXIT_REASON);
	TRACE_EVENT(TRACE_ID_vmexit, trace_exit(*reason));
	if (unlikely(*reason == VMX_EXIT_EXCEPTION))
		take_nmi();
	else if (*reason == VMX_EXIT_INTERRUPT && vmx_apic >= VMX_APIC_POSTED)
		take_interrupt();
	xv->gpr[GPR_RSP] = vmcs_read(VMCS_GUEST_RSP);
	sti();
	if (unlikely(*reason & VMX_EXIT_ENTRY_FAILED)) {
		vmx_report_refusal(xv, *reason);
		return false;
	}
	vmx_settle_events(xv);
	return true;
}

void vmx_run(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_of(xv);
	u32 reason;

	ASSERT(&xv->v == hal_current_vcpu() && s->on_cpu);
	while (likely(enter_guest(xv, s, &reason))) {
		vmx_handle_exit(xv, reason);
		ASSERT(this_cpu(vmx_loaded) == s);
		/* An access that waits for its device has raised one (struct pending_ops). */
		ASSERT(softirq_pending() || pending_state(&xv->pending) == PENDING_NONE);
	}
}
