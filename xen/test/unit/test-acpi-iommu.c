/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ACPI tables of IOMMUs: good ones, and the ways in which firmware gets them wrong. */
#include "unit.h"

#include <string.h>

#include <xen/acpi_iommu.h>
#include <xen/errno.h>

static u8 buf[4096];
static u32 used;
static struct acpi_iommus m;

static void put(u64 v, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		buf[used++] = i < 8 ? (u8)(v >> i * 8) : 0;
}

static void begin(const char *signature)
{
	memset(buf, 0, sizeof(buf));
	memcpy(buf, signature, 4);
	used = 48;
}

/* The parser gets a copy of exact size, so that the sanitizer sees a read past the end. */
static int parse(int (*fn)(const u8 *, size_t, struct acpi_iommus *))
{
	u8 *copy = malloc(used);
	int rc;

	assert_non_null(copy);
	memcpy(copy, buf, used);
	rc = fn(copy, used, &m);
	free(copy);
	return rc;
}

static void put_ivhd(u8 type, u16 length, u64 base)
{
	put(type, 1);
	put(0, 1);
	put(length, 2);
	put(0x10, 2);
	put(0x40, 2);
	put(base, 8);
	put(0, 2);
	put(0, 6);
	if (type != 0x10)
		put(0, 16);
}

static void put_ivmd(u8 flags, u64 start, u64 size)
{
	put(0x20, 1);
	put(flags, 1);
	put(32, 2);
	put(0, 12);
	put(start, 8);
	put(size, 8);
}

static void test_ivrs(void **state)
{
	begin("IVRS");
	put_ivhd(0x10, 24, 0xfed80000);
	/* The newer block describes the same unit better. */
	put_ivhd(0x11, 40 + 4 + 8 + 8 + 4 + 8 + 24, 0xfed80000);
	put(0x0001, 4);			/* all */
	put(66, 1);			/* 02:00.0 is seen as 00:05.0 */
	put(0x0200, 2);
	put(0, 2);
	put(0x0028, 2);
	put(0, 1);
	put(67, 1);			/* 03:00.0 to 03:00.2 as well */
	put(0x0300, 2);
	put(0, 2);
	put(0x0028, 2);
	put(0, 1);
	put(4, 1);
	put(0x0302, 2);
	put(0, 1);
	put(72, 1);			/* IO-APIC 8 */
	put(0, 3);
	put(8, 1);
	put(0x00a0, 2);
	put(1, 1);
	put(240, 1);			/* a device of ACPI, with a name of two bytes */
	put(0, 8);
	put(0, 8);
	put(0, 4);
	put(2, 1);
	put(0, 2);
	put_ivmd(1, 0xe0000010, 0x1000);
	put_ivmd(0, 0xf0000000, 0x1000);
	put_ivmd(1, ~0xfUL, 0x1000);	/* wraps around */
	assert_int_equal(parse(acpi_parse_ivrs), 0);
	assert_true(m.has_intremap);
	assert_int_equal(m.nr_units, 1);
	assert_int_equal(m.unit[0].base.v, 0xfed80000);
	assert_int_equal(m.unit[0].bdf, 0x10);
	assert_int_equal(m.unit[0].capability, 0x40);
	assert_int_equal(m.nr_aliases, 4);
	assert_int_equal(m.alias[0].device, 0x200);
	assert_int_equal(m.alias[0].seen_as, 0x28);
	assert_int_equal(m.alias[3].device, 0x302);
	assert_int_equal(m.nr_ioapics, 1);
	assert_int_equal(m.ioapic[0].id, 8);
	assert_int_equal(m.ioapic[0].bdf, 0xa0);
	assert_int_equal(m.nr_unity, 1);
	assert_int_equal(m.unity[0].start, 0xe0000000);
	assert_int_equal(m.unity[0].size, 0x2000);
	assert_int_equal(m.dropped, 1);
}

static void test_ivrs_bad(void **state)
{
	begin("IVRS");
	assert_int_equal(parse(acpi_parse_ivrs), -XEN_EINVAL);
	put_ivhd(0x10, 3, 0xfed80000);	/* shorter than its own header */
	assert_int_equal(parse(acpi_parse_ivrs), -XEN_EINVAL);
	begin("IVRS");
	put_ivhd(0x10, 25, 0xfed80000);	/* ends past the table */
	assert_int_equal(parse(acpi_parse_ivrs), -XEN_EINVAL);
	begin("IVRS");
	put_ivhd(0x10, 24, 0xfed80800);	/* not aligned */
	assert_int_equal(parse(acpi_parse_ivrs), -XEN_EINVAL);
	assert_int_equal(m.dropped, 1);
	begin("IVRS");
	put_ivhd(0x10, 28, 0xfed80000);
	put(255, 4);			/* an entry of 32 bytes, of which 4 are there */
	assert_int_equal(parse(acpi_parse_ivrs), 0);
	assert_int_equal(m.dropped, 1);
	begin("IVRS");			/* a range of all functions does not fit */
	put_ivhd(0x10, 36, 0xfed80000);
	put(67, 1);
	put(0, 4);
	put(0x28, 2);
	put(0, 1);
	put(4, 1);
	put(0xffff, 2);
	put(0, 1);
	assert_int_equal(parse(acpi_parse_ivrs), 0);
	assert_false(m.has_intremap);
	assert_int_equal(m.nr_aliases, ACPI_MAX_ALIASES);
}

static void put_drhd(u16 length, u64 base, u16 segment)
{
	put(0, 2);
	put(length, 2);
	put(1, 2);
	put(segment, 2);
	put(base, 8);
}

static void put_rmrr(u64 first, u64 last)
{
	put(1, 2);
	put(24, 2);
	put(0, 4);
	put(first, 8);
	put(last, 8);
}

static void test_dmar(void **state)
{
	begin("DMAR");
	buf[37] = 1;
	put_drhd(16 + 8, 0xfed90000, 0);
	put(3, 1);			/* IO-APIC 0 at ff:00.0 */
	put(8, 1);
	put(0, 2);
	put(0, 1);
	put(0xff, 1);
	put(0, 2);
	put_rmrr(0x7f000000, 0x7f7fffff);
	put_rmrr(0x7f000000, ~0UL);
	put_rmrr(2, 1);
	put_drhd(16, 0xfed91000, 1);
	assert_int_equal(parse(acpi_parse_dmar), 0);
	assert_true(m.has_intremap);
	assert_int_equal(m.nr_units, 2);
	assert_int_equal(m.unit[0].base.v, 0xfed90000);
	assert_int_equal(m.unit[1].segment, 1);
	assert_int_equal(m.nr_ioapics, 1);
	assert_int_equal(m.ioapic[0].bdf, 0xff00);
	assert_int_equal(m.nr_unity, 1);
	assert_int_equal(m.unity[0].size, 0x800000);
	assert_int_equal(m.dropped, 2);
}

static void test_dmar_bad(void **state)
{
	begin("DMAR");
	assert_int_equal(parse(acpi_parse_dmar), -XEN_EINVAL);
	put(0, 2);			/* half a header */
	assert_int_equal(parse(acpi_parse_dmar), -XEN_EINVAL);
	begin("DMAR");
	put(0, 4);			/* of no length */
	assert_int_equal(parse(acpi_parse_dmar), -XEN_EINVAL);
	begin("DMAR");
	put_drhd(16 + 4, 0xfed90000, 0);
	put(0x0003, 4);			/* a scope of no length */
	assert_int_equal(parse(acpi_parse_dmar), 0);
	assert_int_equal(m.dropped, 1);
	begin("DMAR");
	for (u32 i = 0; i <= ACPI_MAX_IOMMUS; i++)
		put_drhd(16, 0xfed90000 + i * PAGE_SIZE, 0);
	assert_int_equal(parse(acpi_parse_dmar), 0);
	assert_int_equal(m.nr_units, ACPI_MAX_IOMMUS);
	assert_int_equal(m.dropped, 1);
}

/* Random bytes after a good header end in time, within the arrays. */
static void test_noise(void **state)
{
	unit_seed();
	for (u32 round = 0; round < 20000; round++) {
		bool ivrs = round & 1;

		begin(ivrs ? "IVRS" : "DMAR");
		if (ivrs)
			put_ivhd(0x10, 24 + 64, 0xfed80000);
		else
			put_drhd(16 + 64, 0xfed90000, 0);
		for (u32 i = 0; i < 8 + unit_random() % 16; i++)
			put(unit_random() & (unit_random() | 0x3f), 8);
		parse(ivrs ? acpi_parse_ivrs : acpi_parse_dmar);
		assert_true(m.nr_aliases <= ACPI_MAX_ALIASES && m.nr_unity <= ACPI_MAX_UNITY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ivrs), cmocka_unit_test(test_ivrs_bad),
		cmocka_unit_test(test_dmar), cmocka_unit_test(test_dmar_bad),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
