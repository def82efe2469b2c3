/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workloads of rt-app, the synthetic load of Linux's scheduler tests. Each task becomes a domain
 * with a vCPU for each instance. docs/schedsim.md says which events are simulated; any other is an
 * error.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/compiler.h>

#include "json.h"
#include "say.h"
#include "workload.h"

#define US 1000LL
#define DEFAULT_WEIGHT 256.0

/* Mutexes, conditions, barriers and sleeping tasks by kind and name. */
struct resource {
	char *name;
	u32 object, users;
};

static struct resource *resources;
static u32 nr_resources;

static struct resource *resource(const char *kind, const char *name)
{
	char full[128];

	snprintf(full, sizeof(full), "%s %s", kind, name);
	for (u32 i = 0; i < nr_resources; i++)
		if (!strcmp(resources[i].name, full))
			return &resources[i];
	resources = grow_array(resources, nr_resources + 1, sizeof(*resources));
	resources[nr_resources] = (struct resource){
		.name = strdup(full), .object = object_create(),
	};
	return &resources[nr_resources++];
}

/* What is known while the events of a task are read. */
struct task {
	struct program *program;
	u32 instances;
	const char *timer;	/* the reference of its timer; NULL: none yet */
};

static void add(struct task *t, enum op_kind kind, u32 object, bool flag, s64 ns)
{
	program_add(t->program, (struct op){
		.kind = (u8)kind, .object = object, .flag = flag, .amount = amount_fixed(ns) });
}

static s64 usec(struct json *j, const char *key)
{
	return json_int(j, key, 0, 1000000000000LL) * US;
}

static void read_run(struct json *j, const char *key, struct task *t)
{
	add(t, OP_RUN, 0, false, usec(j, key));
}

static void read_runtime(struct json *j, const char *key, struct task *t)
{
	add(t, OP_RUN, 0, true, usec(j, key));
}

static void read_sleep(struct json *j, const char *key, struct task *t)
{
	add(t, OP_SLEEP, 0, false, usec(j, key));
}

/* The end of the job before it, and the begin of the next. */
static void read_timer(struct json *j, const char *key, struct task *t)
{
	struct json *in = json_section(j, key, true);
	const char *ref = json_string(in, "ref"), *mode = json_string_or(in, "mode", "relative");
	s64 period = usec(in, "period");

	if (!period)
		json_die(in, "period", "a time above 0 must be here");
	if (t->timer && strcmp(t->timer, ref))
		json_die(in, "ref", "a task with two timers is not simulated; give both one name");
	if (strcmp(mode, "relative") && strcmp(mode, "absolute"))
		json_die(in, "mode", "relative or absolute must be here");
	t->timer = ref;
	add(t, OP_JOB, 0, false, period);
	add(t, OP_JOB_END, 0, false, 0);
	add(t, OP_PERIOD, 0, !strcmp(mode, "relative"), period);
}

static void read_lock(struct json *j, const char *key, struct task *t)
{
	add(t, OP_LOCK, resource("mutex", json_string(j, key))->object, false, 0);
}

static void read_unlock(struct json *j, const char *key, struct task *t)
{
	add(t, OP_UNLOCK, resource("mutex", json_string(j, key))->object, false, 0);
}

static void add_wait(struct task *t, const char *condition, const char *mutex)
{
	u32 m = resource("mutex", mutex)->object;

	add(t, OP_UNLOCK, m, false, 0);
	add(t, OP_WAIT, resource("condition", condition)->object, false, 0);
	add(t, OP_LOCK, m, false, 0);
}

static void read_wait(struct json *j, const char *key, struct task *t)
{
	struct json *in = json_section(j, key, true);

	add_wait(t, json_string(in, "ref"), json_string(in, "mutex"));
}

static void read_sync(struct json *j, const char *key, struct task *t)
{
	struct json *in = json_section(j, key, true);
	const char *ref = json_string(in, "ref");

	add(t, OP_SIGNAL, resource("condition", ref)->object, false, 0);
	add_wait(t, ref, json_string(in, "mutex"));
}

static void read_signal(struct json *j, const char *key, struct task *t)
{
	add(t, OP_SIGNAL, resource("condition", json_string(j, key))->object, false, 0);
}

static void read_broad(struct json *j, const char *key, struct task *t)
{
	add(t, OP_SIGNAL, resource("condition", json_string(j, key))->object, true, 0);
}

static void read_suspend(struct json *j, const char *key, struct task *t)
{
	add(t, OP_WAIT, resource("task", json_string(j, key))->object, false, 0);
}

static void read_resume(struct json *j, const char *key, struct task *t)
{
	add(t, OP_SIGNAL, resource("task", json_string(j, key))->object, false, 0);
}

static void read_barrier(struct json *j, const char *key, struct task *t)
{
	struct resource *r = resource("barrier", json_string(j, key));

	r->users += t->instances;
	add(t, OP_BARRIER, r->object, false, 0);
}

static void read_yield(struct json *j, const char *key, struct task *t)
{
	json_string_or(j, key, "");
	add(t, OP_YIELD, 0, false, 0);
}

static const struct {
	const char *name;
	void (*read)(struct json *j, const char *key, struct task *t);
} events[] = {
	{ "run", read_run }, { "runtime", read_runtime }, { "sleep", read_sleep },
	{ "timer", read_timer }, { "lock", read_lock }, { "unlock", read_unlock },
	{ "wait", read_wait }, { "sync", read_sync }, { "signal", read_signal },
	{ "broad", read_broad }, { "suspend", read_suspend }, { "resume", read_resume },
	{ "barrier", read_barrier }, { "yield", read_yield },
};

/* Names of events may end in a number, as a name can occur once in an object. */
static bool is_event(const char *key, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(key, name, len))
		return false;
	for (key += len; isdigit((unsigned char)*key); key++)
		;
	return !*key;
}

/* All events of a task or a phase, @loop times; 0: for ever. */
static void read_events(struct json *j, struct task *t, s64 loop)
{
	u32 first = t->program->nr;

	for (u32 m = 0; json_member(j, m); m++)
		for (u32 e = 0; e < ARRAY_SIZE(events); e++)
			if (is_event(json_member(j, m), events[e].name))
				events[e].read(j, json_member(j, m), t);
	if (loop != 1)
		program_add(t->program, (struct op){
			.kind = OP_LOOP, .target = first, .count = (u32)loop });
}

/* -1 is for ever, as a count of 0 is for OP_LOOP. */
static s64 read_loop(struct json *j, s64 otherwise)
{
	s64 loop = json_int_or(j, "loop", -1, 1000000000, otherwise);

	return loop < 0 ? 0 : loop;
}

static void read_phases(struct json *j, struct task *t)
{
	struct json *phases = json_section(j, "phases", false);
	s64 loop = read_loop(j, -1);

	if (!phases) {
		read_events(j, t, loop);
	} else {
		for (u32 i = 0; json_member(phases, i); i++) {
			struct json *phase = json_section(phases, json_member(phases, i), true);

			read_events(phase, t, read_loop(phase, 1));
		}
		if (loop != 1)
			program_add(t->program, (struct op){ .kind = OP_LOOP, .count = (u32)loop });
	}
	program_add(t->program, (struct op){ .kind = OP_END });
}

static bool is_fair(const char *policy)
{
	return !strcmp(policy, "SCHED_OTHER") || !strcmp(policy, "SCHED_BATCH") ||
	       !strcmp(policy, "SCHED_NORMAL");
}

/* Linux's classes: a nice level is a weight, a deadline server is a reservation. */
static void read_policy(struct json *j, struct group *g, const char *otherwise)
{
	const char *policy = json_string_or(j, "policy", otherwise);

	if (!strcmp(policy, "SCHED_DEADLINE")) {
		g->params.budget = usec(j, "dl-runtime");
		g->params.period = usec(j, "dl-period");
		if (json_has(j, "dl-deadline") && usec(j, "dl-deadline") != g->params.period)
			json_die(j, "dl-deadline", "must be dl-period: no policy has another");
	} else if (is_fair(policy)) {
		s64 nice = json_int_or(j, "priority", -20, 19, 0);

		if (nice)
			g->params.weight = (u32)(DEFAULT_WEIGHT * pow(1.25, (double)-nice) + 0.5);
	} else {
		json_die(j, "policy", "vCPUs have no fixed priorities: use SCHED_OTHER or "
			 "SCHED_DEADLINE");
	}
}

static char *read_cpus(struct json *j)
{
	struct json *list = json_list(j, "cpus", false);
	char *text = NULL;
	size_t len;
	FILE *f;

	if (!list || !json_length(list))
		return NULL;
	f = open_memstream(&text, &len);
	for (u32 i = 0; f && i < json_length(list); i++)
		fprintf(f, "%s%u", i ? "," : "",
			json_element_u32(list, i, MACHINE_MAX_CPUS - 1));
	if (!f || fclose(f))
		die("no memory");
	return text;
}

static void read_task(struct json *j, const char *name, struct workload *w, const char *policy)
{
	struct group *g = workload_add_group(w, name);
	u32 program = workload_add_program(w);
	struct task t = { .program = &w->program[program] };

	t.instances = g->vcpus = (u32)json_int_or(j, "instance", 1, 10000, 1);
	g->start = amount_fixed(json_has(j, "delay") ? usec(j, "delay") : 0);
	g->hard = read_cpus(j);
	read_policy(j, g, policy);
	read_phases(j, &t);
	g->program = zalloc(g->vcpus, sizeof(*g->program));
	for (u32 i = 0; i < g->vcpus; i++)
		g->program[i] = program;
}

static void open_barriers(struct workload *w)
{
	for (u32 p = 0; p < w->nr_programs; p++)
		for (u32 i = 0; i < w->program[p].nr; i++) {
			struct op *op = &w->program[p].op[i];

			for (u32 r = 0; op->kind == OP_BARRIER && r < nr_resources; r++)
				if (resources[r].object == op->object)
					op->count = resources[r].users;
		}
}

/* Members that say how rt-app measures and logs, which the simulator does its own way. */
static const char *read_global(struct json *j, struct workload *w)
{
	static const char *const no_effect[] = {
		"calibration", "pi_enabled", "lock_pages", "logdir", "log_basename", "log_size",
		"ftrace", "gnuplot", "cumulative_slack",
	};
	struct json *global = json_section(j, "global", false);
	const char *policy = "SCHED_OTHER";
	s64 seconds = -1;

	if (global) {
		seconds = json_int_or(global, "duration", -1, 1000000, -1);
		policy = json_string_or(global, "default_policy", policy);
		for (u32 i = 0; i < ARRAY_SIZE(no_effect); i++)
			json_ignore(global, no_effect[i]);
	}
	w->duration = (seconds < 0 ? 10 : seconds) * 1000000000LL;
	return policy;
}

struct workload *workload_rtapp(struct json *j)
{
	struct workload *w = zalloc(1, sizeof(*w));
	struct json *tasks = json_section(j, "tasks", true);
	const char *policy = read_global(j, w);

	json_ignore(j, "resources");
	for (u32 i = 0; json_member(tasks, i); i++)
		read_task(json_section(tasks, json_member(tasks, i), true),
			  json_member(tasks, i), w, policy);
	if (!w->nr_groups)
		json_die(j, "tasks", "there must be a task");
	open_barriers(w);
	return w;
}
