/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XENMEM_add_to_physmap and related calls: mapping pages other than newly allocated RAM. */
#include <xen/errno.h>
#include <xen/gnttab.h>
#include <xen/ioreq.h>
#include <xen/p2m.h>
#include <xen/hal/vcpu.h>

#include "private.h"

#include <public/memory.h>

#define CHUNK 64

static int add_grant_frame(struct domain *d, u64 idx, gfn_t gfn)
{
	mfn_t mfn;
	int rc = gnttab_frame(d, idx, &mfn);

	return rc ? rc : guest_page_place(d, gfn, mfn);
}

/* A page taken from @idx could not be mapped: put it back, or free it if @idx is in use. */
static void put_back(struct domain *d, u64 idx, struct page_info *pg)
{
	if (!p2m_map_new(d->p2m, gfn_make(idx), page_to_mfn(pg), P2M_RAM_RW))
		return;
	p2m_flush(d->p2m);
	domain_release_page(pg);
}

int memory_move_gfn(struct domain *d, gfn_t from, gfn_t gfn)
{
	u64 idx = from.v;
	enum p2m_type t;
	struct page_info *pg = p2m_get_page(d, gfn_make(idx), &t, true);
	int rc = -XEN_EINVAL;

	if (!pg)
		return rc;
	if (t == P2M_RAM_RW && idx != gfn.v && !d->is_mapped_1to1) {
		/* If the unmap succeeds, the page is ours until it is mapped again. */
		rc = p2m_unmap_page(d->p2m, gfn_make(idx), page_to_mfn(pg), t);
		if (!rc) {
			guest_page_vacate(d, gfn);
			rc = p2m_map_new(d->p2m, gfn, page_to_mfn(pg), P2M_RAM_RW);
			if (rc)
				put_back(d, idx, pg);
		}
	}
	page_put(pg);
	return rc;
}

/* Map a hypervisor page that is shared with toolstacks; @mfn is a number from a guest. */
static int add_xen_page(struct domain *d, u64 mfn, gfn_t gfn)
{
	struct domain *owner = domain_xen();
	struct page_info *pg;
	int rc;

	if (!owner || !mfn_is_ram(mfn_make(mfn)))
		return -XEN_EINVAL;
	pg = mfn_to_page(mfn_make(mfn));
	if (!page_get(pg, owner))
		return -XEN_EINVAL;
	domain_get(owner);
	guest_page_vacate(d, gfn);
	rc = p2m_map_new(d->p2m, gfn, mfn_make(mfn), P2M_FOREIGN);
	if (rc) {
		page_put(pg);
		domain_put(owner);
	}
	return rc;
}

/* The mapping keeps the references to page and domain taken here; unmapping drops them. */
static int add_foreign(struct vcpu *v, struct domain *d, u64 idx, gfn_t gfn, u16 from)
{
	struct page_info *pg;
	struct domain *fd;
	enum p2m_type t;
	int rc;

	if (!v->domain->is_privileged)
		return -XEN_EPERM;
	if (from == DOMID_XEN)
		return add_xen_page(d, idx, gfn);
	fd = domain_from_arg(v, from, &rc);
	if (!fd)
		return rc;
	rc = -XEN_EINVAL;
	pg = fd == d ? NULL : p2m_get_page(fd, gfn_make(idx), &t, true);
	if (pg && (t == P2M_RAM_RW || t == P2M_XENSHARE)) {
		guest_page_vacate(d, gfn);
		rc = p2m_map_new(d->p2m, gfn, page_to_mfn(pg), P2M_FOREIGN);
	}
	if (!rc)
		return 0;
	if (pg)
		page_put(pg);
	domain_put(fd);
	return rc;
}

/*
 * Firmware may have cleared the page after its own use, and whoever takes it over expects to find
 * the time there.
 */
static int place_shared_info(struct vcpu *v, struct domain *d, u64 idx, gfn_t gfn)
{
	int rc = idx ? -XEN_EINVAL : guest_page_place(d, gfn, page_to_mfn(d->shared_info_page));

	if (!rc && v->domain == d)
		hal_vcpu_update_time(v);
	return rc;
}

static int add_one(struct vcpu *v, struct domain *d, u32 space, u64 idx, gfn_t gfn, u16 from)
{
	if (gfn.v >> 36)
		return -XEN_EINVAL;
	switch (space) {
	case XENMAPSPACE_shared_info:
		return place_shared_info(v, d, idx, gfn);
	case XENMAPSPACE_grant_table:
		return add_grant_frame(d, idx, gfn);
	case XENMAPSPACE_gmfn:
	case XENMAPSPACE_gmfn_range:
		return memory_move_gfn(d, gfn_make(idx), gfn);
	case XENMAPSPACE_gmfn_foreign:
		return add_foreign(v, d, idx, gfn, from);
	case XENMAPSPACE_dev_mmio:
		/* No domain may map device memory itself. */
		return -XEN_EACCES;
	default:
		return -XEN_EINVAL;
	}
}

/* Should a call that began with item @start stop before item @i? Each call does at least one. */
static bool may_stop(u64 start, u64 i)
{
	return i != start && i % CHUNK == CHUNK - 1 && hypercall_preempt_check();
}

static long op_add(struct vcpu *v, guest_ptr_t arg, u64 start)
{
	struct xen_add_to_physmap a;
	u64 done = start;
	struct domain *d;
	int rc;

	if (guest_copy_in(v, &a, arg, sizeof(a)))
		return -XEN_EFAULT;
	/* Foreign pages need the batch call, which names the other domain. */
	if (a.space == XENMAPSPACE_gmfn_foreign)
		return -XEN_ENOSYS;
	d = domain_from_arg(v, a.domid, &rc);
	if (!d)
		return rc;
	if (a.space != XENMAPSPACE_gmfn_range) {
		rc = add_one(v, d, a.space, a.idx, gfn_make(a.gpfn), 0);
	} else {
		for (; done < a.size && !rc; done++) {
			if (may_stop(start, done)) {
				domain_put(d);
				return (long)(done | MEMOP_RESTART);
			}
			rc = add_one(v, d, a.space, a.idx + done, gfn_make(a.gpfn + done), 0);
		}
	}
	domain_put(d);
	return rc;
}

static long add_batch(struct vcpu *v, struct domain *d, const struct xen_add_to_physmap_batch *b,
		      u64 start)
{
	for (u64 i = start; i < b->size; i++) {
		xen_ulong_t idx;
		xen_pfn_t gpfn;
		int rc;

		if (may_stop(start, i))
			return (long)(i | MEMOP_RESTART);
		if (guest_copy_in(v, &idx, guest_ptr_add(guest_handle_ptr(b->idxs), i * 8), 8) ||
		    guest_copy_in(v, &gpfn, guest_ptr_add(guest_handle_ptr(b->gpfns), i * 8), 8))
			return -XEN_EFAULT;
		rc = add_one(v, d, b->space, idx, gfn_make(gpfn), b->u.foreign_domid);
		if (guest_copy_out(v, guest_ptr_add(guest_handle_ptr(b->errs), i * sizeof(rc)), &rc,
				   sizeof(rc)))
			return -XEN_EFAULT;
	}
	return 0;
}

static long op_add_batch(struct vcpu *v, guest_ptr_t arg, u64 start)
{
	struct xen_add_to_physmap_batch b;
	struct domain *d;
	int err;
	long rc;

	if (guest_copy_in(v, &b, arg, sizeof(b)))
		return -XEN_EFAULT;
	/* A range has one index, not a list of them. */
	if (b.space == XENMAPSPACE_gmfn_range)
		return -XEN_EOPNOTSUPP;
	d = domain_from_arg(v, b.domid, &err);
	if (!d)
		return err;
	/*
	 * Flushes are not batched: a page that is replaced is released at once, so no TLB may
	 * hold its translation. Usually a gfn is empty, which needs no flush.
	 */
	rc = add_batch(v, d, &b, start);
	domain_put(d);
	return rc;
}

static long op_remove(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_remove_from_physmap r;
	struct page_info *pg;
	struct domain *d;
	int rc;

	if (guest_copy_in(v, &r, arg, sizeof(r)))
		return -XEN_EFAULT;
	d = domain_from_arg(v, r.domid, &rc);
	if (!d)
		return rc;
	pg = p2m_get_page(d, gfn_make(r.gpfn), NULL, false);
	rc = -XEN_ENOENT;
	if (pg) {
		guest_page_vacate(d, gfn_make(r.gpfn));
		page_put(pg);
		rc = 0;
	}
	domain_put(d);
	return rc;
}

long memory_physmap_op(struct vcpu *v, struct hypercall *hc, u32 cmd, u64 start)
{
	guest_ptr_t arg = gvaddr_make(hc->arg[1]);

	switch (cmd) {
	case XENMEM_add_to_physmap:
		return op_add(v, arg, start);
	case XENMEM_add_to_physmap_batch:
		return op_add_batch(v, arg, start);
	default:
		return op_remove(v, arg);
	}
}

#define RESOURCE_MAX_FRAMES 32

static int get_grant_frame(struct domain *d, u32 id, u64 frame, mfn_t *mfn)
{
	int rc;

	if (id == XENMEM_resource_grant_table_id_status)
		frame |= XENMAPIDX_grant_table_status;
	else if (id != XENMEM_resource_grant_table_id_shared)
		return -XEN_EINVAL;
	rc = gnttab_frame(d, frame, mfn);
	if (rc)
		return rc;
	return page_get(mfn_to_page(*mfn), d) ? 0 : -XEN_EINVAL;
}

/* A frame of a resource, with a reference to its page. */
static int get_frame(struct domain *d, const struct xen_mem_acquire_resource *r, u32 i, mfn_t *mfn)
{
	struct page_info *pg;
	int rc;

	switch (r->type) {
	case XENMEM_resource_grant_table:
		return get_grant_frame(d, r->id, r->frame + i, mfn);
	case XENMEM_resource_ioreq_server:
		rc = ioreq_get_frame(d, r->id, r->frame + i, &pg);
		if (!rc)
			*mfn = page_to_mfn(pg);
		return rc;
	default:
		return -XEN_EOPNOTSUPP;
	}
}

static u32 max_frames(u32 type)
{
	switch (type) {
	case XENMEM_resource_grant_table:
		return RESOURCE_MAX_FRAMES;
	case XENMEM_resource_ioreq_server:
		return IOREQ_MAX_FRAMES;
	default:
		return 0;
	}
}

static void drop_frames(struct domain *d, const mfn_t *mfns, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		page_put(mfn_to_page(mfns[i]));
		domain_put(d);
	}
}

/* Take the references that foreign mappings of the frames hold: for all frames or none. */
static int hold_frames(struct domain *d, const struct xen_mem_acquire_resource *r, mfn_t *mfns)
{
	for (u32 i = 0; i < r->nr_frames; i++) {
		int rc = get_frame(d, r, i, &mfns[i]);

		if (rc) {
			drop_frames(d, mfns, i);
			return rc;
		}
		domain_get(d);
	}
	return 0;
}

/*
 * All errors of the caller are found before anything changes. After that only memory for tables may
 * run out: then the frames mapped so far are unmapped again, and gfns that were cleared for them
 * stay empty.
 */
static int map_resource(struct vcpu *v, struct domain *d, const struct xen_mem_acquire_resource *r)
{
	struct p2m *p2m = v->domain->p2m;
	xen_pfn_t gfns[RESOURCE_MAX_FRAMES];
	mfn_t mfns[RESOURCE_MAX_FRAMES];
	u32 n = r->nr_frames, done;
	int rc;

	ASSERT(n <= RESOURCE_MAX_FRAMES);
	if (guest_copy_in(v, gfns, guest_handle_ptr(r->frame_list), n * sizeof(gfns[0])))
		return -XEN_EFAULT;
	for (u32 i = 0; i < n; i++)
		if (gfns[i] >> 36)
			return -XEN_EINVAL;
	rc = hold_frames(d, r, mfns);
	if (rc)
		return rc;
	for (done = 0; done < n; done++) {
		guest_page_vacate(v->domain, gfn_make(gfns[done]));
		rc = p2m_map_new(p2m, gfn_make(gfns[done]), mfns[done], P2M_FOREIGN);
		if (rc)
			break;
	}
	if (!rc)
		return 0;
	drop_frames(d, mfns + done, n - done);
	/* Unmapping drops the references of the frames that were mapped. */
	while (done--)
		p2m_unmap_page(p2m, gfn_make(gfns[done]), mfns[done], P2M_FOREIGN);
	return rc;
}

long memory_acquire_resource(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_mem_acquire_resource r;
	struct domain *d;
	int rc;

	if (guest_copy_in(v, &r, arg, sizeof(r)))
		return -XEN_EFAULT;
	if (r.pad || !v->domain->is_privileged)
		return r.pad ? -XEN_EINVAL : -XEN_EPERM;
	if (guest_ptr_is_null(guest_handle_ptr(r.frame_list))) {
		/* The caller only asks for the largest number of frames. */
		r.nr_frames = max_frames(r.type);
		return guest_copy_out(v, arg, &r, sizeof(r)) ? -XEN_EFAULT : 0;
	}
	if (r.nr_frames > RESOURCE_MAX_FRAMES)
		return -XEN_E2BIG;
	d = domain_from_arg(v, r.domid, &rc);
	if (!d)
		return rc;
	rc = d == v->domain ? -XEN_EINVAL : map_resource(v, d, &r);
	domain_put(d);
	return rc;
}
