/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running CPU on x86. GS holds the guest's value while its state is loaded, so per-CPU
 * information is at the top of the CPU's stack, found by masking the stack pointer.
 */
#ifndef ASM_X86_CPU_H
#define ASM_X86_CPU_H

#define STACK_ORDER 4
#define STACK_SIZE (4096 << STACK_ORDER)
#define CPU_INFO_SIZE 32

#ifndef __ASSEMBLY__

#include <xen/compiler.h>

struct vcpu;

/** At the top of each CPU's stack. Owned by that CPU. */
struct cpu_info {
	u32 cpu;
	u32 irq_depth;		/* nesting of interrupt and exception handlers */
	u64 percpu_offset;
	struct vcpu *current_vcpu;
	u64 pad;
};
BUILD_BUG_ON(sizeof(struct cpu_info) != CPU_INFO_SIZE);

static inline struct cpu_info *cpu_info(void)
{
	u64 sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (struct cpu_info *)((sp & ~(STACK_SIZE - 1UL)) + STACK_SIZE) - 1;
}

static inline u32 hal_smp_cpu_id(void) { return cpu_info()->cpu; }
static inline u64 hal_percpu_offset(void) { return cpu_info()->percpu_offset; }
static inline void hal_cpu_relax(void) { __asm__ volatile("pause" ::: "memory"); }

#endif
#endif
