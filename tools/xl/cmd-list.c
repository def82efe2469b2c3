/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl list, vm-list, domid, domname, uptime. */
#include <getopt.h>
#include <json-c/json.h>
#include <time.h>

#include "light/pool.h"
#include "xl.h"

#include <public/sched.h>

#define NS_PER_S 1e9
#define KIB_PER_PAGE 4

struct list_options {
	bool verbose, context, pool, numa, longer, json;
	uint32_t nodes;			/* of the machine */
};

static uint32_t shutdown_code(const struct xen_domctl_getdomaininfo *d)
{
	return d->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

static void state_text(const struct xen_domctl_getdomaininfo *d, char text[7])
{
	bool down = d->flags & XEN_DOMINF_shutdown;

	text[0] = d->flags & XEN_DOMINF_running ? 'r' : '-';
	text[1] = d->flags & XEN_DOMINF_blocked ? 'b' : '-';
	text[2] = d->flags & XEN_DOMINF_paused ? 'p' : '-';
	text[3] = down ? 's' : '-';
	text[4] = down && shutdown_code(d) == SHUTDOWN_crash ? 'c' : '-';
	text[5] = d->flags & XEN_DOMINF_dying ? 'd' : '-';
	text[6] = '\0';
}

static uint64_t mib(const struct xen_domctl_getdomaininfo *d)
{
	return (d->tot_pages + d->outstanding_pages) * KIB_PER_PAGE >> 10;
}

static void print_nodes(struct xl *xl, uint32_t domid, uint32_t nodes)
{
	struct lx_cpumap map = { 0 };

	putchar(' ');
	if (ctl_domain_get_node_affinity(xl->lx.ctl, domid, (uint8_t *)map.w, sizeof(map.w)))
		putchar('-');
	else
		xl_print_cpus(stdout, &map, nodes);
}

static void print_row(struct xl *xl, const struct xen_domctl_getdomaininfo *d,
		      const struct list_options *o)
{
	char state[7], uuid[LX_UUID_TEXT], *name = xl_name(xl, d->domain);

	state_text(d, state);
	lx_uuid_text(d->handle, uuid);
	printf("%-40s %5d %5lu %5u     %s  %8.1f", name, d->domain, mib(d), d->nr_online_vcpus,
	       state, (double)d->cpu_time / NS_PER_S);
	if (o->verbose) {
		printf(" %s", uuid);
		if (d->flags & XEN_DOMINF_shutdown)
			printf(" %8x", shutdown_code(d));
		else
			printf(" %8s", "-");
	}
	if (o->verbose || o->context)
		printf(" %16s", "-");
	if (o->pool) {
		char *pool = lx_pool_name(&xl->lx, d->cpupool);

		printf("%16s", pool ? pool : "");
		free(pool);
	}
	if (o->numa)
		print_nodes(xl, d->domain, o->nodes);
	putchar('\n');
	free(name);
}

static struct json_object *to_json(struct xl *xl, const struct xen_domctl_getdomaininfo *d,
				   bool config_too)
{
	struct json_object *j = json_object_new_object();
	struct lx_domain_config config;
	char state[7], *name;

	json_object_object_add(j, "domid", json_object_new_int(d->domain));
	if (!config_too) {
		char uuid[LX_UUID_TEXT];

		state_text(d, state);
		name = xl_name(xl, d->domain);
		lx_uuid_text(d->handle, uuid);
		json_object_object_add(j, "name", json_object_new_string(name));
		json_object_object_add(j, "uuid", json_object_new_string(uuid));
		json_object_object_add(j, "memory_mib", json_object_new_uint64(mib(d)));
		json_object_object_add(j, "vcpus", json_object_new_int((int)d->nr_online_vcpus));
		json_object_object_add(j, "state", json_object_new_string(state));
		json_object_object_add(j, "cpu_time_ns", json_object_new_uint64(d->cpu_time));
		free(name);
		return j;
	}
	if (lx_state_load(&xl->lx, d->handle, &config)) {
		/* Not created by us: what is known of it. */
		lx_init(&lx_domain_config_type, &config);
		config.c_info.type = strdup("pvh");
		config.c_info.name = xl_name(xl, d->domain);
		memcpy(config.c_info.uuid, d->handle, sizeof(config.c_info.uuid));
		config.b_info.max_vcpus = d->max_vcpu_id + 1;
		config.b_info.max_memkb = d->max_pages * KIB_PER_PAGE;
		config.b_info.target_memkb = d->tot_pages * KIB_PER_PAGE;
	}
	json_object_object_add(j, "config", lx_to_json(&lx_domain_config_type, &config));
	lx_dispose(&lx_domain_config_type, &config);
	return j;
}

static int print_json(struct xl *xl, const struct xen_domctl_getdomaininfo *info, int n,
		      bool config_too)
{
	struct json_object *a = json_object_new_array();

	for (int i = 0; i < n; i++)
		json_object_array_add(a, to_json(xl, &info[i], config_too));
	return xl_print_json(a);
}

static void print_table(struct xl *xl, const struct xen_domctl_getdomaininfo *info, int n,
			const struct list_options *o)
{
	printf("Name                                        ID   Mem VCPUs\tState\tTime(s)");
	if (o->verbose)
		printf("   UUID                            Reason-Code\tSecurity Label");
	if (o->context && !o->verbose)
		printf("   Security Label");
	if (o->pool)
		printf("         Cpupool");
	if (o->numa)
		printf(" NODE Affinity");
	putchar('\n');
	for (int i = 0; i < n; i++)
		print_row(xl, &info[i], o);
}

/* The domains named, or all of them. */
static struct xen_domctl_getdomaininfo *chosen(struct xl *xl, int argc, char **argv, int *n)
{
	struct xen_domctl_getdomaininfo *info;

	if (!argc)
		return xl_domains(xl, n);
	info = calloc((size_t)argc, sizeof(*info));
	*n = 0;
	for (int i = 0; info && i < argc; i++)
		if (!ctl_domain_info(xl_lx(xl)->ctl, xl_domain(xl, argv[i]), &info[*n]))
			++*n;
	return info;
}

static int main_list(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "long", 0, NULL, 'l' }, { "verbose", 0, NULL, 'v' }, { "context", 0, NULL, 'Z' },
		{ "cpupool", 0, NULL, 'c' }, { "numa", 0, NULL, 'n' }, { "json", 0, NULL, 'j' },
		{ "help", 0, NULL, 'h' }, { 0 },
	};
	struct xen_domctl_getdomaininfo *info;
	struct xen_sysctl_physinfo machine;
	struct list_options o = { 0 };
	int opt, n, rc = 0;

	while ((opt = xl_getopt(xl, argc, argv, "lvhZcn", lopts, 0)) != XL_OPT_DONE) {
		switch (opt) {
		case XL_OPT_WRONG:
		case XL_OPT_HELP:
			return XL_OPT_STATUS(opt);
		case 'l':
			o.longer = true;
			break;
		case 'v':
			o.verbose = true;
			break;
		case 'Z':
			o.context = true;
			break;
		case 'c':
			o.pool = true;
			break;
		case 'n':
			o.numa = true;
			break;
		case 'j':
			o.json = true;
			break;
		}
	}
	info = chosen(xl, argc - optind, argv + optind, &n);
	if (o.numa && !ctl_physinfo(xl_lx(xl)->ctl, &machine))
		o.nodes = machine.nr_nodes;
	if (o.longer || o.json)
		rc = print_json(xl, info, n, o.longer);
	else
		print_table(xl, info, n, &o);
	free(info);
	return rc;
}

static int main_vm_list(struct xl *xl, int argc, char **argv)
{
	struct xen_domctl_getdomaininfo *info;
	int n, status;

	if (!xl_plain(xl, argc, argv, 0, &status))
		return status;
	info = xl_domains(xl, &n);
	printf("UUID                                  ID    name\n");
	for (int i = 0; i < n; i++) {
		char uuid[LX_UUID_TEXT], *name;

		lx_uuid_text(info[i].handle, uuid);
		name = xl_name(xl, info[i].domain);
		printf("%s  %d    %-30s\n", uuid, info[i].domain, name);
		free(name);
	}
	free(info);
	return 0;
}

static int main_domid(struct xl *xl, int argc, char **argv)
{
	uint32_t domid;
	int status;

	if (!xl_plain(xl, argc, argv, 1, &status))
		return status;
	if (lx_find_name(xl_lx(xl), argv[optind], &domid)) {
		fprintf(stderr, "Can't get domid of domain name '%s', maybe this domain does not "
			"exist.\n", argv[optind]);
		return 1;
	}
	printf("%u\n", domid);
	return 0;
}

static int main_domname(struct xl *xl, int argc, char **argv)
{
	char *name, *end;
	unsigned long domid;
	int status;

	if (!xl_plain(xl, argc, argv, 1, &status))
		return status;
	domid = strtoul(argv[optind], &end, 10);
	if (end == argv[optind] || *end) {
		fprintf(stderr, "Invalid domain id.\n\n");
		xl_usage(xl);
		return 1;
	}
	name = lx_domain_name(xl_lx(xl), (uint32_t)domid);
	if (!name) {
		fprintf(stderr, "Can't get domain name of domain id '%lu', maybe this domain does "
			"not exist.\n", domid);
		return 1;
	}
	printf("%s\n", name);
	free(name);
	return 0;
}

/* Seconds since dom0's kernel started, or since the domain was created; -1: not known. */
static long uptime_of(struct xl *xl, const struct xen_domctl_getdomaininfo *d)
{
	char uuid[LX_UUID_TEXT], *text;
	double seconds = -1;

	if (!d->domain) {
		FILE *f = fopen("/proc/uptime", "re");

		if (f && fscanf(f, "%lf", &seconds) != 1)
			seconds = -1;
		if (f)
			fclose(f);
		return (long)seconds;
	}
	lx_uuid_text(d->handle, uuid);
	text = lx_read(xl->lx.store, 0, "/vm/%s/start_time", uuid);
	if (text)
		seconds = difftime(time(NULL), (time_t)strtod(text, NULL));
	free(text);
	return (long)seconds;
}

static void print_uptime(struct xl *xl, const struct xen_domctl_getdomaininfo *d, bool brief)
{
	char *name = xl_name(xl, d->domain), days[32] = "", clock[16];
	long up = uptime_of(xl, d);
	time_t now = time(NULL);

	if (up < 0)
		up = 0;
	if (up >= 86400)
		snprintf(days, sizeof(days), "%ld day%s, ", up / 86400, up >= 172800 ? "s" : "");
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	if (brief)
		printf(" %s up %s%2ld:%02ld, %s (%d)\n", clock, days, up / 3600 % 24, up / 60 % 60,
		       name, d->domain);
	else
		printf("%-33s %4d %s%2ld:%02ld:%02ld\n", name, d->domain, days, up / 3600 % 24,
		       up / 60 % 60, up % 60);
	free(name);
}

static int main_uptime(struct xl *xl, int argc, char **argv)
{
	struct xen_domctl_getdomaininfo *info;
	bool brief = false;
	int opt, n;

	while ((opt = xl_getopt(xl, argc, argv, "hs", NULL, 0)) != XL_OPT_DONE) {
		if (opt != 's')
			return XL_OPT_STATUS(opt);
		brief = true;
	}
	info = chosen(xl, argc - optind, argv + optind, &n);
	if (!brief)
		printf("%-33s %4s %s\n", "Name", "ID", "Uptime");
	for (int i = 0; i < n; i++)
		print_uptime(xl, &info[i], brief);
	free(info);
	return 0;
}

const struct xl_command xl_list_commands[] = {
	{ "list", main_list, false, false, "List information about all/some domains",
	  "[options] [Domain]\n",
	  "-l, --long              Output all VM details\n"
	  "-v, --verbose           Prints out UUIDs and security context\n"
	  "-Z, --context           Prints out security context\n"
	  "-c, --cpupool           Prints the cpupool the domain is in\n"
	  "-n, --numa              Prints out NUMA node affinity\n"
	  "--json                  Prints the table as JSON" },
	{ "vm-list", main_vm_list, false, false,
	  "List guest domains, excluding dom0, stubdoms, etc.", "", NULL },
	{ "domid", main_domid, false, false, "Convert a domain name to domain id", "<DomainName>",
	  NULL },
	{ "domname", main_domname, false, false, "Convert a domain id to domain name", "<DomainId>",
	  NULL },
	{ "uptime", main_uptime, false, false, "Print uptime for all/some domains", "[-s] [Domain]",
	  NULL },
	{ 0 },
};
