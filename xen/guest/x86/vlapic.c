/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual local APIC: reset, priorities, and handing interrupts to the CPU. */
#include "vlapic-private.h"

#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/string.h>

/* Version 0x14 (integrated), six LVT entries, no EOI-broadcast suppression. */
#define VLAPIC_VERSION ((5u << 16) | 0x14)

void vlapic_update_ppr(struct vlapic *vl)
{
	u32 tpr = *vlapic_reg(vl, APIC_REG_TPR);
	u32 isr_class = vl->isr_top < 0 ? 0 : (u32)vl->isr_top & 0xf0;

	ASSERT(tpr <= 0xff && vl->isr_top <= 255);
	*vlapic_reg(vl, APIC_REG_PPR) = (tpr & 0xf0) >= isr_class ? tpr : isr_class;
}

void vlapic_update_enabled(struct vlapic *vl)
{
	u32 spiv = *vlapic_reg(vl, APIC_REG_SPIV);

	vl->enabled = (vl->base_msr & APIC_BASE_EN) && (spiv & SPIV_ENABLE);
	vl->x2apic = (vl->base_msr & APIC_BASE_EXTD) != 0;
	ASSERT(!vl->x2apic || (vl->base_msr & APIC_BASE_EN));
}

void vlapic_reset(struct vlapic *vl)
{
	vlapic_timer_stop(vl);
	for (u32 r = 0; r < NR_REGS; r++)
		WRITE_ONCE(*vlapic_reg(vl, r), 0);
	*vlapic_reg(vl, APIC_REG_VERSION) = VLAPIC_VERSION;
	*vlapic_reg(vl, APIC_REG_DFR) = ~0u;
	*vlapic_reg(vl, APIC_REG_SPIV) = 0xff;
	for (u32 r = VLAPIC_FIRST_LVT; r <= VLAPIC_LAST_LVT; r++)
		*vlapic_reg(vl, r) = LVT_MASKED;
	WRITE_ONCE(vl->esr_pending, 0);
	vl->timer_shift = 1;
	/* irr_words stays: the next scan clears stale marks, while clearing them here could lose
	 * the mark of a vector that is being posted now. */
	vl->isr_words = 0;
	vl->isr_top = -1;
	vlapic_update_enabled(vl);
	*vlapic_reg(vl, APIC_REG_ID) = vl->x2apic ? vl->id : vl->id << 24;
	*vlapic_reg(vl, APIC_REG_LDR) = vl->x2apic ? (vl->id >> 4) << 16 | 1u << (vl->id & 15) : 0;
	vlapic_update_ppr(vl);
}

void vlapic_init(struct vlapic *vl, struct vlapic_page *page, u32 apic_id, bool bsp, u32 phys_bits,
		 const struct vlapic_ops *ops, void *ctx)
{
	ASSERT(page && ops);
	memset(vl, 0, sizeof(*vl));
	memset(page, 0, sizeof(*page));
	vl->page = page;
	vl->id = apic_id;
	vl->base_msr = VLAPIC_DEFAULT_BASE | APIC_BASE_EN | (bsp ? APIC_BASE_BSP : 0);
	vl->base_reserved = phys_bits < 64 ? ~0UL << phys_bits : 0;
	vl->ops = ops;
	vl->ctx = ctx;
	vl->timer_deadline = INT64_MAX;
	vlapic_reset(vl);
}

void vlapic_update_isr(struct vlapic *vl)
{
	ASSERT(vl->isr_words == vec_words(vl, APIC_REG_ISR));
	if (vl->isr_words) {
		u32 top = top_bit(vl->isr_words);

		vl->isr_top = (s16)(top * 32 + top_bit(*vlapic_reg(vl, APIC_REG_ISR + top)));
	} else {
		vl->isr_top = -1;
	}
}

/* IRR has @vector's bit, set with a full barrier: now set the mark by which the owner finds it. */
static void note_request(struct vlapic *vl, u32 vector)
{
	u32 word = vec_bit(vector / 32);

	if (!(READ_ONCE(vl->irr_words) & word))
		__atomic_fetch_or(&vl->irr_words, word, __ATOMIC_SEQ_CST);
}

bool vlapic_set_irq(struct vlapic *vl, u8 vector, bool level)
{
	struct vec_regs *r = vec_regs(vl, vector);
	u32 bit = vec_bit(vector);

	if (!vlapic_accept(vl, r, vector, level))
		return false;
	if (__atomic_fetch_or(&r->irr, bit, __ATOMIC_SEQ_CST) & bit)
		return false;
	note_request(vl, vector);
	return true;
}

/*
 * When a marked register is empty, its mark is cleared first and the register read again. So either
 * that read sees a vector posted meanwhile, or its poster finds the mark cleared and sets it again.
 */
int vlapic_scan_irr(struct vlapic *vl)
{
	u32 words;

	while ((words = READ_ONCE(vl->irr_words))) {
		u32 top = top_bit(words);
		u32 *irr = vlapic_reg(vl, APIC_REG_IRR + top), w = READ_ONCE(*irr);

		if (likely(w))
			return (int)(top * 32 + top_bit(w));
		__atomic_fetch_and(&vl->irr_words, ~(1u << top), __ATOMIC_SEQ_CST);
		if (READ_ONCE(*irr))
			__atomic_fetch_or(&vl->irr_words, 1u << top, __ATOMIC_SEQ_CST);
	}
	return -1;
}

bool vlapic_ack(struct vlapic *vl, u8 vector)
{
	struct vec_regs *r = vec_regs(vl, vector);
	u32 bit = vec_bit(vector);

	if (!(__atomic_fetch_and(&r->irr, ~bit, __ATOMIC_SEQ_CST) & bit))
		return false;
	ASSERT((vector & 0xf0) > (*vlapic_reg(vl, APIC_REG_PPR) & 0xf0));
	r->isr |= bit;
	vl->isr_words |= vec_bit(vector / 32);
	vl->isr_top = vector;
	*vlapic_reg(vl, APIC_REG_PPR) = vector & 0xf0;
	return true;
}

/* @vector, the highest in service, has ended. */
static void end_service(struct vlapic *vl, u32 vector)
{
	struct vec_regs *r = vec_regs(vl, vector);

	ASSERT((r->isr & vec_bit(vector)) && vl->isr_top == (s16)vector);
	r->isr &= ~vec_bit(vector);
	if (!r->isr)
		vl->isr_words &= ~vec_bit(vector / 32);
	vlapic_update_isr(vl);
	vlapic_update_ppr(vl);
}

void vlapic_unack(struct vlapic *vl, u8 vector)
{
	end_service(vl, vector);
	__atomic_fetch_or(&vec_regs(vl, vector)->irr, vec_bit(vector), __ATOMIC_SEQ_CST);
	note_request(vl, vector);
}

void vlapic_eoi(struct vlapic *vl)
{
	int v = vl->isr_top;

	if (v < 0)
		return;
	end_service(vl, (u32)v);
	if (READ_ONCE(vec_regs(vl, (u32)v)->tmr) & vec_bit((u32)v))
		vl->ops->eoi(vl->ctx, (u8)v);
}

void vlapic_set_tpr(struct vlapic *vl, u8 tpr)
{
	*vlapic_reg(vl, APIC_REG_TPR) = tpr;
	vlapic_update_ppr(vl);
}

void vlapic_error(struct vlapic *vl, u32 esr_bit)
{
	u32 lvt = READ_ONCE(*vlapic_reg(vl, APIC_REG_LVT_ERROR));
	u32 before = __atomic_fetch_or(&vl->esr_pending, esr_bit, __ATOMIC_RELAXED);

	/*
	 * Raised once per error, so that an error interrupt with an illegal vector does not
	 * recurse.
	 */
	if (!(before & esr_bit) && !(lvt & LVT_MASKED))
		vl->ops->post(vl->ctx, (u8)lvt, false);
}

bool vlapic_base_valid(const struct vlapic *vl, u64 base)
{
	if (base & (vl->base_reserved | 0x2ff))
		return false;
	return (base & (APIC_BASE_EXTD | APIC_BASE_EN)) != APIC_BASE_EXTD;
}

int vlapic_base_write(struct vlapic *vl, u64 val)
{
	u64 old = vl->base_msr;
	bool was_on = old & APIC_BASE_EN, was_x2 = old & APIC_BASE_EXTD;
	bool on = val & APIC_BASE_EN, x2 = val & APIC_BASE_EXTD;

	/* SDM "x2APIC State Transitions": x2APIC is entered from xAPIC and left by disabling. */
	if (!vlapic_base_valid(vl, val) || (x2 && !was_on) || (was_x2 && on && !x2))
		return -XEN_EINVAL;
	vl->base_msr = val;
	if (was_on && !on) {
		vlapic_reset(vl);
	} else if (!was_x2 && x2) {
		*vlapic_reg(vl, APIC_REG_ID) = vl->id;
		*vlapic_reg(vl, APIC_REG_LDR) = (vl->id >> 4) << 16 | 1u << (vl->id & 15);
		*vlapic_reg(vl, APIC_REG_ICR2) = 0;
		/* x2APIC mode has no DFR, so what was in it is not kept. */
		*vlapic_reg(vl, APIC_REG_DFR) = ~0u;
	}
	vlapic_update_enabled(vl);
	if (was_on != on)
		vl->ops->lint0_changed(vl->ctx);
	return 0;
}

bool vlapic_takes_extint(const struct vlapic *vl)
{
	u32 lvt = READ_ONCE(*vlapic_reg(vl, APIC_REG_LVT0));

	if (!(READ_ONCE(vl->base_msr) & APIC_BASE_EN))
		return true;
	return !(lvt & LVT_MASKED) && (lvt >> 8 & 7) == APIC_DM_EXTINT;
}
