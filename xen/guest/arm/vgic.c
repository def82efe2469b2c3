/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual GIC's state: what is pending, and what is offered to which vCPU. */
#include "vgic-private.h"

#include <xen/assert.h>
#include <xen/bitmap.h>
#include <xen/ops.h>
#include <xen/string.h>

struct vgic_irq *vgic_irq_of(struct vgic *g, u32 vcpu, u32 irq)
{
	if (irq < VGIC_NR_LOCAL)
		return g->vcpu[vcpu] ? &g->vcpu[vcpu]->local[irq] : NULL;
	irq -= VGIC_NR_LOCAL;
	return irq < g->nr_spis ? &g->spi[irq] : NULL;
}

static bool is_pending(const struct vgic_irq *q)
{
	return q->latch || (!q->edge && q->line);
}

/*
 * Interrupt @irq has changed: let it be offered, or not any more. One that is in a list register
 * stays there; the processor may hold it as active.
 */
void vgic_update(struct vgic *g, u32 vcpu, u32 irq, struct vgic_irq *q)
{
	u32 to = irq < VGIC_NR_LOCAL ? vcpu : q->target;
	struct vgic_vcpu *v = to < g->nr_vcpus ? g->vcpu[to] : NULL;
	u32 bit = 1U << irq % 32;

	ASSERT(q);
	if (!v)
		return;
	if (!g->enabled || !q->enabled || q->active || q->lr >= 0 || !is_pending(q)) {
		v->ready[irq / 32] &= ~bit;
		return;
	}
	if (v->ready[irq / 32] & bit)
		return;
	v->ready[irq / 32] |= bit;
	__atomic_store_n(&v->ready_any, true, __ATOMIC_RELEASE);
	g->ops->kick(g, to);
}

void vgic_init(struct vgic *g, const struct vgic_ops *ops, u32 version, u32 nr_vcpus,
	       struct vgic_vcpu **vcpu, u32 nr_spis, struct vgic_irq *spi)
{
	ASSERT(nr_spis <= VGIC_MAX_SPIS && nr_spis % 32 == 0);
	ASSERT(version == 3 || (version == 2 && nr_vcpus <= VGIC2_MAX_VCPUS));
	memset(g, 0, sizeof(*g));
	spin_lock_init(&g->lock, "vgic", LOCK_RANK_NONE);
	g->ops = ops;
	g->version = version;
	g->nr_vcpus = nr_vcpus;
	g->vcpu = vcpu;
	g->nr_spis = nr_spis;
	g->spi = spi;
	for (u32 i = 0; i < nr_spis; i++) {
		spi[i].lr = -1;
		spi[i].route = version == 2;	/* the first vCPU */
	}
}

void vgic_vcpu_init(struct vgic *g, u32 id, struct vgic_vcpu *v)
{
	ASSERT(id < g->nr_vcpus && !g->vcpu[id]);
	memset(v, 0, sizeof(*v));
	v->asleep = true;
	for (u32 i = 0; i < VGIC_NR_LOCAL; i++) {
		v->local[i].lr = -1;
		v->local[i].edge = i < VGIC_NR_SGIS;
		/* SGIs cannot be disabled everywhere; here they can, and begin so. */
		v->local[i].target = (u16)id;
	}
	__atomic_store_n(&g->vcpu[id], v, __ATOMIC_RELEASE);
}

void vgic_raise(struct vgic *g, u32 vcpu, u32 irq)
{
	u64 flags = spin_lock_irqsave(&g->lock);
	struct vgic_irq *q = vgic_irq_of(g, vcpu, irq);

	if (q) {
		q->latch = true;
		vgic_update(g, vcpu, irq, q);
	}
	spin_unlock_irqrestore(&g->lock, flags);
}

void vgic_give_hw(struct vgic *g, u32 irq, u32 hwirq)
{
	u64 flags = spin_lock_irqsave(&g->lock);
	struct vgic_irq *q = vgic_irq_of(g, 0, irq);

	ASSERT(irq >= VGIC_NR_LOCAL && q && !q->hwirq && hwirq && !q->enabled);
	q->hwirq = (u16)hwirq;
	g->nr_hw++;
	vgic_route_hw(g, q);
	spin_unlock_irqrestore(&g->lock, flags);
}

void vgic_raise_hw(struct vgic *g, u32 irq)
{
	u64 flags = spin_lock_irqsave(&g->lock);
	struct vgic_irq *q = vgic_irq_of(g, 0, irq);

	ASSERT(q && q->hwirq);
	q->latch = q->hw_active = true;
	vgic_update(g, 0, irq, q);
	spin_unlock_irqrestore(&g->lock, flags);
}

/* To a vCPU that does not exist, the guest's interrupt comes nowhere: the machine's stays put. */
void vgic_route_hw(struct vgic *g, const struct vgic_irq *q)
{
	if (q->hwirq && q->target < g->nr_vcpus && g->vcpu[q->target])
		g->ops->route_hw(g, q->hwirq, q->target);
}

void vgic_vcpu_moved(struct vgic *g, u32 vcpu)
{
	u64 flags;

	if (!READ_ONCE(g->nr_hw))
		return;
	flags = spin_lock_irqsave(&g->lock);
	for (u32 i = 0; i < g->nr_spis; i++)
		if (g->spi[i].target == vcpu)
			vgic_route_hw(g, &g->spi[i]);
	spin_unlock_irqrestore(&g->lock, flags);
}

void vgic_set_line(struct vgic *g, u32 vcpu, u32 irq, bool high)
{
	u64 flags = spin_lock_irqsave(&g->lock);
	struct vgic_irq *q = vgic_irq_of(g, vcpu, irq);

	if (q && q->line != high) {
		q->line = high;
		if (high && q->edge)
			q->latch = true;
		vgic_update(g, vcpu, irq, q);
	}
	spin_unlock_irqrestore(&g->lock, flags);
}

bool vgic_has_ready(const struct vgic *g, u32 vcpu)
{
	const struct vgic_vcpu *v = g->vcpu[vcpu];

	return v && __atomic_load_n(&v->ready_any, __ATOMIC_ACQUIRE);
}

/* The ready interrupt with the lowest priority value, of these the lowest number; -1: none. */
static int most_urgent(struct vgic *g, u32 vcpu)
{
	const struct vgic_vcpu *v = g->vcpu[vcpu];
	int best = -1;
	u32 best_priority = 0x100;

	for (u32 w = 0; w < DIV_ROUND_UP(VGIC_NR_LOCAL + g->nr_spis, 32); w++)
		for (u32 bits = v->ready[w]; bits; bits &= bits - 1) {
			u32 irq = w * 32 + (u32)__builtin_ctz(bits);
			u32 priority = vgic_irq_of(g, vcpu, irq)->priority;

			if (priority < best_priority) {
				best = (int)irq;
				best_priority = priority;
			}
		}
	return best;
}

static void into_lr(struct vgic *g, u32 vcpu, u32 irq, u32 i, struct vgic_lr *lr)
{
	struct vgic_irq *q = vgic_irq_of(g, vcpu, irq);
	struct vgic_vcpu *v = g->vcpu[vcpu];

	*lr = (struct vgic_lr){ .virq = (u16)irq, .priority = q->priority, .pending = true,
				.hw = q->hw_active, .hwirq = q->hw_active ? q->hwirq : 0 };
	q->hw_active = false;
	/* The guest is told the sender of an SGI; those of the others wait. */
	if (q->sources) {
		ASSERT(irq < VGIC_NR_SGIS);
		lr->source = (u8)__builtin_ctz(q->sources);
		q->sources &= (u8)(q->sources - 1);
	}
	q->latch = q->sources != 0;
	q->offered = true;
	q->lr = (s8)i;
	q->owner = (u16)vcpu;
	v->lrs_used |= 1U << i;
	v->lr_irq[i] = (u16)irq;
	v->ready[irq / 32] &= ~(1U << irq % 32);
}

u32 vgic_offer(struct vgic *g, u32 vcpu, u32 nr_lrs, struct vgic_lr *lr, bool *more)
{
	struct vgic_vcpu *v = g->vcpu[vcpu];
	u32 filled = 0, free;
	int irq = -1;

	ASSERT(v && nr_lrs && nr_lrs <= VGIC_MAX_LRS);
	spin_lock(&g->lock);
	while ((irq = most_urgent(g, vcpu)) >= 0) {
		free = ~v->lrs_used & ((1U << nr_lrs) - 1);
		if (!free)
			break;
		free = (u32)__builtin_ctz(free);
		into_lr(g, vcpu, (u32)irq, free, &lr[free]);
		filled |= 1U << free;
	}
	*more = irq >= 0;
	__atomic_store_n(&v->ready_any, irq >= 0, __ATOMIC_RELEASE);
	spin_unlock(&g->lock);
	return filled;
}

bool vgic_take_back(struct vgic *g, u32 vcpu, u32 i, const struct vgic_lr *lr)
{
	struct vgic_vcpu *v = g->vcpu[vcpu];
	struct vgic_irq *q;
	u32 irq;

	spin_lock(&g->lock);
	ASSERT(v->lrs_used & 1U << i);
	irq = v->lr_irq[i];
	q = vgic_irq_of(g, vcpu, irq);
	ASSERT(q && q->lr == (s8)i && q->owner == vcpu);
	q->active = lr->active;
	q->offered = lr->pending;
	/* Taken by the guest or not, the request is the processor's until it is done with it. */
	if (!lr->pending && !lr->active) {
		q->lr = -1;
		v->lrs_used &= ~(1U << i);
		vgic_update(g, vcpu, irq, q);
	}
	spin_unlock(&g->lock);
	return !(v->lrs_used & 1U << i);
}

/* ICC_SGI1R_EL1: affinities 3, 2 and 1, and a list of 16 by affinity 0; or all but the sender. */
void vgic_send_sgi(struct vgic *g, u32 vcpu, u64 value)
{
	u32 sgi = value >> 24 & 0xf;
	u64 cluster = (value >> 48 & 0xff) << 32 | (value >> 32 & 0xff) << 16 |
		      (value >> 16 & 0xff) << 8;
	u32 range = value >> 44 & 0xf;

	if (value >> 40 & 1) {
		for (u32 i = 0; i < g->nr_vcpus; i++)
			if (i != vcpu && g->vcpu[i])
				vgic_raise(g, i, sgi);
		return;
	}
	/* Affinity 0 is below 16, and a vCPU's number is 16 times its cluster's plus that. */
	if (range || cluster & ~0xff00UL)
		return;
	for (u32 bits = value & 0xffff; bits; bits &= bits - 1) {
		u32 to = (u32)(cluster >> 8) * 16 + (u32)__builtin_ctz(bits);

		if (to < g->nr_vcpus && g->vcpu[to])
			vgic_raise(g, to, sgi);
	}
}
