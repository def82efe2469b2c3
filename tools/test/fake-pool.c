/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small hypervisor's CPU pools and schedulers, with the errors that <public/sysctl.h> names. */
#include "fake-xen.h"

#include <errno.h>
#include <string.h>

static uint64_t all_cpus(void)
{
	return ((uint64_t)1 << fake_xen.cpus) - 1;
}

static uint64_t free_cpus(void)
{
	uint64_t cpus = all_cpus();

	for (unsigned int i = 0; i < FAKE_POOLS; i++)
		if (fake_xen.pool[i].used)
			cpus &= ~fake_xen.pool[i].cpus;
	return cpus;
}

static uint32_t domains_in(uint32_t pool)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < FAKE_DOMAINS; i++)
		n += fake_xen.d[i].used && fake_xen.d[i].pool == pool;
	return n;
}

static long give_cpus(struct xen_sysctl_cpupool_op *p, uint64_t cpus)
{
	memset(p->cpumap.bitmap.p, 0, p->cpumap.nr_bits / 8);
	memcpy(p->cpumap.bitmap.p, &cpus, sizeof(cpus));
	return 0;
}

static long info(struct xen_sysctl_cpupool_op *p)
{
	while (p->cpupool_id < FAKE_POOLS && !fake_xen.pool[p->cpupool_id].used)
		p->cpupool_id++;
	if (p->cpupool_id >= FAKE_POOLS)
		return -ENOENT;
	p->sched_id = fake_xen.pool[p->cpupool_id].sched;
	p->n_dom = domains_in(p->cpupool_id);
	return give_cpus(p, fake_xen.pool[p->cpupool_id].cpus);
}

static long create(struct xen_sysctl_cpupool_op *p)
{
	unsigned int i = 0;

	if (p->sched_id != XEN_SCHEDULER_CREDIT && p->sched_id != XEN_SCHEDULER_CREDIT2 &&
	    p->sched_id != XEN_SCHEDULER_RTDS)
		return -ENOENT;
	while (i < FAKE_POOLS && fake_xen.pool[i].used)
		i++;
	if (i == FAKE_POOLS)
		return -ENOMEM;
	fake_xen.pool[i] = (struct fake_pool){ true, p->sched_id, 0 };
	p->cpupool_id = i;
	return 0;
}

static long remove_cpu(struct fake_pool *pool, uint32_t id, uint64_t bit)
{
	if (!(pool->cpus & bit))
		return -ENODEV;
	if (fake_xen.busy) {
		fake_xen.busy--;
		return -EAGAIN;
	}
	if (pool->cpus == bit && domains_in(id))
		return -EBUSY;
	pool->cpus &= ~bit;
	return 0;
}

static long change(struct xen_sysctl_cpupool_op *p)
{
	struct fake_pool *pool = p->cpupool_id < FAKE_POOLS ? &fake_xen.pool[p->cpupool_id] : NULL;
	uint64_t bit = (uint64_t)1 << (p->cpu & 63);

	if (!pool || !pool->used)
		return -ENOENT;
	switch (p->op) {
	case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
		if (pool->cpus || domains_in(p->cpupool_id))
			return -EBUSY;
		pool->used = false;
		return 0;
	case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
		if (p->cpu >= fake_xen.cpus)
			return -EINVAL;
		if (!(free_cpus() & bit))
			return -ENODEV;
		pool->cpus |= bit;
		return 0;
	case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
		return remove_cpu(pool, p->cpupool_id, bit);
	default:
		if (p->domid == 0)
			return -EPERM;
		if (p->domid >= FAKE_DOMAINS || !fake_xen.d[p->domid].used)
			return -ESRCH;
		if (!pool->cpus)
			return -EINVAL;
		fake_xen.d[p->domid].pool = p->cpupool_id;
		return 0;
	}
}

long fake_cpupool(struct xen_sysctl_cpupool_op *p)
{
	if (p->op == XEN_SYSCTL_CPUPOOL_OP_INFO)
		return info(p);
	if (p->op == XEN_SYSCTL_CPUPOOL_OP_FREEINFO)
		return give_cpus(p, free_cpus());
	if (fake_xen.one_pool)
		return -EOPNOTSUPP;
	return p->op == XEN_SYSCTL_CPUPOOL_OP_CREATE ? create(p) : change(p);
}

static long sched_vcpus(struct fake_domain *d, struct xen_domctl_scheduler_op *s)
{
	for (uint32_t i = 0; i < s->u.v.nr_vcpus; i++) {
		struct xen_domctl_schedparam_vcpu *v = &s->u.v.vcpus.p[i];

		if (v->vcpuid >= d->max_vcpus || v->vcpuid >= FAKE_VCPUS)
			return -EINVAL;
		if (s->cmd == XEN_DOMCTL_SCHEDOP_putvcpuinfo)
			d->rtds[v->vcpuid] = v->u.rtds;
		else
			v->u.rtds = d->rtds[v->vcpuid];
	}
	return 0;
}

long fake_sched(struct fake_domain *d, struct xen_domctl_scheduler_op *s)
{
	bool rtds = s->sched_id == XEN_SCHEDULER_RTDS;

	if (s->sched_id != fake_xen.pool[d->pool].sched)
		return -EINVAL;
	if (s->cmd > XEN_DOMCTL_SCHEDOP_getinfo)
		return rtds ? sched_vcpus(d, s) : -EINVAL;
	if (rtds)
		s->u.rtds = (struct xen_domctl_sched_rtds){ 10000, 4000, 0 };
	else if (s->cmd == XEN_DOMCTL_SCHEDOP_putinfo)
		d->credit = s->u.credit;
	else
		s->u.credit = d->credit;
	return 0;
}

/* With the checks of Xen's policy. */
static long schedule(struct fake_pool *pool, struct xen_sysctl_scheduler_op *s)
{
	struct xen_sysctl_arinc653_schedule *a = s->u.sched_arinc653.schedule.p;
	uint64_t sum = 0;

	if (s->cmd == XEN_SYSCTL_SCHEDOP_getinfo) {
		*a = pool->schedule;
		return 0;
	}
	if (!a->major_frame || !a->num_sched_entries ||
	    a->num_sched_entries > ARINC653_MAX_DOMAINS_PER_SCHEDULE)
		return -EINVAL;
	for (unsigned int i = 0; i < a->num_sched_entries; i++) {
		if (!a->sched_entries[i].runtime)
			return -EINVAL;
		sum += a->sched_entries[i].runtime;
	}
	if (sum > a->major_frame)
		return -EINVAL;
	pool->schedule = *a;
	return 0;
}

long fake_sched_pool(struct xen_sysctl_scheduler_op *s)
{
	if (s->cpupool_id >= FAKE_POOLS || !fake_xen.pool[s->cpupool_id].used)
		return -ESRCH;
	if (s->sched_id != fake_xen.pool[s->cpupool_id].sched)
		return -EINVAL;
	if (s->sched_id == XEN_SCHEDULER_ARINC653)
		return schedule(&fake_xen.pool[s->cpupool_id], s);
	if (s->cmd == XEN_SYSCTL_SCHEDOP_putinfo)
		fake_xen.credit = s->u.sched_credit;
	else
		s->u.sched_credit = fake_xen.credit;
	return 0;
}
