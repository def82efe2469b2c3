/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl psr-cat-set, psr-cat-show: who may fill which part of the last-level cache. */
#include <getopt.h>

#include "psr.h"

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
static bool check_sockets(const struct psr_sockets *s, uint64_t wanted)
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
	struct psr_sockets s = psr_find_sockets(xl);
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
			return psr_cat_refused(xl, domain, rc);
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
	int rc = psr_cat_info(xl, socket, &info);

	if (!rc)
		rc = psr_cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_l3_cache_size, cpu, &kib);
	if (rc)
		return psr_cat_refused(xl, "reading the classes of service", rc);
	cdp = info.u.cat_info.flags & XEN_SYSCTL_PSR_CAT_L3_CDP;
	printf("%-16s: %u\n%-16s: %luKB\n", "Socket ID", socket, "L3 Cache", kib);
	printf("%-16s: %#lx\n", "Default CBM", psr_full_mask(&info));
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
	struct psr_sockets s;
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
	s = psr_find_sockets(xl);
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

const struct xl_command xl_cat_commands[] = {
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
