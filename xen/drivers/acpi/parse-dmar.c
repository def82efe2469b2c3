/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel's table of IOMMUs (DMAR; Virtualization Technology for Directed I/O, sections 8.1 to 8.4).
 * Which unit serves which device does not matter here, as all units use the same tables.
 */
#include <xen/acpi_iommu.h>
#include <xen/errno.h>
#include <xen/string.h>

#include "bytes.h"
#include "iommus.h"

#define DMAR_STRUCTURES 48
#define DMAR_INTR_REMAP BIT(0)
#define STRUCTURE_HEADER 4

enum structure_type { DRHD = 0, RMRR = 1 };

#define DRHD_SIZE 16
#define RMRR_SIZE 24

#define SCOPE_SIZE 8	/* with a path of one step */
#define SCOPE_IOAPIC 3

/* The scopes of a unit name, beside devices, the IO-APICs that it serves. */
static void parse_scopes(struct acpi_iommus *m, const u8 *p, u32 len)
{
	u32 size;

	for (u32 at = 0; at < len; at += size) {
		const u8 *s = p + at;

		size = len - at >= SCOPE_SIZE ? s[1] : 0;
		if (size < SCOPE_SIZE || size > len - at) {
			m->dropped++;
			return;
		}
		if (s[0] != SCOPE_IOAPIC)
			continue;
		/* An IO-APIC's number is nominal: no bridge is on its path. */
		if (size == SCOPE_SIZE)
			iommus_add_ioapic(m, s[4], (u16)(s[5] << 8 | (s[6] & 0x1f) << 3 |
							 (s[7] & 7)));
		else
			m->dropped++;
	}
}

static void add_unit(struct acpi_iommus *m, const u8 *p, u32 len)
{
	if (len < DRHD_SIZE) {
		m->dropped++;
		return;
	}
	iommus_add_unit(m, (struct acpi_iommu_unit){
		.segment = load16(p + 6), .base = paddr_make(load64(p + 8)),
	});
	parse_scopes(m, p + DRHD_SIZE, len - DRHD_SIZE);
}

/* A reserved region ends with its limit, which is the last byte. */
static void add_reserved(struct acpi_iommus *m, const u8 *p, u32 len)
{
	if (len < RMRR_SIZE || load64(p + 16) == ~0UL)
		m->dropped++;
	else
		iommus_add_unity(m, load64(p + 8), load64(p + 16) + 1);
}

int acpi_parse_dmar(const u8 *p, size_t len, struct acpi_iommus *out)
{
	u32 size;

	if (len < DMAR_STRUCTURES || memcmp(p, "DMAR", 4))
		return -XEN_EINVAL;
	memset(out, 0, sizeof(*out));
	out->has_intremap = p[37] & DMAR_INTR_REMAP;
	for (size_t at = DMAR_STRUCTURES; at < len; at += size) {
		size = len - at >= STRUCTURE_HEADER ? load16(p + at + 2) : 0;
		if (size < STRUCTURE_HEADER || size > len - at)
			return -XEN_EINVAL;
		if (load16(p + at) == DRHD)
			add_unit(out, p + at, size);
		else if (load16(p + at) == RMRR)
			add_reserved(out, p + at, size);
	}
	return out->nr_units ? 0 : -XEN_EINVAL;
}
