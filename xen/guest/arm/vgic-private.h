/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the virtual GIC. */
#ifndef GUEST_ARM_VGIC_PRIVATE_H
#define GUEST_ARM_VGIC_PRIVATE_H

#include <xen/arm/vgic.h>
#include <xen/assert.h>
#include <xen/compiler.h>
#include <xen/nospec.h>

#define VGIC_NR_SGIS 16
/** In a vCPU's ready_words: an interrupt in a list register has come again. */
#define READY_AGAIN (1U << 31)

/** The interrupt @irq as @vcpu sees it; NULL: there is none. */
static inline struct vgic_irq *vgic_irq_of(struct vgic *g, u32 vcpu, u32 irq)
{
	if (irq < VGIC_NR_LOCAL)
		return g->vcpu[vcpu] ? &g->vcpu[vcpu]->local[array_index_nospec(irq, VGIC_NR_LOCAL)]
				     : NULL;
	irq -= VGIC_NR_LOCAL;
	return irq < g->nr_spis ? &g->spi[array_index_nospec(irq, g->nr_spis)] : NULL;
}

/** An interrupt that exists, as @v sees it. */
static inline struct vgic_irq *vgic_irq_in(struct vgic *g, struct vgic_vcpu *v, u32 irq)
{
	ASSERT(irq < VGIC_NR_LOCAL + g->nr_spis);
	return irq < VGIC_NR_LOCAL ? &v->local[irq] : &g->spi[irq - VGIC_NR_LOCAL];
}

/** Enable bits of the 32 interrupts of which @irq, which exists, is one; local ones are @v's. */
static inline u32 *vgic_enabled_word(struct vgic *g, struct vgic_vcpu *v, u32 irq)
{
	ASSERT(irq < VGIC_NR_LOCAL + g->nr_spis);
	return irq < VGIC_NR_LOCAL ? &v->enabled : &g->spi_enabled[irq / 32 - 1];
}

static inline bool vgic_is_enabled(struct vgic *g, struct vgic_vcpu *v, u32 irq)
{
	return *vgic_enabled_word(g, v, irq) >> irq % 32 & 1;
}

/** Take note of a change of @q, interrupt @irq of @vcpu or a shared one. True: a vCPU is kicked for
 * it. Lock held. */
bool vgic_update(struct vgic *g, u32 vcpu, u32 irq, struct vgic_irq *q);

/** Interrupt @irq is not to be offered to @v. Lock held. */
void vgic_unready(struct vgic_vcpu *v, u32 irq);
/** Route the machine's interrupt of @q, if it has one, to its target. Lock held. */
void vgic_route_hw(struct vgic *g, const struct vgic_irq *q);

/** The banks of bits or bytes, one for each interrupt: an access to those of [@first, @end), as
 * @vcpu sees them; others read as 0. False: no bank is there, or not for this size. */
bool vgic_bank_read(struct vgic *g, u32 vcpu, u32 offset, u32 size, u32 first, u32 end, u64 *v);
/** Lock held. */
bool vgic_bank_write(struct vgic *g, u32 vcpu, u32 offset, u32 size, u32 first, u32 end, u64 v);
/** GICD_CTLR's enable bit. Lock held. */
void vgic_set_enabled(struct vgic *g, bool on);

#endif
