/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See policy-machine.h. */
#include "policy-machine.h"

#include <stdlib.h>
#include <string.h>

#include <asm/host.h>

struct pm pm;

void sched_tickle(struct scheduler *s, u32 cpu)
{
	HOST_CHECK(cpu < PM_MAX_CPUS);
	pm.cpu[cpu].pending = true;
}

u64 pm_random_below(u64 n)
{
	u64 x = (pm.seed += 0x9e3779b97f4a7c15ULL);

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return (x ^ (x >> 31)) % n;
}

s64 pm_random_between(s64 low, s64 high)
{
	return low + (s64)pm_random_below((u64)(high - low) + 1);
}

static u64 lock(u32 cpu)
{
	return spin_lock_irqsave(pm.s.ops->cpu_lock(&pm.s, cpu));
}

static void unlock(u32 cpu, u64 flags)
{
	spin_unlock_irqrestore(pm.s.ops->cpu_lock(&pm.s, cpu), flags);
}

static struct pm_unit *pm_unit(struct sched_unit *u)
{
	return u ? container_of(u, struct pm_unit, u) : NULL;
}

void pm_cpu_join(u32 cpu)
{
	struct sched_topology topo = { .core = cpu };
	u64 flags;

	HOST_CHECK(pm.s.ops->cpu_prepare(&pm.s, cpu, &topo) == 0);
	flags = lock(cpu);
	cpumask_set(&pm.s.cpus, cpu);
	pm.s.ops->cpu_online(&pm.s, cpu, pm.now);
	unlock(cpu, flags);
	pm.cpu[cpu].powered = pm.cpu[cpu].pending = true;
	pm.cpu[cpu].until = INT64_MAX;
}

void pm_start(const struct sched_policy *policy, u32 cpus, u64 seed)
{
	memset(&pm, 0, sizeof(pm));
	pm.seed = seed;
	pm.nr_cpus = cpus;
	pm.s.ops = policy;
	HOST_CHECK(cpus <= PM_MAX_CPUS && policy->init(&pm.s) == 0);
	for (u32 cpu = 0; cpu < cpus; cpu++)
		pm_cpu_join(cpu);
}

struct pm_unit *pm_unit_new(u16 domid, u32 id, void *dom_priv)
{
	struct pm_unit *pu = calloc(1, sizeof(*pu));
	u64 flags;

	HOST_CHECK(pu && pm.nr_units < PM_MAX_UNITS);
	pu->wake_at = INT64_MAX;
	pu->u.id = id;
	pu->u.domid = domid;
	pu->u.sched = &pm.s;
	pu->u.dom_priv = dom_priv;
	pu->u.cpu = cpumask_first(&pm.s.cpus);
	cpumask_setall(&pu->u.hard);
	cpumask_setall(&pu->u.soft);
	HOST_CHECK(pm.s.ops->unit_alloc(&pm.s, &pu->u) == 0);
	flags = lock(pu->u.cpu);
	pm.s.ops->unit_insert(&pm.s, &pu->u, pm.now);
	pu->u.inserted = true;
	unlock(pu->u.cpu, flags);
	pm.unit[pm.nr_units++] = pu;
	return pu;
}

static void sleep_unit(struct pm_unit *pu)
{
	u64 flags = lock(pu->u.cpu);

	if (pm.cpu[pu->u.cpu].curr == pu) {
		sched_tickle(&pm.s, pu->u.cpu);
	} else if (pu->u.runnable) {
		pu->u.runnable = false;
		if (!pu->u.running)
			pm.s.ops->sleep(&pm.s, &pu->u, pm.now);
	}
	unlock(pu->u.cpu, flags);
}

static bool runnable(const struct pm_unit *pu)
{
	return pu->work > 0 && !pu->paused;
}

static void wake_unit(struct pm_unit *pu)
{
	u64 flags = lock(pu->u.cpu);

	if (runnable(pu) && !pu->u.runnable) {
		pu->u.runnable = true;
		if (!pu->u.running)
			pm.s.ops->wake(&pm.s, &pu->u, pm.now);
	}
	unlock(pu->u.cpu, flags);
}

/* Count what @cpu's unit has worked. */
static void work(struct pm_cpu *pc)
{
	struct pm_unit *pu = pc->curr;
	s64 dt = pm.now - pc->since;

	pc->since = pm.now;
	if (!pu || dt <= 0)
		return;
	pu->ran += dt;
	if (pu->work == PM_BUSY)
		return;
	HOST_CHECK(dt <= pu->work);
	pu->work -= dt;
}

static void save(struct pm_cpu *pc)
{
	struct pm_unit *pu = pc->saving;
	u64 flags;

	if (!pu)
		return;
	flags = lock(pu->u.cpu);
	pc->saving = NULL;
	pu->u.running = false;
	pm.s.ops->context_saved(&pm.s, &pu->u, pm.now);
	unlock(pu->u.cpu, flags);
}

static void decide(u32 cpu)
{
	struct pm_cpu *pc = &pm.cpu[cpu];
	struct pm_unit *prev = pc->curr, *next;
	struct sched_decision dec;
	u64 flags = lock(cpu);

	pc->pending = false;
	pm.decisions++;
	work(pc);
	if (prev)
		prev->u.runnable = runnable(prev);
	pm.s.ops->schedule(&pm.s, cpu, pm.now, prev ? &prev->u : NULL, &dec);
	HOST_CHECK(dec.until > pm.now);
	pc->until = dec.until;
	next = pm_unit(dec.unit);
	HOST_CHECK(!next || (next->u.runnable && next->u.cpu == cpu));
	HOST_CHECK(!next || (cpumask_test(&next->u.hard, cpu) && cpumask_test(&pm.s.cpus, cpu)));
	HOST_CHECK(!next || next == prev || !next->u.running);
	if (next != prev) {
		pm.switches++;
		pm.s.ops->unit_switch(&pm.s, cpu, prev ? &prev->u : NULL, dec.unit, 0, pm.now);
		if (next)
			next->u.running = true;
		pc->saving = prev;
		pc->curr = next;
	}
	unlock(cpu, flags);
}

/* Move a unit that is off its CPU to one that it may use. */
static void move(struct pm_unit *pu)
{
	u64 flags;
	u32 cpu;

	HOST_CHECK(!pu->u.runnable && !pu->u.running);
	flags = lock(pu->u.cpu);
	cpu = pm.s.ops->pick_cpu(&pm.s, &pu->u, pm.now);
	HOST_CHECK(cpumask_test(&pm.s.cpus, cpu) && cpumask_test(&pu->u.hard, cpu));
	if (cpu != pu->u.cpu)
		pm.s.ops->migrate(&pm.s, &pu->u, cpu, pm.now);
	unlock(pu->u.cpu, flags);
}

/* Take the unit off its CPU now. */
static void stop(struct pm_unit *pu)
{
	u32 cpu = pu->u.cpu;

	sleep_unit(pu);
	if (pm.cpu[cpu].curr == pu) {
		save(&pm.cpu[cpu]);
		decide(cpu);
	}
	if (pm.cpu[cpu].saving == pu)
		save(&pm.cpu[cpu]);
}

void pm_unit_free(struct pm_unit *pu)
{
	u64 flags;

	pu->paused++;
	stop(pu);
	flags = lock(pu->u.cpu);
	pm.s.ops->unit_remove(&pm.s, &pu->u, pm.now);
	unlock(pu->u.cpu, flags);
	pm.s.ops->unit_free(&pm.s, &pu->u);
	for (u32 i = 0; i < pm.nr_units; i++)
		if (pm.unit[i] == pu)
			pm.unit[i] = NULL;
	free(pu);
}

void pm_wake(struct pm_unit *pu, s64 amount)
{
	pu->work = amount == PM_BUSY || pu->work == PM_BUSY ? PM_BUSY : pu->work + amount;
	wake_unit(pu);
}

void pm_pause(struct pm_unit *pu)
{
	pu->paused++;
	sleep_unit(pu);
}

void pm_unpause(struct pm_unit *pu)
{
	HOST_CHECK(pu->paused);
	pu->paused--;
	wake_unit(pu);
}

void pm_set_hard(struct pm_unit *pu, const cpumask_t *hard)
{
	u64 flags = lock(pu->u.cpu);
	bool stay = cpumask_test(hard, pu->u.cpu);

	pu->u.hard = *hard;
	if (stay)
		pm.s.ops->affinity_changed(&pm.s, &pu->u, pm.now);
	unlock(pu->u.cpu, flags);
	if (stay)
		return;
	pu->paused++;
	stop(pu);
	move(pu);
	pm_unpause(pu);
}

void pm_set_params(struct pm_unit *pu, s64 period, s64 budget, bool extra)
{
	struct sched_unit_params p = { period, budget, extra };

	HOST_CHECK(pm.s.ops->set_unit_params(&pm.s, &pu->u, &p, pm.now) == 0);
}

static bool happen(void);

void pm_cpu_leave(u32 cpu)
{
	u64 flags = lock(cpu);

	cpumask_unset(&pm.s.cpus, cpu);
	pm.s.ops->cpu_offline(&pm.s, cpu, pm.now);
	unlock(cpu, flags);
	/* Others may decide while its unit is still there. */
	for (u64 n = pm_random_below(4); n; n--)
		happen();
	for (u32 i = 0; i < pm.nr_units; i++) {
		struct pm_unit *pu = pm.unit[i];

		if (!pu || pu->u.cpu != cpu || cpumask_empty(&pm.s.cpus))
			continue;
		pu->paused++;
		stop(pu);
		move(pu);
		pm_unpause(pu);
	}
	decide(cpu);
	HOST_CHECK(!pm.cpu[cpu].curr);
	pm.cpu[cpu].powered = false;
}

/* The three kinds of things that can happen at an instant; false: none of this kind is left. */
static bool save_one(u32 cpu)
{
	if (!pm.cpu[cpu].saving)
		return false;
	save(&pm.cpu[cpu]);
	return true;
}

/* A CPU saves the old state before it decides again. */
static bool decide_one(u32 cpu)
{
	struct pm_cpu *pc = &pm.cpu[cpu];

	if (pc->saving || !pc->powered || (!pc->pending && pc->until > pm.now))
		return false;
	decide(cpu);
	return true;
}

static bool wake_one(void)
{
	for (u32 i = 0; i < pm.nr_units; i++) {
		if (!pm.unit[i] || pm.unit[i]->wake_at > pm.now)
			continue;
		pm.unit[i]->on_wake(pm.unit[i]);
		return true;
	}
	return false;
}

/* One thing that can happen now, in an order drawn from the seed; false: there is none. */
static bool happen(void)
{
	u32 cpu = (u32)pm_random_below(pm.nr_cpus), kind = (u32)pm_random_below(3);

	for (u32 k = 0; k < 3; k++, kind++) {
		if (kind % 3 == 2 && wake_one())
			return true;
		for (u32 i = 0; i < pm.nr_cpus && kind % 3 != 2; i++) {
			u32 c = (cpu + i) % pm.nr_cpus;

			if (kind % 3 ? decide_one(c) : save_one(c))
				return true;
		}
	}
	return false;
}

static void finish_work(struct pm_cpu *pc)
{
	struct pm_unit *pu = pc->curr;

	if (!pu || pu->work > 0)
		return;
	if (pu->on_done)
		pu->on_done(pu);
	if (!runnable(pu))
		pc->pending = true;
}

static s_time_t next_time(s_time_t limit)
{
	for (u32 cpu = 0; cpu < pm.nr_cpus; cpu++) {
		struct pm_cpu *pc = &pm.cpu[cpu];

		if (!pc->powered)
			continue;
		limit = min(limit, pc->until);
		if (pc->curr && pc->curr->work != PM_BUSY)
			limit = min(limit, pm.now + pc->curr->work);
	}
	for (u32 i = 0; i < pm.nr_units; i++)
		if (pm.unit[i])
			limit = min(limit, pm.unit[i]->wake_at);
	return limit;
}

static void settle(void)
{
	while (happen())
		;
	if (pm.settled)
		pm.settled();
}

void pm_run(s_time_t until)
{
	settle();
	while (pm.now < until) {
		pm.now = next_time(until);
		for (u32 cpu = 0; cpu < pm.nr_cpus; cpu++) {
			work(&pm.cpu[cpu]);
			finish_work(&pm.cpu[cpu]);
		}
		settle();
	}
}

void pm_end(void)
{
	for (u32 i = 0; i < pm.nr_units; i++)
		if (pm.unit[i])
			pm_unit_free(pm.unit[i]);
	for (u32 cpu = 0; cpu < pm.nr_cpus; cpu++)
		if (cpumask_test(&pm.s.cpus, cpu))
			pm_cpu_leave(cpu);
	pm.s.ops->deinit(&pm.s);
}
