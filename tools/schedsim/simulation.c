/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting a simulation and running it to its end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "run.h"

static struct machine_costs read_costs(const char *path)
{
	struct machine_costs c = {};
	struct json *j;

	if (!path)
		return c;
	j = json_open(path);
	json_string_or(j, "source", "");
	c.decision = json_time_or(j, "decision", 0);
	c.context_switch = json_time_or(j, "context_switch", 0);
	c.ipi = json_time_or(j, "ipi", 0);
	c.timer = json_time_or(j, "timer", 0);
	c.interrupt = json_time_or(j, "interrupt", 0);
	c.migration = json_time_or(j, "migration", 0);
	c.remote = (u32)json_int_or(j, "remote", 0, 1000, 0);
	json_close(j);
	return c;
}

/* Is a word of the command line "sched=..."? */
static bool names_policy(const char *options)
{
	const char *at = options;

	while ((at = strstr(at, "sched=")) != NULL) {
		if (at == options || at[-1] == ' ')
			return true;
		at++;
	}
	return false;
}

void simulation_start(struct simulation *sim, const struct settings *s, struct workload *w)
{
	struct machine_config cfg = {
		.costs = read_costs(s->costs), .seed = s->seed, .disturb = s->disturb,
		.verbose = s->verbose,
	};
	char cmdline[1024];
	const char *why;

	*sim = (struct simulation){ .settings = *s, .workload = w };
	sim->topology = topology_read(s->machine);
	cfg.cpus = sim->topology.cpus;
	cfg.place = sim->topology.place;
	check_policy(s->policy);
	if (names_policy(s->options))
		die_usage("--options %s: --policy names the policy", s->options);
	if (snprintf(cmdline, sizeof(cmdline), "sched=%s %s", s->policy, s->options) >=
	    (int)sizeof(cmdline))
		die_usage("--options: too long");
	cfg.cmdline = cmdline;
	if (s->trace && !machine_trace_open(s->trace))
		die("%s: cannot be written", s->trace);
	if (!machine_boot(&cfg, &guest_hooks, &why))
		die("the hypervisor's scheduler refuses \"%s\": %s", cmdline, why);
	if (!s->duration)
		sim->settings.duration = w->duration;
	if (!workload_start(w, s->seed, &why))
		die("%s", why);
}

/* The vCPU that has waited longest for a CPU; NULL: none waits. */
static const struct guest *longest_wait(const struct workload *w)
{
	const struct guest *worst = NULL;

	for (u32 i = 0; i < w->nr_guests; i++) {
		const struct guest *g = &w->guest[i];

		if (g->waits_since >= 0 && (!worst || g->waits_since < worst->waits_since))
			worst = g;
	}
	return worst;
}

/*
 * vCPUs that only yield, or wait for one another or for a device, for no time at all: the events go
 * on for ever at one time.
 */
#define EVENTS_AT_ONCE 1000000U
#define EVENTS_AT_ONCE_PER_VCPU 1000U

static void run_until(const struct workload *w, s64 until)
{
	u64 most = EVENTS_AT_ONCE + (u64)EVENTS_AT_ONCE_PER_VCPU * w->nr_guests;
	u64 first = machine_events();
	s64 at = machine_now();

	while (machine_step(until)) {
		if (machine_now() != at) {
			at = machine_now();
			first = machine_events();
		} else if (machine_events() - first > most) {
			die("the time stays at %.6f s: vCPUs wake, wait or yield without ever "
			    "computing; their programs need a time that is not 0",
			    (double)at / 1e9);
		}
	}
}

/*
 * A run may be shorter than a stall. A vCPU that waited for most of it and never had a CPU is one
 * that no CPU may run: without a window under arinc653, or without a CPU of its own under null.
 */
static enum status check_that_all_ran(const struct simulation *sim)
{
	const struct guest *first = NULL;
	u32 nr = 0;

	for (u32 i = 0; i < sim->workload->nr_guests; i++) {
		const struct guest *g = &sim->workload->guest[i];

		if (g->waits_since < 0 || machine_vcpu_ran(g->v) ||
		    g->waits_since > machine_now() / 2)
			continue;
		first = first ?: g;
		nr++;
	}
	if (!first)
		return STATUS_OK;
	say("stall: %u of %u vCPUs never had a CPU, the first one d%uv%u, which waits since "
	    "%.6f s: see its affinity, and what the policy needs to run it", nr,
	    sim->workload->nr_guests, first->domid, first->id, (double)first->waits_since / 1e9);
	return STATUS_STALL;
}

enum status simulation_run(struct simulation *sim)
{
	s64 end = sim->settings.duration, look = sim->settings.stall;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && machine_now() < end) {
		s64 until = look < end ? look : end;
		const struct guest *g;

		run_until(sim->workload, until);
		g = longest_wait(sim->workload);
		if (g && machine_now() - g->waits_since > sim->settings.stall) {
			say("stall: the vCPU d%uv%u has waited for a CPU since %.6f s, now it is "
			    "%.6f s", g->domid, g->id, (double)g->waits_since / 1e9,
			    (double)machine_now() / 1e9);
			status = STATUS_STALL;
		}
		look += (sim->settings.stall + 1) / 2;
	}
	if (!machine_trace_close())
		die("%s: cannot be written", sim->settings.trace);
	return status == STATUS_OK ? check_that_all_ran(sim) : status;
}
