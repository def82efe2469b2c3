/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

#include <public/domctl.h>
#include <public/sysctl.h>

TEST("CPU pools: CPUs leave under load, the caller's own too; domains in other pools");
RUN("dom0=1 vcpus=2 cpus=4 timeout=60");

#define CPUS 4
#define ALL 0xf
#define ANY XEN_SYSCTL_CPUPOOL_PAR_ANY

static volatile u32 turns;
static volatile bool stop;
static u8 map[8];

static long pool_op(u32 what, u32 pool, u32 arg, struct xen_sysctl_cpupool_op *out)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_cpupool_op,
				 .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
	long rc;

	op.u.cpupool_op = (struct xen_sysctl_cpupool_op){
		.op = what, .cpupool_id = pool, .sched_id = arg, .domid = arg, .cpu = arg,
		.cpumap.nr_bits = 64 };
	set_xen_guest_handle(op.u.cpupool_op.cpumap.bitmap, map);
	rc = HC1(__HYPERVISOR_sysctl, &op);
	if (out)
		*out = op.u.cpupool_op;
	return rc;
}

static u32 cpus_of(u32 what, u32 pool)
{
	CHECK_EQ(pool_op(what, pool, 0, NULL), 0);
	return map[0];
}

static long domctl(u32 cmd, u16 domid, struct xen_domctl *op)
{
	op->cmd = cmd;
	op->domain = domid;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return HC1(__HYPERVISOR_domctl, op);
}

static void spin(void *arg)
{
	while (!stop)
		turns++;
}

/* The pool's CPUs leave one by one, whatever runs there, until one is left for both vCPUs. */
static void shrink_and_grow(void)
{
	u32 last, before;

	for (u32 round = 0; round < 5; round++) {
		for (u32 i = 0; i < CPUS - 1; i++) {
			u32 cpu = (round + i) % CPUS;

			CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, cpu, NULL), 0);
			before = turns;
			CHECK(WAIT_FOR(turns != before, 5000), "stuck without CPU %u", cpu);
		}
		last = (round + CPUS - 1) % CPUS;
		CHECK_EQ(cpus_of(XEN_SYSCTL_CPUPOOL_OP_INFO, 0), 1U << last);
		CHECK_EQ(cpus_of(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0), ALL & ~(1U << last));
		CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, last, NULL), -XEN_EBUSY);
		for (u32 i = 0; i < CPUS - 1; i++)
			CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 0, ANY, NULL), 0);
		CHECK_EQ(cpus_of(XEN_SYSCTL_CPUPOOL_OP_INFO, 0), ALL);
	}
}

/* A domain that is made in a pool, moves to another, and ends while it is there. */
static void domain_in(u32 pool, u32 other)
{
	struct xen_domctl op = { .u.createdomain = {
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap, .max_vcpus = 2,
		.max_evtchn_port = 1023, .max_grant_frames = 4, .max_maptrack_frames = -1,
		.grant_opts = XEN_DOMCTL_GRANT_version(2), .cpupool_id = pool,
		.arch.emulation_flags = XEN_X86_EMU_LAPIC } };
	u16 id;

	CHECK_EQ(domctl(XEN_DOMCTL_createdomain, 0, &op), 0);
	id = op.domain;
	op.u.max_vcpus.max = 2;
	CHECK_EQ(domctl(XEN_DOMCTL_max_vcpus, id, &op), 0);
	CHECK_EQ(domctl(XEN_DOMCTL_getdomaininfo, id, &op), 0);
	CHECK_EQ(op.u.getdomaininfo.cpupool, pool);
	CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, other, id, NULL), 0);
	CHECK_EQ(domctl(XEN_DOMCTL_getdomaininfo, id, &op), 0);
	CHECK_EQ(op.u.getdomaininfo.cpupool, other);
	CHECK_EQ(domctl(XEN_DOMCTL_destroydomain, id, &op), 0);
}

static void other_pools(void)
{
	static const u32 policies[] = { XEN_SCHEDULER_NULL, XEN_SCHEDULER_CREDIT2 };
	struct xen_sysctl_cpupool_op got;

	for (u32 i = 0; i < 6; i++) {
		u32 cpu = i % CPUS, id;

		CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_CREATE, ANY, policies[i % 2], &got), 0);
		id = got.cpupool_id;
		CHECK_EQ(id, 1);
		CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, cpu, NULL), 0);
		CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, id, cpu, NULL), 0);
		domain_in(id, 0);
		domain_in(0, id);
		CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, id, 0, NULL), -XEN_EBUSY);
		CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, id, cpu, NULL), 0);
		CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, id, 0, NULL), 0);
		CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 0, cpu, NULL), 0);
	}
	CHECK_EQ(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 0, own_domid(), NULL), -XEN_EPERM);
}

void test_main(void)
{
	smp_need(1);
	CHECK_EQ(cpus_of(XEN_SYSCTL_CPUPOOL_OP_INFO, 0), ALL);
	smp_run(1, spin, NULL);
	shrink_and_grow();
	other_pools();
	stop = true;
	CHECK(smp_wait(1, 20000), "the busy vCPU is stuck");
}
