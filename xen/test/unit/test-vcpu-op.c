/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's calls on its vCPUs: its timers, and where information about a vCPU lies. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/hypercall.h>
#include <xen/p2m.h>
#include <xen/hal/time.h>

#include <public/event_channel.h>
#include <public/vcpu.h>

#define RAM 8
#define HOLE 100
#define US 1000L
#define MS 1000000L
#define PERIOD_MIN (100 * US)

static struct domain *d;
static struct vcpu *v;

/* A domain of one vCPU, on a machine that runs. */
static void start(void)
{
	struct domain_config cfg = { .domid = 1, .max_vcpus = 1, .max_grant_frames = 4,
				     .max_maptrack_frames = 4, .max_grant_version = 2,
				     .max_pages = RAM + 8, .node = NUMA_NO_NODE };
	int err;

	host_init(1, 1, 16 << 20);
	host_start();
	domains_init();
	d = domain_create(&cfg, &err);
	HOST_CHECK(d);
	for (u64 g = 0; g < RAM; g++) {
		struct page_info *pg = alloc_domain_pages(d, 0, 0);

		HOST_CHECK(pg);
		HOST_CHECK(!p2m_map(d->p2m, gfn_make(g), page_to_mfn(pg), 0, P2M_RAM_RW));
	}
	HOST_CHECK(domain_vcpu_create(d, 0) == 0);
	v = d->vcpu[0];
}

static long vcpu_op(u32 cmd, const void *arg)
{
	struct hypercall hc = { .nr = __HYPERVISOR_vcpu_op,
				.arg = { cmd, 0, (u64)(uintptr_t)arg } };

	return hypercall_dispatch(v, &hc);
}

/* ---- the information area */

static long move_info(u64 gfn, u32 offset, u32 reserved)
{
	struct vcpu_register_vcpu_info info = { .mfn = gfn, .offset = offset, .rsvd = reserved };

	return vcpu_op(VCPUOP_register_vcpu_info, &info);
}

static void info_place(void *arg)
{
	const u32 last = PAGE_SIZE - sizeof(struct vcpu_info);

	start();
	HOST_CHECK(move_info(1, last + 8, 0) == -XEN_EINVAL);
	HOST_CHECK(move_info(1, PAGE_SIZE, 0) == -XEN_EINVAL);
	HOST_CHECK(move_info(1, ~0U & ~7U, 0) == -XEN_EINVAL);
	HOST_CHECK(move_info(1, 4, 0) == -XEN_EINVAL);
	HOST_CHECK(move_info(1, 0, 1) == -XEN_EINVAL);
	/* Each refusal leaves everything as it was, the domain's lock too. */
	HOST_CHECK(move_info(HOLE, 0, 0) == -XEN_EINVAL);
	HOST_CHECK(move_info(HOLE, 0, 0) == -XEN_EINVAL);
	HOST_CHECK(v->vcpu_info == &d->shared_info->vcpu_info[0]);
	HOST_CHECK(move_info(1, last, 0) == 0);
	HOST_CHECK(page_offset((uintptr_t)v->vcpu_info) == last);
	HOST_CHECK(move_info(2, 0, 0) == -XEN_EINVAL);
	HOST_CHECK(page_offset((uintptr_t)v->vcpu_info) == last);
}

/* An event that comes while the area moves may have set bits of the former one only. */
static void info_events(void *arg)
{
	u64 upcalls;

	start();
	HOST_CHECK(!v->vcpu_info->evtchn_upcall_pending);
	upcalls = host_guest_upcalls(v);
	HOST_CHECK(move_info(1, 64, 0) == 0);
	HOST_CHECK(v->vcpu_info->evtchn_upcall_pending);
	HOST_CHECK(v->vcpu_info->evtchn_pending_sel == ~0UL);
	HOST_CHECK(host_guest_upcalls(v) >= upcalls);
}

/* ---- timers */

static long set_periodic(u64 ns)
{
	struct vcpu_set_periodic_timer t = { ns };

	return vcpu_op(VCPUOP_set_periodic_timer, &t);
}

static void periods(void *arg)
{
	start();
	HOST_CHECK(set_periodic(0) == -XEN_EINVAL);
	HOST_CHECK(set_periodic(1) == -XEN_EINVAL);
	HOST_CHECK(set_periodic(PERIOD_MIN - 1) == -XEN_EINVAL);
	HOST_CHECK(set_periodic((u64)INT64_MAX / 2 + 1) == -XEN_EINVAL);
	HOST_CHECK(set_periodic(~0UL) == -XEN_EINVAL);
	HOST_CHECK(!v->periodic_period && !timer_is_active(&v->periodic_timer));
	HOST_CHECK(set_periodic((u64)INT64_MAX / 2) == 0);
	HOST_CHECK(set_periodic(PERIOD_MIN) == 0);
	HOST_CHECK(vcpu_op(VCPUOP_stop_periodic_timer, NULL) == 0);
	HOST_CHECK(!v->periodic_period && !timer_is_active(&v->periodic_timer));
}

static u32 ticks;
static s_time_t first_tick, last_tick;

/* Starts the timer at its first step, and takes ticks. */
static void take_ticks(struct vcpu *vcpu, void *arg)
{
	u64 *pending = (u64 *)d->shared_info->evtchn_pending;
	struct evtchn_bind_virq bind = { .virq = VIRQ_TIMER };

	if (!ticks++) {
		struct hypercall hc = { .nr = __HYPERVISOR_event_channel_op,
					.arg = { EVTCHNOP_bind_virq, (u64)(uintptr_t)&bind } };

		HOST_CHECK(hypercall_dispatch(vcpu, &hc) == 0);
		HOST_CHECK(set_periodic(MS) == 0);
		first_tick = hal_now_ns();
	}
	*pending = 0;
	vcpu->vcpu_info->evtchn_pending_sel = 0;
	vcpu->vcpu_info->evtchn_upcall_pending = 0;
	last_tick = hal_now_ns();
	vcpu_block(vcpu);
}

/* While its vCPU may not run it stops after one tick, and goes on in the same rhythm. */
static void periodic_goes_on(void *arg)
{
	u32 before;

	start();
	host_guest_set(v, take_ticks, NULL);
	v->is_initialised = true;
	__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	HOST_CHECK(domain_unpause_by_systemcontroller(d) == 0);
	host_run(hal_now_ns() + 20 * MS + 300 * US);
	HOST_CHECK(ticks >= 19 && ticks <= 22);
	domain_pause(d);
	host_run(hal_now_ns() + 50 * MS);
	HOST_CHECK(!timer_is_active(&v->periodic_timer));
	before = ticks;
	domain_unpause(d);
	host_run(hal_now_ns() + 20 * MS);
	HOST_CHECK(ticks >= before + 19 && ticks <= before + 22);
	HOST_CHECK((last_tick - first_tick) % MS < 100 * US);
}

/* ---- the runstate area */

static long register_area(u64 at)
{
	struct vcpu_register_runstate_memory_area area = { .addr.p = at };

	return vcpu_op(VCPUOP_register_runstate_memory_area, &area);
}

static struct page_info *page_at(u64 gfn)
{
	enum p2m_type t;

	return mfn_to_page(p2m_lookup(d->p2m, gfn_make(gfn), &t, NULL));
}

static long assist(u64 cmd, u64 type)
{
	struct hypercall hc = { .nr = __HYPERVISOR_vm_assist, .arg = { cmd, type } };

	return hypercall_dispatch(v, &hc);
}

/* The only assist there is, off and on again. */
static void check_assist(void)
{
	const u32 flag = VMASST_TYPE_runstate_update_flag;

	HOST_CHECK(assist(VMASST_CMD_enable, VMASST_TYPE_4gb_segments) == -XEN_EINVAL);
	HOST_CHECK(assist(VMASST_CMD_disable + 1, flag) == -XEN_ENOSYS);
	HOST_CHECK(assist(VMASST_CMD_disable, flag) == 0 && !d->vm_assist);
	HOST_CHECK(assist(VMASST_CMD_enable, flag) == 0 && d->vm_assist == BIT(flag));
}

static u32 area_steps;

/* An area whose second page is missing, one in two pages, and one in another page. */
static void use_areas(struct vcpu *vcpu, void *arg)
{
	const u64 places[] = { RAM * PAGE_SIZE - 16, 2 * PAGE_SIZE - 16, 5 * PAGE_SIZE + 64 };
	const struct vcpu_runstate_info *r;
	u32 step = area_steps++;

	if (step >= ARRAY_SIZE(places)) {
		vcpu_block(vcpu);
		return;
	}
	check_assist();
	HOST_CHECK(register_area(places[step]) == (step ? 0 : -XEN_EFAULT));
	HOST_CHECK(page_at(RAM - 1)->refs == 1);
	HOST_CHECK(page_at(1)->refs == (step == 1 ? 2 : 1) && page_at(2)->refs == page_at(1)->refs);
	HOST_CHECK(page_at(5)->refs == (step == 2 ? 2 : 1));
	if (step == 2) {
		r = (void *)((u8 *)page_to_virt(page_at(5)) + 64);
		HOST_CHECK(r->state == RUNSTATE_running);
		HOST_CHECK(r->state_entry_time && !(r->state_entry_time & XEN_RUNSTATE_UPDATE));
	}
	host_guest_compute(vcpu, 10 * US);
}

static void areas(void *arg)
{
	start();
	host_guest_set(v, use_areas, NULL);
	v->is_initialised = true;
	__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	HOST_CHECK(domain_unpause_by_systemcontroller(d) == 0);
	host_run(hal_now_ns() + MS);
	HOST_CHECK(area_steps > 3);
	/* The end of a domain lets the area's page go. */
	domain_pause(d);
	HOST_CHECK(page_at(5)->refs == 2);
	while (domain_kill(d) == -XEN_ERESTART)
		;
	HOST_CHECK(!v->runstate_area.len && !v->runstate_area.page[0]);
}

static void run(void (*fn)(void *arg))
{
	const struct host_outcome *o = host_isolated(fn, NULL);

	if (o->status)
		print_message("%s\n", o->console);
	assert_int_equal(o->status, 0);
}

static void test_info_place(void **state) { run(info_place); }
static void test_info_events(void **state) { run(info_events); }
static void test_areas(void **state) { run(areas); }
static void test_periods(void **state) { run(periods); }
static void test_periodic_goes_on(void **state) { run(periodic_goes_on); }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_info_place),
		cmocka_unit_test(test_info_events),
		cmocka_unit_test(test_areas),
		cmocka_unit_test(test_periods),
		cmocka_unit_test(test_periodic_goes_on),
	};

	return cmocka_run_group_tests_name("vcpu-op", tests, NULL, NULL);
}
