/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scenarios with one CPU under credit2, and the bound that xen/sched/policy/credit2.c states: two
 * vCPUs that always want to run differ in run time divided by weight by no more than a constant.
 * Others, which sleep and wake, run beside them. The hypervisor takes no time.
 */
#include <stdio.h>

#include <xen/compiler.h>

#include "property/draw.h"
#include "property/rules.h"
#include "topology.h"

#define US 1000LL
#define MS (1000 * US)
#define MAX_VCPUS 12U
#define LENGTH (2000 * MS)
/* Of credit2: what a grant of credit is, and the shortest slice of all. */
#define GRANT (10 * MS)
#define SLICE_LEAST (500 * US)

struct sharer {
	struct guest guest;
	struct program program;
	bool busy;			/* it always wants to run */
	u32 weight;
	s64 ran;			/* when all had begun */
	/* By how much its weighted run time led that of each other one since then. */
	s64 least[MAX_VCPUS], most[MAX_VCPUS];
};

static struct sharer sharers[MAX_VCPUS];
static u32 heaviest = 1, lightest = UINT32_MAX;
static struct tally tally;

static void create(struct draw *d, struct sharer *sh, bool verbose)
{
	struct guest *g = &sh->guest;
	const char *why;

	if (sh->busy) {
		program_add(&sh->program, (struct op){ .kind = OP_RUN,
			    .amount = amount_fixed(LENGTH) });
	} else {
		program_add(&sh->program, (struct op){ .kind = OP_RUN,
			    .amount = { AMOUNT_EXPONENTIAL, 300 * US, 20 * MS } });
		program_add(&sh->program, (struct op){ .kind = OP_SLEEP,
			    .amount = { AMOUNT_EXPONENTIAL, 5 * MS, 100 * MS } });
	}
	program_add(&sh->program, (struct op){ .kind = OP_LOOP });
	g->program = &sh->program;
	g->tally = &tally;
	g->domid = (u16)(sh - sharers + 1);
	if (!machine_domain_create(g->domid, 1, 0, &why) ||
	    !(g->v = machine_vcpu_create(g->domid, 0, g, &why)) ||
	    !machine_set_params(g->domid, &(struct machine_params){ .weight = sh->weight }, &why))
		rules_broken("d%u cannot be created: %s", g->domid, why);
	heaviest = max(heaviest, sh->weight);
	lightest = min(lightest, sh->weight);
	if (verbose)
		fprintf(stderr, "d%u: weight %u%s\n", g->domid, sh->weight,
			sh->busy ? "" : ", sleeps");
	guest_start(g, 0, random_u64(&d->state));
}

static void make_sharers(const struct scenario *s, bool verbose)
{
	for (u32 i = 0; i < MAX_VCPUS; i++) {
		struct draw d = draw_for(s, i);
		struct sharer *sh = &sharers[i];

		sh->busy = chance(&d, 60);
		sh->weight = (u32)between(&d, 16, 16 << below(&d, 8));
		if (chance(&d, 50) && !left_out(s, i))
			create(&d, sh, verbose);
	}
}

/* In ns of the heaviest vCPU's run time. */
static s64 weighted(const struct sharer *sh)
{
	return (machine_vcpu_ran(sh->guest.v) - sh->ran) * heaviest / sh->weight;
}

/* @a's lead over @b has changed by @bound at most, counted from any time to any other. */
static void check_pair(struct sharer *a, u32 b, s64 bound)
{
	s64 lead = weighted(a) - weighted(&sharers[b]);

	a->least[b] = min(a->least[b], lead);
	a->most[b] = max(a->most[b], lead);
	if (a->most[b] - a->least[b] > bound)
		rules_broken("d%u, weight %u, and d%u, weight %u, differ by %lld ns of weighted "
			     "run time, and may by %lld", a->guest.domid, a->weight,
			     sharers[b].guest.domid, sharers[b].weight,
			     (long long)(a->most[b] - a->least[b]), (long long)bound);
}

static void check(s64 bound)
{
	for (u32 i = 0; i < MAX_VCPUS; i++)
		for (u32 k = 0; k < i; k++)
			if (sharers[i].busy && sharers[i].guest.v && sharers[k].busy &&
			    sharers[k].guest.v)
				check_pair(&sharers[i], k, bound);
}

/*
 * Credit is between a grant and, below zero, the cost of a shortest slice. So a vCPU's weighted run
 * time is the sum of the grants, give or take that. Each decision rounds it by 1 ns.
 */
static s64 bound_of(s64 slice)
{
	return 2 * (GRANT + slice * heaviest / lightest) + 2 * (s64)machine_decisions();
}

void share_run(const struct scenario *s, bool verbose)
{
	static const u32 ratelimits[] = { 0, 100, 1000, 5000 };
	struct draw d = draw_for(s, SCENARIO_ITEMS);
	u32 ratelimit = ratelimits[below(&d, ARRAY_SIZE(ratelimits))];
	struct topology t = topology_read("1");
	struct machine_config cfg = { .cpus = 1, .place = t.place, .seed = s->seed };
	char cmdline[64];
	const char *why;

	snprintf(cmdline, sizeof(cmdline), "sched=credit2 sched_ratelimit_us=%u", ratelimit);
	cfg.cmdline = cmdline;
	if (verbose)
		fprintf(stderr, "%s\n", cmdline);
	if (!machine_boot(&cfg, &guest_hooks, &why))
		rules_broken("boot: %s", why);
	make_sharers(s, verbose);
	while (machine_step(1))
		;
	for (u32 i = 0; i < MAX_VCPUS; i++)
		if (sharers[i].guest.v)
			sharers[i].ran = machine_vcpu_ran(sharers[i].guest.v);
	while (machine_step(LENGTH))
		check(bound_of(max((s64)(ratelimit * US), SLICE_LEAST)));
}
