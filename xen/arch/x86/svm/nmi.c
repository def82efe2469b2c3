/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NMIs of guests, one at a time. After one has been delivered the next waits until the guest has
 * executed IRET (APM volume 2, section 8.2.3), so IRET is intercepted meanwhile. That exit comes
 * before IRET is executed, so a waiting NMI needs another exit right after it, which the trap flag
 * causes.
 */
#include <asm/processor.h>

#include "svm.h"

#define DR6_BREAKPOINTS 0xfUL

void svm_inject_nmi(struct x86_vcpu *xv)
{
	struct svm_vcpu *s = svm_of(xv);

	ASSERT(s->nmi == NMI_OPEN && !(s->vmcb->event_inj & SVM_EV_VALID));
	s->vmcb->event_inj = SVM_EV_VALID | SVM_EV_TYPE_NMI | X86_VEC_NMI;
	s->vmcb->intercept1 |= SVM_I1_IRET;
	s->nmi = NMI_BLOCKED;
}

void svm_reset_nmi(struct x86_vcpu *xv)
{
	svm_of(xv)->vmcb->intercept1 &= ~SVM_I1_IRET;
	svm_of(xv)->nmi = NMI_OPEN;
}

static void unblock(struct x86_vcpu *xv)
{
	svm_reset_nmi(xv);
	if (xv->nmi_pending)
		WRITE_ONCE(xv->work_pending, true);
}

void svm_exit_iret(struct x86_vcpu *xv)
{
	struct svm_vcpu *s = svm_of(xv);

	ASSERT(s->nmi == NMI_BLOCKED);
	s->vmcb->intercept1 &= ~SVM_I1_IRET;
	s->nmi = NMI_IRET;
	s->iret_rip = s->vmcb->rip;
	/* A waiting NMI makes svm_nmi_blocked() run before the next entry. */
	if (xv->nmi_pending)
		WRITE_ONCE(xv->work_pending, true);
}

bool svm_nmi_blocked(struct x86_vcpu *xv)
{
	struct svm_vcpu *s = svm_of(xv);

	if (s->nmi == NMI_OPEN)
		return false;
	/* IRET is intercepted exactly until the first one arrives. */
	ASSERT(!(s->vmcb->intercept1 & SVM_I1_IRET) == (s->nmi != NMI_BLOCKED));
	if (s->nmi == NMI_BLOCKED)
		return true;
	if (s->vmcb->rip != s->iret_rip) {
		unblock(xv);
		return false;
	}
	if (s->nmi == NMI_IRET) {
		s->nmi = NMI_STEP;
		s->guest_tf = s->vmcb->rflags & X86_EFLAGS_TF;
		s->vmcb->rflags |= X86_EFLAGS_TF;
	}
	/* Check again at each entry: an IRET that faults does not trap, and RIP is elsewhere. */
	WRITE_ONCE(xv->work_pending, true);
	return true;
}

bool svm_nmi_stepped(struct x86_vcpu *xv)
{
	struct svm_vcpu *s = svm_of(xv);

	if (s->nmi != NMI_STEP || !(s->vmcb->dr6 & X86_DR6_BS))
		return false;
	unblock(xv);
	if (s->guest_tf)
		return false;
	s->vmcb->dr6 &= ~X86_DR6_BS;
	return !(s->vmcb->dr6 & DR6_BREAKPOINTS);
}
