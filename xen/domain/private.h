/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of domain/ share among themselves. */
#ifndef DOMAIN_PRIVATE_H
#define DOMAIN_PRIVATE_H

#include <xen/domain.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>

/** Call @fn whenever a domain has shut down; any context. Boot only, one listener. */
void shutdown_set_listener(void (*fn)(void));

/** The id that a new domain gets: @wanted, or a free one for DOMID_INVALID. */
u16 domid_choose(u16 wanted);
/** Make a domain, whose id is set, findable; the list takes over its first reference. 0, or
 * -XEN_EEXIST when another has the id. */
int domlist_insert(struct domain *d);
/** No new reader or caller finds it; drops the list's reference. */
void domlist_remove(struct domain *d);

/** The vcpu_info of a vCPU that registered none: in shared_info, or a page no guest sees. */
struct vcpu_info *vcpu_info_initial(struct domain *d, u32 id);
/** Domains are born without watchdogs armed, and die without. Killing may be repeated. */
void watchdogs_init(struct domain *d);
void watchdogs_kill(struct domain *d);
/** SCHEDOP_poll: 0 (at once, or when the vCPU runs again), -XEN_EFAULT or -XEN_EINVAL. */
long sched_op_poll(struct vcpu *v, guest_ptr_t arg);
/** The handler of poll_timer. */
void vcpu_poll_timed_out(void *arg);
/** SCHEDOP_watchdog: the new watchdog's identifier, 0, or -XEN_EFAULT, -XEN_EINVAL, -XEN_ENOSPC. */
long sched_op_watchdog(struct vcpu *v, guest_ptr_t arg);
/** VCPUOP_{set,stop}_{periodic,singleshot}_timer of the current vCPU @v on itself. */
long vcpu_timer_op(struct vcpu *v, u32 cmd, guest_ptr_t arg);
/** Go on with the ticks that ceased while the vCPU was off its CPU; it runs now. */
void vcpu_periodic_resume(struct vcpu *v);
/** The vCPU now runs on @cpu: its timers follow, so that setting and firing them stays local. */
void vcpu_timers_move(struct vcpu *v, u32 cpu);
/** Bring the guest's copy of its runstate up to date; @v is current or off its CPU. */
void runstate_area_update(struct vcpu *v);
/** Drop the pages of vcpu_info and of the runstate area. */
void vcpu_areas_release(struct vcpu *v);

/** VCPUOP_register_runstate_memory_area at the current vCPU's linear address; 0 forgets it. */
int runstate_area_register(struct vcpu *v, guest_ptr_t at);
void runstate_area_release(struct vcpu *v);

/* One function a hypercall; arguments as the ABI header of each describes them. */
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
long do_domctl(struct vcpu *v, struct hypercall *hc);
long do_sysctl(struct vcpu *v, struct hypercall *hc);

/* memory_op's parts; see memory.c. They return an extent count with this bit to be continued. */
#define MEMOP_RESTART (1L << 62)
long memory_reservation_op(struct vcpu *v, struct hypercall *hc, u32 cmd, u64 start);
long memory_physmap_op(struct vcpu *v, struct hypercall *hc, u32 cmd, u64 start);
long memory_acquire_resource(struct vcpu *v, guest_ptr_t arg);

/** Owner of hypervisor pages that privileged domains may map; NULL while there are none. */
struct domain *domain_xen(void);

#endif
