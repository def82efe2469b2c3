/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I/O page tables on a modelled IOMMU: against a flat model, without memory, and following a
 * domain's p2m; and which functions are in which space.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include <asm/host.h>
#include <xen/domain_iommu.h>
#include <xen/errno.h>
#include <xen/p2m_fmt.h>

#include "../../drivers/iommu/private.h"

#define PRESENT BIT(0)
#define LARGE BIT(7)
#define ADDR 0x000ffffffffff000UL
#define WINDOW 4096U	/* frames that the flat model covers, from a multiple of 1 GiB on */
#define START (1UL << PAGE_ORDER_1G)
#define FAILS 0x308	/* a function that the hardware has no memory for */
#define RW (IOMMU_READ | IOMMU_WRITE)

static u32 flushes;
static u16 attached_to[0x10000];
static struct domain dom;
static const struct iommu_space *dom_space;	/* the last that was attached to */

static u64 leaf(mfn_t mfn, u32 level)
{
	return mfn.v << PAGE_SHIFT | PRESENT | (level ? LARGE : 0);
}

static u64 table(mfn_t mfn, u32 level) { return mfn.v << PAGE_SHIFT | PRESENT | BIT(1) | BIT(2); }
static void flush(const struct iommu_space *s) { flushes++; }
static void start(void) { }
static const char *remap(bool wide) { return "never"; }
static void set_interrupt(u8 vector, u32 apic_id, bool level, bool valid) { }
static void message(u8 vector, u64 *address, u32 *data) { }
static u32 line_word(u8 vector) { return 0; }
static const char *init(const struct acpi_iommus *m, struct iommu_limits *l) { return NULL; }

static int attach(u16 bdf, const struct iommu_space *s)
{
	if (bdf == FAILS)
		return -XEN_ENOMEM;
	attached_to[bdf] = s->id;
	dom_space = s;
	return 0;
}

static const struct iommu_hw model = {
	.name = "model", .registers = PAGE_SIZE, .present = PRESENT, .leaf_mask = LARGE,
	.leaf_value = LARGE, .addr = ADDR, .absent = 0x200, .read = BIT(1), .write = BIT(2),
	.init = init, .leaf = leaf, .table = table, .attach = attach, .flush = flush,
	.start = start, .remap = remap, .set_interrupt = set_interrupt, .message = message,
	.line_word = line_word,
};

static int begin(void **state)
{
	host_init(1, 2, 64UL << 20);
	iommu_hw = &model;
	iommu_limits = (struct iommu_limits){ .levels = 4, .leaf_levels = 3, .nr_spaces = 8,
					      .coherent = true };
	assert_true(iommu_spaces_init());
	return 0;
}

/* What the flat model says of each frame of the window: 0 or the frame and the rights. */
static struct { u64 mfn; u32 rights; } flat[WINDOW];

static void set_both(struct iommu_space *s, u64 first, u64 mfn, u64 n, u32 rights)
{
	iommu_set(s, START + first, mfn_make(mfn), n, rights);
	for (u64 i = 0; i < n; i++) {
		flat[first + i].mfn = mfn + i;
		flat[first + i].rights = rights;
	}
}

static void compare(const struct iommu_space *s)
{
	for (u32 i = 0; i < WINDOW; i++) {
		u32 rights;
		mfn_t mfn = iommu_lookup(s, START + i, &rights);

		if (rights != flat[i].rights || (rights && mfn.v != flat[i].mfn))
			fail_msg("frame %u: %#lx with %u, not %#lx with %u", i, mfn.v, rights,
				 flat[i].mfn, flat[i].rights);
	}
}

static void test_random(void **state)
{
	u64 free = free_page_count(NUMA_NO_NODE);
	struct iommu_space *s = iommu_space_create(1, ~0UL);

	assert_non_null(s);
	srand(1);
	memset(flat, 0, sizeof(flat));
	for (u32 round = 0; round < 3000; round++) {
		/* Often whole superpages, as their splits and joins are what is tested. */
		u64 n = rand() % 3 ? rand() % 600 + 1 : 512, first = rand() % (WINDOW - n);
		u64 mfn = rand() % 0x10000;

		if (n == 512) {
			first &= ~511UL;
			mfn &= ~511UL;
		}
		set_both(s, first, mfn, n, rand() % 3 ? rand() % 3 + 1 : 0);
		if (round % 50 == 0)
			compare(s);
		if (rand() % 4 == 0)
			iommu_flush(s);
	}
	compare(s);
	/* A hole of all addresses leaves the root alone. */
	iommu_set(s, 0, mfn_make(0), 1UL << 36, 0);
	iommu_flush(s);
	assert_int_equal(s->tables, 1);
	assert_int_equal(s->lost, 0);
	iommu_space_destroy(s);
	assert_int_equal(free_page_count(NUMA_NO_NODE), free);
}

/* Tables are used by units until the flush, so none may be free before. */
static void test_flush(void **state)
{
	struct iommu_space *s = iommu_space_create(1, ~0UL);
	u64 free;

	flushes = 0;
	iommu_set(s, START, mfn_make(0), 512, RW);
	assert_false(s->stale);
	iommu_flush(s);
	assert_int_equal(flushes, 0);
	iommu_set(s, START + 3, mfn_make(9), 1, RW);
	assert_true(s->stale);
	iommu_flush(s);
	assert_int_equal(flushes, 1);
	free = free_page_count(NUMA_NO_NODE);
	iommu_set(s, START, mfn_make(0), 512, RW);
	assert_int_equal(free_page_count(NUMA_NO_NODE), free);
	iommu_flush(s);
	assert_int_equal(free_page_count(NUMA_NO_NODE), free + 1);
	assert_int_equal(flushes, 2);
	/* Units that remember absence have to forget it. */
	iommu_limits.caches_absent = true;
	iommu_set(s, START + 512, mfn_make(512), 1, RW);
	iommu_flush(s);
	assert_int_equal(flushes, 3);
	iommu_limits.caches_absent = false;
	iommu_space_destroy(s);
}

/* A mapping that cannot be split goes away whole, and what cannot be mapped is counted. */
static void test_no_memory(void **state)
{
	struct iommu_space *s = iommu_space_create(1, 3);	/* no table of the lowest level */
	u32 rights;

	iommu_set(s, START, mfn_make(0), 1024, RW);
	assert_int_equal(s->lost, 0);
	iommu_set(s, START + 5, mfn_make(0), 1, 0);
	assert_int_equal(s->lost, 512);
	for (u32 i = 0; i < 512; i++) {
		iommu_lookup(s, START + i, &rights);
		assert_int_equal(rights, 0);
	}
	assert_int_equal(iommu_lookup(s, START + 512, &rights).v, 512);
	assert_int_equal(rights, RW);
	iommu_set(s, START + 1024, mfn_make(7), 3, RW);
	assert_int_equal(s->lost, 515);
	assert_true(s->stale);
	iommu_space_destroy(s);
}

/* What units cannot address is not mapped elsewhere. */
static void test_limits(void **state)
{
	struct iommu_space *s;
	u32 rights;

	iommu_limits.levels = 3;
	iommu_limits.leaf_levels = 1;
	s = iommu_space_create(1, ~0UL);
	iommu_set(s, (1UL << 27) - 2, mfn_make(0), 512, RW);
	assert_int_equal(iommu_lookup(s, (1UL << 27) - 1, &rights).v, 1);
	iommu_lookup(s, 1UL << 27, &rights);
	assert_int_equal(rights, 0);
	iommu_lookup(s, 0, &rights);
	assert_int_equal(rights, 0);
	iommu_set(s, 1UL << 40, mfn_make(0), 1, RW);
	/* Without large mappings 512 frames take a table. */
	iommu_set(s, 512, mfn_make(512), 512, RW);
	assert_int_equal(s->tables, 5);
	iommu_space_destroy(s);
	iommu_limits.levels = 4;
	iommu_limits.leaf_levels = 3;
}

/* Four tables side by side are the root: two more bits of addresses, and none beyond. */
static void test_wide_root(void **state)
{
	u64 free = free_page_count(NUMA_NO_NODE), end = 1UL << 29;
	struct iommu_space *s;
	u32 rights;

	iommu_limits.levels = 3;
	iommu_limits.root_order = 2;
	s = iommu_space_create(1, 1);	/* the root is there even so */
	assert_int_equal(s->tables, 4);
	assert_int_equal(s->root.v % 4, 0);
	iommu_set(s, end - 1, mfn_make(7), 1, RW);
	assert_int_equal(s->lost, 1);
	s->max_tables = 100;
	iommu_set(s, end - 2, mfn_make(7), 1000, RW);
	iommu_set(s, 1UL << 27, mfn_make(9), 1, RW);
	assert_int_equal(iommu_lookup(s, end - 1, &rights).v, 8);
	assert_int_equal(rights, RW);
	assert_int_equal(iommu_lookup(s, 1UL << 27, &rights).v, 9);
	iommu_lookup(s, 0, &rights);
	assert_int_equal(rights, 0);
	iommu_lookup(s, end, &rights);
	assert_int_equal(rights, 0);
	iommu_set(s, 0, mfn_make(0), end, 0);
	iommu_flush(s);
	assert_int_equal(s->tables, 4);
	iommu_set(s, end - 1, mfn_make(7), 1, RW);
	iommu_space_destroy(s);
	assert_int_equal(free_page_count(NUMA_NO_NODE), free);
	iommu_limits.levels = 4;
	iommu_limits.root_order = 0;
}

static void test_numbers(void **state)
{
	struct iommu_space *s[8], *again;
	u32 n = 0;

	/* 0 is not used, and the quarantine has one of the 8. */
	while (n < 8 && (s[n] = iommu_space_create(1, 1)) != NULL)
		n++;
	assert_int_equal(n, 6);
	iommu_space_destroy(s[2]);
	again = iommu_space_create(2, 1);
	assert_non_null(again);
	s[2] = again;
	for (u32 i = 0; i < n; i++)
		iommu_space_destroy(s[i]);
}

static void test_attach(void **state)
{
	struct iommu_space *s = iommu_space_create(5, 1);

	iommu_firmware = (struct acpi_iommus){ .nr_aliases = 1, .alias[0] = { 0x100, 0x8 } };
	assert_int_equal(iommu_attach((struct pci_addr){ 0, 0x100 }, s), 0);
	assert_int_equal(attached_to[0x100], s->id);
	assert_int_equal(attached_to[0x8], s->id);
	assert_int_equal(iommu_owner(0x8), 5);
	assert_int_equal(iommu_owner(0x9), IOMMU_NO_OWNER);
	assert_int_equal(iommu_attach((struct pci_addr){ 0, 0x100 }, NULL), 0);
	assert_int_equal(attached_to[0x8], iommu_quarantine->id);
	assert_int_equal(iommu_owner(0x100), IOMMU_NO_OWNER);
	assert_int_equal(iommu_attach((struct pci_addr){ 1, 0x100 }, s), -XEN_ENODEV);
	assert_int_equal(s->functions, 0);
	iommu_firmware = (struct acpi_iommus){ 0 };
	iommu_space_destroy(s);
}

/* A function that was put somewhere stays there when it is reported again. */
static void test_attach_new(void **state)
{
	struct iommu_space *a = iommu_space_create(5, 1), *b = iommu_space_create(6, 1);
	struct pci_addr f = { 0, 0x210 }, q = { 0, 0x218 };

	assert_false(iommu_serves(f));
	assert_int_equal(iommu_owner(f.bdf), IOMMU_NO_OWNER);
	assert_int_equal(iommu_attach_new(f, a), 0);
	assert_true(iommu_serves(f));
	assert_false(iommu_serves((struct pci_addr){ 1, 0x210 }));
	assert_int_equal(iommu_attach_new(f, b), 0);
	assert_int_equal(iommu_owner(f.bdf), 5);
	assert_int_equal(iommu_attach(q, NULL), 0);
	assert_int_equal(iommu_attach_new(q, b), 0);
	assert_int_equal(iommu_owner(q.bdf), IOMMU_NO_OWNER);
	assert_int_equal(iommu_attach_new((struct pci_addr){ 1, 0x210 }, b), -XEN_ENODEV);
	assert_int_equal(b->functions, 0);
	/* The end of a domain. */
	assert_int_equal(iommu_attach((struct pci_addr){ 0, 0xffff }, a), 0);
	assert_int_equal(a->functions, 2);
	iommu_detach_all(a);
	assert_int_equal(a->functions, 0);
	assert_int_equal(attached_to[0x210], iommu_quarantine->id);
	assert_int_equal(attached_to[0xffff], iommu_quarantine->id);
	iommu_detach_all(a);
	iommu_space_destroy(a);
	iommu_space_destroy(b);
}

/* When a number cannot be attached, the function is in no space. */
static void test_attach_fails(void **state)
{
	struct iommu_space *s = iommu_space_create(5, 1);
	struct pci_addr f = { 0, 0x310 };

	iommu_firmware = (struct acpi_iommus){ .nr_aliases = 1, .alias[0] = { 0x310, FAILS } };
	assert_int_equal(iommu_attach(f, s), -XEN_ENOMEM);
	assert_int_equal(iommu_owner(f.bdf), IOMMU_NO_OWNER);
	assert_int_equal(attached_to[0x310], iommu_quarantine->id);
	assert_int_equal(s->functions, 0);
	iommu_firmware = (struct acpi_iommus){ 0 };
	iommu_space_destroy(s);
}

static void test_group(void **state)
{
	u16 bdf[2] = { 0 };

	iommu_firmware = (struct acpi_iommus){ .nr_aliases = 4, .alias = {
		{ 0x410, 0x8 }, { 0x418, 0x8 }, { 0x420, 0x8 }, { 0x510, 0x410 } } };
	assert_int_equal(iommu_group((struct pci_addr){ 0, 0x430 }, bdf, 2), 0);
	assert_int_equal(iommu_group((struct pci_addr){ 0, 0x510 }, bdf, 2), 0);
	assert_int_equal(iommu_group((struct pci_addr){ 1, 0x418 }, bdf, 2), 0);
	assert_int_equal(iommu_group((struct pci_addr){ 0, 0x418 }, bdf, 2), 2);
	assert_int_equal(bdf[0], 0x410);
	assert_int_equal(bdf[1], 0x420);
	/* The bridge's own number, and more functions than there is room for. */
	assert_int_equal(iommu_group((struct pci_addr){ 0, 0x8 }, NULL, 0), 3);
	assert_int_equal(iommu_group((struct pci_addr){ 0, 0x410 }, bdf, 1), 3);
	iommu_firmware = (struct acpi_iommus){ 0 };
}

static void expect(u64 gfn, u64 mfn, u32 want)
{
	u32 rights;
	mfn_t got = iommu_lookup(dom_space, gfn, &rights);

	if (rights != want || (want && got.v != mfn))
		fail_msg("gfn %#lx: %#lx with %u, not %#lx with %u", gfn, got.v, rights, mfn, want);
}

static int map(u64 gfn, u64 mfn, u32 order, enum p2m_type type)
{
	return p2m_map(dom.p2m, gfn_make(gfn), mfn_make(mfn), order, type);
}

/* The space of a domain follows its p2m: what there is, what changes, and its end. */
static void test_domain(void **state)
{
	dom = (struct domain){ .is_hardware = true, .id = 3 };
	iommu_firmware = (struct acpi_iommus){ .nr_unity = 1, .unity[0] = { 0x80000000, 0x3000 } };
	assert_int_equal(p2m_domain_init(&dom), 0);
	assert_int_equal(domain_iommu_attach(&dom, (struct pci_addr){ 0, 0x55 }), -XEN_ENODEV);
	assert_int_equal(map(0x400, 0x400, PAGE_ORDER_2M, P2M_RAM_RW), 0);
	assert_int_equal(map(7, 9, 0, P2M_RAM_RO), 0);
	assert_int_equal(map(8, 0xfee00, 0, P2M_MMIO_DIRECT), 0);
	assert_int_equal(map(9, 10, 0, P2M_XENSHARE), 0);
	assert_int_equal(domain_iommu_init(&dom), 0);
	assert_int_equal(domain_iommu_init(&dom), -XEN_EEXIST);
	assert_int_equal(domain_iommu_attach(&dom, (struct pci_addr){ 0, 0x55 }), 0);
	assert_int_equal(iommu_owner(0x55), 3);
	expect(0x400, 0x400, RW);
	expect(0x5ff, 0x5ff, RW);
	expect(0x600, 0, 0);
	expect(7, 9, IOMMU_READ);
	expect(8, 0, 0);
	expect(9, 0, 0);
	/* What firmware needs stays, whatever the domain maps there. */
	expect(0x80000, 0x80000, RW);
	assert_int_equal(map(0x80001, 0x80001, 0, P2M_MMIO_DIRECT), 0);
	assert_int_equal(p2m_unmap(dom.p2m, gfn_make(0x80000), PAGE_ORDER_2M), 0);
	expect(0x80001, 0x80001, RW);
	expect(0x80002, 0x80002, RW);
	expect(0x80003, 0, 0);
	/* Changes, of which a batch costs one flush. */
	assert_int_equal(map(20, 21, 0, P2M_GRANT_RW), 0);
	assert_int_equal(map(21, 22, 0, P2M_GRANT_RO), 0);
	expect(20, 21, RW);
	expect(21, 22, IOMMU_READ);
	flushes = 0;
	p2m_batch_begin(dom.p2m);
	assert_int_equal(p2m_unmap(dom.p2m, gfn_make(20), 0), 0);
	assert_int_equal(p2m_unmap(dom.p2m, gfn_make(0x403), 0), 0);
	assert_int_equal(flushes, 0);
	p2m_batch_end(dom.p2m);
	assert_int_equal(flushes, 1);
	expect(20, 0, 0);
	expect(0x403, 0, 0);
	expect(0x404, 0x404, RW);
	assert_int_equal(p2m_domain_destroy(&dom), 0);
	expect(0x404, 0, 0);
	expect(21, 0, 0);
	domain_iommu_detach_all(&dom);
	assert_int_equal(iommu_owner(0x55), IOMMU_NO_OWNER);
	domain_iommu_destroy(&dom);
	domain_iommu_detach_all(&dom);
	domain_iommu_destroy(&dom);
	p2m_domain_free(&dom);
	iommu_firmware = (struct acpi_iommus){ 0 };
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_wide_root),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_attach_new),
		cmocka_unit_test(test_attach_fails),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_domain),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
