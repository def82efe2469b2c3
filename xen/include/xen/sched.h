/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler for the rest of the hypervisor: vCPU states, pausing, waking, affinity. Policies
 * see only struct sched_unit (xen/sched/policy.h).
 */
#ifndef XEN_SCHED_H
#define XEN_SCHED_H

#include <xen/sched/policy.h>
#include <xen/timer.h>

#include <public/xen.h>
#include <public/vcpu.h>

struct vcpu;
struct domain;

/* Reasons why a vCPU may not run; it runs when none is set and pause_count is 0. */
#define VPF_BLOCKED	BIT(0)	/* SCHEDOP_block, HLT */
#define VPF_DOWN	BIT(1)	/* not (yet) online */
#define VPF_POLL	BIT(2)	/* SCHEDOP_poll */
#define VPF_MIGRATING	BIT(3)
#define VPF_DEVICE	BIT(4)	/* a device has not answered an access (xen/x86/pending.h) */

/**
 * Create scheduling data of @v and place it; it is not runnable yet (VPF_DOWN). All CPUs are
 * allowed; those of the domain's node_affinity, if it has one with CPUs, are preferred.
 */
int sched_vcpu_init(struct vcpu *v);
void sched_vcpu_destroy(struct vcpu *v);
/** Let the instance @s schedule @d, which has no vCPUs yet. Destroying may be repeated. */
int sched_domain_init(struct domain *d, struct scheduler *s);
void sched_domain_destroy(struct domain *d);
/** Tell the policy that d->handle has changed. No locks held; callers serialise. */
void sched_domain_handle(struct domain *d);

/* Bits of vcpu.switch_work: why the hooks below are to be called for a vCPU. */
#define VSW_RUNSTATE	BIT(0)	/* at each switch: the guest has a copy of its runstate */
#define VSW_PERIODIC	BIT(1)	/* once, at its next run: restarts its periodic timer */

/** What the scheduler calls when vCPUs change places. Interrupts off, no locks held. */
struct sched_hooks {
	/** @v has left its CPU but is not saved yet / is current now; its switch_work is not 0. */
	void (*switched_out)(struct vcpu *v);
	void (*switched_in)(struct vcpu *v);
	/** @v is current now on @cpu, and last ran elsewhere. */
	void (*moved)(struct vcpu *v, u32 cpu);
};
/** Set all hooks. Boot only, after sched_init(); until then no hook is called. */
void sched_set_hooks(const struct sched_hooks *hooks);
/**
 * Set @work (VSW_*) of a vCPU that is off its CPU, so that switched_in is called when it runs next.
 * False, and nothing set, when it is on a CPU now. Any context, no locks held.
 */
bool sched_at_next_run(struct vcpu *v, u32 work);

/** Bring the scheduler up on the boot CPU with the policy of sched=; then on each other CPU. */
void sched_init(void);
int sched_cpu_prepare(u32 cpu);	/* on the boot CPU, before @cpu starts: idle vCPU, run queue */

/** Numbers of CPU pools: that of the pool made at boot; any free number, for sched_create. */
#define SCHED_BOOT_POOL 0U
#define SCHED_POOL_ANY UINT32_MAX

/**
 * Instances of policies, one for each CPU pool; sched_init() makes pool 0 with all CPUs. All calls
 * below that change something are serialised by the control lock (xen/domain.h).
 *
 * sched_create: an instance without CPUs. NULL and in *@err -XEN_EEXIST (the pool's number is
 * taken) or -XEN_ENOMEM. sched_destroy: -XEN_EBUSY while it has CPUs or domains; -XEN_ERESTART: the
 * calling CPU has just left it, call again after the CPU's next decision.
 */
struct scheduler *sched_create(const struct sched_policy *policy, u32 pool_id, int *err);
int sched_destroy(struct scheduler *s);
/**
 * The instance of a pool / of the pool with the lowest number from @first on; NULL when there is
 * none. It stays until the end of the control call or RCU read section.
 */
struct scheduler *sched_pool(u32 pool_id);
struct scheduler *sched_pool_from(u32 first);
/** Domains of the instance that are not dying. */
u32 sched_nr_domains(struct scheduler *s);
/** The policy of a name in sched=, of an XEN_SCHEDULER_* number; NULL when there is none. */
const struct sched_policy *sched_find_policy(const char *name);
const struct sched_policy *sched_policy_by_id(u32 id);
/**
 * Take @cpu and its siblings out of their instance: their vCPUs go to other CPUs, and they idle.
 * When the caller's own is among them, that happens in its next decision; otherwise before the
 * return. A vCPU whose hard affinity then has no CPU left may use any. -XEN_EINVAL: @cpu is in no
 * instance; -XEN_EBUSY: these are the last ones and there are domains. The caller holds no lock but
 * the control lock, and no vCPU waits for its own, see vcpu_sleep_sync().
 */
int sched_cpu_leave(u32 cpu);
/**
 * Give @cpu and its siblings, which are free, to @s; they schedule there after sched_cpu_online().
 * -XEN_ENOMEM, or -XEN_ERESTART as above.
 */
int sched_cpu_join(u32 cpu, struct scheduler *s);
void sched_cpu_online(u32 cpu);
/** The CPUs that are in no instance and not parked. */
void sched_free_cpus(cpumask_t *cpus);
/**
 * Let @to, which has CPUs, schedule @d from now on; @d is not the caller's domain. Affinities and
 * parameters become the defaults. On failure (-XEN_ENOMEM, or what the policy says) nothing has
 * changed.
 */
int sched_move_domain(struct domain *d, struct scheduler *to);

/**
 * Take @cpu and its siblings offline: they leave pool 0 and are parked. -XEN_EINVAL: the boot CPU
 * is among them, or there is no such CPU; -XEN_EEXIST: it is offline; -XEN_ENODEV: it is in another
 * pool; -XEN_EBUSY: its pool has no other; -XEN_ERESTART: the caller's own is among them, and the
 * caller continues elsewhere: call again. Under the control lock, no other lock held.
 */
int cpu_offline(u32 cpu);
/**
 * Bring @cpu and its siblings back, into pool 0. -XEN_EINVAL: there is no such CPU; -XEN_EEXIST: it
 * is online; -XEN_EPERM: it is a core's second thread, and SMT is off; -XEN_ENOMEM.
 */
int cpu_online(u32 cpu);
/**
 * Do either to all second threads of cores. -XEN_EOPNOTSUPP: there are none; -XEN_EINVAL: cores or
 * sockets are scheduled as one; otherwise as above. When second threads cannot be parked, none is.
 */
int cpus_set_smt(bool on);
/**
 * Wait until all CPUs schedule, and park second threads or schedule cores as one, as the command
 * line says. Boot, CPUs are up, no domain yet.
 */
void cpus_settle_at_boot(void);

/**
 * How many vCPUs of a domain are one unit, which as many CPUs run together: the CPUs of a core or
 * socket as sched-gran= says, else 1. The CPUs of such a group are siblings, and vCPUs of different
 * domains never run on siblings at one time. Constant from cpus_settle_at_boot() on.
 */
extern u32 sched_width;
/** Of @cpu and its siblings, the CPU at @place, in ascending order from 0. */
u32 sched_cpu_at(u32 cpu, u32 place);
/** @cpu and its siblings. */
void sched_siblings(u32 cpu, cpumask_t *cpus);
/** All CPUs of a pool. (s->cpus has only those that its policy knows.) */
void sched_pool_cpus(const struct scheduler *s, cpumask_t *cpus);

/** The idle vCPU of a prepared CPU; current there until the first guest runs. */
struct vcpu *sched_idle_vcpu(u32 cpu);

/** Main loop of a CPU once it is up: run softirqs, then the current vCPU or idle, for ever. */
void cpu_run(void) __noreturn;

/** Stop running until an event is pending that would be delivered. Checks again for events that
 * arrived meanwhile, so that no wakeup is lost. */
void vcpu_block(struct vcpu *v);
/** A reason to run appeared: clear VPF_BLOCKED (and VPF_POLL) and queue it. Any context. */
void vcpu_unblock(struct vcpu *v);
/** Queue @v if it is runnable now; after pause flags changed. Any context. */
void vcpu_wake(struct vcpu *v);
/** Stop @v if it is not runnable; returns at once / when it is off its CPU. */
void vcpu_sleep_nosync(struct vcpu *v);
void vcpu_sleep_sync(struct vcpu *v);
void vcpu_yield(struct vcpu *v);
/** Stop @v, the current vCPU, until vcpu_device_answered(). Any context, unit's lock not held. */
void vcpu_wait_for_device(struct vcpu *v);
/** Let @v run again if it waits for a device. Any CPU. */
void vcpu_device_answered(struct vcpu *v);
/** Counted pausing. _nosync does not wait until the vCPU is off its CPU. */
void vcpu_pause(struct vcpu *v);
void vcpu_pause_nosync(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);
void domain_pause(struct domain *d);
void domain_pause_nosync(struct domain *d);
void domain_unpause(struct domain *d);
/** XEN_DOMCTL_pausedomain / unpause: its own count; -XEN_EINVAL when not paused. */
int domain_pause_by_systemcontroller(struct domain *d);
int domain_unpause_by_systemcontroller(struct domain *d);

bool vcpu_runnable(const struct vcpu *v);
/** The CPU that @v runs on, or would run on if it ran now. */
u32 vcpu_cpu(const struct vcpu *v);

/**
 * Hard/soft affinity of the unit of @v; -XEN_EINVAL when the mask has no online CPU of the domain's
 * pool. One CPU of a core or socket that is scheduled as one means all of its CPUs.
 */
int vcpu_set_affinity(struct vcpu *v, const cpumask_t *hard, const cpumask_t *soft);

/** Copy the runstate, with the current interval up to now added. */
void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *info);
/** Nanoseconds @v has run (for getdomaininfo / getvcpuinfo). */
u64 vcpu_cpu_time(const struct vcpu *v);

/**
 * Parameters of a domain, a vCPU, an instance. Callers serialise. -XEN_EINVAL: a value is out of
 * range, nothing is changed; -XEN_EOPNOTSUPP: the policy has no such parameters (it is named in
 * the log).
 */
int sched_get_domain_params(struct domain *d, struct sched_domain_params *p);
int sched_set_domain_params(struct domain *d, const struct sched_domain_params *p);
int sched_get_vcpu_params(struct vcpu *v, struct sched_unit_params *p);
int sched_set_vcpu_params(struct vcpu *v, const struct sched_unit_params *p);
int sched_get_global_params(struct scheduler *s, struct sched_global_params *p);
int sched_set_global_params(struct scheduler *s, const struct sched_global_params *p);
/** XEN_SCHEDULER_* number and name of the policy that schedules @d; UINT32_MAX, "none": it dies. */
u32 sched_id(const struct domain *d);
const char *sched_name(const struct domain *d);
/** Number of the pool of @d; pool 0 when it dies. */
u32 sched_pool_id(const struct domain *d);

#endif
