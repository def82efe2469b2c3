/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's ACPI tables: found, checked and mapped once at boot, then constant.
 * The parsers beside this file see only bytes that were mapped and length-checked here.
 */
#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/hal/io.h>
#include <xen/printk.h>
#include <xen/string.h>

#include "bytes.h"

#define BDA_EBDA_SEGMENT 0x40e
#define EBDA_SCAN_SIZE 1024
#define BIOS_AREA 0xe0000
#define BIOS_AREA_SIZE 0x20000
#define RSDP_MAX_SIZE 64
#define TABLE_MAX_SIZE (16UL << 20)	/* larger ones count as damaged */
#define FACS_MIN_SIZE 64

static paddr_t rsdp_address;
static u32 nr_tables;
static struct acpi_table tables[ACPI_MAX_TABLES];

static struct acpi_madt madt;
static struct acpi_srat srat;
static struct acpi_slit slit;
static struct acpi_hpet hpet;
static struct acpi_mcfg mcfg;
static struct acpi_fadt fadt;
static struct acpi_s5 s5;
static bool have_madt, have_srat, have_slit, have_hpet, have_mcfg, have_fadt, have_s5;

paddr_t acpi_rsdp_address(void) { return rsdp_address; }
const struct acpi_madt *acpi_madt(void) { return have_madt ? &madt : NULL; }
const struct acpi_srat *acpi_srat(void) { return have_srat ? &srat : NULL; }
const struct acpi_slit *acpi_slit(void) { return have_slit ? &slit : NULL; }
const struct acpi_hpet *acpi_hpet(void) { return have_hpet ? &hpet : NULL; }
const struct acpi_mcfg *acpi_mcfg(void) { return have_mcfg ? &mcfg : NULL; }
const struct acpi_fadt *acpi_fadt(void) { return have_fadt ? &fadt : NULL; }
const struct acpi_s5 *acpi_s5(void) { return have_s5 ? &s5 : NULL; }

const struct acpi_table *acpi_table_get(u32 i)
{
	return i < nr_tables ? &tables[i] : NULL;
}

const struct acpi_table *acpi_table_find(const char *signature)
{
	for (u32 i = 0; i < nr_tables; i++)
		if (!strcmp(tables[i].signature, signature))
			return &tables[i];
	return NULL;
}

static bool __init try_rsdp(paddr_t pa, size_t room, struct acpi_rsdp *out)
{
	const u8 *p = hal_map_phys_ro(pa, room);

	if (!p || acpi_parse_rsdp(p, room, out))
		return false;
	rsdp_address = pa;
	return true;
}

static bool __init scan_area(paddr_t pa, size_t size, struct acpi_rsdp *out)
{
	const u8 *p = hal_map_phys_ro(pa, size);
	size_t at = p ? acpi_scan_rsdp(p, size) : size;

	return at < size && try_rsdp(paddr_make(pa.v + at), min(size - at, (size_t)RSDP_MAX_SIZE),
				     out);
}

static bool __init find_rsdp(paddr_t hint, struct acpi_rsdp *out)
{
	const u8 *bda = hal_map_phys_ro(paddr_make(0), PAGE_SIZE);
	u64 ebda = bda ? (u64)load16(bda + BDA_EBDA_SEGMENT) << 4 : 0;

	if (hint.v && try_rsdp(hint, RSDP_MAX_SIZE, out))
		return true;
	if (hint.v)
		printk(LOG_WARN "ACPI: no root pointer at %#lx as the loader says, searching\n",
		       hint.v);
	if (ebda >= 0x400 && ebda <= 0xa0000 - EBDA_SCAN_SIZE &&
	    scan_area(paddr_make(ebda), EBDA_SCAN_SIZE, out))
		return true;
	return scan_area(paddr_make(BIOS_AREA), BIOS_AREA_SIZE, out);
}

/* The printable form of a signature, whose bytes may be anything. */
static void __init name_of(const u8 *p, char name[5])
{
	for (u32 i = 0; i < 4; i++)
		name[i] = p[i] >= ' ' && p[i] < 0x7f ? (char)p[i] : '?';
	name[4] = 0;
}

/* Map and check one table; on failure log the reason and return NULL. */
static const struct acpi_table *__init add_table(paddr_t pa)
{
	const u8 *p = pa.v ? hal_map_phys_ro(pa, ACPI_HEADER_SIZE) : NULL;
	struct acpi_table *t = &tables[nr_tables];
	char name[5];
	u32 length;
	long rc;

	if (!p) {
		printk(LOG_WARN "ACPI: cannot map a table at %#lx, ignored\n", pa.v);
		return NULL;
	}
	name_of(p, name);
	length = load32(p + 4);
	if (length > TABLE_MAX_SIZE || length < ACPI_HEADER_SIZE) {
		printk(LOG_WARN "ACPI: %s at %#lx has length %u, ignored\n", name, pa.v, length);
		return NULL;
	}
	p = hal_map_phys_ro(pa, length);
	rc = p ? acpi_check_table(p, length) : -XEN_EINVAL;
	if (rc < 0) {
		printk(LOG_WARN "ACPI: %s at %#lx %s, ignored\n", name, pa.v,
		       rc == -XEN_EILSEQ ? "has a wrong checksum" : "cannot be read");
		return NULL;
	}
	if (nr_tables == ARRAY_SIZE(tables)) {
		printk(LOG_WARN "ACPI: more than %u tables, %s ignored\n", ACPI_MAX_TABLES, name);
		return NULL;
	}
	*t = (struct acpi_table){ .address = pa, .length = length, .data = p };
	memcpy(t->signature, name, sizeof(name));
	nr_tables++;
	return t;
}

static int __init add_all(const struct acpi_rsdp *rsdp)
{
	const u8 *root;
	u32 count, len;

	/* The root table is in the list only while it is read, as it describes no hardware. */
	if ((!rsdp->xsdt.v || !add_table(rsdp->xsdt)) && (!rsdp->rsdt.v || !add_table(rsdp->rsdt)))
		return -XEN_ENODEV;
	root = tables[0].data;
	len = tables[0].length;
	nr_tables = 0;
	count = acpi_root_count(root, len);
	for (u32 i = 0; i < count; i++)
		add_table(acpi_root_entry(root, len, i));
	return 0;
}

/* Tables that only the FADT points to. The FACS has no checksum. */
static void __init add_fadt_tables(void)
{
	const u8 *p;

	if (fadt.dsdt.v)
		add_table(fadt.dsdt);
	p = fadt.facs.v ? hal_map_phys_ro(fadt.facs, FACS_MIN_SIZE) : NULL;
	if (p && !memcmp(p, "FACS", 4) && load32(p + 4) >= FACS_MIN_SIZE &&
	    load32(p + 4) <= PAGE_SIZE && nr_tables < ARRAY_SIZE(tables))
		tables[nr_tables++] = (struct acpi_table){
			.signature = "FACS", .address = fadt.facs, .length = load32(p + 4),
			.data = p,
		};
}

static void __init find_s5(void)
{
	for (u32 i = 0; i < nr_tables && !have_s5; i++)
		if (!strcmp(tables[i].signature, "DSDT") || !strcmp(tables[i].signature, "SSDT"))
			have_s5 = !acpi_scan_s5(tables[i].data, tables[i].length, &s5);
}

/* A decoder for each table: the same three steps around a parser with its own result type. */
#define DEFINE_DECODER(sig, what)                                              \
	static bool __init decode_##what(void)                                 \
	{                                                                      \
		const struct acpi_table *t = acpi_table_find(sig);             \
		if (!t || !acpi_parse_##what(t->data, t->length, &what))       \
			return t;                                              \
		printk(LOG_WARN "ACPI: " sig " at %#lx makes no sense, ignored\n", \
		       t->address.v);                                          \
		return false;                                                  \
	}
DEFINE_DECODER("FACP", fadt)
DEFINE_DECODER("APIC", madt)
DEFINE_DECODER("SRAT", srat)
DEFINE_DECODER("SLIT", slit)
DEFINE_DECODER("HPET", hpet)
DEFINE_DECODER("MCFG", mcfg)

static void __init report(void)
{
	char line[ACPI_MAX_TABLES * 5 + 1];

	for (u32 i = 0; i < nr_tables; i++) {
		line[i * 5] = ' ';
		memcpy(line + i * 5 + 1, tables[i].signature, 4);
	}
	line[nr_tables * 5] = 0;
	printk(LOG_INFO "ACPI: root at %#lx,%s\n", rsdp_address.v, line);
	if (have_madt && madt.dropped)
		printk(LOG_WARN "ACPI: %u MADT entries ignored (malformed or too many)\n",
		       madt.dropped);
	if (have_srat && srat.dropped)
		printk(LOG_WARN "ACPI: %u SRAT entries ignored (malformed or too many)\n",
		       srat.dropped);
	if (acpi_table_find("DMAR"))
		printk(LOG_INFO "ACPI: Intel VT-d described (DMAR)\n");
	if (acpi_table_find("IVRS"))
		printk(LOG_INFO "ACPI: AMD IOMMU described (IVRS)\n");
}

int __init acpi_init(paddr_t hint)
{
	struct acpi_rsdp rsdp;

	if (!find_rsdp(hint, &rsdp)) {
		printk(LOG_WARN "ACPI: no root pointer found, going on without\n");
		return -XEN_ENODEV;
	}
	if (add_all(&rsdp)) {
		printk(LOG_WARN "ACPI: no usable root table, going on without\n");
		return -XEN_ENODEV;
	}
	have_fadt = decode_fadt();
	if (have_fadt)
		add_fadt_tables();
	have_madt = decode_madt();
	have_srat = decode_srat();
	have_slit = decode_slit();
	have_hpet = decode_hpet();
	have_mcfg = decode_mcfg();
	find_s5();
	report();
	return 0;
}
