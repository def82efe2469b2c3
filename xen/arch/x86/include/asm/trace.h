/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace sites: five bytes each, a no-op or a jump to the code that records. trace-sites.c turns
 * one into the other.
 */
#ifndef ASM_X86_TRACE_H
#define ASM_X86_TRACE_H

#include <xen/types.h>
#include <asm/msr.h>

/** One site; offsets are from the field itself. */
struct trace_site {
	s32 site, target;
	u32 id;
};

#define TRACE_SITE_BYTES 5

static inline __attribute__((always_inline)) bool hal_trace_site(const u32 id)
{
	__asm__ goto("1: .byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
		     ".pushsection .trace_sites, \"a\"\n\t"
		     ".long 1b - ., %l[on] - ., %c0\n"
		     ".popsection"
		     : : "i"(id) : : on);
	return false;
on:
	return true;
}

/* No lock prefix: only this CPU's own interrupt handlers can interfere. */
static inline bool hal_local_cmpxchg(u64 *p, u64 *old, u64 new)
{
	bool done;

	__asm__ volatile("cmpxchg %[new], %[p]"
			 : "=@ccz"(done), "+a"(*old), [p] "+m"(*p)
			 : [new] "r"(new)
			 : "memory");
	return done;
}

static inline u64 hal_trace_stamp(void) { return rdtsc(); }

struct cpu_regs;

/**
 * Handle the breakpoint of a site being patched: continue as if the site were off. False: not ours.
 */
bool trace_site_trap(struct cpu_regs *regs);

#endif
