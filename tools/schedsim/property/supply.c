/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scenarios under rtds whose reservations theory accepts. Nothing disturbs them and the hypervisor
 * takes no time, so bounds hold to the nanosecond. The work of the vCPUs begins at any time, not
 * with their servers' periods.
 */
#include <stdio.h>

#include <xen/compiler.h>

#include "property/draw.h"
#include "property/rules.h"
#include "study/schedulability.h"
#include "topology.h"

#define US 1000LL
#define MS (1000 * US)
#define MAX_SERVERS SCENARIO_ITEMS
/* The policy's default for a new vCPU. A shorter period begins as soon as it is set, a longer one
 * when this one ends; none of the vCPUs wants to run before that. */
#define FIRST_PERIOD (10 * MS)
#define LENGTH (400 * MS)

struct server {
	struct guest guest;
	struct tally tally;
	struct program program;
	s64 period, budget;	/* ns */
	bool extratime;
	bool in_time;		/* its jobs meet their deadlines */
	s64 ready_since;	/* it wants to run; -1: it does not */
	s64 ran_before;		/* until then */
};

static struct server servers[MAX_SERVERS];
static u32 nr_servers;

static u16 domid_of(const struct server *sv) { return (u16)(sv - servers + 1); }

/* A task that needs up to nine tenths of the server's share, when its jobs come far apart. */
static struct task draw_task(struct draw *d, const struct server *sv)
{
	struct task t = { .period = (u32)between(d, 2, 10 * sv->period / US) };
	s64 most = t.period * sv->budget * 9 / (sv->period * 10);

	t.work = (u32)between(d, 1, max(most, 1LL));
	return t;
}

static void make_program(struct draw *d, struct server *sv)
{
	struct program *p = &sv->program;
	struct task t;

	switch (below(d, 3)) {
	case 0:
		program_add(p, (struct op){ .kind = OP_RUN, .amount = amount_fixed(LENGTH) });
		break;
	case 1:
		program_add(p, (struct op){ .kind = OP_RUN,
			    .amount = { AMOUNT_EXPONENTIAL, sv->budget, LENGTH } });
		program_add(p, (struct op){ .kind = OP_SLEEP,
			    .amount = { AMOUNT_EXPONENTIAL, sv->period, LENGTH } });
		break;
	default:
		t = draw_task(d, sv);
		sv->in_time = t.work * sv->period < t.period * sv->budget &&
			      demand_within_supply(&t, sv->period, sv->budget);
		program_add(p, (struct op){ .kind = OP_JOB,
			    .amount = amount_fixed(t.period * US) });
		program_add(p, (struct op){ .kind = OP_RUN,
			    .amount = amount_fixed(t.work * US) });
		program_add(p, (struct op){ .kind = OP_JOB_END });
		program_add(p, (struct op){ .kind = OP_PERIOD,
			    .amount = amount_fixed(t.period * US) });
	}
	program_add(p, (struct op){ .kind = OP_LOOP });
}

static void create(struct draw *d, struct server *sv, bool verbose)
{
	struct machine_params params = {
		.period = sv->period, .budget = sv->budget, .extratime = sv->extratime };
	struct guest *g = &sv->guest;
	const char *why;

	make_program(d, sv);
	g->program = &sv->program;
	g->tally = &sv->tally;
	g->domid = domid_of(sv);
	sv->ready_since = -1;
	if (!machine_domain_create(g->domid, 1, 0, &why) ||
	    !(g->v = machine_vcpu_create(g->domid, 0, g, &why)) ||
	    !machine_set_params(g->domid, &params, &why))
		rules_broken("d%u cannot be created: %s", g->domid, why);
	if (verbose)
		fprintf(stderr, "d%u: %lld of %lld us%s%s\n", g->domid,
			(long long)(sv->budget / US), (long long)(sv->period / US),
			sv->extratime ? ", extra time" : "", sv->in_time ? ", in time" : "");
	guest_start(g, FIRST_PERIOD + between(d, 0, 20 * MS), random_u64(&d->state));
}

/* Servers that all get their budgets, by BCL; those that would be too many are not made. */
static void make_servers(const struct scenario *s, u32 cpus, bool verbose)
{
	struct taskset ts = {};

	for (u32 i = 0; i < MAX_SERVERS; i++) {
		struct draw d = draw_for(s, i);
		struct server *sv = &servers[i];
		struct task *t = &ts.task[ts.n++];

		t->period = (u32)between(&d, 1000, 20000);
		t->work = (u32)between(&d, 10, t->period / 2);
		/* Accepted sets stay accepted when servers are left out. */
		if (!schedulable_bcl(&ts, cpus)) {
			ts.n--;
			continue;
		}
		sv->period = t->period * US;
		sv->budget = t->work * US;
		sv->extratime = chance(&d, 50);
		if (!left_out(s, i))
			create(&d, sv, verbose);
	}
	nr_servers = MAX_SERVERS;
}

/* Since it woke, it has had what its budgets promise. */
static void check_supply(struct server *sv)
{
	s64 now = machine_now(), ran = machine_vcpu_ran(sv->guest.v), least;

	if (sv->ready_since < 0) {
		sv->ready_since = now;
		sv->ran_before = ran;
	}
	least = supply_bound(sv->period, sv->budget, now - sv->ready_since);
	if (ran - sv->ran_before < least)
		rules_broken("d%u has had %lld ns since it woke at %lld ns, and must have had %lld",
			     domid_of(sv), (long long)(ran - sv->ran_before),
			     (long long)sv->ready_since, (long long)least);
}

/* Without extra time it has had no more than a budget for each period that was begun. */
static void check_limit(const struct server *sv)
{
	s64 phase = sv->period < FIRST_PERIOD ? 0 : FIRST_PERIOD, now = machine_now();
	s64 ran = machine_vcpu_ran(sv->guest.v);
	s64 periods = (now - phase) / sv->period - (FIRST_PERIOD - phase) / sv->period + 1;
	s64 most = now < FIRST_PERIOD ? 0 : periods * sv->budget;

	if (!sv->extratime && ran > most)
		rules_broken("d%u has had %lld ns, and its budgets are %lld", domid_of(sv),
			     (long long)ran, (long long)most);
}

static void check(struct server *sv)
{
	check_limit(sv);
	if (machine_vcpu_runnable(sv->guest.v))
		check_supply(sv);
	else
		sv->ready_since = -1;
	if (sv->in_time && sv->tally.misses)
		rules_broken("d%u missed a deadline, and its budgets suffice", domid_of(sv));
}

void supply_run(const struct scenario *s, bool verbose)
{
	struct machine_config cfg = { .seed = s->seed, .cmdline = "sched=rtds" };
	struct draw d = draw_for(s, SCENARIO_ITEMS);
	struct topology t;
	const char *why;
	char machine[16];

	snprintf(machine, sizeof(machine), "%u", 1 + below(&d, 8));
	t = topology_read(machine);
	cfg.cpus = t.cpus;
	cfg.place = t.place;
	if (verbose)
		fprintf(stderr, "%s CPUs\n", machine);
	if (!machine_boot(&cfg, &guest_hooks, &why))
		rules_broken("boot: %s", why);
	make_servers(s, t.cpus, verbose);
	/* A vCPU that waits has had least when an event ends the wait. */
	while (machine_step(LENGTH))
		for (u32 i = 0; i < nr_servers; i++)
			if (servers[i].guest.v)
				check(&servers[i]);
}
