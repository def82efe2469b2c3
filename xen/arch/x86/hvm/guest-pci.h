/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI bus of a PVH guest (XEN_X86_EMU_VPCI): a host bridge, and the functions of the machine
 * that the guest was given, each a device of its own. The guest places their windows.
 */
#ifndef X86_HVM_GUEST_PCI_H
#define X86_HVM_GUEST_PCI_H

#include <xen/domain.h>

struct vpci_fn;

/** Give @d an empty bus. 0 or -XEN_ENOMEM. At its creation. */
int guest_pci_init(struct domain *d);
/**
 * @f, which @d has, appears on its bus, if it has one. 0; -XEN_ENOSPC: the bus is full;
 * -XEN_EOPNOTSUPP: the function cannot be shown, which the log explains; -XEN_ENOMEM. Both locks of
 * the machine's functions.
 */
int guest_pci_add(struct domain *d, struct vpci_fn *f);
/** It disappears: nothing of it is mapped any more, and it does no DMA. The same locks. */
void guest_pci_remove(struct domain *d, struct vpci_fn *f);

#endif
