/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI functions of bus 0: a host bridge, and devices with the capabilities that the hypervisor
 * looks for. Every register can be written, as a hostile device's could, but the first base address
 * of a device has a size.
 */
#include <xen/pci.h>
#include <xen/string.h>
#include <xen/hal/io.h>
#include <xen/hal/pci.h>

#include <asm/soft-processor.h>

#define CAP_MSI 0x05
#define CAP_EXPRESS 0x10
#define CAP_MSIX 0x11
#define CAP_ADVANCED_FEATURES 0x13
#define REG_STATUS 0x06
#define STATUS_HAS_LIST 0x10
#define REG_FIRST 0x34
#define BAR_64BIT 4
#define MSIX_ENTRIES 4
#define SCRATCH_BYTES (64U << 10)

static u8 config[SOFT_PCI_FUNCTIONS][PCI_CONFIG_SIZE];
static u8 window[SOFT_PCI_FUNCTIONS * 8][PCI_EXT_CONFIG_SIZE];
static u8 scratch[SCRATCH_BYTES];	/* the registers of all devices */

static void put(u32 fn, u32 reg, u32 bytes, u32 val)
{
	memcpy(&config[fn][reg], &val, bytes);
}

static void add_cap(u32 fn, u8 *at, u8 id, u32 bytes)
{
	put(fn, *at, 1, id);
	put(fn, *at + 1, 1, *at + bytes);
	*at += bytes;
}

static void add_device(u32 fn, bool wide)
{
	u8 at = 0x40;

	put(fn, PCI_REG_COMMAND, 2, PCI_COMMAND_MEMORY);
	put(fn, PCI_REG_BAR0, 4, (SOFT_PCI_BAR_BASE + fn * SCRATCH_BYTES) | (wide ? BAR_64BIT : 0));
	put(fn, REG_STATUS, 2, STATUS_HAS_LIST);
	put(fn, REG_FIRST, 1, at);
	/* 64-bit addresses and masks: 24 bytes; eight messages. */
	put(fn, at + 2, 2, wide ? 0x0186 : 0x0006);
	add_cap(fn, &at, CAP_MSI, 24);
	put(fn, at + 2, 2, MSIX_ENTRIES - 1);
	put(fn, at + 4, 4, 0x800);
	put(fn, at + 8, 4, 0x2000);
	add_cap(fn, &at, CAP_MSIX, 12);
	add_cap(fn, &at, wide ? CAP_EXPRESS : CAP_ADVANCED_FEATURES, 16);
	put(fn, at - 16 + 1, 1, 0);
}

void soft_pci_reset(void)
{
	memset(config, 0, sizeof(config));
	memset(window, 0xff, sizeof(window));
	memset(scratch, 0, sizeof(scratch));
	for (u32 fn = 0; fn < SOFT_PCI_FUNCTIONS; fn++)
		put(fn, PCI_REG_ID, 4, 0x00101022 + (fn << 16));
	add_device(1, false);
	add_device(2, true);
	put(3, PCI_REG_HEADER_TYPE, 1, 1);
	for (u32 fn = 0; fn < SOFT_PCI_FUNCTIONS; fn++)
		memcpy(window[fn * 8], config[fn], PCI_CONFIG_SIZE);
}

static u8 *register_at(struct pci_addr a, u32 reg)
{
	u32 fn = a.bdf >> 3;

	return (a.bdf & 7) || fn >= SOFT_PCI_FUNCTIONS ? NULL : &config[fn][reg];
}

bool hal_pci_reaches(struct pci_addr a, u32 reg)
{
	return a.segment == 0 && reg < PCI_CONFIG_SIZE;
}

u32 hal_pci_read(struct pci_addr a, u32 reg, u32 bytes)
{
	const u8 *at = register_at(a, reg);
	u32 val = ~0U >> (32 - bytes * 8);

	if (at)
		memcpy(&val, at, bytes);
	return val;
}

void hal_pci_write(struct pci_addr a, u32 reg, u32 bytes, u32 val)
{
	u8 *at = register_at(a, reg);
	u32 bar;

	if (!at)
		return;
	memcpy(at, &val, bytes);
	memcpy(&bar, register_at(a, PCI_REG_BAR0), sizeof(bar));
	if (a.bdf >> 3 == 1 || a.bdf >> 3 == 2)
		put(a.bdf >> 3, PCI_REG_BAR0, 4,
		    (bar & ~(SCRATCH_BYTES - 1)) | (a.bdf >> 3 == 2 ? BAR_64BIT : 0));
}

/* A window shows bus 0. Other addresses are some device's registers. */
void *hal_map_mmio(paddr_t pa, size_t size)
{
	if (pa.v == SOFT_PCI_WINDOW)
		return size <= sizeof(window) ? window : NULL;
	return size <= PAGE_SIZE ? scratch + (pa.v & (SCRATCH_BYTES - PAGE_SIZE)) : NULL;
}
