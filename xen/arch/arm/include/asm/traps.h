/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions that EL2 takes. */
#ifndef ASM_ARM_TRAPS_H
#define ASM_ARM_TRAPS_H

/* Offsets into struct cpu_regs (xen/arm/regs.h), for vectors.S. */
#define REGS_LR 240
#define REGS_SP 248
#define REGS_PC 256
#define REGS_PSTATE 264
#define REGS_BYTES 272

#ifndef __ASSEMBLY__

#include <xen/arm/regs.h>

BUILD_BUG_ON(sizeof(struct cpu_regs) != REGS_BYTES);
BUILD_BUG_ON(offsetof(struct cpu_regs, pc) != REGS_PC);

/** Print the registers and a backtrace. Any context. */
void regs_dump(const struct cpu_regs *r);

/** Handle the machine's most urgent interrupt, if one is pending. Interrupts off. */
void el2_interrupt(void);
/** Handler of any other exception at EL2, which is fatal. */
void el2_exception(struct cpu_regs *r, u32 which) __noreturn;

/* Why guest_enter() returned. */
enum guest_exit_kind { GUEST_SYNC, GUEST_IRQ, GUEST_FIQ, GUEST_SERROR };

/** Run the guest with the registers @r, and its other state loaded, until an exception is taken to
 * EL2. Interrupts off, before and after. */
static inline u32 guest_enter(struct cpu_regs *r)
{
	register u64 x0 __asm__("x0") = (u64)r;

	/* The guest's registers take the place of all others, so that those of the hypervisor that
	 * are not needed afterwards are not kept. */
	__asm__ volatile("bl guest_switch"
			 : "+r"(x0)
			 :
			 : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
			   "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
			   "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "cc", "memory");
	return (u32)x0;
}

#endif
#endif
