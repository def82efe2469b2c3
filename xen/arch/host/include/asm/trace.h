/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trace sites on the host port: a test of a flag. */
#ifndef ASM_HOST_TRACE_H
#define ASM_HOST_TRACE_H

#include <xen/hal/time.h>

/** The argument of the last hal_trace_update(); NULL before the first. */
extern bool (*host_trace_want)(u32 id);

static inline bool hal_trace_site(u32 id)
{
	return host_trace_want && host_trace_want(id);
}

static inline bool hal_local_cmpxchg(u64 *p, u64 *old, u64 new)
{
	return __atomic_compare_exchange_n(p, old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline u64 hal_trace_stamp(void) { return hal_cycles_now(); }

#endif
