/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration space through the ports of a PC: the first 256 bytes of segment 0. */
#include <xen/hal/io.h>
#include <xen/hal/pci.h>
#include <xen/printk.h>
#include <xen/spinlock.h>

#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc
#define ADDRESS_ENABLE 0x80000000U

/* Makes writing the address and accessing the data one step. */
static DEFINE_SPINLOCK(port_lock, LOCK_RANK_NONE);

bool hal_pci_reaches(struct pci_addr a, u32 reg)
{
	return !a.segment && reg < PCI_CONFIG_SIZE;
}

u32 hal_pci_read(struct pci_addr a, u32 reg, u32 bytes)
{
	u64 flags = spin_lock_irqsave(&port_lock);
	u16 data = (u16)(PORT_DATA + (reg & 3));
	u32 val;

	ASSERT(hal_pci_reaches(a, reg) && !(reg & (bytes - 1)));
	outl(ADDRESS_ENABLE | (u32)a.bdf << 8 | (reg & 0xfc), PORT_ADDRESS);
	val = bytes == 1 ? inb(data) : bytes == 2 ? inw(data) : inl(data);
	spin_unlock_irqrestore(&port_lock, flags);
	return val;
}

void hal_pci_write(struct pci_addr a, u32 reg, u32 bytes, u32 val)
{
	u64 flags = spin_lock_irqsave(&port_lock);
	u16 data = (u16)(PORT_DATA + (reg & 3));

	ASSERT(hal_pci_reaches(a, reg) && !(reg & (bytes - 1)));
	outl(ADDRESS_ENABLE | (u32)a.bdf << 8 | (reg & 0xfc), PORT_ADDRESS);
	if (bytes == 1)
		outb((u8)val, data);
	else if (bytes == 2)
		outw((u16)val, data);
	else
		outl(val, data);
	spin_unlock_irqrestore(&port_lock, flags);
}
