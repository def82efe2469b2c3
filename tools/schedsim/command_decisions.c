/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `schedsim decisions`: the stream that diff reads, and the run queues at one point of it. */
#include <stdlib.h>
#include <string.h>

#include "decision.h"
#include "run.h"
#include "trace_read.h"

static const char help[] =
"usage: schedsim decisions [OPTION...] WORKLOAD\n"
"\n"
"Write every change of what a CPU runs to the standard output, in binary, for schedsim diff.\n"
"\n"
"%s"
"  --queues EVENT,TIME  instead, print the run queues before event number EVENT, or at TIME (ns)\n"
"                       when that comes first\n";

static void observe(void *arg, u32 cpu, s64 time, u32 id, u32 words, const u32 *word)
{
	struct decision d = { .time = time, .event = machine_events(), .cpu = cpu };

	if (id != REC_SWITCH)
		return;
	d.prev_domid = word[0];
	d.prev_id = word[1];
	d.next_domid = word[2];
	d.next_id = word[3];
	/* The reader has seen enough when it closes the pipe. */
	if (!fwrite(&d, sizeof(d), 1, stdout))
		exit(STATUS_OK);
}

static void print(void *arg, const char *text) { fputs(text, stdout); }

static void show_queues(u64 event, s64 time)
{
	while (machine_events() + 1 < event && queue_next_time() <= time)
		machine_step(time);
	machine_dump(print, NULL);
}

int command_decisions(int argc, char **argv)
{
	static const struct option options[] = {
		SETTINGS_OPTIONS,
		{ "queues", required_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct settings s = settings_default;
	const char *queues = NULL;
	struct simulation sim;
	long long time;
	unsigned long long event;
	int o;

	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (settings_option(&s, o, optarg))
			continue;
		if (o == 'h') {
			printf(help, settings_help);
			return STATUS_OK;
		}
		if (o != 'q')
			return STATUS_USAGE;
		queues = optarg;
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "schedsim decisions: name one workload\n");
		return STATUS_USAGE;
	}
	if (queues && sscanf(queues, "%llu,%lld", &event, &time) != 2)
		die_usage("--queues %s: two numbers must be here", queues);
	if (!queues)
		machine_trace_observe(observe, NULL);
	simulation_start(&sim, &s, workload_read(argv[optind], s.hz));
	if (queues) {
		show_queues(event, time);
		return STATUS_OK;
	}
	return simulation_run(&sim);
}
