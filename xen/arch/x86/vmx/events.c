/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events for the guest (SDM volume 3, sections 24.8.3 and 26.6). An entry can deliver one. An
 * exception or NMI waits in @event. An interrupt is taken from the local APIC only when the guest
 * can take it; until then the processor is asked to exit when it can (an interrupt window). It then
 * waits in @vector, which the entry delivers when there is no @event; if an exit interrupts its
 * delivery it stays there. NMIs are blocked and unblocked by the processor, which also exits when
 * the next can be delivered (an NMI window).
 */
#include <xen/trace.h>
#include <xen/x86/control-regs.h>
#include <xen/x86/cpu-record.h>

#include "apic.h"

#define DEBUGCTL_BTF BIT(1)

void vmx_proc_control(struct vmx_vcpu *s, u32 bits, bool on)
{
	u32 proc = on ? s->proc | bits : s->proc & ~bits;

	ASSERT(this_cpu(vmx_loaded) == s);
	if (proc == s->proc)
		return;
	s->proc = proc;
	vmcs_write(VMCS_PROC_CONTROLS, proc);
}

static bool takes_interrupts(void)
{
	return (vmcs_read(VMCS_GUEST_RFLAGS) & X86_EFLAGS_IF) &&
	       !(vmcs_read(VMCS_INTERRUPTIBILITY) & VMX_SHADOW);
}

static void write_event(u32 event, u32 error)
{
	vmcs_write(VMCS_ENTRY_EVENT, event);
	if (event & VMX_EVENT_ERROR)
		vmcs_write(VMCS_ENTRY_ERROR, error);
}

/* An interrupt waits, new or in service: deliver it, or ask for an exit when that is possible. */
static __noinline void offer_vector(struct x86_vcpu *xv, struct vmx_vcpu *s, s32 vector)
{
	bool now = !s->event && takes_interrupts();

	vmx_proc_control(s, VMX_PROC_INTR_WINDOW, !now);
	if (!now) {
		/* The 8259s' vector was taken from them already. */
		if (s->vector < 0 && xv->offered == OFFER_PIC)
			hvm_vector_refused(xv, (u8)vector);
		return;
	}
	if (s->vector < 0) {
		hvm_vector_offered(xv, (u8)vector);
		s->fresh = true;
		s->vector = (s16)vector;
	}
	write_event(VMX_EVENT_VALID | (u32)vector, 0);
}

/* The vectors that the processor does not take from the APIC by itself. */
static s32 choose_other(struct x86_vcpu *xv)
{
	if (unlikely(xv->pic_asks))
		return hvm_choose_pic(xv);
	if (likely(!hvm_callback_pending(xv)))
		return -1;
	xv->offered = OFFER_CALLBACK;
	return to_xd(xv->v.domain)->callback_vector;
}

void vmx_offer_events(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_reached(xv);
	s32 vector = s->vector;

	ASSERT(!hal_irq_is_enabled() && !s->fresh);
	if (vmx_apic >= VMX_APIC_VIRTUAL) {
		vmx_apic_offer(xv);
		if (vector < 0)
			vector = choose_other(xv);
	} else if (likely(vector < 0) && hvm_must_choose(xv)) {
		vector = hvm_choose_vector(xv);
	}
	/* The last call may have found an NMI. */
	if (unlikely(vector >= 0))
		offer_vector(xv, s, vector);
	else
		vmx_proc_control(s, VMX_PROC_INTR_WINDOW, false);
	if (unlikely(s->event))
		write_event(s->event, s->event_error);
	if (vmx_apic == VMX_APIC_TPR)
		vmx_apic_set_threshold(xv);
}

void vmx_withdraw_events(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_reached(xv);

	vmcs_write(VMCS_ENTRY_EVENT, 0);
	if (!s->fresh)
		return;
	hvm_vector_refused(xv, (u8)s->vector);
	s->fresh = false;
	s->vector = -1;
}

/* The exit came while the processor delivered this: it has to be delivered again. */
static void redeliver(struct vmx_vcpu *s, u32 event)
{
	u32 type = (event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT;

	switch (type) {
	case VMX_TYPE_INTR:
		s->vector = event & VMX_EVENT_VECTOR;
		break;
	case VMX_TYPE_NMI:
		/* Its delivery blocks NMIs; it is itself to be delivered next. */
		vmcs_write(VMCS_INTERRUPTIBILITY,
			   vmcs_read(VMCS_INTERRUPTIBILITY) & ~(u64)VMX_BLOCKED_NMI);
		/* fallthrough */
	case VMX_TYPE_EXCEPTION:
		s->event = event & (VMX_EVENT_VALID | VMX_EVENT_ERROR | VMX_EVENT_TYPE |
				    VMX_EVENT_VECTOR);
		if (event & VMX_EVENT_ERROR)
			s->event_error = (u32)vmcs_read(VMCS_VECTORING_ERROR);
		break;
	default:
		break;	/* INT n, INT3, INTO and INT1 run again: RIP still points at them */
	}
}

void vmx_settle_events(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_reached(xv);
	u32 event = (u32)vmcs_read(VMCS_VECTORING_EVENT);

	/* Unless an event was in its way, the entry has delivered the interrupt. */
	if (s->vector >= 0 && !(s->proc & VMX_PROC_INTR_WINDOW)) {
		if (!(event & VMX_EVENT_VALID) || (event & VMX_EVENT_TYPE))
			trace_virq_inject((u32)s->vector, 0);
		s->vector = -1;
	}
	s->fresh = false;
	s->event = 0;
	if (vmx_apic >= VMX_APIC_TPR)
		vmx_apic_settle(xv);
	if (unlikely(event & VMX_EVENT_VALID))
		redeliver(s, event);
}

/* @vector is raised while @event waits. The resulting exception, or X86_SHUTDOWN. */
static int combine_events(struct x86_vcpu *xv, struct vmx_vcpu *s, u8 vector)
{
	u32 first = s->event;

	if ((first & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT == VMX_TYPE_EXCEPTION)
		return x86_combine_exceptions(first & VMX_EVENT_VECTOR, vector);
	/* An NMI that was not delivered comes later. */
	WRITE_ONCE(xv->nmi_pending, true);
	WRITE_ONCE(xv->work_pending, true);
	return vector;
}

void vmx_inject_exception(struct x86_vcpu *xv, u8 vector, s32 error, u64 cr2)
{
	struct vmx_vcpu *s = vmx_reached(xv);

	ASSERT(vector < 32 && vector != X86_VEC_NMI);
	trace_exception_inject(vector, (u32)error);
	if (vector == X86_VEC_PF)
		hvm->set_cr(xv, 2, cr2);
	if (unlikely(s->event)) {
		int both = combine_events(xv, s, vector);

		if (both == X86_SHUTDOWN) {
			hvm_do_triple_fault(xv);
			return;
		}
		if (both != vector)
			error = 0;
		vector = (u8)both;
	}
	s->event = VMX_EVENT_VALID | VMX_TYPE_EXCEPTION << VMX_EVENT_TYPE_SHIFT | vector;
	s->event_error = (u32)error;
	/* In real mode no exception has an error code. */
	if (error >= 0 && (vmcs_read(VMCS_GUEST_CR0) & X86_CR0_PE))
		s->event |= VMX_EVENT_ERROR;
}

void vmx_note_pending_step(void)
{
	u64 pending;
	bool step;

	if (!(vmcs_read(VMCS_INTERRUPTIBILITY) & VMX_SHADOW))
		return;
	pending = vmcs_read(VMCS_PENDING_DEBUG);
	step = (vmcs_read(VMCS_GUEST_RFLAGS) & X86_EFLAGS_TF) &&
	       !(vmcs_read(VMCS_GUEST_DEBUGCTL) & DEBUGCTL_BTF);
	vmcs_write(VMCS_PENDING_DEBUG, step ? pending | X86_DR6_BS : pending & ~X86_DR6_BS);
}

bool vmx_interrupt_shadow(const struct x86_vcpu *xv)
{
	vmx_reached(xv);
	return vmcs_read(VMCS_INTERRUPTIBILITY) & VMX_SHADOW;
}

void vmx_set_interrupt_shadow(struct x86_vcpu *xv, bool on)
{
	u64 blocked, shadow = 0;

	vmx_reached(xv);
	/* A shadow of STI while interrupts are off does not exist. */
	if (on)
		shadow = vmcs_read(VMCS_GUEST_RFLAGS) & X86_EFLAGS_IF ? VMX_BLOCKED_STI
								      : VMX_BLOCKED_MOV_SS;
	blocked = vmcs_read(VMCS_INTERRUPTIBILITY);
	if ((blocked & VMX_SHADOW) == shadow)
		return;
	vmcs_write(VMCS_INTERRUPTIBILITY, (blocked & ~(u64)VMX_SHADOW) | shadow);
	vmcs_write(VMCS_PENDING_DEBUG, 0);
	vmx_note_pending_step();
}

void vmx_inject_nmi(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_reached(xv);

	ASSERT(!s->event);
	s->event = VMX_EVENT_VALID | VMX_TYPE_NMI << VMX_EVENT_TYPE_SHIFT | X86_VEC_NMI;
}

bool vmx_nmi_blocked(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_reached(xv);
	bool blocked = vmcs_read(VMCS_INTERRUPTIBILITY) & (VMX_SHADOW | VMX_BLOCKED_NMI);

	vmx_proc_control(s, VMX_PROC_NMI_WINDOW, blocked);
	return blocked;
}

bool vmx_event_pending(const struct x86_vcpu *xv)
{
	const struct vmx_vcpu *s = vmx_of(xv);

	ASSERT(hvm_state_ours(xv));
	return s->event || s->vector >= 0;
}

int vmx_get_event(const struct x86_vcpu *xv, struct x86_event *e)
{
	const struct vmx_vcpu *s = vmx_of(xv);
	int n = 0;

	ASSERT(hvm_state_ours(xv));
	if (s->vector >= 0) {
		*e = (struct x86_event){ .vector = (u8)s->vector, .type = X86_EVENT_INTR };
		n++;
	}
	if (s->event) {
		*e = (struct x86_event){
			.vector = s->event & VMX_EVENT_VECTOR,
			.type = (s->event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT,
			.has_error = s->event & VMX_EVENT_ERROR, .error = s->event_error,
		};
		n++;
	}
	return n;
}

void vmx_set_event(struct x86_vcpu *xv, const struct x86_event *e)
{
	struct vmx_vcpu *s = vmx_reached(xv);

	ASSERT(!vmx_event_pending(xv));
	switch (e->type) {
	case X86_EVENT_INTR:
		s->vector = e->vector;
		break;
	case X86_EVENT_NMI:
		vmx_inject_nmi(xv);
		break;
	default:
		ASSERT(e->type == X86_EVENT_EXC);
		s->event = VMX_EVENT_VALID | VMX_TYPE_EXCEPTION << VMX_EVENT_TYPE_SHIFT |
			   e->vector | (e->has_error ? VMX_EVENT_ERROR : 0);
		s->event_error = e->error;
	}
}

void vmx_reset_events(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_reached(xv);

	s->event = 0;
	s->vector = -1;
	if (xv->posted)
		posted_drop(xv->posted);
	vmcs_write(VMCS_INTERRUPTIBILITY, 0);
	vmcs_write(VMCS_PENDING_DEBUG, 0);
}
