/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace sites: one instruction each, a no-op or a branch to the code that records. trace-sites.c
 * turns one into the other.
 */
#ifndef ASM_ARM_TRACE_H
#define ASM_ARM_TRACE_H

#include <xen/compiler.h>
#include <xen/hal/time.h>

/** One site; offsets are from the field itself. */
struct trace_site {
	s32 site, target;
	u32 id;
};

static inline __attribute__((always_inline)) bool hal_trace_site(const u32 id)
{
	__asm__ goto("1: nop\n"
		     ".pushsection trace_sites, \"a\"\n\t"
		     ".balign 4\n\t"
		     ".long 1b - ., %l[on] - ., %c0\n"
		     ".popsection"
		     : : "i"(id) : : on);
	return false;
on:
	return true;
}

/* Only this CPU's own handlers can interfere; no instruction is atomic just to them. */
static inline bool hal_local_cmpxchg(u64 *p, u64 *old, u64 new)
{
	return __atomic_compare_exchange_n(p, old, new, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static inline u64 hal_trace_stamp(void) { return hal_cycles_now(); }

#endif
