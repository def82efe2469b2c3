/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a domain's devices reach of its memory: I/O page tables that follow its p2m. */
#ifndef XEN_DOMAIN_IOMMU_H
#define XEN_DOMAIN_IOMMU_H

#include <xen/pci.h>

struct domain;

/**
 * Give @d a space that has what is in its p2m now and follows it from then on: RAM, and the pages
 * of other domains that it has mapped. Device memory is left out, but for what firmware says
 * devices need; that is only mapped for the hardware domain. 0, -XEN_ENOMEM, -XEN_EEXIST.
 * iommu_in_use(); no lock is held.
 */
int domain_iommu_init(struct domain *d);
/** Put all functions of @d's space into quarantine. Nothing happens without a space. */
void domain_iommu_detach_all(struct domain *d);
/** The space ends: no function is in it any more. Nothing happens without a space. */
void domain_iommu_destroy(struct domain *d);
/**
 * Put a function into @d's space. 0; -XEN_ENODEV: @d has no space, or no unit serves the function;
 * -XEN_ENOMEM: it is in quarantine.
 */
int domain_iommu_attach(struct domain *d, struct pci_addr a);
/** The same for a function that was never put anywhere; one that was stays there, and 0. */
int domain_iommu_attach_new(struct domain *d, struct pci_addr a);

#endif
