/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A random scenario: a machine, domains, and what is done to them from outside while they run.
 *
 * Everything follows from the seed. Each item (a domain or a step) draws from a sequence of its
 * own, so leaving one out changes no other: that is how a failing scenario is made smaller.
 */
#ifndef SCHEDSIM_PROPERTY_SCENARIO_H
#define SCHEDSIM_PROPERTY_SCENARIO_H

#include <xen/types.h>

#define SCENARIO_ITEMS 48U	/* domains, then steps */
#define SCENARIO_DOMAINS 12U

struct scenario;

/** What a scenario is about. */
struct scenario_kind {
	const char *name, *policy;
	/** Run it in this process, which has not simulated anything yet, and return; or say on
	 * stderr what rule was broken and leave with STATUS_BROKEN, or abort. @verbose: say what
	 * is done. */
	void (*run)(const struct scenario *s, bool verbose);
};

struct scenario {
	const struct scenario_kind *kind;
	u64 seed;
	u64 omit;		/* a bit for each item that is left out */
	const char *gran;	/* sched-gran=, for scenario_run */
};

/** Anything may happen: what every policy promises. */
void scenario_run(const struct scenario *s, bool verbose);
/** Reservations of rtds that theory accepts, on a machine that costs and disturbs nothing: each
 * vCPU gets its budgets, and jobs that fit into them meet their deadlines. */
void supply_run(const struct scenario *s, bool verbose);
/** vCPUs of one CPU under credit2 that always want to run: what they get follows their weights. */
void share_run(const struct scenario *s, bool verbose);

#endif
