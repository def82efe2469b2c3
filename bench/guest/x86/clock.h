/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock of measurements on x86, and registers of the local APIC where the mode is known: the
 * library's functions look it up by an MSR at each access, which is an exit of its own. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include "cpu.h"

/** Ticks of the TSC. */
static inline u64 ticks_now(void) { return rdtsc(); }

/** Ticks to ns, as system time is made from the TSC (ABI: struct vcpu_time_info). */
static inline u64 ticks_to_ns(u64 ticks)
{
	const struct vcpu_time_info *t = &own_vcpu_info()->time;
	unsigned __int128 v = ticks;

	v = t->tsc_shift >= 0 ? v << t->tsc_shift : v >> -t->tsc_shift;
	return (u64)(v * t->tsc_to_system_mul >> 32);
}

#define XAPIC 0xfee00000UL
static inline u32 xapic_read(u32 reg) { return *(volatile u32 *)(XAPIC + reg); }
static inline void xapic_write(u32 reg, u32 val) { *(volatile u32 *)(XAPIC + reg) = val; }
static inline void x2apic_write(u32 reg, u32 val) { wrmsr(MSR_X2APIC + reg / 16, val); }

#endif
