/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The drivers of AMD's and Intel's IOMMUs on modelled registers: what they write into the tables,
 * their rings of commands, and how they read the reports of refused accesses. The models act when
 * the drivers wait (look at the time), as registers are plain memory here.
 */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/hal/irq.h>
#include <xen/hal/time.h>
#include <xen/mm.h>

#include "../../drivers/iommu/amd.h"
#include "../../drivers/iommu/private.h"
#include "../../drivers/iommu/vtd.h"

#define BDF 0x123
#define MAX_REPORTS 600
#define SECOND 1000000000L

static u8 regs[0x4000] __attribute__((aligned(4096)));
static void (*model)(void);
static void (*handler)(void *arg);
static void *handler_arg;
static u16 pci_status;
static struct iommu_fault reports[MAX_REPORTS];
static u32 nr_reports, maintained;

s_time_t __real_hal_now_ns(void);
s_time_t __wrap_hal_now_ns(void);

s_time_t __wrap_hal_now_ns(void)
{
	if (model)
		model();
	return __real_hal_now_ns();
}

/* The drivers have one timer, which a test runs when it likes. */
static void (*timer_fn)(void *arg);
static void *timer_arg;
static s_time_t timer_at;

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg, u32 cpu)
{
	timer_fn = fn;
	timer_arg = arg;
}

void timer_set(struct timer *t, s_time_t expires)
{
	timer_at = expires;
}

/* Let time pass until the timer runs; it must be due within @most. */
static void run_timer(s_time_t most)
{
	s_time_t left = timer_at - hal_now_ns();

	assert_true(timer_at && left <= most);
	timer_at = 0;
	host_advance(left > 0 ? left : 0);
	timer_fn(timer_arg);
}

void *hal_map_mmio(paddr_t pa, size_t size) { return regs; }
bool pci_set_msi(struct pci_addr a, u64 address, u32 data) { return true; }
u32 pci_read(struct pci_addr a, u32 reg, u32 bytes) { return reg == 6 ? pci_status : 0x000f; }

void pci_write(struct pci_addr a, u32 reg, u32 bytes, u32 val)
{
	pci_status &= (u16)~val;
}

int hal_irq_request_msi(void (*fn)(void *arg), void *arg, struct hal_msi *msi)
{
	handler = fn;
	handler_arg = arg;
	*msi = (struct hal_msi){ .address = 0xfee00000, .data = 0x41 };
	return 0;
}

int hal_cache_maintain(const void *va, size_t len, u32 ops)
{
	maintained++;
	return 0;
}

void iommu_report(const struct iommu_fault *f)
{
	assert_true(nr_reports < MAX_REPORTS);
	reports[nr_reports++] = *f;
}

static u64 get(u32 reg)
{
	u64 v;

	memcpy(&v, regs + reg, 8);
	return v;
}

static u32 get32(u32 reg) { return (u32)get(reg); }
static void set(u32 reg, u64 v) { memcpy(regs + reg, &v, 8); }
static void set32(u32 reg, u32 v) { memcpy(regs + reg, &v, 4); }

static void *at(u64 pa)
{
	return (char *)mfn_to_virt(mfn_make(pa >> PAGE_SHIFT)) + page_offset(pa);
}

static void begin(const struct iommu_hw *hw)
{
	static const struct acpi_iommus firmware = {
		.nr_units = 1, .has_intremap = true,
		.unit[0] = { .base = { 0xfed80000 }, .bdf = 0x10, .capability = 0x40 },
	};

	nr_reports = 0;
	iommu_firmware = firmware;
	assert_null(hw->init(&iommu_firmware, &iommu_limits));
	iommu_hw = hw;
	assert_true(iommu_spaces_init());
}

/* --- AMD --- */

static u32 commands[16];
static u64 last_pages;

static void amd_model(void)
{
	u64 head = get(AMD_COMMAND_HEAD), tail = get(AMD_COMMAND_TAIL);
	u64 *ring = get(AMD_COMMAND_BASE) ? at(get(AMD_COMMAND_BASE) & 0xffffffffff000UL) : NULL;

	if (!(get(AMD_CONTROL) & CONTROL_COMMANDS) || !ring)
		return;
	for (; head != tail; head = (head + 16) % 4096) {
		u64 *e = ring + head / 8;

		commands[e[0] >> 60]++;
		if (e[0] >> 60 == 1)
			*(u64 *)at(e[0] & 0xffffffffffff8UL) = e[1];
		else if (e[0] >> 60 == 3)
			last_pages = e[0];
	}
	set(AMD_COMMAND_HEAD, head);
}

static u64 *device_entry(u16 bdf)
{
	return (u64 *)at(get(AMD_DEVICE_TABLE) & 0xffffffffff000UL) + bdf * 4;
}

/* What the unit would do: an event into the log, at place @n of it. */
static void log_event(u32 n, u64 low, u64 address)
{
	u64 *e = (u64 *)at(get(AMD_EVENT_BASE) & 0xffffffffff000UL) + n % 256 * 2;

	e[1] = address;
	e[0] = low;
}

static void test_amd(void **state)
{
	struct iommu_space *s;
	u64 *d, address;
	u32 *table, data, n;

	memset(regs, 0, sizeof(regs));
	set(AMD_FEATURES, FEATURE_INVALIDATE_ALL);
	model = amd_model;
	begin(&iommu_amd);
	s = iommu_space_create(1, 100);
	assert_int_equal(iommu_attach((struct pci_addr){ 0, BDF }, s), 0);
	iommu_start();
	assert_int_equal(get(AMD_DEVICE_TABLE) & 0xfff, 511);
	assert_int_equal(get(AMD_CONTROL), 0x140d);
	assert_int_equal(commands[8], 1);
	d = device_entry(BDF);
	assert_int_equal(d[0], s->root.v << 12 | 4 << 9 | 3UL << 61 | 3);
	assert_int_equal(d[1], s->id);
	/* Whatever was not attached is in quarantine: valid, translated, and nothing is mapped. */
	d = device_entry(BDF + 1);
	assert_int_equal(d[0], iommu_quarantine->root.v << 12 | 4 << 9 | 3UL << 61 | 3);
	assert_int_equal(*(u64 *)mfn_to_virt(iommu_quarantine->root) & 1, 0);
	/* A mapping of 2 MiB is an entry of the third table, whose pointers name the next level. */
	iommu_set(s, 0x200, mfn_make(0x400), 512, IOMMU_READ);
	d = mfn_to_virt(s->root);
	assert_int_equal(d[0] & 0xfff, 3 << 9 | 1);
	d = at(d[0] & 0xffffffffff000UL);
	assert_int_equal(d[0] & 0xfff, 2 << 9 | 1);
	d = at(d[0] & 0xffffffffff000UL);
	assert_int_equal(d[1], 0x400000 | 1 | 1UL << 60 | 1UL << 61);
	/* The ring wraps around many times. */
	commands[1] = commands[3] = 0;
	for (u32 i = 0; i < 1000; i++) {
		s->stale = true;
		iommu_flush(s);
	}
	assert_int_equal(commands[3], 1000);
	assert_int_equal(commands[1], 1000);
	assert_int_equal(last_pages >> 32 & 0xffff, s->id);
	assert_int_equal(iommu_attach((struct pci_addr){ 0, BDF }, NULL), 0);
	assert_int_equal(commands[2], 1);
	assert_int_equal(device_entry(BDF)[1], iommu_quarantine->id);
	/* Interrupts: one table of 256 entries for all, numbered by vectors */
	assert_false(iommu_remaps_interrupts());
	assert_true(iommu_remap_interrupts(false));
	d = device_entry(0xffff);
	assert_int_equal(d[2] & ~0xfffffffffffc0UL, 2UL << 60 | 8 << 1 | 1);
	table = at(d[2] & 0xfffffffffffc0UL);
	assert_int_equal(table[0x41], 0);
	iommu_set_interrupt(0x41, 7, true);
	assert_int_equal(table[0x41], 0x410701);
	iommu_interrupt_message(0x41, &address, &data);
	assert_int_equal(address, 0xfee00000);
	assert_int_equal(data, 0x41);
	n = commands[8];
	iommu_clear_interrupt(0x41);
	assert_int_equal(table[0x41], 0);
	assert_int_equal(commands[8], n + 1);
	iommu_space_destroy(s);
}

/* After test_amd(), which has started the unit. */
static void test_amd_events(void **state)
{
	u32 n = 0;

	/* A register whose ones were cleared by writing ones. */
	set(AMD_STATUS, 0);
	log_event(n++, 2UL << 60 | 1UL << 53 | BDF, 0x1234567);
	log_event(n++, 2UL << 60 | 1UL << 51 | 7, 0xfee00041);
	log_event(n++, 1UL << 60 | 9, 0x1000);
	log_event(n++, 15UL << 60 | 9, 0x1000);
	handler(handler_arg);
	assert_int_equal(nr_reports, 4);
	assert_int_equal(reports[0].bdf, BDF);
	assert_int_equal(reports[0].address, 0x1234567);
	assert_string_equal(reports[0].access, "write");
	assert_string_equal(reports[1].access, "interrupt");
	assert_string_equal(reports[2].access, "access");
	assert_non_null(reports[3].cause);
	assert_int_equal(get(AMD_EVENT_HEAD), 64);
	assert_true(get(AMD_CONTROL) & CONTROL_EVENT_INTERRUPT);
	/* Events one by one, around the end of the log */
	for (nr_reports = 0; n < 300; n++) {
		log_event(n, 2UL << 60 | BDF, n);
		handler(handler_arg);
	}
	assert_int_equal(nr_reports, 296);
	assert_int_equal(reports[295].address, 299);
	/* A whole log at once: the interrupt stays off until the timer has looked again. */
	nr_reports = 0;
	for (u32 i = 0; i < 256; i++, n++)
		log_event(n, 2UL << 60 | BDF, n);
	handler(handler_arg);
	assert_int_equal(nr_reports, 256);
	assert_false(get(AMD_CONTROL) & CONTROL_EVENT_INTERRUPT);
	run_timer(SECOND / 10);
	assert_true(get(AMD_CONTROL) & CONTROL_EVENT_INTERRUPT);
	/* The unit stops at an overflow; the log begins anew. */
	nr_reports = 0;
	log_event(n, 2UL << 60 | BDF, 1);
	set(AMD_STATUS, STATUS_EVENT_OVERFLOW);
	handler(handler_arg);
	set(AMD_STATUS, 0);
	run_timer(SECOND / 10);
	log_event(0, 2UL << 60 | BDF, 2);
	handler(handler_arg);
	assert_int_equal(nr_reports, 2);
	assert_int_equal(reports[1].address, 2);
	assert_int_equal(get(AMD_EVENT_HEAD), 16);
	/* Aborts that the log is silent about are looked for, and the bit is taken back. */
	run_timer(SECOND);
	pci_status = 0x800;
	run_timer(SECOND);
	assert_int_equal(pci_status, 0);
	model = NULL;
}

/* --- Intel --- */

#define FAULTS 0x400
#define NO_COMMAND 0x55U

static u32 forgotten[16], forgets;
static u64 last_forgotten;

static void vtd_model(void)
{
	u32 command = get32(VTD_COMMAND), status = get32(VTD_STATUS);
	u64 head = get(VTD_QUEUE_HEAD), tail = get(VTD_QUEUE_TAIL);
	u64 *ring = get(VTD_QUEUE) ? at(get(VTD_QUEUE) & 0xffffffffff000UL) : NULL;

	if (command != NO_COMMAND) {
		status = (status & (u32)(COMMAND_SET_ROOT | COMMAND_SET_INTERRUPTS)) |
			 (command & (u32)(COMMAND_TRANSLATE | COMMAND_SET_ROOT | COMMAND_QUEUE |
					  COMMAND_SET_INTERRUPTS | COMMAND_REMAP));
		set32(VTD_COMMAND, NO_COMMAND);
		set32(VTD_STATUS, status);
	}
	for (; status & COMMAND_QUEUE && ring && head != tail; head = (head + 16) % 4096) {
		u64 *e = ring + head / 8;

		if ((e[0] & 0xf) == 5) {
			*(u32 *)at(e[1]) = (u32)(e[0] >> 32);
			continue;
		}
		forgotten[e[0] & 0xf]++;
		last_forgotten = e[0];
		forgets++;
	}
	set(VTD_QUEUE_HEAD, head);
}

static void vtd_registers(u64 more)
{
	memset(regs, 0, sizeof(regs));
	set32(VTD_COMMAND, NO_COMMAND);
	/* 256 spaces; the fault record at 400h */
	set(VTD_CAPABILITIES, 2 | CAP_4_LEVELS | CAP_2M | FAULTS / 16UL << 24 | more);
	set(VTD_EXTENDED, EXT_QUEUE | EXT_INTERRUPTS);
}

static u64 *context_entry(u16 bdf)
{
	u64 *root = at(get(VTD_ROOT));

	assert_true(root[(bdf >> 8) * 2] & 1);
	return (u64 *)at(root[(bdf >> 8) * 2] & ~0xfffUL) + (bdf & 0xff) * 2;
}

/* Messages and lines name the entry. Without x2APIC mode an APIC's id is in the second byte. */
static void test_vtd_interrupts(void)
{
	u64 address, *table;
	u32 data, n;

	assert_false(iommu_remap_interrupts(true));	/* the unit knows no wide ids */
	assert_true(iommu_remap_interrupts(false));
	assert_int_equal(get32(VTD_STATUS) & (COMMAND_REMAP | COMMAND_TRANSLATE),
			 COMMAND_REMAP | COMMAND_TRANSLATE);
	assert_int_equal(get(VTD_INTERRUPTS) & 0xfff, 7);
	table = at(get(VTD_INTERRUPTS) & ~0xfffUL);
	n = forgotten[4];
	iommu_set_interrupt(0x41, 3, true);
	assert_int_equal(table[0x82], 3UL << 40 | 0x41 << 16 | 0x11);
	assert_int_equal(forgotten[4], n + 1);
	assert_int_equal(last_forgotten, 0x41UL << 32 | 0x14);
	iommu_interrupt_message(0x41, &address, &data);
	assert_int_equal(address, 0xfee00010 | 0x41 << 5);
	assert_int_equal(data, 0);
	assert_int_equal(iommu_line_word(0x41), 0x41 << 17 | 1 << 16);
	iommu_clear_interrupt(0x41);
	assert_int_equal(table[0x82], 0);
}

static void test_vtd(void **state)
{
	struct iommu_space *s;
	u64 *e;
	u32 n;

	vtd_registers(CAP_DRAINS_READS | CAP_DRAINS_WRITES);
	model = vtd_model;
	begin(&iommu_vtd);
	assert_int_equal(iommu_limits.nr_spaces, 256);
	assert_int_equal(iommu_limits.leaf_levels, 2);
	assert_false(iommu_limits.coherent);
	s = iommu_space_create(1, 100);
	assert_int_equal(iommu_attach((struct pci_addr){ 0, BDF }, s), 0);
	iommu_start();
	assert_int_equal(get32(VTD_STATUS), COMMAND_TRANSLATE | COMMAND_SET_ROOT | COMMAND_QUEUE);
	assert_int_equal(get32(VTD_FAULT_DATA), 0x41);
	assert_int_equal(forgotten[1], 1);
	assert_int_equal(forgotten[2], 1);
	e = context_entry(BDF);
	assert_int_equal(e[0], s->root.v << 12 | 1);
	assert_int_equal(e[1], (u64)s->id << 8 | 2);
	assert_int_equal(context_entry(BDF + 1)[0], 0);
	assert_int_equal(((u64 *)at(get(VTD_ROOT)))[0], 0);
	/* Units that do not see caches need each entry cleaned. */
	n = maintained;
	iommu_set(s, 0x200, mfn_make(0x400), 512, IOMMU_READ);
	assert_true(maintained >= n + 5);
	e = mfn_to_virt(s->root);
	assert_int_equal(e[0] & 0xfff, 3);
	e = at(e[0] & ~0xfffUL);
	e = at(e[0] & ~0xfffUL);
	assert_int_equal(e[1], 0x400000 | 1 << 7 | 1);
	n = forgets;
	for (u32 i = 0; i < 1000; i++) {
		s->stale = true;
		iommu_flush(s);
	}
	assert_int_equal(forgets, n + 1000);
	assert_int_equal(last_forgotten, 0xe2 | (u64)s->id << 16);
	/* A function that moves is forgotten under its former number. */
	n = forgotten[1];
	assert_int_equal(iommu_attach((struct pci_addr){ 0, BDF }, NULL), 0);
	assert_int_equal(forgotten[1], n + 1);
	assert_int_equal(last_forgotten >> 16 & 0xffff, s->id);
	assert_int_equal(context_entry(BDF)[1], (u64)iommu_quarantine->id << 8 | 2);
	iommu_space_destroy(s);
	test_vtd_interrupts();
}

static void put_fault(u64 first, u64 second)
{
	set(FAULTS, first);
	set(FAULTS + 8, second | BIT(63));
}

/* After test_vtd(). The unit has one record, which is full with one fault. */
static void test_vtd_faults(void **state)
{
	nr_reports = 0;
	put_fault(0x5000, 6UL << 32 | BIT(62) | BDF);
	handler(handler_arg);
	assert_int_equal(nr_reports, 1);
	assert_int_equal(reports[0].bdf, BDF);
	assert_int_equal(reports[0].address, 0x5000);
	assert_string_equal(reports[0].access, "read");
	/* It was cleared by a one; the interrupt is off until the timer has looked. */
	assert_int_equal(get32(FAULTS + 12), 1U << 31);
	assert_int_equal(get32(VTD_FAULT_CONTROL), 1U << 31);
	set(FAULTS + 8, 0);
	run_timer(SECOND / 10);
	assert_int_equal(get32(VTD_FAULT_CONTROL), 0);
	put_fault(0, 0x22UL << 32 | BDF);
	handler(handler_arg);
	assert_string_equal(reports[1].access, "interrupt");
	put_fault(0x7000, 0xffUL << 32 | BDF);
	handler(handler_arg);
	assert_int_equal(nr_reports, 3);
	assert_string_equal(reports[2].access, "write");
	assert_non_null(reports[2].cause);
	model = NULL;
}

static void test_vtd_unusable(void **state)
{
	static const struct { u64 clear_cap, set_cap, ext; } bad[] = {
		{ 0, 0, 0 },				/* no queue */
		{ CAP_4_LEVELS, 0, EXT_QUEUE },		/* no levels */
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct acpi_iommus two = { .nr_units = 2 };

		vtd_registers(0);
		set(VTD_CAPABILITIES, (get(VTD_CAPABILITIES) & ~bad[i].clear_cap) | bad[i].set_cap);
		set(VTD_EXTENDED, bad[i].ext);
		assert_non_null(iommu_vtd.init(&two, &iommu_limits));
	}
}

static int boot(void **state)
{
	host_init(1, 1, 64UL << 20);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_amd), cmocka_unit_test(test_amd_events),
		cmocka_unit_test(test_vtd), cmocka_unit_test(test_vtd_faults),
		cmocka_unit_test(test_vtd_unusable),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
