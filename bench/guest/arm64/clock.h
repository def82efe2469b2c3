/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock of measurements on ARMv8. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include "cpu.h"

/** Ticks of the virtual counter. */
static inline u64 ticks_now(void) { return cycles(); }

/** Ticks to ns, by the counter's own frequency: the peer keeps no time in vcpu_info. */
static inline u64 ticks_to_ns(u64 ticks)
{
	u64 hz = (u32)read_reg(cntfrq_el0);

	return ticks / hz * 1000000000 + ticks % hz * 1000000000 / hz;
}

#endif
