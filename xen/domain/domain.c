/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Creation and teardown of domains. XEN_DOMCTL_destroydomain tears a domain down in bounded steps,
 * each of which can be repeated. (Finding domains: domlist.c.)
 */
#include <xen/domain_iommu.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/gnttab.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/ioreq.h>
#include <xen/p2m.h>
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/trace.h>
#include <xen/xmalloc.h>

#include "private.h"

#include <public/hvm/params.h>

#define MAX_VCPUS_PER_DOMAIN 128

/*
 * Timers and clocks write to shared_info as long as the domain exists. Another domain may still
 * have it mapped; it must not be found as this domain's page again.
 */
static void free_shared_info(struct domain *d)
{
	struct page_info *pg = d->shared_info_page;

	if (!pg)
		return;
	ASSERT(pg->owner == d && pg->state == PAGE_STATE_XEN);
	pg->flags &= ~PAGE_FLAG_XENSHARE;
	pg->owner = NULL;
	page_put(pg);
}

static void domain_free(struct rcu_head *rcu)
{
	struct domain *d = container_of(rcu, struct domain, rcu);

	for (u32 i = 0; i < DOMAIN_WATCHDOGS; i++)
		ASSERT(!timer_is_active(&d->watchdog[i]));
	ioreq_domain_free(d);
	/* This frees data of each vCPU as well. */
	evtchn_domain_free(d);
	for (u32 i = 0; d->vcpu && i < d->max_vcpus; i++) {
		if (!d->vcpu[i])
			continue;
		ASSERT(!vcpu_timers_active(d->vcpu[i]));
		hal_vcpu_destroy(d->vcpu[i]);
		hal_vcpu_free(d->vcpu[i]);
	}
	gnttab_domain_free(d);
	domain_iommu_destroy(d);
	p2m_domain_free(d);
	free_shared_info(d);
	sched_domain_destroy(d);
	hal_domain_destroy(d);
	rangeset_destroy(&d->iomem_caps);
	rangeset_destroy(&d->irq_caps);
	rangeset_destroy(&d->ioport_caps);
	xfree(d->hvm_params);
	xfree(d->vcpu);
	printk(LOG_DEBUG "d%u is gone, %lu pages are free\n", d->id, free_page_count(NUMA_NO_NODE));
	hal_domain_free(d);
}

static int make_shared_info(struct domain *d)
{
	struct page_info *pg = alloc_pages(0, 0);

	if (!pg)
		return -XEN_ENOMEM;
	pg->owner = d;
	pg->flags |= PAGE_FLAG_XENSHARE;
	d->shared_info_page = pg;
	d->shared_info = page_to_virt(pg);
	return 0;
}

static void domain_set_config(struct domain *d, const struct domain_config *cfg)
{
	d->id = domid_choose(cfg->domid);
	d->free = domain_free;
	d->is_hardware = cfg->is_hardware;
	d->is_privileged = cfg->is_privileged;
	d->max_vcpus = cfg->max_vcpus;
	d->max_pages = cfg->max_pages;
	d->node_affinity = cfg->node;
	d->config_flags = cfg->flags;
	d->created_at = hal_now_ns();
	memcpy(d->handle, cfg->handle, sizeof(d->handle));
	memcpy(d->name, cfg->name, sizeof(d->name));
	d->name[sizeof(d->name) - 1] = 0;
	d->refs = 1;
	/* A new domain is paused until XEN_DOMCTL_unpausedomain or the boot code unpauses it. */
	d->controller_pause_count = 1;
	d->pause_count = 1;
	spin_lock_init(&d->lock, "domain", LOCK_RANK_DOMAIN);
	domain_pages_init(d);
	watchdogs_init(d);
	list_init(&d->link);
	rangeset_init(&d->iomem_caps);
	rangeset_init(&d->irq_caps);
	rangeset_init(&d->ioport_caps);
}

/* The hardware domain gets its space when its devices are confined. */
static int init_passthrough(struct domain *d)
{
	return d->config_flags & XEN_DOMCTL_CDF_iommu ? domain_iommu_init(d) : 0;
}

static int domain_init_parts(struct domain *d, const struct domain_config *cfg)
{
	int rc;

	d->vcpu = xzalloc_array(struct vcpu *, cfg->max_vcpus);
	d->hvm_params = xzalloc_array(u64, HVM_NR_PARAMS);
	if (!d->vcpu || !d->hvm_params)
		return -XEN_ENOMEM;
	if ((rc = make_shared_info(d)) || (rc = p2m_domain_init(d)) ||
	    (rc = init_passthrough(d)) ||
	    (rc = hal_domain_init(d, cfg)) || (rc = evtchn_domain_init(d, cfg->max_evtchn_port)))
		return rc;
	rc = gnttab_domain_init(d, cfg->max_grant_frames, cfg->max_maptrack_frames,
				cfg->max_grant_version);
	return rc ? rc : sched_domain_init(d, sched_pool(cfg->pool_id));
}

/* Undo a failed creation; nothing refers to the domain yet. */
static void domain_discard(struct domain *d)
{
	evtchn_domain_destroy(d);
	gnttab_domain_destroy(d);
	domain_free(&d->rcu);
}

struct domain *domain_create(const struct domain_config *cfg, int *err)
{
	const struct scheduler *s = sched_pool(cfg->pool_id);
	struct domain *d;

	*err = -XEN_EINVAL;
	if (cfg->max_vcpus < 1 || cfg->max_vcpus > MAX_VCPUS_PER_DOMAIN)
		return NULL;
	*err = -XEN_ENOENT;
	if (!s || cpumask_empty(&s->cpus))
		return NULL;
	*err = -XEN_ENOMEM;
	d = hal_domain_alloc();
	if (!d)
		return NULL;
	domain_set_config(d, cfg);
	*err = domain_init_parts(d, cfg);
	if (!*err)
		*err = domlist_insert(d);
	if (*err) {
		domain_discard(d);
		return NULL;
	}
	trace_domain_add(d->id);
	if (d->is_hardware)
		hardware_domain = d;
	return d;
}

int domain_vcpu_create(struct domain *d, u32 id)
{
	struct vcpu *v;
	int rc;

	if (id >= d->max_vcpus)
		return -XEN_EINVAL;
	if (d->vcpu[id])
		return -XEN_EEXIST;
	v = hal_vcpu_alloc();
	if (!v)
		return -XEN_ENOMEM;
	v->id = id;
	v->domain = d;
	v->pause_flags = VPF_DOWN;
	v->vcpu_info = vcpu_info_initial(d, id);
	spin_lock_init(&v->area_lock, "runstate area", LOCK_RANK_NONE);
	vcpu_timers_init(v);
	if ((rc = evtchn_vcpu_init(v)) == 0 && (rc = sched_vcpu_init(v)) == 0 &&
	    (rc = hal_vcpu_init(v)) != 0)
		sched_vcpu_destroy(v);
	if (rc) {
		hal_vcpu_destroy(v);
		hal_vcpu_free(v);
		return rc;
	}
	__atomic_store_n(&d->vcpu[id], v, __ATOMIC_RELEASE);
	return 0;
}

static void vcpu_switched_out(struct vcpu *v)
{
	if (READ_ONCE(v->switch_work) & VSW_RUNSTATE)
		runstate_area_update(v);
}

static void vcpu_switched_in(struct vcpu *v)
{
	u32 work = READ_ONCE(v->switch_work);

	ASSERT(v->running);
	if (work & VSW_RUNSTATE)
		runstate_area_update(v);
	if (work & VSW_PERIODIC)
		vcpu_periodic_resume(v);
}

static const struct sched_hooks domain_sched_hooks = {
	.switched_out = vcpu_switched_out,
	.switched_in = vcpu_switched_in,
	.moved = vcpu_timers_move,
};
OPS_TABLE(domain_sched_hooks, switched_out);

void domains_init(void)
{
	sched_set_hooks(&domain_sched_hooks);
	evtchn_register_key();
	gnttab_register_key();
}

/* The most pages released in one call. */
#define RELINQUISH_BATCH 16384

static int domain_relinquish(struct domain *d)
{
	struct vcpu *v;
	int rc;

	ASSERT(d->dying == DOM_DYING);
	/* Its devices may be in the middle of transfers. */
	domain_iommu_detach_all(d);
	hal_domain_relinquish(d);
	/* Before the rest, as it has event channels, and pages at places of the p2m. */
	ioreq_domain_destroy(d);
	if ((rc = evtchn_domain_destroy(d)) || (rc = gnttab_domain_destroy(d)))
		return rc;
	watchdogs_kill(d);
	for_each_vcpu(d, v) {
		vcpu_timers_kill(v);
		vcpu_areas_release(v);
	}
	if ((rc = p2m_domain_destroy(d)))
		return rc;
	/* Pages in use by others are freed when that ends; a grant mapping keeps the domain. */
	return domain_release_pages(d, RELINQUISH_BATCH) ? 0 : -XEN_ERESTART;
}

static void domain_emptied(void *arg)
{
	domain_put(arg);
}

/*
 * A page that another domain has mapped needs its owner. One reference to the domain serves all
 * such pages; it is dropped with the last of them (page_put schedules the tasklet).
 */
static void hold_until_empty(struct domain *d)
{
	u64 flags;

	ASSERT(d->dying == DOM_DEAD && !d->pages_hold_domain);
	tasklet_init(&d->emptied, domain_emptied, d);
	flags = spin_lock_irqsave(&d->page_lock);
	if (d->tot_pages) {
		domain_get(d);
		d->pages_hold_domain = true;
	}
	spin_unlock_irqrestore(&d->page_lock, flags);
}

/* Stop the vCPUs for good. From here on, a CPU pool can be destroyed although the domain is not. */
static void leave_scheduler(struct domain *d)
{
	struct vcpu *v;

	domain_pause(d);
	for_each_vcpu(d, v)
		sched_vcpu_destroy(v);
	sched_domain_destroy(d);
}

/* One step of the teardown. */
static int kill_step(struct domain *d)
{
	int rc;

	ASSERT(!d->is_hardware);
	spin_lock(&d->lock);
	if (d->dying == DOM_DEAD) {
		spin_unlock(&d->lock);
		return -XEN_EINVAL;
	}
	if (d->dying == DOM_ALIVE) {
		d->dying = DOM_DYING;
		spin_unlock(&d->lock);
		leave_scheduler(d);
	} else {
		spin_unlock(&d->lock);
	}
	rc = domain_relinquish(d);
	if (rc)
		return rc;
	d->dying = DOM_DEAD;
	trace_domain_remove(d->id);
	hold_until_empty(d);
	domlist_remove(d);
	evtchn_send_global_virq(VIRQ_DOM_EXC);
	return 0;
}

int domain_kill(struct domain *d)
{
	int rc;

	if (d->is_hardware)
		return -XEN_EINVAL;
	domain_get(d);
	rc = kill_step(d);
	domain_put(d);
	return rc;
}
