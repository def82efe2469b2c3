/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Workloads, whatever format they came in: building, numbering, and starting them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/compiler.h>

#include "json.h"
#include "recorded.h"
#include "say.h"
#include "trace_read.h"
#include "workload.h"

#define MAX_DOMAINS 0x7ff0U
#define MAX_VCPUS 65536U

struct group *workload_add_group(struct workload *w, const char *name)
{
	struct group *g;

	w->group = grow_array(w->group, w->nr_groups + 1, sizeof(*g));
	g = &w->group[w->nr_groups++];
	*g = (struct group){ .name = strdup(name), .domains = 1, .vcpus = 1 };
	return g;
}

u32 workload_add_program(struct workload *w)
{
	w->program = grow_array(w->program, w->nr_programs + 1, sizeof(*w->program));
	w->program[w->nr_programs] = (struct program){};
	return w->nr_programs++;
}

static void number_domains(struct workload *w)
{
	u32 next = 1;
	u64 vcpus = 0;

	for (u32 i = 0; i < w->nr_groups; i++) {
		w->group[i].first_domid = (u16)next;
		next += w->group[i].domains;
		vcpus += (u64)w->group[i].domains * w->group[i].vcpus;
		if (next > MAX_DOMAINS)
			die("the workload has more than %u domains", MAX_DOMAINS);
		if (vcpus > MAX_VCPUS)
			die("the workload has too many vCPUs; it may have %u vCPUs at most",
			    MAX_VCPUS);
	}
}

u32 workload_vcpus(const struct workload *w)
{
	u32 n = 0;

	for (u32 i = 0; i < w->nr_groups; i++)
		n += w->group[i].domains * w->group[i].vcpus;
	return n;
}

static bool set_affinity(const struct group *g, struct machine_vcpu *v, const char **why)
{
	static char text[160];
	u64 hard[MACHINE_MAX_CPUS / 64], soft[MACHINE_MAX_CPUS / 64];

	if ((g->hard && !parse_cpus(g->hard, machine_cpus(), hard)) ||
	    (g->soft && !parse_cpus(g->soft, machine_cpus(), soft))) {
		snprintf(text, sizeof(text), "hard or soft is not a list of the machine's %u CPUs",
			 machine_cpus());
		*why = text;
		return false;
	}
	return (!g->hard && !g->soft) ||
	       machine_set_affinity(v, g->hard ? hard : NULL, g->soft ? soft : NULL, why);
}

static bool start_domain(struct workload *w, struct group *g, u32 nr, u64 *seed, const char **why)
{
	u16 domid = (u16)(g->first_domid + nr);

	if (!machine_domain_create(domid, g->vcpus, 0, why))
		return false;
	for (u32 i = 0; i < g->vcpus; i++) {
		struct guest *v = &w->guest[w->nr_guests++];

		v->program = &w->program[g->program[i]];
		v->tally = &g->tally;
		v->domid = domid;
		v->id = i;
		v->home = g->home;
		v->v = machine_vcpu_create(domid, i, v, why);
		if (!v->v || !set_affinity(g, v->v, why))
			return false;
	}
	if (!machine_set_params(domid, &g->params, why))
		return false;
	for (u32 i = 0; i < g->vcpus; i++) {
		u64 own = random_u64(seed);

		guest_start(&w->guest[w->nr_guests - g->vcpus + i], amount_draw(&g->start, &own),
			    own);
	}
	return true;
}

/* Windows of all vCPUs that have one, in their order. */
static bool set_windows(const struct workload *w, const char **why)
{
	struct machine_window *window = zalloc(w->nr_guests, sizeof(*window));
	u32 n = 0;
	bool ok;

	for (u32 i = 0; i < w->nr_guests; i++) {
		const struct guest *g = &w->guest[i];
		s64 length = container_of(g->tally, struct group, tally)->window;

		if (length)
			window[n++] = (struct machine_window){ g->domid, g->id, length };
	}
	ok = !n || machine_set_windows(window, n, why);
	free(window);
	return ok;
}

bool workload_start(struct workload *w, u64 seed, const char **why)
{
	static char text[256];

	w->guest = zalloc(workload_vcpus(w), sizeof(*w->guest));
	for (u32 i = 0; i < w->nr_groups; i++)
		for (u32 nr = 0; nr < w->group[i].domains; nr++)
			if (!start_domain(w, &w->group[i], nr, &seed, why)) {
				snprintf(text, sizeof(text), "domain %s: %s", w->group[i].name,
					 *why);
				*why = text;
				return false;
			}
	return set_windows(w, why);
}

struct workload *workload_read(const char *path, double hz)
{
	struct workload *w;
	struct json *j;

	if (trace_is_one(path)) {
		w = workload_trace(path, hz);
	} else if (tracedat_is_one(path)) {
		w = workload_tracedat(path);
	} else if (perfetto_is_one(path)) {
		w = workload_perfetto(path);
	} else {
		j = json_open(path);
		w = json_has(j, "tasks") ? workload_rtapp(j) : workload_native(j);
		json_close(j);
	}
	number_domains(w);
	return w;
}
