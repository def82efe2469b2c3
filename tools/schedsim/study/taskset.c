/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random sets of periodic tasks. */
#include "random.h"
#include "taskset.h"

#define MILLION 1000000U
/* Sets with a task above one CPU are drawn again. */
#define MOST_DRAWS 100000U

/*
 * Cut [0, @sum] at n - 1 points chosen at random. The pieces between them are then uniformly
 * distributed over all ways to share out the sum.
 */
static bool draw_shares(uint32_t *share, uint32_t n, uint32_t sum, uint64_t *random)
{
	uint32_t previous = 0;

	for (uint32_t i = 0; i + 1 < n; i++) {
		uint32_t cut = (uint32_t)(random_u64(random) % (sum + 1)), at = i;

		for (; at && share[at - 1] > cut; at--)
			share[at] = share[at - 1];
		share[at] = cut;
	}
	share[n - 1] = sum;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t piece = share[i] - previous;

		previous = share[i];
		share[i] = piece;
		if (piece > MILLION)
			return false;
	}
	return true;
}

/* A number whose density falls as 1 / x, by rejection. */
static uint32_t draw_period(uint64_t *random)
{
	for (;;) {
		uint32_t x = TASKSET_PERIOD_MIN + (uint32_t)(random_u64(random) %
			(TASKSET_PERIOD_MAX - TASKSET_PERIOD_MIN + 1));

		if (random_u64(random) % x < TASKSET_PERIOD_MIN)
			return x;
	}
}

bool taskset_make(struct taskset *ts, uint64_t seed, uint32_t index, uint32_t n,
		  uint32_t utilisation)
{
	uint64_t random = seed, own;
	uint32_t share[TASKSET_MAX];
	uint32_t draws = 0;

	if (!n || n > TASKSET_MAX || utilisation / MILLION > n)
		return false;
	own = random_u64(&random) ^ index;
	random_u64(&own);
	while (!draw_shares(share, n, utilisation, &own))
		if (++draws == MOST_DRAWS)
			return false;
	ts->n = n;
	for (uint32_t i = 0; i < n; i++) {
		struct task *t = &ts->task[i];

		t->period = draw_period(&own);
		t->work = (uint32_t)((uint64_t)t->period * share[i] / MILLION);
		if (t->work < TASKSET_WORK_MIN)
			t->work = TASKSET_WORK_MIN;
	}
	return true;
}
