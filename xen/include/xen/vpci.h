/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI configuration space as the hardware domain sees it: real registers, but for MSI and
 * MSI-X, whose messages the hypervisor replaces by its own and delivers as the guest asked.
 */
#ifndef XEN_VPCI_H
#define XEN_VPCI_H

#include <xen/domain.h>

/** Find the devices and set up for the hardware domain @d. Boot. 0 or -XEN_ENOMEM. */
int vpci_init(struct domain *d);

/** Access to a configuration port (0xcf8-0xcff). False: not such a port. */
bool vpci_port(struct domain *d, u16 port, u32 bytes, bool in, u32 *val);

/** Access to memory-mapped configuration space or to an MSI-X table. False: neither. */
bool vpci_mmio(struct domain *d, gpaddr_t gpa, u32 bytes, bool write, u64 *val);
bool vpci_claims(struct domain *d, gpaddr_t gpa);

/** PHYSDEVOP_pci_mmcfg_reserved: the hardware domain tells of a configuration window. */
int vpci_add_window(struct domain *d, paddr_t address, u16 segment, u8 start_bus, u8 end_bus);

#endif
