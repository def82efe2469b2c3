/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `schedsim sets`: which share of random sets of periodic tasks meets all deadlines, by theory, by
 * an independent EDF scheduler, and under the hypervisor's policies. docs/schedsim.md explains it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/compiler.h>

#include "json.h"
#include "run_set.h"

static const char help[] =
"usage: schedsim sets --machine M --utilisation U [OPTION...]\n"
"\n"
"Make random sets of periodic tasks and count those that meet all deadlines: by theory, by a\n"
"reference EDF scheduler, and under policies, each task in a vCPU of its own.\n"
"\n"
"  --utilisation U      what the tasks of a set need together, as a share of all CPUs: 0.85\n"
"  --tasks N            tasks of a set for each CPU (default 4)\n"
"  --sets N             how many sets (default 1000)\n"
"  --first N            the number of the first one, to repeat a single set (default 0)\n"
"  --policies LIST      the policies (default rtds,credit,credit2)\n"
"  --list               print the sets instead\n"
"\n"
"%s"
"\n"
"Lines are `BENCH metric value unit key=value...`. Exit status: 0 done, 1 an input cannot be\n"
"used, 2 wrong usage, 6 rtds missed a deadline below the bound, or differs from the reference.\n";

enum { OPT_UTILISATION = 256, OPT_TASKS, OPT_SETS, OPT_FIRST, OPT_POLICIES, OPT_LIST };

/* Everything that is said of a set without running the hypervisor's objects. */
struct verdict {
	bool gfb, bcl, demand;
	struct fate edf;
};

struct study {
	struct settings settings;
	struct recipe recipe;
	u32 cpus, tasks_per_cpu;
	const char *policies;
	bool list;
	struct verdict *verdict;	/* [recipe.count] */
	struct fate *fate;		/* [recipe.count] under the policy at hand */
};

static u32 count_option(const char *option, const char *text, u32 least, u32 most)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (end == text || *end || strchr(text, '-') || v < least || v > most)
		die_usage("--%s %s: a number from %u to %u must be here", option, text, least,
			  most);
	return (u32)v;
}

static u32 share_option(const char *text)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v > 0 && v <= 1))
		die_usage("--utilisation %s: a number above 0, and at most 1, must be here", text);
	return (u32)(v * 1e6 + 0.5);
}

static void judge_all(struct study *s)
{
	for (u32 i = 0; i < s->recipe.count; i++) {
		struct verdict *v = &s->verdict[i];
		struct taskset ts;

		recipe_make(&s->recipe, i, &ts);
		v->gfb = schedulable_gfb(&ts, s->cpus);
		v->bcl = schedulable_bcl(&ts, s->cpus);
		v->demand = demand_fits(&ts, s->cpus, (u32)(s->settings.duration / 1000));
		v->edf = edf_reference(&ts, s->cpus, s->settings.duration);
	}
}

/* No set of the recipe can miss a deadline under EDF: a sufficient test says so. */
static bool is_safe(const struct verdict *v)
{
	return v->gfb || v->bcl;
}

static void print_count(const char *metric, u64 n, const char *unit, const char *by)
{
	printf("BENCH sets.%s %" PRIu64 " %s by=%s\n", metric, n, unit, by);
}

static void print_theory(const struct study *s)
{
	u32 gfb = 0, bcl = 0, either = 0, demand = 0, edf = 0;

	for (u32 i = 0; i < s->recipe.count; i++) {
		const struct verdict *v = &s->verdict[i];

		gfb += v->gfb;
		bcl += v->bcl;
		either += is_safe(v);
		demand += v->demand;
		edf += v->edf.missed < 0;
	}
	printf("BENCH sets.made %u sets seed=%" PRIu64 " tasks=%u horizon_ms=%" PRId64 "\n",
	       s->recipe.count, s->recipe.seed, s->recipe.tasks, s->settings.duration / 1000000);
	print_count("schedulable", gfb, "sets", "gfb");
	print_count("schedulable", bcl, "sets", "bcl");
	print_count("schedulable", either, "sets", "theory");
	print_count("schedulable", demand, "sets", "demand");
	print_count("schedulable", edf, "sets", "reference");
}

/* How the policy of @s->fate did; and for rtds, whether it did what EDF must. */
static enum status print_policy(const struct study *s, const char *policy, bool is_edf)
{
	u64 met = 0, jobs = 0, safe_jobs = 0, safe_misses = 0, same = 0, digest = 0;
	u32 example = UINT32_MAX;

	for (u32 i = 0; i < s->recipe.count; i++) {
		const struct verdict *v = &s->verdict[i];
		const struct fate *f = &s->fate[i];
		bool agrees = f->missed == v->edf.missed && f->jobs == v->edf.jobs &&
			      f->digest == v->edf.digest;

		met += f->missed < 0;
		jobs += f->jobs;
		digest = digest * 31 + f->digest;
		same += agrees;
		if (is_safe(v)) {
			safe_jobs += f->jobs;
			safe_misses += f->missed >= 0;
		}
		if (example == UINT32_MAX && (!agrees || (is_safe(v) && f->missed >= 0)))
			example = s->recipe.first + i;
	}
	print_count("schedulable", met, "sets", policy);
	print_count("jobs", jobs, "jobs", policy);
	print_count("safe.jobs", safe_jobs, "jobs", policy);
	print_count("safe.misses", safe_misses, "sets", policy);
	printf("sets: policy %s, digest of all ends of jobs %016" PRIx64 "\n", policy, digest);
	if (!is_edf)
		return STATUS_OK;
	print_count("same_as_reference", same, "sets", policy);
	if (example == UINT32_MAX)
		return STATUS_OK;
	say("set %u of seed %" PRIu64 ": rtds does not do what EDF does; see --first %u --sets 1 "
	    "--list", example, s->recipe.seed, example);
	return STATUS_BROKEN;
}

static enum status run_policies(struct study *s)
{
	char *list = strdup(s->policies), *rest = list, *policy;
	enum status worst = STATUS_OK;

	while ((policy = strsep(&rest, ",")) != NULL) {
		enum status status;

		s->settings.policy = policy;
		status = run_sets(&s->settings, &s->recipe, s->fate);
		if (status != STATUS_OK)
			return status;
		status = print_policy(s, policy, !strcmp(policy, "rtds") && !s->settings.costs);
		worst = max(worst, status);
	}
	free(list);
	return worst;
}

static void print_sets(const struct study *s)
{
	for (u32 i = 0; i < s->recipe.count; i++) {
		struct taskset ts;

		recipe_make(&s->recipe, i, &ts);
		printf("set %u: work/period in us:", s->recipe.first + i);
		for (u32 t = 0; t < ts.n; t++)
			printf(" %u/%u", ts.task[t].work, ts.task[t].period);
		printf("\n");
	}
}

static bool set_option(struct study *s, int option, const char *value)
{
	switch (option) {
	case OPT_UTILISATION:
		s->recipe.utilisation = share_option(value);
		return true;
	case OPT_TASKS:
		s->tasks_per_cpu = count_option("tasks", value, 1, TASKSET_MAX);
		return true;
	case OPT_SETS:
		s->recipe.count = count_option("sets", value, 1, 10000000);
		return true;
	case OPT_FIRST:
		s->recipe.first = count_option("first", value, 0, UINT32_MAX / 2);
		return true;
	case OPT_POLICIES:
		s->policies = value;
		return true;
	case OPT_LIST:
		s->list = true;
		return true;
	case 'p':
		die_usage("--policy %s: a study has several, in --policies", value);
	default:
		return settings_option(&s->settings, option, value);
	}
}

static void check_policies(const char *text)
{
	char *list = strdup(text), *rest = list, *policy;

	while ((policy = strsep(&rest, ",")) != NULL)
		check_policy(policy);
	free(list);
}

static void check(struct study *s)
{
	check_policies(s->policies);
	if (!s->recipe.utilisation)
		die_usage("--utilisation must be given");
	if (s->settings.trace)
		die_usage("--trace: a study has no trace; take `schedsim run` for one workload");
	s->cpus = topology_read(s->settings.machine).cpus;
	if ((u64)s->cpus * s->tasks_per_cpu > TASKSET_MAX)
		die_usage("%u CPUs with %u tasks each: a set has %u tasks at most", s->cpus,
		    s->tasks_per_cpu, TASKSET_MAX);
	s->recipe.tasks = s->cpus * s->tasks_per_cpu;
	s->recipe.utilisation *= s->cpus;
	s->recipe.seed = s->settings.seed;
}

int command_sets(int argc, char **argv)
{
	static const struct option options[] = {
		SETTINGS_OPTIONS,
		{ "utilisation", required_argument, NULL, OPT_UTILISATION },
		{ "tasks", required_argument, NULL, OPT_TASKS },
		{ "sets", required_argument, NULL, OPT_SETS },
		{ "first", required_argument, NULL, OPT_FIRST },
		{ "policies", required_argument, NULL, OPT_POLICIES },
		{ "list", no_argument, NULL, OPT_LIST },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct study s = {
		.settings = settings_default, .recipe.count = 1000, .tasks_per_cpu = 4,
		.policies = "rtds,credit,credit2",
	};
	enum status status;
	int o;

	s.settings.duration = 500000000;
	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (o == 'h') {
			printf(help, settings_help);
			return STATUS_OK;
		}
		if (!set_option(&s, o, optarg))
			return STATUS_USAGE;
	}
	if (optind != argc) {
		fprintf(stderr, "schedsim sets: takes options only; see schedsim sets --help\n");
		return STATUS_USAGE;
	}
	check(&s);
	if (s.list) {
		print_sets(&s);
		return STATUS_OK;
	}
	s.verdict = zalloc(s.recipe.count, sizeof(*s.verdict));
	s.fate = zalloc(s.recipe.count, sizeof(*s.fate));
	judge_all(&s);
	print_theory(&s);
	status = run_policies(&s);
	free(s.verdict);
	free(s.fate);
	if (status == STATUS_OK)
		printf("BENCH done\n");
	return status;
}
