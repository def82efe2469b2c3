/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercall dispatch: number → handler, with preemption by continuation. */
#ifndef XEN_HYPERCALL_H
#define XEN_HYPERCALL_H

#include <xen/domain.h>
#include <xen/guest_access.h>

#define HYPERCALL_MAX_ARGS 5

/** The arguments in the guest's registers. A handler that returns -XEN_ERESTART has set them to
 * those of the repeated call. */
struct hypercall {
	u32 nr;
	u64 arg[HYPERCALL_MAX_ARGS];
};

/**
 * Decode and run. The result goes to the guest's result register, except -XEN_ERESTART: then the
 * arch writes arg[] back to the registers and lets the guest issue the instruction again.
 */
long hypercall_dispatch(struct vcpu *v, struct hypercall *hc);

/** True when a long operation should stop and continue later: this CPU has other work. */
bool hypercall_preempt_check(void);

/**
 * The domain that a hypercall's argument names: DOMID_SELF, the caller's own id, or any id when
 * the caller is privileged. Returns it with a reference (drop it with domain_put), or NULL and in
 * *@err -XEN_EPERM (another domain's id, the caller is not privileged) or -XEN_ESRCH.
 */
struct domain *domain_from_arg(struct vcpu *v, u16 domid, int *err);

#endif
