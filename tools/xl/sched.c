/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Schedulers belong to pools of CPUs, and parameters to the scheduler of a domain's pool. */
#include <limits.h>

#include "sched.h"

static void says(const char *what, const char *name, uint32_t has, uint32_t wanted)
{
	const char *command = lx_sched_command(has);

	fprintf(stderr, "%s %s has the scheduler %s, not %s: %s%s\n", what, name,
		lx_sched_name(has), lx_sched_name(wanted),
		command ? "use xl " : "it has no parameters", command ? command : "");
}

static int show(struct xl *xl, const struct sched_view *v, const struct lx_pool *pool,
		const struct xen_domctl_getdomaininfo *info, int n)
{
	int status = v->pool(xl, pool->id, pool->name);

	if (!v->head)
		return status;
	v->head();
	for (int i = 0; i < n && !status; i++)
		if (info[i].cpupool == pool->id)
			status = v->domain(xl, info[i].domain);
	return status;
}

int sched_list(struct xl *xl, const struct sched_view *v, const char *pool)
{
	struct xen_domctl_getdomaininfo *info;
	struct lx_pool *pools;
	int nr_pools, n, status = 0;
	bool any = false;
	uint32_t id = 0;

	if (pool && !sched_pool(xl, pool, v->sched, &id))
		return 1;
	info = xl_domains(xl, &n);
	nr_pools = lx_pools(&xl->lx, &pools);
	if (nr_pools < 0)
		fprintf(stderr, "error getting cpupool info\n");
	for (int i = 0; i < nr_pools && !status; i++) {
		if (pools[i].sched != v->sched || (pool && pools[i].id != id))
			continue;
		status = show(xl, v, &pools[i], info, n);
		any = true;
	}
	for (int i = 0; i < nr_pools && !any; i++)
		says("Cpupool", pools[i].name, pools[i].sched, v->sched);
	lx_pools_free(pools, nr_pools);
	free(info);
	return any ? status : 1;
}

bool sched_pool(struct xl *xl, const char *text, uint32_t sched, uint32_t *id)
{
	struct lx_pool pool;
	char *name;

	*id = 0;
	if (text && !xl_pool(xl, text, id))
		return false;
	if (lx_pool_info(xl_lx(xl), *id, &pool)) {
		fprintf(stderr, "error getting cpupool info\n");
		return false;
	}
	if (pool.sched == sched)
		return true;
	name = lx_pool_name(&xl->lx, *id);
	says("Cpupool", name ? name : "?", pool.sched, sched);
	free(name);
	return false;
}

bool sched_is(struct xl *xl, uint32_t domid, uint32_t sched,
	      struct xen_domctl_getdomaininfo *info)
{
	struct lx_pool pool;
	char text[16];

	if (ctl_domain_info(xl_lx(xl)->ctl, domid, info) ||
	    lx_pool_info(&xl->lx, info->cpupool, &pool)) {
		fprintf(stderr, "libxl_domain_sched_params_get failed.\n");
		return false;
	}
	if (pool.sched == sched)
		return true;
	snprintf(text, sizeof(text), "%u", domid);
	says("domain", text, pool.sched, sched);
	return false;
}

bool sched_number(const char *text, const char *what, int *n)
{
	char *end;
	long v = strtol(text, &end, 10);

	*n = (int)v;
	if (end != text && !*end && v >= INT_MIN && v <= INT_MAX)
		return true;
	fprintf(stderr, "%s is a number, not \"%s\"\n", what, text);
	return false;
}
