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

#define BANKS_END 0x0d80
#define BANK_STEP 0x80		/* every bank begins and ends at a multiple of it */

/* Which bank an offset below BANKS_END belongs to, where that begins, and how many bits each
 * interrupt has in it. */
static const struct bank_at {
	u8 bank, bits;
	u16 start;
} bank_at[BANKS_END / BANK_STEP] = {
#define BANK_AT(first, end, ...) [(first) / BANK_STEP ... (end) / BANK_STEP - 1] = { __VA_ARGS__ }
	BANK_AT(GICD_IGROUPR, GICD_ISENABLER, BANK_GROUP, 1, GICD_IGROUPR),
	BANK_AT(GICD_ISENABLER, GICD_ICENABLER, BANK_ENABLE, 1, GICD_ISENABLER),
	BANK_AT(GICD_ICENABLER, GICD_ISPENDR, BANK_DISABLE, 1, GICD_ICENABLER),
	BANK_AT(GICD_ISPENDR, GICD_ICPENDR, BANK_PEND, 1, GICD_ISPENDR),
	BANK_AT(GICD_ICPENDR, GICD_ISACTIVER, BANK_UNPEND, 1, GICD_ICPENDR),
	BANK_AT(GICD_ISACTIVER, GICD_ICACTIVER, BANK_ACTIVATE, 1, GICD_ISACTIVER),
	BANK_AT(GICD_ICACTIVER, GICD_IPRIORITYR, BANK_DEACTIVATE, 1, GICD_ICACTIVER),
	BANK_AT(GICD_IPRIORITYR, GICD_ITARGETSR, BANK_PRIORITY, 8, GICD_IPRIORITYR),
	BANK_AT(GICD_ITARGETSR, GICD_ICFGR, BANK_ZERO, 8, GICD_ITARGETSR),
	BANK_AT(GICD_ICFGR, GICD_IGRPMODR, BANK_CONFIG, 2, GICD_ICFGR),
	BANK_AT(GICD_IGRPMODR, BANKS_END, BANK_ZERO, 1, GICD_IGRPMODR),
};

static u32 read_one(const struct vgic_irq *q, enum bank bank)
{
	switch (bank) {
	case BANK_GROUP:
		return 1;
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

static void set_enabled(struct vgic *g, struct vgic_vcpu *v, u32 irq, struct vgic_irq *q, bool on)
{
	u32 *word = vgic_enabled_word(g, v, irq), bit = 1U << irq % 32;

	ASSERT(on == !(*word & bit));
	WRITE_ONCE(*word, *word ^ bit);
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

static void write_one(struct vgic *g, u32 vcpu, u32 irq, struct vgic_irq *q, enum bank bank, u32 v)
{
	switch (bank) {
	case BANK_ENABLE:
	case BANK_DISABLE:
		if (v)
			set_enabled(g, g->vcpu[vcpu], irq, q, bank == BANK_ENABLE);
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

/* The interrupts of an access, which are all there or none: @q is the first, number @irq. */
struct span {
	struct vgic_irq *q;
	u32 irq, nr, bits;
	enum bank bank;
};

/* Words; single bytes only of priorities. Interrupts [@first, @end) are the caller's; others read
 * as 0 and are not written. False: no bank is there, or not for this size. */
static inline bool find_span(struct vgic *g, u32 vcpu, u32 offset, u32 size, u32 first, u32 end,
		      struct span *s)
{
	const struct bank_at *b = &bank_at[min(offset, BANKS_END - 1U) / BANK_STEP];

	if (offset >= BANKS_END || b->bank == BANK_NONE || offset & (size - 1) || size > 4 ||
	    (size < 4 && b->bits != 8))
		return false;
	*s = (struct span){ .bank = (enum bank)b->bank, .bits = b->bits,
			    .irq = (offset - b->start) * 8 / b->bits, .nr = size * 8 / b->bits };
	if (s->bank != BANK_ZERO && s->irq >= first && s->irq < end)
		s->q = s->irq >= VGIC_NR_LOCAL + g->nr_spis ? NULL :
		       vgic_irq_in(g, g->vcpu[vcpu], s->irq);
	/* Their number is a multiple of 32. */
	ASSERT(!s->q || s->irq + s->nr <= VGIC_NR_LOCAL + g->nr_spis);
	return true;
}

static u64 read_span(const struct span *s)
{
	u64 v = 0;

	for (u32 i = 0; i < s->nr; i++)
		v |= (u64)read_one(&s->q[i], s->bank) << i * s->bits;
	return v;
}

static inline void write_span(struct vgic *g, u32 vcpu, const struct span *s, u64 v)
{
	for (u32 i = 0; i < s->nr; i++) {
		/* A clear bit of these banks changes nothing. */
		if (s->bits == 1) {
			if (!(v >> i))
				break;
			i += (u32)__builtin_ctzl(v >> i);
		}
		write_one(g, vcpu, s->irq + i, &s->q[i], s->bank,
			  (u32)(v >> i * s->bits) & ((1U << s->bits) - 1));
		vgic_update(g, vcpu, s->irq + i, &s->q[i]);
	}
}

bool vgic_bank_read(struct vgic *g, u32 vcpu, u32 offset, u32 size, u32 first, u32 end, u64 *v)
{
	struct span s;
	u64 flags;

	if (!find_span(g, vcpu, offset, size, first, end, &s))
		return false;
	if (!s.q)
		return true;
	if (s.bank == BANK_ENABLE || s.bank == BANK_DISABLE) {
		*v = READ_ONCE(*vgic_enabled_word(g, g->vcpu[vcpu], s.irq));
		return true;
	}
	flags = spin_lock_irqsave(&g->lock);
	*v = read_span(&s);
	spin_unlock_irqrestore(&g->lock, flags);
	return true;
}

bool vgic_bank_write(struct vgic *g, u32 vcpu, u32 offset, u32 size, u32 first, u32 end, u64 v)
{
	struct span s;

	if (!find_span(g, vcpu, offset, size, first, end, &s))
		return false;
	if (!s.q)
		return true;
	/* Only what changes. */
	if (s.bank == BANK_ENABLE)
		v &= ~*vgic_enabled_word(g, g->vcpu[vcpu], s.irq);
	else if (s.bank == BANK_DISABLE)
		v &= *vgic_enabled_word(g, g->vcpu[vcpu], s.irq);
	write_span(g, vcpu, &s, v);
	return true;
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
	if (offset >= GICD_IGROUPR && offset < BANKS_END)
		return vgic_bank_read(g, vcpu, offset, size, VGIC_NR_LOCAL,
				      VGIC_NR_LOCAL + g->nr_spis, v);
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
		return false;
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
