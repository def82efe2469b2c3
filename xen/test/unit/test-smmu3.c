/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver of ARM's SMMUv3 on modelled registers, and what a device tree says of the units. The
 * model acts when the driver waits (looks at the time), as registers are plain memory here.
 */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/dt_iommu.h>
#include <xen/errno.h>
#include <xen/fdt_write.h>
#include <xen/hal/irq.h>
#include <xen/hal/time.h>
#include <xen/mm.h>

#include "../../drivers/iommu/private.h"
#include "../../drivers/iommu/smmu3.h"

#define STREAM 0x123
#define IRQ 106
#define MAX_REPORTS 300
#define SECOND 1000000000L
#define ADDRESS 0xffffffffff000UL
#define COHERENT_STAGE2 0x1bU	/* IDR0: coherent, 64-bit tables, both stages */
#define RING_BITS (8U << 21 | 8U << 16 | 16U)
#define BITS_44 0x14U		/* IDR5, with pages of 4 KiB */
#define BITS_40 0x12U

static u8 regs[SMMU3_REGISTERS] __attribute__((aligned(4096)));
static bool running;		/* the model */
static void (*handler)(void *arg), (*timer_fn)(void *arg);
static void *handler_arg, *timer_arg;
static s_time_t timer_at;
static int irq_answer;
static struct iommu_fault reports[MAX_REPORTS];
static u32 nr_reports, commands[256];
static u64 last_low[256], last_high[256];

s_time_t __real_hal_now_ns(void);
s_time_t __wrap_hal_now_ns(void);

static u32 get32(u32 reg) { return *(u32 *)(regs + reg); }
static u64 get(u32 reg) { return *(u64 *)(regs + reg); }
static void set32(u32 reg, u32 v) { *(u32 *)(regs + reg) = v; }

/* The table or ring that an entry or a register names. */
static u64 *at(u64 word)
{
	return mfn_to_virt(mfn_make((word & ADDRESS) >> PAGE_SHIFT));
}

static void model(void)
{
	u32 cons = get32(SMMU3_CMDQ_CONS), bits = get(SMMU3_CMDQ_BASE) & 0x1f;

	set32(SMMU3_GBPA, get32(SMMU3_GBPA) & ~BIT(31));
	set32(SMMU3_CR0ACK, get32(SMMU3_CR0));
	for (; get32(SMMU3_CR0) & CR0_COMMANDS && cons != get32(SMMU3_CMDQ_PROD);
	     cons = (cons + 1) % (2U << bits)) {
		u64 *e = at(get(SMMU3_CMDQ_BASE)) + cons % (1U << bits) * 2;

		commands[(u8)e[0]]++;
		last_low[(u8)e[0]] = e[0];
		last_high[(u8)e[0]] = e[1];
	}
	set32(SMMU3_CMDQ_CONS, cons);
}

s_time_t __wrap_hal_now_ns(void)
{
	if (running)
		model();
	return __real_hal_now_ns();
}

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg, u32 cpu)
{
	timer_fn = fn;
	timer_arg = arg;
}

void timer_set(struct timer *t, s_time_t expires) { timer_at = expires; }

void *hal_map_mmio(paddr_t pa, size_t size)
{
	assert_int_equal(size, sizeof(regs));
	return regs;
}

int hal_irq_request(const struct hal_irq_line *line, void (*fn)(void *arg), void *arg)
{
	assert_int_equal(line->number, IRQ);
	assert_false(line->level);
	handler = fn;
	handler_arg = arg;
	return irq_answer;
}

void iommu_report(const struct iommu_fault *f)
{
	assert_true(nr_reports < MAX_REPORTS);
	reports[nr_reports++] = *f;
}

static void registers(u32 idr5)
{
	memset(regs, 0, sizeof(regs));
	set32(SMMU3_IDR0, COHERENT_STAGE2);
	set32(SMMU3_IDR1, RING_BITS);
	set32(SMMU3_IDR3, 2U << 11);
	set32(SMMU3_IDR5, idr5);
}

static const char *init(void)
{
	static const struct acpi_iommus firmware = {
		.nr_units = 1, .unit[0] = { .base = { 0x9050000 }, .irq = { IRQ } },
	};

	iommu_firmware = firmware;
	return iommu_smmu3.init(&iommu_firmware, &iommu_limits);
}

static void test_unfit(void **state)
{
	static const struct { u32 reg, value; const char *why; } bad[] = {
		{ SMMU3_IDR0, COHERENT_STAGE2 & ~1U, "second stage" },
		{ SMMU3_IDR0, COHERENT_STAGE2 & ~8U, "64-bit tables" },
		{ SMMU3_IDR0, COHERENT_STAGE2 & ~16U, "caches" },
		{ SMMU3_IDR1, RING_BITS | BIT(29), "fixed place" },
		{ SMMU3_IDR1, RING_BITS - (1U << 21), "rings" },
		{ SMMU3_IDR1, RING_BITS - (2U << 16), "rings" },
		{ SMMU3_IDR5, 4, "4 KiB" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *why;

		registers(BITS_44);
		set32(bad[i].reg, bad[i].value);
		why = init();
		assert_non_null(why);
		assert_non_null(strstr(why, bad[i].why));
	}
}

static void test_limits(void **state)
{
	registers(BITS_40);
	set32(SMMU3_IDR3, 1U << 11);
	assert_null(init());
	assert_int_equal(iommu_limits.levels, 3);
	/* A mapping's size may not change in one write, so there is one size. */
	assert_int_equal(iommu_limits.leaf_levels, 1);
	registers(BITS_44);
	assert_null(init());
	assert_int_equal(iommu_limits.levels, 4);
	assert_int_equal(iommu_limits.leaf_levels, 3);
}

static u64 *entry(u16 stream)
{
	return at(get(SMMU3_STRTAB_BASE)) + stream * 8;
}

static void check_stream(const u64 *e, const struct iommu_space *s)
{
	assert_int_equal(e[0], 6 << 1 | 1);
	assert_int_equal(e[1], 1UL << 44);
	/* Its number, 44 bits from level 0 on, walks cached, output of 44 bits, 64-bit, reported */
	assert_int_equal(e[2], s->id | 20UL << 32 | 2UL << 38 | 0x35UL << 40 | 4UL << 48 |
			 1UL << 51 | 1UL << 58);
	assert_int_equal(e[3], s->root.v << PAGE_SHIFT);
}

static struct iommu_space *space;

static void test_streams(void **state)
{
	u64 *t;

	registers(BITS_44);
	assert_null(init());
	iommu_hw = &iommu_smmu3;
	assert_true(iommu_spaces_init());
	space = iommu_space_create(1, 100);
	assert_int_equal(iommu_attach((struct pci_addr){ 0, STREAM }, space), 0);
	running = true;
	iommu_start();
	assert_int_equal(get32(SMMU3_CR0), CR0_ENABLE | CR0_EVENTS | CR0_COMMANDS);
	assert_int_equal(get32(SMMU3_GBPA), BIT(20));
	assert_int_equal(get32(SMMU3_STRTAB_BASE_CFG), 16);
	assert_int_equal(get32(SMMU3_IRQ_CTRL), IRQ_EVENTS);
	assert_int_equal(commands[4], 1);
	assert_int_equal(last_high[4], 31);
	assert_int_equal(commands[0x30], 1);
	check_stream(entry(STREAM), space);
	check_stream(entry(STREAM + 1), iommu_quarantine);
	check_stream(entry(0xffff), iommu_quarantine);
	/* 2 MiB at level 1 of the four, and a page. */
	iommu_set(space, 0x200, mfn_make(0x400), 512, IOMMU_READ);
	iommu_set(space, 0x400, mfn_make(0x800), 1, IOMMU_READ | IOMMU_WRITE);
	t = at(*(u64 *)at(*(u64 *)mfn_to_virt(space->root)));
	assert_int_equal(t[1], 0x400000 | 1 | 15 << 2 | 1 << 6 | 3 << 8 | 1 << 10);
	assert_int_equal(t[2] & 0xfff, 3);
	assert_int_equal(*at(t[2]), 0x800000 | 3 | 15 << 2 | 3 << 6 | 3 << 8 | 1 << 10);
}

static void test_commands(void **state)
{
	commands[0x28] = commands[0x46] = 0;
	/* The ring wraps around many times. */
	for (u32 i = 0; i < 1000; i++) {
		space->stale = true;
		iommu_flush(space);
	}
	assert_int_equal(commands[0x28], 1000);
	assert_int_equal(commands[0x46], 1000);
	assert_int_equal(last_low[0x28] >> 32, space->id);
	commands[3] = 0;
	assert_int_equal(iommu_attach((struct pci_addr){ 0, STREAM }, NULL), 0);
	/* The stream was invalid between the spaces, and that was told too. */
	assert_int_equal(commands[3], 2);
	assert_int_equal(last_low[3] >> 32, STREAM);
	check_stream(entry(STREAM), iommu_quarantine);
}

static u32 produced;

static void event(u64 kind, u64 second, u64 address)
{
	u64 *e = at(get(SMMU3_EVENTQ_BASE)) + produced % 128 * 4;

	e[0] = kind | (u64)STREAM << 32;
	e[1] = second;
	e[2] = address;
	produced = (produced + 1) % 256;
	set32(SMMU3_EVENTQ_PROD, (get32(SMMU3_EVENTQ_PROD) & BIT(31)) | produced);
}

static void test_events(void **state)
{
	event(0x10, 0, 0x1234567);
	event(0x13, 1UL << 35, 0x2000);
	event(0xee, 0, 0);
	handler(handler_arg);
	assert_int_equal(nr_reports, 3);
	assert_int_equal(reports[0].bdf, STREAM);
	assert_int_equal(reports[0].address, 0x1234567);
	assert_string_equal(reports[0].access, "write");
	assert_string_equal(reports[1].access, "read");
	assert_non_null(reports[2].cause);
	assert_int_equal(get32(SMMU3_EVENTQ_CONS), 3);
	/* One by one, around the ring's end and its second turn */
	for (u32 i = nr_reports = 0; i < 280; i++) {
		event(0x10, 0, i);
		handler(handler_arg);
	}
	assert_int_equal(nr_reports, 280);
	assert_int_equal(reports[279].address, 279);
	/* A whole ring: the interrupt stays off until the timer has looked again. */
	nr_reports = 0;
	for (u32 i = 0; i < 128; i++)
		event(0x10, 0, i);
	handler(handler_arg);
	assert_int_equal(nr_reports, 128);
	assert_int_equal(get32(SMMU3_IRQ_CTRL), 0);
	assert_true(timer_at - hal_now_ns() <= SECOND / 10);
	timer_fn(timer_arg);
	assert_int_equal(get32(SMMU3_IRQ_CTRL), IRQ_EVENTS);
	/* Lost events are acknowledged, and those after them are read. */
	event(0x10, 0, 1);
	set32(SMMU3_EVENTQ_PROD, get32(SMMU3_EVENTQ_PROD) | BIT(31));
	handler(handler_arg);
	assert_int_equal(get32(SMMU3_EVENTQ_CONS), BIT(31) | produced);
	assert_int_equal(get32(SMMU3_IRQ_CTRL), 0);
	timer_fn(timer_arg);
	event(0x10, 0, 2);
	handler(handler_arg);
	assert_int_equal(nr_reports, 130);
	assert_int_equal(reports[129].address, 2);
	assert_int_equal(get32(SMMU3_IRQ_CTRL), IRQ_EVENTS);
}

/* Without an interrupt a timer reads them. */
static void test_without_interrupt(void **state)
{
	irq_answer = -XEN_EBUSY;
	nr_reports = produced = 0;
	iommu_start();
	assert_int_equal(get32(SMMU3_IRQ_CTRL), 0);
	event(0x10, 0, 7);
	timer_fn(timer_arg);
	assert_int_equal(nr_reports, 1);
	assert_int_equal(reports[0].address, 7);
	assert_int_equal(get32(SMMU3_IRQ_CTRL), 0);
	running = false;
}

/* --- The device tree --- */

static u8 blob[16384] __attribute__((aligned(8)));
static struct fdt_writer w;
static struct acpi_iommus found;

static void open_tree(void)
{
	fdt_write_begin(&w, blob, sizeof(blob));
	fdt_write_u32(&w, "#address-cells", 2);
	fdt_write_u32(&w, "#size-cells", 2);
	fdt_write_node_at(&w, "intc", 0x8000000);
	fdt_write_string(&w, "compatible", "arm,gic-400");
	fdt_write_u32(&w, "#interrupt-cells", 3);
	fdt_write_u32(&w, "#address-cells", 2);
	fdt_write_u32(&w, "#size-cells", 2);
	fdt_write_prop(&w, "ranges", NULL, 0);
	fdt_write_u32(&w, "phandle", 1);
	fdt_write_node_at(&w, "v2m", 0x8020800);
	fdt_write_string(&w, "compatible", "arm,gic-v2m-frame");
	fdt_write_ranges(&w, "reg", (u64[]){ 0x8020800, 0x1000 }, 1);
	fdt_write_close(&w);
	fdt_write_close(&w);
}

static void smmu(const char *compatible, u64 start, u64 size, const char *status)
{
	static const char names[] = "gerror\0eventq";

	fdt_write_node_at(&w, "smmu", start);
	fdt_write_string(&w, "compatible", compatible);
	fdt_write_string(&w, "status", status);
	fdt_write_u32(&w, "interrupt-parent", 1);
	fdt_write_ranges(&w, "reg", (u64[]){ start, size }, 1);
	fdt_write_cells(&w, "interrupts", (u32[]){ 0, 77, 1, 0, IRQ - 32, 1 }, 6);
	fdt_write_prop(&w, "interrupt-names", names, sizeof(names));
	fdt_write_close(&w);
}

static const char *find(void)
{
	struct fdt t;

	assert_int_equal(fdt_open(&t, blob, fdt_write_end(&w)), FDT_OK);
	return dt_find_iommus(&t, &found);
}

static void test_tree(void **state)
{
	open_tree();
	smmu("arm,smmu-v3", 0x9050000, 0x20000, "okay");
	smmu("arm,smmu-v3", 0x9090000, 0x20000, "disabled");
	assert_null(find());
	assert_int_equal(found.nr_units, 1);
	assert_int_equal(found.unit[0].base.v, 0x9050000);
	assert_int_equal(found.unit[0].irq[0], IRQ);
	/* Both pages that the frame touches */
	assert_int_equal(found.nr_unity, 1);
	assert_int_equal(found.unity[0].start, 0x8020000);
	assert_int_equal(found.unity[0].size, 0x2000);
	assert_false(found.has_intremap);
}

static void test_bad_trees(void **state)
{
	static const struct { const char *kind; u64 start, size; const char *why; } bad[] = {
		{ "arm,smmu-v3", 0x9050000, 0x10000, "registers" },
		{ "arm,smmu-v3", 0x9050800, 0x20000, "registers" },
		{ "arm,other", 0x9050000, 0x20000, "none" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *why;

		open_tree();
		smmu(bad[i].kind, bad[i].start, bad[i].size, "okay");
		why = find();
		assert_non_null(why);
		assert_non_null(strstr(why, bad[i].why));
	}
	open_tree();
	for (u64 i = 0; i <= ACPI_MAX_IOMMUS; i++)
		smmu("arm,smmu-v3", 0x9050000 + i * 0x20000, 0x20000, "okay");
	assert_non_null(strstr(find(), "too many"));
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
		cmocka_unit_test(test_streams), cmocka_unit_test(test_commands),
		cmocka_unit_test(test_events), cmocka_unit_test(test_without_interrupt),
		cmocka_unit_test(test_tree), cmocka_unit_test(test_bad_trees),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
