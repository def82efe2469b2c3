/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual GIC's registers (IHI0069, chapter 12.8 to 12.11). Banks of bits or bytes, one for
 * each interrupt, lie alike in the distributor and in a redistributor's second frame, so both use
 * the same code. Group registers read as "group 1" and ignore writes, as there is one group;
 * registers of LPIs are not there, as there are none.
 */
#include "vgic-private.h"

#include <xen/assert.h>
#include <xen/nospec.h>

#define GICD_CTLR 0x0000
#define GICD_TYPER 0x0004
#define GICD_IIDR 0x0008
#define GICD_TYPER2 0x000c	/* nothing of GICv4 */
#define GICD_IGROUPR 0x0080
#define GICD_ISENABLER 0x0100
#define GICD_ICENABLER 0x0180
#define GICD_ISPENDR 0x0200
#define GICD_ICPENDR 0x0280
#define GICD_ISACTIVER 0x0300
#define GICD_ICACTIVER 0x0380
#define GICD_IPRIORITYR 0x0400
#define GICD_ITARGETSR 0x0800
#define GICD_ICFGR 0x0c00
#define GICD_IGRPMODR 0x0d00
#define GICD_IROUTER 0x6000
#define GICD_IROUTER_END 0x8000
#define GIC_PIDR2 0xffe8
#define CTLR_GROUP1 BIT(1)
#define CTLR_ARE BIT(4)
#define CTLR_DS BIT(6)
#define ARCH_GICV3 0x30
#define IIDR_VALUE 0x43b	/* ARM, as implementer of the architecture's model */

#define GICR_IIDR 0x0004
#define GICR_TYPER 0x0008
#define GICR_WAKER 0x0014
#define GICR_SGI_FRAME 0x10000
#define TYPER_LAST BIT(4)
#define WAKER_SLEEP BIT(1)
#define WAKER_ASLEEP BIT(2)

enum bank { BANK_NONE, BANK_GROUP, BANK_ENABLE, BANK_DISABLE, BANK_PEND, BANK_UNPEND, BANK_ACTIVATE,
	    BANK_DEACTIVATE, BANK_PRIORITY, BANK_CONFIG, BANK_ZERO };

/* Which bank @offset belongs to; *@irq is the first interrupt of the access, *@bits how many bits
 * each has. */
static enum bank bank_at(u32 offset, u32 *irq, u32 *bits)
{
	static const struct { u16 start, end; u8 bank, bits; } banks[] = {
		{ GICD_IGROUPR, GICD_ISENABLER, BANK_GROUP, 1 },
		{ GICD_ISENABLER, GICD_ICENABLER, BANK_ENABLE, 1 },
		{ GICD_ICENABLER, GICD_ISPENDR, BANK_DISABLE, 1 },
		{ GICD_ISPENDR, GICD_ICPENDR, BANK_PEND, 1 },
		{ GICD_ICPENDR, GICD_ISACTIVER, BANK_UNPEND, 1 },
		{ GICD_ISACTIVER, GICD_ICACTIVER, BANK_ACTIVATE, 1 },
		{ GICD_ICACTIVER, GICD_IPRIORITYR, BANK_DEACTIVATE, 1 },
		{ GICD_IPRIORITYR, GICD_ITARGETSR, BANK_PRIORITY, 8 },
		{ GICD_ITARGETSR, GICD_ICFGR, BANK_ZERO, 8 },
		{ GICD_ICFGR, GICD_IGRPMODR, BANK_CONFIG, 2 },
		{ GICD_IGRPMODR, GICD_IGRPMODR + 0x80, BANK_ZERO, 1 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(banks); i++)
		if (offset >= banks[i].start && offset < banks[i].end) {
			*bits = banks[i].bits;
			*irq = (offset - banks[i].start) * 8 / *bits;
			return (enum bank)banks[i].bank;
		}
	return BANK_NONE;
}

static u32 read_one(const struct vgic_irq *q, enum bank bank)
{
	switch (bank) {
	case BANK_GROUP:
		return 1;
	case BANK_ENABLE:
	case BANK_DISABLE:
		return q->enabled;
	case BANK_PEND:
	case BANK_UNPEND:
		return q->latch || q->offered || (!q->edge && q->line);
	case BANK_ACTIVATE:
	case BANK_DEACTIVATE:
		return q->active;
	case BANK_PRIORITY:
		return q->priority;
	case BANK_CONFIG:
		return q->edge ? 2 : 0;
	default:
		return 0;
	}
}

static void set_enabled(struct vgic *g, struct vgic_irq *q, bool on)
{
	if (q->enabled == on)
		return;
	q->enabled = on;
	if (q->hwirq)
		g->ops->enable_hw(g, q->hwirq, on, q->edge);
}

/* What the guest drops without taking it, and is in no list register, is ended here. */
static void set_pending(struct vgic *g, struct vgic_irq *q, bool pending)
{
	q->latch = pending;
	if (pending || !q->hw_active)
		return;
	g->ops->end_hw(g, q->hwirq);
	q->hw_active = false;
}

static void write_one(struct vgic *g, u32 irq, struct vgic_irq *q, enum bank bank, u32 v)
{
	switch (bank) {
	case BANK_ENABLE:
	case BANK_DISABLE:
		if (v)
			set_enabled(g, q, bank == BANK_ENABLE);
		break;
	case BANK_PEND:
	case BANK_UNPEND:
		/* Version 2 has registers of their own for SGIs, by sender. */
		if (v && (g->version == 3 || irq >= VGIC_NR_SGIS))
			set_pending(g, q, bank == BANK_PEND);
		break;
	case BANK_ACTIVATE:
	case BANK_DEACTIVATE:
		/* What a list register holds is the processor's. */
		if (v && q->lr < 0)
			q->active = bank == BANK_ACTIVATE;
		break;
	case BANK_PRIORITY:
		/* 32 levels: the guest's CPU interface has five bits of priority. */
		q->priority = v & 0xf8;
		break;
	case BANK_CONFIG:
		if (irq >= VGIC_NR_SGIS)
			q->edge = v & 2;
		break;
	default:
		break;
	}
}

/* A word of enable or active bits. The 32 interrupts of a word lie side by side. */
static u64 read_flags(const struct vgic_irq *q, bool active)
{
	u64 v = 0;

	for (u32 i = 0; i < 32; i++)
		v |= (u64)(active ? q[i].active : q[i].enabled) << i;
	return v;
}

static u64 read_bank(struct vgic *g, u32 vcpu, enum bank bank, u32 irq, u32 bits, u32 size)
{
	bool enable = bank == BANK_ENABLE || bank == BANK_DISABLE;
	bool active = bank == BANK_ACTIVATE || bank == BANK_DEACTIVATE;
	u64 v = 0;

	if ((enable || active) && vgic_irq_of(g, vcpu, irq))
		return read_flags(vgic_irq_of(g, vcpu, irq), active);
	for (u32 i = 0; i < size * 8 / bits; i++) {
		struct vgic_irq *q = vgic_irq_of(g, vcpu, irq + i);

		if (q)
			v |= (u64)read_one(q, bank) << i * bits;
	}
	return v;
}

static void write_bank(struct vgic *g, u32 vcpu, enum bank bank, u32 irq, u32 bits, u32 size, u64 v)
{
	/* A clear bit of these banks changes nothing. */
	bool sparse = bits == 1;

	for (u32 i = 0; i < size * 8 / bits; i++) {
		struct vgic_irq *q;

		if (sparse) {
			if (!(v >> i))
				break;
			i += (u32)__builtin_ctzl(v >> i);
		}
		q = vgic_irq_of(g, vcpu, irq + i);
		if (!q)
			continue;
		write_one(g, irq + i, q, bank, (u32)(v >> i * bits) & ((1U << bits) - 1));
		vgic_update(g, vcpu, irq + i, q);
	}
}

/* Words; single bytes only of priorities. Interrupts [@first, @end) are the caller's. */
static enum bank usable_bank(u32 offset, u32 size, u32 first, u32 end, u32 *irq, u32 *bits)
{
	enum bank bank = bank_at(offset, irq, bits);

	if (bank == BANK_NONE || offset % size || size > 4 || (size < 4 && *bits != 8))
		return BANK_NONE;
	return *irq >= first && *irq < end ? bank : BANK_ZERO;
}

bool vgic_bank_read(struct vgic *g, u32 vcpu, u32 offset, u32 size, u32 first, u32 end, u64 *v)
{
	u32 irq, bits;
	enum bank bank = usable_bank(offset, size, first, end, &irq, &bits);
	u64 flags;

	if (bank == BANK_NONE)
		return false;
	flags = spin_lock_irqsave(&g->lock);
	if (bank != BANK_ZERO)
		*v = read_bank(g, vcpu, bank, irq, bits, size);
	spin_unlock_irqrestore(&g->lock, flags);
	return true;
}

bool vgic_bank_write(struct vgic *g, u32 vcpu, u32 offset, u32 size, u32 first, u32 end, u64 v)
{
	u32 irq, bits;
	enum bank bank = usable_bank(offset, size, first, end, &irq, &bits);

	if (bank != BANK_NONE && bank != BANK_ZERO)
		write_bank(g, vcpu, bank, irq, bits, size, v);
	return bank != BANK_NONE;
}

static u16 target_of(const struct vgic *g, u64 route)
{
	/* Any of the CPUs: the first. A CPU that does not exist gets nothing. */
	if (route >> 31 & 1)
		return 0;
	if (route & 0xff00ff00f0UL)
		return 0xffff;
	return (u16)((route >> 8 & 0xff) * 16 + (route & 0xf));
}

static struct vgic_irq *routed(struct vgic *g, u32 offset)
{
	u32 irq = (offset - GICD_IROUTER) / 8;

	return irq < VGIC_NR_LOCAL ? NULL : vgic_irq_of(g, 0, irq);
}

static void write_route(struct vgic *g, u32 offset, u32 size, u64 v)
{
	u32 irq = (offset - GICD_IROUTER) / 8;
	struct vgic_irq *q = routed(g, offset);
	u64 mask = size == 8 ? ~0UL : 0xffffffffUL << offset % 8 * 8;

	if (!q)
		return;
	if (q->target < g->nr_vcpus && g->vcpu[q->target])
		vgic_unready(g->vcpu[q->target], irq);
	q->route = (q->route & ~mask) | (v << offset % 8 * 8 & mask);
	q->target = target_of(g, q->route);
	vgic_route_hw(g, q);
	vgic_update(g, 0, irq, q);
}

static bool is_route(u32 offset, u32 size)
{
	return offset >= GICD_IROUTER && offset < GICD_IROUTER_END && (size == 4 || size == 8) &&
	       offset % size == 0;
}

static u64 dist_typer(const struct vgic *g)
{
	/* No LPIs, 10 bits of INTID, affinity 3 is 0, no message-based SPIs. */
	return (g->nr_spis / 32) | 9UL << 19 | BIT(24);
}

bool vgic_dist_read(struct vgic *g, u32 vcpu, u32 offset, u32 size, u64 *v)
{
	*v = 0;
	if (size == 4 && offset == GICD_CTLR)
		*v = (READ_ONCE(g->enabled) ? CTLR_GROUP1 : 0) | CTLR_ARE | CTLR_DS;
	else if (size == 4 && offset == GICD_TYPER)
		*v = dist_typer(g);
	else if (size == 4 && offset == GICD_IIDR)
		*v = IIDR_VALUE;
	else if (size == 4 && offset == GICD_TYPER2)
		*v = 0;
	else if (size == 4 && offset == GIC_PIDR2)
		*v = ARCH_GICV3;
	else if (is_route(offset, size)) {
		const struct vgic_irq *q = routed(g, offset);

		*v = q ? READ_ONCE(q->route) >> offset % 8 * 8 : 0;
	} else {
		return vgic_bank_read(g, vcpu, offset, size, VGIC_NR_LOCAL,
				      VGIC_NR_LOCAL + g->nr_spis, v);
	}
	return true;
}

void vgic_set_enabled(struct vgic *g, bool on)
{
	g->enabled = on;
	for (u32 i = 0; i < g->nr_vcpus; i++)
		for (u32 irq = 0; g->vcpu[i] && irq < VGIC_NR_LOCAL; irq++)
			vgic_update(g, i, irq, &g->vcpu[i]->local[irq]);
	for (u32 i = 0; i < g->nr_spis; i++)
		vgic_update(g, 0, VGIC_NR_LOCAL + i, &g->spi[i]);
}

bool vgic_dist_write(struct vgic *g, u32 vcpu, u32 offset, u32 size, u64 v)
{
	bool known = true;
	u64 flags = spin_lock_irqsave(&g->lock);

	if (size == 4 && offset == GICD_CTLR) {
		vgic_set_enabled(g, v & CTLR_GROUP1);
	} else if (is_route(offset, size)) {
		write_route(g, offset, size, v);
	} else {
		known = vgic_bank_write(g, vcpu, offset, size, VGIC_NR_LOCAL,
					VGIC_NR_LOCAL + g->nr_spis, v);
	}
	spin_unlock_irqrestore(&g->lock, flags);
	return known;
}

static bool is_last(const struct vgic *g, u32 of)
{
	return of + 1 == g->nr_vcpus || !g->vcpu[of + 1];
}

/* The vCPU whose redistributor the guest addresses as number @of; NULL: none. */
static struct vgic_vcpu *redist_of(const struct vgic *g, u32 of)
{
	return of < g->nr_vcpus ? g->vcpu[array_index_nospec(of, g->nr_vcpus)] : NULL;
}

bool vgic_redist_read(struct vgic *g, u32 of, u32 offset, u32 size, u64 *v)
{
	struct vgic_vcpu *u = redist_of(g, of);

	*v = 0;
	if (!u)
		return false;
	if ((offset == GICR_TYPER || offset == GICR_TYPER + 4) && (size == 4 || size == 8) &&
	    offset % size == 0) {
		*v = (vgic_mpidr(of) << 32 | (u64)of << 8 | (is_last(g, of) ? TYPER_LAST : 0)) >>
		     offset % 8 * 8;
		return true;
	}
	if (offset < GICR_SGI_FRAME) {
		if (size != 4)
			return false;
		*v = offset == GICR_IIDR ? IIDR_VALUE : offset == GIC_PIDR2 ? ARCH_GICV3 :
		     offset == GICR_WAKER && READ_ONCE(u->asleep) ? WAKER_SLEEP | WAKER_ASLEEP : 0;
		return offset % 4 == 0;
	}
	return vgic_bank_read(g, of, offset - GICR_SGI_FRAME, size, 0, VGIC_NR_LOCAL, v);
}

bool vgic_redist_write(struct vgic *g, u32 of, u32 offset, u32 size, u64 v)
{
	struct vgic_vcpu *u = redist_of(g, of);
	bool known;
	u64 flags;

	if (!u)
		return false;
	if (offset < GICR_SGI_FRAME) {
		if (offset == GICR_WAKER && size == 4)
			WRITE_ONCE(u->asleep, v & WAKER_SLEEP);
		return size == 4 && offset % 4 == 0;
	}
	flags = spin_lock_irqsave(&g->lock);
	known = vgic_bank_write(g, of, offset - GICR_SGI_FRAME, size, 0, VGIC_NR_LOCAL, v);
	spin_unlock_irqrestore(&g->lock, flags);
	return known;
}
