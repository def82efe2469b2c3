/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `schedsim diff`: where two runs first decide differently. Each side is a process that writes its
 * decisions into a pipe, so the two run in parallel, only as far as they agree, and a side may be
 * another build of the simulator.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decision.h"
#include "run.h"
#include "trace_read.h"

#define MAX_ARGS 32
#define AROUND 4000U		/* decisions on the page before and after the first different one */

static const char help[] =
"usage: schedsim diff [OPTION...] A B [WORKLOAD]\n"
"\n"
"Stop at the first decision that A and B take differently and show it, with both run queues\n"
"before it. A and B are each one of\n"
"  POLICY[:OPTIONS]     simulate WORKLOAD with this policy and command line\n"
"  PATH/schedsim[:POLICY[:OPTIONS]]  the same by another build of the simulator\n"
"  FILE                 a trace that schedsim run --trace or the hypervisor wrote\n"
"\n"
"%s"
"  --any-cpu            compare which vCPU starts to run when, not on which CPU\n"
"  --html FILE          write a page that shows both timelines under one cursor\n"
"\n"
"Exit status: 0 no difference, 5 they differ, 1 an input cannot be used, 2 wrong usage.\n";

struct side {
	const char *name;
	char *program;			/* NULL: a trace */
	char *policy, *options;
	struct trace trace;
	u32 at;				/* next record of the trace */
	FILE *pipe;
	pid_t pid;
	struct decision *kept;		/* the last AROUND, and then AROUND more */
	u32 nr_kept;
};

struct diff {
	struct settings settings;
	char *shared[MAX_ARGS];		/* options of both simulations, a word each */
	u32 nr_shared;
	const char *workload, *html;
	bool any_cpu;
	struct side a, b;
};

static char *own_program(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		die("the path of this program is not known: %s", strerror(errno));
	path[n] = '\0';
	return strdup(path);
}

/* What a side's name means. */
static void resolve(struct diff *d, struct side *s, char *text)
{
	char *colon = strchr(text, ':');

	s->name = strdup(text);
	s->kept = zalloc(2 * AROUND, sizeof(*s->kept));
	if (trace_is_one(text)) {
		s->trace = trace_read(text, d->settings.hz);
		if (s->trace.lost)
			die("%s: %llu records are missing from it; capture it with larger rings",
			    text, (unsigned long long)s->trace.lost);
		return;
	}
	if (colon)
		*colon++ = '\0';
	s->program = strchr(text, '/') ? strdup(text) : own_program();
	if (access(s->program, X_OK))
		die("%s: neither a trace nor a program", s->program);
	if (!strchr(text, '/')) {
		s->policy = strdup(text);
		s->options = colon ? strdup(colon) : "";
		return;
	}
	s->policy = strdup(colon ? colon : d->settings.policy);
	colon = strchr(s->policy, ':');
	if (colon)
		*colon++ = '\0';
	s->options = colon ? colon : (char *)d->settings.options;
}

/* Start a side's simulation with @more as options; its standard output is the pipe. */
static void spawn(struct diff *d, struct side *s, const char *more, const char *value)
{
	char *argv[MAX_ARGS + 12];
	u32 n = 0;
	int fd[2];

	argv[n++] = s->program;
	argv[n++] = "decisions";
	argv[n++] = "--policy";
	argv[n++] = s->policy;
	argv[n++] = "--options";
	argv[n++] = s->options;
	for (u32 i = 0; i < d->nr_shared; i++)
		argv[n++] = d->shared[i];
	if (more) {
		argv[n++] = (char *)more;
		argv[n++] = (char *)value;
	}
	argv[n++] = (char *)d->workload;
	argv[n] = NULL;
	if (pipe2(fd, O_CLOEXEC))
		die("no pipe: %s", strerror(errno));
	s->pid = fork();
	if (s->pid < 0)
		die("no process: %s", strerror(errno));
	if (!s->pid) {
		dup2(fd[1], STDOUT_FILENO);
		execv(s->program, argv);
		die("%s: %s", s->program, strerror(errno));
	}
	close(fd[1]);
	s->pipe = fdopen(fd[0], "rb");
	if (!s->pipe)
		die("no pipe: %s", strerror(errno));
}

/* End a side's process. An input that it could not use ends this one too; it has said why. */
static void reap(struct side *s, bool early)
{
	int status;

	fclose(s->pipe);
	if (early)
		kill(s->pid, SIGTERM);
	if (waitpid(s->pid, &status, 0) != s->pid)
		die("%s: its process is lost", s->name);
	if (!early && WIFEXITED(status) &&
	    (WEXITSTATUS(status) == STATUS_INPUT || WEXITSTATUS(status) == STATUS_USAGE))
		exit(WEXITSTATUS(status));
	if (!early && WIFSIGNALED(status))
		die("%s: the simulation was ended by signal %d", s->name, WTERMSIG(status));
}

static bool next_of_trace(struct side *s, struct decision *d)
{
	while (s->at < s->trace.nr) {
		const struct record *r = &s->trace.record[s->at++];

		if (r->id != REC_SWITCH || r->words != 4)
			continue;
		*d = (struct decision){
			.time = r->time, .cpu = r->cpu, .event = s->at,
			.prev_domid = r->word[0], .prev_id = r->word[1],
			.next_domid = r->word[2], .next_id = r->word[3],
		};
		return true;
	}
	return false;
}

/* The next decision of a side, which is kept for the page. */
static bool next(struct side *s, struct decision *d)
{
	bool got = s->program ? fread(d, sizeof(*d), 1, s->pipe) == 1 : next_of_trace(s, d);

	if (!got || s->nr_kept == 2 * AROUND)
		return got;
	s->kept[s->nr_kept++] = *d;
	return true;
}

/* Keep no more than AROUND of those that were the same. */
static void forget_old(struct side *s)
{
	if (s->nr_kept < 2 * AROUND)
		return;
	memmove(s->kept, s->kept + AROUND, AROUND * sizeof(*s->kept));
	s->nr_kept = AROUND;
}

static bool same(const struct diff *d, const struct decision *a, const struct decision *b)
{
	return a->time == b->time && a->next_domid == b->next_domid &&
	       ((a->next_id == b->next_id && a->cpu == b->cpu) ||
		(d->any_cpu && (a->next_id == b->next_id || a->next_domid == MACHINE_IDLE)));
}

static void name_vcpu(char *text, size_t size, u32 domid, u32 id)
{
	if (domid == MACHINE_IDLE)
		snprintf(text, size, "idle");
	else
		snprintf(text, size, "d%uv%u", domid, id);
}

static void show(const struct side *s, const struct decision *d)
{
	char prev[32], next_name[32];

	if (!d) {
		printf("%s: no more decisions\n", s->name);
		return;
	}
	name_vcpu(prev, sizeof(prev), d->prev_domid, d->prev_id);
	name_vcpu(next_name, sizeof(next_name), d->next_domid, d->next_id);
	printf("%s: at %lld ns CPU %u goes from %s to %s\n", s->name, (long long)d->time, d->cpu,
	       prev, next_name);
}

static void show_queues(struct diff *d, struct side *s, const struct decision *own, s64 time)
{
	char at[64], line[512];

	if (!s->program) {
		printf("\n%s is a trace, which has no run queues\n", s->name);
		return;
	}
	snprintf(at, sizeof(at), "%llu,%lld", own ? (unsigned long long)own->event : ~0ULL,
		 (long long)time);
	printf("\nQueues of %s before that:\n", s->name);
	fflush(stdout);
	spawn(d, s, "--queues", at);
	while (fgets(line, sizeof(line), s->pipe))
		printf("  %s", line);
	reap(s, false);
}

static void write_page(struct diff *d, s64 time)
{
	FILE *f = fopen(d->html, "w");

	if (!f)
		die("%s: %s", d->html, strerror(errno));
	page_write(f, d->a.name, d->a.kept, d->a.nr_kept, d->b.name, d->b.kept, d->b.nr_kept, time);
	if (fclose(f))
		die("%s: cannot be written", d->html);
}

static enum status compare(struct diff *d)
{
	struct decision a, b;
	bool has_a, has_b;
	u64 n = 0;
	s64 time;

	for (;;) {
		has_a = next(&d->a, &a);
		has_b = next(&d->b, &b);
		if (!has_a || !has_b || !same(d, &a, &b))
			break;
		n++;
		forget_old(&d->a);
		forget_old(&d->b);
	}
	if (!has_a && !has_b) {
		if (d->a.program)
			reap(&d->a, false);
		if (d->b.program)
			reap(&d->b, false);
		printf("no difference in %llu decisions\n", (unsigned long long)n);
		return STATUS_OK;
	}
	time = !has_b || (has_a && a.time <= b.time) ? a.time : b.time;
	if (d->html) {
		struct decision more;

		for (u32 i = 0; i < AROUND && has_a && next(&d->a, &more); i++)
			;
		for (u32 i = 0; i < AROUND && has_b && next(&d->b, &more); i++)
			;
	}
	/* A side that was refused ends this here, and leaves no page. */
	if (d->a.program)
		reap(&d->a, has_a);
	if (d->b.program)
		reap(&d->b, has_b);
	if (d->html)
		write_page(d, time);
	printf("the first %llu decisions are the same; then\n", (unsigned long long)n);
	show(&d->a, has_a ? &a : NULL);
	show(&d->b, has_b ? &b : NULL);
	show_queues(d, &d->a, has_a ? &a : NULL, time);
	show_queues(d, &d->b, has_b ? &b : NULL, time);
	say("divergence at %lld ns, after %llu decisions", (long long)time, (unsigned long long)n);
	return STATUS_DIVERGENCE;
}

/* An option that both simulations get as it is. */
static void share(struct diff *d, const char *name, const char *value)
{
	char *arg;

	if (d->nr_shared == MAX_ARGS)
		die("more than %u options", MAX_ARGS);
	if (asprintf(&arg, "--%s%s%s", name, value ? "=" : "", value ? value : "") < 0)
		die("no memory");
	d->shared[d->nr_shared++] = arg;
}

static const struct option options[] = {
	SETTINGS_OPTIONS,
	{ "any-cpu", no_argument, NULL, 'a' },
	{ "html", required_argument, NULL, 'H' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

static enum status parse(struct diff *d, int argc, char **argv)
{
	int o, index;

	while ((o = getopt_long(argc, argv, "h", options, &index)) != -1) {
		if (settings_option(&d->settings, o, optarg)) {
			if (o != 'p' && o != 'O')
				share(d, options[index].name, optarg);
			continue;
		}
		switch (o) {
		case 'a':
			d->any_cpu = true;
			break;
		case 'H':
			d->html = optarg;
			break;
		case 'h':
			printf(help, settings_help);
			exit(STATUS_OK);
		default:
			return STATUS_USAGE;
		}
	}
	return STATUS_OK;
}

int command_diff(int argc, char **argv)
{
	struct diff d = { .settings = settings_default };

	if (parse(&d, argc, argv) != STATUS_OK)
		return STATUS_USAGE;
	if (argc - optind < 2 || argc - optind > 3) {
		fprintf(stderr, "schedsim diff: name two sides, and a workload if one is "
			"simulated; see schedsim diff --help\n");
		return STATUS_USAGE;
	}
	resolve(&d, &d.a, argv[optind]);
	resolve(&d, &d.b, argv[optind + 1]);
	d.workload = argv[optind + 2];
	if (!d.workload && (d.a.program || d.b.program)) {
		fprintf(stderr, "schedsim diff: a side is simulated; name a workload\n");
		return STATUS_USAGE;
	}
	if (d.a.program)
		spawn(&d, &d.a, NULL, NULL);
	if (d.b.program)
		spawn(&d, &d.b, NULL, NULL);
	return compare(&d);
}
