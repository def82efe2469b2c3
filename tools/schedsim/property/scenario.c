/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making a scenario from its seed, and executing it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/compiler.h>

#include "property/draw.h"
#include "property/rules.h"
#include "property/scenario.h"
#include "say.h"
#include "topology.h"

#define US 1000LL
#define MS (1000 * US)
#define BUSY_PHASE (150 * MS)	/* steps are taken */
#define LAST_PHASE (1500 * MS)
#define LOOK_EVERY (500 * US)	/* ten times as long in the last phase */
#define MAX_VCPUS 64U
#define MAX_EVENTS 3000000U
#define FIRST_STEP SCENARIO_DOMAINS
/* Regressions name seeds, so what a seed gives must stay as it is: add, and change nothing. */
#define OTHER_POOL 7U

static const struct scenario *sc;
static bool loud;
static struct watched vcpus[MAX_VCPUS];
static u32 nr_vcpus;
static struct program programs[SCENARIO_ITEMS];
static struct tally tally;
static u32 device;
static bool acting;		/* a step is under way: it may let time pass */

/* ---- Saying and drawing */

static void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *fmt, ...)
{
	va_list ap;

	if (!loud)
		return;
	fprintf(stderr, "%12lld ", (long long)machine_now());
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static bool pool_has_cpu(u32 pool)
{
	for (u32 cpu = 0; cpu < machine_cpus(); cpu++)
		if (machine_cpu_in_pool(cpu, pool))
			return true;
	return false;
}

/* A set of CPUs of which at least one is in pool 0. */
static void draw_cpus(struct draw *d, u64 *bits)
{
	u32 cpu = below(d, machine_cpus());

	memset(bits, 0, MACHINE_MAX_CPUS / 8);
	while (!machine_cpu_in_pool(cpu, 0))
		cpu = (cpu + 1) % machine_cpus();
	bits[0] = (random_u64(&d->state) & ((1UL << machine_cpus()) - 1)) | 1UL << cpu;
}

/* ---- Domains */

static void make_program(struct draw *d, struct program *p)
{
	switch (below(d, 5)) {
	case 0:
		program_add(p, (struct op){ .kind = OP_RUN, .amount = amount_fixed(100 * MS) });
		break;
	case 1:
		program_add(p, (struct op){ .kind = OP_RUN,
			    .amount = amount_fixed(between(d, 100 * US, 3 * MS)) });
		program_add(p, (struct op){ .kind = OP_PERIOD,
			    .amount = amount_fixed(between(d, 1 * MS, 10 * MS)) });
		break;
	case 2:
		program_add(p, (struct op){ .kind = OP_RUN,
			    .amount = { AMOUNT_EXPONENTIAL, 300 * US, 6 * MS } });
		program_add(p, (struct op){ .kind = OP_SLEEP,
			    .amount = { AMOUNT_EXPONENTIAL, 500 * US, 10 * MS } });
		break;
	case 3:
		program_add(p, (struct op){ .kind = OP_RUN,
			    .amount = { AMOUNT_UNIFORM, 10 * US, 200 * US } });
		program_add(p, (struct op){ .kind = OP_IO, .object = device,
			    .amount = { AMOUNT_UNIFORM, 10 * US, 100 * US } });
		break;
	default:
		program_add(p, (struct op){ .kind = OP_RUN,
			    .amount = { AMOUNT_UNIFORM, 50 * US, 2 * MS } });
		program_add(p, (struct op){ .kind = OP_YIELD });
	}
	program_add(p, (struct op){ .kind = OP_LOOP });
}

/* Values in range and, rarely, out of it, which must be refused and change nothing. */
static void set_params(struct draw *d, u16 domid)
{
	struct machine_params share = { .weight = (u32)between(d, 64, 1024) };
	struct machine_params reserve = { .period = between(d, 1 * MS, 20 * MS) };
	const char *why;

	if (chance(d, 20))
		share.cap = (u32)between(d, 5, 150);
	if (chance(d, 5))
		share.weight = 1000000;
	reserve.budget = between(d, reserve.period / 10, reserve.period);
	reserve.extratime = chance(d, 50);
	if (machine_set_params(domid, &share, &why)) {
		note("d%u weight %u cap %u", domid, share.weight, share.cap);
		for (u32 i = 0; i < nr_vcpus; i++) {
			if (vcpus[i].guest.domid != domid)
				continue;
			vcpus[i].limited = share.cap;
			/* credit2 lets those go on that used up the old cap at its next refill. */
			vcpus[i].touched = machine_now() + 10 * MS;
		}
	}
	if (machine_set_params(domid, &reserve, &why))
		note("d%u period %lld budget %lld%s", domid, (long long)reserve.period,
		     (long long)reserve.budget, reserve.extratime ? " extratime" : "");
}

static void add_vcpu(struct draw *d, u16 domid, u32 id, u32 pool, const struct program *p)
{
	struct watched *w = &vcpus[nr_vcpus];
	u64 hard[MACHINE_MAX_CPUS / 64], soft[MACHINE_MAX_CPUS / 64];
	const char *why;

	*w = (struct watched){ .pool = pool };
	w->guest.program = p;
	w->guest.tally = &tally;
	w->guest.domid = domid;
	w->guest.id = id;
	w->guest.v = machine_vcpu_create(domid, id, &w->guest, &why);
	if (!w->guest.v)
		rules_broken("d%uv%u cannot be created: %s", domid, id, why);
	rules_count(++nr_vcpus);
	if (!pool && chance(d, 30)) {
		draw_cpus(d, hard);
		draw_cpus(d, soft);
		machine_set_affinity(w->guest.v, hard, chance(d, 50) ? soft : NULL, &why);
	}
	guest_start(&w->guest, machine_now() + between(d, 0, 5 * MS), random_u64(&d->state));
}

static void add_domain(u32 item, u16 domid, u32 pool)
{
	struct draw d = draw_for(sc, item);
	u32 n = 1 + below(&d, 4);
	const char *why;

	/* The last CPU may leave a pool that has no domains. */
	if (left_out(sc, item) || nr_vcpus + n > MAX_VCPUS || !pool_has_cpu(pool))
		return;
	make_program(&d, &programs[item]);
	if (!machine_domain_create(domid, n, pool, &why))
		return;
	note("d%u: %u vCPUs in pool %u", domid, n, pool);
	for (u32 i = 0; i < n; i++)
		add_vcpu(&d, domid, i, pool, &programs[item]);
	if (chance(&d, 60))
		set_params(&d, domid);
}

static void destroy_domain(u16 domid)
{
	note("d%u is destroyed", domid);
	for (u32 i = 0; i < nr_vcpus; i++) {
		if (vcpus[i].guest.domid != domid || vcpus[i].gone)
			continue;
		vcpus[i].gone = true;
		guest_stop(&vcpus[i].guest);
	}
	machine_domain_destroy(domid);
}

static bool exists(u16 domid)
{
	for (u32 i = 0; i < nr_vcpus; i++)
		if (vcpus[i].guest.domid == domid && !vcpus[i].gone)
			return true;
	return false;
}

/* ---- Steps */

enum step_kind {
	STEP_PAUSE, STEP_AFFINITY, STEP_PARAMS, STEP_CPU, STEP_POOL, STEP_DESTROY, STEP_CREATE,
	STEP_KINDS
};

struct step {
	struct event event;
	u32 item, phase;
	struct draw draw;
	enum step_kind kind;
	struct watched *target;
	u32 cpu;
	s64 length;
};

static struct step steps[SCENARIO_ITEMS];
static u32 pools_in_use;

static struct watched *draw_vcpu(struct draw *d)
{
	struct watched *w = nr_vcpus ? &vcpus[below(d, nr_vcpus)] : NULL;

	return w && !w->gone && !w->pool ? w : NULL;
}

/* Have the second half of the step happen later. */
static void come_back(struct step *s)
{
	s->phase = 1;
	event_set(&s->event, machine_now() + s->length);
}

static void step_pause(struct step *s)
{
	if (s->phase) {
		if (!s->target->gone) {
			s->target->paused = false;
			s->target->touched = machine_now();
			machine_unpause(s->target->guest.v);
		}
		return;
	}
	s->target = draw_vcpu(&s->draw);
	if (!s->target || s->target->paused)
		return;
	note("d%uv%u is paused", s->target->guest.domid, s->target->guest.id);
	s->target->paused = true;
	machine_pause(s->target->guest.v);
	come_back(s);
}

static void step_affinity(struct step *s)
{
	struct watched *w = draw_vcpu(&s->draw);
	u64 hard[MACHINE_MAX_CPUS / 64], soft[MACHINE_MAX_CPUS / 64];
	const char *why;

	if (!w || !pool_has_cpu(0))
		return;
	draw_cpus(&s->draw, hard);
	draw_cpus(&s->draw, soft);
	note("d%uv%u: hard %#llx", w->guest.domid, w->guest.id, (unsigned long long)hard[0]);
	w->touched = machine_now();
	machine_set_affinity(w->guest.v, chance(&s->draw, 80) ? hard : NULL,
			     chance(&s->draw, 50) ? soft : NULL, &why);
}

static void step_params(struct step *s)
{
	struct watched *w = draw_vcpu(&s->draw);

	if (w)
		set_params(&s->draw, w->guest.domid);
}

/* A CPU leaves its pool and joins it again. */
static void step_cpu(struct step *s)
{
	if (s->phase) {
		note("CPU %u joins", s->cpu);
		rules_touch_cpu(s->cpu);
		if (!machine_cpu_join(s->cpu, 0))
			rules_broken("CPU %u cannot join its pool again", s->cpu);
		return;
	}
	s->cpu = below(&s->draw, machine_cpus());
	if (!machine_cpu_in_pool(s->cpu, 0))
		return;
	note("CPU %u leaves", s->cpu);
	if (machine_cpu_leave(s->cpu))
		come_back(s);
}

/* A CPU becomes a pool of its own, in which a domain lives for a while. */
static void step_pool(struct step *s)
{
	u32 pool = OTHER_POOL + s->item;
	u16 domid = (u16)(1000 + s->item);
	const char *why;

	if (s->phase) {
		note("pool %u ends", pool);
		if (exists(domid))
			destroy_domain(domid);
		if (!machine_cpu_leave(s->cpu) || !machine_pool_destroy(pool) ||
		    !machine_cpu_join(s->cpu, 0))
			rules_broken("pool %u cannot be taken apart", pool);
		rules_touch_cpu(s->cpu);
		pools_in_use--;
		return;
	}
	s->cpu = below(&s->draw, machine_cpus());
	if (!machine_cpu_in_pool(s->cpu, 0) || !machine_cpu_leave(s->cpu))
		return;
	note("CPU %u becomes pool %u", s->cpu, pool);
	if (!machine_pool_create(pool, sc->kind->policy, &why) || !machine_cpu_join(s->cpu, pool))
		rules_broken("pool %u cannot be made: %s", pool, why);
	rules_touch_cpu(s->cpu);
	pools_in_use++;
	add_domain(s->item, domid, pool);
	come_back(s);
}

static void step_destroy(struct step *s)
{
	struct watched *w = draw_vcpu(&s->draw);

	if (w)
		destroy_domain(w->guest.domid);
}

static void step_create(struct step *s)
{
	add_domain(s->item, (u16)(2000 + s->item), 0);
}

static void take_step(void *arg)
{
	static void (*const take[])(struct step *s) = {
		step_pause, step_affinity, step_params, step_cpu, step_pool, step_destroy,
		step_create,
	};
	struct step *s = arg;

	/* Steps wait for CPUs; a toolstack takes one at a time. */
	if (acting) {
		event_set(&s->event, machine_now() + 10 * US);
		return;
	}
	acting = true;
	take[s->kind](s);
	acting = false;
}

static void plan_steps(void)
{
	struct draw all = draw_for(sc, SCENARIO_ITEMS + 1);
	u32 n = below(&all, SCENARIO_ITEMS - FIRST_STEP + 1);

	for (u32 i = FIRST_STEP; i < FIRST_STEP + n; i++) {
		struct step *s = &steps[i];

		s->item = i;
		s->draw = draw_for(sc, i);
		s->kind = (enum step_kind)below(&s->draw, STEP_KINDS);
		s->length = between(&s->draw, 0, 20 * MS);
		s->event = (struct event){ .fn = take_step, .arg = s, .cpu = MACHINE_OBSERVER };
		if (!left_out(sc, i))
			event_set(&s->event, between(&s->draw, 0, BUSY_PHASE));
	}
}

/* ---- The run */

static void look(void *arg)
{
	struct event *e = arg;

	if (!acting)
		rules_check();
	if (machine_events() > MAX_EVENTS)
		rules_broken("%u events: something happens over and over", MAX_EVENTS);
	event_set(e, machine_now() + (machine_now() < BUSY_PHASE ? 1 : 10) * LOOK_EVERY);
}

/* The guests' hook, after checking that the vCPU may be where it is. */
static void runs(void *guest, u32 cpu, s64 from)
{
	const struct guest *g = guest;

	if (!machine_vcpu_may_use(g->v, cpu))
		rules_broken("d%uv%u runs on CPU %u, which it may not use", g->domid, g->id, cpu);
	rules_check_alone(cpu);
	guest_hooks.runs(guest, cpu, from);
}

static void boot(void)
{
	static const char *const groups[] = { "cpu", "core", "socket", "node", "all" };
	static char machine[32], cmdline[128];
	struct draw d = draw_for(sc, SCENARIO_ITEMS);
	struct machine_hooks hooks = guest_hooks;
	struct machine_config cfg = { .seed = sc->seed, .disturb = true };
	struct topology t;
	const char *why;

	snprintf(machine, sizeof(machine), "%ux%ux%u", 1 + below(&d, 2), 1 + below(&d, 4),
		 1 + below(&d, 2));
	t = topology_read(machine);
	snprintf(cmdline, sizeof(cmdline), "sched=%s credit2_runqueue=%s sched-gran=%s",
		 sc->kind->policy, groups[below(&d, ARRAY_SIZE(groups))], sc->gran);
	cfg.cpus = t.cpus;
	cfg.place = t.place;
	cfg.cmdline = cmdline;
	if (chance(&d, 70))
		cfg.costs = (struct machine_costs){
			.decision = between(&d, 0, 2 * US),
			.context_switch = between(&d, 0, 3 * US),
			.ipi = between(&d, 0, 2 * US), .timer = between(&d, 0, 1 * US),
			.interrupt = between(&d, 0, 1 * US), .migration = between(&d, 0, 5 * US),
		};
	hooks.runs = runs;
	if (loud)
		fprintf(stderr, "machine %s, %s\n", machine, cmdline);
	if (!machine_boot(&cfg, &hooks, &why))
		rules_broken("boot: %s", why);
}

static void run_until(s64 time)
{
	while (machine_step(time))
		;
}

void scenario_run(const struct scenario *s, bool verbose)
{
	struct event looking = { .fn = look, .arg = &looking, .cpu = MACHINE_OBSERVER };
	struct draw d;
	u32 domains;

	sc = s;
	loud = verbose;
	boot();
	device = object_create();
	rules_begin(s->kind->policy, vcpus, 0);
	d = draw_for(sc, SCENARIO_ITEMS + 2);
	domains = 1 + below(&d, SCENARIO_DOMAINS);
	for (u32 i = 0; i < domains; i++)
		add_domain(i, (u16)(i + 1), 0);
	plan_steps();
	event_set(&looking, LOOK_EVERY);
	/* The last steps come back within 20 ms, those that wait for others a little later. */
	run_until(BUSY_PHASE + 60 * MS);
	if (pools_in_use)
		rules_broken("a step never ended");
	rules_settle();
	run_until(BUSY_PHASE + LAST_PHASE);
	rules_end();
	event_cancel(&looking);
}
