/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters that measure time: the references for the TSC's rate, and replacements for an unreliable
 * TSC.
 */
#ifndef ARCH_X86_CLOCK_H
#define ARCH_X86_CLOCK_H

#include <xen/ops.h>

/** A free-running counter. Every slot is filled. */
struct clock_source {
	const char *name;
	/** Find and start it; its rate in Hz, 0 when it is absent or does not count. Boot only. */
	u64 (*probe)(void);
	/** Counts up, modulo mask + 1. Any context unless the source says otherwise. */
	u64 (*read)(void);
	/** Bits that count; valid after probe(). */
	u64 (*mask)(void);
};

extern const struct clock_source hpet_clock, pmtimer_clock, pit_clock;

/** True when @src moves within a bounded number of reads. */
bool clock_counts(const struct clock_source *src);

/** Rate of the TSC in Hz, as reported by the CPU or by the hypervisor we run on, or measured
 * against @ref (may be NULL). 0 when it cannot be determined. Fills @how for the log. */
u64 tsc_find_rate(const struct clock_source *ref, u64 ref_hz, const char **how);
/** True when the TSC runs at one rate in all power states. */
bool tsc_is_reliable(void);

/** Seconds since 1970 from the CMOS clock; 0 when its registers are not a valid date. */
u64 rtc_read(void);

#endif
