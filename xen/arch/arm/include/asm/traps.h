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

/** Handle the machine's interrupts that are pending. Interrupts off. */
void el2_interrupt(void);
/** Handler of any other exception at EL2, which is fatal. */
void el2_exception(struct cpu_regs *r, u32 which) __noreturn;

/* Why guest_enter() returned. */
enum guest_exit_kind { GUEST_SYNC, GUEST_IRQ, GUEST_FIQ, GUEST_SERROR };

/** Run the guest with the registers @r, and its other state loaded, until an exception is taken to
 * EL2. Interrupts off, before and after. */
u32 guest_enter(struct cpu_regs *r);

#endif
#endif
