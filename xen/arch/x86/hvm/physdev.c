/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PHYSDEVOP_*: the hardware domain reports devices and asks about interrupts. */
#include <xen/domain_iommu.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/guest_access.h>
#include <xen/hal/vcpu.h>
#include <xen/hypercall.h>
#include <xen/iommu.h>

#include <asm/irq.h>
#include <asm/vpci.h>

#include "pirq.h"
#include "private.h"

#include <public/physdev.h>

static long op_mmcfg(struct vcpu *v, guest_ptr_t arg)
{
	struct physdev_pci_mmcfg_reserved r;

	if (guest_copy_in(v, &r, arg, sizeof(r)))
		return -XEN_EFAULT;
	if (r.start_bus > r.end_bus)
		return -XEN_EINVAL;
	return vpci_add_window(v->domain, paddr_make(r.address), r.segment, r.start_bus, r.end_bus);
}

/*
 * A function appeared that was not there at boot: let it reach the domain's memory. Nothing else
 * needs to be recorded, as devices are reached through their configuration space. A function that
 * was there before may be another domain's by now.
 */
static long add_function(struct domain *d, u32 segment, u16 bdf)
{
	struct pci_addr a = { (u16)segment, bdf };

	if (!iommu_in_use())
		return 0;
	if (segment > 0xffff || iommu_owns_pci(a))
		return -XEN_ENODEV;
	return domain_iommu_attach_new(d, a);
}

static long op_device_add(struct vcpu *v, guest_ptr_t arg)
{
	struct physdev_pci_device_add add;

	if (guest_copy_in(v, &add, arg, offsetof(struct physdev_pci_device_add, optarr)))
		return -XEN_EFAULT;
	return add_function(v->domain, add.seg, (u16)(add.bus << 8 | add.devfn));
}

/* The older form; the extended one begins with the same bytes. */
static long op_manage_add(struct vcpu *v, guest_ptr_t arg)
{
	struct physdev_manage_pci add;

	if (guest_copy_in(v, &add, arg, sizeof(add)))
		return -XEN_EFAULT;
	return add_function(v->domain, 0, (u16)(add.bus << 8 | add.devfn));
}

long hal_physdev_op(struct vcpu *v, struct hypercall *hc)
{
	guest_ptr_t arg = gvaddr_make(hc->arg[1]);

	if (!to_xd(v->domain)->vpci)
		return -XEN_ENOSYS;
	switch ((u32)hc->arg[0]) {
	case PHYSDEVOP_pci_mmcfg_reserved:
		return op_mmcfg(v, arg);
	case PHYSDEVOP_pci_device_add:
		return op_device_add(v, arg);
	case PHYSDEVOP_manage_pci_add:
	case PHYSDEVOP_manage_pci_add_ext:
		return op_manage_add(v, arg);
	case PHYSDEVOP_pci_device_remove:
	case PHYSDEVOP_manage_pci_remove:
		/* What comes in its place stays confined to this domain's memory, too. */
		return 0;
	case PHYSDEVOP_map_pirq:
		return pirq_map(v, arg);
	case PHYSDEVOP_unmap_pirq:
		return pirq_unmap(v, arg);
	default:
		/* The rest is for guests whose interrupts come as event channels. */
		return -XEN_ENOSYS;
	}
}

/* Device interrupts are delivered through the IO-APIC and MSIs, not as event channels. */
int hal_pirq_bind(struct vcpu *v, u32 pirq, bool share)
{
	return -XEN_EOPNOTSUPP;
}

void hal_pirq_unbind(struct domain *d, u32 pirq)
{
}
