/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Message-signalled interrupts of functions that the hypervisor drives. */
#include <xen/pci.h>

/* Registers from the capability's start, and bits of its control register. */
#define MSI_CONTROL 2
#define MSI_ENABLE BIT(0)
#define MSI_MULTIPLE (7U << 4)
#define MSI_64BIT BIT(7)
#define MSI_ADDRESS 4
#define MSI_ADDRESS_HIGH 8
#define MSI_DATA 8
#define MSI_DATA_64BIT 12

static u32 read_config(void *ctx, u32 reg, u32 bytes)
{
	return pci_read(*(struct pci_addr *)ctx, reg, bytes);
}

bool pci_set_msi(struct pci_addr a, u64 address, u32 data)
{
	struct pci_caps caps;
	u32 control;

	pci_parse_caps(read_config, &a, &caps);
	if (!caps.msi)
		return false;
	control = pci_read(a, caps.msi + MSI_CONTROL, 2);
	if (address >> 32 && !(control & MSI_64BIT))
		return false;
	pci_write(a, caps.msi + MSI_ADDRESS, 4, (u32)address);
	if (control & MSI_64BIT)
		pci_write(a, caps.msi + MSI_ADDRESS_HIGH, 4, (u32)(address >> 32));
	pci_write(a, caps.msi + (control & MSI_64BIT ? MSI_DATA_64BIT : MSI_DATA), 2, data);
	pci_write(a, caps.msi + MSI_CONTROL, 2, (control & ~MSI_MULTIPLE) | MSI_ENABLE);
	return true;
}
