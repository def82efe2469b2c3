/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI parsers: good tables, and the ways in which firmware gets them wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <xen/acpi.h>
#include <xen/errno.h>

static u8 buf[8192];
static size_t used;

static void put(u64 v, u32 bytes)
{
	memcpy(buf + used, &v, bytes);
	used += bytes;
}

static void begin(const char *sig, u8 revision)
{
	memset(buf, 0, sizeof(buf));
	memcpy(buf, sig, 4);
	buf[8] = revision;
	used = ACPI_HEADER_SIZE;
}

static void fix_sum(u8 *p, size_t len, u32 at)
{
	u8 s = 0;

	p[at] = 0;
	for (size_t i = 0; i < len; i++)
		s = (u8)(s + p[i]);
	p[at] = (u8)-s;
}

/* A copy of exact size, so that the sanitizer sees a read past the end. */
static u8 *finish(void)
{
	u8 *p = malloc(used);
	u32 len = (u32)used;

	memcpy(buf + 4, &len, 4);
	fix_sum(buf, used, 9);
	assert_non_null(p);
	memcpy(p, buf, used);
	return p;
}

static void test_rsdp(void **state)
{
	u8 area[512] = { 0 };
	struct acpi_rsdp r;

	memcpy(area + 64, "RSD PTR ", 8);
	area[64 + 15] = 2;
	area[64 + 16] = 0x10;
	area[64 + 20] = 36;
	area[64 + 24] = 0x20;
	fix_sum(area + 64, 20, 8);
	fix_sum(area + 64, 36, 32);
	assert_int_equal(acpi_scan_rsdp(area, sizeof(area)), 64);
	assert_int_equal(acpi_parse_rsdp(area + 64, 64, &r), 0);
	assert_int_equal(r.rsdt.v, 0x10);
	assert_int_equal(r.xsdt.v, 0x20);
	/* A broken second part leaves the first intact. */
	area[64 + 33] ^= 1;
	assert_int_equal(acpi_parse_rsdp(area + 64, 64, &r), 0);
	assert_int_equal(r.xsdt.v, 0);
	/* So does a part that claims to be longer than the data. */
	assert_int_equal(acpi_parse_rsdp(area + 64, 20, &r), 0);
	assert_int_equal(r.xsdt.v, 0);
	area[64 + 16] ^= 1;
	assert_int_equal(acpi_parse_rsdp(area + 64, 64, &r), -XEN_EINVAL);
	assert_int_equal(acpi_scan_rsdp(area, sizeof(area)), sizeof(area));
}

static void test_check(void **state)
{
	u8 *p;

	begin("TEST", 1);
	put(0x12345678, 4);
	p = finish();
	assert_int_equal(acpi_check_table(p, used), 40);
	assert_int_equal(acpi_check_table(p, used - 1), -XEN_EINVAL);
	assert_int_equal(acpi_check_table(p, 35), -XEN_EINVAL);
	p[37] ^= 4;
	assert_int_equal(acpi_check_table(p, used), -XEN_EILSEQ);
	p[4] = 35;
	assert_int_equal(acpi_check_table(p, used), -XEN_EINVAL);
	free(p);
}

static void test_root(void **state)
{
	u8 *p;

	begin("XSDT", 1);
	put(0x123456789aULL, 8);
	put(0x1000, 8);
	put(0, 3);	/* an incomplete entry does not count */
	p = finish();
	assert_int_equal(acpi_root_count(p, used), 2);
	assert_int_equal(acpi_root_entry(p, used, 0).v, 0x123456789aULL);
	assert_int_equal(acpi_root_entry(p, used, 2).v, 0);
	free(p);
	begin("RSDT", 1);
	put(0x1000, 4);
	put(0x2000, 4);
	p = finish();
	assert_int_equal(acpi_root_count(p, used), 2);
	assert_int_equal(acpi_root_entry(p, used, 1).v, 0x2000);
	free(p);
}

static void put_lapic(u8 uid, u8 id, u32 flags)
{
	put(0 | 8 << 8, 2);
	put(uid, 1);
	put(id, 1);
	put(flags, 4);
}

static void madt_head(void)
{
	begin("APIC", 3);
	put(0xfee00000, 4);
	put(1, 4);
}

static struct acpi_madt madt;

static void test_madt(void **state)
{
	u8 *p;

	madt_head();
	put_lapic(0, 0, 1);
	put_lapic(1, 2, 1);
	put_lapic(2, 4, 0);		/* disabled */
	put_lapic(3, 0xff, 1);		/* this id means that there is no CPU */
	put(9 | 16 << 8, 4);		/* x2APIC */
	put(300, 4);
	put(1, 4);
	put(7, 4);
	put(9 | 16 << 8, 4);		/* x2APIC form of the second */
	put(2, 4);
	put(1, 4);
	put(1, 4);
	put(1 | 12 << 8, 2);		/* IO-APIC */
	put(5, 2);
	put(0xfec00000, 4);
	put(0, 4);
	put(2 | 10 << 8, 2);		/* ISA line 9: level, low */
	put(0 | 9 << 8, 2);
	put(20, 4);
	put(0xf, 2);
	put(4 | 6 << 8, 2);		/* NMI on every processor's LINT1 */
	put(0xff, 1);
	put(5, 2);
	put(1, 1);
	put(0x7f | 4 << 8, 4);		/* unknown */
	put(1 | 4 << 8, 4);		/* IO-APIC that is too short */
	p = finish();
	assert_int_equal(acpi_parse_madt(p, used, &madt), 0);
	assert_int_equal(madt.lapic_address.v, 0xfee00000);
	assert_true(madt.has_8259);
	assert_int_equal(madt.nr_cpus, 3);
	assert_int_equal(madt.cpu[1].apic_id, 2);
	assert_int_equal(madt.cpu[2].apic_id, 300);
	assert_int_equal(madt.cpu[2].uid, 7);
	assert_int_equal(madt.nr_ioapics, 1);
	assert_int_equal(madt.ioapic[0].id, 5);
	assert_int_equal(madt.nr_overrides, 1);
	assert_int_equal(madt.override[0].gsi, 20);
	assert_true(madt.override[0].level && madt.override[0].active_low);
	assert_int_equal(madt.nr_nmis, 1);
	assert_int_equal(madt.nmi[0].uid, ACPI_UID_ALL);
	assert_false(madt.nmi[0].level);
	assert_int_equal(madt.dropped, 1);
	free(p);
}

static void test_madt_bad(void **state)
{
	u8 *p;

	madt_head();
	p = finish();
	assert_int_equal(acpi_parse_madt(p, used, &madt), -XEN_EINVAL);	/* no CPU */
	free(p);
	madt_head();
	put_lapic(0, 0, 1);
	put(0 | 0 << 8, 2);	/* length 0 would loop for ever */
	p = finish();
	assert_int_equal(acpi_parse_madt(p, used, &madt), -XEN_EINVAL);
	free(p);
	madt_head();
	put_lapic(0, 0, 1);
	put(0 | 9 << 8, 8);	/* reaches past the end */
	p = finish();
	assert_int_equal(acpi_parse_madt(p, used, &madt), -XEN_EINVAL);
	free(p);
	madt_head();
	for (u32 i = 0; i < NR_CPUS + 5; i++) {
		put(9 | 16 << 8, 4);
		put(1000 + i, 4);
		put(1, 4);
		put(i, 4);
	}
	p = finish();
	assert_int_equal(acpi_parse_madt(p, used, &madt), 0);
	assert_int_equal(madt.nr_cpus, NR_CPUS);
	assert_int_equal(madt.dropped, 5);
	free(p);
}

static void put_mem(u32 domain, u64 base, u64 size, u32 flags)
{
	put(1 | 40 << 8, 2);
	put(domain, 4);
	put(0, 2);
	put(base, 8);
	put(size, 8);
	put(0, 4);
	put(flags, 4);
	put(0, 8);
}

static struct acpi_srat srat;

static void test_srat(void **state)
{
	u8 *p;

	begin("SRAT", 3);
	put(1, 4);
	put(0, 8);
	put(0 | 16 << 8 | 2 << 16 | 7 << 24, 4);	/* CPU: domain low 2, APIC 7 */
	put(1, 4);
	put(0x00000100, 4);		/* SAPIC id 0, domain bits 8-15 = 1 */
	put(0, 4);
	put(2 | 24 << 8, 4);
	put(1, 4);
	put(400, 4);
	put(1, 4);
	put(0, 8);
	put_mem(0, 0, 0x1000, 1);
	put_mem(1, 0x1000, 0x1000, 3);
	put_mem(1, 0x2000, 0x1000, 0);	/* disabled */
	put_mem(1, ~0UL, 0x1000, 1);	/* wraps */
	p = finish();
	assert_int_equal(acpi_parse_srat(p, used, &srat), 0);
	assert_int_equal(srat.nr_cpus, 2);
	assert_int_equal(srat.cpu[0].apic_id, 7);
	assert_int_equal(srat.cpu[0].domain, 0x102);
	assert_int_equal(srat.cpu[1].apic_id, 400);
	assert_int_equal(srat.nr_mems, 2);
	assert_true(srat.mem[1].hotplug);
	assert_int_equal(srat.dropped, 1);
	p[8] = 1;	/* the first revision: one byte */
	assert_int_equal(acpi_parse_srat(p, used, &srat), 0);
	assert_int_equal(srat.cpu[0].domain, 2);
	free(p);
}

static struct acpi_slit slit;

static void test_slit(void **state)
{
	u8 *p;

	begin("SLIT", 1);
	put(2, 8);
	put(10 | 21 << 8 | 20 << 16 | 10 << 24, 4);
	p = finish();
	assert_int_equal(acpi_parse_slit(p, used, &slit), 0);
	assert_int_equal(slit.distance[0][1], 21);
	assert_int_equal(slit.distance[1][0], 20);
	p[44 + 1] = 9;
	assert_int_equal(acpi_parse_slit(p, used, &slit), -XEN_EINVAL);
	p[44 + 1] = 21;
	p[44] = 11;
	assert_int_equal(acpi_parse_slit(p, used, &slit), -XEN_EINVAL);
	p[44] = 10;
	p[36] = 3;	/* more than the table holds */
	assert_int_equal(acpi_parse_slit(p, used, &slit), -XEN_EINVAL);
	memset(p + 36, 0xff, 8);
	assert_int_equal(acpi_parse_slit(p, used, &slit), -XEN_EINVAL);
	free(p);
}

static void test_fadt(void **state)
{
	struct acpi_fadt f;
	u8 *p;

	begin("FACP", 3);
	used = 244;
	memcpy(buf + 40, "\x00\x10\x00\x00", 4);
	buf[46] = 9;
	memcpy(buf + 64, "\x04\x06\x00\x00", 4);
	memcpy(buf + 76, "\x08\x06\x00\x00", 4);
	buf[108] = 0x32;
	buf[113] = 5;		/* bits 8 and 10 */
	buf[116] = ACPI_SPACE_IO;
	buf[117] = 8;
	memcpy(buf + 120, "\xf9\x0c\x00\x00", 4);
	buf[128] = 6;
	buf[172] = ACPI_SPACE_IO;
	buf[173] = 16;
	memcpy(buf + 176, "\x44\x04\x00\x00", 4);
	p = finish();
	assert_int_equal(acpi_parse_fadt(p, used, &f), 0);
	assert_int_equal(f.dsdt.v, 0x1000);
	assert_int_equal(f.sci_irq, 9);
	assert_int_equal(f.pm1a_control.address, 0x444);	/* the generic form wins */
	assert_int_equal(f.pm_timer.address, 0x608);
	assert_int_equal(f.pm_timer.space, ACPI_SPACE_IO);
	assert_true(f.pm_timer_32bit && f.has_reset && !f.hw_reduced);
	assert_int_equal(f.reset.address, 0xcf9);
	assert_int_equal(f.reset_value, 6);
	assert_int_equal(f.rtc_century, 0x32);
	assert_int_equal(acpi_parse_fadt(p, 116, &f), 0);
	assert_false(f.has_reset);
	assert_int_equal(f.pm1a_control.address, 0x604);
	assert_int_equal(acpi_parse_fadt(p, 115, &f), -XEN_EINVAL);
	free(p);
}

static void test_hpet_mcfg(void **state)
{
	struct acpi_hpet h;
	struct acpi_mcfg m;
	u8 *p;

	begin("HPET", 1);
	put(0x8086a201, 4);
	put(0, 4);
	put(0xfed00000, 8);
	put(0, 1);
	put(100, 2);
	put(0, 1);
	p = finish();
	assert_int_equal(acpi_parse_hpet(p, used, &h), 0);
	assert_int_equal(h.address.v, 0xfed00000);
	assert_int_equal(h.min_tick, 100);
	p[40] = ACPI_SPACE_IO;
	assert_int_equal(acpi_parse_hpet(p, used, &h), -XEN_EINVAL);
	free(p);

	begin("MCFG", 1);
	put(0, 8);
	put(0xb0000000, 8);
	put(0, 2);
	put(0 | 255 << 8, 6);
	put(0xc0, 4);		/* incomplete */
	p = finish();
	assert_int_equal(acpi_parse_mcfg(p, used, &m), 0);
	assert_int_equal(m.nr, 1);
	assert_int_equal(m.entry[0].address.v, 0xb0000000);
	assert_int_equal(m.entry[0].end_bus, 255);
	p[44 + 10] = 3;
	p[44 + 11] = 2;
	assert_int_equal(acpi_parse_mcfg(p, used, &m), -XEN_EINVAL);
	free(p);
}

static void test_s5(void **state)
{
	static const u8 good[] = { 0x10, 8, '_', 'S', '5', '_', 0x12, 6, 4, 0x0a, 5, 0, 0, 0 };
	static const u8 root[] = { 8, '\\', '_', 'S', '5', '_', 0x12, 0x46, 0, 2, 1, 0xb, 3, 0 };
	static const u8 mention[] = { 'x', '_', 'S', '5', '_', 0x12, 6, 4, 0x0a, 5, 0, 0, 0 };
	struct acpi_s5 s;
	u8 *p = malloc(sizeof(good));

	memcpy(p, good, sizeof(good));
	assert_int_equal(acpi_scan_s5(p, sizeof(good), &s), 0);
	assert_int_equal(s.type_a, 5);
	assert_int_equal(s.type_b, 0);
	assert_int_equal(acpi_scan_s5(root, sizeof(root), &s), 0);
	assert_int_equal(s.type_a, 1);
	assert_int_equal(s.type_b, 3);
	assert_int_equal(acpi_scan_s5(mention, sizeof(mention), &s), -XEN_ENOENT);
	/*
	 * Cut anywhere before the values, the table is rejected, and nothing after the cut is read.
	 */
	for (size_t n = 0; n < 12; n++) {
		u8 *cut = malloc(n ? n : 1);

		memcpy(cut, good, n);
		assert_int_equal(acpi_scan_s5(cut, n, &s), -XEN_ENOENT);
		free(cut);
	}
	p[10] = 9;	/* not a sleep type */
	assert_int_equal(acpi_scan_s5(p, sizeof(good), &s), -XEN_ENOENT);
	free(p);
}

/* Run every parser on random bytes of random length after a good signature. */
static void test_noise(void **state)
{
	static const char *const sig[] = { "APIC", "SRAT", "SLIT", "FACP", "HPET", "MCFG", "XSDT" };
	static struct acpi_mcfg mcfg;
	struct acpi_fadt fadt;
	struct acpi_hpet hpet;
	struct acpi_s5 s5;

	srand(1);
	for (u32 n = 0; n < 20000; n++) {
		size_t len = 36 + (size_t)rand() % 300;
		u8 *p = malloc(len);

		for (size_t i = 0; i < len; i++)
			p[i] = rand() % 3 ? (u8)(rand() % 24) : (u8)rand();
		memcpy(p, sig[n % ARRAY_SIZE(sig)], 4);
		acpi_parse_madt(p, len, &madt);
		acpi_parse_srat(p, len, &srat);
		acpi_parse_slit(p, len, &slit);
		acpi_parse_fadt(p, len, &fadt);
		acpi_parse_hpet(p, len, &hpet);
		acpi_parse_mcfg(p, len, &mcfg);
		acpi_scan_s5(p, len, &s5);
		acpi_root_entry(p, len, (u32)rand());
		free(p);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rsdp),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_madt),
		cmocka_unit_test(test_madt_bad),
		cmocka_unit_test(test_srat),
		cmocka_unit_test(test_slit),
		cmocka_unit_test(test_fadt),
		cmocka_unit_test(test_hpet_mcfg),
		cmocka_unit_test(test_s5),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
