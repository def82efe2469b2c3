/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl sched-credit, sched-credit2: parameters of the schedulers and of domains. Both have a weight
 * and a cap for each domain, in the same places of the ABI's structures.
 */
#include <getopt.h>

#include "sched.h"

struct number {
	bool set;
	int v;
};

struct options {
	uint32_t sched;
	const char *domain, *pool;
	struct number weight, cap;		/* of a domain */
	struct number tslice, ratelimit, delay;	/* of the scheduler */
	bool global;
};

static int get_domain(struct xl *xl, uint32_t domid, uint32_t sched,
		      struct xen_domctl_scheduler_op *op)
{
	*op = (struct xen_domctl_scheduler_op){ .sched_id = sched,
						.cmd = XEN_DOMCTL_SCHEDOP_getinfo };
	if (!ctl_sched_domain(xl->lx.ctl, domid, op))
		return 0;
	fprintf(stderr, "libxl_domain_sched_params_get failed.\n");
	return 1;
}

static void print_head(void)
{
	printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
}

static int print_domain(struct xl *xl, uint32_t domid, uint32_t sched)
{
	struct xen_domctl_scheduler_op op;
	char *name;

	if (get_domain(xl, domid, sched, &op))
		return 1;
	name = xl_name(xl, domid);
	printf("%-33s %4u %6d %4d\n", name, domid, op.u.credit.weight, op.u.credit.cap);
	free(name);
	return 0;
}

static int print_credit_domain(struct xl *xl, uint32_t domid)
{
	return print_domain(xl, domid, XEN_SCHEDULER_CREDIT);
}

static int print_credit2_domain(struct xl *xl, uint32_t domid)
{
	return print_domain(xl, domid, XEN_SCHEDULER_CREDIT2);
}

static int get_pool(struct xl *xl, uint32_t id, uint32_t sched, struct xen_sysctl_scheduler_op *op)
{
	*op = (struct xen_sysctl_scheduler_op){ .cpupool_id = id, .sched_id = sched,
						.cmd = XEN_SYSCTL_SCHEDOP_getinfo };
	return ctl_sched_global(xl_lx(xl)->ctl, op) ? 1 : 0;
}

static int print_credit_pool(struct xl *xl, uint32_t id, const char *name)
{
	struct xen_sysctl_scheduler_op op;

	if (get_pool(xl, id, XEN_SCHEDULER_CREDIT, &op))
		printf("Cpupool %s: [sched params unavailable]\n", name);
	else
		printf("Cpupool %s: tslice=%ums ratelimit=%uus migration-delay=%uus\n", name,
		       op.u.sched_credit.tslice_ms, op.u.sched_credit.ratelimit_us,
		       op.u.sched_credit.vcpu_migr_delay_us);
	return 0;
}

static int print_credit2_pool(struct xl *xl, uint32_t id, const char *name)
{
	struct xen_sysctl_scheduler_op op;

	if (get_pool(xl, id, XEN_SCHEDULER_CREDIT2, &op))
		printf("Cpupool %s: [sched params unavailable]\n", name);
	else
		printf("Cpupool %s: ratelimit=%uus\n", name, op.u.sched_credit2.ratelimit_us);
	return 0;
}

static const struct sched_view views[] = {
	{ XEN_SCHEDULER_CREDIT, print_credit_pool, print_head, print_credit_domain },
	{ XEN_SCHEDULER_CREDIT2, print_credit2_pool, print_head, print_credit2_domain },
};

static const struct sched_view *view_of(uint32_t sched)
{
	return &views[sched == XEN_SCHEDULER_CREDIT2];
}

static bool within(const struct number *n, const char *what, int min, int max)
{
	if (!n->set || (n->v >= min && n->v <= max))
		return true;
	fprintf(stderr, "%s out of range, valid values are from %d to %d\n", what, min, max);
	return false;
}

static bool ratelimit_fits(const struct number *n)
{
	return (n->set && !n->v) || within(n, "Ratelimit", XEN_SYSCTL_SCHED_RATELIMIT_MIN,
					   XEN_SYSCTL_SCHED_RATELIMIT_MAX);
}

static bool change_credit(const struct options *o, struct xen_sysctl_credit_schedule *s)
{
	if (!within(&o->tslice, "Time slice", XEN_SYSCTL_CSCHED_TSLICE_MIN,
		    XEN_SYSCTL_CSCHED_TSLICE_MAX) || !ratelimit_fits(&o->ratelimit) ||
	    !within(&o->delay, "vcpu migration delay", 0, XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US))
		return false;
	if (o->tslice.set)
		s->tslice_ms = (uint32_t)o->tslice.v;
	if (o->ratelimit.set)
		s->ratelimit_us = (uint32_t)o->ratelimit.v;
	if (o->delay.set)
		s->vcpu_migr_delay_us = (uint32_t)o->delay.v;
	if (s->ratelimit_us <= s->tslice_ms * 1000)
		return true;
	fprintf(stderr, "Ratelimit cannot be greater than timeslice\n");
	return false;
}

static bool change_credit2(const struct options *o, struct xen_sysctl_credit2_schedule *s)
{
	if (o->ratelimit.set)
		s->ratelimit_us = (uint32_t)o->ratelimit.v;
	return ratelimit_fits(&o->ratelimit);
}

static int global(struct xl *xl, const struct options *o)
{
	struct xen_sysctl_scheduler_op op;
	uint32_t id;
	char *name;
	bool ok;

	if (!sched_pool(xl, o->pool, o->sched, &id))
		return 1;
	if (!o->tslice.set && !o->ratelimit.set && !o->delay.set) {
		name = lx_pool_name(&xl->lx, id);
		view_of(o->sched)->pool(xl, id, name ? name : "?");
		free(name);
		return 0;
	}
	if (get_pool(xl, id, o->sched, &op))
		return 1;
	ok = o->sched == XEN_SCHEDULER_CREDIT ? change_credit(o, &op.u.sched_credit) :
	     change_credit2(o, &op.u.sched_credit2);
	op.cmd = XEN_SYSCTL_SCHEDOP_putinfo;
	return !ok || ctl_sched_global(xl->lx.ctl, &op) ? 1 : 0;
}

static void remember(struct lx_domain_config *config, void *arg)
{
	const struct options *o = arg;

	if (o->weight.set)
		config->b_info.sched_params.weight = o->weight.v;
	if (o->cap.set)
		config->b_info.sched_params.cap = o->cap.v;
}

static int set_domain(struct xl *xl, uint32_t domid, const struct options *o, uint32_t vcpus)
{
	struct xen_domctl_scheduler_op op;

	if (!within(&o->weight, "Cpu weight", 1, LX_MAX_WEIGHT) ||
	    !within(&o->cap, "Cpu cap", 0, (int)vcpus * LX_CAP_PER_VCPU) ||
	    get_domain(xl, domid, o->sched, &op))
		return 1;
	if (o->weight.set)
		op.u.credit.weight = (uint16_t)o->weight.v;
	if (o->cap.set)
		op.u.credit.cap = (uint16_t)o->cap.v;
	op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	if (ctl_sched_domain(xl->lx.ctl, domid, &op)) {
		fprintf(stderr, "libxl_domain_sched_params_set failed.\n");
		return 1;
	}
	return lx_state_update(&xl->lx, domid, remember, (void *)o) ? 1 : 0;
}

/* What may not be said together. */
static const char *conflict(const struct options *o)
{
	bool of_domain = o->domain || o->weight.set || o->cap.set;
	bool credit = o->sched == XEN_SCHEDULER_CREDIT;

	if (credit && (o->pool || o->global) && of_domain)
		return "Specifying a cpupool or schedparam is not allowed with domain options.";
	if (!credit && o->pool && of_domain)
		return "Specifying a cpupool is not allowed with other options.";
	if (!o->domain && of_domain)
		return "Must specify a domain.";
	if (credit && !o->global && (o->tslice.set || o->ratelimit.set || o->delay.set))
		return "Must specify schedparam to set schedule parameter values.";
	return NULL;
}

static int run(struct xl *xl, const struct options *o)
{
	const char *why = conflict(o);
	struct xen_domctl_getdomaininfo info;
	uint32_t domid;

	if (why) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	if (o->global)
		return global(xl, o);
	if (!o->domain)
		return sched_list(xl, view_of(o->sched), o->pool);
	domid = xl_domain(xl, o->domain);
	if (!sched_is(xl, domid, o->sched, &info))
		return 1;
	if (o->weight.set || o->cap.set)
		return set_domain(xl, domid, o, info.max_vcpu_id + 1);
	print_head();
	return print_domain(xl, domid, o->sched);
}

static bool read_number(struct number *n, const char *what)
{
	n->set = true;
	return sched_number(optarg, what, &n->v);
}

static bool option(struct options *o, int opt)
{
	switch (opt) {
	case 'd':
		o->domain = optarg;
		return true;
	case 'p':
		o->pool = optarg;
		return true;
	case 's':
		o->global = true;
		return true;
	case 'w':
		return read_number(&o->weight, "a weight");
	case 'c':
		return read_number(&o->cap, "a cap");
	case 't':
		return read_number(&o->tslice, "a time slice");
	case 'm':
		return read_number(&o->delay, "a migration delay");
	default:
		return read_number(&o->ratelimit, "a rate limit");
	}
}

static int main_sched(struct xl *xl, int argc, char **argv, uint32_t sched, const char *letters,
		      const struct option *lopts)
{
	struct options o = { .sched = sched };
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, letters, lopts, 0)) != XL_OPT_DONE) {
		if (opt < XL_OPT_DONE)
			return XL_OPT_STATUS(opt);
		if (!option(&o, opt))
			return 1;
	}
	return run(xl, &o);
}

#define COMMON_OPTIONS \
	{ "domain", 1, NULL, 'd' }, { "weight", 1, NULL, 'w' }, { "cap", 1, NULL, 'c' }, \
	{ "schedparam", 0, NULL, 's' }, { "ratelimit_us", 1, NULL, 'r' }, \
	{ "cpupool", 1, NULL, 'p' }, { "help", 0, NULL, 'h' }, { 0 }

static int main_sched_credit(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "tslice_ms", 1, NULL, 't' }, { "migration_delay_us", 1, NULL, 'm' },
		COMMON_OPTIONS,
	};

	return main_sched(xl, argc, argv, XEN_SCHEDULER_CREDIT, "d:w:c:p:t:r:m:sh", lopts);
}

static int main_sched_credit2(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = { COMMON_OPTIONS };

	return main_sched(xl, argc, argv, XEN_SCHEDULER_CREDIT2, "d:w:c:p:r:sh", lopts);
}

const struct xl_command xl_sched_commands[] = {
	{ "sched-credit", main_sched_credit, false, true, "Get/set credit scheduler parameters",
	  "[-d <Domain> [-w[=WEIGHT]|-c[=CAP]]] [-s [-t TSLICE] [-r RATELIMIT]] [-p CPUPOOL]",
	  "-d DOMAIN, --domain=DOMAIN        Domain to modify\n"
	  "-w WEIGHT, --weight=WEIGHT        Weight (int)\n"
	  "-c CAP, --cap=CAP                 Cap (int)\n"
	  "-s         --schedparam           Query / modify scheduler parameters\n"
	  "-t TSLICE, --tslice_ms=TSLICE     Set the timeslice, in milliseconds\n"
	  "-r RLIMIT, --ratelimit_us=RLIMIT  Set the scheduling rate limit, in microseconds\n"
	  "-m DLY, --migration_delay_us=DLY  Set the migration delay, in microseconds\n"
	  "-p CPUPOOL, --cpupool=CPUPOOL     Restrict output to CPUPOOL" },
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
