/* SPDX-License-Identifier: GPL-2.0-or-later */
/* To whom XEN_DOMCTL_*_device may give a device, and who has it. */
#include <xen/errno.h>
#include <xen/iommu.h>

#include "domctl.h"

struct domain *domctl_named_or_io(struct vcpu *v, const struct xen_domctl *op, int *err)
{
	struct domain *d;

	*err = 0;
	if (op->domain == DOMID_IO)
		return NULL;
	d = domain_from_arg(v, op->domain, err);
	if (d && d == v->domain) {
		domain_put(d);
		*err = -XEN_EINVAL;
		return NULL;
	}
	return d;
}

bool domctl_function_is_free(struct pci_addr a)
{
	u16 owner = iommu_owner(a.bdf);

	return owner == IOMMU_NO_OWNER || (hardware_domain && owner == hardware_domain->id);
}
