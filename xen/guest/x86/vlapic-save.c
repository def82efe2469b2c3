/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Save and restore of the virtual local APIC in the ABI's records (public/arch-x86/hvm/save.h). */
#include "vlapic-private.h"

#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/string.h>

#include <public/xen.h>
#include <public/hvm/save.h>

BUILD_BUG_ON(sizeof(struct hvm_hw_lapic_regs) != NR_REGS * 16);

#define SAVED_HW_DISABLED 1u
#define SAVED_SW_DISABLED 2u

static u32 get_reg(const struct hvm_hw_lapic_regs *r, u32 reg)
{
	u32 val;

	memcpy(&val, &r->data[reg * 16], sizeof(val));
	return val;
}

static void settle(void *state, s_time_t now)
{
	vlapic_timer_fired(state, now);
}

static s32 save_hidden(void *state, u32 instance, void *record, s_time_t now)
{
	const struct vlapic *vl = state;
	struct hvm_hw_lapic *rec = record;

	rec->apic_base_msr = vl->base_msr;
	rec->disabled = (vl->base_msr & APIC_BASE_EN ? 0 : SAVED_HW_DISABLED) |
			(*vlapic_reg(vl, APIC_REG_SPIV) & SPIV_ENABLE ? 0 : SAVED_SW_DISABLED);
	rec->timer_divisor = 1u << vl->timer_shift;
	rec->tdt_msr = vlapic_timer_deadline(vl);
	return sizeof(*rec);
}

static s32 save_regs(void *state, u32 instance, void *record, s_time_t now)
{
	const struct vlapic *vl = state;
	struct hvm_hw_lapic_regs *rec = record;

	u32 left = vlapic_timer_current(vl, now);

	/* The record is the start of the page. */
	memcpy(rec->data, vl->page, sizeof(rec->data));
	memcpy(&rec->data[APIC_REG_TMCCT * 16], &left, sizeof(left));
	return sizeof(*rec);
}

static int check_hidden(const void *state, u32 instance, const void *record, u32 len)
{
	const struct vlapic *vl = state;
	const struct hvm_hw_lapic *rec = record;

	if (!vlapic_base_valid(vl, rec->apic_base_msr) ||
	    (rec->disabled & ~(SAVED_HW_DISABLED | SAVED_SW_DISABLED)))
		return -XEN_EINVAL;
	return 0;
}

/*
 * A guest cannot write certain values, so these cannot have been saved. Registers derived from
 * others (ID, version, PPR) and reserved offsets are neither checked nor loaded.
 */
static int check_regs(const void *state, u32 instance, const void *record, u32 len)
{
	const struct hvm_hw_lapic_regs *rec = record;

	if ((get_reg(rec, APIC_REG_TPR) & ~0xffu) || (get_reg(rec, APIC_REG_ESR) & ~0xffu) ||
	    (get_reg(rec, APIC_REG_SPIV) & ~SPIV_WRITABLE) ||
	    (get_reg(rec, APIC_REG_TDCR) & ~TDCR_WRITABLE))
		return -XEN_EINVAL;
	/* Vectors below 16 are exceptions; an APIC never has them in its vector registers. */
	if ((get_reg(rec, APIC_REG_ISR) | get_reg(rec, APIC_REG_TMR) |
	     get_reg(rec, APIC_REG_IRR)) & 0xffff)
		return -XEN_EINVAL;
	for (u32 r = VLAPIC_FIRST_LVT; r <= VLAPIC_LAST_LVT; r++)
		if (!vlapic_lvt_valid(r, get_reg(rec, r)))
			return -XEN_EINVAL;
	return 0;
}

static void load_vectors(struct vlapic *vl, const struct hvm_hw_lapic_regs *rec)
{
	for (u32 r = APIC_REG_ISR; r < APIC_REG_ESR; r++)
		WRITE_ONCE(*vlapic_reg(vl, r), get_reg(rec, r));
}

/* The registers are loaded, and the other record's deadline, if any, is in tsc_deadline. */
static void load_timer(struct vlapic *vl, u32 count, u32 left, u32 tdcr, s_time_t now)
{
	u32 mode = LVTT_MODE(*vlapic_reg(vl, APIC_REG_LVTT));

	vlapic_timer_set_divider(vl, tdcr, now);
	if (mode == LVTT_DEADLINE) {
		vlapic_timer_set_deadline(vl, vl->tsc_deadline, now);
		return;
	}
	*vlapic_reg(vl, APIC_REG_TMICT) = count;
	left = min(left, count);
	/* Xen does not save the remaining count, but a periodic timer is always running. */
	if (!left && mode == LVTT_PERIODIC)
		left = count;
	if (left)
		vlapic_timer_resume(vl, left, now);
}

/* Derive everything that depends on the loaded registers. */
static void derive(struct vlapic *vl)
{
	__atomic_fetch_or(&vl->irr_words, vec_words(vl, APIC_REG_IRR), __ATOMIC_SEQ_CST);
	vl->isr_words = vec_words(vl, APIC_REG_ISR);
	vlapic_update_isr(vl);
	vlapic_update_enabled(vl);
	vlapic_update_ppr(vl);
}

static void load_plain(struct vlapic *vl, const struct hvm_hw_lapic_regs *rec)
{
	static const u8 plain[] = {
		APIC_REG_TPR, APIC_REG_ESR, APIC_REG_SPIV, APIC_REG_ICR2,
	};

	for (u32 i = 0; i < ARRAY_SIZE(plain); i++)
		*vlapic_reg(vl, plain[i]) = get_reg(rec, plain[i]);
	*vlapic_reg(vl, APIC_REG_ICR) = get_reg(rec, APIC_REG_ICR) & ~ICR_BUSY;
	if (!vl->x2apic) {
		*vlapic_reg(vl, APIC_REG_LDR) = get_reg(rec, APIC_REG_LDR) & LDR_WRITABLE;
		*vlapic_reg(vl, APIC_REG_DFR) = get_reg(rec, APIC_REG_DFR) | DFR_ONES;
	}
	for (u32 r = VLAPIC_FIRST_LVT; r <= VLAPIC_LAST_LVT; r++)
		*vlapic_reg(vl, r) = get_reg(rec, r) & ~LVT_READ_ONLY;
}

static void load_regs(void *state, u32 instance, const void *record, u32 len, s_time_t now)
{
	const struct hvm_hw_lapic_regs *rec = record;
	struct vlapic *vl = state;
	u64 deadline = vl->tsc_deadline;

	vlapic_reset(vl);
	vl->tsc_deadline = deadline;
	load_plain(vl, rec);
	load_vectors(vl, rec);
	derive(vl);
	load_timer(vl, get_reg(rec, APIC_REG_TMICT), get_reg(rec, APIC_REG_TMCCT),
		   get_reg(rec, APIC_REG_TDCR), now);
}

/*
 * Most streams have both records, this one first. ID and logical destination depend on the mode, so
 * they are updated at once; the deadline waits for the timer's mode.
 */
static void load_hidden(void *state, u32 instance, const void *record, u32 len, s_time_t now)
{
	const struct hvm_hw_lapic *rec = record;
	struct vlapic *vl = state;
	struct hvm_hw_lapic_regs regs;

	ASSERT(vlapic_base_valid(vl, rec->apic_base_msr));
	memset(&regs, 0, sizeof(regs));
	save_regs(vl, instance, &regs, now);
	vl->base_msr = rec->apic_base_msr;
	vl->tsc_deadline = rec->tdt_msr;
	load_regs(vl, instance, &regs, sizeof(regs), now);
}

const struct save_kind vlapic_record = {
	.type = HVM_SAVE_CODE(LAPIC),
	.min_bytes = HVM_SAVE_LENGTH(LAPIC), .max_bytes = HVM_SAVE_LENGTH(LAPIC),
	.settle = settle, .save = save_hidden, .check = check_hidden, .load = load_hidden,
};

const struct save_kind vlapic_regs_record = {
	.type = HVM_SAVE_CODE(LAPIC_REGS),
	.min_bytes = HVM_SAVE_LENGTH(LAPIC_REGS), .max_bytes = HVM_SAVE_LENGTH(LAPIC_REGS),
	.save = save_regs, .check = check_regs, .load = load_regs,
};
