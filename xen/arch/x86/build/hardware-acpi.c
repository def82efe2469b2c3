/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI for the hardware domain: the machine's tables without those for hardware that the domain
 * does not have. It gets a new root pointer, a new XSDT, and a MADT with its vCPUs.
 */
#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/printk.h>
#include <xen/string.h>

#include <asm/domain.h>

#include "acpi-writer.h"
#include "build.h"

#define LIMIT_4G (1UL << 32)

#define MADT_IOAPIC 1
#define MADT_OVERRIDE 2

static u32 build_madt(struct acpi_area *a, u32 vcpus)
{
	const struct acpi_madt *m = acpi_madt();
	u32 at = acpi_begin_madt(a, vcpus);

	for (u32 i = 0; i < m->nr_ioapics; i++) {
		acpi_put8(a, MADT_IOAPIC);
		acpi_put8(a, 12);
		acpi_put16(a, m->ioapic[i].id);
		acpi_put32(a, (u32)m->ioapic[i].address.v);
		acpi_put32(a, m->ioapic[i].gsi_base);
	}
	for (u32 i = 0; i < m->nr_overrides; i++) {
		const struct acpi_madt_override *o = &m->override[i];

		acpi_put8(a, MADT_OVERRIDE);
		acpi_put8(a, 10);
		acpi_put8(a, 0);
		acpi_put8(a, o->source);
		acpi_put32(a, o->gsi);
		acpi_put16(a, (o->active_low ? 3 : 1) | (o->level ? 3 : 1) << 2);
	}
	acpi_end_table(a, at);
	return at;
}

/* Tables of devices that the guest does not have. */
static bool is_hidden(const char *sig)
{
	static const char *const hidden[] = { "APIC", "HPET", "SRAT", "SLIT", "DMAR", "IVRS",
					      "DSDT", "FACS", "WAET" };

	for (u32 i = 0; i < ARRAY_SIZE(hidden); i++)
		if (!strcmp(sig, hidden[i]))
			return true;
	return false;
}

static u32 build_xsdt(struct acpi_area *a, u32 madt)
{
	const struct acpi_table *t;
	u32 at = acpi_begin_table(a, "XSDT", 1);

	acpi_put64(a, a->base + madt);
	for (u32 i = 0; (t = acpi_table_get(i)) != NULL; i++)
		if (!is_hidden(t->signature))
			acpi_put64(a, t->address.v);
	acpi_end_table(a, at);
	return at;
}

int hardware_build_acpi(struct domain *d, u64 *rsdp)
{
	static struct acpi_area a;
	struct guest_map *m = &to_xd(d)->map;
	u64 base;

	*rsdp = 0;
	if (!acpi_madt())
		return 0;
	/* High in the first region with room, away from the kernel. */
	base = guest_map_find_ram(m, 0x10000, LIMIT_4G, ACPI_AREA_BYTES, PAGE_SIZE);
	if (!base || !guest_map_carve(m, base, ACPI_AREA_BYTES, GUEST_REGION_ACPI)) {
		printk(LOG_ERR "dom0: no room for its ACPI tables; give it more memory\n");
		return -XEN_ENOMEM;
	}
	acpi_area_init(&a, base);
	acpi_put_rsdp(&a, build_xsdt(&a, build_madt(&a, d->max_vcpus)));
	*rsdp = base;
	return guest_phys_write(d, gpaddr_make(base), a.data, ACPI_AREA_BYTES);
}
