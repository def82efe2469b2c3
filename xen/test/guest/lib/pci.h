/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first PCI bus of the machine, for a test that is its hardware domain. */
#ifndef GUEST_PCI_H
#define GUEST_PCI_H

#include "test.h"

/** Configuration space of a function; @reg is a multiple of 4. */
u32 pci_config(u32 devfn, u32 reg);
void pci_set_config(u32 devfn, u32 reg, u32 val);
/** Give the function's first window an address if firmware did not, and return it. */
u64 pci_window(u32 devfn);

/** Where the hypervisor's image begins, and a word that is near its beginning. */
u64 hypervisor_start(void);
extern const u32 hypervisor_magic;

#endif
