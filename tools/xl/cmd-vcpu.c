/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl vcpu-list, vcpu-pin, vcpu-set. */
#include <getopt.h>
#include <json-c/json.h>

#include "xl.h"

#define NS_PER_S 1e9

struct vcpu {
	uint32_t domid, number;
	const char *name;		/* of the domain */
	struct xen_domctl_getvcpuinfo info;
	struct lx_cpumap hard, soft;
};

static void print_vcpu(const struct vcpu *v, uint32_t cpus)
{
	printf("%-32s %5u %5u", v->name, v->domid, v->number);
	if (!v->info.online)
		printf("%5c %3c%cp", '-', '-', '-');
	else
		printf("%5u %3c%c-", v->info.cpu, v->info.running ? 'r' : '-',
		       v->info.blocked ? 'b' : '-');
	printf(" %9.1f  ", (double)v->info.cpu_time / NS_PER_S);
	xl_print_cpus(stdout, &v->hard, cpus);
	printf(" / ");
	xl_print_cpus(stdout, &v->soft, cpus);
	putchar('\n');
}

static struct json_object *vcpu_json(const struct vcpu *v, uint32_t cpus)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "domid", json_object_new_int64(v->domid));
	json_object_object_add(j, "name", json_object_new_string(v->name));
	json_object_object_add(j, "vcpuid", json_object_new_int64(v->number));
	json_object_object_add(j, "online", json_object_new_boolean(v->info.online));
	json_object_object_add(j, "running", json_object_new_boolean(v->info.running));
	json_object_object_add(j, "blocked", json_object_new_boolean(v->info.blocked));
	if (v->info.online)
		json_object_object_add(j, "cpu", json_object_new_int64(v->info.cpu));
	json_object_object_add(j, "vcpu_time_ns", json_object_new_uint64(v->info.cpu_time));
	json_object_object_add(j, "cpumap", xl_cpus_json(&v->hard, cpus));
	json_object_object_add(j, "cpumap_soft", xl_cpus_json(&v->soft, cpus));
	return j;
}

/* Print a domain's vCPUs, or add them to @json. */
static void show_domain(struct xl *xl, const struct xen_domctl_getdomaininfo *d, uint32_t cpus,
			struct json_object *json)
{
	char *name = xl_name(xl, d->domain);

	for (uint32_t i = 0; i <= d->max_vcpu_id && d->max_vcpu_id != XEN_INVALID_MAX_VCPU_ID;
	     i++) {
		struct vcpu v = { .domid = d->domain, .number = i, .name = name };

		if (ctl_vcpu_info(xl->lx.ctl, d->domain, i, &v.info) ||
		    ctl_vcpu_get_affinity(xl->lx.ctl, d->domain, i, (uint8_t *)v.hard.w,
					  (uint8_t *)v.soft.w, sizeof(v.hard.w)))
			continue;
		if (json)
			json_object_array_add(json, vcpu_json(&v, cpus));
		else
			print_vcpu(&v, cpus);
	}
	free(name);
}

static int main_vcpu_list(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "json", 0, NULL, 'j' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct xen_domctl_getdomaininfo *info, one;
	struct json_object *json = NULL;
	uint32_t cpus;
	int n = 0, opt;

	while ((opt = xl_getopt(xl, argc, argv, "h", lopts, 0)) != XL_OPT_DONE) {
		if (opt != 'j')
			return XL_OPT_STATUS(opt);
		json = json ? json : json_object_new_array();
	}
	cpus = xl_nr_cpus(xl);
	info = argc > optind ? NULL : xl_domains(xl, &n);
	if (!json)
		printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State",
		       "Time(s)", "Affinity (Hard / Soft)");
	for (int i = 0; i < n; i++)
		show_domain(xl, &info[i], cpus, json);
	for (int i = optind; i < argc; i++)
		if (!ctl_domain_info(xl->lx.ctl, xl_domain(xl, argv[i]), &one))
			show_domain(xl, &one, cpus, json);
	free(info);
	return json ? xl_print_json(json) : 0;
}

struct pin {
	struct lx_cpumap map[2];	/* hard, soft */
	bool set[2];
	uint32_t first, last;		/* vCPUs */
};

static int parse_pin(struct xl *xl, int argc, char **argv, struct pin *p)
{
	static const char *const kind[] = { "hard", "soft" };
	uint32_t cpus = xl_nr_cpus(xl);

	for (int k = 0; k < 2; k++) {
		const char *text = argc > 3 + k ? argv[3 + k] : "-";
		bool any = false;
		int rc;

		if (!strcmp(text, "-"))
			continue;
		rc = xl_parse_cpus(xl, text, &p->map[k]);
		if (rc == -ENOENT)
			fprintf(stderr, "xl vcpu-pin: \"%s\" " XL_NO_NODE "\n", text);
		else if (rc)
			fprintf(stderr, "Error: Invalid %s affinity \"%s\".\n", kind[k], text);
		if (rc)
			return 1;
		for (uint32_t i = 0; i < cpus; i++)
			any |= lx_cpumap_test(&p->map[k], i);
		if (!any) {
			fprintf(stderr, "vcpu %s affinity map is empty\n", kind[k]);
			return 1;
		}
		p->set[k] = true;
	}
	if (!p->set[0] && !p->set[1]) {
		fprintf(stderr, "Error: hard or soft affinity must be given.\n");
		return 1;
	}
	return 0;
}

/* What is saved is what was asked for, not what is in effect. */
static void remember(struct lx_domain_config *config, void *arg)
{
	const struct pin *p = arg;
	struct lx_cpumap **maps[2] = { &config->b_info.hard, &config->b_info.soft };
	uint32_t *nr[2] = { &config->b_info.nr_hard, &config->b_info.nr_soft };

	for (int k = 0; k < 2; k++) {
		uint32_t vcpus = config->b_info.max_vcpus;

		if (!p->set[k])
			continue;
		if (!*nr[k]) {
			*maps[k] = calloc(vcpus, sizeof(struct lx_cpumap));
			if (!*maps[k])
				continue;
			*nr[k] = vcpus;
			for (uint32_t i = 0; i < vcpus; i++)
				memset(&(*maps[k])[i], 0xff, sizeof(struct lx_cpumap));
		}
		for (uint32_t i = p->first; i <= p->last && i < *nr[k]; i++)
			(*maps[k])[i] = p->map[k];
	}
}

/* The masks of xl.conf are for guests, and for hard affinity. */
static bool mask_pin(struct xl *xl, uint32_t domid, struct pin *p)
{
	return !domid || !p->set[0] || xl_mask_map(xl, &p->map[0]);
}

static int apply_pin(struct xl *xl, uint32_t domid, const struct pin *p, bool force)
{
	for (uint32_t v = p->first; v <= p->last; v++) {
		struct lx_cpumap hard = p->map[0], soft = p->map[1];

		if (ctl_vcpu_set_affinity(xl->lx.ctl, domid, v,
					  p->set[0] ? (uint8_t *)hard.w : NULL,
					  p->set[1] ? (uint8_t *)soft.w : NULL, sizeof(hard.w),
					  force)) {
			fprintf(stderr, "Could not set affinity for vcpu `%u'.\n", v);
			return 1;
		}
	}
	return lx_state_update(&xl->lx, domid, remember, (void *)p) ? 1 : 0;
}

bool xl_has_vcpu(const char *command, const char *domain,
		 const struct xen_domctl_getdomaininfo *info, unsigned long vcpu)
{
	if (info->max_vcpu_id == XEN_INVALID_MAX_VCPU_ID)
		fprintf(stderr, "xl %s: domain %s has no vCPUs\n", command, domain);
	else if (vcpu > info->max_vcpu_id)
		fprintf(stderr, "xl %s: domain %s has vCPUs 0 to %u, not %lu\n", command, domain,
			info->max_vcpu_id, vcpu);
	else
		return true;
	return false;
}

static int main_vcpu_pin(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "force", 0, NULL, 'f' }, { "help", 0, NULL, 'h' },
		{ "ignore-global-affinity-masks", 0, NULL, 'i' }, { 0 },
	};
	struct xen_domctl_getdomaininfo info;
	struct pin p = { 0 };
	bool force = false, ignore = false;
	unsigned long first, last;
	uint32_t domid;
	char *end;
	int opt;

	/* A lone "-" is an argument, and so is everything after the domain. */
	while ((opt = xl_getopt(xl, argc, argv, "+fhi", lopts, 3)) != XL_OPT_DONE) {
		if (opt == XL_OPT_HELP || opt == XL_OPT_WRONG)
			return XL_OPT_STATUS(opt);
		force |= opt == 'f';
		ignore |= opt == 'i';
	}
	argc -= optind - 1;
	argv += optind - 1;
	domid = xl_domain(xl, argv[1]);
	if (parse_pin(xl, argc, argv, &p) || (!ignore && !mask_pin(xl, domid, &p)) ||
	    ctl_domain_info(xl->lx.ctl, domid, &info))
		return 1;
	first = last = strtoul(argv[2], &end, 10);
	if (!strcmp(argv[2], "all")) {
		last = info.max_vcpu_id;
	} else if (end == argv[2] || *end) {
		fprintf(stderr, "xl vcpu-pin: a vCPU is a number or all, not \"%s\"\n", argv[2]);
		return 1;
	}
	if (!xl_has_vcpu("vcpu-pin", argv[1], &info, last))
		return 1;
	p.first = (uint32_t)first;
	p.last = (uint32_t)last;
	return xl->dry_run ? 0 : apply_pin(xl, domid, &p, force);
}

static int main_vcpu_set(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "ignore-host", 0, NULL, 'i' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct xen_domctl_getdomaininfo info;
	struct lx_cpumap map = { 0 };
	bool overcommit = false;
	unsigned long n;
	uint32_t domid, cpus;
	char *end;
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "ih", lopts, 2)) != XL_OPT_DONE) {
		if (opt != 'i')
			return XL_OPT_STATUS(opt);
		overcommit = true;
	}
	domid = xl_domain(xl, argv[optind]);
	n = strtoul(argv[optind + 1], &end, 10);
	if (end == argv[optind + 1] || *end || !n) {
		fprintf(stderr, "xl vcpu-set: a number of vCPUs is at least 1, not \"%s\"\n",
			argv[optind + 1]);
		return 1;
	}
	cpus = xl_nr_cpus(xl);
	if (n > cpus && !overcommit) {
		fprintf(stderr, "You are overcommmitting! You have %u physical CPUs and want %lu "
			"vCPUs! Aborting, use --ignore-host to continue\n", cpus, n);
		return 1;
	}
	if (ctl_domain_info(xl->lx.ctl, domid, &info))
		return 1;
	if (n > info.max_vcpu_id + 1) {
		fprintf(stderr, "the domain has %u vCPUs (maxvcpus), not %lu\n",
			info.max_vcpu_id + 1, n);
		return 1;
	}
	for (unsigned int i = 0; i < n; i++)
		lx_cpumap_set(&map, i);
	return lx_set_vcpus(&xl->lx, domid, &map) ? 1 : 0;
}

const struct xl_command xl_vcpu_commands[] = {
	{ "vcpu-list", main_vcpu_list, false, false, "List the VCPUs for all/some domains",
	  "[Domain, ...]", "--json                  Prints the table as JSON" },
	{ "vcpu-pin", main_vcpu_pin, true, true, "Set which CPUs a VCPU can use",
	  "[option] <Domain> <VCPU|all> <Hard affinity|-|all> <Soft affinity|-|all>",
	  "-f, --force        undo an override pinning done by the kernel\n"
	  "--ignore-global-affinity-masks Ignore global masks in xl.conf" },
	{ "vcpu-set", main_vcpu_set, false, true,
	  "Set the number of active VCPUs allowed for the domain", "[option] <Domain> <vCPUs>",
	  "-i, --ignore-host  Don't limit the vCPU based on the host CPU count" },
	{ 0 },
};
