/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of schedulers. Weight and cap are a domain's, and have the same places in the structures
 * of credit and credit2. Period, budget and extra time are each vCPU's, in RTDS.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pool.h"
#include "sched.h"

static const struct {
	const char *name, *command, *settings;
} scheds[] = {
	[XEN_SCHEDULER_CREDIT] = { "credit", "sched-credit", "cpu_weight and cap" },
	[XEN_SCHEDULER_CREDIT2] = { "credit2", "sched-credit2", "cpu_weight and cap" },
	[XEN_SCHEDULER_ARINC653] = { "arinc653", "sched-arinc653", NULL },
	[XEN_SCHEDULER_RTDS] = { "rtds", "sched-rtds", "period, budget and extratime" },
	[XEN_SCHEDULER_NULL] = { "null", NULL, NULL },
};

#define NR_SCHEDS (sizeof(scheds) / sizeof(scheds[0]))
#define HAS(sched) (1U << XEN_SCHEDULER_##sched)

static const struct {
	const char *name;
	size_t at;		/* in struct lx_sched */
	uint32_t of;		/* bit n: scheduler n has it */
} settings[] = {
	{ "cpu_weight", offsetof(struct lx_sched, weight), HAS(CREDIT) | HAS(CREDIT2) },
	{ "cap", offsetof(struct lx_sched, cap), HAS(CREDIT) | HAS(CREDIT2) },
	{ "period", offsetof(struct lx_sched, period), HAS(RTDS) },
	{ "budget", offsetof(struct lx_sched, budget), HAS(RTDS) },
	{ "extratime", offsetof(struct lx_sched, extratime), HAS(RTDS) },
};

#define NR_SETTINGS (sizeof(settings) / sizeof(settings[0]))

const char *lx_sched_name(uint32_t id)
{
	return id < NR_SCHEDS && scheds[id].name ? scheds[id].name : "unknown";
}

bool lx_sched_parse(const char *name, uint32_t *id)
{
	for (*id = 0; *id < NR_SCHEDS; ++*id)
		if (scheds[*id].name && !strcasecmp(scheds[*id].name, name))
			return true;
	return false;
}

const char *lx_sched_command(uint32_t id)
{
	return id < NR_SCHEDS ? scheds[id].command : NULL;
}

static int32_t *value(struct lx_sched *s, unsigned int i)
{
	assert(i < NR_SETTINGS && settings[i].at + sizeof(int32_t) <= sizeof(*s));
	return (int32_t *)((char *)s + settings[i].at);
}

static bool has(uint32_t sched, unsigned int i)
{
	assert(i < NR_SETTINGS);
	return sched < 32 && settings[i].of & 1U << sched;
}

static void refuse(struct lx *lx, uint32_t pool, uint32_t sched, const char *name)
{
	char *in = lx_pool_name(lx, pool);
	const char *other = sched < NR_SCHEDS ? scheds[sched].settings : NULL;
	char remedy[96];

	if (other)
		snprintf(remedy, sizeof(remedy), "set %s", other);
	else if (lx_sched_command(sched))
		snprintf(remedy, sizeof(remedy), "remove it, and use xl %s",
			 lx_sched_command(sched));
	else
		snprintf(remedy, sizeof(remedy), "remove it, or choose another pool");
	lx_error(lx, 0, "%s is not a setting of the scheduler %s, which %s has: %s", name,
		 lx_sched_name(sched), in ? in : "the pool", remedy);
	free(in);
}

static bool none_is_set(const struct lx_sched *s)
{
	struct lx_sched copy = *s;

	for (unsigned int i = 0; i < NR_SETTINGS; i++)
		if (*value(&copy, i) >= 0)
			return false;
	return true;
}

int lx_sched_check(struct lx *lx, uint32_t pool, const struct lx_sched *s)
{
	struct lx_sched copy = *s;
	struct lx_pool p;
	int rc;

	if (none_is_set(s))
		return 0;
	rc = lx_pool_info(lx, pool, &p);
	for (unsigned int i = 0; i < NR_SETTINGS && !rc; i++) {
		if (*value(&copy, i) < 0 || has(p.sched, i))
			continue;
		refuse(lx, pool, p.sched, settings[i].name);
		rc = -EINVAL;
	}
	return rc;
}

void lx_sched_drop_others(struct lx_sched *s, uint32_t sched)
{
	for (unsigned int i = 0; i < NR_SETTINGS; i++)
		if (!has(sched, i))
			*value(s, i) = -1;
}

static int apply_credit(struct lx *lx, uint32_t domid, uint32_t sched, const struct lx_sched *s)
{
	struct xen_domctl_scheduler_op op = { .sched_id = sched,
					      .cmd = XEN_DOMCTL_SCHEDOP_getinfo };
	int rc = ctl_sched_domain(lx->ctl, domid, &op);

	if (rc)
		return rc;
	if (s->weight >= 0)
		op.u.credit2.weight = (uint16_t)s->weight;
	if (s->cap >= 0)
		op.u.credit2.cap = (uint16_t)s->cap;
	op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	return ctl_sched_domain(lx->ctl, domid, &op);
}

/* What is not set stays as the scheduler has it. */
static int change_rtds(struct lx *lx, const struct lx_sched *s, struct xen_domctl_sched_rtds *r)
{
	if (s->period >= 0)
		r->period = (uint32_t)s->period;
	if (s->budget >= 0)
		r->budget = (uint32_t)s->budget;
	if (s->extratime >= 0)
		r->flags = (r->flags & ~XEN_DOMCTL_SCHEDRT_extra) |
			   (s->extratime ? XEN_DOMCTL_SCHEDRT_extra : 0);
	if (r->budget <= r->period)
		return 0;
	lx_error(lx, 0, "a budget of %u us does not fit into a period of %u us: set both",
		 r->budget, r->period);
	return -EINVAL;
}

static int apply_rtds(struct lx *lx, uint32_t domid, const struct lx_sched *s, uint32_t vcpus)
{
	struct xen_domctl_schedparam_vcpu *v = calloc(vcpus ? vcpus : 1, sizeof(*v));
	int rc;

	if (!v)
		return -ENOMEM;
	for (uint32_t i = 0; i < vcpus; i++)
		v[i].vcpuid = i;
	rc = ctl_sched_vcpus(lx->ctl, domid, XEN_SCHEDULER_RTDS, XEN_DOMCTL_SCHEDOP_getvcpuinfo, v,
			     vcpus);
	for (uint32_t i = 0; i < vcpus && !rc; i++)
		rc = change_rtds(lx, s, &v[i].u.rtds);
	if (!rc)
		rc = ctl_sched_vcpus(lx->ctl, domid, XEN_SCHEDULER_RTDS,
				     XEN_DOMCTL_SCHEDOP_putvcpuinfo, v, vcpus);
	free(v);
	return rc;
}

int lx_sched_apply(struct lx *lx, uint32_t domid, uint32_t pool, const struct lx_sched *s,
		   uint32_t vcpus)
{
	struct lx_pool p;
	int rc;

	if (none_is_set(s))
		return 0;
	rc = lx_sched_check(lx, pool, s);
	if (!rc)
		rc = lx_pool_info(lx, pool, &p);
	if (rc)
		return rc;
	if (p.sched == XEN_SCHEDULER_RTDS)
		return apply_rtds(lx, domid, s, vcpus);
	assert(p.sched == XEN_SCHEDULER_CREDIT || p.sched == XEN_SCHEDULER_CREDIT2);
	return apply_credit(lx, domid, p.sched, s);
}
