/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameters of every policy through the ABI, with a policy that notes what it is given: which
 * members of the unions are read for which policy, and what is refused before a policy sees it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>

#include <public/sysctl.h>

#include "sched-world.h"

/* domain/sched_params.c */
long domctl_scheduler(struct vcpu *v, struct domain *d, struct xen_domctl *op);
long sysctl_scheduler(struct vcpu *v, struct xen_sysctl *op);

static void run(void (*fn)(void *arg), void *arg)
{
	const struct host_outcome *o = host_isolated(fn, arg);

	if (o->status)
		print_message("%s", o->console);
	assert_int_equal(o->status, 0);
}

/* What the noting policy was given last. */
static struct sched_domain_params domain_params;
static struct sched_unit_params unit_params[2], default_unit_params = { 10 * MS, 4 * MS, true };
static struct sched_global_params global_params;
static struct sched_schedule schedule;
static u32 sets;

static int get_domain(struct scheduler *s, const void *priv, struct sched_domain_params *p)
{
	*p = domain_params;
	return 0;
}

static int set_domain(struct scheduler *s, void *priv, const struct sched_domain_params *p,
		      s_time_t now)
{
	domain_params = *p;
	sets++;
	return 0;
}

static int get_unit(struct scheduler *s, const struct sched_unit *u, struct sched_unit_params *p)
{
	*p = u ? unit_params[u->id] : default_unit_params;
	return 0;
}

static int set_unit(struct scheduler *s, struct sched_unit *u, const struct sched_unit_params *p,
		    s_time_t now)
{
	unit_params[u->id] = *p;
	sets++;
	return 0;
}

static int get_global(struct scheduler *s, struct sched_global_params *p)
{
	if (p->schedule) {
		*p->schedule = schedule;
		return 0;
	}
	*p = global_params;
	return 0;
}

static int set_global(struct scheduler *s, const struct sched_global_params *p)
{
	sets++;
	if (p->schedule)
		schedule = *p->schedule;
	else
		global_params = *p;
	return 0;
}

/* A pool 1 + @id of the noting policy, which says that it is @id, with one domain. */
static struct domain *noting_domain(u32 id)
{
	static struct sched_policy noting[16];
	struct scheduler *s;
	int err;

	noting[id] = sched_null;
	noting[id].name = "noting";
	noting[id].id = id;
	noting[id].get_domain_params = get_domain;
	noting[id].set_domain_params = set_domain;
	noting[id].get_unit_params = get_unit;
	noting[id].set_unit_params = set_unit;
	noting[id].get_global_params = get_global;
	noting[id].set_global_params = set_global;
	s = sched_create(&noting[id], 1 + id, &err);
	HOST_CHECK(s && sched_cpu_leave(id) == 0 && sched_cpu_join(id, s) == 0);
	sched_cpu_online(id);
	return sw_domain_in((u16)id, 2, s);
}

static struct xen_domctl domctl_op(u32 id, u32 cmd)
{
	return (struct xen_domctl){ .u.scheduler_op = { .sched_id = id, .cmd = cmd } };
}

static struct xen_sysctl sysctl_op(u32 id, u32 cmd)
{
	return (struct xen_sysctl){
		.u.scheduler_op = { .cpupool_id = 1 + id, .sched_id = id, .cmd = cmd } };
}

static void shares(void *arg)
{
	struct xen_domctl op = domctl_op(XEN_SCHEDULER_CREDIT, XEN_DOMCTL_SCHEDOP_putinfo);
	struct domain *d;

	sw_start(1, 10, "");
	d = noting_domain(XEN_SCHEDULER_CREDIT);
	op.u.scheduler_op.u.credit.weight = 512;
	op.u.scheduler_op.u.credit.cap = 70;
	HOST_CHECK(domctl_scheduler(d->vcpu[0], d, &op) == 0);
	HOST_CHECK(domain_params.weight == 512 && domain_params.cap == 70);
	/* All ones leave credit's cap. */
	op.u.scheduler_op.u.credit.weight = 128;
	op.u.scheduler_op.u.credit.cap = 0xffff;
	HOST_CHECK(domctl_scheduler(d->vcpu[0], d, &op) == 0);
	HOST_CHECK(domain_params.weight == 128 && domain_params.cap == 70);
	op = domctl_op(XEN_SCHEDULER_CREDIT, XEN_DOMCTL_SCHEDOP_getinfo);
	HOST_CHECK(domctl_scheduler(d->vcpu[0], d, &op) == 0);
	HOST_CHECK(op.u.scheduler_op.u.credit.weight == 128);
	HOST_CHECK(op.u.scheduler_op.u.credit.cap == 70);

	d = noting_domain(XEN_SCHEDULER_CREDIT2);
	op = domctl_op(XEN_SCHEDULER_CREDIT2, XEN_DOMCTL_SCHEDOP_putinfo);
	op.u.scheduler_op.u.credit2.weight = 100;
	op.u.scheduler_op.u.credit2.cap = 0xffff;
	HOST_CHECK(domctl_scheduler(d->vcpu[0], d, &op) == 0);
	HOST_CHECK(domain_params.weight == 100 && domain_params.cap == 0xffff);
}

static void single_vcpus(void *arg)
{
	struct xen_domctl_schedparam_vcpu list[2] = {
		{ .u.rtds = { 1000, 400, XEN_DOMCTL_SCHEDRT_extra }, .vcpuid = 1 },
		{ .u.rtds = { UINT32_MAX, UINT32_MAX, 0 }, .vcpuid = 0 } };
	struct xen_domctl op = domctl_op(XEN_SCHEDULER_RTDS, XEN_DOMCTL_SCHEDOP_getinfo);
	struct domain *d;

	sw_start(1, 10, "");
	d = noting_domain(XEN_SCHEDULER_RTDS);
	/* Of a domain: the defaults; set: all vCPUs at once. */
	HOST_CHECK(domctl_scheduler(d->vcpu[0], d, &op) == 0);
	HOST_CHECK(op.u.scheduler_op.u.rtds.period == 10000);
	HOST_CHECK(op.u.scheduler_op.u.rtds.budget == 4000);
	HOST_CHECK(op.u.scheduler_op.u.rtds.flags == XEN_DOMCTL_SCHEDRT_extra);
	op = domctl_op(XEN_SCHEDULER_RTDS, XEN_DOMCTL_SCHEDOP_putinfo);
	op.u.scheduler_op.u.rtds = (struct xen_domctl_sched_rtds){ .period = 50, .budget = 20 };
	HOST_CHECK(domctl_scheduler(d->vcpu[0], d, &op) == 0);
	for (u32 i = 0; i < 2; i++)
		HOST_CHECK(unit_params[i].period_ns == 50 * US && !unit_params[i].extra &&
			   unit_params[i].budget_ns == 20 * US);

	op = domctl_op(XEN_SCHEDULER_RTDS, XEN_DOMCTL_SCHEDOP_putvcpuinfo);
	op.u.scheduler_op.u.v.nr_vcpus = 2;
	set_xen_guest_handle(op.u.scheduler_op.u.v.vcpus, list);
	HOST_CHECK(domctl_scheduler(d->vcpu[0], d, &op) == 0);
	HOST_CHECK(op.u.scheduler_op.u.v.nr_vcpus == 2);
	HOST_CHECK(unit_params[1].budget_ns == 400 * US && unit_params[1].extra);
	HOST_CHECK(unit_params[0].period_ns == UINT32_MAX * US);
	memset(&list[0].u, 0, sizeof(list[0].u));
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo;
	HOST_CHECK(domctl_scheduler(d->vcpu[0], d, &op) == 0);
	HOST_CHECK(list[0].u.rtds.period == 1000 && list[0].u.rtds.budget == 400);
	HOST_CHECK(list[1].u.rtds.period == UINT32_MAX && !list[1].u.rtds.flags);
	/* A vCPU that the domain has not. */
	list[0].vcpuid = 2;
	HOST_CHECK(domctl_scheduler(d->vcpu[0], d, &op) == -XEN_EINVAL);
}

static void of_instances(void *arg)
{
	struct xen_sysctl op = sysctl_op(XEN_SCHEDULER_CREDIT, XEN_SYSCTL_SCHEDOP_putinfo);
	struct vcpu *v;

	sw_start(1, 10, "");
	v = noting_domain(XEN_SCHEDULER_CREDIT)->vcpu[0];
	op.u.scheduler_op.u.sched_credit = (struct xen_sysctl_credit_schedule){
		.tslice_ms = 30, .ratelimit_us = 1500, .vcpu_migr_delay_us = 77 };
	HOST_CHECK(sysctl_scheduler(v, &op) == 0);
	HOST_CHECK(global_params.tslice_ms == 30 && global_params.ratelimit_us == 1500);
	HOST_CHECK(global_params.migr_delay_us == 77);
	op = sysctl_op(XEN_SCHEDULER_CREDIT, XEN_SYSCTL_SCHEDOP_getinfo);
	HOST_CHECK(sysctl_scheduler(v, &op) == 0);
	HOST_CHECK(op.u.scheduler_op.u.sched_credit.tslice_ms == 30);
	HOST_CHECK(op.u.scheduler_op.u.sched_credit.vcpu_migr_delay_us == 77);

	v = noting_domain(XEN_SCHEDULER_CREDIT2)->vcpu[0];
	op = sysctl_op(XEN_SCHEDULER_CREDIT2, XEN_SYSCTL_SCHEDOP_putinfo);
	op.u.scheduler_op.u.sched_credit2.ratelimit_us = 900;
	HOST_CHECK(sysctl_scheduler(v, &op) == 0 && global_params.ratelimit_us == 900);
}

static void schedules(void *arg)
{
	struct xen_sysctl op = sysctl_op(XEN_SCHEDULER_ARINC653, XEN_SYSCTL_SCHEDOP_putinfo);
	struct xen_sysctl_arinc653_schedule a = { .major_frame = 5 * MS, .num_sched_entries = 64 };
	struct xen_sysctl_arinc653_schedule b;
	struct vcpu *v;

	sw_start(1, 10, "");
	v = noting_domain(XEN_SCHEDULER_ARINC653)->vcpu[0];
	for (u32 i = 0; i < 64; i++) {
		a.sched_entries[i].dom_handle[15] = (u8)i;
		a.sched_entries[i].vcpu_id = i * 2;
		a.sched_entries[i].runtime = i + 1;
	}
	set_xen_guest_handle(op.u.scheduler_op.u.sched_arinc653.schedule, &a);
	HOST_CHECK(sysctl_scheduler(v, &op) == 0);
	HOST_CHECK(schedule.frame_ns == 5 * MS && schedule.nr == 64);
	HOST_CHECK(schedule.window[63].handle[15] == 63 && schedule.window[63].unit_id == 126);
	HOST_CHECK(schedule.window[63].length_ns == 64);
	memset(&b, 0xa5, sizeof(b));
	op.u.scheduler_op.cmd = XEN_SYSCTL_SCHEDOP_getinfo;
	set_xen_guest_handle(op.u.scheduler_op.u.sched_arinc653.schedule, &b);
	HOST_CHECK(sysctl_scheduler(v, &op) == 0 && !memcmp(&a, &b, sizeof(a)));
	/* No byte of the hypervisor's memory that is not the schedule reaches the caller. */
	schedule.nr = 1;
	HOST_CHECK(sysctl_scheduler(v, &op) == 0 && b.num_sched_entries == 1);
	for (u32 i = 1; i < 64; i++)
		HOST_CHECK(!b.sched_entries[i].runtime && !b.sched_entries[i].vcpu_id);

	/* Refused before the policy sees it. */
	sets = 0;
	op.u.scheduler_op.cmd = XEN_SYSCTL_SCHEDOP_putinfo;
	set_xen_guest_handle(op.u.scheduler_op.u.sched_arinc653.schedule, &a);
	a.num_sched_entries = 65;
	HOST_CHECK(sysctl_scheduler(v, &op) == -XEN_EINVAL);
	a.num_sched_entries = 64;
	a.sched_entries[7].runtime = 1ULL << 63;
	HOST_CHECK(sysctl_scheduler(v, &op) == -XEN_EINVAL);
	a.sched_entries[7].runtime = 1;
	a.major_frame = UINT64_MAX;
	HOST_CHECK(sysctl_scheduler(v, &op) == -XEN_EINVAL);
	HOST_CHECK(sets == 0);
}

/* A policy without such parameters, another policy's, a pool and a command that are not there. */
static void refused(void *arg)
{
	static const u32 ids[] = { XEN_SCHEDULER_CREDIT, XEN_SCHEDULER_CREDIT2,
				   XEN_SCHEDULER_ARINC653, XEN_SCHEDULER_RTDS, XEN_SCHEDULER_NULL };
	struct domain *d[ARRAY_SIZE(ids)];
	struct xen_domctl dop;
	struct xen_sysctl sop;

	sw_start(1, 10, "");
	for (u32 i = 0; i < ARRAY_SIZE(ids); i++)
		d[i] = noting_domain(ids[i]);
	sets = 0;
	for (u32 i = 0; i < ARRAY_SIZE(ids); i++) {
		bool shares_only = i < 2, none = i == 2 || i == 4;

		for (u32 j = 0; j < ARRAY_SIZE(ids); j++) {
			if (i == j)
				continue;
			for (u32 cmd = 0; cmd < 5; cmd++) {
				dop = domctl_op(ids[j], cmd);
				HOST_CHECK(domctl_scheduler(d[i]->vcpu[0], d[i], &dop) ==
					   -XEN_EINVAL);
				sop = sysctl_op(ids[i], cmd);
				sop.u.scheduler_op.sched_id = ids[j];
				HOST_CHECK(sysctl_scheduler(d[i]->vcpu[0], &sop) == -XEN_EINVAL);
			}
		}
		dop = domctl_op(ids[i], 4);
		HOST_CHECK(domctl_scheduler(d[i]->vcpu[0], d[i], &dop) == -XEN_EINVAL);
		dop = domctl_op(ids[i], XEN_DOMCTL_SCHEDOP_putvcpuinfo);
		HOST_CHECK(domctl_scheduler(d[i]->vcpu[0], d[i], &dop) ==
			   (shares_only ? -XEN_EINVAL : none ? -XEN_EOPNOTSUPP : 0));
		dop = domctl_op(ids[i], XEN_DOMCTL_SCHEDOP_getinfo);
		HOST_CHECK(domctl_scheduler(d[i]->vcpu[0], d[i], &dop) ==
			   (none ? -XEN_EOPNOTSUPP : 0));
		sop = sysctl_op(ids[i], 2);
		HOST_CHECK(sysctl_scheduler(d[i]->vcpu[0], &sop) == -XEN_EINVAL);
		sop = sysctl_op(ids[i], XEN_SYSCTL_SCHEDOP_getinfo);
		sop.u.scheduler_op.cpupool_id = 900;
		HOST_CHECK(sysctl_scheduler(d[i]->vcpu[0], &sop) == -XEN_ESRCH);
		if (i >= 3) {
			sop.u.scheduler_op.cpupool_id = 1 + ids[i];
			HOST_CHECK(sysctl_scheduler(d[i]->vcpu[0], &sop) == -XEN_EOPNOTSUPP);
		}
	}
	HOST_CHECK(sets == 0);
}

static void test_shares(void **state) { run(shares, NULL); }
static void test_single_vcpus(void **state) { run(single_vcpus, NULL); }
static void test_of_instances(void **state) { run(of_instances, NULL); }
static void test_schedules(void **state) { run(schedules, NULL); }
static void test_refused(void **state) { run(refused, NULL); }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_single_vcpus),
		cmocka_unit_test(test_of_instances),
		cmocka_unit_test(test_schedules),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
