/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the virtual local APIC. */
#ifndef GUEST_X86_VLAPIC_PRIVATE_H
#define GUEST_X86_VLAPIC_PRIVATE_H

#include <xen/x86/vlapic.h>

/** Registers of the page that exist; the rest stays zero. */
#define NR_REGS 64
#define SPIV_ENABLE (1u << 8)
#define SPIV_WRITABLE 0x3ffu
#define TDCR_WRITABLE 0xbu
#define LDR_WRITABLE 0xff000000u
#define DFR_ONES 0x0fffffffu	/* reserved bits, which read as ones */
#define ICR_BUSY (1u << 12)
/** Delivery status and remote IRR, which only the APIC itself sets. */
#define LVT_READ_ONLY 0x5000u
#define LVT_MASKED (1u << 16)
#define LVT_MODE(l) (((l) >> 8) & 7)
#define LVTT_MODE(l) (((l) >> 17) & 3)
#define LVTT_ONESHOT 0
#define LVTT_PERIODIC 1
#define LVTT_DEADLINE 2
#define LVTT_RESERVED 3
#define LVTT_MODE_MASK (3u << 17)
#define ESR_SEND_ILLEGAL (1u << 5)
#define ESR_RECV_ILLEGAL (1u << 6)
#define ESR_ILLEGAL_REG (1u << 7)

#define VLAPIC_FIRST_LVT APIC_REG_LVTT
#define VLAPIC_LAST_LVT APIC_REG_LVT_ERROR

/** ISR, TMR and IRR have a bit for each vector, in eight registers each, one after another. */
struct vec_regs {
	u32 isr, to_tmr[(APIC_REG_TMR - APIC_REG_ISR) * 4 - 1];
	u32 tmr, to_irr[(APIC_REG_IRR - APIC_REG_TMR) * 4 - 1];
	u32 irr;
};

/** The three registers that have a bit of @vector. */
static inline struct vec_regs *vec_regs(const struct vlapic *vl, u32 vector)
{
	return (struct vec_regs *)vlapic_reg(vl, APIC_REG_ISR + vector / 32);
}

static inline u32 vec_bit(u32 vector)
{
	return 1u << (vector % 32);
}

/** The highest bit of @w, which has one. */
static inline u32 top_bit(u32 w)
{
	return 31 - (u32)__builtin_clz(w);
}

/** Which of the eight registers have bits. */
static inline u32 vec_words(const struct vlapic *vl, u32 first)
{
	u32 words = 0;

	for (u32 i = 0; i < 8; i++)
		words |= (u32)!!READ_ONCE(*vlapic_reg(vl, first + i)) << i;
	return words;
}

/** Recompute isr_top after isr_words or their registers changed. */
void vlapic_update_isr(struct vlapic *vl);

/** Is @base valid for the base MSR in any state? No reserved bits; x2APIC only when enabled. */
bool vlapic_base_valid(const struct vlapic *vl, u64 base);
/** Could a guest have set LVT entry @reg to @val? Read-only bits are ignored. */
bool vlapic_lvt_valid(u32 reg, u64 val);
void vlapic_update_ppr(struct vlapic *vl);
void vlapic_update_enabled(struct vlapic *vl);
/** Record an error and raise the error interrupt. Any CPU. */
void vlapic_error(struct vlapic *vl, u32 esr_bit);

/**
 * Can the APIC take @vector, whose registers are @r, now? Records the error if it is not one, and
 * its trigger mode, which must be there before the request can be seen and completed. Any CPU.
 */
static inline bool vlapic_accept(struct vlapic *vl, struct vec_regs *r, u8 vector, bool level)
{
	u32 bit = vec_bit(vector);

	if (!READ_ONCE(vl->enabled))
		return false;
	if (unlikely(vector < 16)) {
		vlapic_error(vl, ESR_RECV_ILLEGAL);
		return false;
	}
	if (level && !(READ_ONCE(r->tmr) & bit))
		__atomic_fetch_or(&r->tmr, bit, __ATOMIC_SEQ_CST);
	else if (!level && (READ_ONCE(r->tmr) & bit))
		__atomic_fetch_and(&r->tmr, ~bit, __ATOMIC_SEQ_CST);
	return true;
}

/** Request the vectors @word * 32 + n for each bit n of @bits, which were accepted before. */
void vlapic_request_word(struct vlapic *vl, u32 word, u32 bits);

void vlapic_timer_set_lvt(struct vlapic *vl, u32 val, s_time_t now);
void vlapic_timer_set_count(struct vlapic *vl, u32 count, s_time_t now);
void vlapic_timer_set_divider(struct vlapic *vl, u32 tdcr, s_time_t now);
void vlapic_timer_set_deadline(struct vlapic *vl, u64 tsc, s_time_t now);
/** Continue with @left ticks of the count in APIC_REG_TMICT. Not in deadline mode. */
void vlapic_timer_resume(struct vlapic *vl, u32 left, s_time_t now);
u32 vlapic_timer_current(const struct vlapic *vl, s_time_t now);
/** The value of MSR_TSC_DEADLINE. */
u64 vlapic_timer_deadline(const struct vlapic *vl);
void vlapic_timer_stop(struct vlapic *vl);

#endif
