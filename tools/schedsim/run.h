/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One simulation: the settings that all commands share, and running it. */
#ifndef SCHEDSIM_RUN_H
#define SCHEDSIM_RUN_H

#include <getopt.h>

#include "say.h"
#include "topology.h"
#include "workload.h"

struct settings {
	const char *policy, *options;	/* sched=, and the rest of the hypervisor's command line */
	const char *machine, *costs, *trace;
	s64 duration;			/* 0: the workload's */
	s64 stall;			/* longest wait of a runnable vCPU */
	u64 seed;
	double hz;			/* cycles a second in a hypervisor's trace */
	bool disturb, verbose;
};

/** The settings when no option is given. */
extern const struct settings settings_default;
/** Options of getopt_long() that set them, to be put before a command's own. */
#define SETTINGS_OPTIONS \
	{ "policy", required_argument, NULL, 'p' }, \
	{ "options", required_argument, NULL, 'O' }, \
	{ "machine", required_argument, NULL, 'm' }, \
	{ "costs", required_argument, NULL, 'c' }, \
	{ "duration", required_argument, NULL, 'd' }, \
	{ "stall", required_argument, NULL, 'w' }, \
	{ "seed", required_argument, NULL, 's' }, \
	{ "tsc-hz", required_argument, NULL, 'z' }, \
	{ "verbose", no_argument, NULL, 'v' }
/** Dies with STATUS_USAGE when there is no policy of this name. */
void check_policy(const char *name);
/** Take one of these options; false when it is none of them. Dies for a bad value. */
bool settings_option(struct settings *s, int option, const char *value);
/** What --help says of them. */
extern const char settings_help[];

struct simulation {
	struct settings settings;
	struct topology topology;
	struct workload *workload;
};

/** Boot the machine and start the workload; once in a process. Dies when it cannot. */
void simulation_start(struct simulation *sim, const struct settings *s, struct workload *w);
/**
 * Run to the end. STATUS_OK, or STATUS_STALL after saying which vCPU waited: for longer than the
 * settings' stall, or for more than half of the run without ever having had a CPU.
 */
enum status simulation_run(struct simulation *sim);

int command_run(int argc, char **argv);
int command_sets(int argc, char **argv);

#endif
