/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The distributor of a virtual GICv2 (IHI0048, chapter 4.3). Its banks of bits and bytes are those
 * of version 3. The CPU interface is the processor's own virtual one, and needs no model.
 */
#include "vgic-private.h"

#include <xen/assert.h>

#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GICD_IIDR 0x008
#define GICD_IGROUPR 0x080
#define GICD_ISENABLER 0x100
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR 0xc00
#define GICD_SGIR 0xf00
#define GICD_CPENDSGIR 0xf10
#define GICD_SPENDSGIR 0xf20
#define GICD_SGI_END 0xf30
#define GIC_PIDR2 0xfe8

#define CTLR_GROUP0 BIT(0)
#define ARCH_GICV2 0x20
#define IIDR_VALUE 0x43b

#define SGIR_FILTER(v) ((v) >> 24 & 3)
#define SGIR_LIST(v) ((v) >> 16 & 0xff)
#define SGIR_SGI(v) ((v) & 0xf)
enum { FILTER_LIST, FILTER_OTHERS, FILTER_SELF };

static u32 existing(const struct vgic *g)
{
	return (1U << g->nr_vcpus) - 1;
}

/* @vcpu, which exists, has been sent @sgi by these. */
static void set_sources(struct vgic *g, u32 vcpu, u32 sgi, u8 sources)
{
	struct vgic_irq *q = &g->vcpu[vcpu]->local[sgi];

	q->sources = sources;
	q->latch = sources != 0;
	vgic_update(g, vcpu, sgi, q);
}

static void send(struct vgic *g, u32 vcpu, u32 v)
{
	u32 sgi = SGIR_SGI(v);
	u32 to = SGIR_FILTER(v) == FILTER_LIST ? SGIR_LIST(v) :
		 SGIR_FILTER(v) == FILTER_OTHERS ? ~(1U << vcpu) :
		 SGIR_FILTER(v) == FILTER_SELF ? 1U << vcpu : 0;

	for (to &= existing(g); to; to &= to - 1) {
		u32 i = (u32)__builtin_ctz(to);
		const struct vgic_vcpu *v = g->vcpu[i];

		if (v)
			set_sources(g, i, sgi, (u8)(v->local[sgi].sources | 1U << vcpu));
	}
}

static u8 targets_of(struct vgic *g, u32 vcpu, u32 irq)
{
	struct vgic_irq *q = vgic_irq_of(g, vcpu, irq);

	if (irq < VGIC_NR_LOCAL)
		return (u8)(1U << vcpu);
	return q ? (u8)q->route : 0;
}

static void set_targets(struct vgic *g, u32 irq, u8 mask)
{
	struct vgic_irq *q = irq < VGIC_NR_LOCAL ? NULL : vgic_irq_of(g, 0, irq);

	if (!q)
		return;
	if (q->target < g->nr_vcpus && g->vcpu[q->target])
		vgic_unready(g->vcpu[q->target], irq);
	q->route = mask & existing(g);
	q->target = q->route ? (u16)__builtin_ctzl(q->route) : 0xffff;
	vgic_route_hw(g, q);
	vgic_update(g, 0, irq, q);
}

static bool is_target(u32 offset, u32 size)
{
	return offset >= GICD_ITARGETSR && offset < GICD_ICFGR && size <= 4 && offset % size == 0;
}

static bool is_sgi_pending(u32 offset, u32 size)
{
	return offset >= GICD_CPENDSGIR && offset < GICD_SGI_END && size <= 4 && offset % size == 0;
}

/* One byte for each interrupt or SGI. */
static u64 read_bytes(struct vgic *g, u32 vcpu, u32 offset, u32 size)
{
	u64 v = 0, flags = spin_lock_irqsave(&g->lock);

	for (u32 i = 0; i < size; i++) {
		u8 byte = offset < GICD_ICFGR ? targets_of(g, vcpu, offset + i - GICD_ITARGETSR) :
			  g->vcpu[vcpu]->local[(offset + i) & 0xf].sources;

		v |= (u64)byte << i * 8;
	}
	spin_unlock_irqrestore(&g->lock, flags);
	return v;
}

static void write_bytes(struct vgic *g, u32 vcpu, u32 offset, u32 size, u64 v)
{
	for (u32 i = 0; i < size; i++, v >>= 8) {
		u32 sgi = (offset + i) & 0xf;
		u8 old = g->vcpu[vcpu]->local[sgi].sources;

		if (offset < GICD_ICFGR)
			set_targets(g, offset + i - GICD_ITARGETSR, (u8)v);
		else if (v & 0xff)
			set_sources(g, vcpu, sgi, offset < GICD_SPENDSGIR ? (u8)(old & ~v) :
				    (u8)(old | (v & existing(g))));
	}
}

bool vgic2_read(struct vgic *g, u32 vcpu, u32 offset, u32 size, u64 *v)
{
	ASSERT(g->version == 2 && vcpu < g->nr_vcpus && g->vcpu[vcpu]);
	*v = 0;
	if (size == 4 && offset == GICD_CTLR)
		*v = READ_ONCE(g->enabled) ? CTLR_GROUP0 : 0;
	else if (size == 4 && offset == GICD_TYPER)
		*v = g->nr_spis / 32 | (u64)(g->nr_vcpus - 1) << 5;
	else if (size == 4 && offset == GICD_IIDR)
		*v = IIDR_VALUE;
	else if (size == 4 && offset == GIC_PIDR2)
		*v = ARCH_GICV2;
	else if (is_target(offset, size) || is_sgi_pending(offset, size))
		*v = read_bytes(g, vcpu, offset, size);
	else if (offset < GICD_IGROUPR || offset >= GICD_SGIR)
		return false;
	else if (offset >= GICD_ISENABLER)
		return vgic_bank_read(g, vcpu, offset, size, 0, VGIC_NR_LOCAL + g->nr_spis, v);
	/* Without security extensions there are no groups. */
	return size == 4 || offset >= GICD_ITARGETSR;
}

bool vgic2_write(struct vgic *g, u32 vcpu, u32 offset, u32 size, u64 v)
{
	bool known = true;
	u64 flags;

	ASSERT(g->version == 2 && vcpu < g->nr_vcpus && g->vcpu[vcpu]);
	flags = spin_lock_irqsave(&g->lock);
	if (size == 4 && offset == GICD_CTLR)
		vgic_set_enabled(g, v & CTLR_GROUP0);
	else if (size == 4 && offset == GICD_SGIR)
		send(g, vcpu, (u32)v);
	else if (is_target(offset, size) || is_sgi_pending(offset, size))
		write_bytes(g, vcpu, offset, size, v);
	else if (offset < GICD_IGROUPR || offset >= GICD_SGIR)
		known = false;
	else if (offset >= GICD_ISENABLER)
		known = vgic_bank_write(g, vcpu, offset, size, 0, VGIC_NR_LOCAL + g->nr_spis, v);
	spin_unlock_irqrestore(&g->lock, flags);
	return known;
}
