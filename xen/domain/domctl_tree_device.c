/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_DOMCTL_*_device for a device that is named by its path in the machine's device tree: whose
 * memory all its streams reach by DMA. Their owners are those of domctl_device.c.
 */
#include <xen/domain_iommu.h>
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hal/vcpu.h>
#include <xen/iommu.h>

#include "domctl.h"

/* Bytes of a path, with its NUL, and the most streams that one call may change. */
#define TREE_PATH_MAX 256
#define TREE_STREAMS_MAX 64U

static long get_path(struct vcpu *v, const struct xen_domctl_assign_device *arg, char *path)
{
	u32 size = arg->u.dt.size;

	if (!iommu_in_use())
		return -XEN_EOPNOTSUPP;
	if (arg->flags || !size || size >= TREE_PATH_MAX)
		return -XEN_EINVAL;
	if (guest_copy_in(v, path, guest_handle_ptr(arg->u.dt.path), size))
		return -XEN_EFAULT;
	path[size] = '\0';
	return 0;
}

/*
 * Call @fn for each stream of a device until one has an error. -XEN_ENODEV: it has none;
 * -XEN_E2BIG: it has more than one call may change, as a whole PCI bus does.
 */
static long for_each_stream(const char *path, long (*fn)(struct domain *d, struct pci_addr a),
			    struct domain *d)
{
	u32 first, n, seen = 0;
	long rc;

	for (u32 i = 0; !(rc = hal_device_streams(path, i, &first, &n)); i++) {
		if (n > TREE_STREAMS_MAX - seen)
			return -XEN_E2BIG;
		seen += n;
		for (u32 k = 0; k < n; k++) {
			rc = fn(d, (struct pci_addr){ .bdf = (u16)(first + k) });
			if (rc)
				return rc;
		}
	}
	if (rc != -XEN_ENOENT)
		return rc;
	return seen ? 0 : -XEN_ENODEV;
}

static long stream_is_free(struct domain *d, struct pci_addr a)
{
	return !iommu_serves(a) ? -XEN_ENODEV : domctl_function_is_free(a) ? 0 : -XEN_EBUSY;
}

/* The device's streams are the domain's already, or free. */
static long stream_can_be_assigned(struct domain *d, struct pci_addr a)
{
	return iommu_serves(a) && d && iommu_owner(a.bdf) == d->id ? 0 : stream_is_free(d, a);
}

static long stream_is_owned(struct domain *d, struct pci_addr a)
{
	return iommu_owner(a.bdf) == (d ? d->id : IOMMU_NO_OWNER) ? 0 : -XEN_ENODEV;
}

static long move_stream(struct domain *d, struct pci_addr a)
{
	return d ? domain_iommu_attach(d, a) : iommu_attach(a, NULL);
}

long domctl_tree_device(struct vcpu *v, const struct xen_domctl *op)
{
	char path[TREE_PATH_MAX];
	long rc = get_path(v, &op->u.assign_device, path);
	struct domain *d, *to;
	int err;

	if (rc)
		return rc;
	d = domctl_named_or_io(v, op, &err);
	if (err)
		return err;
	to = d;
	if (op->cmd == XEN_DOMCTL_deassign_device) {
		rc = for_each_stream(path, stream_is_owned, d);
		to = d ? NULL : hardware_domain;
	} else if (op->cmd == XEN_DOMCTL_test_assign_device) {
		rc = for_each_stream(path, stream_is_free, d);
	} else {
		rc = for_each_stream(path, stream_can_be_assigned, d);
		if (!rc && d && (d->dying || !d->iommu))
			rc = d->dying ? -XEN_EINVAL : -XEN_EOPNOTSUPP;
	}
	if (!rc && op->cmd != XEN_DOMCTL_test_assign_device) {
		rc = for_each_stream(path, move_stream, to);
		/* No memory: what was moved already goes to quarantine too. */
		if (rc)
			for_each_stream(path, move_stream, NULL);
	}
	if (d)
		domain_put(d);
	return rc;
}
