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

static inline void irq_enable(void) { __asm__ volatile("msr daifclr, #2" ::: "memory"); }
static inline void irq_disable(void) { __asm__ volatile("msr daifset, #2" ::: "memory"); }

static inline void hal_cpu_relax(void) { __asm__ volatile("yield" ::: "memory"); }

#endif
