/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arinc653 policy: each unit runs at fixed times, as ARINC 653 partitions do.
 *
 * Design. A schedule divides a major frame, which repeats, into windows. Each window belongs to one
 * unit, named by its domain's UUID and its number; a unit may have several windows. During a window
 * its owner runs if it can, and otherwise the CPU idles: no unit gets time that belongs to another,
 * and none can tell from its own progress what another does. At the end of a frame there may be
 * time without an owner. A toolstack gives the schedule with XEN_SYSCTL_scheduler_op. Until it
 * does, each unit of a domain without a UUID has a window of 10 ms: those of dom0 and of the boot
 * manifest, whom no toolstack made. A unit without a window does not run.
 *
 * One CPU of the instance, the runner, runs units, as frames are those of one processor; the others
 * idle. It is the first that came, and when it leaves, another follows it in the middle of the
 * frame. A window whose owner may not run on the runner stays idle.
 *
 * Time. A frame begins a whole number of frame lengths after the first frame of its schedule, and a
 * window at a fixed place in the frame. Both are computed from the time and never from the last
 * decision, so lateness does not add up. The CPU decides again at the end of a window whose owner
 * runs, or at the begin of the next window whose owner can run. While all owners sleep it has
 * nothing to do. A unit that wakes makes the CPU decide only if its window comes earlier than what
 * that waits for, so partitions do not disturb each other's windows by waking.
 *
 * A new schedule begins with the next major frame. Xen 4.17 begins it at once, in the middle of a
 * frame. Windows of less than 10 us and frames of more than 60 s are refused: the CPU would have no
 * time for anything else, and the next schedule would not begin for long.
 *
 * Locking. One lock for the instance guards everything. All state belongs to the instance, so two
 * pools share nothing.
 *
 * Ordering. A unit whose runner left may still be on that CPU when the next runner decides; it
 * cannot run before its state is saved, and context_saved looks at its window like a wake-up.
 */
#include <xen/errno.h>
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/xmalloc.h>

#include "arinc653.h"

static int a653_init(struct scheduler *s)
{
	struct a653_sched *as = xzalloc(struct a653_sched);

	if (!as)
		return -XEN_ENOMEM;
	spin_lock_init(&as->lock, "arinc653", LOCK_RANK_SCHED);
	list_init(&as->units);
	as->runner = NR_CPUS;
	as->runner_until = INT64_MAX;
	s->priv = as;
	return 0;
}

static void a653_deinit(struct scheduler *s)
{
	struct a653_sched *as = a653_sched(s);

	ASSERT(list_empty(&as->units) && as->runner == NR_CPUS);
	xfree(as);
	s->priv = NULL;
}

static int a653_cpu_prepare(struct scheduler *s, u32 cpu, const struct sched_topology *topo)
{
	return 0;
}

static struct spinlock *a653_cpu_lock(struct scheduler *s, u32 cpu)
{
	return &a653_sched(s)->lock;
}

static int a653_domain_init(struct scheduler *s, const struct sched_domain_desc *desc,
			    void **dom_priv)
{
	struct a653_dom *dom = xzalloc(struct a653_dom);

	if (!dom)
		return -XEN_ENOMEM;
	memcpy(dom->handle, desc->handle, sizeof(dom->handle));
	*dom_priv = dom;
	return 0;
}

static void a653_domain_free(struct scheduler *s, void *dom_priv)
{
	xfree(dom_priv);
}

static void a653_domain_handle(struct scheduler *s, void *dom_priv,
			       const xen_domain_handle_t handle, s_time_t now)
{
	struct a653_sched *as = a653_sched(s);
	struct a653_dom *dom = dom_priv;
	u64 flags = spin_lock_irqsave(&as->lock);

	memcpy(dom->handle, handle, sizeof(dom->handle));
	a653_find_owners(as, now);
	a653_tickle(s);
	spin_unlock_irqrestore(&as->lock, flags);
}

static int a653_unit_alloc(struct scheduler *s, struct sched_unit *u)
{
	struct a653_unit *au = xzalloc(struct a653_unit);

	if (!au)
		return -XEN_ENOMEM;
	ASSERT(u->dom_priv);
	au->unit = u;
	au->dom = u->dom_priv;
	list_init(&au->link);
	u->priv = au;
	return 0;
}

static void a653_unit_free(struct scheduler *s, struct sched_unit *u)
{
	ASSERT(list_empty(&a653_unit(u)->link));
	xfree(u->priv);
}

static void a653_cpu_online(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct a653_sched *as = a653_sched(s);

	ASSERT(cpumask_test(&s->cpus, cpu) && as->runner != cpu);
	if (as->runner != NR_CPUS) {
		printk(LOG_INFO "arinc653 uses CPU %u of its pool; CPU %u stays idle\n",
		       as->runner, cpu);
		return;
	}
	as->runner = cpu;
	as->runner_until = INT64_MAX;
}

static void a653_cpu_offline(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct a653_sched *as = a653_sched(s);

	ASSERT(!cpumask_test(&s->cpus, cpu));
	if (as->runner != cpu)
		return;
	as->runner = cpumask_first(&s->cpus);
	as->runner_until = INT64_MAX;
	a653_tickle(s);
}

static void a653_unit_insert(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct a653_sched *as = a653_sched(s);

	/* Between its windows, it always waits on purpose. */
	u->held_back = true;
	list_add_tail(&a653_unit(u)->link, &as->units);
	a653_find_owners(as, now);
	a653_tickle(s);
	if (!a653_has_window(as, a653_unit(u)))
		printk(LOG_INFO "d%uv%u has no window in the arinc653 schedule: it does not run\n",
		       u->domid, u->id);
}

static void a653_unit_remove(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct a653_sched *as = a653_sched(s);

	ASSERT(!u->runnable && !u->running);
	list_del_init(&a653_unit(u)->link);
	a653_find_owners(as, now);
	a653_tickle(s);
}

/* Look again if the unit's window is now, or earlier than what the runner waits for. */
static void a653_wake(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct a653_sched *as = a653_sched(s);
	s_time_t begin, end;

	ASSERT(u->runnable && !u->running);
	if (as->runner == NR_CPUS)
		return;
	a653_advance(as, now);
	if (a653_find_window(as, a653_unit(u), NULL, now, &begin, &end) &&
	    (begin <= now || begin < as->runner_until))
		a653_tickle(s);
}

/* The unit is only in its windows, where the runner sees that it is not runnable. */
static void a653_sleep(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	ASSERT(!u->runnable && !u->running);
}

static void a653_schedule(struct scheduler *s, u32 cpu, s_time_t now, struct sched_unit *prev,
			  struct sched_decision *out)
{
	struct a653_sched *as = a653_sched(s);
	struct a653_unit *au;
	s_time_t begin, end;

	*out = (struct sched_decision){ .until = INT64_MAX };
	if (cpu != as->runner)
		return;
	a653_advance(as, now);
	au = a653_find_window(as, NULL, prev, now, &begin, &end);
	if (au && begin <= now) {
		out->unit = au->unit;
		out->until = end;
		WRITE_ONCE(au->unit->cpu, cpu);
	} else if (au) {
		out->until = begin;
	}
	if (as->has_next)
		out->until = min(out->until, a653_frame_end(as));
	as->runner_until = out->until;
	ASSERT(out->until > now);
}

static void a653_unit_switch(struct scheduler *s, u32 cpu, struct sched_unit *prev,
			     struct sched_unit *next, s64 ran, s_time_t now)
{
}

static void a653_context_saved(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	if (u->runnable)
		a653_wake(s, u, now);
}

static u32 a653_pick_cpu(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	struct a653_sched *as = a653_sched(s);
	cpumask_t ok;

	cpumask_and(&ok, &u->hard, &s->cpus);
	if (as->runner != NR_CPUS && cpumask_test(&ok, as->runner))
		return as->runner;
	return cpumask_first(&ok);
}

static void a653_migrate(struct scheduler *s, struct sched_unit *u, u32 cpu, s_time_t now)
{
	ASSERT(!u->runnable && !u->running);
	WRITE_ONCE(u->cpu, cpu);
}

static void a653_affinity_changed(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	a653_tickle(s);
}

/* A window is as long as the schedule says, whatever was done in it on whose behalf. */
static void a653_charge(struct scheduler *s, struct sched_unit *u, s64 ns, s_time_t now)
{
}

static void a653_yield(struct scheduler *s, struct sched_unit *u)
{
}

static void dump_plan(const struct a653_plan *plan, const char *what)
{
	printk("    %s: %u windows in %lld ns\n", what, plan->nr, (long long)plan->frame);
	for (u32 i = 0; i < plan->nr; i++) {
		const struct a653_window *w = &plan->window[i];

		printk("    window %u from %lld to %lld ns, vCPU %u%s\n", i, (long long)w->begin,
		       (long long)w->end, w->unit_id, w->owner ? "" : ", which does not exist");
		if (w->owner)
			sched_dump_unit(w->owner->unit, "owner");
	}
}

static void a653_dump_cpu(struct scheduler *s, u32 cpu, s_time_t now)
{
	struct a653_sched *as = a653_sched(s);

	if (cpu != as->runner)
		return;
	printk("    runs the schedule, at %lld ns of a frame\n",
	       (long long)(as->plan.nr ? (now - as->frame_start) % as->plan.frame : 0));
	dump_plan(&as->plan, "schedule");
	if (as->has_next)
		dump_plan(&as->next, "next schedule");
}

/* Only the instance has parameters. */
static int a653_get_domain_params(struct scheduler *s, const void *dom_priv,
				  struct sched_domain_params *p)
{
	return -XEN_EOPNOTSUPP;
}

static int a653_set_domain_params(struct scheduler *s, void *dom_priv,
				  const struct sched_domain_params *p, s_time_t now)
{
	return -XEN_EOPNOTSUPP;
}

static int a653_get_unit_params(struct scheduler *s, const struct sched_unit *u,
				struct sched_unit_params *p)
{
	return -XEN_EOPNOTSUPP;
}

static int a653_set_unit_params(struct scheduler *s, struct sched_unit *u,
				const struct sched_unit_params *p, s_time_t now)
{
	return -XEN_EOPNOTSUPP;
}

const struct sched_policy sched_arinc653 = {
	.name = "arinc653",
	.id = XEN_SCHEDULER_ARINC653,
	.init = a653_init,
	.deinit = a653_deinit,
	.cpu_prepare = a653_cpu_prepare,
	.cpu_lock = a653_cpu_lock,
	.domain_init = a653_domain_init,
	.domain_free = a653_domain_free,
	.unit_alloc = a653_unit_alloc,
	.unit_free = a653_unit_free,
	.cpu_online = a653_cpu_online,
	.cpu_offline = a653_cpu_offline,
	.unit_insert = a653_unit_insert,
	.unit_remove = a653_unit_remove,
	.wake = a653_wake,
	.sleep = a653_sleep,
	.schedule = a653_schedule,
	.unit_switch = a653_unit_switch,
	.context_saved = a653_context_saved,
	.pick_cpu = a653_pick_cpu,
	.migrate = a653_migrate,
	.affinity_changed = a653_affinity_changed,
	.charge = a653_charge,
	.dump_cpu = a653_dump_cpu,
	.yield = a653_yield,
	.domain_handle = a653_domain_handle,
	.get_domain_params = a653_get_domain_params,
	.set_domain_params = a653_set_domain_params,
	.get_unit_params = a653_get_unit_params,
	.set_unit_params = a653_set_unit_params,
	.get_global_params = a653_get_global_params,
	.set_global_params = a653_set_global_params,
};
OPS_TABLE(sched_arinc653, init);
