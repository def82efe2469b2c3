/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARM's SMMUv3: stream table, entries of second-stage tables, and commands. A device's number here
 * is its stream's.
 *
 * All units use one linear stream table with an entry for each of 65536 streams. Spaces have tables
 * of their own, and not the CPUs': those begin with two tables side by side.
 */
#include "smmu.h"
#include "smmu3.h"

#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/hal/io.h>
#include <xen/ops.h>
#include <xen/printk.h>

#define STREAMS_LOG2 16U
#define NR_STREAMS (1U << STREAMS_LOG2)
#define STREAM_WORDS 8U			/* of 8 bytes */
#define STREAM_TABLE_ORDER 10U		/* 4 MiB */

#define IDR0_STAGE2 BIT(0)
#define IDR0_TABLES(v) ((v) >> 2 & 3)
#define TABLES_64 2U			/* the bit that says that 64-bit tables can be used */
#define IDR0_COHERENT BIT(4)
#define IDR1_STREAM_BITS(v) ((v) & 0x3f)
#define IDR1_EVENTS_LOG2(v) ((v) >> 16 & 0x1f)
#define IDR1_COMMANDS_LOG2(v) ((v) >> 21 & 0x1f)
#define IDR1_PRESET (3U << 29)		/* tables or queues are at fixed places */
#define IDR3_BREAK_LEVEL(v) ((v) >> 11 & 3)
#define BREAK_NEVER 2U			/* a mapping's size may change in one write */
#define IDR5_SIZE(v) ((v) & 7)
#define IDR5_PAGES_4K BIT(4)

/* Write-back and inner shareable accesses to tables and rings. */
#define CR1_CACHED 0xd75U
#define CR2_BAD_STREAMS BIT(1)		/* streams beyond the table are reported */
#define CR2_PRIVATE BIT(2)		/* CPUs' broadcast invalidations are not for the unit */
#define GBPA_ABORT BIT(20)
#define GBPA_UPDATE BIT(31)
#define BASE_CACHED BIT(62)

#define COMMAND_STREAM 0x03UL
#define COMMAND_STREAM_LEAF BIT(0)
#define COMMAND_STREAMS 0x04UL
#define COMMAND_STREAMS_ALL 31UL
#define COMMAND_SPACE 0x28UL
#define COMMAND_EL2 0x20UL
#define COMMAND_FORGET 0x30UL
#define COMMAND_SYNC 0x46UL
#define COMMANDS_ERROR(cons) ((cons) >> 24 & 0x7f)

#define STREAM_VALID BIT(0)
#define STREAM_STAGE2 (6UL << 1)
#define STREAM_SHARES_AS_ASKED BIT(44)	/* of word 1 */
/* The upper half of word 2. */
#define STAGE2_SIZE(bits) ((64UL - (bits)) << 32)
#define STAGE2_FIRST(levels) (((levels) - 2UL) << 38)
#define STAGE2_CACHED (0x35UL << 40)	/* walks: write-back, inner shareable */
#define STAGE2_OUTPUT(size) ((u64)(size) << 48)
#define STAGE2_64 BIT(51)
#define STAGE2_REPORTS BIT(58)

static struct smmu3_unit units[ACPI_MAX_IOMMUS];
static u32 nr_units;
static bool started;
static u64 *stream_table;
static u32 output_size;		/* the least of all units, as in IDR5 */

/* The lock is held. The ring is never full, as every batch is waited for. */
static void put_command(struct smmu3_unit *u, u64 low, u64 high)
{
	u64 *e = u->commands + (u->tail & ((1U << SMMU3_COMMANDS_LOG2) - 1)) * 2;

	ASSERT(spin_is_locked_by_me(&u->lock));
	ASSERT(u->tail >> (SMMU3_COMMANDS_LOG2 + 1) == 0);
	e[0] = low;
	e[1] = high;
	u->tail = (u->tail + 1) & ((2U << SMMU3_COMMANDS_LOG2) - 1);
}

static bool completed(void *unit)
{
	const struct smmu3_unit *u = unit;
	u32 cons = readl(u->regs + SMMU3_CMDQ_CONS);

	if (COMMANDS_ERROR(cons))
		panic("IOMMU: a unit refuses a command (reason %u); boot with iommu=no to go on "
		      "without", COMMANDS_ERROR(cons));
	return (cons & ((2U << SMMU3_COMMANDS_LOG2) - 1)) == u->tail;
}

/* Let the unit carry out one command and wait until it has. */
static void command(struct smmu3_unit *u, u64 low, u64 high)
{
	u64 flags = spin_lock_irqsave(&u->lock);

	put_command(u, low, high);
	put_command(u, COMMAND_SYNC, 0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	writel(u->tail, u->regs + SMMU3_CMDQ_PROD);
	iommu_wait(completed, u, "a command");
	spin_unlock_irqrestore(&u->lock, flags);
}

static void command_all(u64 low, u64 high)
{
	for (u32 i = 0; started && i < nr_units; i++)
		command(&units[i], low, high);
}

static void smmu3_flush(const struct iommu_space *s)
{
	ASSERT(s->id);
	command_all(COMMAND_SPACE | (u64)s->id << 32, 0);
}

static u32 input_bits(void)
{
	u32 bits = smmu_address_bits[output_size];

	return iommu_limits.levels == 4 ? bits : min(bits, SMMU_LEVELS_3_BITS);
}

static void write_stream(u64 *e, const struct iommu_space *s)
{
	ASSERT(s->id && !(s->root.v << PAGE_SHIFT & ~SMMU_ENTRY_ADDR));
	iommu_write_entry(&e[1], STREAM_SHARES_AS_ASKED);
	iommu_write_entry(&e[2], s->id | STAGE2_SIZE(input_bits()) |
			  STAGE2_FIRST(iommu_limits.levels) | STAGE2_CACHED |
			  STAGE2_OUTPUT(output_size) | STAGE2_64 | STAGE2_REPORTS);
	iommu_write_entry(&e[3], s->root.v << PAGE_SHIFT);
	iommu_write_entry(&e[0], STREAM_VALID | STREAM_STAGE2);
}

/* A stream that changes spaces is invalid meanwhile: its accesses are aborted. */
static int smmu3_attach(u16 stream, const struct iommu_space *s)
{
	u64 *e = stream_table + stream * STREAM_WORDS;

	if (e[0]) {
		iommu_write_entry(&e[0], 0);
		command_all(COMMAND_STREAM | (u64)stream << 32, COMMAND_STREAM_LEAF);
	}
	write_stream(e, s);
	command_all(COMMAND_STREAM | (u64)stream << 32, COMMAND_STREAM_LEAF);
	return 0;
}

/* NULL, or what the unit lacks. */
static const char *__init unfit(const u8 *regs)
{
	u32 idr0 = readl(regs + SMMU3_IDR0), idr1 = readl(regs + SMMU3_IDR1);
	u32 idr5 = readl(regs + SMMU3_IDR5);

	if (!(idr0 & IDR0_STAGE2))
		return "a unit has no second stage (QEMU before virt-9.1: -global "
		       "arm-smmuv3.stage=2)";
	if (!(IDR0_TABLES(idr0) & TABLES_64) || !(idr5 & IDR5_PAGES_4K))
		return "a unit cannot use 64-bit tables with pages of 4 KiB";
	if (!(idr0 & IDR0_COHERENT))
		return "a unit does not see the caches of CPUs, which is not supported";
	if (idr1 & IDR1_PRESET)
		return "a unit's tables are at a fixed place, which is not supported";
	if (IDR1_COMMANDS_LOG2(idr1) < SMMU3_COMMANDS_LOG2 ||
	    IDR1_EVENTS_LOG2(idr1) < SMMU3_EVENTS_LOG2)
		return "a unit's rings are shorter than a page";
	return NULL;
}

static const char *__init init_unit(struct smmu3_unit *u, const struct acpi_iommu_unit *f,
				    struct iommu_limits *l)
{
	const char *why;

	u->regs = hal_map_mmio(f->base, SMMU3_REGISTERS);
	if (!u->regs)
		return "no memory";
	why = unfit(u->regs);
	if (why)
		return why;
	u->irq = f->irq[0];
	u->commands = iommu_alloc_pages(0);
	u->events = iommu_alloc_pages(0);
	if (!u->commands || !u->events)
		return "no memory";
	spin_lock_init(&u->lock, "smmu", LOCK_RANK_IOMMU_UNIT);
	output_size = min(output_size, IDR5_SIZE(readl(u->regs + SMMU3_IDR5)));
	if (IDR3_BREAK_LEVEL(readl(u->regs + SMMU3_IDR3)) < BREAK_NEVER)
		l->leaf_levels = 1;
	return NULL;
}

static const char *__init smmu3_init(const struct acpi_iommus *m, struct iommu_limits *l)
{
	*l = (struct iommu_limits){ .leaf_levels = 3, .nr_spaces = 256, .coherent = true };
	output_size = SMMU_SIZES - 1;
	for (nr_units = 0; nr_units < m->nr_units; nr_units++) {
		const char *why = init_unit(&units[nr_units], &m->unit[nr_units], l);

		if (why)
			return why;
	}
	stream_table = iommu_alloc_pages(STREAM_TABLE_ORDER);
	if (!stream_table)
		return "no memory for the stream table";
	/* The architecture has a fourth level only where addresses have that many bits. */
	l->levels = output_size >= SMMU_SIZE_44 ? 4 : 3;
	return NULL;
}

static bool acknowledged(void *unit)
{
	const struct smmu3_unit *u = unit;

	return readl(u->regs + SMMU3_CR0ACK) == readl(u->regs + SMMU3_CR0);
}

static void set_control(struct smmu3_unit *u, u32 val)
{
	writel(val, u->regs + SMMU3_CR0);
	iommu_wait(acknowledged, u, "being switched on");
}

static bool abort_is_set(void *unit)
{
	const struct smmu3_unit *u = unit;

	return !(readl(u->regs + SMMU3_GBPA) & GBPA_UPDATE);
}

/* Firmware may have left it on; while it is off, it aborts all. */
static void start_unit(struct smmu3_unit *u)
{
	u32 bits = min(IDR1_STREAM_BITS(readl(u->regs + SMMU3_IDR1)), STREAMS_LOG2);

	writel(GBPA_UPDATE | GBPA_ABORT, u->regs + SMMU3_GBPA);
	iommu_wait(abort_is_set, u, "its default");
	set_control(u, 0);
	writel(0, u->regs + SMMU3_IRQ_CTRL);
	writel(CR1_CACHED, u->regs + SMMU3_CR1);
	writel(CR2_BAD_STREAMS | CR2_PRIVATE, u->regs + SMMU3_CR2);
	writeq(iommu_address(stream_table) | BASE_CACHED, u->regs + SMMU3_STRTAB_BASE);
	writel(bits, u->regs + SMMU3_STRTAB_BASE_CFG);
	writeq(iommu_address(u->commands) | BASE_CACHED | SMMU3_COMMANDS_LOG2,
	       u->regs + SMMU3_CMDQ_BASE);
	writel(0, u->regs + SMMU3_CMDQ_PROD);
	writel(0, u->regs + SMMU3_CMDQ_CONS);
	/* An error that firmware left would hold up commands. */
	writel(readl(u->regs + SMMU3_GERROR), u->regs + SMMU3_GERRORN);
	smmu3_events_prepare(u);
	set_control(u, CR0_COMMANDS);
	command(u, COMMAND_STREAMS, COMMAND_STREAMS_ALL);
	command(u, COMMAND_EL2, 0);
	command(u, COMMAND_FORGET, 0);
	set_control(u, CR0_COMMANDS | CR0_EVENTS);
	set_control(u, CR0_COMMANDS | CR0_EVENTS | CR0_ENABLE);
}

static void smmu3_start(void)
{
	for (u32 i = 0; i < NR_STREAMS; i++)
		if (!stream_table[i * STREAM_WORDS])
			write_stream(stream_table + i * STREAM_WORDS, iommu_quarantine);
	for (u32 i = 0; i < nr_units; i++) {
		const char *why;

		start_unit(&units[i]);
		why = smmu3_events_start(&units[i]);
		if (why)
			printk(LOG_WARN "IOMMU: unit %u reports refused accesses late, as its "
			       "events are only read once a second: %s\n", i, why);
	}
	started = true;
}

const struct iommu_hw iommu_smmu3 = {
	.name = "SMMUv3",
	.registers = SMMU3_REGISTERS,
	.init = smmu3_init,
	.attach = smmu3_attach,
	.flush = smmu3_flush,
	.start = smmu3_start,
	SMMU_HW_COMMON,
};
OPS_TABLE(iommu_smmu3, init);
