/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which domain a PCI function's interrupts go to. A function that changes hands sends none: both
 * capabilities are disabled, and when the next domain has it, no handler of an old one runs.
 */
#include <xen/errno.h>
#include <xen/hal/smp.h>
#include <xen/hal/vcpu.h>

#include <asm/domain.h>

#include "pirq.h"
#include "vpci.h"

static void nothing(void *arg)
{
}

/* Handlers run with interrupts off, so they have ended when all CPUs have answered. */
static void wait_for_handlers(void)
{
	hal_smp_call(&cpu_online_map, nothing, NULL, true);
}

static void change_owner(struct vpci_fn *f, struct domain *d)
{
	ASSERT(spin_is_locked_by_me(&f->vpci->lock));
	if (f->owner && f->owner != f->vpci->d)
		pirq_forget_function(f->owner, f->at);
	vmsi_disable(&f->msi);
	f->owner = d;
}

int hal_pci_give(struct domain *d, struct pci_addr a)
{
	struct vpci *p = vpci_machine();
	struct vpci_fn *f;

	if (!p)
		return 0;
	vpci_lock_both(p);
	f = vpci_is_hidden(a) ? NULL : vpci_fn_get(p, a);
	if (f && f->owner != d)
		change_owner(f, d);
	vpci_unlock_both(p);
	wait_for_handlers();
	return f || !d ? 0 : -XEN_ENODEV;
}

void hal_pci_take_all(struct domain *d)
{
	struct vpci *p = vpci_machine();
	struct vpci_fn *f;

	if (!p || p->d == d)
		return;
	vpci_lock_both(p);
	for (u32 i = 0; i < VPCI_BUCKETS; i++)
		list_for_each_entry(f, &p->fn[i], link)
			if (f->owner == d)
				change_owner(f, NULL);
	vpci_unlock_both(p);
	wait_for_handlers();
}
