/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl vcpu-list, vcpu-pin, vcpu-set. */
#include <getopt.h>

#include "xl.h"

#define NS_PER_S 1e9

static void print_vcpu(struct xl *xl, uint32_t domid, const char *name, uint32_t vcpu,
		       uint32_t cpus)
{
	struct lx_cpumap hard = { 0 }, soft = { 0 };
	struct xen_domctl_getvcpuinfo v;

	if (ctl_vcpu_info(xl->lx.ctl, domid, vcpu, &v) ||
	    ctl_vcpu_get_affinity(xl->lx.ctl, domid, vcpu, (uint8_t *)hard.w, (uint8_t *)soft.w,
				  sizeof(hard.w)))
		return;
	printf("%-32s %5u %5u", name, domid, vcpu);
	if (!v.online)
		printf("%5c %3c%cp", '-', '-', '-');
	else
		printf("%5u %3c%c-", v.cpu, v.running ? 'r' : '-', v.blocked ? 'b' : '-');
	printf(" %9.1f  ", (double)v.cpu_time / NS_PER_S);
	xl_print_cpus(stdout, &hard, cpus);
	printf(" / ");
	xl_print_cpus(stdout, &soft, cpus);
	putchar('\n');
}

static void print_domain(struct xl *xl, const struct xen_domctl_getdomaininfo *d, uint32_t cpus)
{
	char *name = xl_name(xl, d->domain);

	for (uint32_t i = 0; i <= d->max_vcpu_id && d->max_vcpu_id != XEN_INVALID_MAX_VCPU_ID; i++)
		print_vcpu(xl, d->domain, name, i, cpus);
	free(name);
}

static int main_vcpu_list(struct xl *xl, int argc, char **argv)
{
	struct xen_domctl_getdomaininfo *info, one;
	uint32_t cpus;
	int n = 0, status;

	if (!xl_plain(xl, argc, argv, 0, &status))
		return status;
	cpus = xl_nr_cpus(xl);
	info = argc > optind ? NULL : xl_domains(xl, &n);
	printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State", "Time(s)",
	       "Affinity (Hard / Soft)");
	for (int i = 0; i < n; i++)
		print_domain(xl, &info[i], cpus);
	for (int i = optind; i < argc; i++)
		if (!ctl_domain_info(xl->lx.ctl, xl_domain(xl, argv[i]), &one))
			print_domain(xl, &one, cpus);
	free(info);
	return 0;
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

		if (!strcmp(text, "-"))
			continue;
		if (!xl_parse_cpus(xl, text, &p->map[k])) {
			fprintf(stderr, "Error: Invalid %s affinity \"%s\".\n", kind[k], text);
			return 1;
		}
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

static int main_vcpu_pin(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "force", 0, NULL, 'f' }, { "help", 0, NULL, 'h' },
		{ "ignore-global-affinity-masks", 0, NULL, 'i' }, { 0 },
	};
	struct xen_domctl_getdomaininfo info;
	struct pin p = { 0 };
	bool force = false;
	uint32_t domid;
	char *end;
	int opt;

	/* A lone "-" is an argument; so is everything behind the domain. */
	while ((opt = xl_getopt(xl, argc, argv, "+fhi", lopts, 3)) != XL_OPT_DONE) {
		if (opt == XL_OPT_HELP || opt == XL_OPT_WRONG)
			return XL_OPT_STATUS(opt);
		force |= opt == 'f';
	}
	argc -= optind - 1;
	argv += optind - 1;
	domid = xl_domain(xl, argv[1]);
	if (parse_pin(xl, argc, argv, &p) || ctl_domain_info(xl->lx.ctl, domid, &info))
		return 1;
	if (!strcmp(argv[2], "all")) {
		p.last = info.max_vcpu_id;
	} else {
		p.first = p.last = (uint32_t)strtoul(argv[2], &end, 10);
		if (end == argv[2] || *end) {
			fprintf(stderr, "Error: Invalid argument %s as VCPU.\n", argv[2]);
			return 1;
		}
	}
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
		fprintf(stderr, "Error: Invalid argument.\n");
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
	  "[Domain, ...]", NULL },
	{ "vcpu-pin", main_vcpu_pin, true, true, "Set which CPUs a VCPU can use",
	  "[option] <Domain> <VCPU|all> <Hard affinity|-|all> <Soft affinity|-|all>",
	  "-f, --force        undo an override pinning done by the kernel\n"
	  "--ignore-global-affinity-masks Ignore global masks in xl.conf" },
	{ "vcpu-set", main_vcpu_set, false, true,
	  "Set the number of active VCPUs allowed for the domain", "[option] <Domain> <vCPUs>",
	  "-i, --ignore-host  Don't limit the vCPU based on the host CPU count" },
	{ 0 },
};
