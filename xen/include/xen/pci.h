/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's PCI configuration space. The first 256 bytes of segment 0 are reached through the
 * ports 0xcf8 and 0xcfc, the rest through the memory windows that ACPI's MCFG or the hardware
 * domain name. Register facts: PCI Local Bus specification 3.0, chapter 6; PCI Express 3.0, 7.2.
 */
#ifndef XEN_PCI_H
#define XEN_PCI_H

#include <xen/compiler.h>

#define PCI_CONFIG_SIZE 256U
#define PCI_EXT_CONFIG_SIZE 4096U
/** Bytes of a memory window that one bus takes. */
#define PCI_WINDOW_BUS_SIZE (1UL << 20)

#define PCI_REG_ID 0x00
#define PCI_REG_COMMAND 0x04
#define PCI_COMMAND_MEMORY BIT(1)
#define PCI_REG_HEADER_TYPE 0x0e
#define PCI_HEADER_MULTIFUNCTION BIT(7)
#define PCI_REG_BAR0 0x10

/** A function: its segment, and bus << 8 | device << 3 | function. */
struct pci_addr {
	u16 segment, bdf;
};

/** Offsets of the capabilities that we use in configuration space; 0: absent. */
struct pci_caps {
	u8 msi, msix, express, advanced_features;
};

/**
 * Walk the capability list of a function. @read is called for aligned registers below 256. The walk
 * ends where the list loops or points outside the space.
 */
void pci_parse_caps(u32 (*read)(void *ctx, u32 reg, u32 bytes), void *ctx, struct pci_caps *out);

/** Find the windows that the firmware describes. Boot, after acpi_init. */
void pci_init(void);

/**
 * Access register @reg (below 4096), naturally aligned, of 1, 2 or 4 bytes. A register that cannot
 * be reached reads as all ones, and writes to it are dropped. Any context.
 */
u32 pci_read(struct pci_addr a, u32 reg, u32 bytes);
void pci_write(struct pci_addr a, u32 reg, u32 bytes, u32 val);

/**
 * Let a function that the hypervisor drives raise its interrupts by writing @data at @address.
 * False: it has no MSI capability.
 */
bool pci_set_msi(struct pci_addr a, u64 address, u32 data);

/** Call @fn for every function that answers on segment 0. Returns how many. */
u32 pci_scan(void (*fn)(struct pci_addr a, void *arg), void *arg);

/** A memory window: buses @first to @last of @segment; the first bus at @base. */
struct pci_window {
	paddr_t base;
	u16 segment;
	u8 first, last;
	u8 *regs;
};

static inline u64 pci_window_size(const struct pci_window *w)
{
	return (w->last - w->first + 1) * PCI_WINDOW_BUS_SIZE;
}

/** Window number @i, NULL past the last one. Windows are only added, never changed. */
const struct pci_window *pci_window_get(u32 i);
/**
 * Add a window; @base is where bus 0 would be, as in ACPI's MCFG. One caller at a time.
 * -XEN_EEXIST: some of these buses have a window. -XEN_EINVAL, -XEN_ENOSPC, -XEN_ENOMEM.
 */
int pci_window_add(paddr_t base, u16 segment, u8 first, u8 last);

#endif
