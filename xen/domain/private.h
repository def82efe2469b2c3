/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of domain/. */
#ifndef DOMAIN_PRIVATE_H
#define DOMAIN_PRIVATE_H

#include <xen/domain.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>

/** Have @fn called, in any context, whenever a domain has shut down. Boot only, one listener. */
void shutdown_set_listener(void (*fn)(void));

/** The id for a new domain: @wanted, or a free one for DOMID_INVALID. */
u16 domid_choose(u16 wanted);
/** Add a domain, whose id is set, to the list, which takes over its first reference. 0, or
 * -XEN_EEXIST when another domain has the id. */
int domlist_insert(struct domain *d);
/** Take the domain off the list, so that it is not found any more; drops the list's reference. */
void domlist_remove(struct domain *d);

/** The vcpu_info of a vCPU that registered none: in shared_info, or a dummy no guest sees. */
struct vcpu_info *vcpu_info_initial(struct domain *d, u32 id);
/** Initialise / stop the watchdogs of a domain. Stopping may be repeated. */
void watchdogs_init(struct domain *d);
void watchdogs_kill(struct domain *d);
/** SCHEDOP_poll: 0, -XEN_EFAULT or -XEN_EINVAL. The vCPU may have to wait after the return. */
long sched_op_poll(struct vcpu *v, guest_ptr_t arg);
/** The handler of poll_timer. */
void vcpu_poll_timed_out(void *arg);
/** SCHEDOP_watchdog: the new watchdog's identifier, 0, or -XEN_EFAULT, -XEN_EINVAL, -XEN_ENOSPC. */
long sched_op_watchdog(struct vcpu *v, guest_ptr_t arg);
/** VCPUOP_{set,stop}_{periodic,singleshot}_timer of the current vCPU @v on itself. */
long vcpu_timer_op(struct vcpu *v, u32 cmd, guest_ptr_t arg);
/** Restart the periodic timer that stopped while the vCPU was off its CPU; it runs now. */
void vcpu_periodic_resume(struct vcpu *v);
/** The vCPU now runs on @cpu: move its timers there, so that setting and firing stay local. */
void vcpu_timers_move(struct vcpu *v, u32 cpu);
/** Will one of the vCPU's timers fire? For assertions. */
bool vcpu_timers_active(const struct vcpu *v);
/** Bring the guest's copy of its runstate up to date; @v is current or off its CPU. */
void runstate_area_update(struct vcpu *v);
/** Drop the pages of vcpu_info and of the runstate area. */
void vcpu_areas_release(struct vcpu *v);

/** VCPUOP_register_runstate_memory_area at the current vCPU's linear address; 0 forgets it. */
int runstate_area_register(struct vcpu *v, guest_ptr_t at);
void runstate_area_release(struct vcpu *v);

/* One function for each hypercall, with the arguments of its ABI header. */
long do_memory_op(struct vcpu *v, struct hypercall *hc);
long do_sched_op(struct vcpu *v, struct hypercall *hc);
long do_vcpu_op(struct vcpu *v, struct hypercall *hc);
long do_hvm_op(struct vcpu *v, struct hypercall *hc);
long do_xen_version(struct vcpu *v, struct hypercall *hc);
long do_console_io(struct vcpu *v, struct hypercall *hc);
long do_event_channel_op(struct vcpu *v, struct hypercall *hc);
long do_grant_table_op(struct vcpu *v, struct hypercall *hc);
long do_multicall(struct vcpu *v, struct hypercall *hc);
long do_vm_assist(struct vcpu *v, struct hypercall *hc);
long do_set_timer_op(struct vcpu *v, struct hypercall *hc);
long do_dm_op(struct vcpu *v, struct hypercall *hc);
long do_domctl(struct vcpu *v, struct hypercall *hc);
long do_sysctl(struct vcpu *v, struct hypercall *hc);

/* Parts of memory_op (memory.c). To be continued, they return an extent count with this bit. */
#define MEMOP_RESTART (1L << 62)
long memory_reservation_op(struct vcpu *v, struct hypercall *hc, u32 cmd, u64 start);
long memory_physmap_op(struct vcpu *v, struct hypercall *hc, u32 cmd, u64 start);
/** XENMAPSPACE_gmfn: move the page of @d at @from to @to. 0 or -XEN_EINVAL, -XEN_ENOMEM. */
int memory_move_gfn(struct domain *d, gfn_t from, gfn_t to);
long memory_acquire_resource(struct vcpu *v, guest_ptr_t arg);

/** Owner of hypervisor pages that privileged domains may map; NULL while there are none. */
struct domain *domain_xen(void);

#endif
