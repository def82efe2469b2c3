/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes, headers and checksums of ACPI tables, and the tables that are the same for all guests. */
#include <xen/string.h>

#include <asm/domain.h>

#include "acpi-writer.h"

#define RSDP_BYTES 36
#define MADT_LAPIC 0
#define MADT_X2APIC 9

static u8 checksum(const u8 *p, u32 len)
{
	u8 sum = 0;

	while (len--)
		sum = (u8)(sum + *p++);
	return (u8)-sum;
}

void acpi_area_init(struct acpi_area *a, u64 base)
{
	memset(a, 0, sizeof(*a));
	a->base = base;
	a->used = RSDP_BYTES;
}

void acpi_put8(struct acpi_area *a, u32 v)
{
	if (a->used < ACPI_AREA_BYTES)
		a->data[a->used++] = (u8)v;
}

void acpi_put16(struct acpi_area *a, u32 v)
{
	acpi_put8(a, v);
	acpi_put8(a, v >> 8);
}

void acpi_put32(struct acpi_area *a, u32 v)
{
	acpi_put16(a, v);
	acpi_put16(a, v >> 16);
}

void acpi_put64(struct acpi_area *a, u64 v)
{
	acpi_put32(a, (u32)v);
	acpi_put32(a, (u32)(v >> 32));
}

void acpi_put_zeros(struct acpi_area *a, u32 n)
{
	while (n--)
		acpi_put8(a, 0);
}

u32 acpi_begin_table(struct acpi_area *a, const char *sig, u8 revision)
{
	u32 at;

	a->used = ROUND_UP(a->used, 8U);
	at = a->used;
	for (u32 i = 0; i < 4; i++)
		acpi_put8(a, (u8)sig[i]);
	acpi_put32(a, 0);
	acpi_put16(a, revision);
	for (const char *s = "XENLTHXENOLITH"; *s; s++)
		acpi_put8(a, (u8)*s);
	acpi_put32(a, 1);
	acpi_put32(a, 0);
	acpi_put32(a, 1);
	return at;
}

void acpi_end_table(struct acpi_area *a, u32 at)
{
	u32 len = a->used - at;

	memcpy(a->data + at + 4, &len, 4);
	a->data[at + 9] = 0;
	a->data[at + 9] = checksum(a->data + at, len);
}

static void madt_cpu(struct acpi_area *a, u32 id)
{
	u32 apic = vcpu_apic_id(id);

	if (apic < 0xff) {
		acpi_put8(a, MADT_LAPIC);
		acpi_put8(a, 8);
		acpi_put8(a, id);
		acpi_put8(a, apic);
		acpi_put32(a, 1);
		return;
	}
	acpi_put8(a, MADT_X2APIC);
	acpi_put8(a, 16);
	acpi_put16(a, 0);
	acpi_put32(a, apic);
	acpi_put32(a, 1);
	acpi_put32(a, id);
}

u32 acpi_begin_madt(struct acpi_area *a, u32 vcpus)
{
	u32 at = acpi_begin_table(a, "APIC", 3);

	acpi_put32(a, 0xfee00000);
	acpi_put32(a, 0);
	for (u32 i = 0; i < vcpus; i++)
		madt_cpu(a, i);
	return at;
}

/* Signature (8), checksum (1), OEM id (6), revision (1), RSDT (4), length (4), XSDT (8),
 * checksum of all (1), reserved (3). */
void acpi_put_rsdp(struct acpi_area *a, u32 xsdt)
{
	u64 addr = a->base + xsdt;
	u8 *r = a->data;

	memset(r, 0, RSDP_BYTES);
	memcpy(r, "RSD PTR ", 8);
	memcpy(r + 9, "XENLTH", 6);
	r[15] = 2;
	r[20] = RSDP_BYTES;
	memcpy(r + 24, &addr, 8);
	r[8] = checksum(r, 20);
	r[32] = checksum(r, RSDP_BYTES);
}
