/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Save and restore of the virtual local APIC in the ABI's records (public/arch-x86/hvm/save.h). */
#include "vlapic-private.h"

#include <xen/errno.h>
#include <xen/string.h>

#include <public/xen.h>
#include <public/hvm/save.h>

#define SAVED_HW_DISABLED 1u
#define SAVED_SW_DISABLED 2u

static void put_reg(struct hvm_hw_lapic_regs *r, u32 reg, u32 val)
{
	memcpy(&r->data[reg * 16], &val, sizeof(val));
}

static u32 get_reg(const struct hvm_hw_lapic_regs *r, u32 reg)
{
	u32 val;

	memcpy(&val, &r->data[reg * 16], sizeof(val));
	return val;
}

void vlapic_save(struct vlapic *vl, struct hvm_hw_lapic *hdr, struct hvm_hw_lapic_regs *regs,
		 s_time_t now)
{
	memset(hdr, 0, sizeof(*hdr));
	memset(regs, 0, sizeof(*regs));
	hdr->apic_base_msr = vl->base_msr;
	hdr->disabled = (vl->base_msr & APIC_BASE_EN ? 0 : SAVED_HW_DISABLED) |
			(vl->regs[APIC_REG_SPIV] & SPIV_ENABLE ? 0 : SAVED_SW_DISABLED);
	hdr->timer_divisor = 1u << vl->timer_shift;
	hdr->tdt_msr = vl->tsc_deadline;
	for (u32 i = 0; i < 64; i++)
		put_reg(regs, i, vl->regs[i]);
	for (u32 i = 0; i < 8; i++) {
		put_reg(regs, APIC_REG_ISR + i, (u32)(vl->isr[i / 2] >> (i % 2 * 32)));
		put_reg(regs, APIC_REG_TMR + i, (u32)(vl->tmr[i / 2] >> (i % 2 * 32)));
		put_reg(regs, APIC_REG_IRR + i, (u32)(vl->irr[i / 2] >> (i % 2 * 32)));
	}
	put_reg(regs, APIC_REG_PPR, vl->ppr);
	put_reg(regs, APIC_REG_TMCCT, vlapic_timer_current(vl, now));
}

static void load_vectors(u64 *map, const struct hvm_hw_lapic_regs *regs, u32 first)
{
	for (u32 i = 0; i < 4; i++)
		map[i] = get_reg(regs, first + i * 2) | (u64)get_reg(regs, first + i * 2 + 1) << 32;
	map[0] &= ~0xffffUL;
}

static void load_timer(struct vlapic *vl, const struct hvm_hw_lapic *hdr,
		       const struct hvm_hw_lapic_regs *regs, s_time_t now)
{
	u32 count = get_reg(regs, APIC_REG_TMICT);
	u32 left = min(get_reg(regs, APIC_REG_TMCCT), count);
	s_time_t start;

	vlapic_timer_set_divider(vl, get_reg(regs, APIC_REG_TDCR), now);
	if (LVTT_MODE(vl->regs[APIC_REG_LVTT]) == LVTT_DEADLINE) {
		vlapic_timer_set_deadline(vl, hdr->tdt_msr, now);
		return;
	}
	vl->regs[APIC_REG_TMICT] = 0;
	if (!left) {
		vl->regs[APIC_REG_TMICT] = count;
		return;
	}
	start = now - ((s_time_t)(count - left) << vl->timer_shift);
	vlapic_timer_set_count(vl, count, start);
}

int vlapic_load(struct vlapic *vl, const struct hvm_hw_lapic *hdr,
		const struct hvm_hw_lapic_regs *regs, s_time_t now)
{
	static const u8 plain[] = {
		APIC_REG_TPR, APIC_REG_ESR, APIC_REG_ICR, APIC_REG_ICR2,
	};
	u64 base = hdr->apic_base_msr;

	if ((base & (vl->base_reserved | 0x2ff)) ||
	    ((base & APIC_BASE_EXTD) && !(base & APIC_BASE_EN)))
		return -XEN_EINVAL;
	vl->base_msr = base;
	vlapic_reset(vl);
	for (u32 i = 0; i < ARRAY_SIZE(plain); i++)
		vl->regs[plain[i]] = get_reg(regs, plain[i]);
	vl->regs[APIC_REG_TPR] &= 0xff;
	vl->regs[APIC_REG_SPIV] = get_reg(regs, APIC_REG_SPIV) & SPIV_WRITABLE;
	if (!vl->x2apic) {
		vl->regs[APIC_REG_LDR] = get_reg(regs, APIC_REG_LDR) & 0xff000000;
		vl->regs[APIC_REG_DFR] = get_reg(regs, APIC_REG_DFR) | 0x0fffffff;
	}
	for (u32 r = VLAPIC_FIRST_LVT; r <= VLAPIC_LAST_LVT; r++)
		vl->regs[r] = get_reg(regs, r) & (r == APIC_REG_LVTT ? 0x700ff : 0x1a7ff);
	load_vectors(vl->isr, regs, APIC_REG_ISR);
	load_vectors(vl->tmr, regs, APIC_REG_TMR);
	load_vectors(vl->irr, regs, APIC_REG_IRR);
	vl->isr_top = (s16)vec_highest(vl->isr);
	vl->irr_pending = 1;
	vlapic_update_enabled(vl);
	vlapic_update_ppr(vl);
	load_timer(vl, hdr, regs, now);
	return 0;
}
