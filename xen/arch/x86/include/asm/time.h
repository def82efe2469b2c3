/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time on x86: initialisation, and the values that guests' clocks are computed from. */
#ifndef ASM_X86_TIME_H
#define ASM_X86_TIME_H

#include <xen/hal/time.h>
#include <xen/timescale.h>

/** Boot CPU, after acpi_init and apic_init, interrupts off: choose the clocks, measure, start
 * system time at 0, read the wall clock, and take the timer vector. */
void time_init(void);
/** Start reading a counter often enough that no wrap is missed. After timer_init_subsystem. */
void time_start_upkeep(void);

/**
 * Measure the TSC of an application processor against the boot CPU's. Both call at the same time,
 * interrupts off; afterwards hal_now_ns() on @cpu agrees with the boot CPU's. The boot CPU's call
 * gives up after a second.
 */
void time_sync_boot_cpu(u32 cpu);
void time_sync_secondary(u32 cpu);

/** Conversion of TSC cycles to ns, in the form guests get (pvclock's mul and shift). */
const struct timescale *time_tsc_scale(void);
/** Cycles to add to this CPU's TSC to get the boot CPU's, the base of hal_now_ns(). */
s64 time_tsc_offset(void);
/** True when hal_now_ns() reads the TSC, so that guests may compute time with it. */
bool time_tsc_is_clock(void);

/** Spin for @us microseconds; before time_init only roughly. Any context. */
void udelay(u32 us);

#endif
