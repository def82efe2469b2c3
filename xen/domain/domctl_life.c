/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_DOMCTL_*: creating, pausing, limiting and destroying domains. */
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/gnttab.h>
#include <xen/hal/vcpu.h>
#include <xen/iommu.h>
#include <xen/printk.h>
#include <xen/string.h>

#include "domctl.h"

/* Guests are HVM on nested paging; the oos_off flag concerns only shadow paging. */
#define CDF_NEEDED (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap)
#define CDF_ALLOWED (CDF_NEEDED | XEN_DOMCTL_CDF_oos_off | XEN_DOMCTL_CDF_xs_domain | \
		     XEN_DOMCTL_CDF_iommu)

static int refuse(int err, const char *why)
{
	printk(LOG_WARN "createdomain refused: %s\n", why);
	return err;
}

static int check_flags(struct xen_domctl_createdomain *c, struct domain_config *cfg)
{
	if ((c->flags & CDF_NEEDED) != CDF_NEEDED)
		return refuse(-XEN_EINVAL, "guests must be PVH or HVM with nested paging");
	if (c->flags & (XEN_DOMCTL_CDF_nested_virt | XEN_DOMCTL_CDF_vpmu))
		return refuse(-XEN_EINVAL, "no nesting or virtual PMU");
	if ((c->flags & XEN_DOMCTL_CDF_iommu) && !iommu_in_use())
		return refuse(-XEN_EINVAL, "device passthrough needs an IOMMU, and none is in use "
			      "(the boot log says why)");
	if (c->flags & ~CDF_ALLOWED)
		return refuse(-XEN_EINVAL, "unknown flags");
	/* Page tables for DMA are never those for the CPU, so the one option is always honoured. */
	if (c->iommu_opts & ~(c->flags & XEN_DOMCTL_CDF_iommu ? XEN_DOMCTL_IOMMU_no_sharept : 0U))
		return refuse(-XEN_EINVAL, "unknown IOMMU options");
	if (c->vmtrace_size)
		return refuse(-XEN_EINVAL, "no processor trace for guests");
	return hal_domain_config_check(c, cfg);
}

/* A negative limit asks for the default, which the grant table's constructor calls 0. */
static int check_limits(const struct xen_domctl_createdomain *c, struct domain_config *cfg)
{
	u32 version = c->grant_opts & XEN_DOMCTL_GRANT_version_mask;

	if (!c->max_vcpus)
		return refuse(-XEN_EINVAL, "no vCPUs");
	if (!c->max_grant_frames || version < 1 || version > 2 ||
	    (c->grant_opts & ~XEN_DOMCTL_GRANT_version_mask))
		return refuse(-XEN_EINVAL, "grant table limits");
	cfg->max_vcpus = c->max_vcpus;
	cfg->max_evtchn_port = c->max_evtchn_port;
	cfg->max_grant_frames = c->max_grant_frames < 0 ? 0 : (u32)c->max_grant_frames;
	cfg->max_maptrack_frames = c->max_maptrack_frames < 0 ? 0
				   : c->max_maptrack_frames ? (u32)c->max_maptrack_frames : 1;
	cfg->max_grant_version = version;
	return 0;
}

long domctl_create(struct vcpu *v, struct domain *none, struct xen_domctl *op)
{
	struct xen_domctl_createdomain *c = &op->u.createdomain;
	struct domain_config cfg = { .domid = op->domain, .flags = c->flags, .node = NUMA_NO_NODE,
				     .pool_id = c->cpupool_id };
	struct domain *d;
	int rc;

	if (cfg.domid == 0 || cfg.domid >= DOMID_FIRST_RESERVED)
		cfg.domid = DOMID_INVALID;
	rc = check_flags(c, &cfg);
	if (!rc)
		rc = check_limits(c, &cfg);
	if (rc)
		return rc;
	memcpy(cfg.handle, c->handle, sizeof(cfg.handle));
	d = domain_create(&cfg, &rc);
	if (!d && rc == -XEN_ENOENT)
		return refuse(rc, "no such CPU pool, or no CPUs in it");
	if (!d)
		return rc;
	op->domain = d->id;
	return 0;
}

long domctl_destroy(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	return domain_kill(d);
}

long domctl_pause(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	return domain_pause_by_systemcontroller(d);
}

long domctl_unpause(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	return domain_unpause_by_systemcontroller(d);
}

long domctl_resume(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	domain_resume(d);
	return 0;
}

long domctl_max_vcpus(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	int rc = 0;

	if (op->u.max_vcpus.max != d->max_vcpus || d->dying)
		return -XEN_EINVAL;
	for (u32 i = 0; i < d->max_vcpus && !rc; i++)
		if (!d->vcpu[i])
			rc = domain_vcpu_create(d, i);
	return rc;
}

/* The limit may be less than what the domain has: it can then only shrink. */
long domctl_max_mem(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	u64 flags = spin_lock_irqsave(&d->page_lock);

	d->max_pages = op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);
	spin_unlock_irqrestore(&d->page_lock, flags);
	return 0;
}

long domctl_set_handle(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
	sched_domain_handle(d);
	return 0;
}

long domctl_time_offset(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	d->time_offset_seconds = op->u.settimeoffset.time_offset_seconds;
	hal_domain_update_wallclock(d);
	return 0;
}

/* Set the port of @d on which to announce its shutdown. */
long domctl_subscribe(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	u32 port = op->u.subscribe.port;

	if (!evtchn_port_valid(d, port))
		return -XEN_EINVAL;
	spin_lock(&d->lock);
	d->suspend_evtchn = port;
	spin_unlock(&d->lock);
	return 0;
}

long domctl_trigger(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct vcpu *t = domain_vcpu(d, op->u.sendtrigger.vcpu);
	bool copy = false;

	if (op->u.sendtrigger.trigger != XEN_DOMCTL_SENDTRIGGER_NMI)
		return hal_domctl(v, d, op, &copy);
	if (!t)
		return -XEN_ESRCH;
	hal_vcpu_nmi(t);
	return 0;
}
