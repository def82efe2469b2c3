/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl psr-cmt-attach, psr-cmt-detach, psr-cmt-show: who occupies how much of the cache. */
#include <getopt.h>
#include <unistd.h>

#include "psr.h"

#define TRIES 5
#define DEFAULT_WINDOW_MS 10
#define LONGEST_WINDOW_MS 900	/* a counter overflows at most once a second */
#define NS_PER_S 1000000000UL

static int attach(struct xl *xl, int argc, char **argv, uint32_t cmd)
{
	uint32_t unused;
	int status, rc;

	if (!xl_plain(xl, argc, argv, 1, &status))
		return status;
	if (argc - optind != 1)
		return xl_usage(xl);
	rc = ctl_psr_cmt(xl_lx(xl)->ctl, xl_domain(xl, argv[optind]), cmd, &unused);
	return rc ? psr_cmt_refused(xl, argv[optind], rc) : 0;
}

static int main_psr_cmt_attach(struct xl *xl, int argc, char **argv)
{
	return attach(xl, argc, argv, XEN_DOMCTL_PSR_CMT_OP_ATTACH);
}

static int main_psr_cmt_detach(struct xl *xl, int argc, char **argv)
{
	return attach(xl, argc, argv, XEN_DOMCTL_PSR_CMT_OP_DETACH);
}

struct sample {
	uint64_t bytes, ns;
	int rc;
};

struct monitored {
	uint32_t domid, rmid;		/* 0: not attached */
	struct sample first[PSR_MAX_SOCKETS], last[PSR_MAX_SOCKETS];
};

struct view {
	struct psr_sockets sockets;
	uint32_t event;
	uint64_t upscale;
	unsigned int window_ms;
	struct monitored *domain;
	int n;
};

static void take(struct xl *xl, const struct view *v, uint32_t rmid, struct sample s[])
{
	for (unsigned int i = 0; rmid && i < v->sockets.n; i++) {
		s[i].rc = ctl_psr_counter(xl->lx.ctl, v->sockets.at[i].cpu, v->event, rmid,
					  &s[i].bytes, &s[i].ns);
		s[i].bytes *= v->upscale;
	}
}

/*
 * Bandwidth needs two samples of every domain, a while apart. A counter that began anew in between
 * needs another one.
 */
static void sample(struct xl *xl, struct view *v)
{
	bool again = v->event != PSR_OCCUPANCY;

	for (int d = 0; d < v->n; d++)
		take(xl, v, v->domain[d].rmid, v->domain[d].last);
	for (unsigned int tries = 0; again && tries < TRIES; tries++) {
		again = false;
		for (int d = 0; d < v->n; d++)
			memcpy(v->domain[d].first, v->domain[d].last, sizeof(v->domain[d].last));
		usleep(v->window_ms * 1000);
		for (int d = 0; d < v->n; d++) {
			struct monitored *m = &v->domain[d];

			take(xl, v, m->rmid, m->last);
			for (unsigned int i = 0; m->rmid && i < v->sockets.n; i++)
				again |= m->last[i].bytes < m->first[i].bytes;
		}
	}
}

static int print_one(const struct view *v, const struct monitored *m, unsigned int i)
{
	const struct sample *a = &m->first[i], *b = &m->last[i];

	if (v->event == PSR_OCCUPANCY && !b->rc) {
		printf("%13lu KB", b->bytes / 1024);
		return 0;
	}
	if (v->event != PSR_OCCUPANCY && !a->rc && !b->rc && b->ns > a->ns &&
	    b->bytes >= a->bytes) {
		printf("%11lu KB/s", (uint64_t)((unsigned __int128)(b->bytes - a->bytes) *
						NS_PER_S / (b->ns - a->ns) / 1024));
		return 0;
	}
	printf("%16s", "error");
	return a->rc ? a->rc : b->rc ? b->rc : -EIO;
}

static int print_sizes(struct xl *xl, const struct view *v)
{
	printf("%-46s", "Total L3 Cache Size");
	for (unsigned int i = 0; i < v->sockets.n; i++) {
		uint64_t kib;
		int rc = psr_cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_l3_cache_size,
				      v->sockets.at[i].cpu, &kib);

		if (rc)
			return psr_cmt_refused(xl, "reading the size of the cache", rc);
		printf("%13lu KB", kib);
	}
	putchar('\n');
	return 0;
}

static int print_view(struct xl *xl, const struct view *v, uint64_t rmids)
{
	int rc = 0;

	printf("Total RMID: %lu\n%-40s %5s", rmids, "Name", "ID");
	for (unsigned int i = 0; i < v->sockets.n; i++)
		printf("%14s %u", "Socket", v->sockets.at[i].id);
	putchar('\n');
	if (v->event == PSR_OCCUPANCY && print_sizes(xl, v))
		return 1;
	for (int d = 0; d < v->n; d++) {
		const struct monitored *m = &v->domain[d];
		char *name = m->rmid ? xl_name(xl, m->domid) : NULL;

		if (m->rmid)
			printf("%-40s %5u", name, m->domid);
		for (unsigned int i = 0; m->rmid && i < v->sockets.n; i++) {
			int err = print_one(v, m, i);

			rc = rc ? rc : err;
		}
		if (m->rmid)
			putchar('\n');
		free(name);
	}
	return rc ? psr_cmt_refused(xl, "reading counters", rc) : 0;
}

/* On stderr, as the table is 4.17's. */
static void name_unattached(struct xl *xl, const struct view *v)
{
	bool any = false;

	for (int d = 0; d < v->n; d++) {
		char *name = v->domain[d].rmid ? NULL : xl_name(xl, v->domain[d].domid);

		if (name)
			fprintf(stderr, "%s %s", any ? "," : "xl psr-cmt-show: not attached (xl "
				"psr-cmt-attach):", name);
		any |= name != NULL;
		free(name);
	}
	if (any)
		fputc('\n', stderr);
}

/* All domains, or the one that @text names; false: told on stderr. */
static bool choose(struct xl *xl, struct view *v, const char *text)
{
	struct xen_domctl_getdomaininfo *all = text ? NULL : xl_domains(xl, &v->n);

	if (text)
		v->n = 1;
	v->domain = calloc((size_t)v->n, sizeof(*v->domain));
	for (int d = 0; v->domain && d < v->n; d++) {
		v->domain[d].domid = text ? xl_domain(xl, text) : all[d].domain;
		/* One that has just gone is not attached. */
		ctl_psr_cmt(xl->lx.ctl, v->domain[d].domid, XEN_DOMCTL_PSR_CMT_OP_QUERY_RMID,
			    &v->domain[d].rmid);
	}
	free(all);
	if (!v->domain)
		fprintf(stderr, "no memory\n");
	else if (text && !v->domain[0].rmid)
		psr_cmt_refused(xl, text, -ENOENT);
	else
		return true;
	return false;
}

static int show(struct xl *xl, struct view *v, const char *domain)
{
	uint64_t rmids, events = 0;
	int rc = psr_cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_total_rmid, 0, &rmids);

	if (!rc)
		rc = psr_cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_l3_event_mask, 0, &events);
	if (!rc)
		rc = psr_cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_l3_upscaling_factor, 0, &v->upscale);
	if (rc)
		return psr_cmt_refused(xl, psr_types[v->event - 1], rc);
	if (!(events >> (v->event - 1) & 1)) {
		fprintf(stderr, "xl psr-cmt-show: this processor does not count %s (xl psr-hwinfo "
			"lists what it does)\n", psr_types[v->event - 1]);
		return 1;
	}
	if (!choose(xl, v, domain))
		return 1;
	sample(xl, v);
	rc = print_view(xl, v, rmids);
	if (!domain)
		name_unattached(xl, v);
	return rc;
}

static bool parse_window(const char *text, unsigned int *ms)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*ms = (unsigned int)n;
	if (end != text && !*end && n >= 1 && n <= LONGEST_WINDOW_MS)
		return true;
	fprintf(stderr, "xl psr-cmt-show: the window is 1 to %u ms, not \"%s\"\n",
		LONGEST_WINDOW_MS, text);
	return false;
}

static int main_psr_cmt_show(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "window", 1, NULL, 'w' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct view v = { .window_ms = DEFAULT_WINDOW_MS };
	int opt, rc;

	while ((opt = xl_getopt(xl, argc, argv, "w:h", lopts, 1)) != XL_OPT_DONE) {
		if (opt < XL_OPT_DONE)
			return XL_OPT_STATUS(opt);
		if (!parse_window(optarg, &v.window_ms))
			return 2;
	}
	for (unsigned int i = 0; i < PSR_TYPES; i++)
		if (!strcmp(argv[optind], psr_types[i]))
			v.event = i + 1;
	if (!v.event || argc - optind > 2) {
		xl_usage(xl);
		return 2;
	}
	v.sockets = psr_find_sockets(xl);
	rc = show(xl, &v, argv[optind + 1]);
	free(v.domain);
	return rc;
}

const struct xl_command xl_cmt_commands[] = {
	{ "psr-cmt-attach", main_psr_cmt_attach, false, true,
	  "Monitor a domain's use of the cache", "<Domain>", NULL },
	{ "psr-cmt-detach", main_psr_cmt_detach, false, true,
	  "Stop monitoring a domain's use of the cache", "<Domain>", NULL },
	{ "psr-cmt-show", main_psr_cmt_show, false, false,
	  "Show what monitored domains use of the cache", "[options] <Type> [<Domain>]",
	  "-w MS, --window=MS  Time between the two samples of a bandwidth (10)\n"
	  "Types: cache-occupancy, in KB; total-mem-bandwidth and local-mem-bandwidth,\n"
	  "in KB/s." },
	{ 0 },
};
