/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which domain a PCI function's interrupts go to. A function that changes hands sends none: both
 * capabilities are disabled, and when the next domain has it, no handler of an old one runs.
 */
#include <xen/errno.h>
#include <xen/hal/smp.h>
#include <xen/hal/vcpu.h>

#include <asm/domain.h>

#include "guest-pci.h"
#include "pirq.h"
#include "vpci.h"

static void change_owner(struct vpci_fn *f, struct domain *d)
{
	struct domain *old = f->owner;

	ASSERT(spin_is_locked_by_me(&f->vpci->lock) && old != d);
	vmsi_disable(&f->msi);
	f->owner = d;
	if (!old || old == f->vpci->d)
		return;
	pirq_forget_function(old, f->at);
	guest_pci_remove(old, f);
}

/* -XEN_ENODEV, or as guest_pci_add(): no domain has it. */
static int give(struct vpci_fn *f, struct domain *d)
{
	int rc;

	if (!f)
		return d ? -XEN_ENODEV : 0;
	if (f->owner == d)
		return 0;
	change_owner(f, d);
	rc = d && d != f->vpci->d ? guest_pci_add(d, f) : 0;
	if (rc)
		f->owner = NULL;
	return rc;
}

int hal_pci_give(struct domain *d, struct pci_addr a)
{
	struct vpci *p = vpci_machine();
	int rc;

	if (!p)
		return 0;
	vpci_lock_both(p);
	rc = give(vpci_is_hidden(a) ? NULL : vpci_fn_get(p, a), d);
	vpci_unlock_both(p);
	smp_wait_for_handlers();
	return rc;
}

/* Interrupts that are event channels end with these. */
void hal_domain_relinquish(struct domain *d)
{
	struct vpci *p = vpci_machine();
	struct vpci_fn *f;
	bool any = false;

	if (!p || p->d == d)
		return;
	vpci_lock_both(p);
	for (u32 i = 0; i < VPCI_BUCKETS; i++)
		list_for_each_entry(f, &p->fn[i], link)
			if (f->owner == d) {
				change_owner(f, NULL);
				any = true;
			}
	vpci_unlock_both(p);
	if (any)
		smp_wait_for_handlers();
}

/* The machine has no device tree. */
int hal_device_streams(const char *path, u32 index, u32 *first, u32 *n)
{
	return -XEN_EOPNOTSUPP;
}
