/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel's IOMMU (VT-d): root and context tables, entries of second-level tables, and the queue of
 * invalidations.
 *
 * All units use one root table. A function that was never attached has no context entry, which
 * refuses its DMA as the quarantine does.
 */
#include "vtd.h"
#include "private.h"

#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/hal/io.h>
#include <xen/mm.h>
#include <xen/ops.h>
#include <xen/printk.h>

#define QUEUE_ENTRIES 256U
#define ENTRY_BYTES 16U
#define PRESENT BIT(0)

#define RIGHT_READ BIT(0)
#define RIGHT_WRITE BIT(1)
#define ENTRY_LARGE BIT(7)
#define ENTRY_ADDR 0x000ffffffffff000UL

/* Second word of a context entry: the levels of the tables less two, and the space. */
#define CONTEXT_LEVELS(n) ((u64)(n) - 2)
#define CONTEXT_SPACE(id) ((u64)(id) << 8)

#define FORGET_CONTEXT_ALL 0x11UL
#define FORGET_CONTEXT_DEVICE 0x31UL
#define FORGET_PAGES_ALL 0x12UL
#define FORGET_PAGES_SPACE 0x22UL
#define FORGET_DRAIN_WRITES BIT(6)
#define FORGET_DRAIN_READS BIT(7)
#define QUEUE_WAIT 0x25UL		/* and write a word when all before is done */
#define SPACE_SHIFT 16
#define DEVICE_SHIFT 32
#define WAIT_DATA_SHIFT 32

#define PROTECTED_ENABLE BIT(31)
#define PROTECTED_STATUS BIT(0)

static struct vtd_unit units[ACPI_MAX_IOMMUS];
static u32 nr_units;
static u64 *root_table;
static bool started;

/* What a command waits for: the bits of the status register that are to be set. */
struct status_wait { struct vtd_unit *u; u32 bit; bool set; };

static bool has_status(void *arg)
{
	const struct status_wait *w = arg;

	return !(readl(w->u->regs + VTD_STATUS) & w->bit) != w->set;
}

static void command(struct vtd_unit *u, u32 bit, bool set, bool answer, const char *what)
{
	struct status_wait w = { u, bit, answer };
	u32 states = readl(u->regs + VTD_STATUS) & COMMAND_STATES;

	writel(set ? states | bit : states & ~bit, u->regs + VTD_COMMAND);
	iommu_wait(has_status, &w, what);
}

void vtd_command(struct vtd_unit *u, u32 bit, const char *what)
{
	command(u, bit, true, true, what);
}

struct vtd_unit *vtd_unit(u32 i)
{
	return i < nr_units ? &units[i] : NULL;
}

static void put(struct vtd_unit *u, u64 low, u64 high)
{
	u64 *e = u->queue + u->tail * 2;

	ASSERT(spin_is_locked_by_me(&u->lock) && u->tail < QUEUE_ENTRIES);
	iommu_write_entry(&e[0], low);
	iommu_write_entry(&e[1], high);
	u->tail = (u->tail + 1) % QUEUE_ENTRIES;
}

static bool completed(void *unit)
{
	const struct vtd_unit *u = unit;

	return __atomic_load_n(u->completed, __ATOMIC_ACQUIRE) == u->waits;
}

void vtd_forget(struct vtd_unit *u, u64 what)
{
	u64 drain = (u->cap & CAP_DRAINS_WRITES ? FORGET_DRAIN_WRITES : 0) |
		    (u->cap & CAP_DRAINS_READS ? FORGET_DRAIN_READS : 0);
	bool pages = (what & 0xf) == (FORGET_PAGES_ALL & 0xf);
	u64 flags;

	flags = spin_lock_irqsave(&u->lock);
	if (u->cap & CAP_WRITE_BUFFERS)
		command(u, COMMAND_FLUSH_BUFFERS, true, false, "a flush of its write buffers");
	put(u, what | (pages ? drain : 0), 0);
	put(u, QUEUE_WAIT | (u64)++u->waits << WAIT_DATA_SHIFT, iommu_address(u->completed));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	writeq((u64)u->tail * ENTRY_BYTES, u->regs + VTD_QUEUE_TAIL);
	iommu_wait(completed, u, "an invalidation");
	spin_unlock_irqrestore(&u->lock, flags);
}

static void forget_everywhere(u64 what)
{
	for (u32 i = 0; started && i < nr_units; i++)
		vtd_forget(&units[i], what);
}

static void vtd_flush(const struct iommu_space *s)
{
	forget_everywhere(FORGET_PAGES_SPACE | (u64)s->id << SPACE_SHIFT);
}

static void forget_function(u16 bdf, u16 space)
{
	forget_everywhere(FORGET_CONTEXT_DEVICE | (u64)space << SPACE_SHIFT |
			  (u64)bdf << DEVICE_SHIFT);
	forget_everywhere(FORGET_PAGES_SPACE | (u64)space << SPACE_SHIFT);
}

/* The context entry of a function; NULL: no memory for its bus's table. */
static u64 *context_of(u16 bdf)
{
	u64 *root = root_table + (bdf >> 8) * 2;
	u64 *context;

	if (*root & PRESENT) {
		context = mfn_to_virt(mfn_make(*root >> PAGE_SHIFT));
	} else {
		context = iommu_alloc_pages(0);
		if (!context)
			return NULL;
		iommu_write_entry(root, iommu_address(context) | PRESENT);
	}
	return context + (bdf & 0xff) * 2;
}

/* The entry has two words, so it is absent and forgotten before it changes. */
static int vtd_attach(u16 bdf, const struct iommu_space *s)
{
	u64 *c = context_of(bdf);
	u16 old;

	ASSERT(s->id && s->id < iommu_limits.nr_spaces);
	if (!c)
		return -XEN_ENOMEM;
	old = (u16)(c[1] >> 8);
	if (c[0] & PRESENT) {
		iommu_write_entry(&c[0], 0);
		forget_function(bdf, old);
	}
	iommu_write_entry(&c[1], CONTEXT_LEVELS(iommu_limits.levels) | CONTEXT_SPACE(s->id));
	iommu_write_entry(&c[0], s->root.v << PAGE_SHIFT | PRESENT);
	/* What is remembered of an absent entry is remembered under number 0. */
	if (iommu_limits.caches_absent)
		forget_function(bdf, 0);
	return 0;
}

static u64 vtd_leaf(mfn_t mfn, u32 level)
{
	return mfn.v << PAGE_SHIFT | (level ? ENTRY_LARGE : 0);
}

static u64 vtd_table(mfn_t mfn, u32 level)
{
	ASSERT(level);
	return mfn.v << PAGE_SHIFT | RIGHT_READ | RIGHT_WRITE;
}

static const char *__init init_unit(struct vtd_unit *u, paddr_t base, struct iommu_limits *l)
{
	u64 ext;

	u->index = (u32)(u - units);
	u->regs = hal_map_mmio(base, VTD_REGISTERS);
	if (!u->regs)
		return "its registers cannot be mapped";
	u->cap = readq(u->regs + VTD_CAPABILITIES);
	ext = readq(u->regs + VTD_EXTENDED);
	if (!(ext & EXT_QUEUE))
		return "a unit has no queue of invalidations";
	if (!(u->cap & (CAP_3_LEVELS | CAP_4_LEVELS)))
		return "a unit has tables of neither 3 nor 4 levels";
	if (!(u->cap & CAP_4_LEVELS))
		l->levels = 3;
	if (!(u->cap & CAP_1G))
		l->leaf_levels = min(l->leaf_levels, 2U);
	if (!(u->cap & CAP_2M))
		l->leaf_levels = 1;
	l->nr_spaces = min(l->nr_spaces, 1U << CAP_DOMAIN_BITS(u->cap));
	l->coherent &= ext & EXT_COHERENT;
	/* A flush also drives tables out of write buffers. */
	l->caches_absent |= u->cap & (CAP_CACHES_ABSENT | CAP_WRITE_BUFFERS);
	spin_lock_init(&u->lock, "vtd", LOCK_RANK_IOMMU_UNIT);
	return NULL;
}

/* After the limits are known: tables are cleaned from caches when a unit needs that. */
static bool __init alloc_unit(struct vtd_unit *u)
{
	u->queue = iommu_alloc_pages(0);
	u->completed = iommu_alloc_pages(0);
	return u->queue && u->completed;
}

static const char *__init vtd_init(const struct acpi_iommus *m, struct iommu_limits *l)
{
	*l = (struct iommu_limits){ .levels = 4, .leaf_levels = 3, .nr_spaces = 0x10000,
				    .coherent = true };
	for (; nr_units < m->nr_units; nr_units++) {
		const char *why = init_unit(&units[nr_units], m->unit[nr_units].base, l);

		if (why)
			return why;
	}
	for (u32 i = 0; i < nr_units; i++) {
		if (units[i].cap & CAP_4_LEVELS || l->levels == 3)
			if (l->levels == 4 || units[i].cap & CAP_3_LEVELS)
				continue;
		return "its units have no number of levels in common";
	}
	root_table = iommu_alloc_pages(0);
	for (u32 i = 0; root_table && i < nr_units; i++)
		if (!alloc_unit(&units[i]))
			return "no memory";
	return root_table ? NULL : "no memory";
}

static bool not_protected(void *unit)
{
	const struct vtd_unit *u = unit;

	return !(readl(u->regs + VTD_PROTECTED) & PROTECTED_STATUS);
}

static void start_unit(struct vtd_unit *u)
{
	/* Firmware may have left it on. */
	if (readl(u->regs + VTD_STATUS) & COMMAND_TRANSLATE)
		command(u, COMMAND_TRANSLATE, false, false, "switching translation off");
	if (readl(u->regs + VTD_STATUS) & COMMAND_QUEUE)
		command(u, COMMAND_QUEUE, false, false, "switching its queue off");
	writeq(0, u->regs + VTD_QUEUE_TAIL);
	writeq(iommu_address(u->queue), u->regs + VTD_QUEUE);
	command(u, COMMAND_QUEUE, true, true, "switching its queue on");
	writeq(iommu_address(root_table), u->regs + VTD_ROOT);
	command(u, COMMAND_SET_ROOT, true, true, "taking its root table");
	vtd_forget(u, FORGET_CONTEXT_ALL);
	vtd_forget(u, FORGET_PAGES_ALL);
	command(u, COMMAND_TRANSLATE, true, true, "switching translation on");
	if (!(u->cap & CAP_PROTECTED))
		return;
	writel(readl(u->regs + VTD_PROTECTED) & ~(u32)PROTECTED_ENABLE, u->regs + VTD_PROTECTED);
	iommu_wait(not_protected, u, "opening its protected memory");
}

static void vtd_start(void)
{
	for (u32 i = 0; i < nr_units; i++) {
		const char *why = vtd_faults_init(&units[i]);

		if (why)
			printk(LOG_WARN "IOMMU: unit %u refuses accesses without reporting them: "
			       "%s\n", i, why);
		start_unit(&units[i]);
	}
	started = true;
}

const struct iommu_hw iommu_vtd = {
	.name = "VT-d",
	.registers = VTD_REGISTERS,
	.present = RIGHT_READ | RIGHT_WRITE,
	.leaf_mask = ENTRY_LARGE,
	.leaf_value = ENTRY_LARGE,
	.addr = ENTRY_ADDR,
	.read = RIGHT_READ,
	.write = RIGHT_WRITE,
	.init = vtd_init,
	.leaf = vtd_leaf,
	.table = vtd_table,
	.attach = vtd_attach,
	.flush = vtd_flush,
	.start = vtd_start,
	.remap = vtd_remap,
	.set_interrupt = vtd_set_interrupt,
	.message = vtd_message,
	.line_word = vtd_line_word,
};
OPS_TABLE(iommu_vtd, init);
