/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_DOMCTL_*_device: whose memory a PCI function reaches by DMA, and where its interrupts go. A
 * function belongs to the hardware domain, to a guest, or to DOMID_IO: then it is in quarantine and
 * reaches nothing. It goes to a guest from either of the others, from a guest to quarantine only,
 * and from there back to the hardware domain, so that the toolstack can reset it in between.
 *
 * All of this runs under the control lock, and so does the end of domains.
 */
#include <xen/domain_iommu.h>
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hal/vcpu.h>
#include <xen/iommu.h>
#include <xen/printk.h>

#include "domctl.h"

/* What firmware's list of aliases makes plausible; a larger group is only counted. */
#define GROUP_MAX 16U

static struct pci_addr function(u32 sbdf)
{
	return (struct pci_addr){ .segment = (u16)(sbdf >> 16), .bdf = (u16)sbdf };
}

static int refuse(struct pci_addr a, int err, const char *why)
{
	printk(LOG_G_WARN "PCI: %04x:%02x:%02x.%u cannot be assigned: %s\n", a.segment, a.bdf >> 8,
	       a.bdf >> 3 & 0x1f, a.bdf & 7, why);
	return err;
}

/* Arguments of the three calls about one function. */
static int check(const struct xen_domctl_assign_device *arg, u32 flags, struct pci_addr *a)
{
	if (!iommu_in_use())
		return -XEN_EOPNOTSUPP;
	if (arg->dev != XEN_DOMCTL_DEV_PCI)
		return -XEN_ENODEV;
	if (arg->flags & ~flags)
		return -XEN_EINVAL;
	*a = function(arg->u.pci.machine_sbdf);
	return iommu_serves(*a) ? 0 : -XEN_ENODEV;
}

/*
 * Its interrupts end before its DMA is another domain's, and begin after it is. NULL: quarantine,
 * where the function is after an error.
 */
static long move(struct domain *d, struct pci_addr a)
{
	long rc;

	hal_pci_give(NULL, a);
	rc = d ? domain_iommu_attach(d, a) : iommu_attach(a, NULL);
	if (rc || !d)
		return rc;
	rc = hal_pci_give(d, a);
	if (rc)
		iommu_attach(a, NULL);
	return rc;
}

static long assign(struct domain *d, struct pci_addr a)
{
	if (!domctl_function_is_free(a))
		return refuse(a, -XEN_EBUSY, "another domain has it");
	if (iommu_group(a, NULL, 0))
		return refuse(a, -XEN_EXDEV, "the DMA of another function carries its number");
	if (d && d->dying)
		return -XEN_EINVAL;
	if (d && !d->iommu)
		return refuse(a, -XEN_EOPNOTSUPP, "the domain was created without passthrough");
	return move(d, a);
}

static long test_assign(struct domain *d, struct pci_addr a)
{
	return domctl_function_is_free(a) ? 0 : -XEN_EINVAL;
}

/* From a guest to quarantine, from there to the hardware domain. */
static long deassign(struct domain *d, struct pci_addr a)
{
	if (iommu_owner(a.bdf) != (d ? d->id : IOMMU_NO_OWNER) || (!d && !hardware_domain))
		return -XEN_ENODEV;
	return move(d ? NULL : hardware_domain, a);
}

/* A call about one function, which may have @flags, for the domain that it names. */
static long about_function(struct vcpu *v, const struct xen_domctl *op, u32 flags,
			   long (*fn)(struct domain *d, struct pci_addr a))
{
	struct pci_addr a;
	struct domain *d;
	long rc;
	int err;

	if (op->u.assign_device.dev == XEN_DOMCTL_DEV_DT)
		return domctl_tree_device(v, op);
	rc = check(&op->u.assign_device, flags, &a);
	if (rc)
		return rc;
	d = domctl_named_or_io(v, op, &err);
	if (err)
		return err;
	rc = fn(d, a);
	if (d)
		domain_put(d);
	return rc;
}

long domctl_assign_device(struct vcpu *v, struct domain *none, struct xen_domctl *op)
{
	return about_function(v, op, XEN_DOMCTL_DEV_RDM_RELAXED, assign);
}

long domctl_test_assign_device(struct vcpu *v, struct domain *none, struct xen_domctl *op)
{
	return about_function(v, op, 0, test_assign);
}

long domctl_deassign_device(struct vcpu *v, struct domain *none, struct xen_domctl *op)
{
	return about_function(v, op, 0, deassign);
}

/* Functions are told as bus << 16 | device << 11 | function << 8. */
long domctl_device_group(struct vcpu *v, struct domain *none, struct xen_domctl *op)
{
	struct xen_domctl_get_device_group *g = &op->u.get_device_group;
	struct pci_addr a = function(g->machine_sbdf);
	u16 bdf[GROUP_MAX];
	u32 n, told;

	if (!iommu_in_use())
		return -XEN_EOPNOTSUPP;
	if (!iommu_serves(a))
		return -XEN_ENODEV;
	n = iommu_group(a, bdf, GROUP_MAX);
	told = min(min(n, GROUP_MAX), g->max_sdevs);
	for (u32 i = 0; i < told; i++) {
		u32 sdev = (u32)bdf[i] << 8;

		if (guest_copy_out(v, guest_ptr_add(guest_handle_ptr(g->sdev_array),
						    i * sizeof(sdev)), &sdev, sizeof(sdev)))
			return -XEN_EFAULT;
	}
	g->num_sdevs = told;
	return 0;
}
