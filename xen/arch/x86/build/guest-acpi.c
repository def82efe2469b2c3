/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI for a PVH guest without devices: only its vCPUs. The hardware-reduced model says that there
 * is no PM timer, fixed event or 8259 (ACPI 6.4, section 4.1).
 */
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/printk.h>

#include <asm/domain.h>

#include "acpi-writer.h"
#include "build.h"

#define FADT_NO_VGA BIT(2)		/* IAPC_BOOT_ARCH */
#define FADT_NO_CMOS_RTC BIT(5)
#define FADT_WBINVD BIT(0)		/* flags */
#define FADT_HW_REDUCED BIT(20)

/* No device needs describing, so its body is empty. */
static u32 put_dsdt(struct acpi_area *a)
{
	u32 at = acpi_begin_table(a, "DSDT", 2);

	acpi_end_table(a, at);
	return at;
}

/* Revision 6; all fields of fixed hardware stay zero. */
static u32 put_fadt(struct acpi_area *a, u32 dsdt)
{
	u64 addr = a->base + dsdt;
	u32 at = acpi_begin_table(a, "FACP", 6);

	acpi_put32(a, 0);			/* FACS: none, as hardware-reduced */
	acpi_put32(a, (u32)addr);
	acpi_put_zeros(a, 65);
	acpi_put16(a, FADT_NO_VGA | FADT_NO_CMOS_RTC);
	acpi_put8(a, 0);
	acpi_put32(a, FADT_WBINVD | FADT_HW_REDUCED);
	acpi_put_zeros(a, 15);			/* reset register, ARM flags */
	acpi_put8(a, 0);			/* minor revision */
	acpi_put64(a, 0);
	acpi_put64(a, addr);
	acpi_put_zeros(a, 120);			/* register blocks, sleep registers */
	acpi_put64(a, 0);			/* hypervisor's identity */
	acpi_end_table(a, at);
	return at;
}

static u32 put_xsdt(struct acpi_area *a, u32 fadt, u32 madt)
{
	u32 at = acpi_begin_table(a, "XSDT", 1);

	acpi_put64(a, a->base + fadt);
	acpi_put64(a, a->base + madt);
	acpi_end_table(a, at);
	return at;
}

int guest_build_acpi(struct domain *d, u64 *rsdp)
{
	static struct acpi_area a;
	struct guest_map *m = &to_xd(d)->map;
	u64 size = m->region[0].size, base = size - ACPI_AREA_BYTES;
	u32 fadt, madt;

	ASSERT(m->nr && !m->region[0].start);
	if (size <= ACPI_AREA_BYTES ||
	    !guest_map_carve(m, base, ACPI_AREA_BYTES, GUEST_REGION_ACPI)) {
		printk(LOG_ERR "%s: no room for its ACPI tables; give it more memory\n", d->name);
		return -XEN_ENOMEM;
	}
	acpi_area_init(&a, base);
	fadt = put_fadt(&a, put_dsdt(&a));
	madt = acpi_begin_madt(&a, d->max_vcpus);
	acpi_end_table(&a, madt);
	acpi_put_rsdp(&a, put_xsdt(&a, fadt, madt));
	*rsdp = base;
	return guest_phys_write(d, gpaddr_make(base), a.data, ACPI_AREA_BYTES);
}
