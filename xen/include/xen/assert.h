/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Invariants of the hypervisor, and the reaction to a broken one. Every layer may use these. */
#ifndef XEN_ASSERT_H
#define XEN_ASSERT_H

#include <xen/compiler.h>

/** Report a broken hypervisor invariant: print registers, backtrace and the last trace records,
 * then halt or reboot (noreboot). Any context. */
void panic(const char *fmt, ...) __printf_like(1, 2) __noreturn;
/** Print one line that names what the boot cannot do and the remedy, then stop. Boot. */
void boot_reject(const char *fmt, ...) __printf_like(1, 2) __noreturn;

#define BUG() panic("BUG at %s:%d", __FILE__, __LINE__)
#define BUG_ON(c)                                                            \
	do {                                                                 \
		if (unlikely(c))                                             \
			panic("BUG_ON(%s) at %s:%d", #c, __FILE__, __LINE__); \
	} while (0)
/**
 * ASSERT(c) states an invariant of the hypervisor: nothing that a guest, a device model or the
 * toolstack does may make it false. It costs nothing in the environment x86_64 (NDEBUG) and is
 * checked in every other one.
 */
#ifdef NDEBUG
#define ASSERTIONS_ON 0
#define ASSERT(c) ((void)sizeof(c))
#else
#define ASSERTIONS_ON 1
#define ASSERT(c) BUG_ON(!(c))
#endif

#endif
