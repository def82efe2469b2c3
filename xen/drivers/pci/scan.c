/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding all functions by trying every bus number, so bridges need not be followed. */
#include <xen/pci.h>

#define NR_FUNCTIONS 0x10000U

static bool answers(struct pci_addr a)
{
	u32 id = pci_read(a, PCI_REG_ID, 4);

	return id != ~0U && (id & 0xffff);
}

u32 pci_scan(void (*fn)(struct pci_addr a, void *arg), void *arg)
{
	u32 found = 0, bdf = 0;

	while (bdf < NR_FUNCTIONS) {
		struct pci_addr a = { 0, (u16)bdf };
		bool there = answers(a);

		if (there) {
			fn(a, arg);
			found++;
		}
		/* If there is no function 0, or only that one, continue with the next device. */
		if (!(bdf & 7) && (!there || !(pci_read(a, PCI_REG_HEADER_TYPE, 1) &
					       PCI_HEADER_MULTIFUNCTION)))
			bdf += 8;
		else
			bdf++;
	}
	return found;
}
