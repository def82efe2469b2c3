/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grant tables: cache maintenance on a page that the caller maps or owns, for devices that do not
 * see the CPUs' caches. The caller names the page by its machine address.
 */
#include "private.h"

#include <xen/hal/mm.h>
#include <xen/hypercall.h>

#define NOT_HERE 1

static int flush_part(mfn_t mfn, const struct gnttab_cache_flush *op)
{
	u32 ops = (op->op & GNTTAB_CACHE_CLEAN ? HAL_CACHE_CLEAN : 0) |
		  (op->op & GNTTAB_CACHE_INVAL ? HAL_CACHE_INVALIDATE : 0);

	return hal_cache_maintain((char *)mfn_to_virt(mfn) + op->offset, op->length, ops);
}

/* The domain's own page. Only a domain mapped one to one knows its machine addresses. */
static int flush_own(struct domain *d, mfn_t mfn, const struct gnttab_cache_flush *op)
{
	enum p2m_type type;
	struct page_info *pg;
	int rc = NOT_HERE;

	if (!d->is_mapped_1to1)
		return NOT_HERE;
	pg = p2m_get_page(d, gfn_make(mfn.v), &type, false);
	if (!pg)
		return NOT_HERE;
	if (page_to_mfn(pg).v == mfn.v)
		rc = flush_part(mfn, op);
	page_put(pg);
	return rc;
}

/* A page that one of the mappings of @chunk maps. The lock keeps the mapping, and so the page. */
static int flush_mapped(struct maptrack *mt, u32 chunk, mfn_t mfn,
			const struct gnttab_cache_flush *op)
{
	int rc = NOT_HERE;

	spin_lock(&mt->lock);
	for (u32 i = 0; i < MAPPINGS_PER_CHUNK && rc == NOT_HERE; i++) {
		const struct grant_mapping *m = &mt->chunk[chunk][i];

		if (m->granter && m->mfn.v == mfn.v)
			rc = flush_part(mfn, op);
	}
	spin_unlock(&mt->lock);
	return rc;
}

static long flush_one(struct domain *d, const struct gnttab_cache_flush *op, u32 *resume)
{
	struct maptrack *mt = &d->gnttab->maptrack;
	mfn_t mfn = paddr_to_mfn(paddr_make(op->a.dev_bus_addr));
	int rc;

	if (op->offset >= PAGE_SIZE || op->offset + op->length > PAGE_SIZE ||
	    (op->op & ~(GNTTAB_CACHE_INVAL | GNTTAB_CACHE_CLEAN)))
		return -XEN_EINVAL;
	if (!op->length || !op->op)
		return *resume ? -XEN_EILSEQ : 0;
	/* No clamp against speculation: what these two read is only compared, and leads nowhere. */
	if (!mfn_is_ram(mfn))
		return -XEN_EINVAL;
	if (!READ_ONCE(mfn_to_page(mfn)->owner))
		return -XEN_EPERM;
	rc = flush_own(d, mfn, op);
	for (u32 i = *resume; rc == NOT_HERE && i < READ_ONCE(mt->nr_chunks); i++) {
		if (i > *resume && hypercall_preempt_check()) {
			*resume = i;
			return -XEN_ERESTART;
		}
		rc = flush_mapped(mt, i, mfn, op);
	}
	*resume = 0;
	return rc == NOT_HERE ? -XEN_EINVAL : rc;
}

long grant_cache_flush(struct vcpu *v, guest_ptr_t uop, u32 count, u32 *resume, u32 *done)
{
	struct gnttab_cache_flush op;

	for (*done = 0; *done < count; ++*done) {
		long rc;

		if (*done && hypercall_preempt_check())
			return -XEN_ERESTART;
		if (guest_copy_in(v, &op, guest_ptr_add(uop, *done * sizeof(op)), sizeof(op)))
			return -XEN_EFAULT;
		rc = flush_one(v->domain, &op, resume);
		if (rc)
			return rc;
	}
	return 0;
}
