/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device memory that the hardware domain reaches only through the emulator: configuration windows
 * and pages with MSI-X tables. Such pages are neither in its p2m nor in its iomem_caps.
 */
#include <xen/errno.h>
#include <xen/hal/io.h>
#include <xen/p2m.h>
#include <xen/printk.h>

#include "vpci.h"

#define MAX_MAPPED 512

/* Mappings are for good. The pages are few, unless a guest moves its BARs about without end. */
static struct mapping {
	u64 page;
	u8 *va;
} mapped[MAX_MAPPED];		/* [vpci.lock] */
static u32 nr_mapped;

u8 *vpci_map(u64 addr)
{
	u64 page = addr >> PAGE_SHIFT;
	u8 *va;

	for (u32 i = 0; i < nr_mapped; i++)
		if (mapped[i].page == page)
			return mapped[i].va + page_offset(addr);
	va = nr_mapped < MAX_MAPPED ? map_mmio(paddr_make(page << PAGE_SHIFT), PAGE_SIZE) : NULL;
	if (!va) {
		printk_once(LOG_WARN "PCI: too many pages with MSI-X tables\n");
		return NULL;
	}
	mapped[nr_mapped++] = (struct mapping){ page, va };
	return va + page_offset(addr);
}

bool vpci_is_device_memory(u64 first, u64 last)
{
	if (!rangeset_contains(&vpci.d->iomem_caps, first, last))
		return false;
	for (u64 i = first; i <= last && i < max_mfn; i++)
		if (mfn_is_ram(mfn_make(i)))
			return false;
	return true;
}

int vpci_trap(u64 first, u64 last)
{
	int rc = rangeset_remove(&vpci.d->iomem_caps, first, last);

	if (rc)
		return rc;
	rc = p2m_unmap_range(vpci.d->p2m, gfn_make(first), last - first + 1);
	if (rc)
		vpci_untrap(first, last);
	return rc;
}

void vpci_untrap(u64 first, u64 last)
{
	if (rangeset_add(&vpci.d->iomem_caps, first, last))
		printk(LOG_WARN "PCI: no memory to give frames %#lx-%#lx back\n", first, last);
}
