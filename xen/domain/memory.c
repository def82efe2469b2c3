/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XENMEM_*: dispatch, and calls that return information. The upper bits of the command count the
 * extents that the call did before it was preempted.
 */
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/p2m.h>
#include <xen/trace.h>

#include "private.h"

#include <public/memory.h>

#define MEMOP_EXTENT_SHIFT 6
#define MEMOP_CMD_MASK ((1U << MEMOP_EXTENT_SHIFT) - 1)

static long op_count(struct vcpu *v, u32 cmd, guest_ptr_t arg)
{
	struct domain *d;
	domid_t domid;
	int err;
	long rc;

	if (guest_copy_in(v, &domid, arg, sizeof(domid)))
		return -XEN_EFAULT;
	d = domain_from_arg(v, domid, &err);
	if (!d)
		return err;
	if (cmd == XENMEM_current_reservation)
		rc = (long)d->tot_pages;
	else if (cmd == XENMEM_maximum_reservation)
		rc = (long)min(d->max_pages, (u64)INT64_MAX);
	else
		rc = (long)d->p2m->max_mapped.v;
	domain_put(d);
	return rc;
}

static long op_claim(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_memory_reservation r;
	struct domain *d;
	long rc = 0;
	int err;

	if (guest_copy_in(v, &r, arg, sizeof(r)))
		return -XEN_EFAULT;
	if (!v->domain->is_privileged)
		return -XEN_EPERM;
	if (r.extent_order || r.mem_flags || !guest_ptr_is_null(guest_handle_ptr(r.extent_start)))
		return -XEN_EINVAL;
	d = domain_from_arg(v, r.domid, &err);
	if (!d)
		return err;
	/* A claim gives the final size of the domain; check that there is memory for it now. */
	if (r.nr_extents && (r.nr_extents < d->tot_pages || r.nr_extents > d->max_pages))
		rc = -XEN_EINVAL;
	else if (r.nr_extents && r.nr_extents - d->tot_pages > free_page_count(NUMA_NO_NODE))
		rc = -XEN_ENOMEM;
	else
		d->outstanding_claim = r.nr_extents;
	domain_put(d);
	return rc;
}

/*
 * There is no populate-on-demand: a target changes nothing, and all pages of a domain are
 * populated. (libxl sets a target at every `xl mem-set`.)
 */
static long op_pod_target(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_pod_target t;
	struct domain *d;
	int err;

	if (guest_copy_in(v, &t, arg, sizeof(t)))
		return -XEN_EFAULT;
	if (!v->domain->is_privileged)
		return -XEN_EPERM;
	d = domain_from_arg(v, t.domid, &err);
	if (!d)
		return err;
	t.tot_pages = d->tot_pages;
	t.pod_cache_pages = t.pod_entries = 0;
	domain_put(d);
	return guest_copy_out(v, arg, &t, sizeof(t)) ? -XEN_EFAULT : 0;
}

long do_memory_op(struct vcpu *v, struct hypercall *hc)
{
	u32 cmd = (u32)hc->arg[0] & MEMOP_CMD_MASK;
	u64 start = (u32)hc->arg[0] >> MEMOP_EXTENT_SHIFT;
	guest_ptr_t arg = gvaddr_make(hc->arg[1]);
	long rc;

	trace_memory_op(cmd, (u32)start);
	switch (cmd) {
	case XENMEM_populate_physmap:
	case XENMEM_decrease_reservation:
		rc = memory_reservation_op(v, hc, cmd, start);
		break;
	case XENMEM_add_to_physmap:
	case XENMEM_add_to_physmap_batch:
	case XENMEM_remove_from_physmap:
		rc = memory_physmap_op(v, hc, cmd, start);
		break;
	case XENMEM_current_reservation:
	case XENMEM_maximum_reservation:
	case XENMEM_maximum_gpfn:
		return op_count(v, cmd, arg);
	case XENMEM_claim_pages:
		return op_claim(v, arg);
	case XENMEM_set_pod_target:
	case XENMEM_get_pod_target:
		return op_pod_target(v, arg);
	case XENMEM_acquire_resource:
		return memory_acquire_resource(v, arg);
	case XENMEM_memory_map:
	case XENMEM_machine_memory_map:
	case XENMEM_set_memory_map:
		return hal_memory_map_op(v, cmd, arg);
	default:
		return -XEN_ENOSYS;
	}
	if (rc >= 0 && rc & MEMOP_RESTART) {
		/* The count must fit into the command of a 32-bit guest. */
		ASSERT((rc & ~MEMOP_RESTART) < 1L << (32 - MEMOP_EXTENT_SHIFT));
		hc->arg[0] = cmd | (rc & ~MEMOP_RESTART) << MEMOP_EXTENT_SHIFT;
		return -XEN_ERESTART;
	}
	return rc;
}
