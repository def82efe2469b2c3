/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86's part of XEN_DOMCTL_*. Handlers as in domain/domctl.h; *@copy: see hal_domctl(). */
#ifndef X86_HVM_DOMCTL_H
#define X86_HVM_DOMCTL_H

#include <xen/guest_access.h>
#include <xen/hal/vcpu.h>

/* domctl_policy.c */
long domctl_get_cpu_policy(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_set_cpu_policy(struct vcpu *v, struct domain *d, struct xen_domctl *op);

/* save.c */
long domctl_get_hvm_context(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_get_hvm_record(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_set_hvm_context(struct vcpu *v, struct domain *d, struct xen_domctl *op);

#endif
