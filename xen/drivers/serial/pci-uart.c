/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Serial ports on PCI cards. They are needed before the windows of configuration space are known,
 * so they are looked for by the platform's own method.
 */
#include "ns16550.h"
#include "settings.h"

#include <xen/errno.h>
#include <xen/hal/pci.h>

#define PCI_ANY 0xffff
#define PCI_CLASS_SERIAL 0x0700
#define PCI_COMMAND_IO_MEMORY 0x3
#define PCI_HEADER_TYPE_WORD 0x0c
#define PCI_MULTIFUNCTION BIT(23)
#define PCI_LAST_BUS 255

/** The layout of the ports in the card's window. */
struct card {
	u16 vendor, device;
	u8 bar, ports;
	u8 reg_shift;
	u16 first, stride;	/* bytes */
	u32 clock;
};

#define OXFORD_CLOCK 62500000

/*
 * Facts from the data sheets and from Linux's drivers. Only QEMU's cards were ever used with this;
 * test-pci-uart compares where the other lines lead to. The last line matches every card of the
 * class that works like a PC's own port.
 */
static const struct card cards[] = {
	{ 0x1b36, 0x0003, 0, 2, 0, 0, 8, UART_CLOCK },			/* QEMU, two ports */
	{ 0x1b36, 0x0004, 0, 4, 0, 0, 8, UART_CLOCK },			/* QEMU, four ports */
	{ 0x1415, 0xc11b, 0, 1, 0, 0x1000, 0x200, OXFORD_CLOCK },	/* Oxford OXPCIe952 */
	{ 0x1415, 0xc11f, 0, 1, 0, 0x1000, 0x200, OXFORD_CLOCK },
	{ 0x1415, 0xc138, 0, 1, 0, 0x1000, 0x200, OXFORD_CLOCK },
	{ 0x1415, 0xc13d, 0, 1, 0, 0x1000, 0x200, OXFORD_CLOCK },
	{ 0x1415, 0xc158, 0, 2, 0, 0x1000, 0x200, OXFORD_CLOCK },
	{ 0x1415, 0xc15d, 0, 2, 0, 0x1000, 0x200, OXFORD_CLOCK },
	{ 0x1415, 0xc208, 0, 4, 0, 0x1000, 0x200, OXFORD_CLOCK },	/* Oxford OXPCIe954 */
	{ 0x1415, 0xc20d, 0, 4, 0, 0x1000, 0x200, OXFORD_CLOCK },
	{ 0x1415, 0xc308, 0, 8, 0, 0x1000, 0x200, OXFORD_CLOCK },	/* Oxford OXPCIe958 */
	{ 0x1415, 0xc30d, 0, 8, 0, 0x1000, 0x200, OXFORD_CLOCK },
	{ 0x14e4, 0x160a, 0, 1, 2, 0, 0x20, UART_CLOCK },		/* Broadcom TruManage */
	{ 0x13a8, 0x0352, 0, 2, 0, 0, 0x400, 125000000 },		/* Exar XR17V352 */
	{ 0x13a8, 0x0354, 0, 4, 0, 0, 0x400, 125000000 },		/* Exar XR17V354 */
	{ 0x1c00, 0x3253, 0, 2, 0, 0xc0, 8, UART_CLOCK },		/* WCH CH382 */
	{ 0x9710, 0x9900, 0, 1, 0, 0, 8, UART_CLOCK },			/* MosChip MCS9900 */
	{ PCI_ANY, PCI_ANY, 0, 1, 0, 0, 8, UART_CLOCK },
};

static u32 config_read(u32 bdf, u32 reg)
{
	return hal_pci_read((struct pci_addr){ .bdf = (u16)bdf }, reg, 4);
}

static const struct card *match(u32 id, u32 class)
{
	for (u32 i = 0; i < ARRAY_SIZE(cards); i++) {
		const struct card *c = &cards[i];

		if (c->vendor == PCI_ANY ? class == PCI_CLASS_SERIAL :
		    c->vendor == (u16)id && c->device == id >> 16)
			return c;
	}
	return NULL;
}

/* Use port @n of the card; false when its window is not set up. */
static bool use_card(struct uart *u, u32 bdf, const struct card *c, u32 n)
{
	u32 bar = config_read(bdf, PCI_REG_BAR0 + c->bar * 4U);
	u32 offset = c->first + n * c->stride;

	if (bar & 1) {
		u->port = (u16)((bar & ~3U) + offset);
		u->mmio = paddr_make(0);
		if (!(bar & ~3U))
			return false;
	} else {
		u64 base = bar & ~0xfU;

		if ((bar & 6) == 4)
			base |= (u64)config_read(bdf, PCI_REG_BAR0 + c->bar * 4U + 4) << 32;
		if (!base)
			return false;
		u->port = 0;
		u->mmio = paddr_make(base + offset);
	}
	u->reg_shift = c->reg_shift;
	u->reg_width = 1;
	u->clock = c->clock;
	u->on_pci = true;
	u->bdf = (u16)bdf;
	hal_pci_write((struct pci_addr){ .bdf = (u16)bdf }, PCI_REG_COMMAND, 2,
		      config_read(bdf, PCI_REG_COMMAND) | PCI_COMMAND_IO_MEMORY);
	return true;
}

int uart_find_pci(struct uart *u, u32 nth)
{
	if (!hal_pci_reaches((struct pci_addr){ .bdf = PCI_LAST_BUS << 8 }, 0))
		return -XEN_ENODEV;
	for (u32 bdf = 0; bdf <= (PCI_LAST_BUS << 8 | 0xff); bdf++) {
		u32 id = config_read(bdf, 0);
		const struct card *c;

		if (id == 0xffffffffU || !(id & 0xffff)) {
			if (!(bdf & 7))
				bdf |= 7;	/* without function 0 there is no device */
			continue;
		}
		c = match(id, config_read(bdf, 8) >> 16);
		if (c && nth < c->ports && use_card(u, bdf, c, nth))
			return 0;
		if (c)
			nth -= min(nth, (u32)c->ports);
		if (!(bdf & 7) && !(config_read(bdf, PCI_HEADER_TYPE_WORD) & PCI_MULTIFUNCTION))
			bdf |= 7;
	}
	return -XEN_ENODEV;
}
