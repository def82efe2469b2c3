/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XENMEM_populate_physmap and decrease_reservation: a domain's RAM grows and shrinks. Both return
 * the number of extents done, as the ABI has no other way to tell of a partial success.
 */
#include <xen/errno.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/trace.h>

#include "private.h"

#include <public/memory.h>

/* Extents between two looks at the clock; also how many pages wait for one TLB flush. */
#define CHUNK 64
/* The largest extent a guest may ask for itself, and the toolstack. */
#define GUEST_MAX_ORDER PAGE_ORDER_2M
#define TOOLS_MAX_ORDER PAGE_ORDER_1G

/* A 1:1 domain keeps its frames for ever; putting one back is only mapping it again. */
static int populate_1to1(struct domain *d, gfn_t gfn, u32 order)
{
	for (u64 i = 0; i < 1UL << order; i++) {
		mfn_t mfn = mfn_make(gfn.v + i);
		int rc;

		if (!mfn_is_ram(mfn) || mfn_to_page(mfn)->owner != d)
			return -XEN_EINVAL;
		rc = p2m_map(d->p2m, gfn_add(gfn, i), mfn, 0, P2M_RAM_RW);
		if (rc)
			return rc;
	}
	return 0;
}

static int populate_one(struct domain *d, gfn_t gfn, u32 order, u32 memf)
{
	struct page_info *pg;
	int rc;

	if ((gfn.v & ((1UL << order) - 1)) || gfn.v >> 36)
		return -XEN_EINVAL;
	trace_populate(gfn.v, d->id, (u16)order);
	if (d->is_mapped_1to1)
		return populate_1to1(d, gfn, order);
	pg = alloc_domain_pages(d, order, memf);
	if (!pg)
		return -XEN_ENOMEM;
	rc = p2m_map_range(d->p2m, gfn, page_to_mfn(pg), 1UL << order, P2M_RAM_RW);
	if (rc)
		for (u64 i = 0; i < 1UL << order; i++)
			domain_release_page(pg + i);
	return rc;
}

/* Unmap one frame; its page is returned, referenced, and let go after the flush. */
static struct page_info *decrease_one(struct domain *d, gfn_t gfn)
{
	enum p2m_type t;
	struct page_info *pg = p2m_get_page(d, gfn, &t, false);

	if (!pg)
		return NULL;
	/* Another vCPU may have moved it meanwhile: only who takes it out may let it go. */
	if (t != P2M_RAM_RW || p2m_unmap_page(d->p2m, gfn, page_to_mfn(pg), t)) {
		page_put(pg);
		return NULL;
	}
	return pg;
}

static bool decrease_extent(struct domain *d, gfn_t gfn, u32 order)
{
	u64 i, n = 1UL << order;

	trace_decrease_reservation(gfn.v, d->id, (u16)order);
	for (u64 done = 0; done < n; done += i) {
		struct page_info *gone[CHUNK];
		bool ok = true;

		p2m_batch_begin(d->p2m);
		for (i = 0; i < CHUNK && done + i < n && ok; i++) {
			gone[i] = decrease_one(d, gfn_add(gfn, done + i));
			ok = gone[i] != NULL;
		}
		p2m_batch_end(d->p2m);
		for (u64 k = 0; k < i; k++) {
			if (!gone[k])
				continue;
			if (!d->is_mapped_1to1)
				domain_release_page(gone[k]);
			page_put(gone[k]);
		}
		if (!ok)
			return false;
	}
	return true;
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

static long run(struct vcpu *v, struct domain *d, const struct xen_memory_reservation *r, u32 cmd,
		u64 first)
{
	u64 i = first;
	guest_ptr_t list = guest_handle_ptr(r->extent_start);
	u32 memf = memflags(d, r->mem_flags);

	for (; i < r->nr_extents; i++) {
		xen_pfn_t pfn;

		/* A large extent takes as long as a chunk of small ones. */
		if (i != first && (r->extent_order || i % CHUNK == CHUNK - 1) &&
		    hypercall_preempt_check())
			return (long)i | MEMOP_RESTART;
		if (guest_copy_in(v, &pfn, guest_ptr_add(list, i * sizeof(pfn)), sizeof(pfn)))
			return (long)i;
		if (cmd == XENMEM_populate_physmap
			    ? populate_one(d, gfn_make(pfn), r->extent_order, memf) != 0
			    : !decrease_extent(d, gfn_make(pfn), r->extent_order))
			return (long)i;
	}
	return (long)i;
}

long memory_reservation_op(struct vcpu *v, struct hypercall *hc, u32 cmd, u64 start)
{
	struct xen_memory_reservation r;
	struct domain *d;
	long rc;
	int err;

	if (guest_copy_in(v, &r, gvaddr_make(hc->arg[1]), sizeof(r)))
		return -XEN_EFAULT;
	/* Larger counts cannot be told apart from an error or encoded in a continuation. */
	if (r.nr_extents > UINT32_MAX >> 7)
		return (long)start;
	if (r.extent_order > (v->domain->is_privileged ? TOOLS_MAX_ORDER : GUEST_MAX_ORDER) ||
	    start > r.nr_extents)
		return (long)start;
	d = domain_from_arg(v, r.domid, &err);
	if (!d)
		return err;
	rc = run(v, d, &r, cmd, start);
	domain_put(d);
	return rc;
}
