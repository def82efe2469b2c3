/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credit: what units are charged and granted. The essay in credit.c says why it adds up. */
#include <xen/assert.h>

#include "credit.h"

void cr_charge(struct cr_sched *cs, struct cr_unit *cu, s64 ns)
{
	cu->credit = min(cu->credit - ns, 2 * READ_ONCE(cs->tslice));
	share_cap_charge(&cu->dom->cap, ns);
}

void cr_burn(struct cr_unit *cu, s_time_t now)
{
	s64 dt = now - cu->start;

	ASSERT(cu->place == CR_ON_CPU);
	if (dt <= 0)
		return;
	cu->start = now;
	cu->credit -= dt;
	cu->turn += dt;
	cu->boost -= min(cu->boost, dt);
	share_cap_charge(&cu->dom->cap, dt);
}

void cr_turn_period(struct cr_sched *cs, s_time_t now)
{
	if (likely(now < READ_ONCE(cs->period_end)) || !spin_trylock(&cs->lock))
		return;
	if (now >= cs->period_end) {
		s64 t = READ_ONCE(cs->tslice);
		s64 periods = (now - cs->period_end) / t + 1;
		s64 capacity = t * max(READ_ONCE(cs->nr_cpus), 1U);
		s64 pool = __atomic_exchange_n(&cs->pool, 0, __ATOMIC_RELAXED);

		ASSERT(pool >= 0 && capacity > 0);
		WRITE_ONCE(cs->weight, __atomic_exchange_n(&cs->next_weight, 0, __ATOMIC_RELAXED));
		WRITE_ONCE(cs->total, capacity + min(pool, capacity));
		WRITE_ONCE(cs->period_end, cs->period_end + periods * t);
		__atomic_store_n(&cs->period, cs->period + (u64)periods, __ATOMIC_RELEASE);
	}
	spin_unlock(&cs->lock);
}

/* The grant of each unit of @dom, whose lock is held, in @period. */
static s64 grant(struct cr_sched *cs, struct cr_dom *dom, u64 period)
{
	if (dom->period != period) {
		u32 n = dom->period + 1 == period ? dom->nr_sharing : 0;
		u32 w = READ_ONCE(dom->weight);

		/* A domain that shared in no period before counts as if it had. */
		dom->grant = READ_ONCE(cs->total) * w / (s64)max(READ_ONCE(cs->weight), (u64)w) /
			     max(n, 1U);
		/* Not 0, which would never end a debt. */
		dom->grant = max(dom->grant, (s64)1);
		dom->period = period;
		dom->nr_sharing = 0;
	}
	ASSERT(dom->grant > 0);
	return dom->grant;
}

void cr_take_grants(struct cr_sched *cs, struct cr_unit *cu, u64 period)
{
	s64 t = READ_ONCE(cs->tslice), g, spare;
	u64 periods = cu->period ? period - cu->period : 1;
	struct cr_dom *dom = cu->dom;

	ASSERT(periods);
	spin_lock_nested(&dom->lock);
	g = grant(cs, dom, period);
	/* A unit that slept also gets the grants that it did not ask for meanwhile. */
	if (periods > 1)
		cu->credit += g * (s64)min(periods, (u64)CR_DEBT_PERIODS);
	else if (cu->sharing)
		cu->credit += g;
	spare = cu->credit - 2 * t;
	if (spare > 0) {
		cu->credit -= spare;
		if (periods == 1 && cu->sharing && cu->slept)
			__atomic_fetch_add(&cs->pool, min(spare, g), __ATOMIC_RELAXED);
	}
	/* So that a unit of little weight, which ran while nothing else did, comes back in time. */
	cu->credit = max(cu->credit, -min(2 * t, g * CR_DEBT_PERIODS));
	cu->slice = max(min(g, t), CR_SLICE_MIN);
	cu->sharing = !cu->slept || cu->credit < t;
	cu->slept = false;
	if (cu->sharing && dom->nr_sharing++ == 0)
		__atomic_fetch_add(&cs->next_weight, READ_ONCE(dom->weight), __ATOMIC_RELAXED);
	spin_unlock(&dom->lock);
	cu->period = period;
}

s_time_t cr_settle_time(const struct cr_sched *cs, u32 cpu)
{
	/* At different times on different CPUs, as all of them look at the same period. */
	return READ_ONCE(cs->period_end) + (cpu % 64) * (READ_ONCE(cs->tslice) / 128);
}
