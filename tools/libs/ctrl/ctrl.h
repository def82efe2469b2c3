/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The toolstack's hypercalls, one function for each. Layouts and numbers are those of the ABI's
 * headers (domctl and sysctl 0x15), which are Xen 4.17's.
 *
 * Unless it says otherwise a function returns 0 or -errno as the hypervisor gave it, and has told
 * the logger what it was about. A handle may be used by one thread at a time.
 */
#ifndef TOOLS_CTRL_H
#define TOOLS_CTRL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/types.h>

#include <public/xen.h>
#include <public/domctl.h>
#include <public/memory.h>
#include <public/sysctl.h>
#include <public/version.h>

struct xentoollog_logger;
struct ctl;

/**
 * How hypercalls leave the process. The real one is ctl_backend_xen; tests bring their own. All
 * slots are filled.
 */
struct ctl_backend {
	/** The backend's state; NULL with errno set, and the reason logged. */
	void *(*open)(struct xentoollog_logger *log);
	void (*close)(void *priv);
	/** Result or -errno. Pointers in @arg, and in what it points to, come from buf_alloc(). */
	long (*hypercall)(void *priv, unsigned int op, const uint64_t arg[5]);
	/** Memory that hypercalls can read and write, not cleared; NULL with errno set. */
	void *(*buf_alloc)(void *priv, size_t bytes);
	void (*buf_free)(void *priv, void *buf);
	/** Map @n pages of a domain, err[i] telling of each; NULL when none could be. */
	void *(*map)(void *priv, uint32_t domid, int prot, size_t n, const xen_pfn_t *gfn,
		     int *err);
	void (*unmap)(void *priv, void *addr, size_t n);
	/** Map the first page of a domain's grant table; *@addr is NULL when refused. Returns what
	 * unmap_grants() takes. */
	void *(*map_grants)(void *priv, uint32_t domid, void **addr);
	void (*unmap_grants)(void *priv, void *token);
};

/** Debian's stable libraries. */
extern const struct ctl_backend ctl_backend_xen;

/** NULL with errno set, the logger told. @log stays the caller's. */
struct ctl *ctl_open(const struct ctl_backend *backend, struct xentoollog_logger *log);
void ctl_close(struct ctl *ctl);
struct xentoollog_logger *ctl_log(struct ctl *ctl);

/* domctl.c: lives of domains */

/** Create a domain; *@domid is the number wanted (0: any free one) and the one given. What *@config
 * leaves to the platform is filled in. */
int ctl_domain_create(struct ctl *ctl, struct xen_domctl_createdomain *config,
		      uint32_t *domid);
/** One round of tearing down: -EAGAIN and -ERESTART mean that there is more. */
int ctl_domain_destroy(struct ctl *ctl, uint32_t domid);
int ctl_domain_pause(struct ctl *ctl, uint32_t domid);
int ctl_domain_unpause(struct ctl *ctl, uint32_t domid);
int ctl_domain_resume(struct ctl *ctl, uint32_t domid);
int ctl_domain_max_vcpus(struct ctl *ctl, uint32_t domid, uint32_t vcpus);
int ctl_domain_max_mem(struct ctl *ctl, uint32_t domid, uint64_t kib);
int ctl_domain_set_tsc(struct ctl *ctl, uint32_t domid, uint32_t mode);
int ctl_domain_set_paging_pool(struct ctl *ctl, uint32_t domid, uint64_t bytes);
/** The width of its vCPUs' registers: 32 or 64. */
int ctl_domain_set_address_size(struct ctl *ctl, uint32_t domid, uint32_t bits);
/** Registers of the machine's devices: the right to @n frames from @mfn on, mapped at @gfn. */
int ctl_domain_give_registers(struct ctl *ctl, uint32_t domid, uint64_t mfn, uint64_t n,
			      uint64_t gfn);
/** ARM: the right to a shared interrupt of the machine, under the same number. */
int ctl_domain_give_interrupt(struct ctl *ctl, uint32_t domid, uint32_t irq);
/** ARM: the DMA of the device at @path of the machine's device tree. */
int ctl_domain_give_tree_device(struct ctl *ctl, uint32_t domid, const char *path);
/** Give PCI function @sbdf (segment << 16 | bus << 8 | device << 3 | function) to the domain,
 * DOMID_IO for quarantine; take it from a domain into quarantine, or from there to dom0. */
int ctl_assign_device(struct ctl *ctl, uint32_t domid, uint32_t sbdf);
int ctl_deassign_device(struct ctl *ctl, uint32_t domid, uint32_t sbdf);
int ctl_domain_set_time_offset(struct ctl *ctl, uint32_t domid, int32_t seconds);
/** XEN_DOMCTL_SENDTRIGGER_* for one vCPU. */
int ctl_domain_trigger(struct ctl *ctl, uint32_t domid, uint32_t trigger, uint32_t vcpu);
/** Shut it down from outside with a SHUTDOWN_* reason. */
int ctl_domain_shutdown(struct ctl *ctl, uint32_t domid, uint32_t reason);
/** This very domain, not the next one: -ESRCH when it is not there. Says nothing of that. */
int ctl_domain_info(struct ctl *ctl, uint32_t domid, struct xen_domctl_getdomaininfo *info);
/** Up to @max domains from @first on; returns their number or -errno. */
int ctl_domain_list(struct ctl *ctl, uint32_t first, uint32_t max,
		    struct xen_domctl_getdomaininfo *info);

/* vcpu.c: vCPUs, affinity, register state */

int ctl_vcpu_info(struct ctl *ctl, uint32_t domid, uint32_t vcpu,
		  struct xen_domctl_getvcpuinfo *info);
/** Bit maps of @bytes bytes; NULL leaves one out. What is in effect comes back. */
int ctl_vcpu_set_affinity(struct ctl *ctl, uint32_t domid, uint32_t vcpu, uint8_t *hard,
			  uint8_t *soft, size_t bytes, bool force);
int ctl_vcpu_get_affinity(struct ctl *ctl, uint32_t domid, uint32_t vcpu, uint8_t *hard,
			  uint8_t *soft, size_t bytes);
int ctl_domain_set_node_affinity(struct ctl *ctl, uint32_t domid, const uint8_t *nodes,
				 size_t bytes);
int ctl_domain_get_node_affinity(struct ctl *ctl, uint32_t domid, uint8_t *nodes, size_t bytes);
/** Bytes of register state: with @buf NULL what is needed. Negative: -errno. */
long ctl_domain_get_context(struct ctl *ctl, uint32_t domid, void *buf, size_t bytes);
int ctl_domain_set_context(struct ctl *ctl, uint32_t domid, const void *buf, size_t bytes);
/** One vCPU's registers; only ARM's guests are started so. */
int ctl_vcpu_set_context(struct ctl *ctl, uint32_t domid, uint32_t vcpu,
			 const struct vcpu_guest_context *context);

/* sched.c: parameters of schedulers */

/** Get or put (XEN_DOMCTL_SCHEDOP_*info) a domain's parameters; @op names the scheduler. */
int ctl_sched_domain(struct ctl *ctl, uint32_t domid, struct xen_domctl_scheduler_op *op);
/** Get or put parameters of @n vCPUs, named in @vcpus: XEN_DOMCTL_SCHEDOP_*vcpuinfo. Schedulers
 * without such parameters refuse. */
int ctl_sched_vcpus(struct ctl *ctl, uint32_t domid, uint32_t sched, uint32_t cmd,
		    struct xen_domctl_schedparam_vcpu *vcpus, uint32_t n);
/** The same for the scheduler of the pool that @op names. */
int ctl_sched_global(struct ctl *ctl, struct xen_sysctl_scheduler_op *op);
/** Get or put (XEN_SYSCTL_SCHEDOP_*info) the schedule of a pool that has ARINC 653; times in ns. */
int ctl_sched_arinc653(struct ctl *ctl, uint32_t pool, uint32_t cmd,
		       struct xen_sysctl_arinc653_schedule *schedule);
int ctl_sched_id(struct ctl *ctl, uint32_t *id);

/* memory.c */

/** Populate @n extents of 2^@order pages; returns how many were, or -errno. */
long ctl_populate(struct ctl *ctl, uint32_t domid, const xen_pfn_t *gfn, size_t n,
		  unsigned int order);
int ctl_claim_pages(struct ctl *ctl, uint32_t domid, uint64_t pages);
/** The map that a guest gets from XENMEM_memory_map, entries in the ABI's form (20 bytes). */
int ctl_set_memory_map(struct ctl *ctl, uint32_t domid, const void *entries, uint32_t n);
/** ARM: let what the caches hold of @n frames from @gfn (at most 1 GiB) reach memory. */
int ctl_cache_flush(struct ctl *ctl, uint32_t domid, uint64_t gfn, uint64_t n);
/** Map pages for reading and writing. NULL and *@err set when any of them cannot be. */
void *ctl_map(struct ctl *ctl, uint32_t domid, const xen_pfn_t *gfn, size_t n, int *err);
void ctl_unmap(struct ctl *ctl, void *addr, size_t n);
/** Let @to use page @gfn of @domid by grant entry @ref, one of the ABI's reserved numbers. */
int ctl_grant_reserved(struct ctl *ctl, uint32_t domid, uint32_t ref, uint32_t to, gfn_t gfn);

/* hvm.c: parameters and event channels */

int ctl_hvm_param_set(struct ctl *ctl, uint32_t domid, uint32_t index, uint64_t value);
int ctl_hvm_param_get(struct ctl *ctl, uint32_t domid, uint32_t index, uint64_t *value);
/** A port of @domid that @remote may bind to; the port or -errno. */
int ctl_evtchn_alloc_unbound(struct ctl *ctl, uint32_t domid, uint32_t remote);

/* sysctl.c: the machine */

int ctl_physinfo(struct ctl *ctl, struct xen_sysctl_physinfo *info);
/** Entries (up to @max) or -errno; with NULL how many there are. */
int ctl_cpu_topology(struct ctl *ctl, struct xen_sysctl_cputopo *topo, uint32_t max);
/** Nodes (up to @max) or -errno; @distance has @max * @max entries. NULL arrays: how many. */
int ctl_numa_info(struct ctl *ctl, struct xen_sysctl_meminfo *mem, uint32_t *distance,
		  uint32_t max);
/** Idle times in ns; entries or -errno. */
int ctl_cpu_idle(struct ctl *ctl, struct xen_sysctl_cpuinfo *info, uint32_t max);
/** Read the hypervisor's log from its start; bytes or -errno. */
int ctl_read_console(struct ctl *ctl, char *buf, uint32_t bytes, bool clear);
/** Read on from *@index, which moves past what was read; bytes or -errno. It starts at the oldest
 * byte there is when that at *@index is gone: *@index then moves by more than the result. */
int ctl_follow_console(struct ctl *ctl, char *buf, uint32_t bytes, uint32_t *index);
int ctl_debug_keys(struct ctl *ctl, const char *keys);

/* cpupool.c: pools of CPUs; what errors mean stands in <public/sysctl.h> */

/** The pool @id or the next one; @cpus has @bytes bytes. -ENOENT: no more (not logged). */
int ctl_cpupool_info(struct ctl *ctl, uint32_t *id, uint32_t *sched, uint32_t *domains,
		     uint8_t *cpus, size_t bytes);
/** CPUs that are in no pool. */
int ctl_cpupool_free_cpus(struct ctl *ctl, uint8_t *cpus, size_t bytes);
/** *@id: the number wanted (XEN_SYSCTL_CPUPOOL_PAR_ANY: any free one), and the one given. */
int ctl_cpupool_create(struct ctl *ctl, uint32_t *id, uint32_t sched);
int ctl_cpupool_destroy(struct ctl *ctl, uint32_t id);
int ctl_cpupool_add_cpu(struct ctl *ctl, uint32_t id, uint32_t cpu);
/** -EAGAIN (not logged): the CPU is busy, ask again soon with the same arguments. */
int ctl_cpupool_remove_cpu(struct ctl *ctl, uint32_t id, uint32_t cpu);
int ctl_cpupool_move_domain(struct ctl *ctl, uint32_t id, uint32_t domid);

/* psr.c: monitoring and allocation of the last-level cache. Errors are not logged. */

/** XEN_DOMCTL_PSR_CMT_OP_*; *@rmid is what a query finds, 0 for a domain that is not attached. */
int ctl_psr_cmt(struct ctl *ctl, uint32_t domid, uint32_t cmd, uint32_t *rmid);
/** XEN_SYSCTL_PSR_CMT_*; the size of the cache is that of @cpu, in KiB. */
int ctl_psr_cmt_info(struct ctl *ctl, uint32_t cmd, uint32_t cpu, uint64_t *value);
/** XEN_SYSCTL_PSR_get_*; the command and the socket are in *@info. */
int ctl_psr_alloc_info(struct ctl *ctl, struct xen_sysctl_psr_alloc *info);
/** XEN_DOMCTL_PSR_SET_* and _GET_*. */
int ctl_psr_alloc(struct ctl *ctl, uint32_t domid, uint32_t cmd, uint32_t socket, uint64_t *mask);
/** A counter (event 1 to 3) of the cache that @cpu uses, in its own unit, and the time of reading
 * in ns. -EIO: the processor does not know it, or not now. */
int ctl_psr_counter(struct ctl *ctl, uint32_t cpu, uint32_t event, uint32_t rmid, uint64_t *count,
		    uint64_t *ns);

/* version.c */

/** XENVER_* with a structure of @bytes to fill; its result or -errno, with nothing logged. */
int ctl_version(struct ctl *ctl, unsigned int cmd, void *out, size_t bytes);

#endif
