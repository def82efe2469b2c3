/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The starvation watchdog (sched_watchdog=MS): reports a vCPU that could run and was not let run
 * for that long, with the run queues of its pool.
 *
 * All units are looked at once each period, in a timer's handler on the boot CPU. A vCPU counts
 * when two looks in a row find it runnable, off a CPU, and since the same time in its state. What
 * its policy holds back on purpose (sched_unit.held_back) does not count.
 */
#include <xen/format.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/hal/time.h>

#include "internal.h"

#define MIN_MS 10U
#define MAX_MS 3600000U
#define QUIET_NS 10000000000LL	/* from one report to the next */

static u32 period_ms;			/* 0: off [boot] */
static struct timer timer;
static s_time_t next_report;		/* [timer] */
static u64 unreported;			/* [timer] */

static const char *parse_period(const char *value)
{
	const char *end;
	u64 ms = parse_u64(value, &end, 10);

	if (end == value || *end || (ms && (ms < MIN_MS || ms > MAX_MS)))
		return "not 0 or a number of milliseconds from 10 to 3600000";
	period_ms = (u32)ms;
	return NULL;
}
PARAM_CUSTOM_FN("sched_watchdog", sched_watchdog, parse_period);

struct stall {
	u32 domid, id, idle_cpu;
	s64 ns;
};

/* A CPU that the unit may use and that idles; NR_CPUS when all are busy. */
static u32 idle_cpu(const struct sched_unit *u)
{
	u32 cpu;

	cpumask_for_each(cpu, &u->sched->cpus)
		if (cpumask_test(&u->hard, cpu) &&
		    sched_cpu_idles(cpu))
			return cpu;
	return NR_CPUS;
}

/* True, and *@stall is filled, when the vCPU was stalled at the last look, too. */
static bool is_stalled(struct vcpu *v, s_time_t now, struct stall *stall)
{
	struct sched_unit *u = v->part_of;
	u64 flags;
	struct spinlock *l = sched_unit_lock(u, &flags);
	s_time_t since = (s_time_t)v->runstate.state_entry_time;
	bool waits = vcpu_runnable(v) && !v->running && !u->held_back;
	bool again = waits && v->sched_waits_since == since;

	/* A stall is reported once. */
	again = again && now - since >= period_ms * 1000000LL && !v->sched_stall_told;
	v->sched_stall_told = waits && (again || (v->sched_stall_told &&
						  v->sched_waits_since == since));
	v->sched_waits_since = waits ? since : -1;
	if (again)
		*stall = (struct stall){ u->domid, v->id, idle_cpu(u), now - since };
	spin_unlock_irqrestore(l, flags);
	return again;
}

static void report(struct scheduler *s, const struct stall *stall, s_time_t now)
{
	if (now < next_report) {
		unreported++;
		return;
	}
	next_report = now + QUIET_NS;
	printk(LOG_WARN "Scheduler: d%uv%u has not run for %lld ms although it could "
	       "(pool %u, %s); %s\n",
	       stall->domid, stall->id, (long long)(stall->ns / 1000000), s->pool_id, s->ops->name,
	       stall->idle_cpu == NR_CPUS ? "all of its CPUs were busy"
					  : "a CPU that it may use idles");
	if (unreported)
		printk(LOG_WARN "Scheduler: %llu such vCPUs before it were not reported\n",
		       (unsigned long long)unreported);
	unreported = 0;
	sched_dump_instance(s);
}

static void look_at(struct scheduler *s, s_time_t now)
{
	struct sched_instance *in = sched_instance(s);
	struct stall stall, first = { 0 };
	struct sched_unit *u;
	struct vcpu *v;
	u32 found = 0;

	spin_lock(&in->units_lock);
	list_for_each_entry(u, &in->units, link)
		for_each_unit_vcpu(u, v)
			if (is_stalled(v, now, &stall) && !found++)
				first = stall;
	spin_unlock(&in->units_lock);
	if (!found)
		return;
	unreported += found - 1;
	report(s, &first, now);
}

static void look(void *arg)
{
	s_time_t now = hal_now_ns();
	struct scheduler *s;

	rcu_read_lock();
	for (s = sched_pool_from(0); s; s = sched_pool_from(s->pool_id + 1))
		look_at(s, now);
	rcu_read_unlock();
	timer_set(&timer, now + period_ms * 1000000LL);
}

void sched_watchdog_init(void)
{
	if (!period_ms)
		return;
	timer_init(&timer, look, NULL, 0);
	timer_set(&timer, hal_now_ns() + period_ms * 1000000LL);
}
