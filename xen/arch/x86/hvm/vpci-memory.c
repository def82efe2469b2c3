/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device memory that a domain with PCI devices reaches only through the emulator: configuration
 * windows and pages with MSI-X tables. Such pages are neither in its p2m nor in its iomem_caps.
 */
#include <xen/errno.h>
#include <xen/hal/io.h>
#include <xen/p2m.h>
#include <xen/printk.h>

#include <asm/domain.h>

#include "vpci.h"

#define MAX_MAPPED 512

/* Mappings are permanent. The pages are few, unless a guest moves its BARs endlessly. */
static struct mapping {
	u64 page;
	u8 *va;
} mapped[MAX_MAPPED];		/* [map_lock] */
static u32 nr_mapped;			/* [map_lock] */
static DEFINE_SPINLOCK(map_lock, LOCK_RANK_NONE);

static u8 *map_page(u64 page)
{
	u8 *va;

	for (u32 i = 0; i < nr_mapped; i++)
		if (mapped[i].page == page)
			return mapped[i].va;
	va = nr_mapped < MAX_MAPPED ?
	     hal_map_mmio(paddr_make(page << PAGE_SHIFT), PAGE_SIZE) : NULL;
	if (va)
		mapped[nr_mapped++] = (struct mapping){ page, va };
	return va;
}

u8 *vpci_map(u64 addr)
{
	u8 *va;

	spin_lock(&map_lock);
	va = map_page(addr >> PAGE_SHIFT);
	spin_unlock(&map_lock);
	if (va)
		return va + page_offset(addr);
	printk_once(LOG_WARN "PCI: too many pages with MSI-X tables\n");
	return NULL;
}

bool vpci_is_device_memory(const struct vpci *p, u64 first, u64 last)
{
	if (!rangeset_contains(&p->d->iomem_caps, first, last))
		return false;
	for (u64 i = first; i <= last && i < max_mfn; i++)
		if (mfn_is_ram(mfn_make(i)))
			return false;
	return true;
}

bool vpci_may_pass(const struct vpci_fn *f, u64 first, u64 last)
{
	const struct vpci *p = f->vpci;

	if (!f->table || f->last_page < first || f->first_page > last)
		return vpci_is_device_memory(p, first, last);
	return f->first_page >= first && f->last_page <= last &&
	       (f->first_page == first || vpci_is_device_memory(p, first, f->first_page - 1)) &&
	       (f->last_page == last || vpci_is_device_memory(p, f->last_page + 1, last));
}

static void give_back(struct vpci *p, u64 first, u64 last)
{
	if (rangeset_add(&p->d->iomem_caps, first, last))
		printk(LOG_WARN "PCI: no memory to give frames %#lx-%#lx back\n", first, last);
}

int vpci_trap(struct vpci *p, struct device *dev, u64 first, u64 last)
{
	struct device_table *t = &to_xd(p->d)->devices;
	int rc = rangeset_remove(&p->d->iomem_caps, first, last);

	ASSERT(spin_is_locked_by_me(&p->d->lock) && spin_is_locked_by_me(&p->lock));
	if (rc)
		return rc;
	rc = device_claim(t, dev, DEVICE_MMIO, first << PAGE_SHIFT,
			  ((last + 1) << PAGE_SHIFT) - 1);
	if (rc) {
		give_back(p, first, last);
		return rc;
	}
	rc = p2m_unmap_range(p->d->p2m, gfn_make(first), last - first + 1);
	if (rc)
		vpci_untrap(p, dev, first, last);
	return rc;
}

void vpci_untrap(struct vpci *p, struct device *dev, u64 first, u64 last)
{
	device_unclaim(&to_xd(p->d)->devices, dev, DEVICE_MMIO, first << PAGE_SHIFT);
	give_back(p, first, last);
}
