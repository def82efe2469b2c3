/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cache monitoring and allocation by a model of a cache beside the emulator (model.h). */
#include <xen/hal/io.h>
#include <xen/hal/pci.h>
#include <xen/ops.h>
#include <xen/printk.h>

#include "private.h"
#include "model.h"

#define REG_BAR2 (PCI_REG_BAR0 + 8)
#define BAR_IO BIT(0)
#define BAR_TYPE 6U
#define BAR_TYPE_64 4U
#define BAR_FLAGS 0xfU

static const struct psr_model *page;

static void look_at(struct pci_addr a, void *arg)
{
	struct pci_addr *found = arg;

	if (pci_read(a, PCI_REG_ID, 4) == PSR_MODEL_PCI_ID)
		*found = a;
}

/* Where BAR 2 is, or 0 when it does not answer. */
static u64 bar2(struct pci_addr a)
{
	u32 low = pci_read(a, REG_BAR2, 4);
	u64 base = low & ~BAR_FLAGS;

	if (low & BAR_IO || !(pci_read(a, PCI_REG_COMMAND, 2) & PCI_COMMAND_MEMORY))
		return 0;
	if ((low & BAR_TYPE) == BAR_TYPE_64)
		base |= (u64)pci_read(a, REG_BAR2 + 4, 4) << 32;
	return base;
}

/* The page comes from outside, so each figure is read once and then checked. */
static bool read_caps(struct psr_caps *c)
{
	u32 ways = READ_ONCE(page->ways), rmids = READ_ONCE(page->rmids);
	u32 coses = READ_ONCE(page->coses), unit = READ_ONCE(page->unit_bytes);
	u64 bytes = READ_ONCE(page->cache_bytes);

	if (READ_ONCE(page->magic) != PSR_MODEL_MAGIC)
		return false;
	if (rmids < 2 || rmids > PSR_MODEL_RMIDS || !unit || !bytes || !coses || !ways ||
	    ways > PSR_MAX_CBM_LEN) {
		printk(LOG_WARN "psr: the modelled cache describes itself wrongly: %u RMIDs, %u "
		       "classes, %u ways, %lu bytes, units of %u\n", rmids, coses, ways, bytes,
		       unit);
		return false;
	}
	*c = (struct psr_caps){
		.l3_bytes = bytes, .rmids = rmids, .upscale = unit, .coses = coses, .cbm_len = ways,
		.events = BIT(PSR_EVENT_OCCUPANCY - 1) | BIT(PSR_EVENT_TOTAL - 1) |
			  BIT(PSR_EVENT_LOCAL - 1),
	};
	return true;
}

static bool probe(struct psr_caps *caps)
{
	struct pci_addr a = { 0, 0 };
	u64 base;

	BUILD_BUG_ON(sizeof(struct psr_model) > PSR_MODEL_BYTES);
	pci_scan(look_at, &a);
	base = a.bdf ? bar2(a) : 0;
	if (!base)
		return false;
	page = hal_map_mmio(paddr_make(base), PSR_MODEL_BYTES);
	return page && read_caps(caps);
}

/* One cache and one memory: all traffic is local. */
static u64 read(u32 event, u32 rmid)
{
	u64 bytes;

	ASSERT(rmid < PSR_MODEL_RMIDS);
	bytes = event == PSR_EVENT_OCCUPANCY ? READ_ONCE(page->rmid[rmid].occupied)
					     : READ_ONCE(page->rmid[rmid].traffic);
	return bytes / psr.caps.upscale & ~(PSR_COUNTER_ERROR | PSR_COUNTER_UNAVAILABLE);
}

/* The emulator ignores writes to these MSRs; the model sees the instructions. */
const struct psr_provider psr_by_model = {
	.name = "a model",
	.probe = probe,
	.associate = psr_msr_associate,
	.set_mask = psr_msr_set_mask,
	.read = read,
};
OPS_TABLE(psr_by_model, probe);
