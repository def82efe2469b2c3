/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running CPU, as the generic code needs it. Implemented by each arch. */
#ifndef XEN_HAL_CPU_H
#define XEN_HAL_CPU_H

#include <xen/types.h>

/*
 * These three are on the hottest paths, so each architecture gives them inline:
 *   u32 hal_smp_cpu_id(void);     number of this CPU; it never changes under the caller, as the
 *                                 hypervisor is not preemptible
 *   u64 hal_percpu_offset(void);  percpu_offset[hal_smp_cpu_id()]
 *   void hal_cpu_relax(void);     hint in a spin loop; on the host port a scheduling point
 */
#include <asm/cpu.h>

/* An architecture may give these five inline as well, and then says so by this name. */
#ifndef HAL_IRQ_INLINE
/** Disable interrupts; returns the former state. */
u64 hal_irq_save(void);
void hal_irq_restore(u64 flags);
void hal_irq_enable(void);
void hal_irq_disable(void);
bool hal_irq_is_enabled(void);
#endif
/** True inside an interrupt or exception handler. */
bool hal_in_irq(void);

/**
 * Idle this CPU until an interrupt arrives. Call with interrupts disabled and nothing pending;
 * returns with interrupts enabled.
 */
void hal_cpu_idle_wait(void);

/**
 * Zero @n (not 0) pages that will not be read soon, bypassing the caches so that those keep their
 * contents. The zeros are visible to other CPUs on return. Any context.
 */
void hal_zero_pages(void *va, u64 n);

/** Stop this CPU forever with interrupts off. */
void hal_cpu_halt(void) __attribute__((noreturn));

/** Print registers and a symbolised backtrace of this CPU. Any context. */
void hal_cpu_dump_state(void);

#endif
