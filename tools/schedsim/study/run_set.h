/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running many sets of tasks on simulated machines, each on a machine of its own. */
#ifndef SCHEDSIM_RUN_SET_H
#define SCHEDSIM_RUN_SET_H

#include "run.h"
#include "schedulability.h"

/** How @count sets are made: those from number @first on. */
struct recipe {
	u64 seed;
	u32 first, count, tasks, utilisation;
};

/** Set number @i of the recipe, from 0. Dies when there is none. */
void recipe_make(const struct recipe *r, u32 i, struct taskset *ts);

/**
 * Run all sets under @s->policy, for @s->duration: fate[i] is that of set @i. A vCPU for each task,
 * in a domain of its own, has the task's period as period and its work as budget under rtds, and
 * the task's share of a CPU as weight, in thousandths, under other policies. Returns STATUS_OK, or
 * what a run ended with.
 */
enum status run_sets(const struct settings *s, const struct recipe *r, struct fate *fate);

#endif
