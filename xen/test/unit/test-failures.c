/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Failures at every point: a scenario of hypercalls is run once for each allocation in it, which
 * fails, and once for each point where a call may be preempted, which is taken. After every call
 * the state oracle looks at everything, and in the end all memory must be back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/gnttab.h>
#include <xen/hypercall.h>
#include <xen/p2m.h>
#include <xen/rangeset.h>
#include <xen/xmalloc.h>
#include <xen/hal/time.h>

#include <public/hvm/params.h>
#include <public/memory.h>
#include <public/version.h>

#include "control.h"
#include "state-oracle.h"

#define RAM 140
#define SMALL_RAM 24
#define GFN_GRANTS 200
#define GFN_MAPS 210
#define GFN_LARGE 512
#define GFN_FAR (1UL << 22)	/* and its multiples need page tables of their own */
#define PORTS 40
#define MAPS 40

/* Which point fails: the number of the allocation or check, from 1; 0: none. */
static u32 fail_alloc, fail_check;
static bool always_preempt, armed;
static bool is_long;		/* the scenario's calls are long enough to be preempted */
static u32 allocs, checks;
static u64 far_gfn;		/* another in each run of the scenario, as tables stay */

static bool alloc_fails(void)
{
	return armed && ++allocs == fail_alloc;
}

struct page_info *__real_alloc_pages(u32 order, u32 memf);
struct page_info *__wrap_alloc_pages(u32 order, u32 memf)
{
	return alloc_fails() ? NULL : __real_alloc_pages(order, memf);
}

void *__real_xzalloc_bytes(size_t size);
void *__wrap_xzalloc_bytes(size_t size)
{
	return alloc_fails() ? NULL : __real_xzalloc_bytes(size);
}

bool __real_hypercall_preempt_check(void);
bool __wrap_hypercall_preempt_check(void)
{
	if (armed && (++checks == fail_check || always_preempt))
		return true;
	return __real_hypercall_preempt_check();
}

void __real_hal_p2m_flush(struct p2m *p, gfn_t start, u64 n);
void __wrap_hal_p2m_flush(struct p2m *p, gfn_t start, u64 n)
{
	oracle_flush(p, start, n);
	__real_hal_p2m_flush(p, start, n);
}

/* One call, continued until it ends; then everything is looked at. */
static long call(struct vcpu *v, u32 nr, u64 a0, const void *a1, u64 a2)
{
	struct hypercall hc = { .nr = nr, .arg = { a0, (u64)(uintptr_t)a1, a2 } };
	u32 tries = 0;
	long rc;

	do {
		rc = hypercall_dispatch(v, &hc);
		oracle_check_cpu();
		/* It gets further each time. */
		HOST_CHECK(++tries < 1000);
	} while (rc == -XEN_ERESTART);
	host_run(hal_now_ns() + 20000);
	HOST_CHECK(oracle_is_quiet());
	oracle_check();
	return rc;
}

static void control(u32 nr, void *op)
{
	call(caller, nr, (u64)(uintptr_t)op, NULL, 0);
}

static void domctl_on(struct domain *d, struct xen_domctl *op, u32 cmd)
{
	op->cmd = cmd;
	op->domain = d->id;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	control(__HYPERVISOR_domctl, op);
}

/* A guest as a toolstack makes it: 0 when that failed. */
static struct domain *make(void)
{
	struct xen_domctl op = good_config();
	struct domain *d;

	op.cmd = XEN_DOMCTL_createdomain;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	control(__HYPERVISOR_domctl, &op);
	d = op.domain ? domain_get_by_id(op.domain) : NULL;
	if (!d)
		return NULL;
	domain_put(d);
	memset(&op, 0, sizeof(op));
	op.u.max_mem.max_memkb = 8192;
	domctl_on(d, &op, XEN_DOMCTL_max_mem);
	op.u.max_vcpus.max = 2;
	domctl_on(d, &op, XEN_DOMCTL_max_vcpus);
	return d;
}

static void memory(struct vcpu *v, u32 cmd, void *arg)
{
	call(v, __HYPERVISOR_memory_op, cmd, arg, 0);
}

static void populate(struct domain *d, u64 first, u32 n, u32 order, u32 cmd)
{
	xen_pfn_t gfn[RAM];
	struct xen_memory_reservation r = { .nr_extents = n, .extent_order = order,
					    .domid = d->id };

	for (u32 i = 0; i < n; i++)
		gfn[i] = first + i;
	set_xen_guest_handle(r.extent_start, gfn);
	memory(caller, cmd, &r);
}

static void give_memory(struct domain *d)
{
	populate(d, 0, is_long ? RAM : SMALL_RAM, 0, XENMEM_populate_physmap);
	populate(d, GFN_LARGE, 1, 9, XENMEM_populate_physmap);
	populate(d, GFN_LARGE + 3, 2, 0, XENMEM_decrease_reservation);
	populate(d, GFN_LARGE + 64, 1, 6, XENMEM_decrease_reservation);
}

static void map_shared(struct vcpu *v)
{
	xen_ulong_t idx[4] = { 0, 1, 2, 3 };
	xen_pfn_t gfn[4] = { GFN_GRANTS, GFN_GRANTS + 1, 5, GFN_GRANTS + 2 };
	int err[4];
	struct xen_add_to_physmap a = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info,
					.gpfn = 6 };
	struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .size = 4,
					      .space = XENMAPSPACE_grant_table };
	xen_ulong_t from[70];
	xen_pfn_t to[70];
	int errs[70];

	set_xen_guest_handle(b.idxs, idx);
	set_xen_guest_handle(b.gpfns, gfn);
	set_xen_guest_handle(b.errs, err);
	memory(v, XENMEM_add_to_physmap, &a);
	memory(v, XENMEM_add_to_physmap_batch, &b);
	for (u32 i = 0; i < 70; i++) {
		from[i] = 20 + i;
		to[i] = 120 + i;
	}
	b.space = XENMAPSPACE_gmfn;
	b.size = is_long ? 70 : 2;
	set_xen_guest_handle(b.idxs, from);
	set_xen_guest_handle(b.gpfns, to);
	set_xen_guest_handle(b.errs, errs);
	memory(v, XENMEM_add_to_physmap_batch, &b);
	a.space = XENMAPSPACE_gmfn;
	a.idx = 7;
	a.gpfn = 8;
	memory(v, XENMEM_add_to_physmap, &a);
	a.space = XENMAPSPACE_gmfn_range;
	a.idx = is_long ? 90 : 17;
	a.gpfn = 300;
	a.size = is_long ? 100 : 3;
	memory(v, XENMEM_add_to_physmap, &a);
}

static void map_foreign(struct domain *d)
{
	xen_ulong_t idx[2] = { 1, 2 };
	xen_pfn_t gfn[2] = { 900, 901 };
	int err[2];
	struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .size = 2,
					      .space = XENMAPSPACE_gmfn_foreign,
					      .u.foreign_domid = d->id };
	struct xen_mem_acquire_resource r = { .domid = d->id, .nr_frames = 2,
					      .type = XENMEM_resource_grant_table };
	struct xen_remove_from_physmap rem = { .domid = DOMID_SELF, .gpfn = 901 };

	set_xen_guest_handle(b.idxs, idx);
	set_xen_guest_handle(b.gpfns, gfn);
	set_xen_guest_handle(b.errs, err);
	memory(caller, XENMEM_add_to_physmap_batch, &b);
	gfn[0] = 902;
	gfn[1] = far_gfn;
	set_xen_guest_handle(r.frame_list, gfn);
	memory(caller, XENMEM_acquire_resource, &r);
	memory(caller, XENMEM_remove_from_physmap, &rem);
}

static void unmap_foreign(void)
{
	struct xen_remove_from_physmap rem = { .domid = DOMID_SELF };

	for (rem.gpfn = 900; rem.gpfn < 903; rem.gpfn++)
		memory(caller, XENMEM_remove_from_physmap, &rem);
	rem.gpfn = far_gfn;
	memory(caller, XENMEM_remove_from_physmap, &rem);
}

static void event(struct vcpu *v, u32 cmd, void *arg)
{
	call(v, __HYPERVISOR_event_channel_op, cmd, arg, 0);
}

static void events(struct domain *a, struct domain *b)
{
	struct evtchn_alloc_unbound au = { DOMID_SELF, b->id, 0 };
	struct evtchn_bind_interdomain bi = { .remote_dom = a->id };
	struct evtchn_bind_ipi ipi = { .vcpu = 0 };
	struct evtchn_bind_virq virq = { .virq = VIRQ_TIMER };
	struct evtchn_init_control control_block = { .control_gfn = 9, .vcpu = 0 };
	struct evtchn_expand_array array = { .array_gfn = 10 };
	struct evtchn_send send;
	struct evtchn_reset reset = { .dom = DOMID_SELF };

	event(a->vcpu[0], EVTCHNOP_init_control, &control_block);
	event(a->vcpu[0], EVTCHNOP_expand_array, &array);
	for (u32 i = 0; i < (is_long ? PORTS : 3); i++) {
		event(a->vcpu[0], EVTCHNOP_alloc_unbound, &au);
		bi.remote_port = au.port;
		event(b->vcpu[0], EVTCHNOP_bind_interdomain, &bi);
	}
	send.port = bi.local_port;
	event(b->vcpu[0], EVTCHNOP_send, &send);
	event(a->vcpu[0], EVTCHNOP_bind_ipi, &ipi);
	event(a->vcpu[0], EVTCHNOP_bind_virq, &virq);
	event(b->vcpu[0], EVTCHNOP_reset, &reset);
}

/* In version 2 the ninth frame needs a second frame of status words. */
static void grow_grants(struct vcpu *v)
{
	struct xen_add_to_physmap a = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table,
					.idx = 8, .gpfn = GFN_GRANTS + 3 };

	memory(v, XENMEM_add_to_physmap, &a);
}

static void grants(struct domain *a, struct domain *b)
{
	struct gnttab_map_grant_ref map[MAPS] = { 0 };
	struct gnttab_unmap_grant_ref unmap[MAPS] = { 0 };
	struct gnttab_copy copy = { .len = 100, .flags = GNTCOPY_source_gref };
	struct gnttab_set_version version = { .version = 2 };
	u32 n = is_long ? MAPS : 3;

	for (u32 i = 0; i < n; i++) {
		/* Without memory there is nothing to grant: mapping it must fail cleanly. */
		(void)gnttab_seed(a, i, b->id, gfn_make(11 + i));
		map[i] = (struct gnttab_map_grant_ref){
			.host_addr = (GFN_MAPS + i) << PAGE_SHIFT, .dom = a->id, .ref = i,
			.flags = GNTMAP_host_map | (i == 1 ? GNTMAP_readonly : 0),
		};
	}
	oracle_grants_written(a);
	call(b->vcpu[0], __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, map, n);
	copy.source.domid = a->id;
	copy.source.u.ref = 2;
	copy.dest.domid = DOMID_SELF;
	copy.dest.u.gmfn = 12;
	call(b->vcpu[0], __HYPERVISOR_grant_table_op, GNTTABOP_copy, &copy, 1);
	for (u32 i = 0; i < n - 1; i++)
		unmap[i] = (struct gnttab_unmap_grant_ref){ .host_addr = map[i].host_addr,
							    .handle = map[i].handle };
	call(b->vcpu[0], __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, unmap, n - 1);
	call(b->vcpu[0], __HYPERVISOR_grant_table_op, GNTTABOP_set_version, &version, 1);
	grow_grants(b->vcpu[0]);
}

static void end(struct domain *d)
{
	struct xen_domctl op = { 0 };

	if (d)
		domctl_on(d, &op, XEN_DOMCTL_destroydomain);
}

static void scenario(void)
{
	struct domain *a = make(), *b = make();

	far_gfn += GFN_FAR;
	if (a && b && a->vcpu[0] && b->vcpu[0]) {
		give_memory(a);
		give_memory(b);
		map_shared(a->vcpu[0]);
		map_foreign(a);
		events(a, b);
		grants(a, b);
	}
	end(a);
	end(b);
	/* Pages of a dead domain, until here. */
	unmap_foreign();
	host_run(hal_now_ns() + 2000000);
	oracle_check();
}

struct failure {
	u32 alloc, check;
	bool always, is_long;
};

/* Once without failures, so that what stays allocated is there; then with one. */
static void run(void *arg)
{
	const struct failure *f = arg;
	u64 free;

	is_long = f->is_long;
	control_start();
	domains_init();
	oracle_start();
	oracle_allow_foreign();
	scenario();
	free = free_page_count(NUMA_NO_NODE);
	fail_alloc = f->alloc;
	fail_check = f->check;
	always_preempt = f->always;
	armed = true;
	scenario();
	armed = false;
	host_result()->value[0] = allocs;
	host_result()->value[1] = checks;
	host_result()->value[2] = oracle_checks();
	/* A slab of each class may stay. */
	HOST_CHECK(free_page_count(NUMA_NO_NODE) + 16 >= free);
}

static const struct host_outcome *expect_success(struct failure f)
{
	const struct host_outcome *o = host_isolated(run, &f);

	if (o->status) {
		print_message("allocation %u, check %u, always %d\n%s", f.alloc, f.check, f.always,
			      o->console);
		fail();
	}
	return o;
}

static void test_each_allocation_fails(void **state)
{
	u32 n = (u32)expect_success((struct failure){ 0 })->value[0];

	print_message("%u allocations\n", n);
	assert_true(n > 40);
	for (u32 i = 1; i <= n; i++)
		expect_success((struct failure){ .alloc = i });
}

static void test_each_call_is_preempted(void **state)
{
	const struct host_outcome *o = expect_success((struct failure){ .is_long = true });
	u32 n = (u32)o->value[1];

	print_message("%u points, %u looks of the oracle in a run\n", n, (u32)o->value[2]);
	assert_true(n > 8);
	for (u32 i = 1; i <= n; i++)
		expect_success((struct failure){ .check = i, .is_long = true });
	expect_success((struct failure){ .always = true, .is_long = true });
}

/* A hole needs memory for what is above it: without that the range stays whole. */
static void hole_without_memory(void *arg)
{
	struct rangeset r;

	host_init(1, 1, 4 << 20);
	rangeset_init(&r);
	HOST_CHECK(rangeset_add(&r, 10, 99) == 0);
	fail_alloc = 1;
	armed = true;
	HOST_CHECK(rangeset_remove(&r, 50, 59) == -XEN_ENOMEM);
	armed = false;
	HOST_CHECK(rangeset_contains(&r, 10, 99));
	HOST_CHECK(rangeset_remove(&r, 50, 59) == 0);
	HOST_CHECK(rangeset_contains(&r, 10, 49) && rangeset_contains(&r, 60, 99));
	HOST_CHECK(!rangeset_overlaps(&r, 50, 59));
	rangeset_destroy(&r);
}

static void test_hole_without_memory(void **state)
{
	assert_int_equal(host_isolated(hole_without_memory, NULL)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hole_without_memory),
		cmocka_unit_test(test_each_allocation_fails),
		cmocka_unit_test(test_each_call_is_preempted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
