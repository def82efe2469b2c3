/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversion between counter ticks and nanoseconds. The factors are those of the ABI's pvclock
 * (struct vcpu_time_info), so that a guest gets the same results as the hypervisor.
 */
#ifndef XEN_TIMESCALE_H
#define XEN_TIMESCALE_H

#include <xen/compiler.h>

struct timescale {
	u32 mul;	/* ns = ticks * mul >> right; 2^31 <= mul < 2^32 */
	u8 right;	/* 22 (1 MHz) to 41 (1 THz) */
	u64 inverse;	/* about 2^95 / mul */
};

/** Factors for a counter of @hz, 1 MHz to 1 THz. */
void timescale_init(struct timescale *s, u64 hz);

/** The factor's other half as the pvclock has it: ns = (ticks << shift) * mul >> 32. */
static inline s8 timescale_shift(const struct timescale *s)
{
	return (s8)(32 - s->right);
}

/** Nanoseconds of @ticks, rounded down. */
static inline u64 ticks_to_ns(const struct timescale *s, u64 ticks)
{
	/* The mask tells the compiler that the shift is below 64, which saves it a second path. */
	return (u64)((unsigned __int128)ticks * s->mul >> (s->right & 63));
}

/** The first tick count that is not before @ns; saturates at ~0. */
static inline u64 ns_to_ticks(const struct timescale *s, u64 ns)
{
	unsigned __int128 t = (unsigned __int128)ns * s->inverse >> (95 - s->right);

	if (t >> 64)
		return ~0UL;
	/* The inverse is rounded down: at most two steps short. */
	while (ticks_to_ns(s, (u64)t) < ns && (u64)t != ~0UL)
		t++;
	return (u64)t;
}

#endif
