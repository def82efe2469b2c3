/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the simulated machine. */
#ifndef SCHEDSIM_MACHINE_PRIVATE_H
#define SCHEDSIM_MACHINE_PRIVATE_H

#include <xen/assert.h>
#include <xen/domain.h>
#include <xen/hal/cpu.h>

#include "machine.h"

#define NONE NR_CPUS

struct machine_cpu_state {
	struct vcpu *current;
	s64 busy_until;		/* in a context switch until then */
	s64 idle_since, idle;	/* while it idles; in all */
	struct event schedule;	/* SOFTIRQ_SCHEDULE is pending */
};

struct machine_vcpu {
	struct vcpu v;
	void *guest;
	u32 runs_on;		/* NONE: on no CPU */
	u64 moves;		/* times it ran on another CPU than before */
};

extern struct machine_config machine_cfg;
extern struct machine_hooks machine_hooks;
extern struct machine_cpu_state machine_cpus_state[NR_CPUS];
extern s64 machine_time;

static inline struct machine_vcpu *machine_of(struct vcpu *v)
{
	return container_of(v, struct machine_vcpu, v);
}

/** Run @fn with @cpu as the executing CPU. */
static inline u32 machine_enter_cpu(u32 cpu)
{
	u32 before = host_current_cpu;

	host_current_cpu = cpu;
	return before;
}

/** A pseudo-random number; the same sequence for the same seed. */
u32 machine_random(void);

/* services.c */
void services_run_rcu(void);
/** Fire the timers of @cpu that are due; false when there is none. */
bool services_expire(u32 cpu);
extern void (*services_biller)(struct vcpu *v, s64 ns);
extern void (*services_dump_key)(char key);
/** The last line that the hypervisor printed as a warning or worse; "" when there is none. */
const char *services_last_warning(void);
void services_capture(void (*print)(void *arg, const char *text), void *arg);

/* trace.c */
void trace_start(void);

#endif
