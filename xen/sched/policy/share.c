/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See share.h. */
#include <xen/param.h>
#include <xen/printk.h>

#include <public/sysctl.h>	/* bounds of the rate limit */

#include "share.h"

#define SLICE_MIN (100 * SHARE_US)	/* shorter runs would cost more than they enforce */
#define DEFAULT_RATELIMIT_US 1000U

static u32 ratelimit_us = DEFAULT_RATELIMIT_US;
PARAM_UINT_VAR("sched_ratelimit_us", sched_ratelimit, ratelimit_us);

bool share_ratelimit_valid(u32 us)
{
	return us == 0 ||
	       (us >= XEN_SYSCTL_SCHED_RATELIMIT_MIN && us <= XEN_SYSCTL_SCHED_RATELIMIT_MAX);
}

s64 share_boot_ratelimit(void)
{
	if (!share_ratelimit_valid(ratelimit_us)) {
		printk(LOG_WARN "sched_ratelimit_us=%u is not 0 or %u to %u; using %u\n",
		       ratelimit_us, XEN_SYSCTL_SCHED_RATELIMIT_MIN,
		       XEN_SYSCTL_SCHED_RATELIMIT_MAX, DEFAULT_RATELIMIT_US);
		ratelimit_us = DEFAULT_RATELIMIT_US;
	}
	return ratelimit_us * SHARE_US;
}

void share_cap_init(struct share_cap *c, s64 period)
{
	ASSERT(period > 0);
	spin_lock_init(&c->lock, "cap of a domain", LOCK_RANK_SCHED);
	c->percent = 0;
	c->nr_running = 0;
	c->period = period;
}

void share_cap_set(struct share_cap *c, u32 percent, s_time_t now)
{
	u64 flags;

	ASSERT(percent <= SHARE_CAP_MAX);
	if (READ_ONCE(c->percent) == percent)
		return;
	flags = spin_lock_irqsave(&c->lock);
	c->quota = c->period * percent / 100;
	__atomic_store_n(&c->budget, c->quota, __ATOMIC_RELAXED);
	WRITE_ONCE(c->next_refill, now + c->period);
	WRITE_ONCE(c->percent, percent);
	spin_unlock_irqrestore(&c->lock, flags);
	/* Units parked under the old cap continue at the refill that they wait for. */
}

static void refill(struct share_cap *c, s_time_t now)
{
	spin_lock_nested(&c->lock);
	if (now >= c->next_refill) {
		s64 periods = (now - c->next_refill) / c->period + 1;
		s64 room = c->quota - __atomic_load_n(&c->budget, __ATOMIC_RELAXED);
		s64 add = min(periods, (s64)1024) * c->quota;

		WRITE_ONCE(c->next_refill, c->next_refill + periods * c->period);
		__atomic_fetch_add(&c->budget, min(add, max(room, (s64)0)), __ATOMIC_RELAXED);
	}
	spin_unlock(&c->lock);
}

bool share_cap_may_run(struct share_cap *c, s_time_t now)
{
	if (!share_cap_is_set(c))
		return true;
	if (now >= READ_ONCE(c->next_refill))
		refill(c, now);
	return __atomic_load_n(&c->budget, __ATOMIC_RELAXED) > 0;
}

s64 share_cap_slice(const struct share_cap *c, s64 t)
{
	s64 part;

	if (!share_cap_is_set(c))
		return t;
	part = __atomic_load_n(&c->budget, __ATOMIC_RELAXED) / max(READ_ONCE(c->nr_running), 1U);
	return min(t, max(part, SLICE_MIN));
}
