/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random sets of periodic tasks. Whole numbers only: a seed gives the same sets on every machine
 * and in a guest.
 */
#ifndef SCHEDSIM_TASKSET_H
#define SCHEDSIM_TASKSET_H

#include <stdbool.h>
#include <stdint.h>

#define TASKSET_MAX 256U
/** Periods are from the first to the second, in µs. */
#define TASKSET_PERIOD_MIN 10000U
#define TASKSET_PERIOD_MAX 100000U
/** No task works less in a period: the smallest budget of rtds, in µs. */
#define TASKSET_WORK_MIN 10U

/** A job of @work µs comes every @period µs, and must end before the next one comes. */
struct task {
	uint32_t period, work;
};

struct taskset {
	uint32_t n;
	struct task task[TASKSET_MAX];
};

/**
 * Make set number @index of the sequence @seed: @n tasks whose shares of a CPU add up to
 * @utilisation millionths. Of all ways to share that out in which no task needs more than one CPU,
 * each is equally likely; the logarithm of the period is uniform. Rounding makes the sum smaller by
 * at most a millionth and one µs in each period of a task, except where TASKSET_WORK_MIN makes it
 * larger. False: too few tasks, or so few ways that none was found.
 */
bool taskset_make(struct taskset *ts, uint64_t seed, uint32_t index, uint32_t n,
		  uint32_t utilisation);

/** The time at which a task first releases a job, in ns after the common start: no two tasks ever
 * have the same deadline, as these differ by less than a µs and periods are whole µs. */
static inline int64_t taskset_phase(const struct taskset *ts, uint32_t task)
{
	return task * (1000 / ts->n);
}

#endif
