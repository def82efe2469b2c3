/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"
#include "pci.h"

#define CONFIG_ENABLE 0x80000000U
#define BAR0 0x10

/* The image begins with the header for its boot loader. */
const u32 hypervisor_magic = 0x1badb002;	/* Multiboot */

u64 hypervisor_start(void) { return 0x200000; }

u32 pci_config(u32 devfn, u32 reg)
{
	outl(0xcf8, CONFIG_ENABLE | devfn << 8 | reg);
	return inl(0xcfc);
}

void pci_set_config(u32 devfn, u32 reg, u32 val)
{
	outl(0xcf8, CONFIG_ENABLE | devfn << 8 | reg);
	outl(0xcfc, val);
}

u64 pci_window(u32 devfn)
{
	return pci_config(devfn, BAR0) & ~0xfU;
}
