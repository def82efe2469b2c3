/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Per-architecture support for domains and vCPUs. */
#ifndef XEN_HAL_VCPU_H
#define XEN_HAL_VCPU_H

#include <xen/domain.h>
#include <xen/guest_access.h>
#include <xen/pci.h>

struct hypercall;
struct p2m_fmt;
struct xen_sysctl;
struct xen_sysctl_physinfo;
struct xen_dm_op;

/** Allocate the arch's wrapper of a domain / vCPU, zeroed, with its generic part inside. */
struct domain *hal_domain_alloc(void);
void hal_domain_free(struct domain *d);
struct vcpu *hal_vcpu_alloc(void);
void hal_vcpu_free(struct vcpu *v);

/**
 * Second step, after the generic fields are set. Undone by _destroy, which also accepts a partly
 * initialised object.
 */
int hal_domain_init(struct domain *d, const struct domain_config *cfg);
void hal_domain_destroy(struct domain *d);
/** @d is dying, and its vCPUs do not run any more: take back what it has of the machine, so that
 * another domain can have it. Under the control lock, or at boot; it may be called again. */
void hal_domain_relinquish(struct domain *d);
int hal_vcpu_init(struct vcpu *v);
void hal_vcpu_destroy(struct vcpu *v);

/** The vCPU that this CPU runs, which may be its idle vCPU. Any context. */
struct vcpu *hal_current_vcpu(void);
/** Make @v the vCPU that hal_current_vcpu() returns on this CPU. Interrupts disabled. */
void hal_set_current(struct vcpu *v);

/** Switch this CPU's state from @prev to @next. Interrupts disabled, run-queue lock not held. */
void hal_context_switch(struct vcpu *prev, struct vcpu *next);

/** Enter the guest @v (current) once and handle its exit. Interrupts enabled at return. */
void hal_vcpu_run(struct vcpu *v);

/**
 * An event channel upcall is pending for @v (evtchn_upcall_pending was set): arrange for the
 * callback, and make @v run or leave guest mode. Any context.
 */
void hal_vcpu_event_notify(struct vcpu *v);
/** True when an interrupt or event is pending that must end a block. Interrupts on or off. */
bool hal_vcpu_has_pending(const struct vcpu *v);
/**
 * True when the current vCPU @v takes an interrupt as soon as it goes on: one that is pending and
 * that the vCPU's interrupt flag does not hold back.
 */
bool hal_vcpu_takes_pending(const struct vcpu *v);

/**
 * Deliver physical interrupt @pirq to @v's domain through evtchn_send_pirq() from now on, shared
 * with others when @share. -XEN_EINVAL: no such interrupt, -XEN_EBUSY: in use. The domain's event
 * channel lock is held (LOCK_RANK_EVTCHN): only higher-ranked locks may be taken.
 */
int hal_pirq_bind(struct vcpu *v, u32 pirq, bool share);
/** Undo hal_pirq_bind; the same locking context. */
void hal_pirq_unbind(struct domain *d, u32 pirq);

/**
 * Let the PCI function @a send its interrupts to @d from now on, NULL: to no domain. It sends none
 * until @d asks for them, and none to the domain that had it. A guest with a PCI bus of its own
 * finds it there. 0; -XEN_ENODEV: there is no such function; -XEN_ENOSPC: the bus is full;
 * -XEN_EOPNOTSUPP: it cannot be shown there, which the log explains; -XEN_ENOMEM. After an error no
 * domain has it. Control lock; interrupts enabled.
 */
int hal_pci_give(struct domain *d, struct pci_addr a);

/** Update the guest's time page (pvclock) of @v. @v is current or not running. */
void hal_vcpu_update_time(struct vcpu *v);

/** Write the wall clock into the domain's shared info. */
void hal_domain_update_wallclock(struct domain *d);

/**
 * The groups of IOMMU streams of the device @path of the machine's device tree, entry @index: *@n
 * from *@first on, of 16 bits. -XEN_ENODEV: there is no such device, or the hypervisor uses it;
 * -XEN_ENOENT: no such entry; -XEN_EOPNOTSUPP: the machine has no device tree.
 */
int hal_device_streams(const char *path, u32 index, u32 *first, u32 *n);

/** Log, under the guests' log level, how often @d's vCPUs exited to the hypervisor and why. */
void hal_domain_report(const struct domain *d);

/** Queue an NMI for @v. Any context. */
void hal_vcpu_nmi(struct vcpu *v);

/** Copy from or to linear addresses of @v (current). Only guest_copy_in() and guest_copy_out()
 * may call these. 0 or -XEN_EFAULT; may be partial on failure. */
int hal_guest_copy_in(struct vcpu *v, void *dst, gvaddr_t src, size_t len);
int hal_guest_copy_out(struct vcpu *v, gvaddr_t dst, const void *src, size_t len);

/** The guest page that a linear address of @v (current) maps to. 0 or -XEN_EFAULT. */
int hal_guest_va_to_gfn(struct vcpu *v, gvaddr_t va, gfn_t *gfn);

/**
 * The hypercalls platform_op and physdev_op, which are about the machine: clock, firmware, CPUs,
 * interrupts and PCI. They check the caller's privilege themselves. @v is current.
 */
long hal_platform_op(struct vcpu *v, struct hypercall *hc);
long hal_physdev_op(struct vcpu *v, struct hypercall *hc);
/** The supported kinds of guests, as in XENVER_capabilities: words, each followed by a blank. */
const char *hal_capabilities(void);

/** XENMEM_memory_map, machine_memory_map, set_memory_map. */
long hal_memory_map_op(struct vcpu *v, u32 cmd, guest_ptr_t arg);

/** HVMOP_* that concern the platform (set_evtchn_upcall_vector, callback parameters). */
long hal_hvm_op(struct vcpu *v, u32 cmd, guest_ptr_t arg);
/** Can device models answer accesses of @d's vCPUs? 0 or -XEN_EOPNOTSUPP. */
int hal_ioreq_supported(const struct domain *d);
/**
 * A device model answers request @number of @v (xen/ioreq.h); @data is the value of a read. False:
 * @v does not wait for that one. Any context; event channel locks may be held.
 */
bool hal_ioreq_answer(struct vcpu *v, u64 number, u64 data);

/**
 * XEN_DMOP_* on @d that are about its platform (interrupts, cache attributes), by its device model
 * in another domain. The structure holds no results. -XEN_EOPNOTSUPP: not on this platform.
 */
long hal_dm_op(struct domain *d, const struct xen_dm_op *op);

/** A HVM_PARAM_* changed: let the platform apply it. 0, or -XEN_EINVAL to refuse. */
int hal_hvm_param_set(struct domain *d, u32 index, u64 value);

/**
 * Can a domain be created with this (flags that only the platform knows)? They go to @cfg, and what
 * @c left to the platform is filled in for the toolstack. 0 or a negative error.
 */
int hal_domain_config_check(struct xen_domctl_createdomain *c, struct domain_config *cfg);
/** Fill in arch_config and gpaddr_bits. */
void hal_domain_info(const struct domain *d, struct xen_domctl_getdomaininfo *info);

/**
 * XEN_DOMCTL_* that the generic code does not handle. When the call changes @d, it is never the
 * caller's own domain. Domctl lock held. *@copy: copy @op back to the guest, even after an error.
 */
long hal_domctl(struct vcpu *v, struct domain *d, struct xen_domctl *op, bool *copy);
/** The same for XEN_SYSCTL_*. */
long hal_sysctl(struct vcpu *v, struct xen_sysctl *op, bool *copy);
/** Fill in physinfo's CPU fields: clock, capabilities and feature words. */
void hal_physinfo(struct xen_sysctl_physinfo *info);

/** The encoder for this domain's p2m. */
const struct p2m_fmt *hal_p2m_fmt(const struct domain *d);
/**
 * When this returns, no TLB holds a translation of the @n guest frames from @start; more may be
 * flushed. p->lock held for writing, interrupts enabled.
 */
void hal_p2m_flush(struct p2m *p, gfn_t start, u64 n);

#endif
