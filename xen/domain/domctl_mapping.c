/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_DOMCTL_memory_mapping: registers of the machine's devices in a guest's memory, but not in
 * what its devices reach by DMA. Both the caller and the guest must have the right to them.
 */
#include <xen/errno.h>
#include <xen/p2m.h>
#include <xen/p2m_fmt.h>

#include "domctl.h"

/* The most frames of one call: each has to be looked at. */
#define MAX_FRAMES 64U

static bool has_frames(struct domain *d, u64 first, u64 last)
{
	bool has;

	spin_lock(&d->lock);
	has = rangeset_contains(&d->iomem_caps, first, last);
	spin_unlock(&d->lock);
	return has;
}

/* All that are mapped as asked for are unmapped, also when others are not. */
static int unmap_frames(struct p2m *p, u64 gfn, u64 mfn, u64 n)
{
	int rc = 0;

	p2m_batch_begin(p);
	for (u64 i = 0; i < n; i++) {
		int err = p2m_unmap_page(p, gfn_make(gfn + i), mfn_make(mfn + i), P2M_MMIO_DIRECT);

		rc = rc ? rc : err;
	}
	p2m_batch_end(p);
	return rc;
}

long domctl_memory_mapping(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_memory_mapping *m = &op->u.memory_mapping;
	u64 last = m->first_mfn + m->nr_mfns - 1;
	u32 bits = p2m_fmt_gfn_bits(d->p2m->fmt);

	if (!m->nr_mfns || m->add_mapping > 1)
		return -XEN_EINVAL;
	if (m->nr_mfns > MAX_FRAMES)
		return -XEN_E2BIG;
	if (last < m->first_mfn || m->first_gfn >> bits ||
	    (m->first_gfn + m->nr_mfns - 1) >> bits)
		return -XEN_EINVAL;
	if (!m->add_mapping)
		return unmap_frames(d->p2m, m->first_gfn, m->first_mfn, m->nr_mfns);
	if (!has_frames(v->domain, m->first_mfn, last) || !has_frames(d, m->first_mfn, last))
		return -XEN_EPERM;
	return p2m_map_range(d->p2m, gfn_make(m->first_gfn), mfn_make(m->first_mfn), m->nr_mfns,
			     P2M_MMIO_DIRECT);
}
