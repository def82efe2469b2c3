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

struct scenario {
	const char *policy;
	u64 seed;
	u64 omit;		/* a bit for each item that is left out */
};

/** Run it in this process, which has not simulated anything yet, and return; or say on stderr what
 * rule was broken and leave with STATUS_BROKEN, or abort. @verbose: say what is done. */
void scenario_run(const struct scenario *s, bool verbose);

#endif
