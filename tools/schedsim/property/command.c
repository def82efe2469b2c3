/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `schedsim property`: run random scenarios on every policy. Each runs in a process of its own,
 * so that a panic or a hang is a finding like any other. A failing one is made smaller and printed
 * as a line that replays it.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <xen/compiler.h>

#include "property/command.h"
#include "property/scenario.h"
#include "say.h"

#define MAX_JOBS 64U
#define MAX_SECONDS 30U		/* of one scenario */

static const char help[] =
"usage: schedsim property [OPTION...]\n"
"\n"
"Run random scenarios: domains with random loads, affinities and parameters on a random machine,\n"
"while vCPUs are paused, parameters change, CPUs come and go, and pools and domains are made and\n"
"destroyed. Check what every policy promises. Two kinds of scenarios check a bound each on a\n"
"machine that disturbs nothing: rtds-supply and credit2-share. Use the build with assertions,\n"
"schedsim-check.\n"
"\n"
"  --seeds N            scenarios of each kind (default 200)\n"
"  --from SEED          the first one (default 1)\n"
"  --time SECONDS       go on until then instead\n"
"  --policy NAME        only this policy, or rtds-supply or credit2-share\n"
"  --jobs N             so many at once (default 1)\n"
"  --regressions FILE   first replay the lines of this file\n"
"  --replay LINE        replay one line, POLICY SEED OMIT [GRAN], and say what happens\n"
"  --gran WORD          sched-gran= of all scenarios (default: cpu, core and socket by turns)\n"
"\n"
"Exit status: 0 all rules hold, 6 one was broken. The last line is\n"
"`PROPERTY total PASSED FAILED 0`.\n";

static const struct scenario_kind kinds[] = {
	{ "credit", "credit", scenario_run },
	{ "credit2", "credit2", scenario_run },
	{ "null", "null", scenario_run },
	{ "rtds", "rtds", scenario_run },
	{ "arinc653", "arinc653", scenario_run },
	{ "rtds-supply", "rtds", supply_run },
	{ "credit2-share", "credit2", share_run },
};

#ifdef NDEBUG
#define HAS_ASSERTIONS false
#else
#define HAS_ASSERTIONS true
#endif

static const struct scenario_kind *find_kind(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

/* A scenario that runs in a process, whose messages go to a file in memory. */
struct job {
	struct scenario s;
	pid_t pid;
	int messages;
};

static void start(struct job *j, const struct scenario *s)
{
	j->s = *s;
	j->messages = memfd_create("messages", 0);
	fflush(NULL);
	j->pid = fork();
	if (j->messages < 0 || j->pid < 0)
		die("no process: %s", strerror(errno));
	if (j->pid)
		return;
	dup2(j->messages, STDERR_FILENO);
	alarm(MAX_SECONDS);
	s->kind->run(s, false);
	_exit(STATUS_OK);
}

/* What a process said last, or how it ended; "" when all rules hold. */
static void result(struct job *j, int status, char *text, size_t size)
{
	ssize_t n;

	text[0] = '\0';
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_OK) {
		close(j->messages);
		return;
	}
	n = pread(j->messages, text, size - 1, 0);
	close(j->messages);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(text, size, "still running after %u s", MAX_SECONDS);
	else if (!text[0])
		snprintf(text, size, "ended with wait status %#x and no word", status);
}

static bool fails(const struct scenario *s, char *text, size_t size)
{
	struct job j;
	int status;

	start(&j, s);
	if (waitpid(j.pid, &status, 0) != j.pid)
		die("a process is lost");
	result(&j, status, text, size);
	return text[0];
}

/* Leave out what the failure does not need, until nothing more can be. */
static struct scenario shrink(struct scenario s)
{
	char text[512];
	bool again;

	do {
		again = false;
		for (u32 item = SCENARIO_ITEMS; item--;) {
			struct scenario less = s;

			less.omit |= 1UL << item;
			if (less.omit == s.omit || !fails(&less, text, sizeof(text)))
				continue;
			s = less;
			again = true;
		}
	} while (again);
	return s;
}

static void report(const struct scenario *s, const char *text)
{
	struct scenario small;
	char small_text[512];

	/* At once: it may take long to make it smaller. */
	printf("FAILED %s %llu 0 %s: %s\n", s->kind->name, (unsigned long long)s->seed, s->gran,
	       text);
	fflush(stdout);
	small = shrink(*s);
	fails(&small, small_text, sizeof(small_text));
	printf("  smallest: %s %llu %#llx %s: %s\n", small.kind->name,
	       (unsigned long long)small.seed, (unsigned long long)small.omit, small.gran,
	       small_text);
	fflush(stdout);
}

struct tally_of_runs { u64 passed, failed; };

/* Wait for one of the jobs; it is free again. */
static void reap(struct job *jobs, u32 n, struct tally_of_runs *t)
{
	char text[512];
	int status;
	pid_t pid = wait(&status);

	for (u32 i = 0; i < n; i++) {
		if (jobs[i].pid != pid)
			continue;
		jobs[i].pid = 0;
		result(&jobs[i], status, text, sizeof(text));
		if (!text[0]) {
			t->passed++;
			return;
		}
		t->failed++;
		report(&jobs[i].s, text);
		return;
	}
	die("a process is lost");
}

static u32 running(const struct job *jobs, u32 n)
{
	u32 count = 0;

	for (u32 i = 0; i < n; i++)
		count += jobs[i].pid != 0;
	return count;
}

static void submit(struct job *jobs, u32 n, const struct scenario *s, struct tally_of_runs *t)
{
	/* While a failure is made smaller no other process may be waited for. */
	if (running(jobs, n) == n)
		reap(jobs, n, t);
	for (u32 i = 0; i < n; i++)
		if (!jobs[i].pid) {
			start(&jobs[i], s);
			return;
		}
}

static const char *gran_named(const char *word)
{
	static const char *const words[] = { "cpu", "core", "socket" };

	for (u32 i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(word, words[i]))
			return words[i];
	die_usage("%s: the granularity is cpu, core or socket", word);
}

static bool parse_line(const char *line, struct scenario *s)
{
	unsigned long long seed, omit;
	char name[32], gran[32];
	int n = sscanf(line, "%31s %llu %llx %31s", name, &seed, &omit, gran);

	if (n < 3)
		return false;
	*s = (struct scenario){ .kind = find_kind(name), .seed = seed, .omit = omit,
				.gran = gran_named(n == 4 ? gran : "cpu") };
	return s->kind != NULL;
}

static void replay_file(const char *path, struct tally_of_runs *t)
{
	FILE *f = fopen(path, "r");
	char line[512], text[512];
	struct scenario s;

	if (!f)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (!parse_line(line, &s))
			die("%s: a line is POLICY SEED OMIT [GRAN], not: %s", path, line);
		if (!fails(&s, text, sizeof(text))) {
			t->passed++;
			continue;
		}
		t->failed++;
		printf("FAILED AGAIN %s: %s\n", line, text);
	}
	fclose(f);
}

struct wish {
	u64 seeds, from, seconds;
	const struct scenario_kind *only;
	const char *regressions, *replay, *gran;
	u32 jobs;
};

/* Half of the scenarios in which anything may happen schedule single CPUs. */
static const char *gran_of(const struct wish *w, const struct scenario_kind *kind, u64 seed)
{
	static const char *const by_turns[] = { "cpu", "core", "cpu", "socket" };

	if (kind->run != scenario_run)
		return "cpu";
	return w->gran ? w->gran : by_turns[seed % ARRAY_SIZE(by_turns)];
}

static void explore(const struct wish *w, struct tally_of_runs *t)
{
	struct job jobs[MAX_JOBS] = {};
	time_t end = time(NULL) + (time_t)w->seconds;
	bool more = true;

	for (u64 seed = w->from; more; seed++) {
		more = w->seconds ? time(NULL) < end : seed + 1 < w->from + w->seeds;
		for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
			struct scenario s = { .kind = &kinds[i], .seed = seed,
					      .gran = gran_of(w, &kinds[i], seed) };

			if (!w->only || w->only == s.kind)
				submit(jobs, w->jobs, &s, t);
		}
	}
	while (running(jobs, w->jobs))
		reap(jobs, w->jobs, t);
}

static u64 number(const char *option, const char *text, u64 most)
{
	char *end;
	u64 v = strtoull(text, &end, 0);

	if (end == text || *end || strchr(text, '-') || !v || v > most)
		die_usage("--%s %s: a number from 1 to %llu must be here", option, text,
		    (unsigned long long)most);
	return v;
}

static enum status parse(struct wish *w, int argc, char **argv)
{
	static const struct option options[] = {
		{ "seeds", required_argument, NULL, 'n' },
		{ "from", required_argument, NULL, 'f' },
		{ "time", required_argument, NULL, 't' },
		{ "policy", required_argument, NULL, 'p' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "regressions", required_argument, NULL, 'r' },
		{ "gran", required_argument, NULL, 'g' },
		{ "replay", required_argument, NULL, 'R' }, { "help", no_argument, NULL, 'h' }, {}
	};
	int o;

	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (o) {
		case 'n':
			w->seeds = number("seeds", optarg, 1UL << 40);
			break;
		case 'f':
			w->from = number("from", optarg, 1UL << 60);
			break;
		case 't':
			w->seconds = number("time", optarg, 1UL << 30);
			break;
		case 'p':
			w->only = find_kind(optarg);
			if (!w->only)
				die_usage("--policy %s: there is no such policy", optarg);
			break;
		case 'j':
			w->jobs = (u32)number("jobs", optarg, MAX_JOBS);
			break;
		case 'r':
			w->regressions = optarg;
			break;
		case 'g':
			w->gran = gran_named(optarg);
			break;
		case 'R':
			w->replay = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			exit(STATUS_OK);
		default:
			return STATUS_USAGE;
		}
	}
	return optind == argc ? STATUS_OK : STATUS_USAGE;
}

int command_property(int argc, char **argv)
{
	struct wish w = { .seeds = 200, .from = 1, .jobs = 1 };
	struct tally_of_runs t = {};
	struct scenario s;

	if (parse(&w, argc, argv) != STATUS_OK) {
		fprintf(stderr, "schedsim property: see schedsim property --help\n");
		return STATUS_USAGE;
	}
	if (w.replay) {
		if (!parse_line(w.replay, &s))
			die_usage("--replay %s: a line is POLICY SEED OMIT [GRAN]", w.replay);
		s.kind->run(&s, true);
		printf("all rules hold\n");
		return STATUS_OK;
	}
	if (!HAS_ASSERTIONS)
		say("this build has no assertions; `make build/schedsim-check/schedsim-check` "
		    "makes one that has");
	if (w.regressions)
		replay_file(w.regressions, &t);
	explore(&w, &t);
	printf("PROPERTY total %llu %llu 0\n", (unsigned long long)t.passed,
	       (unsigned long long)t.failed);
	return t.failed ? STATUS_BROKEN : STATUS_OK;
}
