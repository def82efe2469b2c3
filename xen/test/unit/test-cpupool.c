/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_SYSCTL_cpupool_op: every operation and every error, and what domains notice of pools. */
#include "unit.h"

#include <xen/errno.h>

#include <asm/host.h>

#include "control.h"

static long pool_op(struct xen_sysctl *op, u32 what, u32 pool, u32 arg)
{
	static u8 map[CONTROL_CPUS];

	*op = (struct xen_sysctl){ .u.cpupool_op = { .op = what, .cpupool_id = pool, .cpu = arg,
						     .domid = arg, .sched_id = arg,
						     .cpumap.nr_bits = 8 } };
	set_xen_guest_handle(op->u.cpupool_op.cpumap.bitmap, map);
	map[0] = 0xff;
	return sysctl(op, XEN_SYSCTL_cpupool_op);
}

static u8 pool_map(u32 what, u32 pool)
{
	struct xen_sysctl op;

	HOST_CHECK(pool_op(&op, what, pool, 0) == 0);
	return *op.u.cpupool_op.cpumap.bitmap.p;
}

#define ANY XEN_SYSCTL_CPUPOOL_PAR_ANY

/* Each operation, and each error that <public/sysctl.h> lists. */
static void pools(void *arg)
{
	const u32 create = XEN_SYSCTL_CPUPOOL_OP_CREATE, destroy = XEN_SYSCTL_CPUPOOL_OP_DESTROY,
		  info = XEN_SYSCTL_CPUPOOL_OP_INFO, free = XEN_SYSCTL_CPUPOOL_OP_FREEINFO,
		  add = XEN_SYSCTL_CPUPOOL_OP_ADDCPU, rm = XEN_SYSCTL_CPUPOOL_OP_RMCPU;
	struct xen_sysctl op;

	control_start();
	HOST_CHECK(pool_map(info, 0) == 0x0f && pool_map(free, 0) == 0);
	HOST_CHECK(pool_op(&op, info, 1, 0) == -XEN_ENOENT);
	HOST_CHECK(pool_op(&op, create, ANY, 4) == -XEN_ENOENT);
	HOST_CHECK(pool_op(&op, create, 0, XEN_SCHEDULER_NULL) == -XEN_EEXIST);
	HOST_CHECK(pool_op(&op, create, ANY, XEN_SCHEDULER_NULL) == 0);
	HOST_CHECK(op.u.cpupool_op.cpupool_id == 1);
	HOST_CHECK(pool_op(&op, create, 5, XEN_SCHEDULER_CREDIT2) == 0);
	HOST_CHECK(pool_op(&op, info, 2, 0) == 0 && op.u.cpupool_op.cpupool_id == 5);
	HOST_CHECK(op.u.cpupool_op.sched_id == XEN_SCHEDULER_CREDIT2 && !op.u.cpupool_op.n_dom);

	HOST_CHECK(pool_op(&op, add, 2, 3) == -XEN_ENOENT);
	HOST_CHECK(pool_op(&op, add, 1, CONTROL_CPUS) == -XEN_EINVAL);
	HOST_CHECK(pool_op(&op, add, 1, 3) == -XEN_ENODEV);
	HOST_CHECK(pool_op(&op, add, 1, ANY) == -XEN_ENODEV);
	HOST_CHECK(pool_op(&op, rm, 2, 3) == -XEN_ENOENT);
	HOST_CHECK(pool_op(&op, rm, 0, CONTROL_CPUS) == -XEN_EINVAL);
	HOST_CHECK(pool_op(&op, rm, 1, 3) == -XEN_ENODEV);
	HOST_CHECK(pool_op(&op, rm, 1, ANY) == -XEN_EINVAL);
	HOST_CHECK(pool_op(&op, rm, 0, 2) == 0 && pool_op(&op, rm, 0, ANY) == 0);
	HOST_CHECK(pool_map(info, 0) == 0x03 && pool_map(free, 0) == 0x0c);
	HOST_CHECK(pool_op(&op, add, 1, ANY) == 0 && pool_op(&op, add, 5, 3) == 0);
	HOST_CHECK(pool_map(info, 1) == 0x04 && pool_map(info, 5) == 0x08);
	HOST_CHECK(pool_op(&op, rm, 0, ANY) == 0 && pool_op(&op, rm, 0, ANY) == -XEN_EBUSY);
	HOST_CHECK(pool_op(&op, add, 0, 1) == 0);

	HOST_CHECK(pool_op(&op, destroy, 2, 0) == -XEN_ENOENT);
	HOST_CHECK(pool_op(&op, destroy, 0, 0) == -XEN_EBUSY);
	HOST_CHECK(pool_op(&op, destroy, 5, 0) == -XEN_EBUSY);
	HOST_CHECK(pool_op(&op, rm, 5, 3) == 0 && pool_op(&op, destroy, 5, 0) == 0);
	HOST_CHECK(pool_op(&op, 99, 0, 0) == -XEN_ENOSYS);
}

static u32 pool_of(u16 id)
{
	struct xen_domctl op = { 0 };

	HOST_CHECK(domctl(&op, XEN_DOMCTL_getdomaininfo, id) == 0);
	return op.u.getdomaininfo.cpupool;
}

static void pools_and_domains(void *arg)
{
	const u32 move = XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, rm = XEN_SYSCTL_CPUPOOL_OP_RMCPU;
	struct xen_domctl cfg = good_config(), d = { 0 };
	struct xen_sysctl op;
	u8 hard = 0x08, soft = 0x0f;
	u16 id;

	control_start();
	HOST_CHECK(pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_CREATE, 3, XEN_SCHEDULER_CREDIT2) == 0);
	cfg.u.createdomain.cpupool_id = 3;
	HOST_CHECK(domctl(&cfg, XEN_DOMCTL_createdomain, 0) == -XEN_ENOENT);
	HOST_CHECK(pool_op(&op, move, 3, 0) == -XEN_EPERM);
	HOST_CHECK(pool_op(&op, move, 3, 77) == -XEN_ESRCH);
	HOST_CHECK(pool_op(&op, move, 3, 0x10000) == -XEN_ESRCH);
	HOST_CHECK(pool_op(&op, rm, 0, 2) == 0 && pool_op(&op, rm, 0, 3) == 0);
	id = make_guest();
	HOST_CHECK(pool_of(id) == 0);
	HOST_CHECK(pool_op(&op, move, 4, id) == -XEN_ENOENT);
	HOST_CHECK(pool_op(&op, move, 3, id) == -XEN_ENOENT);	/* no CPU in it */
	HOST_CHECK(pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 3, 2) == 0);
	HOST_CHECK(pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 3, 3) == 0);
	HOST_CHECK(pool_op(&op, move, 3, id) == 0 && pool_of(id) == 3);
	HOST_CHECK(pool_op(&op, move, 3, id) == 0);
	destroy_guest(id);

	cfg = good_config();
	cfg.u.createdomain.cpupool_id = 3;
	HOST_CHECK(domctl(&cfg, XEN_DOMCTL_createdomain, 0) == 0);
	id = cfg.domain;
	d.u.max_vcpus.max = 2;
	HOST_CHECK(domctl(&d, XEN_DOMCTL_max_vcpus, id) == 0 && pool_of(id) == 3);
	HOST_CHECK(pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_INFO, 3, 0) == 0);
	HOST_CHECK(op.u.cpupool_op.n_dom == 1);

	/* An affinity counts within the pool only; when its CPUs leave, any CPU will do. */
	d.u.vcpuaffinity = (struct xen_domctl_vcpuaffinity){
		.flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT,
		.cpumap_hard.nr_bits = 8, .cpumap_soft.nr_bits = 8 };
	set_xen_guest_handle(d.u.vcpuaffinity.cpumap_hard.bitmap, &hard);
	set_xen_guest_handle(d.u.vcpuaffinity.cpumap_soft.bitmap, &soft);
	hard = 0x03;
	HOST_CHECK(domctl(&d, XEN_DOMCTL_setvcpuaffinity, id) == -XEN_EINVAL);
	hard = 0x09;
	HOST_CHECK(domctl(&d, XEN_DOMCTL_setvcpuaffinity, id) == 0);
	HOST_CHECK(hard == 0x08 && soft == 0x08);
	HOST_CHECK(pool_op(&op, rm, 3, 3) == 0);
	HOST_CHECK(domctl(&d, XEN_DOMCTL_getvcpuaffinity, id) == 0 && hard == 0xff);
	HOST_CHECK(pool_op(&op, rm, 3, 2) == -XEN_EBUSY);
	destroy_guest(id);
	HOST_CHECK(pool_op(&op, rm, 3, 2) == 0);
	HOST_CHECK(pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_DESTROY, 3, 0) == 0);
}

static void run(void (*fn)(void *arg))
{
	const struct host_outcome *o = host_isolated(fn, NULL);

	if (o->status)
		print_message("%s", o->console);
	assert_int_equal(o->status, 0);
}

static void test_pools(void **state)
{
	run(pools);
}

static void test_pools_and_domains(void **state)
{
	run(pools_and_domains);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pools),
		cmocka_unit_test(test_pools_and_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
