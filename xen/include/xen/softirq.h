/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deferred work of a CPU, run with interrupts enabled before it returns to a guest. A CPU runs no
 * guest while softirqs are pending. So a guest may decide how often a softirq is raised only if its
 * vCPU is charged (docs/design.md, "Work outside of a vCPU's own time").
 */
#ifndef XEN_SOFTIRQ_H
#define XEN_SOFTIRQ_H

#include <xen/percpu.h>

/* In order of urgency. SCHEDULE is last: the others may wake vCPUs. */
enum softirq {
	SOFTIRQ_TIMER,
	SOFTIRQ_RCU,
	SOFTIRQ_TASKLET,
	SOFTIRQ_TRACE,
	SOFTIRQ_SCHEDULE,
	NR_SOFTIRQS
};

/** Register the handler of a softirq. Boot only. */
void softirq_register(enum softirq nr, void (*fn)(void));
/** Make @nr pending here / on @cpu (with an IPI when it is another CPU). Any context. */
void softirq_raise(enum softirq nr);
void softirq_raise_cpu(u32 cpu, enum softirq nr);

/** A bit for each softirq that is pending on a CPU; here for softirq_pending() to be inlined. */
DECLARE_PER_CPU(u32, softirq_bits);

/** Is one pending on this CPU? */
static inline bool softirq_pending(void)
{
	return __atomic_load_n(&this_cpu(softirq_bits), __ATOMIC_RELAXED) != 0;
}

/** Run what is pending until nothing is. Interrupts enabled, no locks held. */
void softirq_run(void);

#endif
