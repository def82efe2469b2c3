/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports of the machine's devices that a domain reaches. */
#ifndef X86_HVM_PASSTHROUGH_H
#define X86_HVM_PASSTHROUGH_H

#include <xen/domain.h>

struct xen_domctl;

/** XEN_DOMCTL_ioport_mapping for @v. 0 or negative. Control lock. */
long passthrough_ports(struct vcpu *v, struct domain *d, const struct xen_domctl *op);

#endif
