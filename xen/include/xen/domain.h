/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains and vCPUs: the structures that all parts of the hypervisor share. Each subsystem has a
 * pointer to its own state here; an architecture embeds struct domain and struct vcpu in its own
 * structures (container_of).
 */
#ifndef XEN_DOMAIN_H
#define XEN_DOMAIN_H

#include <xen/mm.h>
#include <xen/nospec.h>
#include <xen/rangeset.h>
#include <xen/rcu.h>
#include <xen/sched.h>
#include <xen/tasklet.h>

#include <public/xen.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <public/domctl.h>

struct compat_layout;
struct p2m;
struct evtchn_domain;
struct evtchn_vcpu;
struct grant_table;
struct ioreq_domain;
struct domain_iommu;

/** A registered structure in guest memory, held and mapped; may cross one page boundary. */
struct guest_area {
	struct page_info *page[2];
	u32 offset, len;	/* len 0: none */
	const struct compat_layout *layout;	/* the guest's layout; NULL: the native one */
};

struct vcpu {
	u32 id;			/* [const] */
	struct domain *domain;	/* [const] */
	struct sched_unit unit;		/* its own; unused while it is part of another vCPU's */
	struct sched_unit *part_of;	/* the unit that it is part of [unit's lock to change] */
	/* For sched/watchdog.c [run-queue lock of the unit] */
	s_time_t sched_waits_since;
	bool sched_stall_told;

	/* Scheduling [run-queue lock unless atomic] */
	bool running;			/* on a CPU now; cleared once its state is saved */
	u32 last_cpu;			/* where it last ran, NR_CPUS: nowhere [own CPU] */
	unsigned long pause_flags;	/* VPF_*, atomic */
	u32 pause_count;		/* atomic */
	struct vcpu_runstate_info runstate;
	u32 poll_evtchn;		/* port polled for; 0 none, ~0 several */
	struct timer poll_timer;
	bool is_initialised;		/* state loaded, may be brought up [domain lock] */
	bool caller_is_32bit;		/* its last hypercall came from 32-bit mode [own CPU] */

	/* The guest's own copies; NULL until registered [domain lock to change] */
	struct vcpu_info *vcpu_info;	/* hypervisor mapping; never NULL once created */
	struct page_info *vcpu_info_page;
	u32 switch_work;		/* VSW_*: requests for the hooks at a switch; atomic */
	struct guest_area runstate_area;	/* [area_lock] */
	struct spinlock area_lock;	/* any vCPU may register; vCPU switches write */

	/* Timers of VCPUOP_set_*_timer */
	struct timer singleshot_timer;
	struct timer periodic_timer;
	s_time_t periodic_period, periodic_last;

	struct evtchn_vcpu *evtchn;	/* owned by domain/evtchn */
};

/** The most watchdogs of a domain at once (SCHEDOP_watchdog), as many as on Xen. */
#define DOMAIN_WATCHDOGS 2

enum domain_dying { DOM_ALIVE, DOM_DYING, DOM_DEAD };

struct domain {
	u16 id;				/* [const] */
	u8 dying;			/* enum domain_dying [domain lock], read without */
	bool is_hardware;		/* dom0 */
	bool is_privileged;		/* may use domctl, sysctl, platform_op */
	bool is_mapped_1to1;		/* gfn == mfn */
	bool is_idle;
	bool creation_finished;		/* was unpaused: creation-only calls are refused */
	bool reap;			/* [const] destroyed by the hypervisor after its shutdown */
	u32 refs;			/* atomic; the domain list holds one */
	struct list_head link;		/* domain list [domlist lock, RCU readers] */
	struct rcu_head rcu;
	void (*free)(struct rcu_head *rcu);	/* [const] called a grace period after refs is 0 */
	struct spinlock lock;		/* the domain lock */

	u32 max_vcpus;			/* [const] size of vcpu[] */
	struct vcpu **vcpu;		/* slots filled once, never emptied before destruction */

	/* Memory [page_lock] */
	struct spinlock page_lock;
	struct list_head page_list;	/* its pages; while it dies, those not yet released */
	struct list_head released_list;	/* released as it dies, and still used by others */
	struct domain_chunk {
		struct page_info *pg;	/* NULL: none */
		u32 order;
		u64 next;		/* the first part that the domain does not have yet */
	} chunk;			/* it gets this one part by part: alloc_domain_part() */
	u64 tot_pages, max_pages;
	u64 outstanding_claim;
	u8 node_affinity;		/* preferred NUMA node or NUMA_NO_NODE */

	struct shared_info *shared_info;	/* hypervisor mapping, from creation on */
	struct page_info *shared_info_page;
	bool shared_info_is_32bit;	/* its layout (xen/shared_info.h); atomic */

	struct p2m *p2m;
	struct evtchn_domain *evtchn;
	struct grant_table *gnttab;
	struct domain_iommu *iommu;	/* owned by domain/iommu.c; NULL: no devices of its own */
	struct ioreq_domain *ioreq;	/* owned by domain/ioreq; NULL: no device model yet */

	struct rangeset iomem_caps, irq_caps, ioport_caps;	/* [domain lock] */

	/* Shutdown [domain lock] */
	bool is_shutting_down, is_shut_down;
	u32 shutdown_code;		/* SHUTDOWN_* */
	u32 suspend_evtchn;		/* port to send on when shut down; 0: none */
	u32 watchdogs_taken;		/* a bit for each that the guest holds */
	struct timer watchdog[DOMAIN_WATCHDOGS];
	u32 controller_pause_count;
	u32 pause_count;		/* atomic */

	/* Parameters HVM_PARAM_* [domain lock] */
	u64 *hvm_params;

	u32 config_flags;		/* XEN_DOMCTL_CDF_* */
	xen_domain_handle_t handle;
	char name[32];			/* from the boot manifest; else "" */
	u64 vm_assist;
	s_time_t created_at;
	s64 time_offset_seconds;
	struct scheduler *sched;	/* the instance that schedules its vCPUs */
	void *sched_priv;		/* the policy's per-domain data */
	bool pages_hold_domain;		/* dead, but its pages are in use [page_lock] */
	struct tasklet emptied;		/* scheduled when its last page is freed */
};

extern struct domain *hardware_domain;	/* dom0, NULL before it is built */

static inline bool is_idle_vcpu(const struct vcpu *v) { return v->domain->is_idle; }

#define for_each_vcpu(d, v)                                                    \
	for (u32 i_ = 0; i_ < (d)->max_vcpus; i_++)                            \
		if (((v) = (d)->vcpu[i_]) != NULL)

/** vCPU @id, a number that may come from a guest; NULL when it is too large or not created. */
static inline struct vcpu *domain_vcpu(const struct domain *d, u32 id)
{
	if (id >= d->max_vcpus)
		return NULL;
	return __atomic_load_n(&d->vcpu[array_index_nospec(id, d->max_vcpus)], __ATOMIC_ACQUIRE);
}

/** The parameters for creating a domain (from domctl, boot manifest or dom0 builder). */
struct domain_config {
	u16 domid;			/* DOMID_INVALID: choose */
	u32 flags;			/* XEN_DOMCTL_CDF_* */
	u32 max_vcpus;
	u32 pool_id;			/* its CPU pool */
	u32 max_evtchn_port;		/* highest port allowed; 0 means the ABI's maximum */
	u32 max_grant_frames, max_maptrack_frames, max_grant_version;
	u64 max_pages;
	bool is_hardware, is_privileged;
	u8 node;
	xen_domain_handle_t handle;
	char name[32];
	u32 emulation_flags;		/* XEN_X86_EMU_* */
	u32 nr_spis;			/* ARM: shared interrupts, a multiple of 32; 0: the least */
};

/**
 * Create a paused domain without vCPUs. On failure returns the error in *@err and no domain:
 * -XEN_EINVAL, -XEN_ENOMEM, -XEN_EEXIST (the id is taken), -XEN_ENOENT (no such CPU pool, or one
 * without CPUs). Under the control lock, or at boot.
 */
struct domain *domain_create(const struct domain_config *cfg, int *err);
/** Create vCPU @id of @d, offline. -XEN_EEXIST, -XEN_EINVAL, -XEN_ENOMEM. The domain
 * lock is not held; under the control lock, or at boot. */
int domain_vcpu_create(struct domain *d, u32 id);
/** Find and take a reference; NULL when there is none (or it is dead). Drop with domain_put. */
struct domain *domain_get_by_id(u16 domid);
void domain_get(struct domain *d);
void domain_put(struct domain *d);
/**
 * The domain after @d in order of id, the first one for NULL; NULL at the end. Between
 * rcu_read_lock() and rcu_read_unlock(); to keep a domain for longer, take a reference.
 */
struct domain *domain_next(const struct domain *d);

/**
 * The lock of all calls that create, control or destroy domains, or change CPU pools and CPUs.
 * It is only tried, never spun for; a hypercall that does not get it returns -XEN_ERESTART.
 */
bool control_trylock(void);
void control_unlock(void);

/**
 * XEN_DOMCTL_destroydomain; under the control lock, or at boot. 0 when all is torn down,
 * -XEN_ERESTART to call again.
 */
int domain_kill(struct domain *d);
/** Shut @d down, on its request (SCHEDOP_shutdown) or after a failure: stop all vCPUs and tell dom0
 * by VIRQ_DOM_EXC. For the hardware domain: reboot or power off the machine. */
void domain_shutdown(struct domain *d, u32 reason);
void domain_resume(struct domain *d);
/** Shut @d down with SHUTDOWN_crash, as it cannot continue. Logs the reason once. */
void domain_crash(struct domain *d, const char *fmt, ...) __printf_like(2, 3);

/** Route console input to the hardware domain. Boot. */
void console_io_init(void);

/** Pin and map a guest page for the hypervisor (shared rings, vcpu_info). NULL unless it is the
 * domain's own RAM: another's page does not keep that domain. */
void *map_guest_page(struct domain *d, gfn_t gfn, struct page_info **page);
void unmap_guest_page(void *va, struct page_info *page);
/**
 * Remove the mapping at @gfn; a RAM page there returns to the heap. The caller then maps with
 * p2m_map_new(): a page that another vCPU mapped there meanwhile must not be replaced, as it would
 * never be freed.
 */
void guest_page_vacate(struct domain *d, gfn_t gfn);
/** Map a frame of the hypervisor there instead. 0, -XEN_EEXIST (a race), -XEN_ENOMEM. */
int guest_page_place(struct domain *d, gfn_t gfn, mfn_t mfn);

/** Set the scheduler's hooks and the debug keys of domains. Boot, after sched_init(). */
void domains_init(void);

/** The timers that a guest sets by hypercalls; killing them may be repeated. */
void vcpu_timers_init(struct vcpu *v);
void vcpu_timers_kill(struct vcpu *v);

/**
 * Make the current vCPU wait until one of @nr_ports event channels is pending, or any event is, or
 * the system time is @timeout (ns, 0: never). 0 or -XEN_EINVAL (a port that does not exist).
 */
int vcpu_poll(struct vcpu *v, u32 nr_ports, const evtchn_port_t *ports, s_time_t timeout);

#endif
