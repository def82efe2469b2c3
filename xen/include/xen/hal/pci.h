/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration space by the platform's own way, beside the windows that firmware describes. */
#ifndef XEN_HAL_PCI_H
#define XEN_HAL_PCI_H

#include <xen/pci.h>

/** Does the platform's own way reach that register of that function? Any context. */
bool arch_pci_reaches(struct pci_addr a, u32 reg);
/** Read 1, 2 or 4 bytes of an aligned register that is reached. Any context. */
u32 arch_pci_read(struct pci_addr a, u32 reg, u32 bytes);
/** Write them. Any context. */
void arch_pci_write(struct pci_addr a, u32 reg, u32 bytes, u32 val);

#endif
