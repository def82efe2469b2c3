/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of XEN_DOMCTL_* and XEN_SYSCTL_*. */
#ifndef DOMCTL_H
#define DOMCTL_H

#include <xen/pci.h>

#include "private.h"

#include <public/domctl.h>
#include <public/sysctl.h>

/**
 * Handlers of XEN_DOMCTL_*. @v is the caller, @d the domain that @op names (referenced; NULL for
 * handlers that find it themselves). They read and change the copy @op. Domctl lock held.
 */
typedef long (*domctl_fn)(struct vcpu *v, struct domain *d, struct xen_domctl *op);

/* domctl_life.c */
long domctl_create(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_destroy(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_pause(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_unpause(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_resume(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_max_vcpus(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_max_mem(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_set_handle(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_time_offset(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_subscribe(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_trigger(struct vcpu *v, struct domain *d, struct xen_domctl *op);

/* domctl_info.c */
long domctl_getdomaininfo(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_getvcpuinfo(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_getpageframeinfo(struct vcpu *v, struct domain *d, struct xen_domctl *op);
/** Fill @info with the toolstack's view of @d. */
void domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* domctl_affinity.c */
long domctl_set_vcpu_affinity(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_get_vcpu_affinity(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_set_node_affinity(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_get_node_affinity(struct vcpu *v, struct domain *d, struct xen_domctl *op);

/* sched_params.c */
long domctl_scheduler(struct vcpu *v, struct domain *d, struct xen_domctl *op);

/* domctl_perm.c */
long domctl_irq_permission(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_iomem_permission(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_ioport_permission(struct vcpu *v, struct domain *d, struct xen_domctl *op);

/* domctl_device.c */
long domctl_assign_device(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_test_assign_device(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_deassign_device(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long domctl_device_group(struct vcpu *v, struct domain *d, struct xen_domctl *op);

/* domctl_owner.c */
/** The domain that @op names, with a reference, and not @v's own; NULL and no error: DOMID_IO. */
struct domain *domctl_named_or_io(struct vcpu *v, const struct xen_domctl *op, int *err);
/** Is a function, or stream, in quarantine or the hardware domain's? */
bool domctl_function_is_free(struct pci_addr a);

/* domctl_tree_device.c */
/** The first three for a device of the machine's device tree: all of its streams or none. */
long domctl_tree_device(struct vcpu *v, const struct xen_domctl *op);

/* domctl_mapping.c */
long domctl_memory_mapping(struct vcpu *v, struct domain *d, struct xen_domctl *op);

/**
 * Convert between bitmaps of the ABI, of any length, and ours. Bits that do not fit are dropped;
 * missing bits are zero. @nbits: a multiple of 64. 0, -XEN_EFAULT, or -XEN_EINVAL for an invalid
 * length.
 */
int xenctl_bitmap_in(struct vcpu *v, unsigned long *map, u32 nbits, const struct xenctl_bitmap *b);
int xenctl_bitmap_out(struct vcpu *v, const struct xenctl_bitmap *b, const unsigned long *map,
		      u32 nbits);

/** Handlers of XEN_SYSCTL_*. */
typedef long (*sysctl_fn)(struct vcpu *v, struct xen_sysctl *op);

/* sysctl_info.c */
long sysctl_physinfo(struct vcpu *v, struct xen_sysctl *op);
long sysctl_getcpuinfo(struct vcpu *v, struct xen_sysctl *op);
long sysctl_availheap(struct vcpu *v, struct xen_sysctl *op);
long sysctl_numainfo(struct vcpu *v, struct xen_sysctl *op);
long sysctl_cputopoinfo(struct vcpu *v, struct xen_sysctl *op);
long sysctl_pcitopoinfo(struct vcpu *v, struct xen_sysctl *op);

/* sysctl_trace.c */
long sysctl_tbuf(struct vcpu *v, struct xen_sysctl *op);

/* sched_params.c */
long sysctl_scheduler(struct vcpu *v, struct xen_sysctl *op);

/* sysctl_cpupool.c */
long sysctl_cpupool(struct vcpu *v, struct xen_sysctl *op);

/* sysctl_coverage.c */
long sysctl_coverage(struct vcpu *v, struct xen_sysctl *op);

#endif
