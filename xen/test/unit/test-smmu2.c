/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver of ARM's SMMUs of version 1 and 2, on modelled units. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/hal/irq.h>
#include <xen/hal/time.h>
#include <xen/mm.h>
#include <xen/timer.h>

#include "../../drivers/iommu/private.h"
#include "smmu2-model.h"

#define IRQ 364
#define MAX_REPORTS 300
#define SECOND 1000000000L
#define RW (IOMMU_READ | IOMMU_WRITE)
#define FRAME 0x123456UL	/* none of these frames is accessed */
#define SCTLR(bank) (MODEL_REGISTERS / 2 + 0x1000U * (bank))

static struct iommu_fault reports[MAX_REPORTS];
static u32 nr_reports, nr_requests, nr_timers;
static int irq_answer;
static struct { void (*fn)(void *arg); void *arg; s_time_t at; } timers[MODEL_UNITS];

s_time_t __real_hal_now_ns(void);
s_time_t __wrap_hal_now_ns(void);

/* While a unit is stuck, each look at the clock finds it later. */
s_time_t __wrap_hal_now_ns(void)
{
	static s_time_t skipped;

	if (model_units[0].stuck)
		skipped += SECOND / 10;
	return __real_hal_now_ns() + skipped;
}

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg, u32 cpu)
{
	assert_true(nr_timers < MODEL_UNITS);
	timers[nr_timers].fn = fn;
	timers[nr_timers++].arg = arg;
}

void timer_set(struct timer *t, s_time_t expires) { timers[nr_timers - 1].at = expires; }

void *hal_map_mmio(paddr_t pa, size_t size)
{
	u64 i = (pa.v - MODEL_BASE) / MODEL_REGISTERS;

	assert_true(i < MODEL_UNITS && size <= MODEL_REGISTERS);
	return model_units[i].regs;
}

int hal_irq_request(const struct hal_irq_line *line, void (*fn)(void *arg), void *arg)
{
	struct model_unit *u = &model_units[line->number - IRQ];

	assert_true(line->level);
	nr_requests++;
	if (!irq_answer) {
		u->handler = fn;
		u->arg = arg;
	}
	return irq_answer;
}

void iommu_report(const struct iommu_fault *f)
{
	assert_true(nr_reports < MAX_REPORTS);
	reports[nr_reports++] = *f;
}

/* What firmware says: a unit for each that is modelled, with its interrupt twice. */
static void begin(u32 nr, const struct iommu_streams *streams, u32 nr_streams)
{
	struct acpi_iommus *m = &iommu_firmware;

	model_reset();
	nr_reports = nr_requests = nr_timers = 0;
	irq_answer = 0;
	memset(m, 0, sizeof(*m));
	m->nr_units = nr;
	for (u32 i = 0; i < nr; i++)
		m->unit[i] = (struct acpi_iommu_unit){
			.base = { MODEL_BASE + i * MODEL_REGISTERS }, .size = MODEL_REGISTERS,
			.irq = { IRQ + i, IRQ + i }, .coherent = true,
			.version = (u8)model_units[i].version,
		};
	memcpy(m->streams, streams, nr_streams * sizeof(*streams));
	m->nr_streams = nr_streams;
}

static const char *init(void)
{
	iommu_hw = NULL;
	return iommu_smmu2.init(&iommu_firmware, &iommu_limits);
}

static void use(void)
{
	assert_null(init());
	iommu_hw = &iommu_smmu2;
	assert_true(iommu_spaces_init());
}

static int attach(u16 stream, struct iommu_space *s)
{
	return iommu_attach((struct pci_addr){ .bdf = stream }, s);
}

/* A space in which frame @dfn is FRAME + @dfn. */
static struct iommu_space *space(u64 dfn, u32 rights)
{
	struct iommu_space *s = iommu_space_create(1, 100);

	assert_non_null(s);
	iommu_set(s, dfn, mfn_make(FRAME + dfn), 1, rights);
	return s;
}

/* An access reaches what space() has mapped there. */
static void check_reaches(u32 unit, u16 stream, u64 dfn)
{
	u64 at = 0;

	assert_true(model_dma(&model_units[unit], stream, dfn << 12 | 0x10, false, &at));
	assert_int_equal(at, (FRAME + dfn) << 12 | 0x10);
}

/* It is refused, and the report names the stream and the cause. */
static void check_refused(u32 unit, u16 stream, u64 dfn, const char *why)
{
	u32 before = nr_reports;
	u64 at;

	assert_false(model_dma(&model_units[unit], stream, dfn << 12, true, &at));
	assert_int_equal(nr_reports, before + 1);
	assert_int_equal(reports[before].bdf, stream);
	assert_int_equal(reports[before].address, dfn << 12);
	assert_string_equal(reports[before].access, "write");
	if (!strstr(reports[before].cause, why))
		fail_msg("'%s' instead of '%s'", reports[before].cause, why);
}

#define QUARANTINED "belongs to nothing"
#define UNKNOWN "does not name its stream"
#define NOT_MAPPED "has nothing there"

static const struct iommu_streams three[] = { { 0, 1, 0 }, { 0, 2, 0 }, { 1, 2, 0 } };

static void test_unfit(void **state)
{
	static const struct { u32 unit, reg, clear, set; const char *why; } bad[] = {
		{ 0, 0x20, BIT(29), 0, "no second stage" },
		{ 0, 0x28, BIT(12), 0, "pages of 4 KiB" },
		{ 1, 0x20, 0, BIT(25), "pages of 4 KiB" },
		{ 0, 0x24, 0xff, 0, "no context bank" },
		{ 0, 0x20, 0xff, 0, "no stream mapping group" },
		{ 0, 0x20, 0xff, 1, "fewer stream mapping groups" },
		{ 0, 0x20, 15U << 9, 1U << 9, "cannot have" },
		{ 0, 0x24, 0, 4U << 28, "more registers" },
		{ 0, 0x24, 0, BIT(31), "more registers" },
		{ 0, 0x24, 0xff, 17, "more registers" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct model_unit *u = &model_units[bad[i].unit];
		const char *why;

		begin(2, three, ARRAY_SIZE(three));
		model_set(u, bad[i].reg, (model_get(u, bad[i].reg) & ~bad[i].clear) | bad[i].set);
		why = init();
		if (!why || !strstr(why, bad[i].why))
			fail_msg("case %u: '%s'", i, why ? why : "used");
	}
	begin(2, three, ARRAY_SIZE(three));
	model_units[0].kept = 0x7fff7ffd;
	assert_non_null(strstr(init(), "does not compare all bits"));
}

static void test_limits(void **state)
{
	static const struct { u32 unit, sizes, levels, order; } sizes[] = {
		{ 0, 0x55, 4, 0 }, { 0, 0x44, 4, 0 }, { 0, 0x22, 3, 1 }, { 0, 0x33, 3, 3 },
		{ 0, 0x25, 3, 1 }, { 0, 0x52, 3, 1 }, { 0, 0x11, 3, 0 }, { 1, 0x55, 3, 1 },
		{ 1, 0x10, 3, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		begin(sizes[i].unit + 1, three, ARRAY_SIZE(three));
		model_set(&model_units[sizes[i].unit], 0x28, BIT(12) | sizes[i].sizes);
		assert_null(init());
		assert_int_equal(iommu_limits.levels, sizes[i].levels);
		assert_int_equal(iommu_limits.root_order, sizes[i].order);
		assert_int_equal(iommu_limits.leaf_levels, 1);
		assert_true(iommu_limits.coherent);
	}
	/* Caches are cleaned unless the unit and the tree both say that walks see them. */
	begin(2, three, ARRAY_SIZE(three));
	iommu_firmware.unit[1].coherent = false;
	assert_null(init());
	assert_false(iommu_limits.coherent);
	begin(2, three, ARRAY_SIZE(three));
	model_set(&model_units[0], 0x20, model_get(&model_units[0], 0x20) & ~BIT(14));
	assert_null(init());
	assert_false(iommu_limits.coherent);
}

static void test_confined(void **state)
{
	struct iommu_space *a, *b;
	u64 at;

	begin(2, three, ARRAY_SIZE(three));
	/* Firmware has left the unit on, with a mapping of its own and a fault. */
	model_set(&model_units[0], 0, 0);
	model_set(&model_units[0], 0x80c, BIT(31) | 7);
	model_set(&model_units[0], 0xc0c, 1U << 16);
	model_set(&model_units[0], 0x48, 2);
	use();
	a = space(0x100, RW);
	b = space(0x100, IOMMU_READ);
	assert_int_equal(attach(1, a), 0);
	assert_int_equal(attach(2, b), 0);
	/* Nothing is restricted before the start. */
	assert_true(model_dma(&model_units[0], 7, 0x5000, true, &at));
	iommu_start();
	assert_int_equal(nr_reports, 0);
	assert_int_equal(nr_requests, 2);
	check_reaches(0, 1, 0x100);
	check_refused(0, 1, 0x101, NOT_MAPPED);
	check_reaches(0, 2, 0x100);
	check_refused(0, 2, 0x100, "may not access");
	check_reaches(1, 2, 0x100);
	check_refused(0, 7, 0x100, UNKNOWN);
	check_refused(1, 1, 0x100, UNKNOWN);
	check_refused(0, 1, 1UL << 36, NOT_MAPPED);
	/* To another space, to quarantine, and back. */
	assert_int_equal(attach(1, b), 0);
	check_refused(0, 1, 0x100, "may not access");
	assert_int_equal(attach(1, NULL), 0);
	check_refused(0, 1, 0x100, QUARANTINED);
	iommu_space_destroy(a);
	iommu_detach_all(b);
	check_refused(0, 2, 0x100, QUARANTINED);
	check_refused(1, 2, 0x100, QUARANTINED);
	iommu_space_destroy(b);
	/* A bank that is free again translates nothing. */
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(model_get(&model_units[0], SCTLR(i)), 0);
}

/* Addresses at the end of the input, in the second of the tables that begin the walk. */
static void test_high_addresses(void **state)
{
	u64 last = (1UL << 28) - 1;
	struct iommu_space *s;

	begin(2, three, ARRAY_SIZE(three));
	use();
	assert_int_equal(iommu_limits.root_order, 1);
	s = space(last, RW);
	iommu_set(s, last + 1, mfn_make(1), 1, RW);
	assert_int_equal(attach(2, s), 0);
	iommu_start();
	check_reaches(0, 2, last);
	check_reaches(1, 2, last);
	check_refused(1, 2, last / 2, NOT_MAPPED);
	check_refused(0, 2, last + 1, NOT_MAPPED);
	iommu_detach_all(s);
	iommu_space_destroy(s);
}

static void test_flush(void **state)
{
	struct iommu_space *a, *b;
	u32 syncs;

	begin(2, three, ARRAY_SIZE(three));
	use();
	a = space(0x100, RW);
	b = space(0x200, RW);
	assert_int_equal(attach(1, a), 0);
	assert_int_equal(attach(2, b), 0);
	iommu_start();
	check_reaches(0, 1, 0x100);
	check_reaches(1, 2, 0x200);
	iommu_set(a, 0x100, mfn_make(0), 1, 0);
	/* The model's TLB keeps it until it is told, and then what is of others. */
	check_reaches(0, 1, 0x100);
	syncs = model_units[0].syncs;
	iommu_flush(a);
	assert_int_equal(model_units[0].syncs, syncs + 1);
	check_refused(0, 1, 0x100, NOT_MAPPED);
	assert_int_equal(model_units[1].nr_tlb, 1);
	/* A stream that leaves takes no translation with it, and what is on its way is over. */
	check_reaches(0, 2, 0x200);
	syncs = model_units[0].syncs;
	assert_int_equal(attach(2, a), 0);
	assert_int_equal(model_units[0].syncs, syncs + 1);
	check_refused(0, 2, 0x200, NOT_MAPPED);
	iommu_detach_all(a);
	iommu_space_destroy(a);
	iommu_space_destroy(b);
}

/* Streams that a unit cannot tell apart reach memory only while they are all in one space. */
static void test_shared_group(void **state)
{
	static const struct iommu_streams masks[] = {
		{ 0, 0x10, 0x3 }, { 0, 0x12, 0 }, { 0, 0x11, 0x6 },	/* overlap: 0x10 to 0x17 */
		{ 0, 0x20, 0 }, { 0, 0x20, 0 },
	};
	struct iommu_space *a, *b;

	begin(1, masks, ARRAY_SIZE(masks));
	use();
	a = space(0x100, RW);
	b = space(0x100, RW);
	iommu_start();
	for (u16 i = 0x10; i < 0x17; i++) {
		assert_int_equal(attach(i, a), 0);
		check_refused(0, i, 0x100, QUARANTINED);
	}
	assert_int_equal(attach(0x17, a), 0);
	for (u16 i = 0x10; i < 0x18; i++)
		check_reaches(0, i, 0x100);
	assert_int_equal(attach(0x13, b), 0);
	check_refused(0, 0x10, 0x100, QUARANTINED);
	check_refused(0, 0x13, 0x100, QUARANTINED);
	for (u16 i = 0x10; i < 0x18; i++)
		assert_int_equal(attach(i, b), 0);
	check_reaches(0, 0x10, 0x100);
	assert_int_equal(attach(0x20, a), 0);
	check_reaches(0, 0x20, 0x100);
	check_refused(0, 0x18, 0x100, UNKNOWN);
	iommu_detach_all(b);
	iommu_detach_all(a);
	iommu_space_destroy(a);
	iommu_space_destroy(b);
}

/* All streams of a bus in one group, and each number attached as for the hardware domain. */
static void test_whole_bus(void **state)
{
	static const struct iommu_streams bus = { 0, 0, 0xffff };
	struct iommu_space *s;

	begin(1, &bus, 1);
	use();
	s = space(0x100, RW);
	for (u32 i = 0; i < 0x10000; i++)
		assert_int_equal(attach((u16)i, s), 0);
	iommu_start();
	check_reaches(0, 0, 0x100);
	check_reaches(0, 0x7fff, 0x100);
	assert_int_equal(attach(0x1234, NULL), 0);
	check_refused(0, 0, 0x100, QUARANTINED);
	iommu_detach_all(s);
	iommu_space_destroy(s);
}

/* A unit without matching has a register for each stream. */
static void test_indexed(void **state)
{
	static const struct iommu_streams few[] = { { 0, 1, 2 }, { 0, 0, 0 } };
	static const struct iommu_streams beyond = { 0, 4, 0 };
	struct iommu_space *s;

	begin(1, few, ARRAY_SIZE(few));
	model_set(&model_units[0], 0x20, BIT(29) | BIT(14) | 2U << 9);
	use();
	s = space(0x100, RW);
	assert_int_equal(attach(3, s), 0);
	assert_int_equal(attach(0, s), 0);
	iommu_start();
	check_reaches(0, 3, 0x100);
	check_reaches(0, 0, 0x100);
	check_refused(0, 1, 0x100, QUARANTINED);
	check_refused(0, 2, 0x100, QUARANTINED);
	iommu_detach_all(s);
	iommu_space_destroy(s);
	begin(1, &beyond, 1);
	model_set(&model_units[0], 0x20, BIT(29) | BIT(14) | 2U << 9);
	assert_non_null(strstr(init(), "cannot have"));
}

static void test_no_bank(void **state)
{
	static const struct iommu_streams four[] = {
		{ 0, 1, 0 }, { 0, 2, 0 }, { 0, 3, 0 }, { 1, 1, 0 }, { 1, 2, 0 }, { 1, 3, 0 },
	};
	struct iommu_space *s[4];

	begin(2, four, ARRAY_SIZE(four));
	use();
	for (u32 i = 0; i < 4; i++)
		s[i] = space(0x100 + i, RW);
	iommu_start();
	assert_int_equal(attach(1, s[1]), 0);
	assert_int_equal(attach(2, s[2]), 0);
	/* Unit 0 would have one more, unit 1 has none: nothing changes in either. */
	assert_int_equal(attach(3, s[3]), -XEN_ENOMEM);
	check_refused(0, 3, 0x103, QUARANTINED);
	check_refused(1, 3, 0x103, QUARANTINED);
	assert_int_equal(model_get(&model_units[0], SCTLR(2)), 0);
	assert_int_equal(iommu_owner(3), IOMMU_NO_OWNER);
	check_reaches(0, 1, 0x101);
	check_reaches(1, 2, 0x102);
	/* One that leaves makes room. */
	assert_int_equal(attach(1, NULL), 0);
	assert_int_equal(attach(3, s[3]), 0);
	check_reaches(0, 3, 0x103);
	check_reaches(1, 3, 0x103);
	for (u32 i = 0; i < 4; i++) {
		iommu_detach_all(s[i]);
		iommu_space_destroy(s[i]);
	}
}

static void flush_stuck(void *arg)
{
	struct iommu_space *s = arg;

	model_units[0].stuck = true;
	s->stale = true;
	iommu_flush(s);
}

static void test_endless_invalidation(void **state)
{
	struct iommu_space *s;

	begin(1, three, 2);
	use();
	s = space(0x100, RW);
	assert_int_equal(attach(1, s), 0);
	iommu_start();
	assert_true(host_panics(flush_stuck, s, "does not finish an invalidation within a second"));
}

static void test_flood(void **state)
{
	struct iommu_space *s;
	u64 at;

	begin(1, three, 2);
	use();
	s = space(0x100, RW);
	assert_int_equal(attach(1, s), 0);
	iommu_start();
	for (u32 i = 0; i < 64; i++)
		check_refused(0, 1, 0x200 + i, NOT_MAPPED);
	/* No more interrupts until the timer has looked; what is mapped is still reached. */
	assert_true(timers[0].at - hal_now_ns() <= SECOND / 10);
	for (u32 i = 0; i < 100; i++) {
		assert_false(model_dma(&model_units[0], 1, 0x300000, true, &at));
		assert_false(model_dma(&model_units[0], 7, 0x300000, true, &at));
	}
	assert_int_equal(nr_reports, 64);
	check_reaches(0, 1, 0x100);
	timers[0].fn(timers[0].arg);
	assert_int_equal(nr_reports, 66);
	check_refused(0, 1, 0x200, NOT_MAPPED);
	check_refused(0, 7, 0x200, UNKNOWN);
	iommu_detach_all(s);
	iommu_space_destroy(s);
}

/* Without an interrupt a timer looks. */
static void test_without_interrupt(void **state)
{
	u64 at;

	begin(1, three, 2);
	use();
	irq_answer = -XEN_EBUSY;
	iommu_start();
	assert_false(model_dma(&model_units[0], 1, 0x1000, false, &at));
	assert_int_equal(nr_reports, 0);
	timers[0].fn(timers[0].arg);
	assert_int_equal(nr_reports, 1);
	assert_string_equal(reports[0].access, "read");
}

static int boot(void **state)
{
	host_init(1, 1, 64UL << 20);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unfit), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_confined), cmocka_unit_test(test_high_addresses),
		cmocka_unit_test(test_flush), cmocka_unit_test(test_shared_group),
		cmocka_unit_test(test_whole_bus), cmocka_unit_test(test_indexed),
		cmocka_unit_test(test_no_bank), cmocka_unit_test(test_endless_invalidation),
		cmocka_unit_test(test_flood), cmocka_unit_test(test_without_interrupt),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
