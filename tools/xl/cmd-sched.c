/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl sched-credit2: parameters of the scheduler and of domains. */
#include <getopt.h>

#include "xl.h"

struct sched_options {
	const char *domain;
	long weight, cap, ratelimit;	/* -1: not given */
	bool global;
};

static int print_domain(struct xl *xl, uint32_t domid)
{
	struct xen_domctl_scheduler_op op = { .sched_id = XEN_SCHEDULER_CREDIT2,
					      .cmd = XEN_DOMCTL_SCHEDOP_getinfo };
	char *name;

	if (ctl_sched_domain(xl->lx.ctl, domid, &op))
		return 1;
	name = xl_name(xl, domid);
	printf("%-33s %4u %6d %4d\n", name, domid, op.u.credit2.weight, op.u.credit2.cap);
	free(name);
	return 0;
}

static int get_global(struct xl *xl, struct xen_sysctl_scheduler_op *op)
{
	*op = (struct xen_sysctl_scheduler_op){ .sched_id = XEN_SCHEDULER_CREDIT2,
						.cmd = XEN_SYSCTL_SCHEDOP_getinfo };
	return ctl_sched_global(xl_lx(xl)->ctl, op);
}

static int print_global(struct xl *xl)
{
	struct xen_sysctl_scheduler_op op;

	if (get_global(xl, &op))
		return 1;
	printf("Cpupool Pool-0: ratelimit=%uus\n", op.u.sched_credit2.ratelimit_us);
	return 0;
}

static int set_global(struct xl *xl, long ratelimit)
{
	struct xen_sysctl_scheduler_op op;

	if (get_global(xl, &op))
		return 1;
	op.cmd = XEN_SYSCTL_SCHEDOP_putinfo;
	op.u.sched_credit2.ratelimit_us = (unsigned int)ratelimit;
	return ctl_sched_global(xl->lx.ctl, &op) ? 1 : 0;
}

static int print_all(struct xl *xl)
{
	struct xen_domctl_getdomaininfo *info;
	int n, status = print_global(xl);

	if (status)
		return status;
	printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
	info = xl_domains(xl, &n);
	for (int i = 0; i < n; i++)
		status |= print_domain(xl, info[i].domain);
	free(info);
	return status;
}

static void remember(struct lx_domain_config *config, void *arg)
{
	const struct sched_options *o = arg;

	if (o->weight >= 0)
		config->b_info.sched_params.weight = (int32_t)o->weight;
	if (o->cap >= 0)
		config->b_info.sched_params.cap = (int32_t)o->cap;
}

static int set_domain(struct xl *xl, uint32_t domid, const struct sched_options *o)
{
	struct xen_domctl_scheduler_op op = { .sched_id = XEN_SCHEDULER_CREDIT2,
					      .cmd = XEN_DOMCTL_SCHEDOP_getinfo };

	if (ctl_sched_domain(xl->lx.ctl, domid, &op))
		return 1;
	if (o->weight > 65535 || o->cap > 65535 || !o->weight) {
		fprintf(stderr, "a weight is 1 to 65535, a cap 0 to 65535\n");
		return 1;
	}
	if (o->weight >= 0)
		op.u.credit2.weight = (uint16_t)o->weight;
	if (o->cap >= 0)
		op.u.credit2.cap = (uint16_t)o->cap;
	op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	if (ctl_sched_domain(xl->lx.ctl, domid, &op))
		return 1;
	return lx_state_update(&xl->lx, domid, remember, (void *)o) ? 1 : 0;
}

static int run(struct xl *xl, const struct sched_options *o)
{
	uint32_t domid;

	if (o->global)
		return o->ratelimit >= 0 ? set_global(xl, o->ratelimit) : print_global(xl);
	if (!o->domain) {
		if (o->weight >= 0 || o->cap >= 0) {
			fprintf(stderr, "Must specify a domain.\n");
			return 1;
		}
		return print_all(xl);
	}
	domid = xl_domain(xl, o->domain);
	if (o->weight >= 0 || o->cap >= 0)
		return set_domain(xl, domid, o);
	printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
	return print_domain(xl, domid);
}

static int main_sched_credit2(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "domain", 1, NULL, 'd' }, { "weight", 1, NULL, 'w' }, { "cap", 1, NULL, 'c' },
		{ "schedparam", 0, NULL, 's' }, { "ratelimit_us", 1, NULL, 'r' },
		{ "cpupool", 1, NULL, 'p' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct sched_options o = { NULL, -1, -1, -1, false };
	uint32_t id;
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "d:w:c:p:r:sh", lopts, 0)) != XL_OPT_DONE) {
		switch (opt) {
		case 'd':
			o.domain = optarg;
			break;
		case 'w':
			o.weight = strtol(optarg, NULL, 10);
			break;
		case 'c':
			o.cap = strtol(optarg, NULL, 10);
			break;
		case 'r':
			o.ratelimit = strtol(optarg, NULL, 10);
			break;
		case 's':
			o.global = true;
			break;
		case 'p':
			if (strcmp(optarg, "Pool-0")) {
				fprintf(stderr, "unknown cpupool '%s'\n", optarg);
				return 1;
			}
			break;
		default:
			return XL_OPT_STATUS(opt);
		}
	}
	if (ctl_sched_id(xl_lx(xl)->ctl, &id))
		return 1;
	if (id != XEN_SCHEDULER_CREDIT2) {
		fprintf(stderr, "this host's scheduler is not credit2\n");
		return 1;
	}
	return run(xl, &o);
}

const struct xl_command xl_sched_commands[] = {
	{ "sched-credit2", main_sched_credit2, false, true,
	  "Get/set credit2 scheduler parameters", "[-d <Domain> [-w[=WEIGHT]]] [-p CPUPOOL]",
	  "-d DOMAIN, --domain=DOMAIN     Domain to modify\n"
	  "-w WEIGHT, --weight=WEIGHT     Weight (int)\n"
	  "-c CAP,    --cap=CAP           Cap (int)\n"
	  "-s         --schedparam        Query / modify scheduler parameters\n"
	  "-r RLIMIT, --ratelimit_us=RLIMIT Set the scheduling rate limit, in microseconds\n"
	  "-p CPUPOOL, --cpupool=CPUPOOL  Restrict output to CPUPOOL" },
	{ 0 },
};
