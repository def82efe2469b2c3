/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running CPU on ARMv8 (ARM ARM, D19.2.139 TPIDR_EL2): the register holds the distance from the
 * template of per-CPU variables to this CPU's copy. Guests cannot reach it.
 */
#ifndef ASM_ARM_CPU_H
#define ASM_ARM_CPU_H

#include <xen/types.h>

struct vcpu;

static inline u64 hal_percpu_offset(void)
{
	u64 v;

	/* Not volatile: the value never changes under the caller. */
	__asm__("mrs %0, tpidr_el2" : "=r"(v));
	return v;
}

/** In each CPU's area: its number, and the nesting of its interrupt handlers. */
extern u32 percpu_cpu_id, percpu_irq_depth;
/** And the vCPU that is current on it. */
extern struct vcpu *percpu_current;

static inline u32 hal_smp_cpu_id(void)
{
	return *(u32 *)((uintptr_t)&percpu_cpu_id + hal_percpu_offset());
}

static inline struct vcpu *current_vcpu(void)
{
	return *(struct vcpu **)((uintptr_t)&percpu_current + hal_percpu_offset());
}

/* The interrupt mask of PSTATE: bit 7 of DAIF, bit 1 of an immediate. */
#define HAL_IRQ_INLINE
#define DAIF_I 0x80

static inline u64 hal_irq_save(void)
{
	u64 flags;

	__asm__ volatile("mrs %0, daif; msr daifset, #2" : "=r"(flags) : : "memory");
	return flags;
}

static inline void hal_irq_restore(u64 flags)
{
	__asm__ volatile("msr daif, %0" : : "r"(flags) : "memory");
}

static inline void hal_irq_enable(void) { __asm__ volatile("msr daifclr, #2" ::: "memory"); }
static inline void hal_irq_disable(void) { __asm__ volatile("msr daifset, #2" ::: "memory"); }

static inline bool hal_irq_is_enabled(void)
{
	u64 flags;

	__asm__ volatile("mrs %0, daif" : "=r"(flags) : : "memory");
	return !(flags & DAIF_I);
}

static inline void hal_cpu_relax(void) { __asm__ volatile("yield" ::: "memory"); }

#endif
