/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `schedsim agree`: take from a hypervisor's trace what happened to the scheduler (wakes, blocks,
 * yields, pauses, and when each CPU decided), give it to the simulated one, and compare each
 * decision. Time comes from the trace alone, so no event of the queue is executed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agree.h"
#include "json.h"
#include "run.h"
#include "trace_read.h"

#define MAX_DOMAINS 1024U

static const char help[] =
"usage: schedsim agree [OPTION...] WORLD TRACE\n"
"\n"
"Decide again what the hypervisor decided when it wrote TRACE, and compare. WORLD is JSON:\n"
"{\"domains\": [{\"domid\": 1, \"vcpus\": 2, \"weight\": 256, \"cap\": 0, \"hard\": \"0-1\"},\n"
"...]}.\n"
"The trace must begin before the domains were created, and have all records of scheduling.\n"
"\n"
"%s"
"\n"
"Exit status: 0 all decisions are the same, 5 one is not, 1 an input cannot be used, 2 wrong\n"
"usage.\n";

struct vcpu_state {
	struct machine_vcpu *v;
	bool up, blocked, paused;
};

struct known_domain {
	bool known;
	u32 vcpus;		/* of which the first @inserted are there */
	u32 inserted;
	struct machine_params params;
	char *hard;
	struct vcpu_state *vcpu;
};

static struct trace trace;
static u32 next_record;
static bool saving[MACHINE_MAX_CPUS];	/* the CPU is between a decision and REC_SAVED */
static struct known_domain domains[MAX_DOMAINS];
static u64 decisions, unprompted;
/* System time of the trace's first record, and what each CPU's next wake, decision or
 * insertion takes as now;
 * -1: not said. */
static s64 base = -1, told[MACHINE_MAX_CPUS];
static u32 holds[MACHINE_MAX_CPUS];	/* runstates that a CPU still changes with its lock held */
static bool can_go_on[MACHINE_MAX_CPUS];	/* what runs on the CPU that decides next */

static void no_run(void *guest, u32 cpu, s64 from) {}
static void no_stop(void *guest) {}
static void no_loss(void *guest, s64 ns) {}

static void read_world(const char *path)
{
	struct json *j = json_open(path), *list = json_list(j, "domains", true);

	for (u32 i = 0; i < json_length(list); i++) {
		struct json *d = json_element(list, i);
		struct known_domain *k = &domains[json_int(d, "domid", 0, MAX_DOMAINS - 1)];

		k->known = true;
		k->vcpus = (u32)json_int(d, "vcpus", 1, 4096);
		k->params.weight = (u32)json_int_or(d, "weight", 1, 65535, 0);
		k->params.cap = (u32)json_int_or(d, "cap", 0, 1000000, 0);
		k->params.period = json_time_or(d, "period", 0);
		k->params.budget = json_time_or(d, "budget", 0);
		if (json_has(d, "hard"))
			k->hard = strdup(json_string(d, "hard"));
	}
	json_close(j);
}

static void create(u32 domid)
{
	struct known_domain *k = &domains[domid];
	const char *why;

	if (k->vcpu)
		die("the trace creates domain %u twice", domid);
	k->vcpu = zalloc(k->vcpus, sizeof(*k->vcpu));
	if (!machine_domain_create((u16)domid, k->vcpus, 0, &why))
		die("domain %u: %s", domid, why);
	machine_domain_forget_uuid((u16)domid);
}

/* The parameters are those of all vCPUs: set when the last is there. */
static void insert(u32 domid, u32 id)
{
	struct known_domain *k = domid < MAX_DOMAINS ? &domains[domid] : NULL;
	u64 hard[MACHINE_MAX_CPUS / 64];
	const char *why = "hard is not a list of the machine's CPUs";

	if (!k || !k->known)
		return;
	if (!k->vcpu || id >= k->vcpus || k->vcpu[id].v)
		die("the trace inserts d%uv%u, which the world does not have, a second time, or in "
		    "another pool", domid, id);
	if (k->hard && !parse_cpus(k->hard, machine_cpus(), hard))
		die("domain %u: %s", domid, why);
	k->vcpu[id].v = machine_vcpu_create((u16)domid, id, NULL, &why);
	if (!k->vcpu[id].v ||
	    (k->hard && !machine_set_affinity(k->vcpu[id].v, hard, NULL, &why)))
		die("d%uv%u: %s", domid, id, why);
	if (++k->inserted == k->vcpus && !machine_set_params((u16)domid, &k->params, &why))
		die("domain %u: %s", domid, why);
}

/* The vCPU of a record. */
static struct vcpu_state *find(u32 domid, u32 id)
{
	struct known_domain *k = domid < MAX_DOMAINS ? &domains[domid] : NULL;

	if (!k || !k->vcpu || id >= k->vcpus || !k->vcpu[id].v)
		die("the trace has a record of d%uv%u, which is not in the world, or was created "
		    "before the trace began", domid, id);
	return &k->vcpu[id];
}

static void wake(struct vcpu_state *s)
{
	bool was_up = s->up;

	s->up = true;
	if (s->paused)
		machine_unpause(s->v);
	s->paused = false;
	if (s->blocked)
		machine_unblock(s->v);
	s->blocked = false;
	if (!was_up)
		machine_up(s->v);
}

static void pause(struct vcpu_state *s)
{
	if (!s->up || s->paused)
		return;
	s->paused = true;
	machine_pause(s->v);
}

/*
 * What vCPU @s, which ran until now, may do. Not every way to wait has a record of its own, and a
 * wait that ends before the decision has none.
 */
static void note_state(struct vcpu_state *s, bool runnable)
{
	if (runnable && (s->blocked || s->paused)) {
		wake(s);
	} else if (!runnable && !s->blocked && !s->paused) {
		s->blocked = true;
		machine_block(s->v);
	}
}

static void happen(u32 id, struct vcpu_state *s)
{
	if (id == REC_WAKE) {
		wake(s);
	} else if (id == REC_SLEEP) {
		pause(s);
	} else if (id == REC_BLOCK) {
		s->blocked = true;
		machine_block(s->v);
	} else {
		machine_yield(s->v);
	}
}

static void name(char *text, size_t size, u32 domid, u32 id)
{
	snprintf(text, size, domid == MACHINE_IDLE ? "idle" : "d%uv%u", domid, id);
}

static void print(void *arg, const char *text) { fputs(text, stdout); }

/* The CPU of the record decides; it must choose (@domid, @id), or the program ends. */
static void decide(const struct record *r, u32 domid, u32 id)
{
	u64 before = decisions++;
	struct machine_vcpu *now;
	char ours[16] = "idle", theirs[16];

	unprompted += !machine_decide(r->cpu);
	now = machine_current(r->cpu);
	if (now)
		name(ours, sizeof(ours), machine_vcpu_domid(now), machine_vcpu_id(now));
	name(theirs, sizeof(theirs), domid, id);
	if (!strcmp(ours, theirs))
		return;
	printf("the first %llu decisions are the same; then, in record %td at %lld ns,\n"
	       "the hypervisor chose %s for CPU %u and the simulator %s\n\nQueues of the simulator "
	       "after that:\n", (unsigned long long)before, r - trace.record, (long long)r->time,
	       theirs, r->cpu, ours);
	machine_dump(print, NULL);
	say("divergence at %lld ns, after %llu decisions", (long long)r->time,
	    (unsigned long long)before);
	exit(STATUS_DIVERGENCE);
}

/* A switch or the decision against one. */
static void take_decision(const struct record *r)
{
	u32 domid = r->word[0] >> 16, id = r->word[0] & 0xffff;

	if (r->id == REC_CONTINUE) {
		if (domid != MACHINE_IDLE)
			note_state(find(domid, id), can_go_on[r->cpu]);
		decide(r, domid, id);
		return;
	}
	if (r->word[0] != MACHINE_IDLE)
		note_state(find(r->word[0], r->word[1]), can_go_on[r->cpu]);
	if (r->word[2] != MACHINE_IDLE)
		find(r->word[2], r->word[3]);
	decide(r, r->word[2], r->word[3]);
}

/* It is as late as the record says; exactly so for wakes, decisions and insertions. */
static void set_time(const struct record *r)
{
	bool exact = r->id == REC_WAKE || r->id == REC_SWITCH || r->id == REC_CONTINUE ||
		     r->id == REC_INSERT;

	if (!exact || told[r->cpu] < 0) {
		machine_set_time(base + r->time, r->cpu);
		return;
	}
	machine_set_time(told[r->cpu], r->cpu);
	told[r->cpu] = -1;
}

/* Does the CPU of this REC_TIME decide, or does it wake or insert a vCPU? */
static bool begins_decision(const struct record *r)
{
	for (const struct record *next = r + 1; next < trace.record + trace.nr; next++)
		if (next->cpu == r->cpu)
			return next->id == REC_SWITCH || next->id == REC_CONTINUE;
	return false;
}

/*
 * A CPU has its run queue's lock from the time of its decision until the runstates of both vCPUs
 * are changed. Other CPUs that try the lock meanwhile decide without that queue.
 */
static void hold_lock(const struct record *r)
{
	if (r->id == REC_TIME && begins_decision(r))
		holds[r->cpu] = 2;
	else if (r->id == REC_CONTINUE)
		holds[r->cpu] = 0;
	else if ((r->id & 0x0ffff00f) == REC_RUNSTATE && holds[r->cpu])
		holds[r->cpu]--;
	else
		return;
	machine_lock_taken(r->cpu, holds[r->cpu]);
}

static void replay(const struct record *r)
{
	struct vcpu_state *s;

	hold_lock(r);
	if (r->id == REC_TIME) {
		if (r->words < 3)
			die("the trace is of an older hypervisor: its sched_time records do not "
			    "say which vCPUs could go on");
		can_go_on[r->cpu] = r->word[2];
		told[r->cpu] = (s64)(r->word[0] | (u64)r->word[1] << 32);
		return;
	}
	set_time(r);
	if (r->id == REC_CONTINUE || r->id == REC_SWITCH) {
		take_decision(r);
	} else if (r->id == REC_DOMAIN_ADD) {
		if (r->word[0] < MAX_DOMAINS && domains[r->word[0]].known)
			create(r->word[0]);
	} else if (r->id == REC_INSERT) {
		insert(r->word[0] & 0xffff, r->word[0] >> 16);
	} else if (r->id == REC_CHARGE) {
		s = find(r->word[0] & 0xffff, r->word[0] >> 16);
		machine_steal(r->cpu, r->word[1], s->v);
	} else if (r->id == REC_REMOVE) {
		s = find(r->word[0] & 0xffff, r->word[0] >> 16);
		machine_vcpu_destroy(s->v);
		s->v = NULL;
	} else if (r->id == REC_WAKE || r->id == REC_SLEEP || r->id == REC_BLOCK ||
		   r->id == REC_YIELD) {
		happen(r->id, find(r->word[0], r->word[1]));
	}
}

/*
 * The hypervisor's CPU saved a vCPU's state while others went on: replay what they did meanwhile.
 * When a CPU that began to save earlier is done first, this one is taken to be done too, as calls
 * end in the opposite order.
 */
static void saves(u32 cpu)
{
	saving[cpu] = true;
	while (next_record < trace.nr) {
		const struct record *r = &trace.record[next_record];

		if (r->id == REC_SAVED && saving[r->cpu])
			break;
		next_record++;
		replay(r);
	}
	saving[cpu] = false;
}

static enum status agree(const struct settings *s, const char *world, const char *path)
{
	static const struct machine_hooks hooks = {
		.runs = no_run, .stops = no_stop, .saves = saves, .loses = no_loss,
	};
	struct topology topology = topology_read(s->machine);
	struct machine_config cfg = {
		.cpus = topology.cpus, .place = topology.place, .seed = s->seed,
		.verbose = s->verbose,
	};
	char cmdline[1024];
	const char *why;

	trace = trace_read(path, s->hz);
	if (trace.lost)
		die("%s: %llu records or more are missing; record it with larger rings", path,
		    (unsigned long long)trace.lost);
	if (trace.cpus > topology.cpus)
		die("--machine %s: the trace has %u CPUs", s->machine, trace.cpus);
	read_world(world);
	snprintf(cmdline, sizeof(cmdline), "sched=%s %s", s->policy, s->options);
	cfg.cmdline = cmdline;
	if (!machine_boot(&cfg, &hooks, &why))
		die("the hypervisor's scheduler refuses \"%s\": %s", cmdline, why);
	while (machine_step(0))
		;
	for (u32 i = 0; i < trace.nr && base < 0; i++)
		if (trace.record[i].id == REC_TIME)
			base = (s64)(trace.record[i].word[0] | (u64)trace.record[i].word[1] << 32) -
			       trace.record[i].time;
	if (base < 0)
		die("%s: it has no sched_time records; record the class hw too", path);
	for (u32 cpu = 0; cpu < MACHINE_MAX_CPUS; cpu++)
		told[cpu] = -1;
	while (next_record < trace.nr)
		replay(&trace.record[next_record++]);
	if (!decisions)
		die("%s: it has no decisions", path);
	printf("all %llu decisions are the same; %llu of them came without a reason that the "
	       "simulator knows\n", (unsigned long long)decisions, (unsigned long long)unprompted);
	return STATUS_OK;
}

int command_agree(int argc, char **argv)
{
	static const struct option options[] = {
		SETTINGS_OPTIONS,
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct settings s = settings_default;
	int o;

	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (settings_option(&s, o, optarg))
			continue;
		if (o != 'h')
			return STATUS_USAGE;
		printf(help, settings_help);
		return STATUS_OK;
	}
	if (optind + 2 != argc) {
		fprintf(stderr, "schedsim agree: name a world and a trace; see schedsim agree "
			"--help\n");
		return STATUS_USAGE;
	}
	return agree(&s, argv[optind], argv[optind + 1]);
}
