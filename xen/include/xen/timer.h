/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One-shot timers on per-CPU heaps; handlers run in SOFTIRQ_TIMER on the timer's CPU. */
#ifndef XEN_TIMER_H
#define XEN_TIMER_H

#include <xen/list.h>

struct vcpu;

struct timer {
	s_time_t expires;	/* [heap lock of its CPU], like all below */
	u32 heap_index;		/* position in the heap, 0 when inactive */
	u32 cpu;
	bool dead;
	struct timer *next_overflow;	/* while the heap has no room */
	void (*fn)(void *arg);
	void *arg;
	struct vcpu *charged;	/* [const] pays for the handler, NULL: the hypervisor */
};

/**
 * Initialise a timer on @cpu, not armed. If a guest decides how often a timer fires, it must not
 * thereby take time from others: charge the timer to its vCPU, and let it fire at most once until
 * that vCPU has run again.
 */
void timer_init(struct timer *t, void (*fn)(void *arg), void *arg, u32 cpu);
/** Charge the time of the handler to @v, which outlives the timer. Right after timer_init(). */
static inline void timer_charge_to(struct timer *t, struct vcpu *v) { t->charged = v; }
/** Register the function that charges @ns, spent on this CPU, to @v. Boot only. */
void timer_set_biller(void (*fn)(struct vcpu *v, s64 ns));
/** (Re)arm for absolute time @expires; a past time fires at once. Any context. */
void timer_set(struct timer *t, s_time_t expires);
/** Disarm; its handler may still be running on another CPU when this returns. */
void timer_stop(struct timer *t);
/** Move to another CPU, armed or not. */
void timer_migrate(struct timer *t, u32 cpu);
/** Move all timers that are armed on @cpu to the CPU @to. Any context. */
void timer_leave_cpu(u32 cpu, u32 to);
/** Disarm for good; returns when the handler is not running. Not from its own handler. */
void timer_kill(struct timer *t);
static inline bool timer_is_active(const struct timer *t) { return t->heap_index != 0; }

/** Called by the arch's timer interrupt: raises SOFTIRQ_TIMER. */
void timer_interrupt(void);
/** Allocate the heap of a CPU before it comes online. 0 or -XEN_ENOMEM. */
int timer_cpu_prepare(u32 cpu);
void timer_init_subsystem(void);

#endif
