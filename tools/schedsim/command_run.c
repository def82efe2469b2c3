/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `schedsim run`: simulate a workload and print what came out. */
#include <stdio.h>
#include <string.h>

#include "run.h"
#include "summary.h"

static const char help[] =
"usage: schedsim run [OPTION...] WORKLOAD\n"
"\n"
"Simulate WORKLOAD and print what came out. It is the simulator's own JSON, rt-app's, or a\n"
"recording: of the hypervisor or of Xen, of Linux by trace-cmd (trace.dat) or by Perfetto.\n"
"\n"
"%s"
"  --trace FILE         write the trace, for traces/xltrace.py\n"
"  --tsv, --json        the summary for programs\n"
"  --quiet              no summary\n"
"  --misses-ok          missed deadlines are not a failure\n"
"\n"
"Exit status: 0 done, 1 an input cannot be used, 2 wrong usage, 3 a vCPU stalled, 4 a job missed\n"
"its deadline. One line on stderr says which.\n";

enum { OPT_TSV = 256, OPT_JSON, OPT_QUIET, OPT_MISSES_OK };

/* The most memory that was resident since this program began, in KiB; 0: not known. */
static unsigned long resident_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long kib = 0;
	char line[128];

	while (f && !kib && fgets(line, sizeof(line), f))
		sscanf(line, "VmHWM: %lu", &kib);
	if (f)
		fclose(f);
	return kib;
}

static enum status report_misses(const struct simulation *sim)
{
	u64 misses = 0, jobs = 0;
	const struct guest *g;
	s64 when;

	for (u32 i = 0; i < sim->workload->nr_groups; i++) {
		misses += sim->workload->group[i].tally.misses;
		jobs += sim->workload->group[i].tally.jobs;
	}
	g = guest_first_miss(&when);
	if (!g)
		return STATUS_OK;
	say("%llu of %llu jobs missed their deadlines, the first one of d%uv%u at %.6f s",
	    (unsigned long long)misses, (unsigned long long)jobs, g->domid, g->id,
	    (double)when / 1e9);
	return STATUS_MISS;
}

int command_run(int argc, char **argv)
{
	static const struct option options[] = {
		SETTINGS_OPTIONS,
		{ "trace", required_argument, NULL, 't' },
		{ "tsv", no_argument, NULL, OPT_TSV },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "quiet", no_argument, NULL, OPT_QUIET },
		{ "misses-ok", no_argument, NULL, OPT_MISSES_OK },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct settings s = settings_default;
	enum summary_form form = SUMMARY_TEXT;
	bool quiet = false, misses_ok = false;
	u32 forms = 0;
	struct simulation sim;
	enum status status;
	int o;

	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (settings_option(&s, o, optarg))
			continue;
		switch (o) {
		case 't':
			s.trace = optarg;
			break;
		case OPT_TSV:
		case OPT_JSON:
			form = o == OPT_TSV ? SUMMARY_TSV : SUMMARY_JSON;
			forms++;
			break;
		case OPT_QUIET:
			quiet = true;
			forms++;
			break;
		case OPT_MISSES_OK:
			misses_ok = true;
			break;
		case 'h':
			printf(help, settings_help);
			return STATUS_OK;
		default:
			return STATUS_USAGE;
		}
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "schedsim run: name one workload; see schedsim run --help\n");
		return STATUS_USAGE;
	}
	if (forms > 1)
		die_usage("--tsv, --json and --quiet exclude one another: give one of them");
	simulation_start(&sim, &s, workload_read(argv[optind], s.hz));
	status = simulation_run(&sim);
	if (!quiet)
		summary_print(stdout, &sim, form);
	if (s.verbose)
		say("resident memory: %lu KiB at most", resident_kib());
	if (status == STATUS_OK && !misses_ok)
		status = report_misses(&sim);
	return status;
}
