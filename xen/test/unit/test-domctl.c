/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_DOMCTL_* and XEN_SYSCTL_* on the simulated machine: who may call, what is refused and how,
 * how a domain is reported from its creation to its end. The platform's operations are not here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/hypercall.h>
#include <xen/p2m.h>
#include <xen/string.h>
#include <xen/hal/time.h>

#include <asm/host.h>

#include "control.h"

#include <public/memory.h>

static bool no_guests(void)
{
	bool none;

	rcu_read_lock();
	none = !domain_next(dom0);
	rcu_read_unlock();
	return none;
}

static void callers(void *arg)
{
	struct xen_domctl op = good_config();
	struct xen_sysctl sop = { .cmd = XEN_SYSCTL_physinfo };
	struct domain *d;
	u16 id;

	control_start();
	op.cmd = XEN_DOMCTL_createdomain;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION - 1;
	HOST_CHECK(hyper(caller, __HYPERVISOR_domctl, &op) == -XEN_EACCES);
	sop.interface_version = XEN_SYSCTL_INTERFACE_VERSION + 1;
	HOST_CHECK(hyper(caller, __HYPERVISOR_sysctl, &sop) == -XEN_EACCES);
	HOST_CHECK(domctl(&op, 4711, 0) == -XEN_ENOSYS);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_pausedomain, 0) == -XEN_EINVAL);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_destroydomain, DOMID_SELF) == -XEN_EINVAL);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_pausedomain, 77) == -XEN_ESRCH);
	/* The machine has no IOMMU. */
	HOST_CHECK(domctl(&op, XEN_DOMCTL_assign_device, 77) == -XEN_EOPNOTSUPP);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_get_device_group, 77) == -XEN_EOPNOTSUPP);
	HOST_CHECK(no_guests());

	/* A guest may do none of these, not even to itself. */
	id = make_guest();
	op.u.max_vcpus.max = 2;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_max_vcpus, id) == 0);
	d = domain_get_by_id(id);
	op.cmd = XEN_DOMCTL_getdomaininfo;
	HOST_CHECK(hyper(d->vcpu[0], __HYPERVISOR_domctl, &op) == -XEN_EPERM);
	sop.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	HOST_CHECK(hyper(d->vcpu[0], __HYPERVISOR_sysctl, &sop) == -XEN_EPERM);
	domain_put(d);
	destroy_guest(id);
}

static long create_with(void (*change)(struct xen_domctl_createdomain *c))
{
	struct xen_domctl op = good_config();

	change(&op.u.createdomain);
	return domctl(&op, XEN_DOMCTL_createdomain, 0);
}

static void not_hvm(struct xen_domctl_createdomain *c) { c->flags = 0; }
static void not_hap(struct xen_domctl_createdomain *c) { c->flags = XEN_DOMCTL_CDF_hvm; }
static void iommu(struct xen_domctl_createdomain *c) { c->flags |= XEN_DOMCTL_CDF_iommu; }
static void unknown(struct xen_domctl_createdomain *c) { c->flags |= 1U << 30; }
static void no_vcpus(struct xen_domctl_createdomain *c) { c->max_vcpus = 0; }
static void many_vcpus(struct xen_domctl_createdomain *c) { c->max_vcpus = 100000; }
static void no_grants(struct xen_domctl_createdomain *c) { c->max_grant_frames = 0; }
static void vast_grants(struct xen_domctl_createdomain *c) { c->max_grant_frames = INT32_MAX; }
static void grants_v3(struct xen_domctl_createdomain *c) { c->grant_opts = 3; }
static void pool_1(struct xen_domctl_createdomain *c) { c->cpupool_id = 1; }
static void vmtrace(struct xen_domctl_createdomain *c) { c->vmtrace_size = 4096; }

static void creation(void *arg)
{
	struct xen_domctl op = good_config();
	u64 free;
	u16 id;

	control_start();
	destroy_guest(make_guest());
	host_run(hal_now_ns() + 1000000);
	free = free_page_count(NUMA_NO_NODE);
	HOST_CHECK(create_with(not_hvm) == -XEN_EINVAL);
	HOST_CHECK(create_with(not_hap) == -XEN_EINVAL);
	HOST_CHECK(create_with(iommu) == -XEN_EINVAL);
	HOST_CHECK(create_with(unknown) == -XEN_EINVAL);
	HOST_CHECK(create_with(no_vcpus) == -XEN_EINVAL);
	HOST_CHECK(create_with(many_vcpus) == -XEN_EINVAL);
	HOST_CHECK(create_with(no_grants) == -XEN_EINVAL);
	HOST_CHECK(create_with(vast_grants) == -XEN_EINVAL);
	HOST_CHECK(create_with(grants_v3) == -XEN_EINVAL);
	HOST_CHECK(create_with(pool_1) == -XEN_ENOENT);
	HOST_CHECK(create_with(vmtrace) == -XEN_EINVAL);
	host_run(hal_now_ns() + 1000000);
	HOST_CHECK(no_guests());
	HOST_CHECK(free_page_count(NUMA_NO_NODE) == free);

	HOST_CHECK(domctl(&op, XEN_DOMCTL_createdomain, 9) == 0 && op.domain == 9);
	op = good_config();
	HOST_CHECK(domctl(&op, XEN_DOMCTL_createdomain, 9) == -XEN_EEXIST);
	id = make_guest();
	HOST_CHECK(id != 0 && id != 9);
	destroy_guest(id);
	destroy_guest(9);
}

static void life(void *arg)
{
	struct xen_domctl op;
	u16 id;

	control_start();
	id = make_guest();
	memset(&op, 0, sizeof(op));
	/* The call describes the first domain whose number is not below the one given. */
	HOST_CHECK(domctl(&op, XEN_DOMCTL_getdomaininfo, 1) == 0 && op.domain == id);
	HOST_CHECK(op.u.getdomaininfo.domain == id && op.u.getdomaininfo.nr_online_vcpus == 0);
	HOST_CHECK(op.u.getdomaininfo.max_vcpu_id == XEN_INVALID_MAX_VCPU_ID);
	HOST_CHECK(op.u.getdomaininfo.flags & XEN_DOMINF_paused);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_getdomaininfo, (u16)(id + 1)) == -XEN_ESRCH);

	op.u.max_vcpus.max = 3;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_max_vcpus, id) == -XEN_EINVAL);
	op.u.max_vcpus.max = 2;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_max_vcpus, id) == 0);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_max_vcpus, id) == 0);
	op.u.max_mem.max_memkb = 4096;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_max_mem, id) == 0);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_getdomaininfo, id) == 0);
	HOST_CHECK(op.u.getdomaininfo.max_pages == 1024 && op.u.getdomaininfo.max_vcpu_id == 1);

	HOST_CHECK(domctl(&op, XEN_DOMCTL_unpausedomain, id) == 0);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_unpausedomain, id) == -XEN_EINVAL);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_pausedomain, id) == 0);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_getdomaininfo, id) == 0);
	HOST_CHECK(op.u.getdomaininfo.flags & XEN_DOMINF_paused);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_unpausedomain, id) == 0);

	op.u.getvcpuinfo.vcpu = 1;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_getvcpuinfo, id) == 0);
	HOST_CHECK(!op.u.getvcpuinfo.online && op.u.getvcpuinfo.cpu < CONTROL_CPUS);
	op.u.getvcpuinfo.vcpu = 2;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_getvcpuinfo, id) == -XEN_EINVAL);
	op.u.subscribe.port = 5000;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_subscribe, id) == -XEN_EINVAL);
	/* Buttons are the architecture's, and the host port has none. */
	op.u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_POWER;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_sendtrigger, id) == -XEN_ENOSYS);
	destroy_guest(id);
}

static long affinity(u16 id, u32 cmd, u32 flags, void *hard, u32 nr_bits)
{
	struct xen_domctl op = { .u.vcpuaffinity = { .flags = flags } };

	op.u.vcpuaffinity.cpumap_hard.nr_bits = nr_bits;
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, hard);
	return domctl(&op, cmd, id);
}

static void placement(void *arg)
{
	struct xen_domctl op = { .u.max_vcpus.max = 2 };
	u8 map[64], node;
	u16 id;

	control_start();
	id = make_guest();
	HOST_CHECK(affinity(id, XEN_DOMCTL_setvcpuaffinity, XEN_VCPUAFFINITY_HARD, map, 64) ==
		   -XEN_ESRCH);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_max_vcpus, id) == 0);

	/* CPUs that are not there do not count, and the effective mask comes back. */
	memset(map, 0, sizeof(map));
	map[0] = 0xf4;
	HOST_CHECK(affinity(id, XEN_DOMCTL_setvcpuaffinity, XEN_VCPUAFFINITY_HARD, map, 64) == 0);
	HOST_CHECK(map[0] == 0x04);
	memset(map, 0xff, sizeof(map));
	HOST_CHECK(affinity(id, XEN_DOMCTL_getvcpuaffinity, XEN_VCPUAFFINITY_HARD, map, 6) == 0);
	HOST_CHECK(map[0] == 0x34 && map[1] == 0xff);
	/* Nothing beyond the bits asked for is written, longer maps are filled with zeros. */
	HOST_CHECK(affinity(id, XEN_DOMCTL_getvcpuaffinity, XEN_VCPUAFFINITY_HARD, map, 512) == 0);
	HOST_CHECK(map[0] == 0xf4 && map[63] == 0);

	/* Only the bits that the length says are there. */
	map[0] = 0xff;
	HOST_CHECK(affinity(id, XEN_DOMCTL_setvcpuaffinity, XEN_VCPUAFFINITY_HARD, map, 3) == 0);
	HOST_CHECK(affinity(id, XEN_DOMCTL_getvcpuaffinity, XEN_VCPUAFFINITY_HARD, map, 64) == 0);
	HOST_CHECK(map[0] == 0x07 && map[7] == 0);
	HOST_CHECK(affinity(id, XEN_DOMCTL_getvcpuaffinity, XEN_VCPUAFFINITY_HARD, map, ~0U) ==
		   -XEN_EINVAL);

	map[0] = 0xf0;
	HOST_CHECK(affinity(id, XEN_DOMCTL_setvcpuaffinity, XEN_VCPUAFFINITY_HARD, map, 64) ==
		   -XEN_EINVAL);
	HOST_CHECK(affinity(id, XEN_DOMCTL_setvcpuaffinity, 0, map, 64) == -XEN_EINVAL);
	HOST_CHECK(affinity(id, XEN_DOMCTL_setvcpuaffinity, 8, map, 64) == -XEN_EINVAL);
	HOST_CHECK(affinity(id, XEN_DOMCTL_setvcpuaffinity, XEN_VCPUAFFINITY_HARD, map, ~0U) ==
		   -XEN_EINVAL);
	host_guest_fault(map, sizeof(map));
	HOST_CHECK(affinity(id, XEN_DOMCTL_setvcpuaffinity, XEN_VCPUAFFINITY_HARD, map, 64) ==
		   -XEN_EFAULT);
	host_guest_fault(NULL, 0);

	node = 0;
	op.u.nodeaffinity.nodemap.nr_bits = 8;
	set_xen_guest_handle(op.u.nodeaffinity.nodemap.bitmap, &node);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_setnodeaffinity, id) == -XEN_EINVAL);
	node = 1;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_setnodeaffinity, id) == 0);
	node = 0xff;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_getnodeaffinity, id) == 0 && node == 1);
	destroy_guest(id);
}

static void permissions(void *arg)
{
	struct xen_domctl op = { 0 };
	struct domain *d;
	u16 id;

	control_start();
	id = make_guest();
	d = domain_get_by_id(id);
	op.u.ioport_permission.first_port = 0xfff0;
	op.u.ioport_permission.nr_ports = 0x11;
	op.u.ioport_permission.allow_access = 1;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_ioport_permission, id) == -XEN_EINVAL);
	op.u.ioport_permission.nr_ports = 0x10;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_ioport_permission, id) == 0);
	HOST_CHECK(rangeset_contains(&d->ioport_caps, 0xfff0, 0xffff));
	op.u.ioport_permission.allow_access = 0;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_ioport_permission, id) == 0);
	HOST_CHECK(!rangeset_overlaps(&d->ioport_caps, 0, 0xffff));

	memset(&op, 0, sizeof(op));
	op.u.iomem_permission.first_mfn = 0x100;
	op.u.iomem_permission.nr_mfns = ~0UL;
	op.u.iomem_permission.allow_access = 1;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_iomem_permission, id) == -XEN_EINVAL);
	op.u.iomem_permission.nr_mfns = 1;
	/* A caller cannot give access to what it cannot access itself. */
	HOST_CHECK(domctl(&op, XEN_DOMCTL_iomem_permission, id) == -XEN_EPERM);
	HOST_CHECK(rangeset_add(&dom0->iomem_caps, 0x100, 0x1ff) == 0);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_iomem_permission, id) == 0);
	HOST_CHECK(rangeset_contains(&d->iomem_caps, 0x100, 0x100));
	/* The same for a range that begins or ends outside. */
	for (u64 first = 0xff; first <= 0x1ff; first += 0x100) {
		op.u.iomem_permission.first_mfn = first;
		op.u.iomem_permission.nr_mfns = 2;
		HOST_CHECK(domctl(&op, XEN_DOMCTL_iomem_permission, id) == -XEN_EPERM);
	}

	memset(&op, 0, sizeof(op));
	op.u.irq_permission.pirq = 9;
	op.u.irq_permission.allow_access = 1;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_irq_permission, id) == 0);
	HOST_CHECK(rangeset_contains(&d->irq_caps, 9, 9));
	domain_put(d);
	destroy_guest(id);
}

static void machine(void *arg)
{
	struct xen_domctl_getdomaininfo list[4];
	struct xen_sysctl_cputopo topo[CONTROL_CPUS];
	struct xen_sysctl op = { 0 };
	u32 nodes[100];
	u8 map[2] = { 0, 0xaa };
	char text[4096];
	u16 id;

	control_start();
	id = make_guest();
	HOST_CHECK(sysctl(&op, XEN_SYSCTL_physinfo) == 0 && op.u.physinfo.nr_cpus == CONTROL_CPUS);
	HOST_CHECK(op.u.physinfo.free_pages);
	HOST_CHECK(op.u.physinfo.free_pages < op.u.physinfo.total_pages);
	op.u.getdomaininfolist.first_domain = 0;
	op.u.getdomaininfolist.max_domains = 4;
	set_xen_guest_handle(op.u.getdomaininfolist.buffer, list);
	HOST_CHECK(sysctl(&op, XEN_SYSCTL_getdomaininfolist) == 0);
	HOST_CHECK(op.u.getdomaininfolist.num_domains == 2 && list[1].domain == id);
	op.u.cputopoinfo.num_cpus = 100;
	set_xen_guest_handle(op.u.cputopoinfo.cputopo, topo);
	HOST_CHECK(sysctl(&op, XEN_SYSCTL_cputopoinfo) == 0);
	HOST_CHECK(op.u.cputopoinfo.num_cpus == CONTROL_CPUS);

	memset(&op, 0, sizeof(op));
	op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
	op.u.cpupool_op.cpumap.nr_bits = 8;
	set_xen_guest_handle(op.u.cpupool_op.cpumap.bitmap, map);
	HOST_CHECK(sysctl(&op, XEN_SYSCTL_cpupool_op) == 0);
	HOST_CHECK(map[0] == 0x0f && map[1] == 0xaa && op.u.cpupool_op.n_dom == 2);

	/* Callers repeat until all devices are done, so each call must make some progress. */
	memset(&op, 0, sizeof(op));
	op.u.pcitopoinfo.num_devs = 100;
	set_xen_guest_handle(op.u.pcitopoinfo.nodes, nodes);
	HOST_CHECK(sysctl(&op, XEN_SYSCTL_pcitopoinfo) == -XEN_EINVAL);
	set_xen_guest_handle(op.u.pcitopoinfo.devs, (void *)text);
	HOST_CHECK(sysctl(&op, XEN_SYSCTL_pcitopoinfo) == 0 && op.u.pcitopoinfo.num_devs > 0);
	HOST_CHECK(nodes[0] == XEN_INVALID_DEV);

	memset(&op, 0, sizeof(op));
	op.u.readconsole.count = sizeof(text);
	set_xen_guest_handle(op.u.readconsole.buffer, text);
	HOST_CHECK(sysctl(&op, XEN_SYSCTL_readconsole) == 0);
	HOST_CHECK(op.u.readconsole.count > 0 && op.u.readconsole.count < sizeof(text));
	op.u.readconsole.incremental = 1;
	op.u.readconsole.count = sizeof(text);
	HOST_CHECK(sysctl(&op, XEN_SYSCTL_readconsole) == 0 && op.u.readconsole.count == 0);
	HOST_CHECK(sysctl(&op, XEN_SYSCTL_perfc_op) == -XEN_ENOSYS);
	HOST_CHECK(sysctl(&op, XEN_SYSCTL_pm_op) == -XEN_ENODEV);
	destroy_guest(id);
}

static long tbuf(struct xen_sysctl *op, u32 cmd, u32 value)
{
	op->u.tbuf_op.cmd = cmd;
	op->u.tbuf_op.size = op->u.tbuf_op.evt_mask = value;
	return sysctl(op, XEN_SYSCTL_tbuf_op);
}

/* Add frame @mfn of the hypervisor's to dom0's memory at @gfn. */
static int map_xen(u64 mfn, u64 gfn)
{
	struct xen_add_to_physmap_batch b = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1,
		.u.foreign_domid = DOMID_XEN,
	};
	struct hypercall hc = { .nr = __HYPERVISOR_memory_op,
				.arg = { XENMEM_add_to_physmap_batch, (u64)(uintptr_t)&b } };
	int err = 1;

	set_xen_guest_handle(b.idxs, &mfn);
	set_xen_guest_handle(b.gpfns, &gfn);
	set_xen_guest_handle(b.errs, &err);
	HOST_CHECK(hypercall_dispatch(caller, &hc) == 0);
	return err;
}

static void unmap(u64 gfn)
{
	struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = gfn };
	struct hypercall hc = { .nr = __HYPERVISOR_memory_op,
				.arg = { XENMEM_remove_from_physmap, (u64)(uintptr_t)&r } };

	HOST_CHECK(hypercall_dispatch(caller, &hc) == 0);
}

/* The buffers are the only pages of the hypervisor's that a toolstack may map. */
static void trace_body(void *arg)
{
	struct xen_sysctl op = { 0 };
	enum p2m_type t;
	u8 cpus = 0x2;
	u64 mfn;
	u32 refs;

	control_start();
	HOST_CHECK(tbuf(&op, XEN_SYSCTL_TBUFOP_enable, 0) == -XEN_EINVAL);
	HOST_CHECK(tbuf(&op, XEN_SYSCTL_TBUFOP_get_info, 0) == 0 && op.u.tbuf_op.size == 0);
	HOST_CHECK(map_xen(0x10, 0x80000) == -XEN_EINVAL);
	HOST_CHECK(tbuf(&op, XEN_SYSCTL_TBUFOP_set_size, 0) == -XEN_EINVAL);
	HOST_CHECK(tbuf(&op, XEN_SYSCTL_TBUFOP_set_size, 0x10001) == -XEN_EINVAL);
	HOST_CHECK(tbuf(&op, XEN_SYSCTL_TBUFOP_set_size, 2) == 0);
	HOST_CHECK(tbuf(&op, 6, 0) == -XEN_EINVAL);
	op.u.tbuf_op.cpu_mask.nr_bits = 8;
	set_xen_guest_handle(op.u.tbuf_op.cpu_mask.bitmap, &cpus);
	HOST_CHECK(tbuf(&op, XEN_SYSCTL_TBUFOP_set_cpu_mask, 0) == 0);
	HOST_CHECK(tbuf(&op, XEN_SYSCTL_TBUFOP_set_evt_mask, 0x21000) == 0);
	HOST_CHECK(tbuf(&op, XEN_SYSCTL_TBUFOP_enable, 0) == 0);
	HOST_CHECK(tbuf(&op, XEN_SYSCTL_TBUFOP_get_info, 0) == 0);
	HOST_CHECK(op.u.tbuf_op.size == PAGE_SIZE && op.u.tbuf_op.evt_mask == 0x21000);

	mfn = op.u.tbuf_op.buffer_mfn;
	refs = mfn_to_page(mfn_make(mfn))->refs;
	HOST_CHECK(map_xen(mfn, 0x80000) == 0 && map_xen(mfn, 0x80001) == 0);
	HOST_CHECK(mfn_to_page(mfn_make(mfn))->refs == refs + 2);
	unmap(0x80000);
	unmap(0x80001);
	p2m_flush(caller->domain->p2m);
	HOST_CHECK(mfn_to_page(mfn_make(mfn))->refs == refs);
	HOST_CHECK(map_xen(page_to_mfn(caller->domain->shared_info_page).v, 0x80000) ==
		   -XEN_EINVAL);
	HOST_CHECK(map_xen(~0UL, 0x80000) == -XEN_EINVAL);
	/* Only for toolstacks. */
	caller->domain->is_privileged = false;
	HOST_CHECK(map_xen(mfn, 0x80000) == -XEN_EPERM);
	caller->domain->is_privileged = true;
	HOST_CHECK(mfn_to_page(mfn_make(mfn))->refs == refs);
	/* Pages that cannot be vacated, or appeared afterwards, stay: the mapping is refused. */
	HOST_CHECK(p2m_map(caller->domain->p2m, gfn_make(0x80002), mfn_make(0xfed00), 0,
			   P2M_MMIO_DIRECT) == 0);
	HOST_CHECK(map_xen(mfn, 0x80002) == -XEN_EEXIST);
	HOST_CHECK(p2m_lookup(caller->domain->p2m, gfn_make(0x80002), &t, NULL).v == 0xfed00);
	HOST_CHECK(mfn_to_page(mfn_make(mfn))->refs == refs);
	HOST_CHECK(tbuf(&op, XEN_SYSCTL_TBUFOP_disable, 0) == 0);
}

static void run(void (*fn)(void *arg))
{
	const struct host_outcome *o = host_isolated(fn, NULL);

	if (o->status || o->panicked)
		print_message("%s\n", o->console);
	assert_int_equal(o->status, 0);
	assert_false(o->panicked);
}

static void test_callers(void **state) { run(callers); }
static void test_creation(void **state) { run(creation); }
static void test_life(void **state) { run(life); }
static void test_placement(void **state) { run(placement); }
static void test_permissions(void **state) { run(permissions); }
static void test_machine(void **state) { run(machine); }
static void test_trace(void **state) { run(trace_body); }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_callers), cmocka_unit_test(test_creation),
		cmocka_unit_test(test_life), cmocka_unit_test(test_placement),
		cmocka_unit_test(test_permissions), cmocka_unit_test(test_machine),
		cmocka_unit_test(test_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
