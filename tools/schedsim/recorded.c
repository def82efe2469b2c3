/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building workloads out of what was recorded, and reading the hypervisors' own traces. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorded.h"
#include "say.h"
#include "trace_read.h"

struct actor {
	u32 group, id;
	u32 next;		/* of the same hash, index + 1 */
	char *name;
	struct program program;
	s64 first;		/* when it first could run */
	s64 started;		/* running since then, -1: it does not run */
	s64 computed;		/* since its last wake */
	bool blocked;
};

#define BUCKETS 65536U

struct recording {
	struct actor *actor;
	u32 nr, room;
	u32 bucket[BUCKETS];
	s64 first, last;
};

struct recording *recording_new(void)
{
	struct recording *r = zalloc(1, sizeof(*r));

	r->first = -1;
	return r;
}

static struct actor *find(struct recording *r, u32 group, u32 id, const char *name, s64 time)
{
	u32 *head = &r->bucket[(group * 31 + id) % BUCKETS];
	struct actor *a;

	for (u32 i = *head; i; i = r->actor[i - 1].next)
		if (r->actor[i - 1].group == group && r->actor[i - 1].id == id)
			return &r->actor[i - 1];
	if (!name)
		return NULL;
	if (r->nr == r->room) {
		r->room = r->room ? 2 * r->room : 256;
		r->actor = grow_array(r->actor, r->room, sizeof(*a));
	}
	a = &r->actor[r->nr++];
	*a = (struct actor){
		.group = group, .id = id, .next = *head, .name = strdup(name), .first = time,
		.started = -1,
	};
	*head = r->nr;
	return a;
}

/* As long as the longest time in a workload (parse_time): about three years. */
#define LONGEST 100000000000000000LL

/* Times come in order. Those of a damaged file would keep the simulation busy for ever. */
static void saw(struct recording *r, s64 time)
{
	if (r->first < 0)
		r->first = time;
	if (time < 0 || time - r->first > LONGEST)
		die("a damaged recording: a time in it is %lld ns, and the first is %lld ns",
		    (long long)time, (long long)r->first);
	if (time > r->last)
		r->last = time;
}

/* It computed, slept, and could run again at @time. */
static void add_sleep(struct actor *a, s64 time)
{
	program_add(&a->program, (struct op){ .kind = OP_RUN,
					      .amount = amount_fixed(a->computed) });
	program_add(&a->program, (struct op){ .kind = OP_UNTIL, .amount = amount_fixed(time) });
	a->computed = 0;
	a->blocked = false;
}

void recording_wakes(struct recording *r, u32 group, u32 id, s64 time, const char *name)
{
	struct actor *a = find(r, group, id, name, time);

	saw(r, time);
	if (a->blocked)
		add_sleep(a, time);
}

void recording_runs(struct recording *r, u32 group, u32 id, s64 time, const char *name)
{
	struct actor *a = find(r, group, id, name, time);

	saw(r, time);
	if (a->blocked)
		add_sleep(a, time);
	a->started = time;
}

void recording_stops(struct recording *r, u32 group, u32 id, s64 time, bool blocks)
{
	struct actor *a = find(r, group, id, NULL, time);

	saw(r, time);
	/* It ran before the recording began. */
	if (!a || a->started < 0)
		return;
	a->computed += time - a->started;
	a->started = -1;
	a->blocked = blocks;
}

static int by_group(const void *a, const void *b)
{
	const struct actor *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void finish(struct recording *r, struct actor *a)
{
	if (a->started >= 0)
		a->computed += r->last - a->started;
	if (a->computed)
		program_add(&a->program, (struct op){ .kind = OP_RUN,
						      .amount = amount_fixed(a->computed) });
	program_add(&a->program, (struct op){ .kind = OP_END });
	for (u32 i = 0; i < a->program.nr; i++) {
		struct op *op = &a->program.op[i];

		if (op->kind == OP_UNTIL)
			op->amount = amount_fixed(op->amount.a - r->first);
	}
}

/* One domain of the actors from @from to before @to; they begin to run when the first did. */
static void add_group(struct recording *r, struct workload *w, u32 from, u32 to)
{
	struct group *g = workload_add_group(w, r->actor[from].name);
	s64 start = INT64_MAX;

	g->vcpus = to - from;
	g->program = zalloc(g->vcpus, sizeof(*g->program));
	for (u32 i = from; i < to; i++)
		start = start < r->actor[i].first ? start : r->actor[i].first;
	g->start = amount_fixed(start - r->first);
	for (u32 i = from; i < to; i++) {
		struct program *p;

		g->program[i - from] = workload_add_program(w);
		p = &w->program[g->program[i - from]];
		program_add(p, (struct op){ .kind = OP_UNTIL,
					    .amount = amount_fixed(r->actor[i].first - r->first) });
		for (u32 o = 0; o < r->actor[i].program.nr; o++)
			program_add(p, r->actor[i].program.op[o]);
		program_free(&r->actor[i].program);
		free(r->actor[i].name);
	}
}

struct workload *recording_end(struct recording *r, const char *path)
{
	struct workload *w = zalloc(1, sizeof(*w));
	u32 to;

	if (!r->nr)
		die("%s: nothing runs in this recording; record scheduling (sched_switch)", path);
	qsort(r->actor, r->nr, sizeof(*r->actor), by_group);
	for (u32 i = 0; i < r->nr; i++)
		finish(r, &r->actor[i]);
	for (u32 from = 0; from < r->nr; from = to) {
		for (to = from; to < r->nr && r->actor[to].group == r->actor[from].group; to++)
			;
		add_group(r, w, from, to);
	}
	w->duration = r->last - r->first + 1;
	free(r->actor);
	free(r);
	return w;
}

/* ---- The hypervisor's format */

enum { RUNNING, RUNNABLE, BLOCKED, OFFLINE };

static void add_runstate(struct recording *r, const struct record *rec)
{
	u32 domain = rec->word[0] >> 16, vcpu = rec->word[0] & 0xffff;
	u32 old = rec->id >> 8 & 3, new = rec->id >> 4 & 3;
	char name[16];

	if (domain == MACHINE_IDLE)
		return;
	snprintf(name, sizeof(name), "d%u", domain);
	if (old >= BLOCKED && new <= RUNNABLE)
		recording_wakes(r, domain, vcpu, rec->time, name);
	if (new == RUNNING)
		recording_runs(r, domain, vcpu, rec->time, name);
	if (old == RUNNING)
		recording_stops(r, domain, vcpu, rec->time, new >= BLOCKED);
}

struct workload *workload_trace(const char *path, double hz)
{
	struct trace t = trace_read(path, hz);
	struct recording *r = recording_new();

	if (t.lost)
		die("%s: %llu records or more are missing; record it with larger rings", path,
		    (unsigned long long)t.lost);
	for (u32 i = 0; i < t.nr; i++)
		if ((t.record[i].id & 0x0ffff00f) == REC_RUNSTATE && t.record[i].words == 1)
			add_runstate(r, &t.record[i]);
	free(t.record);
	return recording_end(r, path);
}
