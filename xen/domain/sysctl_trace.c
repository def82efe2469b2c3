/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_SYSCTL_tbuf_op, and the pages of the trace buffers for a toolstack to map. They belong to
 * DOMID_XEN, a domain in name only. Any privileged domain may map them, writable as well, because a
 * reader moves each ring's cons.
 */
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/hal/vcpu.h>
#include <xen/trace.h>

#include "domctl.h"

/* Owner of hypervisor pages that privileged domains may map; created with the first of them. */
static struct domain *dom_xen;	/* [sysctl lock to set], read without */

struct domain *domain_xen(void)
{
	return __atomic_load_n(&dom_xen, __ATOMIC_ACQUIRE);
}

static void share_page(mfn_t mfn)
{
	struct page_info *pg = mfn_to_page(mfn);

	pg->owner = dom_xen;
	__atomic_fetch_or(&pg->flags, PAGE_FLAG_XENSHARE, __ATOMIC_RELEASE);
}

static void half_full(void)
{
	evtchn_send_global_virq(VIRQ_TBUF);
}

/* Let toolstacks map the buffers, which do not change any more. */
static int share_buffers(void)
{
	struct domain *d;

	if (domain_xen() || !trace_info_bytes())
		return 0;
	d = hal_domain_alloc();
	if (!d)
		return -XEN_ENOMEM;
	d->id = DOMID_XEN;
	d->refs = 1;
	spin_lock_init(&d->lock, "xen's domain", LOCK_RANK_DOMAIN);
	domain_pages_init(d);
	list_init(&d->link);
	__atomic_store_n(&dom_xen, d, __ATOMIC_RELEASE);
	trace_for_each_page(share_page);
	trace_set_notifier(half_full);
	return 0;
}

static long set_cpu_mask(struct vcpu *v, const struct xenctl_bitmap *map)
{
	cpumask_t mask;
	int rc = xenctl_bitmap_in(v, mask.bits, NR_CPUS, map);

	if (!rc)
		trace_set_cpu_mask(&mask);
	return rc;
}

static long get_info(struct xen_sysctl_tbuf_op *t)
{
	int rc = share_buffers();

	if (rc)
		return rc;
	t->evt_mask = trace_event_mask();
	t->buffer_mfn = trace_info_mfn().v;
	t->size = trace_info_bytes();
	return 0;
}

long sysctl_tbuf(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_tbuf_op *t = &op->u.tbuf_op;

	switch (t->cmd) {
	case XEN_SYSCTL_TBUFOP_get_info:
		return get_info(t);
	case XEN_SYSCTL_TBUFOP_set_cpu_mask:
		return set_cpu_mask(v, &t->cpu_mask);
	case XEN_SYSCTL_TBUFOP_set_evt_mask:
		trace_set_event_mask(t->evt_mask);
		return 0;
	case XEN_SYSCTL_TBUFOP_set_size:
		return trace_set_size(t->size);
	case XEN_SYSCTL_TBUFOP_enable:
		return trace_enable();
	case XEN_SYSCTL_TBUFOP_disable:
		trace_disable();
		return 0;
	default:
		return -XEN_EINVAL;
	}
}
