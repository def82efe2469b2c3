/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_SYSCTL_cpupool_op: CPU pools, each with a scheduler of its own. A pool is an instance of a
 * policy; the scheduler keeps them, and what is here checks and converts. Errors are those that
 * <public/sysctl.h> lists.
 */
#include <xen/errno.h>

#include "domctl.h"

#define ANY XEN_SYSCTL_CPUPOOL_PAR_ANY

static long create(struct xen_sysctl_cpupool_op *p)
{
	const struct sched_policy *policy = sched_policy_by_id(p->sched_id);
	struct scheduler *s;
	int err;

	BUILD_BUG_ON(ANY != SCHED_POOL_ANY);
	if (!policy)
		return -XEN_ENOENT;
	s = sched_create(policy, p->cpupool_id, &err);
	if (!s)
		return err;
	p->cpupool_id = s->pool_id;
	return 0;
}

/* Tell of the first pool with at least the given number. */
static long info(struct vcpu *v, struct xen_sysctl_cpupool_op *p)
{
	struct scheduler *s = sched_pool_from(p->cpupool_id);
	cpumask_t cpus;

	if (!s)
		return -XEN_ENOENT;
	p->cpupool_id = s->pool_id;
	p->sched_id = s->ops->id;
	p->n_dom = sched_nr_domains(s);
	sched_pool_cpus(s, &cpus);
	return xenctl_bitmap_out(v, &p->cpumap, cpus.bits, NR_CPUS);
}

static long free_info(struct vcpu *v, struct xen_sysctl_cpupool_op *p)
{
	cpumask_t cpus;

	sched_free_cpus(&cpus);
	return xenctl_bitmap_out(v, &p->cpumap, cpus.bits, NR_CPUS);
}

static long add_cpu(struct scheduler *s, u32 cpu)
{
	cpumask_t cpus;
	long rc;

	sched_free_cpus(&cpus);
	if (cpu == ANY)
		cpu = cpumask_first(&cpus);
	else if (cpu >= nr_cpu_ids)
		return -XEN_EINVAL;
	if (cpu >= nr_cpu_ids)
		return -XEN_ENODEV;
	cpu = array_index_nospec(cpu, nr_cpu_ids);
	if (!cpumask_test(&cpus, cpu))
		return -XEN_ENODEV;
	rc = sched_cpu_join(cpu, s);
	if (!rc)
		sched_cpu_online(cpu);
	return rc;
}

static u32 last_cpu(const cpumask_t *cpus)
{
	u32 cpu, last = NR_CPUS;

	cpumask_for_each(cpu, cpus)
		last = cpu;
	return last;
}

static long remove_cpu(struct scheduler *s, u32 cpu)
{
	cpumask_t cpus;

	sched_pool_cpus(s, &cpus);
	if (cpu == ANY)
		cpu = last_cpu(&cpus);
	if (cpu >= nr_cpu_ids)
		return -XEN_EINVAL;
	cpu = array_index_nospec(cpu, nr_cpu_ids);
	if (!cpumask_test(&cpus, cpu))
		return -XEN_ENODEV;
	return sched_cpu_leave(cpu);
}

static long move_domain(struct vcpu *v, const struct xen_sysctl_cpupool_op *p)
{
	struct scheduler *s = sched_pool(p->cpupool_id);
	struct domain *d;
	long rc;

	if (p->domid == v->domain->id || p->domid == DOMID_SELF)
		return -XEN_EPERM;
	d = p->domid < DOMID_FIRST_RESERVED ? domain_get_by_id((u16)p->domid) : NULL;
	if (!d)
		return -XEN_ESRCH;
	if (d->dying)
		rc = -XEN_EINVAL;
	else if (sched_pool_id(d) == p->cpupool_id)
		rc = 0;
	else if (!s || cpumask_empty(&s->cpus))
		rc = -XEN_ENOENT;
	else
		rc = sched_move_domain(d, s);
	domain_put(d);
	return rc;
}

long sysctl_cpupool(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;
	struct scheduler *s = sched_pool(p->cpupool_id);

	switch (p->op) {
	case XEN_SYSCTL_CPUPOOL_OP_CREATE:
		return create(p);
	case XEN_SYSCTL_CPUPOOL_OP_INFO:
		return info(v, p);
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		return free_info(v, p);
	case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
		return move_domain(v, p);
	case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
		return s ? sched_destroy(s) : -XEN_ENOENT;
	case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
		return s ? add_cpu(s, p->cpu) : -XEN_ENOENT;
	case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
		return s ? remove_cpu(s, p->cpu) : -XEN_ENOENT;
	default:
		return -XEN_ENOSYS;
	}
}
