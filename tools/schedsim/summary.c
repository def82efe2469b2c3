/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of a finished simulation. TSV and JSON have the same rows; text has none for CPUs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <xen/compiler.h>

#include "summary.h"

struct printer {
	FILE *f;
	enum summary_form form;
	const char *table, *row;	/* the row that is being printed */
	bool first_row, first_value;
};

static int compare(const void *a, const void *b)
{
	s64 x = *(const s64 *)a, y = *(const s64 *)b;

	return (x > y) - (x < y);
}

void samples_sort(struct samples *s)
{
	if (s->nr)
		qsort(s->value, s->nr, sizeof(*s->value), compare);
}

s64 samples_quantile(const struct samples *s, u32 permille)
{
	u64 rank = ((u64)s->nr * permille + 999) / 1000;

	return s->nr ? s->value[rank ? rank - 1 : 0] : 0;
}

static void begin_row(struct printer *p, const char *table, const char *row)
{
	if (p->form == SUMMARY_TEXT)
		fprintf(p->f, "%s%s%s\n", table, row[0] ? " " : "", row);
	if (p->form == SUMMARY_JSON)
		fprintf(p->f, "%s\n  {\"table\": \"%s\", \"row\": \"%s\"", p->first_row ? "" : ",",
			table, row);
	p->table = table;
	p->row = row;
	p->first_row = false;
}

static void end_row(struct printer *p)
{
	if (p->form == SUMMARY_JSON)
		fputc('}', p->f);
}

static void value(struct printer *p, const char *name, const char *text, bool quoted)
{
	if (p->form == SUMMARY_TEXT)
		fprintf(p->f, "  %-22s %s\n", name, text);
	else if (p->form == SUMMARY_TSV)
		fprintf(p->f, "%s\t%s\t%s\t%s\n", p->table, p->row, name, text);
	else
		fprintf(p->f, ", \"%s\": %s%s%s", name, quoted ? "\"" : "", text,
			quoted ? "\"" : "");
}

static void whole(struct printer *p, const char *name, s64 v)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, v);
	value(p, name, text, false);
}

static void real(struct printer *p, const char *name, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6f", v);
	value(p, name, text, false);
}

static void quantiles(struct printer *p, const char *what, struct samples *s)
{
	static const struct { const char *name; u32 permille; } at[] = {
		{ "min", 0 }, { "p50", 500 }, { "p90", 900 }, { "p99", 990 }, { "p99.9", 999 },
		{ "max", 1000 },
	};
	char name[48];

	samples_sort(s);
	snprintf(name, sizeof(name), "%s_samples", what);
	whole(p, name, s->nr);
	for (u32 i = 0; s->nr && i < ARRAY_SIZE(at); i++) {
		snprintf(name, sizeof(name), "%s_%s_ns", what, at[i].name);
		whole(p, name, samples_quantile(s, at[i].permille));
	}
}

static void print_run(struct printer *p, const struct simulation *sim)
{
	char digest[24];

	begin_row(p, "run", "");
	value(p, "policy", sim->settings.policy, true);
	whole(p, "seed", (s64)sim->settings.seed);
	whole(p, "cpus", sim->topology.cpus);
	whole(p, "vcpus", sim->workload->nr_guests);
	whole(p, "duration_ns", machine_now());
	whole(p, "events", (s64)machine_events());
	whole(p, "decisions", (s64)machine_decisions());
	whole(p, "switches", (s64)machine_switches());
	snprintf(digest, sizeof(digest), "%016" PRIx64, machine_digest());
	value(p, "digest", digest, true);
	end_row(p);
}

static void print_group(struct printer *p, const struct simulation *sim, struct group *g)
{
	const struct workload *w = sim->workload;
	s64 ran = 0, remote = 0;
	u64 moves = 0;

	for (u32 i = 0; i < w->nr_guests; i++) {
		if (w->guest[i].tally != &g->tally)
			continue;
		moves += machine_vcpu_moves(w->guest[i].v);
		ran += machine_vcpu_ran(w->guest[i].v);
		remote += guest_remote(&w->guest[i]);
	}
	begin_row(p, "domains", g->name);
	whole(p, "vcpus", (s64)g->domains * g->vcpus);
	whole(p, "ran_ns", ran);
	real(p, "cpus_used", (double)ran / (double)machine_now());
	whole(p, "migrations", (s64)moves);
	if (g->home)
		whole(p, "remote_ns", remote);
	quantiles(p, "latency", &g->tally.latency);
	if (g->tally.jobs) {
		whole(p, "jobs", (s64)g->tally.jobs);
		whole(p, "misses", (s64)g->tally.misses);
		whole(p, "worst_lateness_ns", g->tally.worst_lateness);
		quantiles(p, "response", &g->tally.response);
	}
	if (g->tally.spun)
		whole(p, "spun_ns", g->tally.spun);
	end_row(p);
}

static void print_cpus(struct printer *p)
{
	char row[16];

	for (u32 cpu = 0; cpu < machine_cpus(); cpu++) {
		snprintf(row, sizeof(row), "%u", cpu);
		begin_row(p, "cpu", row);
		whole(p, "idle_ns", machine_idle(cpu));
		end_row(p);
	}
}

void summary_print(FILE *f, const struct simulation *sim, enum summary_form form)
{
	struct printer p = { .f = f, .form = form, .first_row = true };

	if (form == SUMMARY_TSV)
		fputs("table\trow\tname\tvalue\n", f);
	if (form == SUMMARY_JSON)
		fputs("[", f);
	print_run(&p, sim);
	for (u32 i = 0; i < sim->workload->nr_groups; i++)
		print_group(&p, sim, &sim->workload->group[i]);
	if (form != SUMMARY_TEXT)
		print_cpus(&p);
	if (form == SUMMARY_JSON)
		fputs("\n]\n", f);
}
