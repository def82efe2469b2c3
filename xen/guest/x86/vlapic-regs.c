/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Register accesses of the virtual local APIC, by MMIO (xAPIC) and by MSR (x2APIC). */
#include "vlapic-private.h"

#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/nospec.h>

#define R(reg) (1UL << APIC_REG_##reg)
#define R8(reg) (0xffUL << APIC_REG_##reg)

#define READABLE_BOTH (R(ID) | R(VERSION) | R(TPR) | R(PPR) | R(LDR) | R(SPIV) | R8(ISR) | \
		       R8(TMR) | R8(IRR) | R(ESR) | R(ICR) | R(LVTT) | R(LVT_THERMAL) | \
		       R(LVT_PERF) | R(LVT0) | R(LVT1) | R(LVT_ERROR) | R(TMICT) | R(TMCCT) | \
		       R(TDCR))
#define READABLE_XAPIC (READABLE_BOTH | R(ARB) | R(DFR) | R(ICR2))

#define ICR_RESERVED 0xfff32000u

/* Writable bits of each LVT entry from LVTT on. */
static const u32 lvt_writable[] = {
	0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff,
};

bool vlapic_lvt_valid(u32 reg, u64 val)
{
	ASSERT(reg >= VLAPIC_FIRST_LVT && reg <= VLAPIC_LAST_LVT);
	if (reg == APIC_REG_LVTT && LVTT_MODE(val) == LVTT_RESERVED)
		return false;
	return !(val & ~((u64)lvt_writable[reg - VLAPIC_FIRST_LVT] | LVT_READ_ONLY));
}

static u32 reg_read(struct vlapic *vl, u32 reg, s_time_t now)
{
	ASSERT(reg < NR_REGS && (READABLE_XAPIC >> reg & 1));
	if (unlikely(reg == APIC_REG_TMCCT))
		return vlapic_timer_current(vl, now);
	/* The arbitration priority is not modelled: it reads as the processor priority. */
	return *vlapic_reg(vl, reg == APIC_REG_ARB ? APIC_REG_PPR : reg);
}

static void send_ipi(struct vlapic *vl, u32 icr, u32 dest)
{
	struct apic_msg msg = {
		.dest = dest, .vector = (u8)icr, .mode = (icr >> 8) & 7,
		.logical = icr & (1u << 11), .assert = icr & (1u << 14),
		.shorthand = (icr >> 18) & 3, .wide = vl->x2apic,
	};

	/* Level is meaningful only for the INIT de-assert; IPIs are edges (SDM 11.6.1). */
	msg.level = (icr & (1u << 15)) && msg.mode == APIC_DM_INIT;
	if (msg.mode == APIC_DM_FIXED || msg.mode == APIC_DM_LOWEST) {
		/* The message is still sent; each receiver also records an error. */
		if (unlikely(msg.vector < 16))
			vlapic_error(vl, ESR_SEND_ILLEGAL);
		if (msg.shorthand == APIC_DEST_SELF) {
			vl->ops->post(vl->ctx, msg.vector, false);
			return;
		}
	}
	vl->ops->ipi(vl->ctx, &msg);
}

static void write_lvt(struct vlapic *vl, u32 reg, u32 val, s_time_t now)
{
	ASSERT(reg >= VLAPIC_FIRST_LVT && reg <= VLAPIC_LAST_LVT);
	val &= lvt_writable[reg - VLAPIC_FIRST_LVT];
	/* The reserved timer mode is #GP by MSR and undefined by MMIO: here it is one-shot. */
	if (reg == APIC_REG_LVTT && LVTT_MODE(val) == LVTT_RESERVED)
		val &= ~LVTT_MODE_MASK;
	/* While software-disabled every entry stays masked. */
	if (!(*vlapic_reg(vl, APIC_REG_SPIV) & SPIV_ENABLE))
		val |= LVT_MASKED;
	if (reg == APIC_REG_LVTT)
		vlapic_timer_set_lvt(vl, val, now);
	else
		*vlapic_reg(vl, reg) = val;
	if (reg == APIC_REG_LVT0)
		vl->ops->lint0_changed(vl->ctx);
}

static void write_spiv(struct vlapic *vl, u32 val)
{
	*vlapic_reg(vl, APIC_REG_SPIV) = val & SPIV_WRITABLE;
	if (!(val & SPIV_ENABLE))
		for (u32 r = VLAPIC_FIRST_LVT; r <= VLAPIC_LAST_LVT; r++)
			*vlapic_reg(vl, r) |= LVT_MASKED;
	vlapic_update_enabled(vl);
}

/* Common to writes by MMIO and by MSR. The caller has checked reserved bits where they fault. */
static bool reg_write(struct vlapic *vl, u32 reg, u32 val, s_time_t now)
{
	ASSERT(reg < NR_REGS);
	switch (reg) {
	case APIC_REG_TPR:
		vlapic_set_tpr(vl, (u8)val);
		break;
	case APIC_REG_EOI:
		vlapic_eoi(vl);
		break;
	case APIC_REG_SPIV:
		write_spiv(vl, val);
		break;
	case APIC_REG_ESR:
		/* A write of any value latches the errors since the last write (SDM 11.5.3). */
		*vlapic_reg(vl, APIC_REG_ESR) = __atomic_exchange_n(&vl->esr_pending, 0,
								    __ATOMIC_RELAXED);
		break;
	case APIC_REG_LVTT ... APIC_REG_LVT_ERROR:
		write_lvt(vl, reg, val, now);
		break;
	case APIC_REG_TMICT:
		vlapic_timer_set_count(vl, val, now);
		break;
	case APIC_REG_TDCR:
		vlapic_timer_set_divider(vl, val, now);
		break;
	default:
		return false;
	}
	return true;
}

u64 vlapic_mmio_read(struct vlapic *vl, u32 offset, u32 size, s_time_t now)
{
	u32 reg = offset >> 4, byte = offset & 15;

	ASSERT(offset < PAGE_SIZE && size >= 1 && size <= 8);
	if (!vlapic_mmio_active(vl))
		return ~0UL;
	if (reg >= NR_REGS || !((READABLE_XAPIC >> reg) & 1)) {
		vlapic_error(vl, ESR_ILLEGAL_REG);
		return 0;
	}
	if (likely(!byte))
		return reg_read(vl, reg, now);
	return byte < 4 ? reg_read(vl, reg, now) >> (byte * 8) : 0;
}

void vlapic_mmio_write(struct vlapic *vl, u32 offset, u32 size, u64 val, s_time_t now)
{
	u32 reg = offset >> 4, v = (u32)val;

	ASSERT(offset < PAGE_SIZE && size >= 1 && size <= 8);
	/* Anything but an aligned 32-bit write is undefined (SDM 11.4.1); it changes nothing. */
	if (!vlapic_mmio_active(vl) || (offset & 15) || size < 4)
		return;
	switch (reg) {
	case APIC_REG_ICR:
		v &= ~(ICR_RESERVED | ICR_BUSY);
		*vlapic_reg(vl, reg) = v;
		send_ipi(vl, v, *vlapic_reg(vl, APIC_REG_ICR2) >> 24);
		break;
	case APIC_REG_ICR2:
		*vlapic_reg(vl, reg) = v & 0xff000000;
		break;
	case APIC_REG_LDR:
		*vlapic_reg(vl, reg) = v & LDR_WRITABLE;
		break;
	case APIC_REG_DFR:
		*vlapic_reg(vl, reg) = v | DFR_ONES;
		break;
	default:
		if (reg >= NR_REGS ||
		    (!reg_write(vl, reg, v, now) && !((READABLE_XAPIC >> reg) & 1)))
			vlapic_error(vl, ESR_ILLEGAL_REG);
		break;
	}
}

static bool x2apic_write_valid(u32 reg, u64 val)
{
	switch (reg) {
	case APIC_REG_TPR:
		return val <= 0xff;
	case APIC_REG_EOI:
	case APIC_REG_ESR:
		return val == 0;
	case APIC_REG_SPIV:
		return !(val & ~(u64)SPIV_WRITABLE);
	case APIC_REG_LVTT ... APIC_REG_LVT_ERROR:
		return vlapic_lvt_valid(reg, val);
	case APIC_REG_TMICT:
		return val <= 0xffffffff;
	case APIC_REG_TDCR:
		return !(val & ~(u64)TDCR_WRITABLE);
	default:
		return false;
	}
}

static int x2apic_write(struct vlapic *vl, u32 reg, u64 val, s_time_t now)
{
	if (!vl->x2apic)
		return -XEN_EINVAL;
	if (reg == APIC_REG_ICR) {
		if (val & ICR_RESERVED)
			return -XEN_EINVAL;
		*vlapic_reg(vl, APIC_REG_ICR) = (u32)val & ~ICR_BUSY;
		*vlapic_reg(vl, APIC_REG_ICR2) = (u32)(val >> 32);
		send_ipi(vl, (u32)val & ~ICR_BUSY, (u32)(val >> 32));
		return 0;
	}
	if (reg == APIC_REG_SELF_IPI) {
		if (val > 0xff)
			return -XEN_EINVAL;
		if (val < 16)
			vlapic_error(vl, ESR_SEND_ILLEGAL);
		vl->ops->post(vl->ctx, (u8)val, false);
		return 0;
	}
	if (!x2apic_write_valid(reg, val))
		return -XEN_EINVAL;
	reg_write(vl, reg, (u32)val, now);
	return 0;
}

int vlapic_msr_read(struct vlapic *vl, u32 msr, u64 *val, s_time_t now)
{
	u32 reg = msr - MSR_X2APIC_FIRST;

	if (msr == MSR_APIC_BASE) {
		*val = vl->base_msr;
		return 0;
	}
	if (msr == MSR_TSC_DEADLINE) {
		*val = vlapic_timer_deadline(vl);
		return 0;
	}
	if (reg >= NR_REGS || !vl->x2apic || !((READABLE_BOTH >> reg) & 1))
		return -XEN_EINVAL;
	reg = array_index_nospec(reg, NR_REGS);
	*val = reg_read(vl, reg, now);
	if (reg == APIC_REG_ICR)
		*val |= (u64)*vlapic_reg(vl, APIC_REG_ICR2) << 32;
	return 0;
}

int vlapic_msr_write(struct vlapic *vl, u32 msr, u64 val, s_time_t now)
{
	u32 reg = msr - MSR_X2APIC_FIRST;

	if (likely(reg < NR_REGS))
		return x2apic_write(vl, reg, val, now);
	if (msr == MSR_APIC_BASE)
		return vlapic_base_write(vl, val);
	if (msr != MSR_TSC_DEADLINE)
		return -XEN_EINVAL;
	vlapic_timer_set_deadline(vl, val, now);
	return 0;
}
