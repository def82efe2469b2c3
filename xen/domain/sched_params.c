/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_DOMCTL_scheduler_op and XEN_SYSCTL_scheduler_op: converts the ABI's unions, which have a
 * member for each policy, to the structures of policies. Policies never see a guest's address.
 */
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/xmalloc.h>

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

/* A weight of 0 leaves the old one; for credit, a cap of all ones does so as well. */
static long put_shares(struct domain *d, u32 weight, u32 cap, bool keep_cap)
{
	struct sched_domain_params p;

	if (keep_cap) {
		long rc = sched_get_domain_params(d, &p);

		if (rc)
			return rc;
		cap = p.cap;
	}
	p = (struct sched_domain_params){ .weight = weight, .cap = cap };
	return sched_set_domain_params(d, &p);
}

/* The policy accepts the values for all vCPUs or for none. */
static long put_all_vcpus(struct domain *d, const struct sched_unit_params *p)
{
	struct vcpu *t;

	for_each_vcpu(d, t) {
		long rc = sched_set_vcpu_params(t, p);

		if (rc)
			return rc;
	}
	return 0;
}

static long put_domain(struct domain *d, const struct xen_domctl_scheduler_op *op)
{
	struct sched_unit_params p;

	switch (op->sched_id) {
	case XEN_SCHEDULER_CREDIT:
		return put_shares(d, op->u.credit.weight, op->u.credit.cap,
				  op->u.credit.cap == UINT16_MAX);
	case XEN_SCHEDULER_CREDIT2:
		return put_shares(d, op->u.credit2.weight, op->u.credit2.cap, false);
	case XEN_SCHEDULER_RTDS:
		rtds_decode(&p, &op->u.rtds);
		return put_all_vcpus(d, &p);
	default:
		return -XEN_EOPNOTSUPP;
	}
}

/* For rtds the values that new vCPUs get, as each vCPU has values of its own. */
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
		rc = d->sched->ops->get_unit_params(d->sched, NULL, &up);
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
		bool of_domains = op->sched_id == XEN_SCHEDULER_CREDIT ||
				  op->sched_id == XEN_SCHEDULER_CREDIT2;

		printk(LOG_G_DEBUG "the scheduler %s has no parameters of single vCPUs\n",
		       sched_name(d));
		return of_domains ? -XEN_EINVAL : -XEN_EOPNOTSUPP;
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

/* A schedule in the ABI's form and in the policy's; too large for the stack. */
struct schedule_buffers {
	struct xen_sysctl_arinc653_schedule abi;
	struct sched_schedule plain;
};

static long schedule_decode(struct schedule_buffers *b)
{
	const struct xen_sysctl_arinc653_schedule *abi = &b->abi;

	BUILD_BUG_ON(SCHED_MAX_WINDOWS != ARINC653_MAX_DOMAINS_PER_SCHEDULE);
	if (abi->num_sched_entries > SCHED_MAX_WINDOWS || abi->major_frame > INT64_MAX)
		return -XEN_EINVAL;
	b->plain.frame_ns = (s64)abi->major_frame;
	b->plain.nr = abi->num_sched_entries;
	for (u32 i = 0; i < b->plain.nr; i++) {
		struct sched_window *w = &b->plain.window[i];

		if (abi->sched_entries[i].runtime > INT64_MAX)
			return -XEN_EINVAL;
		memcpy(w->handle, abi->sched_entries[i].dom_handle, sizeof(w->handle));
		w->unit_id = abi->sched_entries[i].vcpu_id;
		w->length_ns = (s64)abi->sched_entries[i].runtime;
	}
	return 0;
}

static void schedule_encode(struct schedule_buffers *b)
{
	struct xen_sysctl_arinc653_schedule *abi = &b->abi;

	ASSERT(b->plain.nr <= SCHED_MAX_WINDOWS);
	abi->major_frame = (u64)b->plain.frame_ns;
	abi->num_sched_entries = (u8)b->plain.nr;
	for (u32 i = 0; i < b->plain.nr; i++) {
		const struct sched_window *w = &b->plain.window[i];

		memcpy(abi->sched_entries[i].dom_handle, w->handle, sizeof(w->handle));
		abi->sched_entries[i].vcpu_id = w->unit_id;
		abi->sched_entries[i].runtime = (u64)w->length_ns;
	}
}

static long arinc653_op(struct vcpu *v, struct scheduler *s, struct xen_sysctl_scheduler_op *o)
{
	guest_ptr_t at = guest_handle_ptr(o->u.sched_arinc653.schedule);
	struct schedule_buffers *b = xzalloc(struct schedule_buffers);
	struct sched_global_params p = { 0 };
	long rc;

	if (!b)
		return -XEN_ENOMEM;
	p.schedule = &b->plain;
	if (o->cmd == XEN_SYSCTL_SCHEDOP_putinfo) {
		rc = guest_copy_in(v, &b->abi, at, sizeof(b->abi)) ? -XEN_EFAULT
								    : schedule_decode(b);
		if (!rc)
			rc = sched_set_global_params(s, &p);
	} else {
		rc = sched_get_global_params(s, &p);
		if (!rc) {
			schedule_encode(b);
			rc = guest_copy_out(v, at, &b->abi, sizeof(b->abi)) ? -XEN_EFAULT : 0;
		}
	}
	xfree(b);
	return rc;
}

static long credit_op(struct scheduler *s, struct xen_sysctl_scheduler_op *o)
{
	struct xen_sysctl_credit_schedule *c = &o->u.sched_credit;
	struct sched_global_params p = {
		.tslice_ms = c->tslice_ms,
		.ratelimit_us = c->ratelimit_us,
		.migr_delay_us = c->vcpu_migr_delay_us,
	};
	long rc = o->cmd == XEN_SYSCTL_SCHEDOP_putinfo ? sched_set_global_params(s, &p) : 0;

	if (!rc)
		rc = sched_get_global_params(s, &p);
	c->tslice_ms = p.tslice_ms;
	c->ratelimit_us = p.ratelimit_us;
	c->vcpu_migr_delay_us = p.migr_delay_us;
	return rc;
}

static long credit2_op(struct scheduler *s, struct xen_sysctl_scheduler_op *o)
{
	struct sched_global_params p = { .ratelimit_us = o->u.sched_credit2.ratelimit_us };
	long rc = o->cmd == XEN_SYSCTL_SCHEDOP_putinfo ? sched_set_global_params(s, &p) : 0;

	if (!rc)
		rc = sched_get_global_params(s, &p);
	o->u.sched_credit2.ratelimit_us = p.ratelimit_us;
	return rc;
}

long sysctl_scheduler(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_scheduler_op *o = &op->u.scheduler_op;
	struct scheduler *s;

	if (o->cmd != XEN_SYSCTL_SCHEDOP_putinfo && o->cmd != XEN_SYSCTL_SCHEDOP_getinfo)
		return -XEN_EINVAL;
	s = sched_pool(o->cpupool_id);
	if (!s)
		return -XEN_ESRCH;
	if (o->sched_id != s->ops->id)
		return -XEN_EINVAL;
	switch (o->sched_id) {
	case XEN_SCHEDULER_ARINC653:
		return arinc653_op(v, s, o);
	case XEN_SCHEDULER_CREDIT:
		return credit_op(s, o);
	case XEN_SCHEDULER_CREDIT2:
		return credit2_op(s, o);
	default:
		/* rtds and null have no parameters of an instance. */
		return -XEN_EOPNOTSUPP;
	}
}
