/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl sched-rtds: the budget that each vCPU has in each of its periods, in microseconds. */
#include <getopt.h>

#include "sched.h"

#define MAX_GIVEN LX_MAX_CPUS

/* What was said once for each vCPU. */
struct given {
	int v[MAX_GIVEN];
	unsigned int n;
};

struct options {
	const char *domain, *pool;
	struct given vcpu, period, budget, extra;
	bool all;			/* -v all */
};

static void print_head(void)
{
	printf("%-33s %4s %9s %9s %10s\n", "Name", "ID", "Period", "Budget", "Extratime");
}

static void print_vcpu_head(void)
{
	printf("%-33s %4s %4s %9s %9s %10s\n", "Name", "ID", "VCPU", "Period", "Budget",
	       "Extratime");
}

static int print_pool(struct xl *xl, uint32_t id, const char *name)
{
	printf("Cpupool %s: sched=RTDS\n", name);
	return 0;
}

/* What new vCPUs get. The hypervisor tells of their period and budget; extra time they have. */
static int print_domain(struct xl *xl, uint32_t domid)
{
	struct xen_domctl_scheduler_op op = { .sched_id = XEN_SCHEDULER_RTDS,
					      .cmd = XEN_DOMCTL_SCHEDOP_getinfo };
	char *name;

	if (ctl_sched_domain(xl->lx.ctl, domid, &op)) {
		fprintf(stderr, "libxl_domain_sched_params_get failed.\n");
		return 1;
	}
	name = xl_name(xl, domid);
	printf("%-33s %4u %9u %9u %10s\n", name, domid, op.u.rtds.period, op.u.rtds.budget, "yes");
	free(name);
	return 0;
}

static int print_vcpus(struct xl *xl, uint32_t domid, struct xen_domctl_schedparam_vcpu *v,
		       uint32_t n)
{
	char *name;

	if (ctl_sched_vcpus(xl->lx.ctl, domid, XEN_SCHEDULER_RTDS, XEN_DOMCTL_SCHEDOP_getvcpuinfo,
			    v, n)) {
		fprintf(stderr, "libxl_vcpu_sched_params_get failed.\n");
		return 1;
	}
	name = xl_name(xl, domid);
	for (uint32_t i = 0; i < n; i++)
		printf("%-33s %4u %4u %9u %9u %10s\n", name, domid, v[i].vcpuid, v[i].u.rtds.period,
		       v[i].u.rtds.budget,
		       v[i].u.rtds.flags & XEN_DOMCTL_SCHEDRT_extra ? "yes" : "no");
	free(name);
	return 0;
}

/* All vCPUs of a domain, or those that were named; *@n of them. NULL: told on stderr. */
static struct xen_domctl_schedparam_vcpu *choose(const struct options *o, uint32_t vcpus,
						 uint32_t *n)
{
	struct xen_domctl_schedparam_vcpu *v;

	*n = o->vcpu.n ? o->vcpu.n : vcpus;
	v = calloc(*n ? *n : 1, sizeof(*v));
	for (uint32_t i = 0; v && i < *n; i++) {
		int vcpu = o->vcpu.n ? o->vcpu.v[i] : (int)i;

		v[i].vcpuid = (uint32_t)vcpu;
		if (vcpu >= 0 && (uint32_t)vcpu < vcpus)
			continue;
		fprintf(stderr, "Invalid VCPU %d: valid range is [0, %d]\n", vcpu, (int)vcpus - 1);
		free(v);
		return NULL;
	}
	if (!v)
		fprintf(stderr, "no memory\n");
	return v;
}

static int print_all_vcpus(struct xl *xl, uint32_t domid)
{
	static const struct options everything;
	struct xen_domctl_getdomaininfo info;
	struct xen_domctl_schedparam_vcpu *v;
	uint32_t n;
	int status;

	if (ctl_domain_info(xl->lx.ctl, domid, &info))
		return 1;
	v = choose(&everything, info.max_vcpu_id + 1, &n);
	status = v ? print_vcpus(xl, domid, v, n) : 1;
	free(v);
	return status;
}

static bool fits(int period, int budget)
{
	if (period < 1)
		fprintf(stderr, "Invalid VCPU period of %d (it should be >= 1)\n", period);
	else if (budget < 1)
		fprintf(stderr, "Invalid VCPU budget of %d (it should be >= 1)\n", budget);
	else if (budget > period)
		fprintf(stderr, "VCPU budget must be smaller than or equal to period, but %d > "
			"%d\n", budget, period);
	else
		return true;
	return false;
}

static void remember(struct lx_domain_config *config, void *arg)
{
	const struct xen_domctl_sched_rtds *r = arg;
	struct lx_sched *s = &config->b_info.sched_params;

	s->period = (int32_t)r->period;
	s->budget = (int32_t)r->budget;
	s->extratime = (r->flags & XEN_DOMCTL_SCHEDRT_extra) != 0;
}

/* With -v all there is one of each, for all vCPUs. A configuration on disk has only such values, so
 * others last until the domain ends. */
static int set_vcpus(struct xl *xl, uint32_t domid, const struct options *o,
		     struct xen_domctl_schedparam_vcpu *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = o->all ? 0 : i;

		if (!fits(o->period.v[k], o->budget.v[k]))
			return 1;
		v[i].u.rtds.period = (uint32_t)o->period.v[k];
		v[i].u.rtds.budget = (uint32_t)o->budget.v[k];
		v[i].u.rtds.flags = o->extra.v[k] ? XEN_DOMCTL_SCHEDRT_extra : 0;
	}
	if (ctl_sched_vcpus(xl->lx.ctl, domid, XEN_SCHEDULER_RTDS, XEN_DOMCTL_SCHEDOP_putvcpuinfo,
			    v, n)) {
		fprintf(stderr, "libxl_vcpu_sched_params_set failed.\n");
		return 1;
	}
	return o->all && n && lx_state_update(&xl->lx, domid, remember, &v[0].u.rtds) ? 1 : 0;
}

static int one_domain(struct xl *xl, const struct options *o)
{
	struct xen_domctl_getdomaininfo info;
	struct xen_domctl_schedparam_vcpu *v;
	uint32_t domid = xl_domain(xl, o->domain), n;
	int status;

	if (!sched_is(xl, domid, XEN_SCHEDULER_RTDS, &info))
		return 1;
	if (!o->vcpu.n && !o->all) {
		print_head();
		return print_domain(xl, domid);
	}
	v = choose(o, info.max_vcpu_id + 1, &n);
	if (!v)
		return 1;
	if (o->period.n) {
		status = set_vcpus(xl, domid, o, v, n);
	} else {
		print_vcpu_head();
		status = print_vcpus(xl, domid, v, n);
	}
	free(v);
	return status;
}

/* What may not be said together. Periods, budgets and extra times come in threes. */
static const char *conflict(const struct options *o)
{
	bool values = o->period.n || o->budget.n || o->extra.n;

	if (o->pool && (o->domain || values || o->vcpu.n || o->all))
		return "Specifying a cpupool is not allowed with other options.";
	if (!o->domain && (values || o->vcpu.n))
		return "Missing parameters.";
	if (o->domain && !o->vcpu.n && !o->all && values)
		return "Must specify VCPU.";
	if (o->vcpu.n && o->all)
		return "Incorrect VCPU IDs.";
	if (o->period.n != o->budget.n || o->period.n != o->extra.n ||
	    (values && o->period.n != (o->all ? 1 : o->vcpu.n)))
		return "Incorrect number of period, budget and extratime";
	return NULL;
}

static int run(struct xl *xl, const struct options *o)
{
	static const struct sched_view domains = { XEN_SCHEDULER_RTDS, print_pool, print_head,
						   print_domain };
	static const struct sched_view vcpus = { XEN_SCHEDULER_RTDS, print_pool, print_vcpu_head,
						 print_all_vcpus };
	const char *why = conflict(o);

	if (why) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	return o->domain ? one_domain(xl, o) : sched_list(xl, o->all ? &vcpus : &domains, o->pool);
}

static bool add(struct given *g, const char *what)
{
	if (g->n < MAX_GIVEN)
		return sched_number(optarg, what, &g->v[g->n++]);
	fprintf(stderr, "%s is given more than %d times\n", what, MAX_GIVEN);
	return false;
}

static bool option(struct options *o, int opt)
{
	switch (opt) {
	case 'd':
		o->domain = optarg;
		return true;
	case 'c':
		o->pool = optarg;
		return true;
	case 'p':
		return add(&o->period, "a period");
	case 'b':
		return add(&o->budget, "a budget");
	case 'e':
		if (!strcmp(optarg, "0") || !strcmp(optarg, "1"))
			return add(&o->extra, "extratime");
		fprintf(stderr, "Invalid extratime.\n");
		return false;
	default:
		if (strcmp(optarg, "all"))
			return add(&o->vcpu, "a VCPU");
		o->all = true;
		return true;
	}
}

static int main_sched_rtds(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "domain", 1, NULL, 'd' }, { "period", 1, NULL, 'p' }, { "budget", 1, NULL, 'b' },
		{ "extratime", 1, NULL, 'e' }, { "vcpuid", 1, NULL, 'v' },
		{ "cpupool", 1, NULL, 'c' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct options o = { 0 };
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "d:p:b:e:v:c:h", lopts, 0)) != XL_OPT_DONE) {
		if (opt < XL_OPT_DONE)
			return XL_OPT_STATUS(opt);
		if (!option(&o, opt))
			return 1;
	}
	return run(xl, &o);
}

const struct xl_command xl_rtds_commands[] = {
	{ "sched-rtds", main_sched_rtds, false, true, "Get/set rtds scheduler parameters",
	  "[-d <Domain> [-v[=VCPUID/all]] [-p[=PERIOD]] [-b[=BUDGET]] [-e[=Extratime]]]",
	  "-d DOMAIN, --domain=DOMAIN     Domain to modify\n"
	  "-v VCPUID/all, --vcpuid=VCPUID/all    VCPU to modify or output;\n"
	  "               Using '-v all' to modify/output all vcpus\n"
	  "-p PERIOD, --period=PERIOD     Period (us)\n"
	  "-b BUDGET, --budget=BUDGET     Budget (us)\n"
	  "-e Extratime, --extratime=Extratime Extratime (1=yes, 0=no)\n"
	  "-c CPUPOOL, --cpupool=CPUPOOL  Restrict output to CPUPOOL" },
	{ 0 },
};
