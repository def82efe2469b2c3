/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulator's own workloads: domains whose vCPUs follow one of a few patterns.
 * docs/schedsim.md lists the members.
 */
#include <stdlib.h>
#include <string.h>

#include <xen/compiler.h>

#include "json.h"
#include "say.h"
#include "workload.h"

/* Locks, barriers and devices by name. */
struct named {
	char *name;
	u32 object, users;
};

static struct named *names;
static u32 nr_names;

static struct named *find_named(const char *name)
{
	for (u32 i = 0; i < nr_names; i++)
		if (!strcmp(names[i].name, name))
			return &names[i];
	names = grow_array(names, nr_names + 1, sizeof(*names));
	names[nr_names] = (struct named){ .name = strdup(name), .object = object_create() };
	return &names[nr_names++];
}

static void add(struct program *p, enum op_kind kind, struct amount a)
{
	program_add(p, (struct op){ .kind = (u8)kind, .amount = a });
}

static void add_object(struct program *p, enum op_kind kind, u32 object, bool flag)
{
	program_add(p, (struct op){ .kind = (u8)kind, .object = object, .flag = flag });
}

static struct amount periods(struct amount period, const struct json *j)
{
	if (!period.a)
		json_die(j, "period", "a time above 0 must be here");
	return period;
}

/* Jobs that come every @period, or with random gaps, and have a deadline. */
static void periodic(struct json *j, struct program *p)
{
	struct amount period = periods(json_amount(j, "period"), j);
	s64 deadline = json_time_or(j, "deadline", period.a);

	add(p, OP_JOB, amount_fixed(deadline));
	add(p, OP_RUN, json_amount(j, "work"));
	program_add(p, (struct op){ .kind = OP_JOB_END });
	add(p, OP_PERIOD, period);
}

static void bursty(struct json *j, struct program *p)
{
	add(p, OP_RUN, json_amount(j, "work"));
	add(p, OP_SLEEP, json_amount(j, "sleep"));
}

static void locker(struct json *j, struct program *p)
{
	u32 object = find_named(json_string(j, "lock"))->object;

	add(p, OP_RUN, json_amount(j, "work"));
	add_object(p, OP_LOCK, object, json_bool_or(j, "spin", true));
	add(p, OP_RUN, json_amount(j, "hold"));
	add_object(p, OP_UNLOCK, object, false);
}

static void io(struct json *j, struct program *p)
{
	add(p, OP_RUN, json_amount(j, "work"));
	program_add(p, (struct op){
		.kind = OP_IO, .object = find_named(json_string(j, "device"))->object,
		.amount = json_amount(j, "service") });
}

static void meet(struct json *j, struct program *p)
{
	struct named *n = find_named(json_string(j, "barrier"));

	add(p, OP_RUN, json_amount(j, "work"));
	program_add(p, (struct op){ .kind = OP_BARRIER, .object = n->object });
}

static void spin(struct json *j, struct program *p)
{
	add(p, OP_RUN, amount_fixed(1000000000));
}

static void yielding(struct json *j, struct program *p)
{
	add(p, OP_RUN, json_amount(j, "work"));
	program_add(p, (struct op){ .kind = OP_YIELD });
}

static void read_task(struct json *j, struct program *p)
{
	static const struct {
		const char *name;
		void (*read)(struct json *j, struct program *p);
	} kinds[] = {
		{ "spin", spin }, { "periodic", periodic }, { "sporadic", periodic },
		{ "bursty", bursty }, { "lock", locker }, { "io", io }, { "barrier", meet },
		{ "yield", yielding },
	};
	const char *kind = json_string(j, "kind");

	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kind, kinds[i].name))
			continue;
		kinds[i].read(j, p);
		program_add(p, (struct op){ .kind = OP_LOOP });
		return;
	}
	json_die(j, "kind",
		 "spin, periodic, sporadic, bursty, lock, io, barrier or yield must be here");
}

static void read_tasks(struct json *j, struct workload *w, struct group *g)
{
	struct json *list = json_list(j, "tasks", !json_has(j, "task"));
	u32 n = list ? json_length(list) : 1, *index;

	if (list && json_has(j, "task"))
		json_die(j, "task", "give either task, for all vCPUs, or tasks");
	if (!n || n > g->vcpus)
		json_die(j, "tasks", "there must be a task, and no more than vCPUs");
	index = zalloc(n, sizeof(*index));
	for (u32 i = 0; i < n; i++) {
		index[i] = workload_add_program(w);
		read_task(list ? json_element(list, i) : json_section(j, "task", true),
			  &w->program[index[i]]);
	}
	g->program = zalloc(g->vcpus, sizeof(*g->program));
	for (u32 i = 0; i < g->vcpus; i++)
		g->program[i] = index[i % n];
	free(index);
}

static void read_domain(struct json *j, struct workload *w)
{
	struct group *g = workload_add_group(w, json_string_or(j, "name", "domain"));

	g->domains = (u32)json_int_or(j, "count", 1, 32000, 1);
	g->vcpus = (u32)json_int_or(j, "vcpus", 1, 65536, 1);
	g->params.weight = (u32)json_int_or(j, "weight", 1, 65535, 0);
	g->params.cap = (u32)json_int_or(j, "cap", 0, 1000000, 0);
	g->params.period = json_time_or(j, "period", 0);
	g->params.budget = json_time_or(j, "budget", 0);
	g->params.extratime = json_bool_or(j, "extratime", false);
	g->window = json_time_or(j, "window", 0);
	g->hard_deadlines = json_bool_or(j, "hard_deadlines", false);
	if (json_has(j, "home"))
		g->home = 1 + (u32)json_int_or(j, "home", 0, MACHINE_MAX_NODES - 1, 0);
	if (json_has(j, "hard"))
		g->hard = strdup(json_string(j, "hard"));
	if (json_has(j, "soft"))
		g->soft = strdup(json_string(j, "soft"));
	if (json_has(j, "start"))
		g->start = json_amount(j, "start");
	read_tasks(j, w, g);
}

/* A barrier opens when all vCPUs that use it have come. */
static void count_parties(struct workload *w)
{
	for (u32 i = 0; i < w->nr_groups; i++)
		for (u32 v = 0; v < w->group[i].vcpus; v++) {
			struct program *p = &w->program[w->group[i].program[v]];

			for (u32 o = 0; o < p->nr; o++)
				for (u32 n = 0; n < nr_names && p->op[o].kind == OP_BARRIER; n++)
					if (names[n].object == p->op[o].object)
						names[n].users += w->group[i].domains;
		}
	for (u32 i = 0; i < w->nr_programs; i++)
		for (u32 o = 0; o < w->program[i].nr; o++)
			for (u32 n = 0; n < nr_names; n++)
				if (w->program[i].op[o].kind == OP_BARRIER &&
				    names[n].object == w->program[i].op[o].object)
					w->program[i].op[o].count = names[n].users;
}

struct workload *workload_native(struct json *j)
{
	struct workload *w = zalloc(1, sizeof(*w));
	struct json *domains = json_list(j, "domains", true);

	w->duration = json_time(j, "duration");
	for (u32 i = 0; i < json_length(domains); i++)
		read_domain(json_element(domains, i), w);
	if (!w->nr_groups)
		json_die(j, "domains", "there must be a domain");
	count_parties(w);
	return w;
}
