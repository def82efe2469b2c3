/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration space by the platform's own method, in addition to the windows that firmware
 * describes. It works from the first C code of the boot on, before paging and memory are set up.
 */
#ifndef XEN_HAL_PCI_H
#define XEN_HAL_PCI_H

#include <xen/pci.h>

/** Can the platform's own method access that register of that function? Any context. */
bool hal_pci_reaches(struct pci_addr a, u32 reg);
/** Read 1, 2 or 4 bytes of an aligned register for which the check above is true. Any context. */
u32 hal_pci_read(struct pci_addr a, u32 reg, u32 bytes);
/** Write 1, 2 or 4 bytes, likewise. Any context. */
void hal_pci_write(struct pci_addr a, u32 reg, u32 bytes, u32 val);

#endif
