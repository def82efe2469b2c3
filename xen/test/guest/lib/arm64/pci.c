/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's "virt" with highmem-ecam=off, where all of PCI is below 1 GiB (its hw/arm/virt.c). */
#include "cpu.h"
#include "pci.h"

#define ECAM 0x3f000000UL
#define WINDOW 0x10000000U
#define BAR0 0x10

/* The image begins with the header of Linux's boot protocol. */
const u32 hypervisor_magic = 0x644d5241;	/* "ARM\x64" */

u64 hypervisor_start(void) { return hypervisor_image; }

static volatile u32 *config_word(u32 devfn, u32 reg)
{
	return (volatile u32 *)(ECAM + (devfn << 12 | reg));
}

u32 pci_config(u32 devfn, u32 reg) { return *config_word(devfn, reg); }
void pci_set_config(u32 devfn, u32 reg, u32 val) { *config_word(devfn, reg) = val; }

u64 pci_window(u32 devfn)
{
	pci_set_config(devfn, BAR0, WINDOW);
	return WINDOW;
}
