/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: mapping granted pages into a domain and unmapping them. */
#include "private.h"

#include <xen/hypercall.h>
#include <xen/trace.h>

#define MAP_KINDS (GNTMAP_host_map | GNTMAP_device_map)

/* Check flags and address of @op, whatever the grant is. Returns GNTST_*. */
static int check_map(const struct domain *d, const struct gnttab_map_grant_ref *op)
{
	if (!(op->flags & MAP_KINDS))
		return GNTST_bad_gntref;
	if (op->flags & ~(u32)(MAP_KINDS | GNTMAP_readonly))
		return GNTST_general_error;
	/* Without an IOMMU devices use machine addresses, which only a 1:1 dom0 can handle. */
	if ((op->flags & GNTMAP_device_map) && !(d->is_hardware && d->is_mapped_1to1))
		return GNTST_general_error;
	if ((op->flags & GNTMAP_host_map) && page_offset(op->host_addr))
		return GNTST_bad_virt_addr;
	return GNTST_okay;
}

/* Map @mfn in @d's p2m at a gfn that is empty. */
static int map_frame(struct domain *d, gfn_t gfn, mfn_t mfn, bool readonly)
{
	switch (p2m_map_new(d->p2m, gfn, mfn, readonly ? P2M_GRANT_RO : P2M_GRANT_RW)) {
	case 0:
		return GNTST_okay;
	case -XEN_ENOMEM:
		return GNTST_no_space;
	default:
		return GNTST_bad_virt_addr;
	}
}

/* Pin and map the grant for the new, busy mapping @m. */
static int make_mapping(struct domain *d, struct domain *granter, struct grant_mapping *m,
			struct gnttab_map_grant_ref *op)
{
	bool readonly = op->flags & GNTMAP_readonly;
	gfn_t gfn = gpaddr_to_gfn(gpaddr_make(op->host_addr));
	struct grant_view view;
	mfn_t mfn;
	int rc;

	rc = grant_pin(granter, op->ref, d->id, readonly ? 0 : PIN_WRITE, &view);
	if (rc)
		return rc;
	/* Without PIN_COPY only whole pages are pinned. */
	ASSERT(view.page && view.length == PAGE_SIZE);
	mfn = page_to_mfn(view.page);
	if (op->flags & GNTMAP_host_map)
		rc = map_frame(d, gfn, mfn, readonly);
	if (rc) {
		grant_unpin(granter, op->ref, !readonly);
		return rc;
	}
	m->gfn = gfn.v;
	m->mfn = mfn;
	m->ref = op->ref;
	m->flags = (u16)op->flags;
	op->dev_bus_addr = op->flags & GNTMAP_device_map ? mfn_to_paddr(mfn).v : 0;
	return GNTST_okay;
}

s16 grant_map(struct vcpu *v, struct gnttab_map_grant_ref *op)
{
	struct domain *d = v->domain, *granter;
	struct maptrack *mt = &d->gnttab->maptrack;
	struct grant_mapping *m;
	u32 handle;
	int rc = check_map(d, op);

	if (rc)
		return (s16)rc;
	granter = domain_get_by_id(op->dom);
	if (!granter)
		return GNTST_bad_domain;
	m = maptrack_new(mt, &handle);
	if (!m) {
		domain_put(granter);
		return GNTST_no_space;
	}
	rc = make_mapping(d, granter, m, op);
	if (rc) {
		maptrack_drop(mt, handle);
		domain_put(granter);
		return (s16)rc;
	}
	/* The mapping keeps the reference to the granting domain. */
	trace_grant_map(granter->id);
	m->granter = granter;
	op->handle = handle;
	maptrack_keep(mt, m);
	return GNTST_okay;
}

/* Derive from the addresses what to remove. An error when one does not match the mapping. */
static int check_unmap(struct grant_unmap *u, const struct grant_mapping *m)
{
	u->drop = 0;
	if (u->host_addr) {
		if (!(m->flags & GNTMAP_host_map) || u->host_addr != m->gfn << PAGE_SHIFT)
			return GNTST_bad_virt_addr;
		u->drop |= GNTMAP_host_map;
	}
	if (u->dev_bus_addr) {
		if (!(m->flags & GNTMAP_device_map) || u->dev_bus_addr != mfn_to_paddr(m->mfn).v)
			return GNTST_bad_dev_addr;
		u->drop |= GNTMAP_device_map;
	}
	return GNTST_okay;
}

/*
 * Take the frame out of the p2m. If the guest has put something else at that gfn, the frame is not
 * mapped any more, as a grant mapping cannot be moved. The new mapping stays, and the guest gets an
 * error.
 */
static int unmap_frame(struct domain *d, const struct grant_mapping *m)
{
	enum p2m_type type = m->flags & GNTMAP_readonly ? P2M_GRANT_RO : P2M_GRANT_RW;

	return p2m_unmap_page(d->p2m, gfn_make(m->gfn), m->mfn, type) ? GNTST_general_error
								      : GNTST_okay;
}

/* Claim the mapping and take it out of the p2m; the caller flushes later. */
static void unmap_begin(struct domain *d, struct grant_unmap *u)
{
	struct maptrack *mt = &d->gnttab->maptrack;
	struct grant_mapping *m = maptrack_claim(mt, u->handle);

	u->mapping = m;
	if (!m) {
		u->status = GNTST_bad_handle;
		return;
	}
	u->status = (s16)check_unmap(u, m);
	if (u->status) {
		u->mapping = NULL;
		maptrack_keep(mt, m);
		return;
	}
	if (u->drop & GNTMAP_host_map)
		u->status = (s16)unmap_frame(d, m);
}

/* Called after the flush, so the mapping does not reach the page any more. */
static void unmap_end(struct domain *d, struct grant_unmap *u)
{
	struct maptrack *mt = &d->gnttab->maptrack;
	struct grant_mapping *m = u->mapping;
	struct domain *granter;
	bool write;
	u32 ref;

	if (!m)
		return;
	ASSERT(m->busy && m->granter && m->flags & MAP_KINDS);
	m->flags &= (u16)~u->drop;
	if (m->flags & MAP_KINDS) {
		maptrack_keep(mt, m);
		return;
	}
	granter = m->granter;
	trace_grant_unmap(granter->id);
	ref = m->ref;
	write = !(m->flags & GNTMAP_readonly);
	maptrack_drop(mt, u->handle);
	grant_unpin(granter, ref, write);
	domain_put(granter);
}

void grant_unmap_batch(struct domain *d, struct grant_unmap *u, u32 n)
{
	ASSERT(n <= UNMAP_BATCH);
	p2m_batch_begin(d->p2m);
	for (u32 i = 0; i < n; i++)
		unmap_begin(d, &u[i]);
	p2m_batch_end(d->p2m);
	for (u32 i = 0; i < n; i++)
		unmap_end(d, &u[i]);
}

/* The requests that undo the next mappings of a dying domain; 0 when there are no more. */
static u32 collect_mappings(struct maptrack *mt, struct grant_unmap *u)
{
	u32 n = 0;

	for (; mt->destroyed < mt->nr_chunks * MAPPINGS_PER_CHUNK && n < UNMAP_BATCH;
	     mt->destroyed++) {
		struct grant_mapping *m = maptrack_claim(mt, mt->destroyed);

		if (!m)
			continue;
		u[n++] = (struct grant_unmap){
			.handle = mt->destroyed,
			.host_addr = m->flags & GNTMAP_host_map ? m->gfn << PAGE_SHIFT : 0,
			.dev_bus_addr = m->flags & GNTMAP_device_map ? mfn_to_paddr(m->mfn).v : 0,
		};
		maptrack_keep(mt, m);
	}
	return n;
}

int gnttab_domain_destroy(struct domain *d)
{
	struct grant_table *gt = d->gnttab;
	struct grant_unmap u[UNMAP_BATCH];
	u32 n;

	if (!gt)
		return 0;
	spin_lock(&gt->lock);
	gt->closed = true;
	spin_unlock(&gt->lock);
	spin_lock(&gt->maptrack.lock);
	gt->maptrack.closed = true;
	spin_unlock(&gt->maptrack.lock);

	while ((n = collect_mappings(&gt->maptrack, u)) > 0) {
		grant_unmap_batch(d, u, n);
		if (hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	return 0;
}
