/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenarios for policies of proportional share, for host_isolated. */
#ifndef TEST_SCHED_SHARE_H
#define TEST_SCHED_SHARE_H

#include "sched-world.h"

/** Run a scenario; a failure prints the hypervisor's output. */
#define share_run(fn, arg)                                             \
	do {                                                           \
		const struct host_outcome *o_ = host_isolated(fn, arg); \
		if (o_->status)                                        \
			print_message("%s", o_->console);              \
		assert_int_equal(o_->status, 0);                       \
	} while (0)

/** |a / b - 1| < 2 % */
static inline bool share_close_to(u64 a, u64 b)
{
	u64 diff = a > b ? a - b : b - a;

	return diff * 50 < b;
}

struct share_case {
	u64 seed;
	const char *cmdline;
};

/* The argument of these is a share_case. */
/** Spinners of several weights on one CPU get their shares. */
void share_by_weight(void *arg);
/** A weight changes while units run. */
void share_change_weight(void *arg);
/** Domains with caps get what these allow: not more, and not less. */
void share_caps(void *arg);
/** A unit that sleeps gets its part of a budget that another one uses up. */
void share_cap_and_sleep(void *arg);
/** Units run where they may, and share those CPUs. */
void share_hard_affinity(void *arg);
/**
 * A random machine, domains and events, CPUs that leave and join too. Units that want to run get a
 * CPU that they may use and that idles, within a bound, and caps hold.
 */
void share_storm(void *arg);

/** A guest program: run 1 ms in every 20. */
void share_guest_naps(struct vcpu *v, void *arg);

/** Spinners, each a domain of its own. */
struct share_spinners {
	const char *cmdline;
	u32 cpus, n;
	u32 weight[10];
	const char *hard[10];		/* NULL: all */
	u32 nappers;			/* more units, of weight 256, that run share_guest_naps */
	u32 seconds;			/* how long they are measured, 0: 10 */
};

/** Fails when they do not run @ms within @percent in those seconds, after they ran for 2 s. */
void share_check_spinners(const struct share_spinners *sp, const u64 *ms, u32 percent);

struct share_latency {
	const char *cmdline;
	u32 spinners;
};

/** A unit wakes now and then beside spinners, on 2 CPUs; value[0] is the longest wait in ns. */
void share_latency(void *arg);

#endif
