/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARM's SMMUs of version 1 and 2: stream mapping, context banks, and invalidation. A device's
 * number here is its stream's.
 *
 * A space has a context bank in each unit that serves one of its streams, from the time at which
 * the first of them is attached until the last one leaves. Its number is its VMID. Streams in
 * quarantine, and those that the device tree does not name, have no bank: the unit refuses what
 * they do. Spaces have tables of their own, and not the CPUs'.
 */
#include "smmu2.h"
#include "smmu.h"

#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/ops.h>
#include <xen/printk.h>

#define IDR0_STAGE2 BIT(29)
#define IDR0_MATCHING BIT(27)
#define IDR0_NO_LONG_TABLES BIT(25)	/* of 32-bit processors, which version 1 uses */
#define IDR0_COHERENT BIT(14)
#define IDR0_STREAM_BITS(v) ((v) >> 9 & 0xf)
#define IDR0_GROUPS(v) ((v) & 0xff)
#define IDR1_PAGES_64K BIT(31)
#define IDR1_PAGES_LOG2(v) (((v) >> 28 & 7) + 1)	/* of one half of the registers */
#define IDR1_BANKS(v) ((v) & 0xff)
#define IDR2_TABLES_4K BIT(12)
#define IDR2_OUTPUT(v) ((v) >> 4 & 0xf)
#define IDR2_INPUT(v) ((v) & 0xf)

#define INDEX_BITS 7U			/* of streams that are not matched */
#define VERSION_1_BITS 40U

#define TCR_SIZE(bits) ((64U - (bits)) & 0x3f)
/* The same for version 1: 32 minus the bits, which is negative, and its sign once more. */
#define TCR_SIZE_1(bits) ((32U - (bits)) & 0x1f)
#define TCR_FIRST(levels) (((levels) - 2U) << 6)
#define TCR_CACHED (0x35U << 8)		/* walks: write-back, inner shareable */
#define TCR_NOT_CACHED (0x20U << 8)	/* outer shareable */
#define TCR_OUTPUT(size) ((size) << 16)
#define TCR_ONE BIT(31)			/* version 1: long descriptors */

static struct smmu2_unit units[ACPI_MAX_IOMMUS];
static u32 nr_units;
static bool started;
static u32 output_size, input_bits;	/* the least of all units; the former as in IDR2 */

static bool synced(void *unit)
{
	const struct smmu2_unit *u = unit;

	return !(readl(u->regs + SMMU2_TLBGSTATUS) & TLBGSTATUS_ACTIVE);
}

/* Wait until the unit has forgotten what it was told to, and no access uses it any more. */
static void sync(struct smmu2_unit *u)
{
	ASSERT(spin_is_locked_by_me(&u->lock));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	writel(0, u->regs + SMMU2_TLBGSYNC);
	iommu_wait(synced, u, "an invalidation");
}

static void forget(struct smmu2_unit *u, u16 vmid)
{
	ASSERT(vmid);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	writel(vmid, u->regs + SMMU2_TLBIVMID);
	sync(u);
}

static void smmu2_flush(const struct iommu_space *s)
{
	for (u32 i = 0; started && i < nr_units; i++) {
		u64 flags = spin_lock_irqsave(&units[i].lock);

		forget(&units[i], s->id);
		spin_unlock_irqrestore(&units[i].lock, flags);
	}
}

/* Some of @u's banks, in which the space is or could be. NULL: all are in use. */
static struct smmu2_bank *bank_for(struct smmu2_unit *u, u16 space)
{
	struct smmu2_bank *free = NULL;

	for (u32 i = 0; i < u->nr_banks; i++) {
		if (u->bank[i].space == space)
			return &u->bank[i];
		if (!u->bank[i].space && !free)
			free = &u->bank[i];
	}
	return free;
}

static u32 translation(const struct smmu2_unit *u)
{
	u32 tcr = TCR_ONE | TCR_FIRST(iommu_limits.levels) |
		  (iommu_limits.coherent ? TCR_CACHED : TCR_NOT_CACHED);

	if (u->firmware->version == 1)
		return tcr | TCR_SIZE_1(input_bits);
	return tcr | TCR_SIZE(input_bits) | TCR_OUTPUT(output_size);
}

/* No stream leads to the bank yet. */
static void program_bank(const struct smmu2_unit *u, u32 i)
{
	u8 *page = smmu2_bank_page(u, i);
	u64 root = u->bank[i].root.v << PAGE_SHIFT;

	ASSERT(i < u->nr_banks && !(root & ~SMMU_ENTRY_ADDR));
	writel(0, page + SMMU2_SCTLR);
	if (u->firmware->version > 1)
		writel(CBA2R_64, smmu2_page1(u) + SMMU2_CBA2R(i));
	/* Version 1 lets banks choose an interrupt: all have the first one. */
	writel(CBAR_STAGE2(u->bank[i].space), smmu2_page1(u) + SMMU2_CBAR(i));
	writel((u32)root, page + SMMU2_TTBR0);
	writel((u32)(root >> 32), page + SMMU2_TTBR0 + 4);
	writel(translation(u), page + SMMU2_TCR);
	writel(readl(page + SMMU2_FSR), page + SMMU2_FSR);
	smmu2_enable_bank(u, i);
}

static void close_unused_banks(struct smmu2_unit *u)
{
	for (u32 i = 0; i < u->nr_banks; i++) {
		if (!u->bank[i].space || u->bank[i].groups)
			continue;
		u->bank[i].space = 0;
		if (started)
			writel(0, smmu2_bank_page(u, i) + SMMU2_SCTLR);
	}
}

/* False: @u serves the stream, but has no bank left for the space. */
static bool prepare(struct smmu2_unit *u, u16 stream, const struct iommu_space *s)
{
	u64 flags = spin_lock_irqsave(&u->lock);
	struct smmu2_bank *b = bank_for(u, s->id);

	if (b && !b->space) {
		ASSERT(!b->groups);
		b->space = s->id;
		b->root = s->root;
		if (started)
			program_bank(u, (u32)(b - u->bank));
	}
	spin_unlock_irqrestore(&u->lock, flags);
	if (!b)
		printk(LOG_WARN "IOMMU: stream %#x stays in quarantine: all %u context banks of "
		       "the unit at %#lx are in use\n", stream, u->nr_banks,
		       u->firmware->base.v);
	return b;
}

static void write_mapping(struct smmu2_unit *u, const struct smmu2_group *g)
{
	u32 n = smmu2_mapping(u, g), to = S2CR_FAULT;

	if (g->active)
		to = S2CR_TRANSLATE((u32)(bank_for(u, g->active) - u->bank));
	writel(to, u->regs + SMMU2_S2CR(n));
}

/* The unit refuses the group's accesses between two spaces. */
static void follow(struct smmu2_unit *u, struct smmu2_group *g)
{
	u16 old = g->active, new = smmu2_common_space(g);

	if (old == new)
		return;
	if (old) {
		struct smmu2_bank *b = bank_for(u, old);

		ASSERT(b && b->space == old && b->groups);
		b->groups--;
		g->active = 0;
		if (started) {
			write_mapping(u, g);
			forget(u, old);
		}
	}
	if (new) {
		ASSERT(bank_for(u, new)->space == new);
		bank_for(u, new)->groups++;
		g->active = new;
		if (started)
			write_mapping(u, g);
	}
}

static int smmu2_attach(u16 stream, const struct iommu_space *s)
{
	u16 to = s == iommu_quarantine ? 0 : s->id;
	bool fits = true;

	if (smmu2_space_of(stream) == to)
		return 0;
	for (u32 i = 0; to && fits && i < nr_units; i++)
		if (smmu2_group_of(&units[i], stream))
			fits = prepare(&units[i], stream, s);
	if (fits)
		smmu2_move(units, nr_units, stream, to);
	for (u32 i = 0; i < nr_units; i++) {
		struct smmu2_group *g = smmu2_group_of(&units[i], stream);
		u64 flags = spin_lock_irqsave(&units[i].lock);

		if (g && fits)
			follow(&units[i], g);
		close_unused_banks(&units[i]);
		spin_unlock_irqrestore(&units[i].lock, flags);
	}
	return fits ? 0 : -XEN_ENOMEM;
}

/* NULL, or what the unit lacks. */
static const char *__init unfit(const struct smmu2_unit *u)
{
	u32 idr0 = readl(u->regs + SMMU2_IDR0), idr1 = readl(u->regs + SMMU2_IDR1);
	u32 idr2 = readl(u->regs + SMMU2_IDR2);

	if (!(idr0 & IDR0_STAGE2))
		return "a unit has no second stage";
	if (u->firmware->version == 1 ? idr0 & IDR0_NO_LONG_TABLES : !(idr2 & IDR2_TABLES_4K))
		return "a unit cannot use 64-bit tables with pages of 4 KiB";
	if (!IDR1_BANKS(idr1))
		return "a unit has no context bank";
	if (idr0 & IDR0_MATCHING && !IDR0_GROUPS(idr0))
		return "a unit has no stream mapping group";
	return NULL;
}

static void __init read_sizes(struct smmu2_unit *u)
{
	u32 idr0 = readl(u->regs + SMMU2_IDR0), idr1 = readl(u->regs + SMMU2_IDR1);
	u32 idr2 = readl(u->regs + SMMU2_IDR2);
	u32 input = min(IDR2_INPUT(idr2), SMMU_SIZES - 1);

	u->page_shift = idr1 & IDR1_PAGES_64K ? 16 : 12;
	u->banks_at = 1UL << (IDR1_PAGES_LOG2(idr1) + u->page_shift);
	u->nr_banks = min(IDR1_BANKS(idr1), SMMU2_MAX_BANKS);
	u->matching = idr0 & IDR0_MATCHING;
	u->stream_mask = (u16)((1U << IDR0_STREAM_BITS(idr0)) - 1);
	u->nr_mappings = min(IDR0_GROUPS(idr0), SMMU2_MAX_GROUPS);
	if (!u->matching) {
		u->stream_mask &= (1U << INDEX_BITS) - 1;
		u->nr_mappings = u->stream_mask + 1U;
	}
	input_bits = min(input_bits, (u32)smmu_address_bits[input]);
	if (u->firmware->version == 1)
		input_bits = min(input_bits, VERSION_1_BITS);
	output_size = min(output_size, IDR2_OUTPUT(idr2));
}

/* A unit need not keep all bits of a mapping that is not in use: those that are needed, it must. */
static bool __init compares_all(const struct smmu2_unit *u)
{
	u32 bits = 0, free = 0;

	for (u32 i = 0; i < u->nr_groups; i++)
		bits |= u->group[i].stream | (u32)u->group[i].mask << SMR_MASK_SHIFT;
	while (free < u->nr_mappings && readl(u->regs + SMMU2_SMR(free)) & SMR_VALID)
		free++;
	if (!u->matching || free == u->nr_mappings)
		return true;
	writel(bits, u->regs + SMMU2_SMR(free));
	return (readl(u->regs + SMMU2_SMR(free)) & bits) == bits;
}

static const char *__init init_unit(struct smmu2_unit *u, const struct acpi_iommus *m, u32 index)
{
	const char *why;

	*u = (struct smmu2_unit){ .firmware = &m->unit[index], .interrupts = true };
	ASSERT(u->firmware->version == 1 || u->firmware->version == 2);
	spin_lock_init(&u->lock, "smmu", LOCK_RANK_IOMMU_UNIT);
	u->regs = hal_map_mmio(u->firmware->base, u->firmware->size);
	if (!u->regs)
		return "no memory";
	why = unfit(u);
	if (why)
		return why;
	read_sizes(u);
	if (u->firmware->size < 2 * u->banks_at ||
	    (u64)u->nr_banks << u->page_shift > u->banks_at)
		return "a unit has more registers than the device tree gives it";
	why = smmu2_make_groups(u, m, index);
	if (!why && !compares_all(u))
		why = "a unit does not compare all bits of the streams that the device tree names";
	return why;
}

static const char *__init smmu2_init(const struct acpi_iommus *m, struct iommu_limits *l)
{
	/* A mapping's size cannot change in one write, so there is one size. */
	*l = (struct iommu_limits){ .leaf_levels = 1, .nr_spaces = 256, .coherent = true };
	output_size = SMMU_SIZES - 1;
	input_bits = smmu_address_bits[SMMU_SIZES - 1];
	started = false;
	smmu2_forget_streams();
	for (nr_units = 0; nr_units < m->nr_units; nr_units++) {
		const char *why = init_unit(&units[nr_units], m, nr_units);

		if (why)
			return why;
		l->coherent &= m->unit[nr_units].coherent &&
			       readl(units[nr_units].regs + SMMU2_IDR0) & IDR0_COHERENT;
	}
	input_bits = min(input_bits, (u32)smmu_address_bits[output_size]);
	l->levels = input_bits >= smmu_address_bits[SMMU_SIZE_44] ? 4 : 3;
	if (l->levels == 3 && input_bits > SMMU_LEVELS_3_BITS)
		l->root_order = input_bits - SMMU_LEVELS_3_BITS;
	return NULL;
}

/* Firmware may have left it on. All streams are refused first, and mapped again after that. */
static void start_unit(struct smmu2_unit *u)
{
	u64 flags = spin_lock_irqsave(&u->lock);

	for (u32 i = 0; i < u->nr_mappings; i++) {
		writel(S2CR_FAULT, u->regs + SMMU2_S2CR(i));
		if (u->matching)
			writel(0, u->regs + SMMU2_SMR(i));
	}
	for (u32 i = 0; i < u->nr_banks; i++)
		if (u->bank[i].space)
			program_bank(u, i);
		else
			writel(0, smmu2_bank_page(u, i) + SMMU2_SCTLR);
	writel(0, u->regs + SMMU2_TLBIALLH);
	writel(0, u->regs + SMMU2_TLBIALLNSNH);
	sync(u);
	for (u32 i = 0; i < u->nr_groups; i++) {
		const struct smmu2_group *g = &u->group[i];

		write_mapping(u, g);
		if (u->matching)
			writel(SMR_VALID | (u32)g->mask << SMR_MASK_SHIFT | g->stream,
			       u->regs + SMMU2_SMR(i));
	}
	writel(readl(u->regs + SMMU2_GFSR), u->regs + SMMU2_GFSR);
	smmu2_write_control(u);
	spin_unlock_irqrestore(&u->lock, flags);
}

static void smmu2_start(void)
{
	for (u32 i = 0; i < nr_units; i++) {
		const char *why;

		start_unit(&units[i]);
		why = smmu2_faults_start(&units[i]);
		if (why)
			printk(LOG_WARN "IOMMU: unit %u reports some refused accesses late, as it "
			       "is only looked at once a second: %s\n", i, why);
	}
	started = true;
}

const struct iommu_hw iommu_smmu2 = {
	.name = "SMMUv2",
	.registers = 0,		/* firmware says how many */
	.init = smmu2_init,
	.attach = smmu2_attach,
	.flush = smmu2_flush,
	.start = smmu2_start,
	SMMU_HW_COMMON,
};
OPS_TABLE(iommu_smmu2, init);
