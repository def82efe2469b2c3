/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root pointer, the two kinds of root table, and the check that applies to every table. */
#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/string.h>

#include "bytes.h"

#define RSDP_V1_SIZE 20
#define RSDP_V2_SIZE 36

static u8 sum(const u8 *p, size_t len)
{
	u8 s = 0;

	for (size_t i = 0; i < len; i++)
		s = (u8)(s + p[i]);
	return s;
}

int acpi_parse_rsdp(const u8 *p, size_t len, struct acpi_rsdp *out)
{
	if (len < RSDP_V1_SIZE || memcmp(p, "RSD PTR ", 8) || sum(p, RSDP_V1_SIZE))
		return -XEN_EINVAL;
	*out = (struct acpi_rsdp){ .revision = p[15], .rsdt = paddr_make(load32(p + 16)) };
	/* If the extension is invalid, the RSDT of the first version is still usable. */
	if (p[15] >= 2 && len >= RSDP_V2_SIZE && load32(p + 20) >= RSDP_V2_SIZE &&
	    load32(p + 20) <= len && !sum(p, load32(p + 20)))
		out->xsdt = paddr_make(load64(p + 24));
	return out->rsdt.v || out->xsdt.v ? 0 : -XEN_EINVAL;
}

size_t acpi_scan_rsdp(const u8 *area, size_t len)
{
	struct acpi_rsdp unused;

	for (size_t at = 0; at + RSDP_V1_SIZE <= len; at += 16)
		if (!acpi_parse_rsdp(area + at, len - at, &unused))
			return at;
	return len;
}

long acpi_check_table(const u8 *p, size_t len)
{
	u32 own;

	if (len < ACPI_HEADER_SIZE)
		return -XEN_EINVAL;
	own = load32(p + 4);
	if (own < ACPI_HEADER_SIZE || own > len)
		return -XEN_EINVAL;
	return sum(p, own) ? -XEN_EILSEQ : (long)own;
}

static size_t entry_size(const u8 *p)
{
	return p[0] == 'X' ? 8 : 4;
}

u32 acpi_root_count(const u8 *p, size_t len)
{
	return len < ACPI_HEADER_SIZE ? 0 : (u32)((len - ACPI_HEADER_SIZE) / entry_size(p));
}

paddr_t acpi_root_entry(const u8 *p, size_t len, u32 i)
{
	size_t size = entry_size(p);
	const u8 *at = p + ACPI_HEADER_SIZE + size * i;

	if (i >= acpi_root_count(p, len))
		return paddr_make(0);
	return paddr_make(size == 8 ? load64(at) : load32(at));
}
