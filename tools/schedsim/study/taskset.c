/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random sets of periodic tasks. */
#include "program.h"
#include "taskset.h"

#define MILLION 1000000U
/* Sets with a task above one CPU are drawn again. */
#define MOST_DRAWS 100000U

/*
 * Cut [0, @sum] at n - 1 points chosen at random. The pieces between them are then uniformly
 * distributed over all ways to share out the sum.
 */
static bool draw_shares(u32 *share, u32 n, u32 sum, u64 *random)
{
	u32 previous = 0;

	for (u32 i = 0; i + 1 < n; i++) {
		u32 cut = (u32)(random_u64(random) % (sum + 1)), at = i;

		for (; at && share[at - 1] > cut; at--)
			share[at] = share[at - 1];
		share[at] = cut;
	}
	share[n - 1] = sum;
	for (u32 i = 0; i < n; i++) {
		u32 piece = share[i] - previous;

		previous = share[i];
		share[i] = piece;
		if (piece > MILLION)
			return false;
	}
	return true;
}

/* A number whose density falls as 1 / x, by rejection. */
static u32 draw_period(u64 *random)
{
	for (;;) {
		u32 x = TASKSET_PERIOD_MIN + (u32)(random_u64(random) %
			(TASKSET_PERIOD_MAX - TASKSET_PERIOD_MIN + 1));

		if (random_u64(random) % x < TASKSET_PERIOD_MIN)
			return x;
	}
}

bool taskset_make(struct taskset *ts, u64 seed, u32 index, u32 n, u32 utilisation)
{
	u64 random = seed, own;
	u32 share[TASKSET_MAX];
	u32 draws = 0;

	if (!n || n > TASKSET_MAX || utilisation / MILLION > n)
		return false;
	own = random_u64(&random) ^ index;
	random_u64(&own);
	while (!draw_shares(share, n, utilisation, &own))
		if (++draws == MOST_DRAWS)
			return false;
	ts->n = n;
	for (u32 i = 0; i < n; i++) {
		struct task *t = &ts->task[i];

		t->period = draw_period(&own);
		t->work = (u32)((u64)t->period * share[i] / MILLION);
		if (t->work < TASKSET_WORK_MIN)
			t->work = TASKSET_WORK_MIN;
	}
	return true;
}
