/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances of policies: one for each CPU pool, with CPUs, domains and parameters of its own. */
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/xmalloc.h>

#include "internal.h"

static LIST_HEAD(instances);				/* in order of creation [lock] */
static DEFINE_SPINLOCK(lock, LOCK_RANK_NONE);

struct scheduler *sched_create(const struct sched_policy *policy, u32 pool_id, int *err)
{
	struct sched_instance *in;

	ASSERT(policy && policy->name);
	*err = -XEN_EEXIST;
	if (sched_pool(pool_id))
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
	ASSERT(list_empty(&in->units));
	spin_lock(&lock);
	list_del_init(&in->link);
	spin_unlock(&lock);
	/* A CPU may still be about to try the lock of the instance that it left. */
	call_rcu(&in->rcu, free_instance);
	return 0;
}

struct scheduler *sched_pool(u32 pool_id)
{
	struct sched_instance *in, *found = NULL;

	spin_lock(&lock);
	list_for_each_entry(in, &instances, link)
		if (in->s.pool_id == pool_id)
			found = in;
	spin_unlock(&lock);
	return found ? &found->s : NULL;
}

struct scheduler *sched_next_instance(struct scheduler *s)
{
	struct list_head *next;

	spin_lock(&lock);
	next = s ? sched_instance(s)->link.next : instances.next;
	spin_unlock(&lock);
	return next == &instances ? NULL : &list_entry(next, struct sched_instance, link)->s;
}
