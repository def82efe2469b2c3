/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains whose guests and tools make senseless calls in an unexpected order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/hypercall.h>
#include <xen/p2m.h>
#include <xen/xmalloc.h>
#include <xen/hal/time.h>

#include <public/event_channel.h>
#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <public/memory.h>

#define RAM 8
#define AREA_GFN 64

static u32 registered;

static struct domain *make_domain(u16 id, u32 vcpus)
{
	struct domain_config cfg = { .domid = id, .max_vcpus = 2, .max_grant_frames = 4,
				     .max_maptrack_frames = 4, .max_grant_version = 2,
				     .max_pages = RAM + 8, .node = NUMA_NO_NODE };
	int err;
	struct domain *d = domain_create(&cfg, &err);

	HOST_CHECK(d);
	for (u64 g = 0; g < RAM; g++) {
		struct page_info *pg = alloc_domain_pages(d, 0, 0);

		HOST_CHECK(pg);
		HOST_CHECK(!p2m_map(d->p2m, gfn_make(g), page_to_mfn(pg), 0, P2M_RAM_RW));
	}
	for (u32 i = 0; i < vcpus; i++)
		HOST_CHECK(domain_vcpu_create(d, i) == 0);
	return d;
}

static long call(struct vcpu *v, u32 nr, u64 a0, u64 a1, const void *a2)
{
	struct hypercall hc = { .nr = nr, .arg = { a0, a1, (u64)(uintptr_t)a2 } };

	return hypercall_dispatch(v, &hc);
}

/* Puts vCPU 1's area into a page, and gives the page back: the area holds the last reference. */
static void register_in_fresh_page(struct vcpu *v, void *arg)
{
	xen_pfn_t gfn = AREA_GFN;
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
	struct vcpu_register_runstate_memory_area area;
	u64 op = (u64)(uintptr_t)&r;

	set_xen_guest_handle(r.extent_start, &gfn);
	/* Sometimes over two pages. */
	area.addr.p = (gfn << PAGE_SHIFT) - (host_random_below(2) ? 16 : 0);
	gfn -= host_random_below(2);
	call(v, __HYPERVISOR_memory_op, XENMEM_populate_physmap, op, NULL);
	gfn = AREA_GFN;
	call(v, __HYPERVISOR_memory_op, XENMEM_populate_physmap, op, NULL);
	registered += call(v, __HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 1,
			   &area) == 0;
	for (gfn = AREA_GFN - 1; gfn <= AREA_GFN; gfn++)
		call(v, __HYPERVISOR_memory_op, XENMEM_decrease_reservation, op, NULL);
	host_guest_compute(v, 1 + host_random_below(200));
}

static void come_and_go(struct vcpu *v, void *arg)
{
	call(v, __HYPERVISOR_sched_op, SCHEDOP_block, 0, NULL);
}

static void runstate_storm(void *arg)
{
	u64 seed = *(u64 *)arg;
	struct domain *d;

	host_init(seed, 2, 16 << 20);
	host_start();
	d = make_domain(1, 2);
	host_guest_set(d->vcpu[0], register_in_fresh_page, NULL);
	host_guest_set(d->vcpu[1], come_and_go, NULL);
	for (u32 i = 0; i < 2; i++) {
		d->vcpu[i]->is_initialised = true;
		__atomic_fetch_and(&d->vcpu[i]->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	}
	HOST_CHECK(domain_unpause_by_systemcontroller(d) == 0);
	for (u32 i = 0; i < 4000; i++) {
		host_run(hal_now_ns() + 200 + host_random_below(500));
		vcpu_unblock(d->vcpu[1]);
	}
	HOST_CHECK(registered > 50);
}

/* A page that is kept for long must be the domain's own: another's page goes with its domain. */
static void areas_in_own_memory_only(void *arg)
{
	static const enum p2m_type others[] = { P2M_GRANT_RW, P2M_FOREIGN, P2M_XENSHARE };
	struct domain *d, *o;
	struct page_info *pg;
	enum p2m_type t;
	mfn_t mfn;

	host_init(1, 1, 16 << 20);
	host_start();
	d = make_domain(1, 1);
	o = make_domain(2, 1);
	HOST_CHECK(map_guest_page(d, gfn_make(1), &pg));
	unmap_guest_page(page_to_virt(pg), pg);
	mfn = p2m_lookup(o->p2m, gfn_make(1), &t, NULL);
	for (u32 i = 0; i < ARRAY_SIZE(others); i++) {
		u32 refs = mfn_to_page(mfn)->refs;

		if (others[i] == P2M_XENSHARE)
			mfn = page_to_mfn(d->shared_info_page);
		HOST_CHECK(p2m_map(d->p2m, gfn_make(AREA_GFN + i), mfn, 0, others[i]) == 0);
		HOST_CHECK(!map_guest_page(d, gfn_make(AREA_GFN + i), &pg));
		HOST_CHECK(others[i] == P2M_XENSHARE || mfn_to_page(mfn)->refs == refs);
	}
}

/* A vCPU made after a shutdown is resumed as often as it was paused, no matter how often. */
static void resume_with_later_vcpu(void *arg)
{
	struct domain *d;

	host_init(1, 1, 16 << 20);
	host_start();
	d = make_domain(1, 1);
	HOST_CHECK(domain_unpause_by_systemcontroller(d) == 0);
	domain_shutdown(d, SHUTDOWN_suspend);
	HOST_CHECK(d->is_shut_down);
	HOST_CHECK(domain_vcpu_create(d, 1) == 0);
	domain_shutdown(d, SHUTDOWN_poweroff);
	HOST_CHECK(d->shutdown_code == SHUTDOWN_suspend);
	domain_resume(d);
	domain_resume(d);
	HOST_CHECK(!d->is_shutting_down && !d->is_shut_down);
	HOST_CHECK(d->pause_count == 0 && d->vcpu[1]->pause_count == 0);
}

static long watchdog_op(struct vcpu *v, u32 id, u32 seconds)
{
	struct sched_watchdog w = { .id = id, .timeout = seconds };

	return call(v, __HYPERVISOR_sched_op, SCHEDOP_watchdog, (u64)(uintptr_t)&w, NULL);
}

#define SECONDS 1000000000L

/* A watchdog that is rearmed in time has no effect; one that is not ends the domain. */
static void watchdogs(void *arg)
{
	struct domain *d;
	struct vcpu *v;
	s_time_t start;

	host_init(1, 1, 16 << 20);
	host_start();
	d = make_domain(1, 1);
	v = d->vcpu[0];
	HOST_CHECK(domain_unpause_by_systemcontroller(d) == 0);
	/* Linux tests for watchdogs by the answer to an impossible identifier. */
	HOST_CHECK(watchdog_op(v, ~0U, 0) == -XEN_EINVAL);
	HOST_CHECK(watchdog_op(v, 0, 0) == -XEN_EINVAL);
	HOST_CHECK(watchdog_op(v, 1, 1) == -XEN_EINVAL);
	start = hal_now_ns();
	HOST_CHECK(watchdog_op(v, 0, 2) == 1);
	HOST_CHECK(watchdog_op(v, 0, ~0U) == 2);
	HOST_CHECK(watchdog_op(v, 0, 1) == -XEN_ENOSPC);
	HOST_CHECK(watchdog_op(v, 3, 1) == -XEN_EINVAL);
	host_run(start + 1 * SECONDS);
	HOST_CHECK(watchdog_op(v, 1, 4) == 0);
	host_run(start + 4 * SECONDS);
	HOST_CHECK(!d->is_shutting_down);
	HOST_CHECK(watchdog_op(v, 1, 0) == 0);
	HOST_CHECK(watchdog_op(v, 1, 1) == -XEN_EINVAL);
	host_run(start + 8 * SECONDS);
	HOST_CHECK(!d->is_shutting_down);
	HOST_CHECK(watchdog_op(v, 2, 1) == 0);
	host_run(start + 10 * SECONDS);
	HOST_CHECK(d->is_shut_down && d->shutdown_code == SHUTDOWN_watchdog);
}

/* A domain that is destroyed takes its armed watchdogs with it. */
static void watchdog_of_the_dead(void *arg)
{
	struct domain *d;
	int rc;

	host_init(1, 1, 16 << 20);
	host_start();
	d = make_domain(1, 1);
	HOST_CHECK(domain_unpause_by_systemcontroller(d) == 0);
	HOST_CHECK(watchdog_op(d->vcpu[0], 0, 1) == 1 && watchdog_op(d->vcpu[0], 0, 3) == 2);
	while ((rc = domain_kill(d)) == -XEN_ERESTART)
		;
	HOST_CHECK(!rc);
	/* Each run ends a part of a grace period of RCU. */
	for (u32 i = 0; i < 10; i++)
		host_run(hal_now_ns() + SECONDS / 100);
	host_run(hal_now_ns() + 4 * SECONDS);
	HOST_CHECK(!domain_get_by_id(1));
}

/* @write: set the parameter, else get it. */
static long param_op(struct vcpu *v, u16 domid, u32 index, bool write)
{
	struct xen_hvm_param p = { .domid = domid, .index = index };

	return call(v, __HYPERVISOR_hvm_op, write ? HVMOP_set_param : HVMOP_get_param,
		    (u64)(uintptr_t)&p, NULL);
}

/* A guest reaches only those parameters that are its own affair, and no other domain's. */
static void params_of_a_guest(void *arg)
{
	static const u32 get[] = { HVM_PARAM_CALLBACK_IRQ, HVM_PARAM_STORE_PFN,
				   HVM_PARAM_STORE_EVTCHN, HVM_PARAM_CONSOLE_PFN,
				   HVM_PARAM_CONSOLE_EVTCHN, HVM_PARAM_VM_GENERATION_ID_ADDR,
				   HVM_PARAM_VM86_TSS, HVM_PARAM_VM86_TSS_SIZED,
				   HVM_PARAM_ACPI_IOPORTS_LOCATION };
	static const u32 set[] = { HVM_PARAM_CALLBACK_IRQ, HVM_PARAM_STORE_EVTCHN,
				   HVM_PARAM_CONSOLE_EVTCHN, HVM_PARAM_VM_GENERATION_ID_ADDR,
				   HVM_PARAM_VM86_TSS, HVM_PARAM_VM86_TSS_SIZED,
				   HVM_PARAM_ACPI_IOPORTS_LOCATION };
	struct domain *d, *other;
	struct vcpu *v;
	u64 may_get = 0, may_set = 0;

	host_init(1, 1, 16 << 20);
	host_start();
	d = make_domain(1, 1);
	other = make_domain(2, 1);
	v = d->vcpu[0];
	for (u32 i = 0; i < ARRAY_SIZE(get); i++)
		may_get |= BIT(get[i]);
	for (u32 i = 0; i < ARRAY_SIZE(set); i++)
		may_set |= BIT(set[i]);
	for (u32 i = 0; i < HVM_NR_PARAMS; i++) {
		HOST_CHECK((param_op(v, DOMID_SELF, i, false) == 0) == (may_get >> i & 1));
		HOST_CHECK((param_op(v, DOMID_SELF, i, true) == 0) == (may_set >> i & 1));
		HOST_CHECK(param_op(v, other->id, i, false) == -XEN_EPERM);
		HOST_CHECK(param_op(v, other->id, i, true) == -XEN_EPERM);
	}
	HOST_CHECK(param_op(v, DOMID_SELF, HVM_NR_PARAMS, false) == -XEN_EINVAL);
	HOST_CHECK(param_op(v, DOMID_SELF, ~0U, true) == -XEN_EINVAL);
}

#define LIVES 100

/* Fill the domain's parts with what its life would need, and end it. */
static void one_life(void)
{
	struct evtchn_alloc_unbound u = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct domain *d = make_domain(1, 2);
	int rc;

	for (u32 i = 0; i < 80; i++)
		HOST_CHECK(call(d->vcpu[0], __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
				(u64)(uintptr_t)&u, NULL) == 0);
	HOST_CHECK(domain_unpause_by_systemcontroller(d) == 0);
	host_run(hal_now_ns() + SECONDS / 100);
	while ((rc = domain_kill(d)) == -XEN_ERESTART)
		;
	HOST_CHECK(!rc);
	host_run(hal_now_ns() + SECONDS / 100);
	HOST_CHECK(!domain_get_by_id(1));
}

/*
 * Each domain's life leaves as many free pages as the one before. Other objects fill the slabs to a
 * point that depends on the seed.
 */
static void lives(void *arg)
{
	u64 seed = *(u64 *)arg, before = 0;

	host_init(seed, 2, 16 << 20);
	host_start();
	for (u32 i = host_random_below(200); i; i--)
		HOST_CHECK(xzalloc_bytes(1 + host_random_below(2000)));
	for (u32 i = 0; i < LIVES; i++) {
		one_life();
		HOST_CHECK(!i || free_page_count(NUMA_NO_NODE) == before);
		before = free_page_count(NUMA_NO_NODE);
	}
}

static void run(void (*fn)(void *arg), void *arg)
{
	const struct host_outcome *o = host_isolated(fn, arg);

	if (o->status)
		print_message("%s\n", o->console);
	assert_int_equal(o->status, 0);
}

static void test_runstate(void **state)
{
	for (u64 seed = 1; seed <= 12; seed++)
		run(runstate_storm, &seed);
}

static void test_lives(void **state)
{
	for (u64 seed = 1; seed <= 12; seed++)
		run(lives, &seed);
}

static void test_areas(void **state) { run(areas_in_own_memory_only, NULL); }
static void test_resume(void **state) { run(resume_with_later_vcpu, NULL); }
static void test_params(void **state) { run(params_of_a_guest, NULL); }
static void test_watchdogs(void **state)
{
	run(watchdogs, NULL);
	run(watchdog_of_the_dead, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runstate),
		cmocka_unit_test(test_areas),
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_watchdogs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
