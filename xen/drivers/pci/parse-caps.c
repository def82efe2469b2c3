/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking the list of capabilities of a function. */
#include <xen/pci.h>

#define REG_STATUS 0x06
#define STATUS_HAS_LIST BIT(4)
#define REG_FIRST 0x34
#define FIRST_POSSIBLE 0x40
#define MAX_CAPS ((PCI_CONFIG_SIZE - FIRST_POSSIBLE) / 4)

#define CAP_MSI 0x05
#define CAP_EXPRESS 0x10
#define CAP_MSIX 0x11
#define CAP_ADVANCED_FEATURES 0x13

static u8 *place_of(struct pci_caps *c, u8 id)
{
	switch (id) {
	case CAP_MSI:
		return &c->msi;
	case CAP_MSIX:
		return &c->msix;
	case CAP_EXPRESS:
		return &c->express;
	case CAP_ADVANCED_FEATURES:
		return &c->advanced_features;
	default:
		return NULL;
	}
}

void pci_parse_caps(u32 (*read)(void *ctx, u32 reg, u32 bytes), void *ctx, struct pci_caps *out)
{
	u32 at;

	*out = (struct pci_caps){ 0 };
	if (!(read(ctx, REG_STATUS, 2) & STATUS_HAS_LIST))
		return;
	at = read(ctx, REG_FIRST, 1) & 0xfc;
	for (u32 i = 0; i < MAX_CAPS && at >= FIRST_POSSIBLE; i++) {
		u32 head = read(ctx, at, 2);
		u8 *place = place_of(out, (u8)head);

		/* The first capability of a kind counts, as it does for operating systems. */
		if (place && !*place)
			*place = (u8)at;
		at = head >> 8 & 0xfc;
	}
}
