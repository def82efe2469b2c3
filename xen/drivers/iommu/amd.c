/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD's IOMMU (AMD-Vi): device table, entries of I/O page tables, and commands.
 *
 * All units use one device table with an entry for each of 65536 functions.
 */
#include "amd.h"
#include "private.h"

#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/hal/io.h>
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/xmalloc.h>

#define NR_FUNCTIONS 0x10000U
#define DEVICE_WORDS 4			/* of 8 bytes */
#define DEVICE_TABLE_ORDER 9		/* 2 MiB */
#define DEVICE_TABLE_LENGTH 511UL	/* in units of 4 KiB, less one */

#define DEVICE_VALID BIT(0)
#define DEVICE_TRANSLATES BIT(1)
#define LEVEL_SHIFT 9			/* in device and table entries */
#define RIGHT_READ BIT(61)
#define RIGHT_WRITE BIT(62)

#define ENTRY_PRESENT BIT(0)
#define ENTRY_COHERENT BIT(60)
#define ENTRY_ADDR 0x000ffffffffff000UL

#define COMMAND_SHIFT 60
#define COMMAND_WAIT (1UL << COMMAND_SHIFT)
#define COMMAND_WAIT_STORE BIT(0)
#define COMMAND_DEVICE (2UL << COMMAND_SHIFT)
#define COMMAND_PAGES (3UL << COMMAND_SHIFT)
#define COMMAND_ALL (8UL << COMMAND_SHIFT)
#define PAGES_ALL 0x7ffffffffffff003UL	/* every address, and pointers to tables too */

/* Header of the capability in configuration space. */
#define CAP_ID 0x0fU
#define CAP_NOT_PRESENT_CACHED BIT(26)

static struct amd_unit units[ACPI_MAX_IOMMUS];
static u32 nr_units;
static bool started;
static u64 *device_table;

/* The lock is held. The ring is never full, as every batch is waited for. */
static void put_command(struct amd_unit *u, u64 low, u64 high)
{
	u64 *e = u->commands + u->tail * 2;

	ASSERT(spin_is_locked_by_me(&u->lock) && u->tail < AMD_RING_ENTRIES);
	e[0] = low;
	e[1] = high;
	u->tail = (u->tail + 1) % AMD_RING_ENTRIES;
}

static bool completed(void *unit)
{
	const struct amd_unit *u = unit;

	return __atomic_load_n(u->completed, __ATOMIC_ACQUIRE) == u->waits;
}

/* Let the unit carry out one command and wait until it has. */
static void command(struct amd_unit *u, u64 low, u64 high)
{
	u64 flags = spin_lock_irqsave(&u->lock);

	put_command(u, low, high);
	put_command(u, COMMAND_WAIT | COMMAND_WAIT_STORE | iommu_address(u->completed), ++u->waits);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	writeq((u64)u->tail * AMD_ENTRY_BYTES, u->regs + AMD_COMMAND_TAIL);
	iommu_wait(completed, u, "a command");
	spin_unlock_irqrestore(&u->lock, flags);
}

static void command_all(u64 low, u64 high)
{
	for (u32 i = 0; started && i < nr_units; i++)
		command(&units[i], low, high);
}

bool amd_forgets_all(void)
{
	for (u32 i = 0; i < nr_units; i++)
		if (!(readq(units[i].regs + AMD_FEATURES) & FEATURE_INVALIDATE_ALL))
			return false;
	return true;
}

void amd_forget_all(void)
{
	command_all(COMMAND_ALL, 0);
}

void amd_set_interrupt_table(u64 word)
{
	for (u32 i = 0; i < NR_FUNCTIONS; i++)
		__atomic_store_n(&device_table[i * DEVICE_WORDS + 2], word, __ATOMIC_RELEASE);
	amd_forget_all();
}

static void amd_flush(const struct iommu_space *s)
{
	command_all(COMMAND_PAGES | (u64)s->id << 32, PAGES_ALL);
}

/* The word with the root is written last, and first when it is taken away; both fit any reader. */
static void write_device(u16 bdf, const struct iommu_space *s)
{
	u64 *d = device_table + bdf * DEVICE_WORDS;
	u64 root = s->root.v << PAGE_SHIFT | (u64)iommu_limits.levels << LEVEL_SHIFT |
		   RIGHT_READ | RIGHT_WRITE | DEVICE_TRANSLATES | DEVICE_VALID;

	ASSERT(s->id && !(s->root.v << PAGE_SHIFT & ~ENTRY_ADDR));
	__atomic_store_n(&d[1], s->id, __ATOMIC_RELEASE);
	__atomic_store_n(&d[0], root, __ATOMIC_RELEASE);
}

static int amd_attach(u16 bdf, const struct iommu_space *s)
{
	u16 old = (u16)device_table[bdf * DEVICE_WORDS + 1];

	write_device(bdf, s);
	command_all(COMMAND_DEVICE | bdf, 0);
	/* Between the two words the root may have been cached under the other number. */
	command_all(COMMAND_PAGES | (u64)old << 32, PAGES_ALL);
	command_all(COMMAND_PAGES | (u64)s->id << 32, PAGES_ALL);
	return 0;
}

static u64 amd_leaf(mfn_t mfn, u32 level)
{
	return mfn.v << PAGE_SHIFT | ENTRY_PRESENT | ENTRY_COHERENT;
}

/* The level of the table that is pointed to counts from 1. */
static u64 amd_table(mfn_t mfn, u32 level)
{
	ASSERT(level);
	return mfn.v << PAGE_SHIFT | ENTRY_PRESENT | RIGHT_READ | RIGHT_WRITE |
	       (u64)level << LEVEL_SHIFT;
}

static const char *__init init_unit(struct amd_unit *u, const struct acpi_iommu_unit *f,
				    struct iommu_limits *l)
{
	u32 cap = pci_read((struct pci_addr){ .bdf = f->bdf }, f->capability, 4);

	if ((u8)cap != CAP_ID)
		return "a unit has no capability where ACPI's IVRS says";
	u->index = (u32)(u - units);
	u->at = (struct pci_addr){ .bdf = f->bdf };
	u->regs = hal_map_mmio(f->base, AMD_REGISTERS);
	u->commands = iommu_alloc_pages(0);
	u->events = iommu_alloc_pages(0);
	u->completed = iommu_alloc_pages(0);
	if (!u->regs || !u->commands || !u->events || !u->completed)
		return "no memory";
	spin_lock_init(&u->lock, "amd-iommu", LOCK_RANK_IOMMU_UNIT);
	l->caches_absent |= cap & CAP_NOT_PRESENT_CACHED;
	return NULL;
}

static const char *__init amd_init(const struct acpi_iommus *m, struct iommu_limits *l)
{
	*l = (struct iommu_limits){ .levels = 4, .leaf_levels = 3, .nr_spaces = 0x10000,
				    .coherent = true };
	device_table = iommu_alloc_pages(DEVICE_TABLE_ORDER);
	if (!device_table)
		return "no memory for the device table";
	for (; nr_units < m->nr_units; nr_units++) {
		const char *why = init_unit(&units[nr_units], &m->unit[nr_units], l);

		if (why)
			return why;
	}
	return NULL;
}

static void start_unit(struct amd_unit *u)
{
	u64 table = iommu_address(device_table);

	/* Firmware may have left it on. */
	writeq(0, u->regs + AMD_CONTROL);
	writeq(table | DEVICE_TABLE_LENGTH, u->regs + AMD_DEVICE_TABLE);
	writeq(iommu_address(u->commands) | AMD_RING_LENGTH,
	       u->regs + AMD_COMMAND_BASE);
	writeq(0, u->regs + AMD_COMMAND_HEAD);
	writeq(0, u->regs + AMD_COMMAND_TAIL);
	writeq(CONTROL_COHERENT | CONTROL_COMMANDS | CONTROL_ENABLE, u->regs + AMD_CONTROL);
}

/* Firmware may have used the unit before. */
static void forget_all(struct amd_unit *u)
{
	if (readq(u->regs + AMD_FEATURES) & FEATURE_INVALIDATE_ALL) {
		command(u, COMMAND_ALL, 0);
		return;
	}
	for (u32 i = 0; i < NR_FUNCTIONS; i++) {
		command(u, COMMAND_DEVICE | i, 0);
		command(u, COMMAND_PAGES | (u64)i << 32, PAGES_ALL);
	}
}

static void amd_start(void)
{
	for (u32 i = 0; i < NR_FUNCTIONS; i++)
		if (!device_table[i * DEVICE_WORDS])
			write_device((u16)i, iommu_quarantine);
	for (u32 i = 0; i < nr_units; i++) {
		const char *why;

		start_unit(&units[i]);
		why = amd_events_init(&units[i]);
		if (why)
			printk(LOG_WARN "IOMMU: unit %u reports refused accesses late, as its "
			       "log is only read once a second: %s\n", i, why);
	}
	started = true;
	for (u32 i = 0; i < nr_units; i++)
		forget_all(&units[i]);
}

const struct iommu_hw iommu_amd = {
	.name = "AMD-Vi",
	.registers = AMD_REGISTERS,
	.present = ENTRY_PRESENT,
	.leaf_mask = 7UL << LEVEL_SHIFT,
	.leaf_value = 0,
	.addr = ENTRY_ADDR,
	/*
	 * Of an entry that is not present a unit looks at nothing else. QEMU reports no fault where
	 * it is zero, but does so where it names a level (docs/emulators.md).
	 */
	.absent = 1UL << LEVEL_SHIFT,
	.read = RIGHT_READ,
	.write = RIGHT_WRITE,
	.init = amd_init,
	.leaf = amd_leaf,
	.table = amd_table,
	.attach = amd_attach,
	.flush = amd_flush,
	.start = amd_start,
	.remap = amd_remap,
	.set_interrupt = amd_set_interrupt,
	.message = amd_message,
	.line_word = amd_line_word,
};
OPS_TABLE(iommu_amd, init);
