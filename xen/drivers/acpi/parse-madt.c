/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interrupt controllers' table (MADT): processors, IO-APICs, ISA overrides, NMI lines. */
#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/string.h>

#include "bytes.h"

#define MADT_ENTRIES 44
#define MADT_PCAT_COMPAT 1
#define CPU_ENABLED 1

enum madt_type {
	MADT_LAPIC = 0,
	MADT_IOAPIC = 1,
	MADT_OVERRIDE = 2,
	MADT_LAPIC_NMI = 4,
	MADT_LAPIC_ADDRESS = 5,
	MADT_X2APIC = 9,
	MADT_X2APIC_NMI = 10,
};

/* MPS INTI flags: polarity in bits 0-1 (3: low), trigger in bits 2-3 (3: level), 0: bus default. */
static bool flags_low(u16 flags) { return (flags & 3) == 3; }
static bool flags_level(u16 flags) { return (flags >> 2 & 3) == 3; }

static void add_cpu(struct acpi_madt *m, u32 apic_id, u32 uid, u32 flags, bool x2apic)
{
	if (!(flags & CPU_ENABLED))
		return;
	/* Firmware may list a processor with a small APIC id in both forms. */
	for (u32 i = 0; i < m->nr_cpus; i++)
		if (m->cpu[i].apic_id == apic_id)
			return;
	if (m->nr_cpus == ARRAY_SIZE(m->cpu)) {
		m->dropped++;
		return;
	}
	m->cpu[m->nr_cpus++] = (struct acpi_madt_cpu){ apic_id, uid, x2apic };
}

static void add_ioapic(struct acpi_madt *m, const u8 *e)
{
	struct acpi_madt_ioapic new = { e[2], paddr_make(load32(e + 4)), load32(e + 8) };

	if (m->nr_ioapics == ARRAY_SIZE(m->ioapic) || !new.address.v ||
	    new.address.v & 0xf)
		m->dropped++;
	else
		m->ioapic[m->nr_ioapics++] = new;
}

static void add_override(struct acpi_madt *m, const u8 *e)
{
	u16 flags = load16(e + 8);

	/* The bus must be ISA, which has 16 lines; its default is edge, active high. */
	if (m->nr_overrides == ARRAY_SIZE(m->override) || e[2] || e[3] >= 16)
		m->dropped++;
	else
		m->override[m->nr_overrides++] = (struct acpi_madt_override){
			e[3], load32(e + 4), flags_level(flags), flags_low(flags),
		};
}

static void add_nmi(struct acpi_madt *m, u32 uid, u16 flags, u8 lint)
{
	if (m->nr_nmis == ARRAY_SIZE(m->nmi) || lint > 1)
		m->dropped++;
	else
		m->nmi[m->nr_nmis++] = (struct acpi_madt_nmi){
			uid, lint, flags_level(flags), flags_low(flags),
		};
}

/* The minimum size of each type of entry that is decoded; 0 for the others. */
static const u8 min_size[] = {
	[MADT_LAPIC] = 8,
	[MADT_IOAPIC] = 12,
	[MADT_OVERRIDE] = 10,
	[MADT_LAPIC_NMI] = 6,
	[MADT_LAPIC_ADDRESS] = 12,
	[MADT_X2APIC] = 16,
	[MADT_X2APIC_NMI] = 12,
};

static void add_entry(struct acpi_madt *m, const u8 *e)
{
	if (e[0] >= ARRAY_SIZE(min_size) || !min_size[e[0]])
		return;
	if (e[1] < min_size[e[0]]) {
		m->dropped++;
		return;
	}
	switch (e[0]) {
	case MADT_LAPIC:
		if (e[3] != 0xff)
			add_cpu(m, e[3], e[2], load32(e + 4), false);
		break;
	case MADT_X2APIC:
		if (load32(e + 4) != ~0U)
			add_cpu(m, load32(e + 4), load32(e + 12), load32(e + 8), true);
		break;
	case MADT_IOAPIC:
		add_ioapic(m, e);
		break;
	case MADT_OVERRIDE:
		add_override(m, e);
		break;
	case MADT_LAPIC_NMI:
		add_nmi(m, e[2] == 0xff ? ACPI_UID_ALL : e[2], load16(e + 3), e[5]);
		break;
	case MADT_X2APIC_NMI:
		add_nmi(m, load32(e + 4), load16(e + 2), e[8]);
		break;
	case MADT_LAPIC_ADDRESS:
		m->lapic_address = paddr_make(load64(e + 4));
		break;
	}
}

int acpi_parse_madt(const u8 *p, size_t len, struct acpi_madt *out)
{
	size_t at = MADT_ENTRIES;

	if (len < MADT_ENTRIES || memcmp(p, "APIC", 4))
		return -XEN_EINVAL;
	memset(out, 0, sizeof(*out));
	out->lapic_address = paddr_make(load32(p + 36));
	out->has_8259 = load32(p + 40) & MADT_PCAT_COMPAT;
	while (len - at >= 2) {
		u8 size = p[at + 1];

		if (size < 2 || size > len - at)
			return -XEN_EINVAL;
		add_entry(out, p + at);
		at += size;
	}
	return out->nr_cpus ? 0 : -XEN_EINVAL;
}
