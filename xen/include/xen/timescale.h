/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversion between counter ticks and nanoseconds. The factors are those of the ABI's pvclock
 * (struct vcpu_time_info), so that a guest gets the same results as the hypervisor.
 */
#ifndef XEN_TIMESCALE_H
#define XEN_TIMESCALE_H

#include <xen/compiler.h>

struct timescale {
	u32 mul;	/* ns = ticks * 2^shift * mul / 2^32; 2^31 <= mul < 2^32 */
	s8 shift;
	u64 inverse;	/* about 2^95 / mul */
};

/** Factors for a counter of @hz, 1 MHz to 1 THz. */
void timescale_init(struct timescale *s, u64 hz);

/** Nanoseconds of @ticks, rounded down. */
static inline u64 ticks_to_ns(const struct timescale *s, u64 ticks)
{
	return (u64)((unsigned __int128)ticks * s->mul >> (32 - s->shift));
}

/** The first tick count that is not before @ns; saturates at ~0. */
static inline u64 ns_to_ticks(const struct timescale *s, u64 ns)
{
	unsigned __int128 t = (unsigned __int128)ns * s->inverse >> (63 + s->shift);

	if (t >> 64)
		return ~0UL;
	/* The inverse is rounded down: at most two steps short. */
	while (ticks_to_ns(s, (u64)t) < ns && (u64)t != ~0UL)
		t++;
	return (u64)t;
}

#endif
