/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_DOMCTL_*_permission: the interrupts, device memory and ports that a domain may use. */
#include <xen/errno.h>

#include "domctl.h"

#define NR_PORTS 0x10000U
#define IOMEM_PAGES (1UL << 36)

static int change(struct domain *d, struct rangeset *set, u64 first, u64 last, bool allow)
{
	int rc;

	spin_lock(&d->lock);
	rc = allow ? rangeset_add(set, first, last) : rangeset_remove(set, first, last);
	spin_unlock(&d->lock);
	return rc;
}

/* A domain may only grant rights that it has; the hardware domain has all. */
static bool caller_may(struct vcpu *v, const struct rangeset *set, u64 first, u64 last)
{
	bool may = v->domain->is_hardware;

	if (!may) {
		spin_lock(&v->domain->lock);
		may = rangeset_contains(set, first, last);
		spin_unlock(&v->domain->lock);
	}
	return may;
}

long domctl_irq_permission(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_irq_permission *p = &op->u.irq_permission;

	if (!caller_may(v, &v->domain->irq_caps, p->pirq, p->pirq))
		return -XEN_EPERM;
	return change(d, &d->irq_caps, p->pirq, p->pirq, p->allow_access);
}

long domctl_iomem_permission(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_iomem_permission *p = &op->u.iomem_permission;
	u64 last = p->first_mfn + p->nr_mfns - 1;

	if (!p->nr_mfns || last < p->first_mfn || last >= IOMEM_PAGES)
		return -XEN_EINVAL;
	/* The hardware domain has a list here as well, without RAM and our own devices. */
	spin_lock(&v->domain->lock);
	if (!rangeset_contains(&v->domain->iomem_caps, p->first_mfn, last)) {
		spin_unlock(&v->domain->lock);
		return -XEN_EPERM;
	}
	spin_unlock(&v->domain->lock);
	return change(d, &d->iomem_caps, p->first_mfn, last, p->allow_access);
}

long domctl_ioport_permission(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_ioport_permission *p = &op->u.ioport_permission;
	u32 last = p->first_port + p->nr_ports - 1;

	if (!p->nr_ports || p->first_port >= NR_PORTS || p->nr_ports > NR_PORTS - p->first_port)
		return -XEN_EINVAL;
	if (!caller_may(v, &v->domain->ioport_caps, p->first_port, last))
		return -XEN_EPERM;
	return change(d, &d->ioport_caps, p->first_port, last, p->allow_access);
}
