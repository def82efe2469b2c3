/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The null policy: at most one unit on each CPU, for ever. No time slices, no preemption.
 *
 * A unit gets a CPU of its own the first time it wakes, and keeps it until it is removed or its
 * affinity forbids that CPU. Units that find no free CPU wait in a list, and the console names
 * them. A CPU without a unit takes the first that prefers it (soft affinity), or else the first
 * that it may run, unless that one has another free CPU to prefer.
 *
 * Locking: each CPU has a lock, which guards the CPU's slot and the units placed there. The wait
 * list has its own lock, taken inside. Taking a unit from the list changes its CPU, so the lock of
 * its former CPU is tried, and the decision is repeated when that fails.
 */
#include <xen/errno.h>
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/xmalloc.h>
#include <xen/sched/policy.h>

struct null_cpu {
	struct spinlock lock;
	struct sched_unit *unit;	/* owner of this CPU or NULL [lock], also read without */
	bool online;			/* [lock] */
};

struct null_unit {
	struct sched_unit *unit;	/* [const] */
	struct list_head wait;		/* on the wait list or empty [wait lock] */
	bool assigned;			/* owns unit->cpu [lock of unit->cpu] */
	bool told;			/* that it waits is on the console [wait lock] */
};

struct null_sched {
	struct spinlock wait_lock;
	struct list_head waiting;	/* runnable units without a CPU, oldest first [wait_lock] */
	struct null_cpu *cpu[NR_CPUS];	/* [const once prepared] */
};

static inline struct null_cpu *null_cpu(const struct scheduler *s, u32 cpu)
{
	return ((struct null_sched *)s->priv)->cpu[cpu];
}

static int null_init(struct scheduler *s)
{
	struct null_sched *ns = xzalloc(struct null_sched);

	if (!ns)
		return -XEN_ENOMEM;
	spin_lock_init(&ns->wait_lock, "null waiters", LOCK_RANK_SCHED);
	list_init(&ns->waiting);
	s->priv = ns;
	return 0;
}

static void null_deinit(struct scheduler *s)
{
	struct null_sched *ns = s->priv;

	ASSERT(list_empty(&ns->waiting));
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
		xfree(ns->cpu[cpu]);
	xfree(ns);
	s->priv = NULL;
}

static int null_cpu_prepare(struct scheduler *s, u32 cpu, const struct sched_topology *topo)
{
	struct null_sched *ns = s->priv;
	struct null_cpu *nc = ns->cpu[cpu];

	if (nc)
		return 0;
	nc = xzalloc(struct null_cpu);
	if (!nc)
		return -XEN_ENOMEM;
	spin_lock_init(&nc->lock, "null CPU", LOCK_RANK_SCHED);
	ns->cpu[cpu] = nc;
	return 0;
}

static struct spinlock *null_cpu_lock(struct scheduler *s, u32 cpu)
{
	return &null_cpu(s, cpu)->lock;
}

static int null_domain_init(struct scheduler *s, const struct sched_domain_desc *desc,
			    void **dom_priv)
{
	*dom_priv = NULL;
	return 0;
}

static void null_domain_free(struct scheduler *s, void *dom_priv)
{
}

static int null_unit_alloc(struct scheduler *s, struct sched_unit *u)
{
	struct null_unit *nu = xzalloc(struct null_unit);

	if (!nu)
		return -XEN_ENOMEM;
	nu->unit = u;
	list_init(&nu->wait);
	u->priv = nu;
	return 0;
}

static void null_unit_free(struct scheduler *s, struct sched_unit *u)
{
	xfree(u->priv);
}

static void null_cpu_online(struct scheduler *s, u32 cpu, s_time_t now)
{
	null_cpu(s, cpu)->online = true;
}

/* A CPU without an owner in @mask and the unit's hard affinity; NR_CPUS when there is none. No
 * locks: the CPU checks again itself. */
static u32 find_free_cpu(struct scheduler *s, const struct sched_unit *u, const cpumask_t *mask)
{
	u32 cpu;

	cpumask_for_each(cpu, mask)
		if (cpumask_test(&u->hard, cpu) && cpumask_test(&s->cpus, cpu) &&
		    !READ_ONCE(null_cpu(s, cpu)->unit))
			return cpu;
	return NR_CPUS;
}

/*
 * Tickle a free CPU that could take @u, which waits. When there is none, the console says so, once
 * until it gets a CPU: @u may wait for ever. Only a toolstack takes a CPU away from a unit, so a
 * guest cannot fill the log. The list's lock is held.
 */
static void tickle_free_cpu(struct scheduler *s, const struct sched_unit *u)
{
	struct null_unit *nu = u->priv;
	u32 cpu = find_free_cpu(s, u, &u->soft);

	ASSERT(!list_empty(&nu->wait));
	if (cpu == NR_CPUS)
		cpu = find_free_cpu(s, u, &u->hard);
	if (cpu != NR_CPUS) {
		sched_tickle(s, cpu);
	} else if (!nu->told) {
		nu->told = true;
		printk(LOG_WARN "d%uv%u has no CPU of its own: it waits until one is free\n",
		       u->domid, u->id);
	}
}

static void wait_for_cpu(struct scheduler *s, struct sched_unit *u)
{
	struct null_sched *ns = s->priv;
	struct null_unit *nu = u->priv;

	ASSERT(!nu->assigned && u->runnable);
	spin_lock_nested(&ns->wait_lock);
	u->held_back = true;
	if (list_empty(&nu->wait))
		list_add_tail(&nu->wait, &ns->waiting);
	tickle_free_cpu(s, u);
	spin_unlock(&ns->wait_lock);
}

static void stop_waiting(struct scheduler *s, struct null_unit *nu)
{
	struct null_sched *ns = s->priv;

	spin_lock_nested(&ns->wait_lock);
	if (!list_empty(&nu->wait))
		list_del_init(&nu->wait);
	spin_unlock(&ns->wait_lock);
}

/* Take the unit's CPU away from it. @u->cpu's lock held. */
static void unassign(struct scheduler *s, struct sched_unit *u)
{
	struct null_unit *nu = u->priv;

	ASSERT(spin_is_locked_by_me(&null_cpu(s, u->cpu)->lock));
	if (!nu->assigned)
		return;
	nu->assigned = false;
	null_cpu(s, u->cpu)->unit = NULL;
	sched_tickle(s, u->cpu);
}

static void null_cpu_offline(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct null_cpu *nc = null_cpu(s, cpu);

	nc->online = false;
	if (nc->unit)
		unassign(s, nc->unit);
}

static void null_unit_insert(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
}

static void null_unit_remove(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	ASSERT(!u->runnable && !u->running);
	stop_waiting(s, u->priv);
	unassign(s, u);
}

static void null_wake(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct null_unit *nu = u->priv;

	ASSERT(spin_is_locked_by_me(&null_cpu(s, u->cpu)->lock));
	if (likely(nu->assigned))
		sched_tickle(s, u->cpu);
	else
		wait_for_cpu(s, u);
}

static void null_sleep(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct null_unit *nu = u->priv;

	if (!nu->assigned)
		stop_waiting(s, nu);
}

/*
 * The first unit that waits and prefers @cpu; else the first that may use it and has no free CPU
 * that it prefers. The list's lock is held.
 */
static struct null_unit *choose_waiter(struct scheduler *s, u32 cpu)
{
	struct null_sched *ns = s->priv;
	struct null_unit *nu, *other = NULL;

	list_for_each_entry(nu, &ns->waiting, wait) {
		const struct sched_unit *u = nu->unit;

		if (!cpumask_test(&u->hard, cpu))
			continue;
		if (cpumask_test(&u->soft, cpu))
			return nu;
		if (!other && find_free_cpu(s, u, &u->soft) == NR_CPUS)
			other = nu;
	}
	return other;
}

/* Give @cpu, which has no owner, to @nu. Both locks are held. False: try again. */
static bool assign(struct scheduler *s, struct null_unit *nu, u32 cpu)
{
	struct sched_unit *u = nu->unit;
	struct null_cpu *nc = null_cpu(s, cpu), *old = null_cpu(s, READ_ONCE(u->cpu));

	ASSERT(!nc->unit && nc->online && !nu->assigned);
	if (old != nc && !spin_trylock(&old->lock))
		return false;
	list_del_init(&nu->wait);
	u->cpu = cpu;
	nu->assigned = true;
	nu->told = false;
	u->held_back = false;
	nc->unit = u;
	if (old != nc)
		spin_unlock(&old->lock);
	return true;
}

/*
 * Several units that woke together may all have tickled @cpu, which takes one of them, so the
 * others tickle again. The lock of @cpu is held.
 */
static void take_waiter(struct scheduler *s, u32 cpu)
{
	struct null_sched *ns = s->priv;
	struct null_unit *nu;

	spin_lock_nested(&ns->wait_lock);
	nu = choose_waiter(s, cpu);
	if (nu && !assign(s, nu, cpu))
		sched_tickle(s, cpu);
	list_for_each_entry(nu, &ns->waiting, wait)
		tickle_free_cpu(s, nu->unit);
	spin_unlock(&ns->wait_lock);
}

static void null_schedule(struct scheduler *s, u32 cpu, s_time_t now, struct sched_unit *prev,
			  struct sched_decision *out)
{
	struct null_sched *ns = s->priv;
	struct null_cpu *nc = null_cpu(s, cpu);

	if (unlikely(!nc->unit && nc->online && !list_empty(&ns->waiting)))
		take_waiter(s, cpu);
	out->unit = nc->unit && nc->unit->runnable ? nc->unit : NULL;
	out->until = INT64_MAX;
}

static void null_unit_switch(struct scheduler *s, u32 cpu, struct sched_unit *prev,
			     struct sched_unit *next, s64 ran, s_time_t now)
{
}

static void null_context_saved(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	/* The unit was woken after the decision. */
	if (u->runnable)
		null_wake(s, u, now);
}

static u32 null_pick_cpu(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	cpumask_t ok;
	u32 cpu;

	if (cpumask_test(&u->hard, u->cpu) && cpumask_test(&s->cpus, u->cpu) &&
	    ((struct null_unit *)u->priv)->assigned)
		return u->cpu;
	cpu = find_free_cpu(s, u, &u->soft);
	if (cpu == NR_CPUS)
		cpu = find_free_cpu(s, u, &u->hard);
	if (cpu != NR_CPUS)
		return cpu;
	cpumask_and(&ok, &u->hard, &s->cpus);
	return cpumask_first(&ok);
}

static void null_migrate(struct scheduler *s, struct sched_unit *u, u32 cpu, s_time_t now)
{
	ASSERT(!u->running && spin_is_locked_by_me(&null_cpu(s, cpu)->lock));
	unassign(s, u);
	u->cpu = cpu;
}

static void null_affinity_changed(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct null_sched *ns = s->priv;
	struct null_unit *nu = u->priv;

	if (nu->assigned || !u->runnable || u->running)
		return;
	/*
	 * The unit waits, and may now be allowed on a free CPU. Under the list's lock, a CPU that
	 * walks the list either sees the new affinity, or has its new owner set before we look.
	 */
	spin_lock_nested(&ns->wait_lock);
	tickle_free_cpu(s, u);
	spin_unlock(&ns->wait_lock);
}

static void null_charge(struct scheduler *s, struct sched_unit *u, s64 ns, s_time_t now)
{
	/* A unit's timers fire on its own CPU, which it shares with no other unit. */
}

static void null_dump_cpu(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct null_sched *ns = s->priv;
	struct null_cpu *nc = null_cpu(s, cpu);
	struct null_unit *nu;

	if (nc->unit)
		sched_dump_unit(nc->unit, "owner");
	if (cpu != cpumask_first(&s->cpus))
		return;
	spin_lock_nested(&ns->wait_lock);
	list_for_each_entry(nu, &ns->waiting, wait)
		sched_dump_unit(nu->unit, "waiting");
	spin_unlock(&ns->wait_lock);
}

static void null_yield(struct scheduler *s, struct sched_unit *u)
{
}

static void null_domain_handle(struct scheduler *s, void *dom_priv,
			       const xen_domain_handle_t handle, s_time_t now)
{
}

/* The policy has no parameters. */
static int null_get_domain_params(struct scheduler *s, const void *dom_priv,
				  struct sched_domain_params *p)
{
	return -XEN_EOPNOTSUPP;
}

static int null_set_domain_params(struct scheduler *s, void *dom_priv,
				  const struct sched_domain_params *p, s_time_t now)
{
	return -XEN_EOPNOTSUPP;
}

static int null_get_unit_params(struct scheduler *s, const struct sched_unit *u,
				struct sched_unit_params *p)
{
	return -XEN_EOPNOTSUPP;
}

static int null_set_unit_params(struct scheduler *s, struct sched_unit *u,
				const struct sched_unit_params *p, s_time_t now)
{
	return -XEN_EOPNOTSUPP;
}

static int null_get_global_params(struct scheduler *s, struct sched_global_params *p)
{
	return -XEN_EOPNOTSUPP;
}

static int null_set_global_params(struct scheduler *s, const struct sched_global_params *p)
{
	return -XEN_EOPNOTSUPP;
}

const struct sched_policy sched_null = {
	.name = "null",
	.id = XEN_SCHEDULER_NULL,
	.init = null_init,
	.deinit = null_deinit,
	.cpu_prepare = null_cpu_prepare,
	.cpu_lock = null_cpu_lock,
	.domain_init = null_domain_init,
	.domain_free = null_domain_free,
	.unit_alloc = null_unit_alloc,
	.unit_free = null_unit_free,
	.cpu_online = null_cpu_online,
	.cpu_offline = null_cpu_offline,
	.unit_insert = null_unit_insert,
	.unit_remove = null_unit_remove,
	.wake = null_wake,
	.sleep = null_sleep,
	.schedule = null_schedule,
	.unit_switch = null_unit_switch,
	.context_saved = null_context_saved,
	.pick_cpu = null_pick_cpu,
	.migrate = null_migrate,
	.affinity_changed = null_affinity_changed,
	.charge = null_charge,
	.dump_cpu = null_dump_cpu,
	.yield = null_yield,
	.domain_handle = null_domain_handle,
	.get_domain_params = null_get_domain_params,
	.set_domain_params = null_set_domain_params,
	.get_unit_params = null_get_unit_params,
	.set_unit_params = null_set_unit_params,
	.get_global_params = null_get_global_params,
	.set_global_params = null_set_global_params,
};
OPS_TABLE(sched_null, init);
