/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A workload: domains, what their vCPUs do, and for how long. Independent of policy and machine. */
#ifndef SCHEDSIM_WORKLOAD_H
#define SCHEDSIM_WORKLOAD_H

#include "guest.h"

/** Domains that are alike. */
struct group {
	char *name;
	u16 first_domid;
	u32 domains, vcpus;		/* number of domains, of vCPUs in each */
	struct machine_params params;
	s64 window;			/* of each vCPU, for arinc653; 0: none */
	u32 home;			/* as in struct guest */
	char *hard, *soft;		/* lists of CPUs, NULL: all */
	struct amount start;
	bool hard_deadlines;		/* a missed one is a failure */
	u32 *program;			/* [vcpus] index in the workload */
	struct tally tally;
};

struct workload {
	s64 duration;
	struct group *group;
	u32 nr_groups;
	struct program *program;
	u32 nr_programs;
	struct guest *guest;		/* after workload_start() */
	u32 nr_guests;
};

struct json;

/**
 * Read @path; the format is chosen by the contents. Stamps of hypervisors' traces count @hz a
 * second. Dies when it cannot be used.
 */
struct workload *workload_read(const char *path, double hz);
/** The simulator's own JSON; rt-app's. */
struct workload *workload_native(struct json *j);
struct workload *workload_rtapp(struct json *j);

struct group *workload_add_group(struct workload *w, const char *name);
/** The index of a new empty program. */
u32 workload_add_program(struct workload *w);
u32 workload_vcpus(const struct workload *w);

/** Create the domains and vCPUs on the machine, which has booted. False: *@why says why not. */
bool workload_start(struct workload *w, u64 seed, const char **why);

#endif
