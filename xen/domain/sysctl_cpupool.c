/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_SYSCTL_cpupool_op: there is one pool, number 0, which has all CPUs. */
#include <xen/errno.h>

#include "domctl.h"

#define THE_POOL 0U

static long pool_info(struct vcpu *v, struct xen_sysctl_cpupool_op *p)
{
	/* The first pool with at least the given number. */
	if (p->cpupool_id > THE_POOL)
		return -XEN_ENOENT;
	p->cpupool_id = THE_POOL;
	p->sched_id = sched_id(v->domain);
	p->n_dom = 0;
	rcu_read_lock();
	for (struct domain *d = domain_next(NULL); d; d = domain_next(d))
		p->n_dom++;
	rcu_read_unlock();
	return xenctl_bitmap_out(v, &p->cpumap, cpu_online_map.bits, NR_CPUS);
}

static long free_info(struct vcpu *v, struct xen_sysctl_cpupool_op *p)
{
	cpumask_t none;

	cpumask_clear(&none);
	return xenctl_bitmap_out(v, &p->cpumap, none.bits, NR_CPUS);
}

static long move_domain(struct vcpu *v, struct xen_sysctl_cpupool_op *p)
{
	struct domain *d = domain_get_by_id((u16)p->domid);

	if (!d)
		return -XEN_ESRCH;
	domain_put(d);
	return p->cpupool_id == THE_POOL ? 0 : -XEN_ENOENT;
}

long sysctl_cpupool(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;

	switch (p->op) {
	case XEN_SYSCTL_CPUPOOL_OP_INFO:
		return pool_info(v, p);
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		return free_info(v, p);
	case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
		return move_domain(v, p);
	case XEN_SYSCTL_CPUPOOL_OP_CREATE:
		return -XEN_EOPNOTSUPP;
	case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
		return p->cpupool_id == THE_POOL ? -XEN_EBUSY : -XEN_ENOENT;
	case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
	case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
		return p->cpupool_id == THE_POOL ? -XEN_EOPNOTSUPP : -XEN_ENOENT;
	default:
		return -XEN_ENOSYS;
	}
}
