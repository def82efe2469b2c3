/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Core and socket scheduling (sched-gran=): the CPUs of a core or a socket are one resource and run
 * the vCPUs of one unit only. So vCPUs of different domains never share a core, or a socket.
 *
 * A unit has as many vCPUs of a domain, with consecutive numbers, as a resource has CPUs; each has
 * its place. The policy knows only the first CPU of a resource, and that CPU asks it. The other
 * CPUs run the vCPU at their place, and idle while it does not want to run.
 *
 * A switch has two phases. First, each CPU saves its vCPU and runs its idle vCPU; the last one
 * gives the resource to the next unit. Then each CPU loads the vCPU at its place. No CPU waits in a
 * loop for another in between: each goes on in its idle loop, so that it answers interrupts, and a
 * CPU that waits for a vCPU to stop (vcpu_sleep_sync) keeps no other CPU from leaving.
 *
 * A unit that was chosen, and cannot run any more before it has the resource, is given back to the
 * policy at once, which chooses another. So no CPU has to leave before such a unit is known to be
 * off its CPU, and waiting for that ends.
 */
#include <xen/printk.h>
#include <xen/hal/time.h>

#include "internal.h"

static void tickle_all(struct scheduler *s, const struct sched_resource *r)
{
	for (u32 i = 0; i < sched_width; i++)
		sched_tickle(s, r->cpu[i]);
}

/* The policy gets the unit back, which has left all CPUs or never came to any. */
static void give_back(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	ASSERT(u->running && u->sched == s);
	u->runnable = sched_unit_runnable(u);
	__atomic_store_n(&u->running, false, __ATOMIC_RELEASE);
	s->ops->context_saved(s, u, now);
}

/* All CPUs are free of the old unit: the next one gets them. */
static void complete_switch(struct sched_cpu *sc, s_time_t now)
{
	struct sched_resource *r = sc->res;
	struct sched_unit *old = r->unit;

	ASSERT(r->switching && !r->busy && old != r->next);
	ASSERT(!r->next || (r->next->running && r->next->cpu == r->cpu[0]));
	r->unit = r->next;
	r->next = NULL;
	r->switching = false;
	if (old)
		give_back(sc->sched, old, now);
	if (old && unit_is_moving(old))
		sc->moving = old;
	tickle_all(sc->sched, r);
}

/*
 * Ask the policy what comes after @prev, which has the resource, or was to get it; prev->runnable
 * says whether it may be chosen again. Returns when to ask again; r->next is the unit, and runs
 * from now on for the policy.
 */
static s_time_t ask(struct scheduler *s, struct sched_resource *r, struct sched_unit *prev,
		    s_time_t now)
{
	struct sched_decision dec = { .until = INT64_MAX };
	u32 cpu = r->cpu[0];

	s->ops->schedule(s, cpu, now, prev, &dec);
	ASSERT(dec.until > 0);
	ASSERT(!dec.unit || (dec.unit->runnable && dec.unit->cpu == cpu));
	ASSERT(!dec.unit || dec.unit == prev || !dec.unit->running);
	r->next = dec.unit;
	if (dec.unit == prev)
		return dec.until;
	s->ops->unit_switch(s, cpu, prev, dec.unit, max(now - r->since, 0L), now);
	if (dec.unit)
		dec.unit->running = true;
	r->since = now;
	return dec.until;
}

/* Decide, on the first CPU. A switch that is under way ends first. */
static void decide(struct sched_cpu *sc, s_time_t now, s_time_t *until)
{
	struct sched_resource *r = sc->res;

	if (r->switching)
		return;
	if (r->unit)
		r->unit->runnable = sched_unit_runnable(r->unit);
	*until = ask(sc->sched, r, r->unit, now);
	if (r->next == r->unit) {
		r->next = NULL;
		return;
	}
	r->switching = true;
	if (!r->busy)
		complete_switch(sc, now);
	else
		tickle_all(sc->sched, r);
}

struct vcpu *sched_resource_choose(struct sched_cpu *sc, s_time_t now, s_time_t *until)
{
	struct sched_resource *r = sc->res;
	struct vcpu *v;

	*until = INT64_MAX;
	trace_sched_time((u64)now, sc->curr == sc->idle || vcpu_runnable(sc->curr));
	if (!sc->sched)
		return sc->idle;
	if (!sc->place)
		decide(sc, now, until);
	else if (r->unit && !r->switching && !sched_unit_runnable(r->unit))
		sched_tickle(sc->sched, r->cpu[0]);
	if (r->switching || !r->unit || unit_is_moving(r->unit))
		return sc->idle;
	v = unit_vcpu_at(r->unit, sc->place);
	if (!v || !vcpu_runnable(v))
		return sc->idle;
	ASSERT(sc->curr == v || (sc->curr == sc->idle && !v->running));
	if (sc->curr != v)
		r->busy++;
	ASSERT(r->busy <= sched_width);
	return v;
}

void sched_resource_left(struct sched_cpu *sc, struct vcpu *prev, s_time_t now)
{
	struct sched_resource *r = sc->res;
	spin_lock(sc->lock);
	ASSERT(prev->part_of == r->unit && r->unit->running && prev->running && r->busy);
	trace_sched_saved(prev->domain->id, prev->id);
	__atomic_store_n(&prev->running, false, __ATOMIC_RELEASE);
	r->busy--;
	if (r->switching && !r->busy)
		complete_switch(sc, now);
	else if (!r->switching && vcpu_runnable(prev))
		/* It was woken while its state was being saved. */
		sched_tickle(sc->sched, (u32)(sc - sched_cpus));
	spin_unlock(sc->lock);
}

void sched_resource_stop(struct sched_unit *u)
{
	struct sched_resource *r = sched_cpus[u->cpu].res;
	s_time_t now = hal_now_ns();

	/* A vCPU of it may be woken now: its waker waits for the lock, and give_back() sees it. */
	ASSERT(u->running && !u->runnable && (u == r->unit || u == r->next));
	if (u == r->unit) {
		sched_tickle(u->sched, r->cpu[0]);
		return;
	}
	/* The first CPU asks again when the switch is complete, so the time does not matter. */
	ask(u->sched, r, u, now);
	ASSERT(r->next != u);
	give_back(u->sched, u, now);
}
