/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI configuration space as the domain with the machine's devices sees it (its entries in the
 * table of devices, xen/x86/devices.h): the real registers, except MSI and MSI-X, whose messages
 * the hypervisor replaces by its own and delivers as the guest asked.
 */
#ifndef ASM_X86_VPCI_H
#define ASM_X86_VPCI_H

#include <xen/domain.h>

/** Find the machine's devices and give them to @d. Boot. 0 or -XEN_ENOMEM. */
int vpci_init(struct domain *d);

/**
 * PHYSDEVOP_pci_mmcfg_reserved: @d reports a configuration window. -XEN_ENODEV when it has no PCI
 * devices, -XEN_EINVAL, -XEN_EEXIST, -XEN_ENOMEM.
 */
int vpci_add_window(struct domain *d, paddr_t address, u16 segment, u8 start_bus, u8 end_bus);

#endif
