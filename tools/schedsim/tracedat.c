/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recordings of Linux by trace-cmd: sched_switch and sched_waking, read by libtracecmd. */
#include <stdio.h>
#include <string.h>

#include <trace-cmd.h>

#include "recorded.h"
#include "say.h"

static const char magic[] = { 0x17, 0x08, 0x44, 't', 'r', 'a', 'c', 'i', 'n', 'g' };

bool tracedat_is_one(const char *path)
{
	char first[sizeof(magic)];
	FILE *f = fopen(path, "rb");
	bool is = f && fread(first, sizeof(first), 1, f) == 1 &&
		  !memcmp(first, magic, sizeof(magic));

	if (f)
		fclose(f);
	return is;
}

static u32 number(struct tep_event *e, struct tep_record *rec, const char *field)
{
	unsigned long long v = 0;

	tep_get_field_val(NULL, e, field, rec, &v, 1);
	return (u32)v;
}

static void name_task(char *text, size_t size, struct tep_event *e, struct tep_record *rec,
		      const char *field, u32 pid)
{
	int len = 0;
	const char *comm = tep_get_field_raw(NULL, e, field, rec, &len, 1);

	snprintf(text, size, "%.*s-%u", comm ? (int)strnlen(comm, (size_t)len) : 0,
		 comm ? comm : "", pid);
}

/* Task 0 is each CPU's idle task. A task whose state is 0 was preempted. */
static void add_switch(struct recording *r, struct tep_event *e, struct tep_record *rec)
{
	u32 prev = number(e, rec, "prev_pid"), next = number(e, rec, "next_pid");
	char name[32];

	if (prev)
		recording_stops(r, prev, 0, (s64)rec->ts, number(e, rec, "prev_state") & 0xff);
	if (!next)
		return;
	name_task(name, sizeof(name), e, rec, "next_comm", next);
	recording_runs(r, next, 0, (s64)rec->ts, name);
}

static void add_wake(struct recording *r, struct tep_event *e, struct tep_record *rec)
{
	u32 pid = number(e, rec, "pid");
	char name[32];

	name_task(name, sizeof(name), e, rec, "comm", pid);
	recording_wakes(r, pid, 0, (s64)rec->ts, name);
}

static int add_record(struct tracecmd_input *in, struct tep_record *rec, int cpu, void *arg)
{
	struct tep_event *e = tep_find_event_by_record(tracecmd_get_tep(in), rec);

	if (!e)
		return 0;
	if (!strcmp(e->name, "sched_switch"))
		add_switch(arg, e, rec);
	else if (!strcmp(e->name, "sched_waking") || !strcmp(e->name, "sched_wakeup"))
		add_wake(arg, e, rec);
	return 0;
}

static struct tracecmd_input *open_file(const char *path)
{
	struct tracecmd_input *in;

	tracecmd_set_loglevel(TEP_LOG_NONE);
	in = tracecmd_open(path, 0);
	if (!in)
		die("%s: trace-cmd's library cannot read it", path);
	return in;
}

u32 tracedat_cpus(const char *path)
{
	struct tracecmd_input *in = open_file(path);
	u32 cpus = (u32)tep_get_cpus(tracecmd_get_tep(in));

	tracecmd_close(in);
	return cpus;
}

struct workload *workload_tracedat(const char *path)
{
	struct tracecmd_input *in = open_file(path);
	struct recording *r = recording_new();

	if (tracecmd_iterate_events(in, NULL, 0, add_record, r) < 0)
		die("%s: trace-cmd's library cannot read it", path);
	tracecmd_close(in);
	return recording_end(r, path);
}
