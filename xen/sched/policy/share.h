/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What policies of proportional share have in common: the rate limit and the caps of domains. */
#ifndef SCHED_SHARE_H
#define SCHED_SHARE_H

#include <xen/sched/policy.h>

#define SHARE_US 1000LL
#define SHARE_MS 1000000LL
#define SHARE_DEFAULT_WEIGHT 256U
#define SHARE_WEIGHT_MAX 65535U
#define SHARE_CAP_MAX 65535U

/**
 * The cap of a domain: a budget of run time, in ns, that all its units burn and that is refilled
 * every period. A budget that was overdrawn is paid back; what is left over is lost.
 */
struct share_cap {
	u32 percent;			/* of one CPU, 0: no cap; atomic */
	u32 nr_running;			/* units on CPUs; atomic */
	s64 period;			/* ns [const] */
	struct spinlock lock;		/* refills; taken inside a run-queue lock */
	s64 budget;			/* left in this period, below zero is debt; atomic */
	s64 quota;			/* granted each period [lock] */
	s_time_t next_refill;		/* [lock], peeked at */
};

/** No cap. @period in ns. */
void share_cap_init(struct share_cap *c, s64 period);
/** Any context without run-queue locks. The budget starts full when @percent is a new value. */
void share_cap_set(struct share_cap *c, u32 percent, s_time_t now);
/** Whether the units may run; refills the budget when that is due. Run-queue lock held. */
bool share_cap_may_run(struct share_cap *c, s_time_t now);
/** The longest run of @t ns that the budget allows, not below a small minimum. */
s64 share_cap_slice(const struct share_cap *c, s64 t);

static inline bool share_cap_is_set(const struct share_cap *c)
{
	return unlikely(READ_ONCE(c->percent));
}

/** Units ran for @ns, or for less than was charged when it is negative. Any context. */
static inline void share_cap_charge(struct share_cap *c, s64 ns)
{
	if (share_cap_is_set(c))
		__atomic_fetch_sub(&c->budget, ns, __ATOMIC_RELAXED);
}

/** A unit goes to a CPU (@delta 1) or leaves it (-1). */
static inline void share_cap_running(struct share_cap *c, int delta)
{
	__atomic_fetch_add(&c->nr_running, (u32)delta, __ATOMIC_RELAXED);
}

/** Whether the ABI allows a rate limit of @us microseconds; 0 is none. */
bool share_ratelimit_valid(u32 us);
/** That of the command line, in ns. */
s64 share_boot_ratelimit(void);

#endif
