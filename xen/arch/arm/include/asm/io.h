/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses to device registers. They are mapped as Device-nGnRE, which keeps their order; so the
 * compiler's order is all that is left to see to. Single instructions: a guest's access that traps
 * must have a syndrome, and so must those to an emulated device below us (ARM ARM, D17.2.37). */
#ifndef ASM_ARM_IO_H
#define ASM_ARM_IO_H

#include <xen/types.h>

#define ARM_READ(name, type, insn, reg)                                                \
	static inline type name(const volatile void *p)                                \
	{                                                                              \
		type v;                                                                \
									               \
		__asm__ volatile(insn " %" reg "0, [%1]" : "=r"(v) : "r"(p) : "memory"); \
		return v;                                                              \
	}
#define ARM_WRITE(name, type, insn, reg)                                               \
	static inline void name(type v, volatile void *p)                              \
	{                                                                              \
		__asm__ volatile(insn " %" reg "0, [%1]" : : "r"(v), "r"(p) : "memory"); \
	}

ARM_READ(readb, u8, "ldrb", "w")
ARM_READ(readw, u16, "ldrh", "w")
ARM_READ(readl, u32, "ldr", "w")
ARM_READ(readq, u64, "ldr", "x")
ARM_WRITE(writeb, u8, "strb", "w")
ARM_WRITE(writew, u16, "strh", "w")
ARM_WRITE(writel, u32, "str", "w")
ARM_WRITE(writeq, u64, "str", "x")

#undef ARM_READ
#undef ARM_WRITE

#endif
