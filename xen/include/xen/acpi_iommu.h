/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two ACPI tables that describe IOMMUs: IVRS (AMD I/O Virtualization Technology specification,
 * section 5) and DMAR (Intel Virtualization Technology for Directed I/O, section 8). The parsers
 * take bytes that were length-checked and touch nothing else. Device numbers are
 * bus << 8 | device << 3 | function.
 */
#ifndef XEN_ACPI_IOMMU_H
#define XEN_ACPI_IOMMU_H

#include <xen/types.h>

#define ACPI_MAX_IOMMUS 16
#define ACPI_MAX_UNITY 32
#define ACPI_MAX_ALIASES 64
#define ACPI_MAX_DMA_IOAPICS 16
#define IOMMU_MAX_IRQS 16
#define IOMMU_MAX_STREAMS 512

/** The registers of one IOMMU. */
struct acpi_iommu_unit {
	paddr_t base;
	u16 segment;
	u16 bdf;	/* IVRS: the function that is the IOMMU */
	u16 capability;	/* IVRS: where its capability is in configuration space */
	/* Device tree: */
	u64 size;	/* of the registers, in bytes */
	u32 irq[IOMMU_MAX_IRQS];	/* of its events and faults; 0: none, or not known */
	u8 version;	/* of an SMMU: 1, 2 or 3 */
	bool coherent;	/* the tree says that the unit sees the caches of CPUs */
};

/** Streams of one unit that belong together: those that equal @stream in all bits that are not in
 * @mask. Device tree, of SMMUs of version 1 and 2. */
struct iommu_streams {
	u8 unit;
	u16 stream, mask;
};

/** Memory that firmware's devices use, which must be mapped to itself: whole pages. */
struct acpi_unity {
	u64 start, size;	/* bytes */
};

/** DMA of @device carries the number @seen_as, because a bridge stands between. */
struct acpi_dma_alias {
	u16 device, seen_as;
};

/** The device number that interrupts of an IO-APIC carry. */
struct acpi_dma_ioapic {
	u8 id;		/* as in the MADT */
	u16 bdf;
};

struct acpi_iommus {
	bool has_intremap;	/* interrupts may be remapped */
	u32 nr_units, nr_unity, nr_aliases, nr_ioapics, nr_streams;
	u32 dropped;		/* entries beyond the arrays below, or malformed */
	struct acpi_iommu_unit unit[ACPI_MAX_IOMMUS];
	struct acpi_unity unity[ACPI_MAX_UNITY];
	struct acpi_dma_alias alias[ACPI_MAX_ALIASES];
	struct acpi_dma_ioapic ioapic[ACPI_MAX_DMA_IOAPICS];
	struct iommu_streams streams[IOMMU_MAX_STREAMS];
};

/** Decode a checked table: 0, or -XEN_EINVAL when the bytes are not one with at least one unit. */
int acpi_parse_ivrs(const u8 *p, size_t len, struct acpi_iommus *out);
int acpi_parse_dmar(const u8 *p, size_t len, struct acpi_iommus *out);

#endif
