/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the hypervisor-side files of the host port. */
#ifndef ARCH_HOST_PRIVATE_H
#define ARCH_HOST_PRIVATE_H

#include <xen/cpumask.h>
#include <xen/guest_map.h>
#include <asm/host.h>

#define NO_CPU (~0U)
#define MAX_CALLS 64

enum host_cpu_state {
	CPU_ABSENT,
	CPU_RUNS,		/* executes code */
	CPU_WAITS,		/* for an interrupt or for @wait_until */
	CPU_HALTED,
};

/** A function that another CPU wants called on this one. */
struct host_call {
	void (*fn)(void *arg);
	void *arg;
	u32 *left;		/* CPUs that have not finished; NULL: the caller does not wait */
};

struct host_cpu {
	enum host_cpu_state state;
	bool irq_on, in_irq;
	bool kicked;
	s_time_t timer;		/* INT64_MAX: not programmed */
	s_time_t wait_until;
	u32 nr_calls;
	struct host_call call[MAX_CALLS];
};

extern struct host_cpu host_cpus[NR_CPUS + 1];
extern struct host_config host_cfg;
extern s_time_t host_clock;
extern u32 host_observer;	/* number of the observer's CPU; NO_CPU before host_start */

struct host_domain {
	struct domain d;
	struct guest_map map;
};

struct host_vcpu {
	struct vcpu v;
	host_guest_fn fn;
	void *arg;
	s_time_t compute_left;
	u64 upcalls;
	s_time_t entered;
	bool irq_pending;
	u64 requests, asked;	/* to device models; the number of the one that waits, 0: none */
	u64 entry, start_info;	/* as its builder set them; 0 when not built at boot */
	u32 loaded_on;		/* CPU that holds its state, NO_CPU when it is in memory */
};

static inline struct host_vcpu *host_vcpu(const struct vcpu *v)
{
	return container_of((struct vcpu *)v, struct host_vcpu, v);
}

void host_set_cpu(u32 cpu);
void host_memory_init(void);
void host_seed(u64 seed);

extern const struct console_dev host_console;

/* reads.c: a read of that many bytes at @p follows. */
void __sanitizer_cov_load1(const void *p);
void __sanitizer_cov_load2(const void *p);
void __sanitizer_cov_load4(const void *p);
void __sanitizer_cov_load8(const void *p);
void __sanitizer_cov_load16(const void *p);

enum host_event { EV_CPU = 1, EV_VCPU, EV_IRQ, EV_GUEST, EV_USER = 16 };

#endif
