/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables: finding, checking and decoding them. The acpi_parse_* functions take bytes and
 * touch nothing else, so tests and fuzzers drive them; all offsets and values are from the ACPI
 * specification 6.4, sections 5.2.5 to 5.2.17. A table that fails its checks is named in one line
 * on the console and treated as absent.
 */
#ifndef XEN_ACPI_H
#define XEN_ACPI_H

#include <xen/compiler.h>
#include <xen/cpumask.h>

#define ACPI_HEADER_SIZE 36
#define ACPI_MAX_TABLES 96
#define ACPI_MAX_IOAPICS 16
#define ACPI_MAX_OVERRIDES 32
#define ACPI_MAX_NMIS 64
#define ACPI_MAX_MCFG 16
#define ACPI_MAX_MEM_AFFINITY 128
#define ACPI_MAX_LOCALITIES 64

/* --- Pure parsers: 0, or -XEN_EINVAL when the bytes are not such a table --- */

struct acpi_rsdp {
	u8 revision;
	paddr_t rsdt, xsdt;	/* 0 when there is none */
};

/** Decode a root pointer of at most @len readable bytes. */
int acpi_parse_rsdp(const u8 *p, size_t len, struct acpi_rsdp *out);
/** Offset of the first valid root pointer on a 16-byte boundary of @area; @len when none. */
size_t acpi_scan_rsdp(const u8 *area, size_t len);

/**
 * Check a table: header within @len, its length field within [36, @len], sum zero.
 * Returns its length, or -XEN_EINVAL (bad length) or -XEN_EILSEQ (bad sum).
 */
long acpi_check_table(const u8 *p, size_t len);
/** Number of entries of a checked RSDT ("RSDT") or XSDT; entry @i as a physical address. */
u32 acpi_root_count(const u8 *p, size_t len);
paddr_t acpi_root_entry(const u8 *p, size_t len, u32 i);

#define ACPI_UID_ALL 0xffffffffU	/* NMI entry: every processor */

struct acpi_madt_cpu { u32 apic_id, uid; bool x2apic; };
struct acpi_madt_ioapic { u8 id; paddr_t address; u32 gsi_base; };
struct acpi_madt_override { u8 source; u32 gsi; bool level, active_low; };
struct acpi_madt_nmi { u32 uid; u8 lint; bool level, active_low; };

struct acpi_madt {
	paddr_t lapic_address;
	bool has_8259;
	u32 nr_cpus, nr_ioapics, nr_overrides, nr_nmis;
	u32 dropped;			/* entries beyond the arrays below, or malformed */
	struct acpi_madt_cpu cpu[NR_CPUS];
	struct acpi_madt_ioapic ioapic[ACPI_MAX_IOAPICS];
	struct acpi_madt_override override[ACPI_MAX_OVERRIDES];
	struct acpi_madt_nmi nmi[ACPI_MAX_NMIS];
};

/** Decode a checked MADT. Disabled and repeated processors are left out. */
int acpi_parse_madt(const u8 *p, size_t len, struct acpi_madt *out);

struct acpi_srat_cpu { u32 apic_id, domain; };
struct acpi_srat_mem { paddr_t base; u64 size; u32 domain; bool hotplug; };

struct acpi_srat {
	u32 nr_cpus, nr_mems, dropped;
	struct acpi_srat_cpu cpu[NR_CPUS];
	struct acpi_srat_mem mem[ACPI_MAX_MEM_AFFINITY];
};

int acpi_parse_srat(const u8 *p, size_t len, struct acpi_srat *out);

struct acpi_slit {
	u32 nr;
	u8 distance[ACPI_MAX_LOCALITIES][ACPI_MAX_LOCALITIES];
};

/** Also -XEN_EINVAL for invalid distances: a node's own is not 10, or another is below 10. */
int acpi_parse_slit(const u8 *p, size_t len, struct acpi_slit *out);

struct acpi_hpet { paddr_t address; u8 number; u16 min_tick; };
int acpi_parse_hpet(const u8 *p, size_t len, struct acpi_hpet *out);

struct acpi_mcfg_entry { paddr_t address; u16 segment; u8 start_bus, end_bus; };
struct acpi_mcfg { u32 nr; struct acpi_mcfg_entry entry[ACPI_MAX_MCFG]; };
int acpi_parse_mcfg(const u8 *p, size_t len, struct acpi_mcfg *out);

/** Where a register is. @address is a port or a physical address. */
struct acpi_register { u8 space, width; u64 address; };	/* address 0: there is none */
#define ACPI_SPACE_MEMORY 0
#define ACPI_SPACE_IO 1
#define ACPI_SPACE_PCI 2

struct acpi_fadt {
	paddr_t dsdt, facs;
	u16 sci_irq;
	u32 smi_command;
	u8 acpi_enable;
	struct acpi_register pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm_timer, reset;
	u8 reset_value;
	u8 rtc_century;			/* CMOS index, 0 when there is none */
	bool pm_timer_32bit, hw_reduced, has_reset;
};

int acpi_parse_fadt(const u8 *p, size_t len, struct acpi_fadt *out);

struct acpi_s5 { u8 type_a, type_b; };
/** Search AML for the _S5 package. -XEN_ENOENT when there is none. */
int acpi_scan_s5(const u8 *aml, size_t len, struct acpi_s5 *out);

/* --- The machine's tables --- */

struct acpi_table {
	char signature[5];
	paddr_t address;
	u32 length;
	const u8 *data;		/* mapped for good */
};

/**
 * Find the root pointer (at @hint when not 0, else in the EBDA and the BIOS area), then check and
 * map every table. One line for each bad one. 0, or -XEN_ENODEV without ACPI. Boot only.
 */
int acpi_init(paddr_t hint);

/** Where the root pointer was found; 0 when there is none. */
paddr_t acpi_rsdp_address(void);
/** Table @i in firmware order (DSDT and FACS last, as "DSDT" and "FACS"); NULL past the last. */
const struct acpi_table *acpi_table_get(u32 i);
/** The first table with that signature, or NULL. */
const struct acpi_table *acpi_table_find(const char *signature);

/** Decoded tables, NULL when absent or bad. Constant after acpi_init. */
const struct acpi_madt *acpi_madt(void);
const struct acpi_srat *acpi_srat(void);
const struct acpi_slit *acpi_slit(void);
const struct acpi_hpet *acpi_hpet(void);
const struct acpi_mcfg *acpi_mcfg(void);
const struct acpi_fadt *acpi_fadt(void);
const struct acpi_s5 *acpi_s5(void);

#endif
