/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: the operations on a table as a whole. */
#include "private.h"

#include <xen/hypercall.h>

/* Frames have no fixed address in a guest's memory: the guest chooses where to map them. */
#define FRAME_UNKNOWN (~0UL)

/* The domain that @domid names, or NULL and the GNTST_* status that says why not. */
static struct domain *target(struct vcpu *v, u16 domid, s16 *status)
{
	int err;
	struct domain *d = domain_from_arg(v, domid, &err);

	if (!d)
		*status = err == -XEN_EPERM ? GNTST_permission_denied : GNTST_bad_domain;
	return d;
}

long gnttab_query_size_op(struct vcpu *v, void *arg)
{
	struct gnttab_query_size *op = arg;
	struct domain *d = target(v, op->dom, &op->status);

	if (!d)
		return 0;
	spin_lock(&d->gnttab->lock);
	op->nr_frames = d->gnttab->nr_frames;
	op->max_nr_frames = d->gnttab->max_frames;
	op->status = GNTST_okay;
	spin_unlock(&d->gnttab->lock);
	domain_put(d);
	return 0;
}

static long fill_unknown(struct vcpu *v, guest_ptr_t list, u32 n)
{
	const u64 unknown = FRAME_UNKNOWN;

	for (u32 i = 0; i < n; i++)
		if (guest_copy_out(v, guest_ptr_add(list, i * sizeof(unknown)), &unknown,
				   sizeof(unknown)))
			return -XEN_EFAULT;
	return 0;
}

long gnttab_setup_table_op(struct vcpu *v, void *arg)
{
	struct gnttab_setup_table *op = arg;
	struct domain *d = target(v, op->dom, &op->status);
	int rc;

	if (!d)
		return 0;
	spin_lock(&d->gnttab->lock);
	rc = grant_table_grow(d->gnttab, op->nr_frames);
	spin_unlock(&d->gnttab->lock);
	domain_put(d);
	op->status = rc ? GNTST_general_error : GNTST_okay;
	return rc ? 0 : fill_unknown(v, guest_handle_ptr(op->frame_list), op->nr_frames);
}

long gnttab_status_frames_op(struct vcpu *v, void *arg)
{
	struct gnttab_get_status_frames *op = arg;
	struct domain *d = target(v, op->dom, &op->status);

	if (!d)
		return 0;
	spin_lock(&d->gnttab->lock);
	op->status = d->gnttab->version == 2 && op->nr_frames <= d->gnttab->nr_status ?
		     GNTST_okay : GNTST_general_error;
	spin_unlock(&d->gnttab->lock);
	domain_put(d);
	return op->status ? 0 : fill_unknown(v, guest_handle_ptr(op->frame_list), op->nr_frames);
}

long gnttab_set_version_op(struct vcpu *v, void *arg)
{
	struct gnttab_set_version *op = arg;
	long rc = grant_table_set_version(v->domain->gnttab, op->version);

	op->version = READ_ONCE(v->domain->gnttab->version);
	return rc;
}

long gnttab_get_version_op(struct vcpu *v, void *arg)
{
	struct gnttab_get_version *op = arg;
	s16 status = GNTST_okay;
	struct domain *d = target(v, op->dom, &status);

	if (!d)
		return status == GNTST_bad_domain ? -XEN_ESRCH : -XEN_EPERM;
	op->version = READ_ONCE(d->gnttab->version);
	domain_put(d);
	return 0;
}

long gnttab_dump_table_op(struct vcpu *v, void *arg)
{
	struct gnttab_dump_table *op = arg;
	struct domain *d;

	/* Privileged only, as it writes to the hypervisor's console. */
	if (!v->domain->is_privileged) {
		op->status = GNTST_permission_denied;
		return 0;
	}
	d = target(v, op->dom, &op->status);
	if (!d)
		return 0;
	gnttab_dump(d);
	domain_put(d);
	op->status = GNTST_okay;
	return 0;
}

static bool in_use(const struct grant_table *gt, u32 ref)
{
	const struct grant_pin *pin = grant_pin_of(gt, ref);

	return pin && pin->users;
}

static s16 swap_locked(struct grant_table *gt, u32 a, u32 b)
{
	ASSERT(spin_is_locked_by_me(&gt->lock));
	if (a >= grant_table_nr_refs(gt) || b >= grant_table_nr_refs(gt))
		return GNTST_bad_gntref;
	a = array_index_nospec(a, grant_table_nr_refs(gt));
	b = array_index_nospec(b, grant_table_nr_refs(gt));
	if (in_use(gt, a) || in_use(gt, b))
		return GNTST_eagain;
	if (gt->version == 1) {
		struct grant_entry_v1 t = *grant_entry_v1_of(gt, a);

		*grant_entry_v1_of(gt, a) = *grant_entry_v1_of(gt, b);
		*grant_entry_v1_of(gt, b) = t;
	} else {
		union grant_entry_v2 t = *grant_entry_v2_of(gt, a);

		*grant_entry_v2_of(gt, a) = *grant_entry_v2_of(gt, b);
		*grant_entry_v2_of(gt, b) = t;
	}
	return GNTST_okay;
}

long gnttab_swap_op(struct vcpu *v, void *arg)
{
	struct gnttab_swap_grant_ref *op = arg;
	struct grant_table *gt = v->domain->gnttab;

	spin_lock(&gt->lock);
	op->status = swap_locked(gt, op->ref_a, op->ref_b);
	spin_unlock(&gt->lock);
	return 0;
}
