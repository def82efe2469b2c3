/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual GIC's state: what is pending, and what is offered to which vCPU. */
#include "vgic-private.h"

#include <xen/assert.h>
#include <xen/bitmap.h>
#include <xen/nospec.h>
#include <xen/ops.h>
#include <xen/string.h>

static bool is_pending(const struct vgic_irq *q)
{
	return q->latch || (!q->edge && q->line);
}

static void add_words(struct vgic_vcpu *v, u32 words)
{
	__atomic_store_n(&v->ready_words, v->ready_words | words, __ATOMIC_RELEASE);
}

void vgic_unready(struct vgic_vcpu *v, u32 irq)
{
	v->ready[irq / 32] &= ~(1U << irq % 32);
	if (!v->ready[irq / 32])
		v->ready_words &= ~(1U << irq / 32);
}

/* Would the vCPU that it goes to take it, if it had interrupts on? */
static bool is_wanted(struct vgic *g, struct vgic_vcpu *v, u32 irq, const struct vgic_irq *q)
{
	return is_pending(q) && !q->active && g->enabled && vgic_is_enabled(g, v, irq);
}

/* Of an interrupt in no list register: let @v be offered it, or not any more. True: it is now. */
static inline bool make_ready(struct vgic *g, struct vgic_vcpu *v, u32 irq,
			      const struct vgic_irq *q)
{
	bool was = v->ready[irq / 32] & 1U << irq % 32;

	if (!is_wanted(g, v, irq, q)) {
		if (was)
			vgic_unready(v, irq);
		return false;
	}
	if (was)
		return false;
	v->ready[irq / 32] |= 1U << irq % 32;
	add_words(v, 1U << irq / 32);
	return true;
}

static struct vgic_vcpu *target_of(const struct vgic *g, u32 vcpu, u32 irq,
				   const struct vgic_irq *q, u32 *to)
{
	*to = irq < VGIC_NR_LOCAL ? vcpu : q->target;
	return *to < g->nr_vcpus ? g->vcpu[*to] : NULL;
}

static inline bool update(struct vgic *g, u32 vcpu, u32 irq, struct vgic_irq *q)
{
	struct vgic_vcpu *v;
	u32 to;

	if (q->lr < 0) {
		v = target_of(g, vcpu, irq, q, &to);
		if (!v || !make_ready(g, v, irq, q))
			return false;
	} else {
		if (!is_pending(q))
			return false;
		/* The vCPU leaves the guest, to see whether the guest has taken it or ended it. */
		to = q->owner;
		add_words(g->vcpu[to], READY_AGAIN);
	}
	g->ops->kick(g, to);
	return true;
}

bool vgic_update(struct vgic *g, u32 vcpu, u32 irq, struct vgic_irq *q)
{
	return update(g, vcpu, irq, q);
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

bool vgic_raise(struct vgic *g, u32 vcpu, u32 irq)
{
	u64 flags = spin_lock_irqsave(&g->lock);
	struct vgic_irq *q = vgic_irq_of(g, vcpu, irq);
	bool kicked = false;

	if (q) {
		q->latch = true;
		kicked = update(g, vcpu, irq, q);
	}
	spin_unlock_irqrestore(&g->lock, flags);
	return kicked;
}

void vgic_give_hw(struct vgic *g, u32 irq, u32 hwirq)
{
	u64 flags = spin_lock_irqsave(&g->lock);
	struct vgic_irq *q = vgic_irq_of(g, 0, irq);

	ASSERT(irq >= VGIC_NR_LOCAL && q && !q->hwirq && !q->hw_active && hwirq);
	q->hwirq = (u16)hwirq;
	g->nr_hw++;
	vgic_route_hw(g, q);
	/* The guest may have enabled its own before there was one of the machine's. */
	if (vgic_is_enabled(g, NULL, irq))
		g->ops->enable_hw(g, hwirq, true, q->edge);
	spin_unlock_irqrestore(&g->lock, flags);
}

bool vgic_release_hw(struct vgic *g, u32 irq)
{
	u64 flags = spin_lock_irqsave(&g->lock);
	struct vgic_irq *q = vgic_irq_of(g, 0, irq);
	bool free = !vgic_is_enabled(g, NULL, irq) && !q->hw_active;

	ASSERT(q && q->hwirq && g->nr_hw);
	if (free) {
		q->hwirq = 0;
		g->nr_hw--;
	}
	spin_unlock_irqrestore(&g->lock, flags);
	return free;
}

void vgic_drop_hw(struct vgic *g, u32 irq)
{
	u64 flags = spin_lock_irqsave(&g->lock);
	struct vgic_irq *q = vgic_irq_of(g, 0, irq);

	ASSERT(q && q->hwirq && g->nr_hw);
	q->hw_active = false;
	q->hwirq = 0;
	g->nr_hw--;
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

/* The ready interrupt with the lowest priority value, of these the lowest number. There is one. */
static u32 most_urgent(struct vgic *g, struct vgic_vcpu *v)
{
	u32 best = 0, best_priority = 0x100, all = v->ready_words & ~READY_AGAIN;
	u32 first = (u32)__builtin_ctz(all);

	/* Often there is only one. */
	if (!(all & (all - 1)) && !(v->ready[first] & (v->ready[first] - 1)))
		return first * 32 + (u32)__builtin_ctz(v->ready[first]);
	for (u32 words = all; words; words &= words - 1) {
		u32 w = (u32)__builtin_ctz(words);

		ASSERT(v->ready[w]);
		for (u32 bits = v->ready[w]; bits; bits &= bits - 1) {
			u32 irq = w * 32 + (u32)__builtin_ctz(bits);
			u32 priority = vgic_irq_in(g, v, irq)->priority;

			if (priority < best_priority) {
				best = irq;
				best_priority = priority;
			}
		}
	}
	ASSERT(best_priority < 0x100);
	return best;
}

/* What list register @i is to hold: @q, interrupt @irq. */
static void fill_lr(struct vgic_irq *q, u32 irq, struct vgic_lr *lr, u8 state)
{
	*lr = (struct vgic_lr){ .virq = (u16)irq, .priority = q->priority, .state = state };
	if (q->hw_active)
		lr->hwirq = q->hwirq;
	/* The guest is told the sender of an SGI; those of the others wait. */
	if (q->sources) {
		ASSERT(irq < VGIC_NR_SGIS);
		lr->source = (u8)__builtin_ctz(q->sources);
		q->sources &= (u8)(q->sources - 1);
	}
	q->hw_active = false;
	q->latch = q->sources != 0;
	q->offered = true;
}

static void into_lr(struct vgic *g, u32 vcpu, u32 irq, u32 i, struct vgic_lr *lr)
{
	struct vgic_vcpu *v = g->vcpu[vcpu];
	struct vgic_irq *q = vgic_irq_in(g, v, irq);

	ASSERT(q->lr < 0 && !(v->lrs_used & 1U << i));
	fill_lr(q, irq, lr, VGIC_LR_PENDING);
	q->lr = (s8)i;
	q->owner = (u16)vcpu;
	v->lrs_used |= 1U << i;
	v->lrs_hw = lr->hwirq ? v->lrs_hw | 1U << i : v->lrs_hw & ~(1U << i);
	v->lr_irq[i] = (u16)irq;
	vgic_unready(v, irq);
	/* Another sender's waits for the end of this one. */
	if (unlikely(q->latch))
		v->ready_words |= READY_AGAIN;
}

/* Its list register is free, and it asks once more. The vCPU itself is about to look. */
static void ready_after_end(struct vgic *g, u32 vcpu, u32 irq, struct vgic_irq *q)
{
	u32 to;
	struct vgic_vcpu *v = target_of(g, vcpu, irq, q, &to);

	if (v && make_ready(g, v, irq, q) && to != vcpu)
		g->ops->kick(g, to);
}

/* The guest has ended what list register @i held. */
static void free_lr(struct vgic *g, u32 vcpu, u32 i)
{
	struct vgic_vcpu *v = g->vcpu[vcpu];
	struct vgic_irq *q = vgic_irq_in(g, v, v->lr_irq[i]);

	ASSERT(q->lr == (s8)i && q->owner == vcpu);
	q->active = q->offered = false;
	q->lr = -1;
	if (is_pending(q))
		ready_after_end(g, vcpu, v->lr_irq[i], q);
}

/* List register @i is in use still. True: its interrupt has come again. */
static bool sync_lr(struct vgic *g, struct vgic_vcpu *v, u32 i, struct vgic_lrs now)
{
	struct vgic_irq *q = vgic_irq_in(g, v, v->lr_irq[i]);

	ASSERT(q->lr == (s8)i);
	q->active = now.active >> i & 1;
	q->offered = now.pending >> i & 1;
	/* Edges before it is taken are one; but SGIs of version 2 differ by sender. */
	if (q->offered && !q->sources && !q->hw_active)
		q->latch = false;
	return is_pending(q);
}

/* Learn what has become of the list registers. Returns those whose interrupt has come again. */
static u32 sync_lrs(struct vgic *g, u32 vcpu, struct vgic_lrs now)
{
	struct vgic_vcpu *v = g->vcpu[vcpu];
	u32 used = v->lrs_used, held = (now.pending | now.active) & used, again = 0;

	v->ready_words &= ~READY_AGAIN;
	v->lrs_used = held;
	for (u32 ended = used & ~held; ended; ended &= ended - 1)
		free_lr(g, vcpu, (u32)__builtin_ctz(ended));
	for (; held; held &= held - 1) {
		u32 i = (u32)__builtin_ctz(held);

		if (sync_lr(g, v, i, now))
			again |= 1U << i;
	}
	return again;
}

/*
 * Of these list registers, make what is active pending as well, so that it follows its end without
 * an exit. Those that cannot be both, or would be pending twice, wait for the next exit: one cannot
 * be asked for, as it would come before the guest does anything.
 */
static u32 offer_again(struct vgic *g, struct vgic_vcpu *v, u32 again, struct vgic_lr *lr)
{
	u32 filled = 0;

	for (; again; again &= again - 1) {
		u32 i = (u32)__builtin_ctz(again);
		struct vgic_irq *q = vgic_irq_in(g, v, v->lr_irq[i]);

		if (q->offered || q->sources || v->lrs_hw & 1U << i || !q->latch) {
			v->ready_words |= READY_AGAIN;
		} else if (g->enabled && vgic_is_enabled(g, v, v->lr_irq[i])) {
			fill_lr(q, v->lr_irq[i], &lr[i], VGIC_LR_PENDING | VGIC_LR_ACTIVE);
			filled |= 1U << i;
		}
	}
	return filled;
}

/*
 * The most frequent case, as a short cut: the guest had one interrupt, has ended it, and this one
 * has come again, with nothing beside it. It goes into the same list register. 0: it is not so.
 */
static u32 refill_same(struct vgic *g, struct vgic_vcpu *v, u32 vcpu, struct vgic_lrs now,
		       struct vgic_lr *lr)
{
	u32 used = v->lrs_used, i, irq;
	struct vgic_irq *q;

	if (v->ready_words != READY_AGAIN || (now.pending | now.active) || used & (used - 1))
		return 0;
	ASSERT(used);
	i = (u32)__builtin_ctz(used);
	irq = v->lr_irq[i];
	q = vgic_irq_in(g, v, irq);
	ASSERT(q->lr == (s8)i && q->owner == vcpu);
	if (q->target != vcpu)
		return 0;
	q->active = false;
	if (!is_wanted(g, v, irq, q))
		return 0;
	v->lrs_hw = q->hw_active ? used : 0;
	fill_lr(q, irq, &lr[i], VGIC_LR_PENDING);
	v->ready_words = q->latch ? READY_AGAIN : 0;
	return used;
}

/* Any other case. */
static __noinline u32 refill_any(struct vgic *g, struct vgic_vcpu *v, u32 vcpu, u32 nr_lrs,
				 struct vgic_lrs now, struct vgic_lr *lr)
{
	u32 again = sync_lrs(g, vcpu, now);
	u32 filled = unlikely(again) ? offer_again(g, v, again, lr) : 0;

	while (v->ready_words & ~READY_AGAIN) {
		u32 i = (u32)__builtin_ctz(~v->lrs_used);

		if (i >= nr_lrs)
			break;
		into_lr(g, vcpu, most_urgent(g, v), i, &lr[i]);
		filled |= 1U << i;
	}
	ASSERT(!(filled >> nr_lrs));
	return v->ready_words & ~READY_AGAIN ? filled | VGIC_MORE : filled;
}

u32 vgic_refill(struct vgic *g, u32 vcpu, u32 nr_lrs, struct vgic_lrs now, struct vgic_lr *lr)
{
	struct vgic_vcpu *v = g->vcpu[vcpu];
	u32 filled;

	ASSERT(v && nr_lrs && nr_lrs <= VGIC_MAX_LRS);
	spin_lock(&g->lock);
	filled = refill_same(g, v, vcpu, now, lr);
	if (!filled)
		filled = refill_any(g, v, vcpu, nr_lrs, now, lr);
	spin_unlock(&g->lock);
	return filled;
}

void vgic_take_back(struct vgic *g, u32 vcpu, struct vgic_lrs now)
{
	u64 flags = spin_lock_irqsave(&g->lock);

	if (sync_lrs(g, vcpu, now))
		add_words(g->vcpu[vcpu], READY_AGAIN);
	spin_unlock_irqrestore(&g->lock, flags);
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

		if (to >= g->nr_vcpus)
			continue;
		to = array_index_nospec(to, g->nr_vcpus);
		if (g->vcpu[to])
			vgic_raise(g, to, sgi);
	}
}
