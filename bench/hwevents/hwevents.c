// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counts hardware events by name, of a process (with all its threads) or of all CPUs, through
 * libpfm4 and perf_event: in dom0, or on the machine where the emulator runs.
 *
 *	hwevents [-p PID | -a] [-s SECONDS] EVENT...
 *	hwevents [-s SECONDS] EVENT... -- COMMAND [ARGUMENT...]
 *
 * Names are libpfm4's ("INSTRUCTIONS", "amd64_fam17h::RETIRED_INSTRUCTIONS"). A line for each:
 *
 *	BENCH hw.<event> <value> counts scope=... seconds=... share=<percent of the time counted>
 *
 * Exit status: 0 counted; 2 wrong arguments or an unknown name; 3 this machine or its kernel has
 * not these events (a virtual machine without a PMU, no permission): nothing was counted; 1 other
 * errors.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <perfmon/pfmlib_perf_event.h>

#define EXIT_USAGE 2
#define EXIT_NO_EVENTS 3
#define MAX_EVENTS 32
#define MAX_COUNTERS 4096

struct counter {
	int fd;
	int event;
};

static struct counter counters[MAX_COUNTERS];
static int nr_counters;
static const char *names[MAX_EVENTS];
static struct perf_event_attr attrs[MAX_EVENTS];
static int nr_events;

static void usage(void)
{
	fprintf(stderr, "usage: hwevents [-p PID | -a] [-s SECONDS] EVENT...\n"
			"       hwevents EVENT... -- COMMAND [ARGUMENT...]\n");
	exit(EXIT_USAGE);
}

static void encode(const char *name)
{
	struct perf_event_attr *attr = &attrs[nr_events];
	pfm_perf_encode_arg_t arg = { .attr = attr, .size = sizeof(arg) };
	int rc;

	if (nr_events == MAX_EVENTS)
		errx(EXIT_USAGE, "more than %d events", MAX_EVENTS);
	attr->size = sizeof(*attr);
	rc = pfm_get_os_event_encoding(name, PFM_PLM0 | PFM_PLM3 | PFM_PLMH, PFM_OS_PERF_EVENT_EXT,
				       &arg);
	if (rc != PFM_SUCCESS)
		errx(rc == PFM_ERR_NOTSUPP ? EXIT_NO_EVENTS : EXIT_USAGE,
		     "%s: %s (libpfm4 knows the events of the processor it finds here)", name,
		     pfm_strerror(rc));
	attr->disabled = 1;
	attr->inherit = 1;
	attr->read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	names[nr_events++] = name;
}

/* What a kernel says when there is no such counter, as distinct from a mistake of ours. */
static int is_absent(int error)
{
	return error == ENOENT || error == ENODEV || error == EOPNOTSUPP || error == EACCES ||
	       error == EPERM || error == ENOSYS;
}

static void open_counter(int event, pid_t pid, int cpu)
{
	int fd = perf_event_open(&attrs[event], pid, cpu, -1, 0);

	if (fd < 0 && is_absent(errno))
		errx(EXIT_NO_EVENTS, "%s cannot be counted here: %s%s", names[event],
		     strerror(errno),
		     errno == EACCES || errno == EPERM ?
		     "; see /proc/sys/kernel/perf_event_paranoid" :
		     "; the machine has no such counter, or is a virtual one without");
	if (fd < 0)
		err(EXIT_FAILURE, "%s", names[event]);
	if (nr_counters == MAX_COUNTERS)
		errx(EXIT_FAILURE, "more than %d counters", MAX_COUNTERS);
	counters[nr_counters++] = (struct counter){ fd, event };
}

static void open_cpus(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	for (int e = 0; e < nr_events; e++)
		for (int cpu = 0; cpu < cpus; cpu++)
			open_counter(e, -1, cpu);
}

/* Threads that exist; later ones are counted with those that start them. */
static void open_process(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		err(EXIT_USAGE, "no process %d", pid);
	while ((entry = readdir(dir)))
		for (int e = 0; atoi(entry->d_name) > 0 && e < nr_events; e++)
			open_counter(e, atoi(entry->d_name), -1);
	closedir(dir);
}

static void control(unsigned long request)
{
	for (int i = 0; i < nr_counters; i++)
		if (ioctl(counters[i].fd, request, 0))
			err(EXIT_FAILURE, "ioctl");
}

static void report(const char *scope, double seconds)
{
	for (int e = 0; e < nr_events; e++) {
		uint64_t sum = 0, enabled = 0, running = 0, v[3];

		for (int i = 0; i < nr_counters; i++) {
			if (counters[i].event != e)
				continue;
			if (read(counters[i].fd, v, sizeof(v)) != sizeof(v))
				err(EXIT_FAILURE, "%s", names[e]);
			/* Counters that took turns count for the time they had not. */
			sum += v[2] ? (uint64_t)((double)v[0] * (double)v[1] / (double)v[2]) : 0;
			enabled += v[1];
			running += v[2];
		}
		printf("BENCH hw.%s %" PRIu64 " counts scope=%s seconds=%.3f share=%" PRIu64 "\n",
		       names[e], sum, scope, seconds, enabled ? running * 100 / enabled : 0);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Start @argv stopped, so that nothing of it goes uncounted; returns its id. */
static pid_t start_stopped(char **argv)
{
	pid_t pid = fork();

	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (!pid) {
		/* Not left behind if it turns out that nothing can be counted. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		raise(SIGSTOP);
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	if (waitpid(pid, NULL, WUNTRACED) != pid)
		err(EXIT_FAILURE, "waitpid");
	return pid;
}

static void count(pid_t pid, char **command, double seconds)
{
	char scope[32] = "all";
	double from;

	if (command)
		pid = start_stopped(command);
	if (pid) {
		snprintf(scope, sizeof(scope), "pid:%d", pid);
		open_process(pid);
	} else {
		open_cpus();
	}
	from = now();
	control(PERF_EVENT_IOC_ENABLE);
	if (command) {
		kill(pid, SIGCONT);
		waitpid(pid, NULL, 0);
	} else {
		usleep((useconds_t)(seconds * 1e6));
	}
	control(PERF_EVENT_IOC_DISABLE);
	report(scope, now() - from);
}

int main(int argc, char **argv)
{
	double seconds = 1;
	int all = 0, option;
	pid_t pid = 0;

	while ((option = getopt(argc, argv, "+p:as:")) != -1)
		switch (option) {
		case 'p':
			pid = atoi(optarg);
			break;
		case 'a':
			all = 1;
			break;
		case 's':
			seconds = atof(optarg);
			break;
		default:
			usage();
		}
	if (seconds <= 0 || seconds > 1000 || (all && pid))
		usage();
	if (pfm_initialize() != PFM_SUCCESS)
		errx(EXIT_NO_EVENTS, "libpfm4 does not know this processor");
	for (; optind < argc && strcmp(argv[optind], "--"); optind++)
		encode(argv[optind]);
	if (!nr_events || (!all && !pid && optind + 1 >= argc))
		usage();
	count(pid, !all && !pid ? &argv[optind + 1] : NULL, seconds);
	return 0;
}
