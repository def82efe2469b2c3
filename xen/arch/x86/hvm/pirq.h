/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers ("pirqs") by which a toolstack or a device model names the messages of a function that a
 * domain has, and what they raise in the domain.
 */
#ifndef X86_HVM_PIRQ_H
#define X86_HVM_PIRQ_H

#include <xen/guest_access.h>
#include <xen/pci.h>

struct domain;
struct xen_domctl;

/** PHYSDEVOP_map_pirq and PHYSDEVOP_unmap_pirq. @v is the machine's owner. 0 or negative. */
long pirq_map(struct vcpu *v, guest_ptr_t arg);
long pirq_unmap(struct vcpu *v, guest_ptr_t arg);
/** XEN_DOMCTL_bind_pt_irq and XEN_DOMCTL_unbind_pt_irq. 0 or negative. Control lock. */
long pirq_bind(struct domain *d, const struct xen_domctl *op);
long pirq_unbind(struct domain *d, const struct xen_domctl *op);
/** @d does not have the function at @a any more. The lock of the machine's functions. */
void pirq_forget_function(struct domain *d, struct pci_addr a);
/** The domain ends. */
void pirq_free(struct domain *d);

#endif
