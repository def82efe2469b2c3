/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual local APIC: reset, priorities, and interrupts on their way into the CPU. */
#include "vlapic-private.h"

#include <xen/errno.h>
#include <xen/string.h>

/* Version 0x14 (integrated), six LVT entries, no EOI-broadcast suppression. */
#define VLAPIC_VERSION ((5u << 16) | 0x14)

void vlapic_update_ppr(struct vlapic *vl)
{
	u32 tpr = vl->regs[APIC_REG_TPR];
	u32 isr_class = vl->isr_top < 0 ? 0 : (u32)vl->isr_top & 0xf0;

	vl->ppr = (tpr & 0xf0) >= isr_class ? tpr : isr_class;
}

void vlapic_update_enabled(struct vlapic *vl)
{
	vl->enabled = (vl->base_msr & APIC_BASE_EN) && (vl->regs[APIC_REG_SPIV] & SPIV_ENABLE);
	vl->x2apic = (vl->base_msr & APIC_BASE_EXTD) != 0;
}

void vlapic_reset(struct vlapic *vl)
{
	vlapic_timer_stop(vl);
	memset(vl->regs, 0, sizeof(vl->regs));
	memset(vl->isr, 0, sizeof(vl->isr));
	for (u32 i = 0; i < 4; i++) {
		__atomic_store_n(&vl->irr[i], 0, __ATOMIC_RELAXED);
		__atomic_store_n(&vl->tmr[i], 0, __ATOMIC_RELAXED);
	}
	vl->regs[APIC_REG_VERSION] = VLAPIC_VERSION;
	vl->regs[APIC_REG_DFR] = ~0u;
	vl->regs[APIC_REG_SPIV] = 0xff;
	for (u32 r = VLAPIC_FIRST_LVT; r <= VLAPIC_LAST_LVT; r++)
		vl->regs[r] = LVT_MASKED;
	vl->esr_pending = 0;
	vl->timer_shift = 1;
	vl->isr_top = -1;
	vlapic_update_enabled(vl);
	vl->regs[APIC_REG_ID] = vl->x2apic ? vl->id : vl->id << 24;
	vl->regs[APIC_REG_LDR] = vl->x2apic ? (vl->id >> 4) << 16 | 1u << (vl->id & 15) : 0;
	vlapic_update_ppr(vl);
}

void vlapic_init(struct vlapic *vl, u32 apic_id, bool bsp, u32 phys_bits,
		 const struct vlapic_ops *ops, void *ctx)
{
	memset(vl, 0, sizeof(*vl));
	vl->id = apic_id;
	vl->base_msr = VLAPIC_DEFAULT_BASE | APIC_BASE_EN | (bsp ? APIC_BASE_BSP : 0);
	vl->base_reserved = phys_bits < 64 ? ~0UL << phys_bits : 0;
	vl->ops = ops;
	vl->ctx = ctx;
	vl->timer_deadline = INT64_MAX;
	vlapic_reset(vl);
}

bool vlapic_set_irq(struct vlapic *vl, u8 vector, bool level)
{
	u32 w = vector / 64;
	u64 bit = 1UL << (vector % 64);

	if (vector < 16 || !READ_ONCE(vl->enabled))
		return false;
	/* The trigger mode must be right before the request can be seen and completed. */
	if (level && !(READ_ONCE(vl->tmr[w]) & bit))
		__atomic_fetch_or(&vl->tmr[w], bit, __ATOMIC_SEQ_CST);
	else if (!level && (READ_ONCE(vl->tmr[w]) & bit))
		__atomic_fetch_and(&vl->tmr[w], ~bit, __ATOMIC_SEQ_CST);
	if (__atomic_fetch_or(&vl->irr[w], bit, __ATOMIC_SEQ_CST) & bit)
		return false;
	__atomic_store_n(&vl->irr_pending, 1, __ATOMIC_RELEASE);
	return true;
}

/*
 * The flag is cleared before the scan, so that a vector posted behind the scan's back finds the
 * flag already clear and sets it again after its IRR bit: it is never lost.
 */
int vlapic_scan_irr(struct vlapic *vl)
{
	int v = vec_highest(vl->irr);

	if (v >= 0)
		return v;
	__atomic_exchange_n(&vl->irr_pending, 0, __ATOMIC_SEQ_CST);
	v = vec_highest(vl->irr);
	if (v >= 0)
		__atomic_store_n(&vl->irr_pending, 1, __ATOMIC_RELEASE);
	return v;
}

bool vlapic_ack(struct vlapic *vl, u8 vector)
{
	u32 w = vector / 64;
	u64 bit = 1UL << (vector % 64);

	if (!(__atomic_fetch_and(&vl->irr[w], ~bit, __ATOMIC_SEQ_CST) & bit))
		return false;
	vl->isr[w] |= bit;
	if (vector > vl->isr_top)
		vl->isr_top = vector;
	vlapic_update_ppr(vl);
	return true;
}

void vlapic_unack(struct vlapic *vl, u8 vector)
{
	u32 w = vector / 64;
	u64 bit = 1UL << (vector % 64);

	vl->isr[w] &= ~bit;
	vl->isr_top = (s16)vec_highest(vl->isr);
	vlapic_update_ppr(vl);
	__atomic_fetch_or(&vl->irr[w], bit, __ATOMIC_SEQ_CST);
	__atomic_store_n(&vl->irr_pending, 1, __ATOMIC_RELEASE);
}

void vlapic_eoi(struct vlapic *vl)
{
	int v = vl->isr_top;

	if (v < 0)
		return;
	vl->isr[v / 64] &= ~(1UL << (v % 64));
	vl->isr_top = (s16)vec_highest(vl->isr);
	vlapic_update_ppr(vl);
	if (vec_test(vl->tmr, (u8)v))
		vl->ops->eoi(vl->ctx, (u8)v);
}

void vlapic_set_tpr(struct vlapic *vl, u8 tpr)
{
	vl->regs[APIC_REG_TPR] = tpr;
	vlapic_update_ppr(vl);
}

void vlapic_error(struct vlapic *vl, u32 esr_bit)
{
	u32 lvt = vl->regs[APIC_REG_LVT_ERROR];
	bool raised = vl->esr_pending & esr_bit;

	vl->esr_pending |= esr_bit;
	/* An error interrupt with an illegal vector of its own must not raise another. */
	if (!raised && !(lvt & LVT_MASKED))
		vlapic_set_irq(vl, (u8)lvt, false);
}

bool vlapic_accepts_extint(const struct vlapic *vl)
{
	u32 lvt = vl->regs[APIC_REG_LVT0];

	if (!(vl->base_msr & APIC_BASE_EN))
		return true;
	return !(lvt & LVT_MASKED) && LVT_MODE(lvt) == APIC_DM_EXTINT;
}

int vlapic_local_irq(struct vlapic *vl, enum vlapic_reg reg)
{
	u32 lvt = vl->regs[reg];
	int mode = LVT_MODE(lvt);

	if (!(vl->base_msr & APIC_BASE_EN) || (lvt & LVT_MASKED))
		return -1;
	/* A performance counter interrupt masks its entry (SDM, "Local Vector Table"). */
	if (reg == APIC_REG_LVT_PERF)
		vl->regs[reg] |= LVT_MASKED;
	if (mode == APIC_DM_FIXED)
		vlapic_set_irq(vl, (u8)lvt, (reg == APIC_REG_LVT0 || reg == APIC_REG_LVT1) &&
			       (lvt & (1u << 15)));
	return mode;
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

	/* SDM "x2APIC State Transitions": x2APIC is entered from xAPIC, left by disabling. */
	if (!vlapic_base_valid(vl, val) || (x2 && !was_on) || (was_x2 && on && !x2))
		return -XEN_EINVAL;
	vl->base_msr = val;
	if (was_on && !on) {
		vlapic_reset(vl);
	} else if (!was_x2 && x2) {
		vl->regs[APIC_REG_ID] = vl->id;
		vl->regs[APIC_REG_LDR] = (vl->id >> 4) << 16 | 1u << (vl->id & 15);
		vl->regs[APIC_REG_ICR2] = 0;
	}
	vlapic_update_enabled(vl);
	return 0;
}
