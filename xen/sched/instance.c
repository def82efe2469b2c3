/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances of policies: one for each CPU pool, with CPUs, domains and parameters of its own. */
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/xmalloc.h>

#include "internal.h"

static LIST_HEAD(instances);				/* [lock] */
static DEFINE_SPINLOCK(lock, LOCK_RANK_NONE);

/* One more than the highest number, or when there is none, the lowest that is free. */
static u32 free_pool_id(void)
{
	struct sched_instance *in;
	u32 id = 0;

	list_for_each_entry(in, &instances, link)
		id = max(id, in->s.pool_id + 1);
	if (id != SCHED_POOL_ANY)
		return id;
	for (id = 0; sched_pool(id); id++)
		;
	return id;
}

struct scheduler *sched_create(const struct sched_policy *policy, u32 pool_id, int *err)
{
	struct sched_instance *in;

	ASSERT(policy && policy->name);
	*err = -XEN_EEXIST;
	if (pool_id == SCHED_POOL_ANY)
		pool_id = free_pool_id();
	else if (sched_pool(pool_id))
		return NULL;
	*err = -XEN_ENOMEM;
	in = xzalloc(struct sched_instance);
	if (!in)
		return NULL;
	in->s.ops = policy;
	in->s.pool_id = pool_id;
	list_init(&in->units);
	spin_lock_init(&in->units_lock, "scheduling units", LOCK_RANK_SCHED_UNITS);
	*err = policy->init(&in->s);
	if (*err) {
		xfree(in);
		return NULL;
	}
	spin_lock(&lock);
	list_add_tail(&in->link, &instances);
	spin_unlock(&lock);
	return &in->s;
}

static void free_instance(struct rcu_head *rcu)
{
	struct sched_instance *in = container_of(rcu, struct sched_instance, rcu);

	ASSERT(cpumask_empty(&in->s.cpus) && !in->nr_domains);
	in->s.ops->deinit(&in->s);
	xfree(in);
}

int sched_destroy(struct scheduler *s)
{
	struct sched_instance *in = sched_instance(s);

	if (!cpumask_empty(&s->cpus) || READ_ONCE(in->nr_domains))
		return -XEN_EBUSY;
	for (u32 cpu = 0; cpu < nr_cpu_ids; cpu++) {
		int rc = READ_ONCE(sched_cpus[cpu].sched) == s ? sched_cpu_settle(cpu) : 0;

		if (rc)
			return rc;
	}
	ASSERT(list_empty(&in->units));
	spin_lock(&lock);
	list_del_init(&in->link);
	spin_unlock(&lock);
	/* A CPU may still be about to try the lock of the instance that it left. */
	call_rcu(&in->rcu, free_instance);
	return 0;
}

struct scheduler *sched_pool_from(u32 first)
{
	struct scheduler *found = NULL;
	struct sched_instance *in;

	spin_lock(&lock);
	list_for_each_entry(in, &instances, link)
		if (in->s.pool_id >= first && (!found || in->s.pool_id < found->pool_id))
			found = &in->s;
	spin_unlock(&lock);
	return found;
}

struct scheduler *sched_pool(u32 pool_id)
{
	struct scheduler *s = sched_pool_from(pool_id);

	return s && s->pool_id == pool_id ? s : NULL;
}

u32 sched_nr_domains(struct scheduler *s)
{
	return READ_ONCE(sched_instance(s)->nr_domains);
}
