/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables of a PVH guest (ACPI 6.4, chapter 5.2): a hardware-reduced machine whose DSDT names
 * its processors and its PCI bus, if it has one, and a MADT with a local APIC for each vCPU.
 */
#include "builder/private.h"

#define APIC_BASE 0xfee00000U
#define RSDP_BYTES 36
#define HEADER_BYTES 36
#define BYTES_PER_VCPU 96	/* more than a MADT entry and a device of the DSDT */
#define BYTES_FIXED 1024
#define ROUND_UP_PAGE(n) (((n) + PAGE_SIZE - 1) & PAGE_MASK)

#define FADT_BYTES 276
#define FADT_DSDT 40
#define FADT_BOOT_ARCH 109
#define FADT_FLAGS 112
#define FADT_X_DSDT 140
#define FADT_NO_VGA (1U << 2)
#define FADT_NO_CMOS_RTC (1U << 5)
#define FADT_WBINVD (1U << 0)
#define FADT_HW_REDUCED (1U << 20)

#define MADT_LOCAL_APIC 0
#define MADT_X2APIC 9
#define MADT_ENABLED 1
#define LARGEST_APIC_ID 254	/* that a local APIC entry can name */

#define AML_NAME 0x08
#define AML_BYTE 0x0a
#define AML_STRING 0x0d
#define AML_SCOPE 0x10
#define AML_BUFFER 0x11
#define AML_DWORD 0x0c
#define AML_EXT 0x5b
#define AML_EXT_DEVICE 0x82

struct area {
	uint64_t base;
	uint8_t *data;
	size_t used;
};

static void put(struct area *a, const void *p, size_t n)
{
	memcpy(a->data + a->used, p, n);
	a->used += n;
}

static void put8(struct area *a, uint8_t v) { put(a, &v, 1); }
static void put16(struct area *a, uint16_t v) { put(a, &v, 2); }
static void put32(struct area *a, uint32_t v) { put(a, &v, 4); }
static void put64(struct area *a, uint64_t v) { put(a, &v, 8); }

static uint8_t checksum(const uint8_t *p, size_t n)
{
	uint8_t sum = 0;

	while (n--)
		sum = (uint8_t)(sum + *p++);
	return (uint8_t)-sum;
}

static size_t begin(struct area *a, const char *signature, uint8_t revision)
{
	size_t at;

	a->used = (a->used + 15) & ~(size_t)15;
	at = a->used;
	put(a, signature, 4);
	put32(a, 0);
	put8(a, revision);
	put8(a, 0);
	put(a, "XENLTH", 6);
	put(a, "XENOLITH", 8);
	put32(a, 1);
	put(a, "XNLT", 4);
	put32(a, 1);
	return at;
}

static void end(struct area *a, size_t at)
{
	uint32_t bytes = (uint32_t)(a->used - at);

	memcpy(a->data + at + 4, &bytes, 4);
	a->data[at + 9] = checksum(a->data + at, bytes);
}

/* A package's length counts its own bytes; two of them reach to 4095. */
static void package_length(uint8_t *at, size_t bytes)
{
	at[0] = (uint8_t)(0x40 | (bytes & 15));
	at[1] = (uint8_t)(bytes >> 4);
}

/* Device (Cnnn) { Name (_HID, "ACPI0007") Name (_UID, n) } */
static void put_processor(struct area *a, uint32_t id)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t at;

	put8(a, AML_EXT);
	put8(a, AML_EXT_DEVICE);
	at = a->used;
	put16(a, 0);
	put8(a, 'C');
	put8(a, '0');
	put8(a, (uint8_t)hex[id >> 4]);
	put8(a, (uint8_t)hex[id & 15]);
	put8(a, AML_NAME);
	put(a, "_HID", 4);
	put8(a, AML_STRING);
	put(a, "ACPI0007", 9);
	put8(a, AML_NAME);
	put(a, "_UID", 4);
	put8(a, AML_BYTE);
	put8(a, (uint8_t)id);
	package_length(a->data + at, a->used - at);
}

/* Resources of the bus (ACPI 6.4, section 6.4): its number, its ports, memory for windows. */
static void put_bus_resources(struct area *a)
{
	static const uint8_t ports[] = { 0x47, 1, 0xf8, 0x0c, 0xf8, 0x0c, 1, 8 };

	put8(a, 0x88);		/* addresses of 16 bits: bus 0, of a fixed length */
	put16(a, 13);
	put8(a, 2);
	put8(a, 0x0c);
	put8(a, 0);
	for (uint32_t i = 0; i < 4; i++)
		put16(a, 0);
	put16(a, 1);
	put(a, ports, sizeof(ports));
	put8(a, 0x87);		/* of 32 bits: memory that can be written and is not cached */
	put16(a, 23);
	put8(a, 0);
	put8(a, 0x0c);
	put8(a, 1);
	put32(a, 0);
	put32(a, BLD_PCI_WINDOW);
	put32(a, BLD_PCI_WINDOW + BLD_PCI_WINDOW_BYTES - 1);
	put32(a, 0);
	put32(a, BLD_PCI_WINDOW_BYTES);
	put16(a, 0x0079);	/* the end */
}

/* Device (PCI0) { Name (_HID, EisaId ("PNP0A03")) Name (_UID, 0) Name (_CRS, Buffer {...}) } */
static void put_pci_bus(struct area *a)
{
	size_t at, buffer, bytes;

	put8(a, AML_EXT);
	put8(a, AML_EXT_DEVICE);
	at = a->used;
	put16(a, 0);
	put(a, "PCI0", 4);
	put8(a, AML_NAME);
	put(a, "_HID", 4);
	put8(a, AML_DWORD);
	put32(a, 0x030ad041);
	put8(a, AML_NAME);
	put(a, "_UID", 4);
	put8(a, AML_BYTE);
	put8(a, 0);
	put8(a, AML_NAME);
	put(a, "_CRS", 4);
	put8(a, AML_BUFFER);
	buffer = a->used;
	put16(a, 0);
	put8(a, AML_BYTE);
	bytes = a->used;
	put8(a, 0);
	put_bus_resources(a);
	a->data[bytes] = (uint8_t)(a->used - bytes - 1);
	package_length(a->data + buffer, a->used - buffer);
	package_length(a->data + at, a->used - at);
}

/* Scope (\_SB) with the processors. Its length takes three bytes: 128 devices are 4.5 KiB. */
static size_t put_dsdt(struct area *a, uint32_t vcpus, bool pci)
{
	size_t table = begin(a, "DSDT", 2), at, bytes;

	put8(a, AML_SCOPE);
	at = a->used;
	put16(a, 0);
	put8(a, 0);
	put(a, "\\_SB_", 5);
	for (uint32_t i = 0; i < vcpus; i++)
		put_processor(a, i);
	if (pci)
		put_pci_bus(a);
	bytes = a->used - at;
	a->data[at] = (uint8_t)(0x80 | (bytes & 15));
	a->data[at + 1] = (uint8_t)(bytes >> 4);
	a->data[at + 2] = (uint8_t)(bytes >> 12);
	end(a, table);
	return table;
}

static size_t put_fadt(struct area *a, size_t dsdt)
{
	size_t at = begin(a, "FACP", 6);
	uint8_t *t = a->data + at;
	uint64_t addr = a->base + dsdt;
	uint32_t flags = FADT_WBINVD | FADT_HW_REDUCED;
	uint16_t arch = FADT_NO_VGA | FADT_NO_CMOS_RTC;

	a->used = at + FADT_BYTES;	/* all else is zero: no such hardware */
	memcpy(t + FADT_DSDT, &addr, 4);
	memcpy(t + FADT_BOOT_ARCH, &arch, 2);
	memcpy(t + FADT_FLAGS, &flags, 4);
	memcpy(t + FADT_X_DSDT, &addr, 8);
	end(a, at);
	return at;
}

static void put_madt_cpu(struct area *a, uint32_t id)
{
	uint32_t apic = id * 2;		/* as both hypervisors number them */

	if (apic <= LARGEST_APIC_ID) {
		put8(a, MADT_LOCAL_APIC);
		put8(a, 8);
		put8(a, (uint8_t)id);
		put8(a, (uint8_t)apic);
		put32(a, MADT_ENABLED);
		return;
	}
	put8(a, MADT_X2APIC);
	put8(a, 16);
	put16(a, 0);
	put32(a, apic);
	put32(a, MADT_ENABLED);
	put32(a, id);
}

static size_t put_madt(struct area *a, uint32_t vcpus)
{
	size_t at = begin(a, "APIC", 3);

	put32(a, APIC_BASE);
	put32(a, 0);
	for (uint32_t i = 0; i < vcpus; i++)
		put_madt_cpu(a, i);
	end(a, at);
	return at;
}

static void put_rsdp(struct area *a, size_t xsdt)
{
	uint8_t *r = a->data;
	uint64_t addr = a->base + xsdt;

	memcpy(r, "RSD PTR ", 8);
	memcpy(r + 9, "XENLTH", 6);
	r[15] = 2;
	r[20] = RSDP_BYTES;
	memcpy(r + 24, &addr, 8);
	r[8] = checksum(r, 20);
	r[32] = checksum(r, RSDP_BYTES);
}

size_t bld_acpi(uint64_t base, uint32_t vcpus, bool pci, uint8_t **out)
{
	size_t room = ROUND_UP_PAGE(BYTES_FIXED + (size_t)vcpus * BYTES_PER_VCPU);
	struct area a = { .base = base, .data = calloc(1, room), .used = RSDP_BYTES };
	size_t fadt, madt, xsdt;

	if (!a.data)
		return 0;
	fadt = put_fadt(&a, put_dsdt(&a, vcpus, pci));
	madt = put_madt(&a, vcpus);
	xsdt = begin(&a, "XSDT", 1);
	put64(&a, base + fadt);
	put64(&a, base + madt);
	end(&a, xsdt);
	put_rsdp(&a, xsdt);
	*out = a.data;
	return room;
}
