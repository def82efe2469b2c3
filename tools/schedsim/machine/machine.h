/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulated machine on which the hypervisor's own scheduler runs.
 *
 * The files of this folder are what an architecture and the hypervisor's services (softirqs,
 * timers, locks, log, trace buffers) are to xen/sched, in virtual time. They see the hypervisor's
 * headers; the rest of the simulator sees only this one and queue.h.
 *
 * A CPU executes one event at a time. The calls below are made from events, in whose context
 * machine_cpu() is the CPU that executes.
 */
#ifndef SCHEDSIM_MACHINE_H
#define SCHEDSIM_MACHINE_H

#include <xen/types.h>

#include "queue.h"

#ifndef MACHINE_MAX_CPUS
#define MACHINE_MAX_CPUS 4096U
#endif
#define MACHINE_MAX_NODES 64U
/** The number of the CPU of what acts from outside: moves of CPUs between pools, for example. */
#define MACHINE_OBSERVER MACHINE_MAX_CPUS
/** The domain of idle vCPUs in traces. */
#define MACHINE_IDLE 0x7fffU

/** What the hypervisor's work takes, in ns. All may be 0. */
struct machine_costs {
	s64 decision;		/* from the softirq to the choice; the CPU's vCPU loses it */
	s64 context_switch;	/* from the choice to the first instruction of the next vCPU */
	s64 ipi;		/* until another CPU heeds a kick */
	s64 timer;		/* handler of a vCPU's timer, charged to that vCPU */
	s64 interrupt;		/* handler of a device's interrupt */
	s64 migration;		/* more for a vCPU that last ran on another core: cold caches */
	u32 remote;		/* percent by which computing is slower away from its memory */
};

struct machine_place {
	u32 core, socket;
	u8 node;
};

struct machine_config {
	u32 cpus;
	const struct machine_place *place;	/* [cpus] */
	const char *cmdline;		/* as the hypervisor's: sched=credit2 ... */
	struct machine_costs costs;
	u64 seed;
	/** Now and then let a trylock fail, and let other CPUs run during a context switch, as on
	 * parallel CPUs. */
	bool disturb;
	bool verbose;			/* show the hypervisor's log on stderr */
};

struct machine_vcpu;

/** What the owner of a vCPU is told; @guest is what machine_vcpu_create() got. */
struct machine_hooks {
	/** The vCPU is on @cpu now, and its first instruction is at time @from. */
	void (*runs)(void *guest, u32 cpu, s64 from);
	/** It has left its CPU now. */
	void (*stops)(void *guest);
	/** @cpu saves the state of a vCPU, which others cannot run before this returns. NULL: the
	 * machine itself lets other CPUs go on when it is disturbed. */
	void (*saves)(u32 cpu);
	/** The hypervisor took @ns from the vCPU, which is on a CPU. */
	void (*loses)(void *guest, s64 ns);
};

/** Boot; once in a process. False: *@why says what the hypervisor objected to. */
bool machine_boot(const struct machine_config *cfg, const struct machine_hooks *hooks,
		  const char **why);
u32 machine_cpus(void);
const struct machine_place *machine_place(u32 cpu);
const struct machine_costs *machine_costs(void);

/** ns since the boot. */
s64 machine_now(void);
u32 machine_cpu(void);
/** Execute the next event; false when there is none before @until, which it then is. */
bool machine_step(s64 until);
/**
 * For replaying a trace, instead of machine_step(): it is @time and @cpu executes. @cpu decides;
 * false when nothing has asked it to, by a softirq or by the end of a slice. The times of two CPUs
 * may be a little out of order, as they are on the metal.
 */
void machine_set_time(s64 time, u32 cpu);
bool machine_decide(u32 cpu);
/** Events executed so far: wakes, blocks, decisions, ends of computation. */
u64 machine_events(void);
/** Decisions taken so far, and those that changed what a CPU runs. */
u64 machine_decisions(void);
u64 machine_switches(void);
/** ns that @cpu has idled. */
s64 machine_idle(u32 cpu);
/** Since when @cpu, which idles now, has idled. */
s64 machine_idle_since(u32 cpu);
/** A number that says what all CPUs decided, and when. */
u64 machine_digest(void);

/*
 * Domains. @pool: 0 is the pool of the boot. The strings of CPUs are lists as in "0-3,8"; NULL for
 * all. Return false, and *@why, when the policy refuses.
 */
struct machine_params {
	u32 weight;		/* 0: the policy's default */
	u32 cap;		/* percent, 0: none */
	s64 period, budget;	/* ns; 0: the policy's default */
	bool extratime;
};

bool machine_domain_create(u16 domid, u32 vcpus, u32 pool, const char **why);
/** The domain, which had a UUID made of its number, has none, like those of a boot manifest. */
void machine_domain_forget_uuid(u16 domid);
/** @guest is NULL for a vCPU that stays down. */
struct machine_vcpu *machine_vcpu_create(u16 domid, u32 id, void *guest, const char **why);
bool machine_set_params(u16 domid, const struct machine_params *p, const char **why);
/** A part of arinc653's major frame. */
struct machine_window {
	u16 domid;
	u32 vcpu;
	s64 length;
};

/** These windows, one after another, are the major frame of pool 0 from now on. */
bool machine_set_windows(const struct machine_window *w, u32 nr, const char **why);
bool machine_set_affinity(struct machine_vcpu *v, const u64 *hard, const u64 *soft,
			  const char **why);
void machine_domain_destroy(u16 domid);
/** The vCPU, which is not on a CPU, leaves the scheduler for good. */
void machine_vcpu_destroy(struct machine_vcpu *v);

/* vCPUs. */
void machine_up(struct machine_vcpu *v);	/* it starts, runnable */
void machine_down(struct machine_vcpu *v);
/** While @taken, other CPUs that try the lock of @cpu's run queue (pool 0) fail. */
void machine_lock_taken(u32 cpu, bool taken);
/** The vCPU, current on this CPU, waits until machine_unblock(). */
void machine_block(struct machine_vcpu *v);
void machine_unblock(struct machine_vcpu *v);
void machine_yield(struct machine_vcpu *v);
void machine_pause(struct machine_vcpu *v);
void machine_unpause(struct machine_vcpu *v);
/** Take @ns from what @cpu runs now; the cost is @v's, unless that is NULL. */
void machine_steal(u32 cpu, s64 ns, struct machine_vcpu *v);
/** The CPU of its run queue; the CPU it is on or MACHINE_MAX_CPUS. */
u32 machine_vcpu_cpu(const struct machine_vcpu *v);
u32 machine_vcpu_runs_on(const struct machine_vcpu *v);
bool machine_vcpu_runnable(const struct machine_vcpu *v);
/** May the vCPU run on @cpu (affinity, and the CPU is in its pool)? */
bool machine_vcpu_may_use(const struct machine_vcpu *v, u32 cpu);
u64 machine_vcpu_moves(const struct machine_vcpu *v);
s64 machine_vcpu_ran(const struct machine_vcpu *v);
u16 machine_vcpu_domid(const struct machine_vcpu *v);
u32 machine_vcpu_id(const struct machine_vcpu *v);
/** The first of @cpu and its siblings, which are scheduled as one (sched-gran=). */
u32 machine_first_cpu(u32 cpu);
/** What @cpu runs, NULL: it idles. */
struct machine_vcpu *machine_current(u32 cpu);
bool machine_cpu_in_pool(u32 cpu, u32 pool);

/* CPU pools; from the observer only. */
/** Is there a policy of this name? Before the boot too. */
bool machine_has_policy(const char *name);
bool machine_pool_create(u32 pool, const char *policy, const char **why);
bool machine_pool_destroy(u32 pool);
bool machine_cpu_leave(u32 cpu);
bool machine_cpu_join(u32 cpu, u32 pool);

/** Print what the debug key `r` shows: the run queues. */
void machine_dump(void (*print)(void *arg, const char *text), void *arg);

/*
 * The trace, in the format of <public/trace.h>: bytes appended to @path when it is given. @record
 * is called for every record of scheduling with the CPU, number and words.
 */
typedef void (*machine_record_fn)(void *arg, u32 cpu, s64 time, u32 id, u32 words,
				  const u32 *word);
bool machine_trace_open(const char *path);
bool machine_trace_close(void);
void machine_trace_observe(machine_record_fn fn, void *arg);

#endif
