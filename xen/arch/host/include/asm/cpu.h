/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulated CPU that is running. */
#ifndef ASM_HOST_CPU_H
#define ASM_HOST_CPU_H

#include <xen/types.h>

/** Number and per-CPU offset of the running simulated CPU; set when the host port switches CPUs. */
extern u32 host_current_cpu;
extern u64 host_current_offset;

static inline u32 hal_smp_cpu_id(void) { return host_current_cpu; }
static inline u64 hal_percpu_offset(void) { return host_current_offset; }
/** A scheduling point: another simulated CPU may run. */
void hal_cpu_relax(void);

#endif
