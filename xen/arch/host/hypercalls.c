/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Platform hypercalls: the host port has none of the devices they need. */
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/hypercall.h>

long hal_platform_op(struct vcpu *v, struct hypercall *hc)
{
	return -XEN_ENOSYS;
}

long hal_physdev_op(struct vcpu *v, struct hypercall *hc)
{
	return -XEN_ENOSYS;
}

const char *hal_capabilities(void)
{
	return "hvm-3.0-x86_64 ";
}

int hal_pirq_bind(struct vcpu *v, u32 pirq, bool share)
{
	return -XEN_EOPNOTSUPP;
}

void hal_pirq_unbind(struct domain *d, u32 pirq)
{
}

int hal_pci_give(struct domain *d, struct pci_addr a) { return 0; }
void hal_domain_relinquish(struct domain *d) {}

/* The machine has no device tree. */
int hal_device_streams(const char *path, u32 index, u32 *first, u32 *n)
{
	return -XEN_EOPNOTSUPP;
}

int hal_ioreq_supported(const struct domain *d)
{
	return 0;
}

long hal_dm_op(struct domain *d, const struct xen_dm_op *op)
{
	return -XEN_EOPNOTSUPP;
}
