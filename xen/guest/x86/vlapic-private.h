/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the virtual local APIC share. */
#ifndef GUEST_X86_VLAPIC_PRIVATE_H
#define GUEST_X86_VLAPIC_PRIVATE_H

#include <xen/x86/vlapic.h>

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

static inline bool vec_test(const u64 *map, u8 v)
{
	return (READ_ONCE(map[v / 64]) >> (v % 64)) & 1;
}

/** Highest set vector of a 256-bit map, -1 none. */
static inline int vec_highest(const u64 *map)
{
	for (int i = 3; i >= 0; i--) {
		u64 w = READ_ONCE(map[i]);

		if (w)
			return i * 64 + 63 - __builtin_clzll(w);
	}
	return -1;
}

/** May the base MSR be @base, whatever it is now? No reserved bits, and x2APIC only when on. */
bool vlapic_base_valid(const struct vlapic *vl, u64 base);
/** Could a guest have made LVT entry @reg what @val says? Read-only bits do not matter. */
bool vlapic_lvt_valid(u32 reg, u64 val);
void vlapic_update_ppr(struct vlapic *vl);
void vlapic_update_enabled(struct vlapic *vl);
void vlapic_error(struct vlapic *vl, u32 esr_bit);

void vlapic_timer_set_lvt(struct vlapic *vl, u32 val);
void vlapic_timer_set_count(struct vlapic *vl, u32 count, s_time_t now);
void vlapic_timer_set_divider(struct vlapic *vl, u32 tdcr, s_time_t now);
void vlapic_timer_set_deadline(struct vlapic *vl, u64 tsc, s_time_t now);
/** Go on with @left ticks of the count that APIC_REG_TMICT holds. Not in deadline mode. */
void vlapic_timer_resume(struct vlapic *vl, u32 left, s_time_t now);
u32 vlapic_timer_current(const struct vlapic *vl, s_time_t now);
/** What MSR_TSC_DEADLINE reads. */
u64 vlapic_timer_deadline(const struct vlapic *vl);
void vlapic_timer_stop(struct vlapic *vl);

#endif
