/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduling data of domains and vCPUs: creation, removal, and moving a domain to another instance.
 *
 * A unit that is not inserted is unknown to every policy. The core calls no hook for it, so its
 * policy can be exchanged.
 */
#include <xen/errno.h>
#include <xen/mm.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/xmalloc.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include "internal.h"

static int domain_data(struct domain *d, struct scheduler *s, void **dom_priv)
{
	struct sched_domain_desc desc = { .domid = d->id };

	memcpy(desc.handle, d->handle, sizeof(desc.handle));
	return s->ops->domain_init(s, &desc, dom_priv);
}

static void set_instance(struct domain *d, struct scheduler *s, void *dom_priv)
{
	d->sched_priv = dom_priv;
	__atomic_store_n(&d->sched, s, __ATOMIC_RELEASE);
	if (s)
		__atomic_fetch_add(&sched_instance(s)->nr_domains, 1, __ATOMIC_RELAXED);
}

int sched_domain_init(struct domain *d, struct scheduler *s)
{
	void *dom_priv;
	int rc;

	ASSERT(!d->sched);
	rc = domain_data(d, s, &dom_priv);
	if (!rc)
		set_instance(d, s, dom_priv);
	return rc;
}

void sched_domain_destroy(struct domain *d)
{
	struct scheduler *s = d->sched;
	void *dom_priv = d->sched_priv;

	if (!s)
		return;
	set_instance(d, NULL, NULL);
	s->ops->domain_free(s, dom_priv);
	__atomic_fetch_sub(&sched_instance(s)->nr_domains, 1, __ATOMIC_RELAXED);
}

void sched_domain_handle(struct domain *d)
{
	if (d->sched)
		d->sched->ops->domain_handle(d->sched, d->sched_priv, d->handle, hal_now_ns());
}

/* The unit, which no policy knows, gets another CPU. */
static void set_cpu(struct sched_unit *u, u32 cpu)
{
	struct lock_pair pair;

	ASSERT(!u->inserted && !u->running);
	sched_lock_two(&pair, u->cpu, cpu);
	WRITE_ONCE(u->cpu, cpu);
	sched_unlock_two(&pair);
}

/* Let the policy of @s know the unit, whose data it has allocated. */
static void insert(struct scheduler *s, struct sched_unit *u)
{
	struct sched_instance *in = sched_instance(s);
	struct vcpu *v = unit_vcpu(u);
	struct spinlock *l;
	s_time_t now;
	u64 flags;
	u32 cpu;

	ASSERT(u->priv && u->sched == s && cpumask_test(&s->cpus, u->cpu));
	l = sched_unit_lock(u, &flags);
	sched_keep_usable(u);
	cpu = s->ops->pick_cpu(s, u, hal_now_ns());
	spin_unlock_irqrestore(l, flags);
	ASSERT(cpumask_test(&s->cpus, cpu) && cpumask_test(&u->hard, cpu));
	set_cpu(u, cpu);

	l = sched_unit_lock(u, &flags);
	now = hal_now_ns();
	trace_sched_time((u64)now, 1);
	trace_sched_insert(v->domain->id, v->id);
	s->ops->unit_insert(s, u, now);
	u->inserted = true;
	spin_unlock_irqrestore(l, flags);
	spin_lock(&in->units_lock);
	list_add_tail(&u->link, &in->units);
	spin_unlock(&in->units_lock);
}

/* The reverse. The unit's vCPUs cannot run. */
static void remove(struct scheduler *s, struct sched_unit *u)
{
	struct sched_instance *in = sched_instance(s);
	struct spinlock *l;
	u64 flags;

	/* Its vCPUs are off their CPUs, but the first of these may not have decided again. */
	while (__atomic_load_n(&u->running, __ATOMIC_ACQUIRE))
		hal_cpu_relax();
	spin_lock(&in->units_lock);
	list_del_init(&u->link);
	spin_unlock(&in->units_lock);
	l = sched_unit_lock(u, &flags);
	ASSERT(u->inserted && u->sched == s && !u->running && !u->runnable);
	u->inserted = u->held_back = false;
	/* It leaves its CPU now; one that is about to move it sees that it is not inserted. */
	__atomic_fetch_and(&unit_vcpu(u)->pause_flags, ~VPF_MIGRATING, __ATOMIC_SEQ_CST);
	s->ops->unit_remove(s, u, hal_now_ns());
	spin_unlock_irqrestore(l, flags);
}

/* All CPUs may be used. Those of the node that the domain's memory comes from are preferred. */
static void default_affinity(const struct domain *d, struct sched_unit *u)
{
	cpumask_t local;

	cpumask_setall(&u->hard);
	cpumask_setall(&u->soft);
	if (d->node_affinity == NUMA_NO_NODE)
		return;
	cpumask_clear(&local);
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
		if (hal_cpu_to_node(cpu) == d->node_affinity)
			cpumask_set(&local, cpu);
	/* A node may have memory alone. */
	if (!cpumask_empty(&local))
		sched_whole_resources(&local, &u->soft);
}

/* The vCPU becomes part of a unit that exists. */
static int join_unit(struct vcpu *v)
{
	struct vcpu *first = domain_vcpu(v->domain, v->id - v->id % sched_width);

	if (!first || !first->unit.priv)
		return -XEN_EINVAL;
	v->part_of = &first->unit;
	return 0;
}

int sched_vcpu_init(struct vcpu *v)
{
	struct sched_unit *u = &v->unit;
	struct scheduler *s = v->domain->sched;
	int rc;

	ASSERT(s && !u->priv);
	v->part_of = u;
	v->last_cpu = NR_CPUS;
	v->pause_flags = VPF_DOWN;
	v->runstate.state = RUNSTATE_offline;
	v->runstate.state_entry_time = hal_now_ns();
	if (cpumask_empty(&s->cpus))
		return -XEN_EINVAL;
	if (v->id % sched_width)
		return join_unit(v);
	u->id = v->id;
	u->domid = v->domain->id;
	u->sched = s;
	u->dom_priv = v->domain->sched_priv;
	u->cpu = cpumask_first(&s->cpus);
	default_affinity(v->domain, u);

	rc = s->ops->unit_alloc(s, u);
	if (!rc)
		insert(s, u);
	return rc;
}

static void stop_for_good(struct vcpu *v)
{
	__atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_sleep_sync(v);
	ASSERT(v != hal_current_vcpu());
	trace_sched_remove(v->domain->id, v->id);
}

/* The vCPU, which is stopped, is on its own. */
static void leave_unit(struct vcpu *v)
{
	struct sched_unit *u = v->part_of;
	u64 flags;
	struct spinlock *l = sched_unit_lock(u, &flags);

	ASSERT(u != &v->unit && !v->unit.priv && !v->running);
	v->unit.cpu = u->cpu;
	v->unit.hard = u->hard;
	v->unit.soft = u->soft;
	WRITE_ONCE(v->part_of, &v->unit);
	spin_unlock_irqrestore(l, flags);
}

void sched_vcpu_destroy(struct vcpu *v)
{
	struct sched_unit *u = &v->unit;
	struct scheduler *s = u->sched;
	struct vcpu *other;

	if (v->part_of && v->part_of != u) {
		stop_for_good(v);
		leave_unit(v);
		return;
	}
	if (!u->priv)
		return;
	stop_for_good(v);
	/* The unit ends, and so does the scheduling of its other vCPUs. */
	for_each_unit_vcpu(u, other)
		if (other != v) {
			stop_for_good(other);
			leave_unit(other);
		}
	remove(s, u);
	s->ops->unit_free(s, u);
	u->priv = u->dom_priv = NULL;
	u->sched = NULL;
}

static void free_priv(struct scheduler *s, struct sched_unit *u, void *priv)
{
	void *keep = u->priv;

	u->priv = priv;
	s->ops->unit_free(s, u);
	u->priv = keep;
}

/*
 * Replace the data of all units of @d, which no policy knows now, by data of @to, and leave the old
 * ones in @old; or change nothing.
 */
static int exchange_data(struct domain *d, struct scheduler *to, void *dom_priv, void **old)
{
	struct vcpu *v, *failed = NULL;
	int rc = 0;

	for_each_first_vcpu(d, v) {
		struct sched_unit *u = &v->unit;

		old[v->id] = u->priv;
		u->priv = NULL;
		u->sched = to;
		u->dom_priv = dom_priv;
		set_cpu(u, cpumask_first(&to->cpus));
		rc = to->ops->unit_alloc(to, u);
		if (rc) {
			failed = v;
			break;
		}
	}
	if (!rc)
		return 0;
	for_each_first_vcpu(d, v) {
		struct sched_unit *u = &v->unit;

		if (v->id > failed->id)
			break;
		if (v != failed)
			free_priv(to, u, u->priv);
		u->priv = old[v->id];
		u->sched = d->sched;
		u->dom_priv = d->sched_priv;
		set_cpu(u, cpumask_first(&d->sched->cpus));
	}
	return rc;
}

/* The domain is paused, and none of its vCPUs is on a CPU. */
static int move_paused(struct domain *d, struct scheduler *to, void *dom_priv, void **old)
{
	struct scheduler *from = d->sched;
	struct vcpu *v;
	int rc;

	for_each_first_vcpu(d, v)
		remove(from, &v->unit);
	rc = exchange_data(d, to, dom_priv, old);
	for_each_first_vcpu(d, v) {
		if (!rc) {
			default_affinity(d, &v->unit);
			free_priv(from, &v->unit, old[v->id]);
		}
		insert(v->unit.sched, &v->unit);
	}
	return rc;
}

int sched_move_domain(struct domain *d, struct scheduler *to)
{
	struct scheduler *from = d->sched;
	void *dom_priv, *old_dom = d->sched_priv;
	void **old;
	int rc;

	ASSERT(from && from != to && !cpumask_empty(&to->cpus) && d != hal_current_vcpu()->domain);
	old = xzalloc_array(void *, d->max_vcpus);
	if (!old)
		return -XEN_ENOMEM;
	rc = domain_data(d, to, &dom_priv);
	if (rc) {
		xfree(old);
		return rc;
	}
	domain_pause(d);
	rc = move_paused(d, to, dom_priv, old);
	if (!rc) {
		set_instance(d, to, dom_priv);
		from->ops->domain_free(from, old_dom);
		__atomic_fetch_sub(&sched_instance(from)->nr_domains, 1, __ATOMIC_RELAXED);
	} else {
		to->ops->domain_free(to, dom_priv);
	}
	domain_unpause(d);
	xfree(old);
	return rc;
}

/* A dying domain has no instance. */
u32 sched_id(const struct domain *d)
{
	return d->sched ? d->sched->ops->id : UINT32_MAX;
}

const char *sched_name(const struct domain *d)
{
	return d->sched ? d->sched->ops->name : "none";
}

u32 sched_pool_id(const struct domain *d)
{
	const struct scheduler *s = READ_ONCE(d->sched);

	return s ? s->pool_id : SCHED_BOOT_POOL;
}
