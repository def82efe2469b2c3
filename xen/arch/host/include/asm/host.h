/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulated machine, for tests, fuzzers and the scheduler simulator.
 *
 * One process, one thread. Each simulated CPU is a stack of its own. At scheduling points
 * (interrupt flag changes, so each lock operation too, and hal_cpu_relax) a seeded generator picks
 * the CPU that runs next. Time is virtual: it advances a few ns at each point, and jumps when all
 * CPUs wait. The same seed gives exactly the same run.
 *
 * Before host_start() the program runs as CPU 0, like boot code on hardware; that is enough to test
 * most code. After it, the program is an observer with a CPU number above all others: it may call
 * the hypervisor, its calls interleave with the CPUs' work, and it is never scheduled.
 */
#ifndef ASM_HOST_HOST_H
#define ASM_HOST_HOST_H

#include <xen/domain.h>

struct host_config {
	u64 seed;
	u32 cpus;
	u64 ram_bytes;
	/* 0 means 1, 4 and 1. */
	u32 threads_per_core, cores_per_socket, sockets_per_node;
	const char *cmdline;		/* may be NULL */
};

/** Per-CPU areas, parameters, memory. Once per process (see host_isolated). */
void host_boot(const struct host_config *cfg);
/** The same with defaults. */
void host_init(u64 seed, u32 cpus, u64 ram_bytes);
/** Timers, scheduler, all CPUs. From here on the caller is the observer. */
void host_start(void);

enum host_stop { HOST_STOP_TIME, HOST_STOP_IDLE, HOST_STOP_ASKED };
/** Let the CPUs run until virtual time @until, until all idle and no timer is armed, or until
 * host_stop() is called. */
enum host_stop host_run(s_time_t until);
static inline enum host_stop host_run_until_idle(void) { return host_run(INT64_MAX); }

/** From a guest's step: let host_run() return soon. */
void host_stop(void);

/** Let the rest of the run depend on @seed. */
void host_reseed(u64 seed);
/** The next number of the run's own generator, for tests whose choices should follow the seed. */
u64 host_random(void);
/** 0 <= result < @n. */
u32 host_random_below(u32 n);
/** Advance the clock by hand; only before host_start(). */
void host_advance(s_time_t ns);
/** Act as CPU @cpu from now on, to test code for several CPUs; only before host_start(). */
void host_become_cpu(u32 cpu);

/** Let this CPU wait until @until or an interrupt, whatever its interrupt flag is. */
void host_wait(s_time_t until);
/** When this CPU's timer interrupts, in ns of system time; INT64_MAX: never. */
s_time_t host_timer_deadline(void);
/** True when an interrupt is pending for @cpu. */
bool host_irq_waits(u32 cpu);

/* ---- synthetic guests ---- */

/** One step of a guest: called on the vCPU's CPU with interrupts enabled each time the work set
 * by the last step is done. It may call the hypervisor as a hypercall would, then returns. */
typedef void (*host_guest_fn)(struct vcpu *v, void *arg);

/** Set what @v runs from its next entry on; without a program it blocks forever. */
void host_guest_set(struct vcpu *v, host_guest_fn fn, void *arg);
/** From a step: the guest will compute for @ns of its CPU's time before the next step. */
void host_guest_compute(struct vcpu *v, s_time_t ns);
/**
 * From a step: access a device. If its model is in another domain, the next step comes when it has
 * answered. Returns an enum ioreq_rc (xen/ioreq.h).
 */
struct ioreq_access;
u32 host_guest_access(struct vcpu *v, const struct ioreq_access *a);
/** Upcalls delivered to @v so far. */
u64 host_guest_upcalls(const struct vcpu *v);
/** Virtual time at which @v last entered guest mode. */
s_time_t host_guest_entered(const struct vcpu *v);
/** The vCPU loaded on @cpu; the idle vCPU when none. */
struct vcpu *host_cpu_current(u32 cpu);

/* ---- guest memory ---- */

/*
 * In hypercalls a pointer below 1 TiB is a guest physical address of the calling domain; any other
 * is an address of this process, so that tests can pass their own buffers.
 */
/** Make guest accesses to [p, p + len) fail with -XEN_EFAULT; NULL removes all such ranges. */
void host_guest_fault(const void *p, size_t len);
/** From the first call on, only such ranges and the caller's stack are valid addresses of this
 * process: for guests that pass garbage. NULL removes all ranges and the restriction. */
void host_guest_allow(const void *p, size_t len);

/* ---- domains that start at boot (xen/boot.h) ---- */

/** Hand over a copy of a boot module, as a boot loader does. Before boot_domains_build(). */
void host_module_add(const void *data, size_t len, const char *cmdline);
/** The same for all modules of a bundle; the result is as of bundle_read(). */
int host_bundle_add(const void *archive, size_t len, char *why, size_t why_len);
/** Where the built vCPU @v starts; *@start_info is the guest physical address of its start info. */
u64 host_guest_start(const struct vcpu *v, u64 *start_info);

/* ---- the event log ---- */

/** Mix an event into the run's hash. The port does so for every switch of CPU and of vCPU. */
void host_log(u32 kind, u64 a, u64 b);
u64 host_log_hash(void);
u64 host_log_count(void);

/* ---- runs of their own ---- */

/** How an isolated run ended. */
struct host_outcome {
	int status;		/* exit status of the child, 128 + signal when killed */
	bool panicked, restarted, powered_off, halted;
	u64 hash, events;
	s_time_t end;
	u64 value[16];		/* for the test's own results, through host_result() */
	u32 console_len;
	char console[64 << 10];	/* the beginning of the hypervisor's output */
};

/**
 * Run @fn(@arg) in a child process, so that it starts from a fresh hypervisor and may panic. The
 * result is overwritten by the next call. cmocka's assertions do not work in @fn: use HOST_CHECK.
 */
const struct host_outcome *host_isolated(void (*fn)(void *arg), void *arg);
/** Where the child leaves its results; called from inside. */
struct host_outcome *host_result(void);
/** True when @fn panics with a message that contains @text. */
bool host_panics(void (*fn)(void *arg), void *arg, const char *text);

void host_check_failed(const char *what, const char *file, int line) __noreturn;
#define HOST_CHECK(c)                                                  \
	do {                                                           \
		if (!(c))                                              \
			host_check_failed(#c, __FILE__, __LINE__);     \
	} while (0)

#endif
