/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Per-architecture support for tracing: trace sites that cost almost nothing while they are off. */
#ifndef XEN_HAL_TRACE_H
#define XEN_HAL_TRACE_H

#include <xen/types.h>

/*
 * Each architecture gives these inline:
 *   bool hal_trace_site(u32 id);   is event @id (a constant) to be recorded? Where code can be
 *                                  patched this is one no-op while it is not. Any context.
 *   bool hal_local_cmpxchg(u64 *p, u64 *old, u64 new);
 *                                  store @new in *@p if that is *@old, else read it into *@old and
 *                                  return false. Atomic only towards handlers on this CPU, NMI
 *                                  included; no other CPU touches *@p.
 *   u64 hal_trace_stamp(void);     hal_cycles_now()
 */
#include <asm/trace.h>

/**
 * Make hal_trace_site(id) return @want(id) from now on, on all CPUs, while they run. Callers
 * serialise. Interrupts enabled, or only one CPU running; hold no spinlock that other CPUs wait for
 * with interrupts disabled.
 */
void hal_trace_update(bool (*want)(u32 id));

#endif
