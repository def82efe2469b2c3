/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD's table of IOMMUs (IVRS; AMD I/O Virtualization Technology specification, section 5.2).
 * Firmware describes one IOMMU by up to three blocks, of types 10h, 11h and 40h, for systems of
 * different ages. The blocks of the highest type in the table describe everything.
 */
#include <xen/acpi_iommu.h>
#include <xen/errno.h>
#include <xen/string.h>

#include "bytes.h"
#include "iommus.h"

#define IVRS_BLOCKS 48
#define BLOCK_HEADER 4

enum block_type {
	IVHD_OLD = 0x10,
	IVHD_EXTENDED = 0x11,
	IVHD_NAMED = 0x40,
	IVMD_ALL = 0x20,
	IVMD_ONE = 0x21,
	IVMD_RANGE = 0x22,
};

#define IVHD_OLD_SIZE 24
#define IVHD_SIZE 40
#define IVMD_SIZE 32
#define IVMD_UNITY BIT(0)
#define IVMD_EXCLUSION BIT(3)

enum entry_type {
	ENTRY_ALIAS = 66,
	ENTRY_ALIAS_RANGE = 67,
	ENTRY_RANGE_END = 4,
	ENTRY_SPECIAL = 72,
	ENTRY_NAMED = 240,
};
#define SPECIAL_IOAPIC 1

static bool is_ivhd(u8 type)
{
	return type == IVHD_OLD || type == IVHD_EXTENDED || type == IVHD_NAMED;
}

static u32 ivhd_size(u8 type)
{
	return type == IVHD_OLD ? IVHD_OLD_SIZE : IVHD_SIZE;
}

/* The bytes of a device entry, of which @left are readable; 0 when they are not all there. */
static u32 entry_size(const u8 *e, u32 left)
{
	u32 size = 4U << (e[0] >> 6);

	if (e[0] == ENTRY_NAMED) {
		if (left < 22)
			return 0;
		size = 22U + e[21];
	}
	return size <= left ? size : 0;
}

static void add_range(struct acpi_iommus *m, u16 first, u16 last, u16 seen_as)
{
	if (first > last)
		m->dropped++;
	for (u32 bdf = first; bdf <= last && m->nr_aliases < ARRAY_SIZE(m->alias); bdf++)
		iommus_add_alias(m, (u16)bdf, seen_as);
}

/* A range of aliases begins in one entry and ends in the next. */
static void parse_entries(struct acpi_iommus *m, const u8 *p, u32 len)
{
	u16 first = 0, seen_as = 0;
	bool in_range = false;
	u32 size;

	for (u32 at = 0; len - at >= 4; at += size) {
		const u8 *e = p + at;

		size = entry_size(e, len - at);
		if (!size) {
			m->dropped++;
			return;
		}
		if (e[0] == ENTRY_ALIAS) {
			iommus_add_alias(m, load16(e + 1), load16(e + 5));
		} else if (e[0] == ENTRY_ALIAS_RANGE) {
			first = load16(e + 1);
			seen_as = load16(e + 5);
		} else if (e[0] == ENTRY_RANGE_END && in_range) {
			add_range(m, first, load16(e + 1), seen_as);
		} else if (e[0] == ENTRY_SPECIAL && e[7] == SPECIAL_IOAPIC) {
			iommus_add_ioapic(m, e[4], load16(e + 5));
		}
		in_range = e[0] == ENTRY_ALIAS_RANGE;
	}
}

static void add_ivhd(struct acpi_iommus *m, const u8 *p, u32 len)
{
	u32 head = ivhd_size(p[0]);

	if (len < head) {
		m->dropped++;
		return;
	}
	iommus_add_unit(m, (struct acpi_iommu_unit){
		.bdf = load16(p + 4), .capability = load16(p + 6),
		.base = paddr_make(load64(p + 8)), .segment = load16(p + 16),
	});
	parse_entries(m, p + head, len - head);
}

/* An exclusion range is memory that is not translated, which a unity mapping achieves as well. */
static void add_ivmd(struct acpi_iommus *m, const u8 *p, u32 len)
{
	u64 start, size;

	if (len < IVMD_SIZE) {
		m->dropped++;
		return;
	}
	if (!(p[1] & (IVMD_UNITY | IVMD_EXCLUSION)))
		return;
	start = load64(p + 16);
	size = load64(p + 24);
	iommus_add_unity(m, start, start + size);
}

/* The bytes of the block at @p, of which @left are readable; 0: it is broken. */
static u32 block_size(const u8 *p, size_t left)
{
	u32 size = left >= BLOCK_HEADER ? load16(p + 2) : 0;

	return size >= BLOCK_HEADER && size <= left ? size : 0;
}

int acpi_parse_ivrs(const u8 *p, size_t len, struct acpi_iommus *out)
{
	u8 best = 0;
	u32 size;

	if (len < IVRS_BLOCKS || memcmp(p, "IVRS", 4))
		return -XEN_EINVAL;
	memset(out, 0, sizeof(*out));
	for (size_t at = IVRS_BLOCKS; at < len; at += size) {
		size = block_size(p + at, len - at);
		if (!size)
			return -XEN_EINVAL;
		if (is_ivhd(p[at]) && p[at] > best)
			best = p[at];
	}
	for (size_t at = IVRS_BLOCKS; at < len; at += load16(p + at + 2)) {
		u32 block = load16(p + at + 2);

		if (best && p[at] == best)
			add_ivhd(out, p + at, block);
		else if (p[at] >= IVMD_ALL && p[at] <= IVMD_RANGE)
			add_ivmd(out, p + at, block);
	}
	/* Without the numbers of IO-APICs their lines could not be remapped. */
	out->has_intremap = out->nr_ioapics;
	return out->nr_units ? 0 : -XEN_EINVAL;
}
