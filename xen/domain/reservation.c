/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XENMEM_populate_physmap and decrease_reservation: a domain's RAM grows and shrinks. Both return
 * the number of extents done, as the ABI has no other way to report a partial success. If an extent
 * could not be given back as a whole, some of its frames may be gone. If something was mapped
 * within a large extent that should have been populated, the frames below it may be there.
 */
#include <xen/errno.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/trace.h>

#include "private.h"

#include <public/memory.h>

/* Extents between two preemption checks, and pages that share one TLB flush. */
#define CHUNK_ORDER 6
#define CHUNK (1U << CHUNK_ORDER)
/* Units of work in one call; results and continuations have no room for larger counts. */
#define MAX_UNITS (UINT32_MAX >> 7)
/* The largest extent that a guest, or the toolstack, may ask for. */
#define GUEST_MAX_ORDER PAGE_ORDER_2M
#define TOOLS_MAX_ORDER PAGE_ORDER_1G

/* A 1:1 domain owns its frames for good, so populating only maps them again. */
static int populate_1to1(struct domain *d, gfn_t gfn, u32 order)
{
	for (u64 i = 0; i < 1UL << order; i++) {
		mfn_t mfn = mfn_make(gfn.v + i);
		const struct page_info *pg;
		int rc;

		if (!mfn_is_ram(mfn))
			return -XEN_EINVAL;
		pg = mfn_to_page(mfn);
		/* The frames of its grant table and shared info have it as their owner, too. */
		if (pg->state != PAGE_STATE_DOMAIN || pg->owner != d)
			return -XEN_EINVAL;
		rc = p2m_map(d->p2m, gfn_add(gfn, i), mfn, 0, P2M_RAM_RW);
		if (rc)
			return rc;
	}
	return 0;
}

/* Unit number @part of the extent at @gfn: all of it, or 2 MiB. */
static int populate_unit(struct domain *d, gfn_t gfn, u32 order, u64 part, u32 memf)
{
	u32 unit = min(order, (u32)PAGE_ORDER_2M);
	gfn_t at = gfn_add(gfn, part << unit);
	struct page_info *pg;
	int rc;

	ASSERT(order <= TOOLS_MAX_ORDER && part < 1UL << (order - unit));
	if ((gfn.v & ((1UL << order) - 1)) || gfn.v >> 36)
		return -XEN_EINVAL;
	if (!part)
		trace_populate(gfn.v, d->id, (u16)order);
	if (d->is_mapped_1to1)
		return populate_1to1(d, at, unit);
	pg = order == unit ? alloc_domain_pages(d, order, memf)
			   : alloc_domain_part(d, order, part, memf);
	if (!pg)
		return -XEN_ENOMEM;
	rc = p2m_map_range(d->p2m, at, page_to_mfn(pg), 1UL << unit, P2M_RAM_RW);
	if (rc) {
		domain_drop_chunk(d);
		for (u64 i = 0; i < 1UL << unit; i++)
			domain_release_page(pg + i);
	} else if (order == PAGE_ORDER_1G && part + 1 == 1UL << (order - unit)) {
		p2m_join(d->p2m, gfn, order);
	}
	return rc;
}

/* Unmap a frame and return its page, referenced; the caller releases it after the flush. */
static struct page_info *decrease_one(struct domain *d, gfn_t gfn)
{
	enum p2m_type t;
	struct page_info *pg = p2m_get_page(d, gfn, &t, false);

	if (!pg)
		return NULL;
	/* Another vCPU may have unmapped it meanwhile; only the one that did may release it. */
	if (!p2m_type_is_ram(t) || p2m_unmap_page(d->p2m, gfn, page_to_mfn(pg), t)) {
		page_put(pg);
		return NULL;
	}
	return pg;
}

/* Release 2^@order frames, at most CHUNK, with one flush. False when one of them is not RAM. */
static bool decrease_unit(struct domain *d, gfn_t gfn, u32 order)
{
	struct page_info *gone[CHUNK];
	u64 n = 0;
	bool ok = true;

	ASSERT(order <= CHUNK_ORDER);
	p2m_batch_begin(d->p2m);
	while (n < 1UL << order && ok) {
		gone[n] = decrease_one(d, gfn_add(gfn, n));
		ok = gone[n] != NULL;
		n += ok;
	}
	p2m_batch_end(d->p2m);
	for (u64 i = 0; i < n; i++) {
		if (!d->is_mapped_1to1)
			domain_release_page(gone[i]);
		page_put(gone[i]);
	}
	return ok;
}

static u32 memflags(const struct domain *d, u32 abi)
{
	u32 node = XENMEMF_get_node(abi), memf = 0;

	if (node < MAX_NUMNODES)
		memf = MEMF_NODE(node) | ((abi & XENMEMF_exact_node_request) ? MEMF_EXACT_NODE : 0);
	else if (d->node_affinity != NUMA_NO_NODE)
		memf = MEMF_NODE(d->node_affinity);
	return memf;
}

/*
 * Work is done in units, which a continuation counts. A unit is an extent, or of a larger extent
 * CHUNK frames that are given back, or 2 MiB that are populated.
 */
static u32 unit_order(u32 cmd, u32 order)
{
	return min(order, cmd == XENMEM_decrease_reservation ? (u32)CHUNK_ORDER
							     : (u32)PAGE_ORDER_2M);
}

/* Do unit number @part of the extent at @gfn. */
static bool do_unit(struct domain *d, u32 cmd, gfn_t gfn, u32 order, u64 part, u32 memf)
{
	u32 unit = unit_order(cmd, order);

	if (cmd == XENMEM_populate_physmap)
		return populate_unit(d, gfn, order, part, memf) == 0;
	if (!part)
		trace_decrease_reservation(gfn.v, d->id, (u16)order);
	return decrease_unit(d, gfn_add(gfn, part << unit), unit);
}

static long run(struct vcpu *v, struct domain *d, const struct xen_memory_reservation *r, u32 cmd,
		u64 first)
{
	u32 order = r->extent_order, shift = order - unit_order(cmd, order);
	u32 memf = memflags(d, r->mem_flags);
	u64 u, end = (u64)r->nr_extents << shift;

	ASSERT(first <= end && end <= MAX_UNITS);
	for (u = first; u < end; u++) {
		u64 extent = u >> shift, part = u & ((1UL << shift) - 1);
		xen_pfn_t pfn;

		/* Check before each large unit, or after a chunk of small ones. */
		if (u != first && (order || u % CHUNK == CHUNK - 1) && hypercall_preempt_check())
			return (long)u | MEMOP_RESTART;
		if (guest_copy_in(v, &pfn, guest_ptr_add(guest_handle_ptr(r->extent_start),
							 extent * sizeof(pfn)), sizeof(pfn)))
			break;
		if (!do_unit(d, cmd, gfn_make(pfn), order, part, memf))
			break;
	}
	return (long)(u >> shift);
}

long memory_reservation_op(struct vcpu *v, struct hypercall *hc, u32 cmd, u64 start)
{
	struct xen_memory_reservation r;
	struct domain *d;
	u32 shift;
	long rc;
	int err;

	if (guest_copy_in(v, &r, gvaddr_make(hc->arg[1]), sizeof(r)))
		return -XEN_EFAULT;
	if (r.extent_order > (v->domain->is_privileged ? TOOLS_MAX_ORDER : GUEST_MAX_ORDER))
		return 0;
	shift = r.extent_order - unit_order(cmd, r.extent_order);
	if (r.nr_extents > MAX_UNITS >> shift || start > (u64)r.nr_extents << shift)
		return (long)(start >> shift);
	d = domain_from_arg(v, r.domid, &err);
	if (!d)
		return err;
	rc = run(v, d, &r, cmd, start);
	domain_put(d);
	return rc;
}
