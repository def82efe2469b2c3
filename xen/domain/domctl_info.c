/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_DOMCTL_get*info: information on domains, vCPUs and pages for the toolstack. */
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/p2m.h>
#include <xen/string.h>

#include "domctl.h"

/* The most entries of one getpageframeinfo3. */
#define MAX_FRAMES 1024

/* A domain counts as blocked when no online vCPU could run. */
static u32 vcpu_flags(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	u32 flags = XEN_DOMINF_blocked;
	struct vcpu *v;

	info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
	for_each_vcpu(d, v) {
		unsigned long pause = READ_ONCE(v->pause_flags);

		info->max_vcpu_id = v->id;
		info->cpu_time += vcpu_cpu_time(v);
		if (pause & VPF_DOWN)
			continue;
		info->nr_online_vcpus++;
		if (!(pause & VPF_BLOCKED))
			flags &= ~XEN_DOMINF_blocked;
		if (READ_ONCE(v->running))
			flags |= XEN_DOMINF_running;
	}
	return flags;
}

void domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	memset(info, 0, sizeof(*info));
	info->domain = d->id;
	info->flags = vcpu_flags(d, info) | XEN_DOMINF_hvm_guest | XEN_DOMINF_hap;
	if (d->dying)
		info->flags |= XEN_DOMINF_dying;
	if (d->is_shut_down)
		info->flags |= XEN_DOMINF_shutdown |
			       (d->shutdown_code & XEN_DOMINF_shutdownmask)
				       << XEN_DOMINF_shutdownshift;
	if (READ_ONCE(d->controller_pause_count))
		info->flags |= XEN_DOMINF_paused;
	if (d->config_flags & XEN_DOMCTL_CDF_xs_domain)
		info->flags |= XEN_DOMINF_xs_domain;
	info->tot_pages = READ_ONCE(d->tot_pages);
	info->max_pages = READ_ONCE(d->max_pages);
	if (d->outstanding_claim > info->tot_pages)
		info->outstanding_pages = d->outstanding_claim - info->tot_pages;
	/* The guest chooses where to map its shared info, if it maps it at all. */
	info->shared_info_frame = ~0UL;
	info->cpupool = sched_pool_id(d);
	memcpy(info->handle, d->handle, sizeof(info->handle));
	hal_domain_info(d, info);
}

/* The domain with that id or, so that callers can list all domains, the next one. */
long domctl_getdomaininfo(struct vcpu *v, struct domain *none, struct xen_domctl *op)
{
	struct domain *d;

	rcu_read_lock();
	d = domain_next(NULL);
	while (d && d->id < op->domain)
		d = domain_next(d);
	if (d) {
		domain_info(d, &op->u.getdomaininfo);
		op->domain = d->id;
	}
	rcu_read_unlock();
	return d ? 0 : -XEN_ESRCH;
}

long domctl_getvcpuinfo(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
	struct vcpu *t;

	if (info->vcpu >= d->max_vcpus)
		return -XEN_EINVAL;
	t = domain_vcpu(d, info->vcpu);
	if (!t)
		return -XEN_ESRCH;
	info->online = !(READ_ONCE(t->pause_flags) & VPF_DOWN);
	info->blocked = !!(READ_ONCE(t->pause_flags) & VPF_BLOCKED);
	info->running = READ_ONCE(t->running);
	info->cpu_time = vcpu_cpu_time(t);
	info->cpu = vcpu_cpu(t);
	return 0;
}

/* Tells which frames exist; only PV guests have page-table types. */
long domctl_getpageframeinfo(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	guest_ptr_t array = guest_handle_ptr(op->u.getpageframeinfo3.array);
	u64 num = op->u.getpageframeinfo3.num;

	if (num > MAX_FRAMES)
		return -XEN_E2BIG;
	for (u64 i = 0; i < num; i++) {
		guest_ptr_t at = guest_ptr_add(array, i * sizeof(xen_pfn_t));
		struct page_info *pg;
		xen_pfn_t pfn, type;

		if (guest_copy_in(v, &pfn, at, sizeof(pfn)))
			return -XEN_EFAULT;
		pg = p2m_get_page(d, gfn_make(pfn), NULL, false);
		type = pg ? XEN_DOMCTL_PFINFO_NOTAB : XEN_DOMCTL_PFINFO_XTAB;
		if (pg)
			page_put(pg);
		if (guest_copy_out(v, at, &type, sizeof(type)))
			return -XEN_EFAULT;
	}
	return 0;
}
