/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of the machine's devices that a domain reaches: frames and ports. */
#ifndef X86_HVM_PASSTHROUGH_H
#define X86_HVM_PASSTHROUGH_H

#include <xen/domain.h>

struct xen_domctl;

/** XEN_DOMCTL_memory_mapping and XEN_DOMCTL_ioport_mapping for @v. 0 or negative. Control lock. */
long passthrough_memory(struct vcpu *v, struct domain *d, const struct xen_domctl *op);
long passthrough_ports(struct vcpu *v, struct domain *d, const struct xen_domctl *op);

#endif
