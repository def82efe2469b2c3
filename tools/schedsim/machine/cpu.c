/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUs, time, softirqs and context switches: what an architecture gives the scheduler core. */
#include <stdlib.h>

#include <xen/errno.h>
#include <xen/param.h>
#include <xen/ops.h>
#include <xen/softirq.h>
#include <xen/trace.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include "private.h"

BUILD_BUG_ON(MACHINE_MAX_CPUS + 1 > NR_CPUS);

u32 host_current_cpu;
u64 host_current_offset;
u32 nr_cpu_ids;
cpumask_t cpu_online_map, cpu_parked_map;

struct machine_config machine_cfg;
struct machine_hooks machine_hooks;
struct machine_cpu_state machine_cpus_state[NR_CPUS];
s64 machine_time;

static void (*schedule_softirq)(void);
static u64 events, decisions, switches;
static u64 random_state;

u32 machine_random(void)
{
	u64 z = random_state += 0x9e3779b97f4a7c15UL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9UL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebUL;
	return (u32)(z >> 32);
}

/* ---- What the scheduler core calls */

s_time_t hal_now_ns(void) { return machine_time; }

u64 hal_irq_save(void) { return 0; }
void hal_irq_restore(u64 flags) {}
void hal_irq_enable(void) {}
void hal_irq_disable(void) {}

u8 hal_cpu_to_node(u32 cpu) { return machine_cfg.place[cpu].node; }
u32 hal_cpu_to_core(u32 cpu) { return machine_cfg.place[cpu].core; }
u32 hal_cpu_to_socket(u32 cpu) { return machine_cfg.place[cpu].socket; }

/* Code of the hypervisor waits for other CPUs: let them go on. */
void hal_cpu_relax(void)
{
	u32 me = host_current_cpu;

	if (!machine_step(INT64_MAX))
		panic("CPU %u waits for something that no event will bring", me);
	host_current_cpu = me;
}

void softirq_register(enum softirq nr, void (*fn)(void))
{
	ASSERT(nr == SOFTIRQ_SCHEDULE);
	schedule_softirq = fn;
}

void softirq_raise(enum softirq nr)
{
	softirq_raise_cpu(host_current_cpu, nr);
}

void softirq_raise_cpu(u32 cpu, enum softirq nr)
{
	struct machine_cpu_state *c = &machine_cpus_state[cpu];
	s64 at = machine_time + machine_cfg.costs.decision;

	ASSERT(nr == SOFTIRQ_SCHEDULE && cpu < machine_cfg.cpus);
	if (cpu != host_current_cpu)
		at += machine_cfg.costs.ipi;
	at = max(at, c->busy_until);
	if (!event_pending(&c->schedule) || at < event_time(&c->schedule))
		event_set(&c->schedule, at);
}

struct vcpu *hal_current_vcpu(void)
{
	return machine_cpus_state[host_current_cpu].current;
}

void hal_set_current(struct vcpu *v)
{
	machine_cpus_state[host_current_cpu].current = v;
}

static s64 switch_cost(struct machine_vcpu *next, u32 cpu)
{
	u32 last = next->v.last_cpu;
	s64 cost = machine_cfg.costs.context_switch;

	if (last != NONE && last != cpu && (hal_cpu_to_core(last) != hal_cpu_to_core(cpu) ||
					    hal_cpu_to_socket(last) != hal_cpu_to_socket(cpu)))
		cost += machine_cfg.costs.migration;
	return cost;
}

/*
 * Other CPUs go on while this one saves and loads states; not the observer, who may wait for this
 * CPU, which cannot go on before it returns from here.
 */
static void run_others(u32 cpu, s64 until)
{
	static bool within;

	if (within)
		return;
	within = true;
	while (queue_next_time() <= until && queue_next_cpu() != MACHINE_OBSERVER)
		machine_step(until);
	within = false;
	host_current_cpu = cpu;
}

void hal_context_switch(struct vcpu *prev, struct vcpu *next)
{
	struct machine_vcpu *p = machine_of(prev), *n = machine_of(next);
	u32 cpu = host_current_cpu;
	struct machine_cpu_state *c = &machine_cpus_state[cpu];

	switches++;
	c->busy_until = machine_time + machine_cfg.costs.context_switch;
	if (prev->unit.is_idle) {
		c->idle += machine_time - c->idle_since;
	} else {
		ASSERT(p->runs_on == cpu);
		p->runs_on = NONE;
		machine_hooks.stops(p->guest);
	}
	if (next->unit.is_idle) {
		c->idle_since = machine_time;
	} else {
		ASSERT(n->runs_on == NONE);
		c->busy_until = machine_time + switch_cost(n, cpu);
		n->runs_on = cpu;
		machine_hooks.runs(n->guest, cpu, c->busy_until);
	}
	if (machine_hooks.saves && !prev->unit.is_idle) {
		machine_hooks.saves(cpu);
		host_current_cpu = cpu;
	}
	if (unlikely(machine_cfg.disturb) && machine_random() % 4 == 0)
		run_others(cpu, c->busy_until);
}

/* ---- The machine's own */

/* SOFTIRQ_SCHEDULE of the executing CPU. */
static void decide(void *arg)
{
	struct machine_cpu_state *c = arg;

	decisions++;
	if (machine_cfg.costs.decision && !c->current->unit.is_idle)
		machine_hooks.loses(machine_of(c->current)->guest, machine_cfg.costs.decision);
	schedule_softirq();
}

void machine_set_time(s64 time, u32 cpu)
{
	services_run_rcu();
	machine_time = time;
	host_current_cpu = cpu;
}

bool machine_decide(u32 cpu)
{
	struct machine_cpu_state *c = &machine_cpus_state[cpu];
	bool asked = event_pending(&c->schedule) | services_expire(cpu);

	host_current_cpu = cpu;
	event_cancel(&c->schedule);
	decide(c);
	return asked;
}

bool machine_step(s64 until)
{
	static u32 depth;
	s64 time;
	struct event *e;

	/* Inside another event, a CPU is in the middle of something. */
	if (!depth)
		services_run_rcu();
	time = queue_next_time();
	if (time >= until && (time != until || until == INT64_MAX)) {
		if (until != INT64_MAX)
			machine_time = max(machine_time, until);
		return false;
	}
	e = queue_pop();
	/* A CPU in a context switch has its interrupts off. */
	if (unlikely(machine_cpus_state[e->cpu].busy_until > time &&
		     machine_cpus_state[e->cpu].busy_until > machine_time)) {
		event_set(e, machine_cpus_state[e->cpu].busy_until);
		return true;
	}
	ASSERT(time >= machine_time || machine_cfg.disturb);
	machine_time = max(machine_time, time);
	host_current_cpu = e->cpu;
	events++;
	depth++;
	e->fn(e->arg);
	depth--;
	return true;
}

static bool start_cpu(u32 cpu)
{
	struct machine_cpu_state *c = &machine_cpus_state[cpu];

	if (sched_cpu_prepare(cpu))
		return false;
	machine_enter_cpu(cpu);
	c->current = sched_idle_vcpu(cpu);
	c->current->runstate.state = RUNSTATE_running;
	trace_runstate_change(RUNSTATE_runnable, RUNSTATE_running, cpu, DOMID_IDLE);
	sched_cpu_online(cpu);
	return true;
}

static void no_work(struct vcpu *v) {}

static void moved(struct vcpu *v, u32 cpu)
{
	if (!v->unit.is_idle)
		machine_of(v)->moves++;
}

bool machine_boot(const struct machine_config *cfg, const struct machine_hooks *h, const char **why)
{
	static const struct sched_hooks sched_hooks = {
		.switched_out = no_work, .switched_in = no_work, .moved = moved,
	};

	static struct vcpu observer = { .part_of = &observer.unit };

	machine_cpus_state[MACHINE_OBSERVER].current = &observer;
	machine_cfg = *cfg;
	machine_hooks = *h;
	random_state = cfg->seed;
	nr_cpu_ids = cfg->cpus;
	ops_check_all();
	params_parse(cfg->cmdline);
	*why = services_last_warning();
	if ((*why)[0])
		return false;
	for (u32 cpu = 0; cpu < cfg->cpus; cpu++) {
		cpumask_set(&cpu_online_map, cpu);
		machine_cpus_state[cpu].schedule = (struct event){
			.cpu = cpu, .fn = decide, .arg = &machine_cpus_state[cpu],
		};
	}
	trace_start();
	sched_init();
	sched_set_hooks(&sched_hooks);
	*why = services_last_warning();
	for (u32 cpu = 1; cpu < cfg->cpus && !(*why)[0]; cpu++)
		if (!start_cpu(cpu))
			*why = "no memory for the run queues";
	if (!(*why)[0]) {
		machine_enter_cpu(0);
		cpus_settle_at_boot();
		*why = services_last_warning();
	}
	return !(*why)[0];
}

u32 machine_cpus(void) { return machine_cfg.cpus; }
const struct machine_place *machine_place(u32 cpu) { return &machine_cfg.place[cpu]; }
const struct machine_costs *machine_costs(void) { return &machine_cfg.costs; }
s64 machine_now(void) { return machine_time; }
u32 machine_cpu(void) { return host_current_cpu; }
u64 machine_events(void) { return events; }
u64 machine_decisions(void) { return decisions; }
u64 machine_switches(void) { return switches; }

s64 machine_idle(u32 cpu)
{
	const struct machine_cpu_state *c = &machine_cpus_state[cpu];

	return c->idle + (c->current->unit.is_idle ? machine_time - c->idle_since : 0);
}

u32 machine_first_cpu(u32 cpu) { return sched_cpu_at(cpu, 0); }

s64 machine_idle_since(u32 cpu) { return machine_cpus_state[cpu].idle_since; }

struct machine_vcpu *machine_current(u32 cpu)
{
	struct vcpu *v = machine_cpus_state[cpu].current;

	return v->unit.is_idle ? NULL : machine_of(v);
}

void machine_steal(u32 cpu, s64 ns, struct machine_vcpu *v)
{
	struct vcpu *curr = machine_cpus_state[cpu].current;
	u32 before;

	if (ns <= 0)
		return;
	if (!curr->unit.is_idle)
		machine_hooks.loses(machine_of(curr)->guest, ns);
	if (!v)
		return;
	before = machine_enter_cpu(cpu);
	services_biller(&v->v, ns);
	host_current_cpu = before;
}
