/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hardware domain gets of the machine beside RAM from the page allocator. */
#include <xen/acpi.h>
#include <xen/domain_iommu.h>
#include <xen/errno.h>
#include <xen/hal/build.h>
#include <xen/iommu.h>
#include <xen/printk.h>

#include <asm/domain.h>
#include <asm/irq.h>
#include <asm/mm.h>
#include <asm/setup.h>
#include <asm/vpci.h>

#define LOW_END 0xa0000UL
#define IOMEM_END (1UL << 40)

/* RAM below 640 KiB, for the guest's own trampoline; the hypervisor's trampoline is left out. */
static int __init give_low_ram(struct domain *d)
{
	for (u32 i = 0; i < boot_info.nr_regions; i++) {
		const struct boot_region *r = &boot_info.regions[i];
		u64 end = ROUND_DOWN(min(r->start + r->size, LOW_END), PAGE_SIZE);
		u64 tramp_end = TRAMPOLINE_PA + TRAMPOLINE_PAGES * PAGE_SIZE;
		int rc;

		if (r->type != GUEST_REGION_RAM || r->start >= TRAMPOLINE_PA)
			continue;
		heap_add_region(mfn_make(0), paddr_to_mfn(paddr_make(TRAMPOLINE_PA)), 0, false);
		rc = boot_give_ram_1to1(d, 0, TRAMPOLINE_PA);
		if (rc || end <= tramp_end)
			return rc;
		heap_add_region(paddr_to_mfn(paddr_make(tramp_end)),
				paddr_to_mfn(paddr_make(end)), 0, false);
		return boot_give_ram_1to1(d, tramp_end, end - tramp_end);
	}
	return 0;
}

/* Firmware regions keep their place in the map: the addresses are the machine's. */
static int __init add_firmware_regions(struct domain *d)
{
	for (u32 i = 0; i < boot_info.nr_regions; i++) {
		const struct boot_region *r = &boot_info.regions[i];

		if (r->type != GUEST_REGION_RAM &&
		    !guest_map_add(&to_xd(d)->map, r->start, r->size, r->type))
			return -XEN_E2BIG;
	}
	return 0;
}

static void __init deny(struct domain *d, u64 start, u64 size)
{
	rangeset_remove(&d->iomem_caps, start >> PAGE_SHIFT, (start + size - 1) >> PAGE_SHIFT);
}

/* Device memory: everything except RAM (given out separately) and the hypervisor's own devices. */
static int __init set_iomem(struct domain *d)
{
	const struct acpi_madt *madt = acpi_madt();
	const struct acpi_hpet *hpet = acpi_hpet();
	int rc = rangeset_add(&d->iomem_caps, 0, IOMEM_END >> PAGE_SHIFT);
	paddr_t base;
	u64 size;

	for (u32 i = 0; i < boot_info.nr_regions && !rc; i++)
		if (boot_info.regions[i].type == GUEST_REGION_RAM)
			deny(d, boot_info.regions[i].start, boot_info.regions[i].size);
	deny(d, 0xfee00000, PAGE_SIZE);
	for (u32 i = 0; madt && i < madt->nr_ioapics; i++)
		deny(d, madt->ioapic[i].address.v, PAGE_SIZE);
	if (hpet)
		deny(d, hpet->address.v, PAGE_SIZE);
	for (u32 i = 0; iommu_unit_registers(i, &base, &size); i++)
		deny(d, base.v, size);
	return rc;
}

static void __init give_function(struct pci_addr a, void *d)
{
	int rc = iommu_owns_pci(a) ? 0 : domain_iommu_attach(d, a);

	if (rc)
		panic("dom0: cannot give it PCI function %02x:%02x.%u: error %d", a.bdf >> 8,
		      a.bdf >> 3 & 0x1f, a.bdf & 7, rc);
}

/* Confine the machine's devices to the memory of @d. Functions that appear later are added then. */
static int __init confine_devices(struct domain *d)
{
	int rc;

	if (!iommu_in_use())
		return 0;
	rc = domain_iommu_init(d);
	if (rc)
		return rc;
	pci_scan(give_function, d);
	iommu_start();
	irq_remap();
	printk(LOG_INFO "IOMMU: the devices of dom0 reach its memory only\n");
	return 0;
}

int __init hal_hardware_domain_init(struct domain *d)
{
	int rc;

	d->max_pages += LOW_END >> PAGE_SHIFT;
	rc = give_low_ram(d);
	if (!rc)
		rc = add_firmware_regions(d);
	if (!rc)
		rc = set_iomem(d);
	if (!rc)
		rc = vpci_init(d);
	return rc ? rc : confine_devices(d);
}
