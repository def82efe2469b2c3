/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What theory says of a set of periodic tasks under global EDF, and an EDF scheduler to compare
 * with: it shares no code with the hypervisor's policies or the simulated machine.
 */
#ifndef SCHEDSIM_SCHEDULABILITY_H
#define SCHEDSIM_SCHEDULABILITY_H

#include <xen/types.h>

#include "taskset.h"

/*
 * Sufficient tests: true means that no job can ever miss its deadline on @cpus CPUs. Deadlines are
 * the ends of periods. Arithmetic is in whole numbers, and rounding is towards false.
 */

/** The sum of the shares is at most m - (m - 1) * u, where u is the largest share: J. Goossens,
 * S. Funk, S. Baruah, "Priority-driven scheduling of periodic task systems on multiprocessors",
 * Real-Time Systems 25, 2003. */
bool schedulable_gfb(const struct taskset *ts, u32 cpus);
/** The others' work in the window of each job leaves it enough: M. Bertogna, M. Cirinei, G. Lipari,
 * "Improved schedulability analysis of EDF on multiprocessor platforms", ECRTS 2005. */
bool schedulable_bcl(const struct taskset *ts, u32 cpus);
/** The demand bound function, at each deadline up to @horizon µs: by then the jobs that must have
 * ended do not need more than the time there was. On one CPU this is exact for a horizon that no
 * set's busy period exceeds; on more it is necessary but not sufficient. S. Baruah, L. Rosier,
 * R. Howell, "Algorithms and complexity concerning the preemptive scheduling of periodic, real-time
 * tasks on one processor", Real-Time Systems 2, 1990. */
bool demand_fits(const struct taskset *ts, u32 cpus, u32 horizon);

/*
 * A vCPU with a budget in each period is a deferrable server. Its work need not begin with its
 * periods: how long may that wait? Both times are in ns.
 */

/** The least time that such a server gets within @t of waking, if it goes on wanting to run and is
 * sure of its budget in each period that it wants from begin to end. Nothing is sure in the period
 * in which it wakes; in those that follow its budget may come as late as possible. A bound, which
 * need not be reached. After I. Shin, I. Lee, "Periodic resource model for compositional real-time
 * guarantees", RTSS 2003, where the first wait is shorter, as no server keeps budget there. */
s64 supply_bound(s64 period, s64 budget, s64 t);
/** Do jobs of @task, the server's only one, whenever they begin, always end before the next one
 * comes? So when the task's demand bound function is never above the server's supply bound. */
bool demand_within_supply(const struct task *task, s64 period, s64 budget);

/** How a set fared: up to the first missed deadline, or to the horizon. */
struct fate {
	s64 missed;		/* the first deadline missed, ns after the common start; -1: none */
	u64 jobs;		/* ended by then */
	u64 digest;		/* of when each of them ended */
};

/** Count a job: number @job (from 0) of @task ended at @end. */
void fate_add(struct fate *f, u32 task, u64 job, s64 end);

/** Global EDF by its definition, without costs, from 0 to @horizon (ns). */
struct fate edf_reference(const struct taskset *ts, u32 cpus, s64 horizon);

#endif
