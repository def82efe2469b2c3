/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI functions of the host that guests have. */
#ifndef TOOLS_LIGHT_PCI_H
#define TOOLS_LIGHT_PCI_H

#include "light.h"

#define LX_PCI_TEXT 16

/** "[SSSS:]bb:dd.f" in hexadecimal digits; false when it is none. */
bool lx_pci_parse(const char *text, struct lx_pci *p);
/** "SSSS:bb:dd.f", as Linux names it. */
void lx_pci_text(const struct lx_pci *p, char text[LX_PCI_TEXT]);
/** Reset a function that no driver of dom0 has, and give it to a domain that was created for it. 0
 * or -errno, logged with what is missing. */
int lx_pci_give(struct lx *lx, uint32_t domid, const struct lx_pci *p);
/** Take it into quarantine. */
int lx_pci_take(struct lx *lx, uint32_t domid, const struct lx_pci *p);
/** Take it from dom0's driver, whose name is kept in xenstore, and put it into quarantine. 0 or
 * -errno, logged; 0 too when it is there already. */
int lx_pci_assignable_add(struct lx *lx, const struct lx_pci *p);
/** Give it back to dom0, and with @rebind to the driver that had it. 0 or -errno, logged. */
int lx_pci_assignable_remove(struct lx *lx, const struct lx_pci *p, bool rebind);
/** All that are kept for guests, the caller's to free; *@n of them. NULL: none. */
struct lx_pci *lx_pci_assignable_list(struct lx *lx, unsigned int *n);

#endif
