/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System time, cycle stamps, the timer interrupt and the wall clock. */
#ifndef XEN_HAL_TIME_H
#define XEN_HAL_TIME_H

#include <xen/types.h>

/** System time now: ns since boot, monotonic on each CPU, synchronised between CPUs. */
s_time_t hal_now_ns(void);
/** Raw cycle stamp (TSC, CNTVCT), for tracing and logs. */
u64 hal_cycles_now(void);
/** Frequency of hal_cycles_now() in kHz. */
u32 hal_cycles_khz(void);
/** Cycle stamp of a system time, and back. */
u64 hal_ns_to_cycles(s_time_t t);
s_time_t hal_cycles_to_ns(u64 c);

/** Request timer_interrupt() on this CPU at @deadline (INT64_MAX: none). Interrupts disabled. */
void hal_timer_program(s_time_t deadline);

/** Wall clock: seconds and ns since 1970 at system time 0. */
void hal_wallclock_get(u64 *sec, u32 *nsec);
/** dom0 set the wall clock: it reads @sec.@nsec at system time @sys. */
void hal_wallclock_set(u64 sec, u32 nsec, s_time_t sys);

#endif
