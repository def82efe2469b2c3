/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl psr-hwinfo, psr-cmt-attach, psr-cmt-detach, psr-cmt-show, psr-cat-set, psr-cat-show: who
 * occupies how much of the last-level cache, and who may fill which part of it.
 */
#include <getopt.h>
#include <unistd.h>

#include "xl.h"

#define MAX_SOCKETS 32
#define TRIES 5
#define DEFAULT_WINDOW_MS 10
#define LONGEST_WINDOW_MS 900	/* a counter overflows at most once a second */
#define NS_PER_S 1000000000UL

/* Monitor types, in the order of the hypervisor's events, which are numbered from 1. */
static const char *const types[] = {
	"cache-occupancy", "total-mem-bandwidth", "local-mem-bandwidth",
};
#define OCCUPANCY 1U

/* The sockets that have CPUs, each with one of these. */
struct sockets {
	unsigned int n;
	struct {
		uint32_t id, cpu;
	} at[MAX_SOCKETS];
};

/* One cause, and what to do about it. Returns the exit status. */
static int refused(struct xl *xl, const char *what, bool cat, int rc)
{
	const char *why = strerror(-rc);

	switch (rc) {
	case -ENODEV:
		why = cat ? "the hypervisor cannot divide the cache: boot it with psr=cat, on a "
			    "processor that has this (xl dmesg tells)"
			  : "the hypervisor does not monitor the cache: boot it with psr=cmt, on a "
			    "processor that has this (xl dmesg tells)";
		break;
	case -EEXIST:
		why = "it is attached already";
		break;
	case -ENOENT:
		why = cat ? "the socket has no CPUs" : "it is not attached: xl psr-cmt-attach";
		break;
	case -EOVERFLOW:
		why = cat ? "all classes of service have other masks: give a mask that another "
			    "domain has, or all bits to one that has a mask"
			  : "all RMIDs are in use, or lines of the cache still carry them: detach "
			    "another domain, or try again later";
		break;
	case -ERANGE:
		why = "there is no such socket";
		break;
	case -EINVAL:
		why = "a mask is one run of bits within those of xl psr-hwinfo --cat";
		break;
	case -ENXIO:
		why = "code and data have one mask";
		break;
	case -EIO:
		why = "the processor cannot tell at present: try again";
		break;
	}
	fprintf(stderr, "xl %s: %s: %s\n", xl->command, what, why);
	return 1;
}

static int cmt_refused(struct xl *xl, const char *what, int rc)
{
	return refused(xl, what, false, rc);
}

static int cat_refused(struct xl *xl, const char *what, int rc)
{
	return refused(xl, what, true, rc);
}

/* The process ends when they cannot be listed. */
static struct sockets find_sockets(struct xl *xl)
{
	uint32_t cpus = xl_nr_cpus(xl);
	struct xen_sysctl_cputopo *topo = calloc(cpus, sizeof(*topo));
	int n = topo ? ctl_cpu_topology(xl_lx(xl)->ctl, topo, cpus) : -ENOMEM;
	struct sockets s = { 0 };

	for (int cpu = 0; cpu < n; cpu++) {
		bool known = topo[cpu].socket == XEN_INVALID_SOCKET_ID;

		for (unsigned int i = 0; i < s.n; i++)
			known |= s.at[i].id == topo[cpu].socket;
		if (known || s.n == MAX_SOCKETS)
			continue;
		s.at[s.n].id = topo[cpu].socket;
		s.at[s.n++].cpu = (uint32_t)cpu;
	}
	free(topo);
	if (!s.n) {
		fprintf(stderr, "xl %s: cannot list the sockets\n", xl->command);
		exit(1);
	}
	return s;
}

static int cmt_info(struct xl *xl, uint32_t cmd, uint32_t cpu, uint64_t *value)
{
	return ctl_psr_cmt_info(xl_lx(xl)->ctl, cmd, cpu, value);
}

/* ---- psr-hwinfo ---- */

static int print_cmt(struct xl *xl)
{
	uint64_t enabled, rmids, events;
	int rc = cmt_info(xl, XEN_SYSCTL_PSR_CMT_enabled, 0, &enabled);

	printf("Cache Monitoring Technology (CMT):\n");
	printf("%-16s: %u\n", "Enabled", !rc && enabled);
	if (rc == -ENODEV || (!rc && !enabled))
		return 0;
	if (!rc)
		rc = cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_total_rmid, 0, &rmids);
	if (!rc)
		rc = cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_l3_event_mask, 0, &events);
	if (rc)
		return cmt_refused(xl, "reading what is monitored", rc);
	printf("%-16s: %lu\n", "Total RMID", rmids);
	printf("Supported monitor types:\n");
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (events >> i & 1)
			printf("%s\n", types[i]);
	return 0;
}

static int cat_info(struct xl *xl, uint32_t socket, struct xen_sysctl_psr_alloc *info)
{
	*info = (struct xen_sysctl_psr_alloc){ .cmd = XEN_SYSCTL_PSR_get_l3_info,
					       .target = socket };
	return ctl_psr_alloc_info(xl_lx(xl)->ctl, info);
}

static uint64_t full_mask(const struct xen_sysctl_psr_alloc *info)
{
	uint32_t bits = info->u.cat_info.cbm_len;

	return bits < 64 ? ((uint64_t)1 << bits) - 1 : ~(uint64_t)0;
}

static int print_cat(struct xl *xl, bool asked)
{
	struct sockets s = find_sockets(xl);

	for (unsigned int i = 0; i < s.n; i++) {
		struct xen_sysctl_psr_alloc info;
		uint64_t kib;
		int rc = cat_info(xl, s.at[i].id, &info);

		if (rc == -ENODEV && !asked)
			return 0;
		if (!rc)
			rc = cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_l3_cache_size, s.at[i].cpu, &kib);
		if (rc)
			return cat_refused(xl, "reading the classes of service", rc);
		if (!i)
			printf("Cache Allocation Technology (CAT):\n");
		printf("%-16s: %u\n%-16s: %luKB\n", "Socket ID", s.at[i].id, "L3 Cache", kib);
		printf("%-16s: %s\n", "CDP Status",
		       info.u.cat_info.flags & XEN_SYSCTL_PSR_CAT_L3_CDP ? "Enabled" : "Disabled");
		printf("%-16s: %u\n%-16s: %u\n", "Maximum COS", info.u.cat_info.cos_max,
		       "CBM length", info.u.cat_info.cbm_len);
		printf("%-16s: %#lx\n", "Default CBM", full_mask(&info));
	}
	return 0;
}

static int main_psr_hwinfo(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "cmt", 0, NULL, 'm' }, { "cat", 0, NULL, 'a' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	bool cmt = false, cat = false;
	int opt, rc = 0;

	while ((opt = xl_getopt(xl, argc, argv, "mah", lopts, 0)) != XL_OPT_DONE) {
		if (opt < XL_OPT_DONE)
			return XL_OPT_STATUS(opt);
		cmt |= opt == 'm';
		cat |= opt == 'a';
	}
	if (cmt || !cat)
		rc = print_cmt(xl);
	if (!rc && (cat || !cmt))
		rc = print_cat(xl, cat);
	return rc;
}

/* ---- psr-cmt-attach, psr-cmt-detach ---- */

static int attach(struct xl *xl, int argc, char **argv, uint32_t cmd)
{
	uint32_t unused;
	int status, rc;

	if (!xl_plain(xl, argc, argv, 1, &status))
		return status;
	if (argc - optind != 1)
		return xl_usage(xl);
	rc = ctl_psr_cmt(xl_lx(xl)->ctl, xl_domain(xl, argv[optind]), cmd, &unused);
	return rc ? cmt_refused(xl, argv[optind], rc) : 0;
}

static int main_psr_cmt_attach(struct xl *xl, int argc, char **argv)
{
	return attach(xl, argc, argv, XEN_DOMCTL_PSR_CMT_OP_ATTACH);
}

static int main_psr_cmt_detach(struct xl *xl, int argc, char **argv)
{
	return attach(xl, argc, argv, XEN_DOMCTL_PSR_CMT_OP_DETACH);
}

/* ---- psr-cmt-show ---- */

struct sample {
	uint64_t bytes, ns;
	int rc;
};

struct monitored {
	uint32_t domid, rmid;		/* 0: not attached */
	struct sample first[MAX_SOCKETS], last[MAX_SOCKETS];
};

struct view {
	struct sockets sockets;
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
	bool again = v->event != OCCUPANCY;

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

	if (v->event == OCCUPANCY && !b->rc) {
		printf("%13lu KB", b->bytes / 1024);
		return 0;
	}
	if (v->event != OCCUPANCY && !a->rc && !b->rc && b->ns > a->ns && b->bytes >= a->bytes) {
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
		int rc = cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_l3_cache_size, v->sockets.at[i].cpu,
				  &kib);

		if (rc)
			return cmt_refused(xl, "reading the size of the cache", rc);
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
	if (v->event == OCCUPANCY && print_sizes(xl, v))
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
	return rc ? cmt_refused(xl, "reading counters", rc) : 0;
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
		cmt_refused(xl, text, -ENOENT);
	else
		return true;
	return false;
}

static int show(struct xl *xl, struct view *v, const char *domain)
{
	uint64_t rmids, events = 0;
	int rc = cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_total_rmid, 0, &rmids);

	if (!rc)
		rc = cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_l3_event_mask, 0, &events);
	if (!rc)
		rc = cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_l3_upscaling_factor, 0, &v->upscale);
	if (rc)
		return cmt_refused(xl, types[v->event - 1], rc);
	if (!(events >> (v->event - 1) & 1)) {
		fprintf(stderr, "xl psr-cmt-show: this processor does not count %s (xl psr-hwinfo "
			"lists what it does)\n", types[v->event - 1]);
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
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(argv[optind], types[i]))
			v.event = i + 1;
	if (!v.event || argc - optind > 2) {
		xl_usage(xl);
		return 2;
	}
	v.sockets = find_sockets(xl);
	rc = show(xl, &v, argv[optind + 1]);
	free(v.domain);
	return rc;
}

/* ---- psr-cat-set, psr-cat-show ---- */

static bool parse_level(struct xl *xl, const char *text)
{
	if (!strcmp(text, "3"))
		return true;
	fprintf(stderr, "xl %s: only the cache of level 3 can be divided, not that of level %s\n",
		xl->command, text);
	return false;
}

/* "0,2-3" as bits; false: told on stderr. */
static bool parse_sockets(const char *text, uint64_t *bits)
{
	const char *s = text;
	bool more;

	do {
		char *end;
		unsigned long from = strtoul(s, &end, 10), to = from;
		bool number = end != s;

		if (number && *end == '-') {
			s = end + 1;
			to = strtoul(s, &end, 10);
			number = end != s;
		}
		more = *end == ',';
		if (!number || (*end && !more) || from > to || to >= 64) {
			fprintf(stderr, "xl psr-cat-set: sockets are a list such as 0,2-3, not "
				"\"%s\"\n", text);
			return false;
		}
		for (unsigned long i = from; i <= to; i++)
			*bits |= (uint64_t)1 << i;
		s = end + 1;
	} while (more);
	return true;
}

/* Every socket that was named must be there, before the first mask is set. */
static bool check_sockets(const struct sockets *s, uint64_t wanted)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (s->at[i].id < 64)
			wanted &= ~((uint64_t)1 << s->at[i].id);
	if (!wanted)
		return true;
	fprintf(stderr, "xl psr-cat-set: there is no socket %d\n", __builtin_ctzl(wanted));
	return false;
}

static int set_masks(struct xl *xl, const char *domain, const char *text, uint32_t cmd,
		     uint64_t wanted)
{
	struct sockets s = find_sockets(xl);
	uint32_t domid = xl_domain(xl, domain);
	char *end;
	uint64_t mask = strtoull(text, &end, 0);

	if (end == text || *end) {
		fprintf(stderr, "xl psr-cat-set: a mask is a number such as 0xf, not \"%s\"\n",
			text);
		return 1;
	}
	if (!check_sockets(&s, wanted))
		return 1;
	for (unsigned int i = 0; i < s.n; i++) {
		uint64_t m = mask;
		int rc = 0;

		if (!wanted || wanted >> s.at[i].id & 1)
			rc = ctl_psr_alloc(xl_lx(xl)->ctl, domid, cmd, s.at[i].id, &m);
		if (rc)
			return cat_refused(xl, domain, rc);
	}
	return 0;
}

static int main_psr_cat_set(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "socket", 1, NULL, 's' }, { "level", 1, NULL, 'l' }, { "code", 0, NULL, 'c' },
		{ "data", 0, NULL, 'd' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	bool code = false, data = false;
	uint64_t wanted = 0;
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "s:l:cdh", lopts, 2)) != XL_OPT_DONE) {
		if (opt < XL_OPT_DONE)
			return XL_OPT_STATUS(opt);
		if ((opt == 's' && !parse_sockets(optarg, &wanted)) ||
		    (opt == 'l' && !parse_level(xl, optarg)))
			return 1;
		code |= opt == 'c';
		data |= opt == 'd';
	}
	if (code && data) {
		fprintf(stderr, "Cannot handle -c and -d at the same time\n");
		return 1;
	}
	if (argc - optind != 2) {
		xl_usage(xl);
		return 2;
	}
	return set_masks(xl, argv[optind], argv[optind + 1],
			 code ? XEN_DOMCTL_PSR_SET_L3_CODE : data ? XEN_DOMCTL_PSR_SET_L3_DATA :
			 XEN_DOMCTL_PSR_SET_L3_CBM, wanted);
}

static void print_mask(struct xl *xl, uint32_t domid, uint32_t socket, bool cdp)
{
	static const uint32_t one[] = { XEN_DOMCTL_PSR_GET_L3_CBM };
	static const uint32_t two[] = { XEN_DOMCTL_PSR_GET_L3_CODE, XEN_DOMCTL_PSR_GET_L3_DATA };
	char *name = xl_name(xl, domid);

	printf("%5u%25s", domid, name);
	for (int i = 0; i < (cdp ? 2 : 1); i++) {
		uint64_t mask = 0;

		if (ctl_psr_alloc(xl->lx.ctl, domid, cdp ? two[i] : one[i], socket, &mask))
			printf("%16s", "error");
		else
			printf("%#16lx", mask);
	}
	putchar('\n');
	free(name);
}

static int show_socket(struct xl *xl, uint32_t socket, uint32_t cpu, const uint32_t *domid, int n)
{
	struct xen_sysctl_psr_alloc info;
	uint64_t kib;
	bool cdp;
	int rc = cat_info(xl, socket, &info);

	if (!rc)
		rc = cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_l3_cache_size, cpu, &kib);
	if (rc)
		return cat_refused(xl, "reading the classes of service", rc);
	cdp = info.u.cat_info.flags & XEN_SYSCTL_PSR_CAT_L3_CDP;
	printf("%-16s: %u\n%-16s: %luKB\n", "Socket ID", socket, "L3 Cache", kib);
	printf("%-16s: %#lx\n", "Default CBM", full_mask(&info));
	if (cdp)
		printf("%5s%25s%16s%16s\n", "ID", "NAME", "CBM (code)", "CBM (data)");
	else
		printf("%5s%25s%16s\n", "ID", "NAME", "CBM");
	for (int i = 0; i < n; i++)
		print_mask(xl, domid[i], socket, cdp);
	return 0;
}

static int main_psr_cat_show(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "level", 1, NULL, 'l' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct xen_domctl_getdomaininfo *all = NULL;
	struct sockets s;
	uint32_t *domid;
	int opt, n = 1, rc = 0;

	while ((opt = xl_getopt(xl, argc, argv, "l:h", lopts, 0)) != XL_OPT_DONE) {
		if (opt < XL_OPT_DONE)
			return XL_OPT_STATUS(opt);
		if (!parse_level(xl, optarg))
			return 1;
	}
	if (argc - optind > 1) {
		xl_usage(xl);
		return 2;
	}
	s = find_sockets(xl);
	if (optind == argc)
		all = xl_domains(xl, &n);
	domid = calloc((size_t)n, sizeof(*domid));
	for (int i = 0; domid && i < n; i++)
		domid[i] = all ? all[i].domain : xl_domain(xl, argv[optind]);
	for (unsigned int i = 0; domid && !rc && i < s.n; i++)
		rc = show_socket(xl, s.at[i].id, s.at[i].cpu, domid, n);
	rc = domid ? rc : 1;
	free(domid);
	free(all);
	return rc;
}

const struct xl_command xl_psr_commands[] = {
	{ "psr-hwinfo", main_psr_hwinfo, false, false,
	  "Show what the processor can monitor and divide", "[options]",
	  "-m, --cmt  Show Cache Monitoring Technology (CMT)\n"
	  "-a, --cat  Show Cache Allocation Technology (CAT)" },
	{ "psr-cmt-attach", main_psr_cmt_attach, false, true,
	  "Monitor a domain's use of the cache", "<Domain>", NULL },
	{ "psr-cmt-detach", main_psr_cmt_detach, false, true,
	  "Stop monitoring a domain's use of the cache", "<Domain>", NULL },
	{ "psr-cmt-show", main_psr_cmt_show, false, false,
	  "Show what monitored domains use of the cache", "[options] <Type> [<Domain>]",
	  "-w MS, --window=MS  Time between the two samples of a bandwidth (10)\n"
	  "Types: cache-occupancy, in KB; total-mem-bandwidth and local-mem-bandwidth,\n"
	  "in KB/s." },
	{ "psr-cat-set", main_psr_cat_set, false, true,
	  "Set which part of the cache a domain may fill", "[options] <Domain> <CBM>",
	  "-s SOCKETS, --socket=SOCKETS  Only of these sockets, such as 0,2-3\n"
	  "-l LEVEL, --level=LEVEL       3, which is the default\n"
	  "-c, --code                    Only for code, where code and data are separate\n"
	  "-d, --data                    Only for data" },
	{ "psr-cat-show", main_psr_cat_show, false, false,
	  "Show which part of the cache domains may fill", "[options] [<Domain>]",
	  "-l LEVEL, --level=LEVEL  3, which is the default" },
	{ 0 },
};
