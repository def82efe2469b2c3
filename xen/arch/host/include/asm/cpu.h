/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulated CPU that is running. */
#ifndef ASM_HOST_CPU_H
#define ASM_HOST_CPU_H

#include <xen/types.h>

struct vcpu;

/** Number and per-CPU offset of the running simulated CPU; set when the host port switches CPUs. */
extern u32 host_current_cpu;
extern u64 host_current_offset;

/** What x86's own files find with a CPU as well; [NR_CPUS + 1], with the observer's. */
struct cpu_info {
	struct vcpu *current_vcpu;
};
extern struct cpu_info host_cpu_info[];
static inline struct cpu_info *cpu_info(void) { return &host_cpu_info[host_current_cpu]; }

static inline u32 hal_smp_cpu_id(void) { return host_current_cpu; }
static inline u64 hal_percpu_offset(void) { return host_current_offset; }
/** A scheduling point: another simulated CPU may run. */
void hal_cpu_relax(void);

#endif
