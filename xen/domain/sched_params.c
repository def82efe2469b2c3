/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_DOMCTL_scheduler_op and XEN_SYSCTL_scheduler_op: converts the ABI's unions, which have a
 * member for each policy, to the structures of policies. Policies never see a guest's address.
 */
#include <xen/errno.h>
#include <xen/printk.h>

#include "domctl.h"

/* The most vCPUs in one call, as others wait for the lock; the call returns how many it did. */
#define VCPUS_AT_ONCE 64

static void rtds_decode(struct sched_unit_params *p, const struct xen_domctl_sched_rtds *r)
{
	*p = (struct sched_unit_params){
		.period_ns = r->period * 1000LL,
		.budget_ns = r->budget * 1000LL,
		.extra = r->flags & XEN_DOMCTL_SCHEDRT_extra,
	};
}

static void rtds_encode(struct xen_domctl_sched_rtds *r, const struct sched_unit_params *p)
{
	*r = (struct xen_domctl_sched_rtds){
		.period = (u32)(p->period_ns / 1000),
		.budget = (u32)(p->budget_ns / 1000),
		.flags = p->extra ? XEN_DOMCTL_SCHEDRT_extra : 0,
	};
}

static long put_domain(struct domain *d, const struct xen_domctl_scheduler_op *op)
{
	struct sched_domain_params p;
	struct sched_unit_params up;
	struct vcpu *t;

	switch (op->sched_id) {
	case XEN_SCHEDULER_CREDIT:
		p = (struct sched_domain_params){ op->u.credit.weight, op->u.credit.cap };
		return sched_set_domain_params(d, &p);
	case XEN_SCHEDULER_CREDIT2:
		p = (struct sched_domain_params){ op->u.credit2.weight, op->u.credit2.cap };
		return sched_set_domain_params(d, &p);
	case XEN_SCHEDULER_RTDS:
		rtds_decode(&up, &op->u.rtds);
		for_each_vcpu(d, t) {
			long rc = sched_set_vcpu_params(t, &up);

			if (rc)
				return rc;
		}
		return 0;
	default:
		return -XEN_EOPNOTSUPP;
	}
}

static long get_domain(struct domain *d, struct xen_domctl_scheduler_op *op)
{
	struct sched_domain_params p = { 0 };
	struct sched_unit_params up = { 0 };
	long rc;

	switch (op->sched_id) {
	case XEN_SCHEDULER_CREDIT:
		rc = sched_get_domain_params(d, &p);
		op->u.credit.weight = (u16)p.weight;
		op->u.credit.cap = (u16)p.cap;
		return rc;
	case XEN_SCHEDULER_CREDIT2:
		rc = sched_get_domain_params(d, &p);
		op->u.credit2.weight = (u16)p.weight;
		op->u.credit2.cap = (u16)p.cap;
		return rc;
	case XEN_SCHEDULER_RTDS:
		rc = d->vcpu[0] ? sched_get_vcpu_params(d->vcpu[0], &up) : -XEN_EINVAL;
		rtds_encode(&op->u.rtds, &up);
		return rc;
	default:
		return -XEN_EOPNOTSUPP;
	}
}

/* One element of the caller's array. */
static long one_vcpu(struct vcpu *v, struct domain *d, guest_ptr_t at, bool put)
{
	struct xen_domctl_schedparam_vcpu item;
	struct sched_unit_params p = { 0 };
	struct vcpu *t;
	long rc;

	if (guest_copy_in(v, &item, at, sizeof(item)))
		return -XEN_EFAULT;
	t = domain_vcpu(d, item.vcpuid);
	if (!t)
		return -XEN_EINVAL;
	if (put) {
		rtds_decode(&p, &item.u.rtds);
		return sched_set_vcpu_params(t, &p);
	}
	rc = sched_get_vcpu_params(t, &p);
	if (rc)
		return rc;
	rtds_encode(&item.u.rtds, &p);
	return guest_copy_out(v, at, &item, sizeof(item)) ? -XEN_EFAULT : 0;
}

/* An error in one element ends the call; earlier elements stay done, as in the ABI. */
static long each_vcpu(struct vcpu *v, struct domain *d, struct xen_domctl_scheduler_op *op,
		      bool put)
{
	guest_ptr_t list = guest_handle_ptr(op->u.v.vcpus);
	u32 n = 0;

	if (op->sched_id != XEN_SCHEDULER_RTDS) {
		printk(LOG_G_DEBUG "the scheduler %s has no parameters of single vCPUs\n",
		       sched_name(d));
		return -XEN_EINVAL;
	}
	while (n < op->u.v.nr_vcpus) {
		guest_ptr_t at = guest_ptr_add(list, n * sizeof(xen_domctl_schedparam_vcpu_t));
		long rc = one_vcpu(v, d, at, put);

		if (rc)
			return rc;
		if (++n >= VCPUS_AT_ONCE && hypercall_preempt_check())
			break;
	}
	op->u.v.nr_vcpus = n;
	return 0;
}

long domctl_scheduler(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_scheduler_op *o = &op->u.scheduler_op;

	if (o->sched_id != sched_id(d))
		return -XEN_EINVAL;
	switch (o->cmd) {
	case XEN_DOMCTL_SCHEDOP_putinfo:
		return put_domain(d, o);
	case XEN_DOMCTL_SCHEDOP_getinfo:
		return get_domain(d, o);
	case XEN_DOMCTL_SCHEDOP_putvcpuinfo:
	case XEN_DOMCTL_SCHEDOP_getvcpuinfo:
		return each_vcpu(v, d, o, o->cmd == XEN_DOMCTL_SCHEDOP_putvcpuinfo);
	default:
		return -XEN_EINVAL;
	}
}

long sysctl_scheduler(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_scheduler_op *o = &op->u.scheduler_op;
	struct scheduler *s = sched_pool(o->cpupool_id);
	struct sched_global_params p = { 0 };
	long rc;

	if (!s)
		return -XEN_ESRCH;
	if (o->sched_id != s->ops->id ||
	    (o->cmd != XEN_SYSCTL_SCHEDOP_putinfo && o->cmd != XEN_SYSCTL_SCHEDOP_getinfo))
		return -XEN_EINVAL;
	if (o->sched_id != XEN_SCHEDULER_CREDIT2)
		return -XEN_EOPNOTSUPP;
	if (o->cmd == XEN_SYSCTL_SCHEDOP_putinfo) {
		p.ratelimit_us = o->u.sched_credit2.ratelimit_us;
		rc = sched_set_global_params(s, &p);
		if (rc)
			return rc;
	}
	rc = sched_get_global_params(s, &p);
	o->u.sched_credit2.ratelimit_us = p.ratelimit_us;
	return rc;
}
