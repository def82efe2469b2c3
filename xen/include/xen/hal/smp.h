/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between CPUs. Any context unless stated otherwise. */
#ifndef XEN_HAL_SMP_H
#define XEN_HAL_SMP_H

#include <xen/cpumask.h>

/** Make @cpu check its softirqs: it leaves its guest or idle. No effect on the calling CPU. */
void hal_smp_kick(u32 cpu);

/**
 * Run @fn on every CPU of @mask (this one included when set), in IRQ context there. With @wait,
 * return after all have finished. Interrupts enabled; hold no spinlocks that @fn takes.
 */
void hal_smp_call(const cpumask_t *mask, void (*fn)(void *arg), void *arg, bool wait);
/** No interrupt handler that began before is still running (core/cpu.c). As hal_smp_call(). */
void smp_wait_for_handlers(void);

/** NUMA node of a CPU. */
u8 hal_cpu_to_node(u32 cpu);
/** Topology: core and socket (package) numbers as the CPU reports them. */
u32 hal_cpu_to_core(u32 cpu);
u32 hal_cpu_to_socket(u32 cpu);

/** Stop all other CPUs (panic, shutdown). */
void hal_smp_stop_others(void);

#endif
