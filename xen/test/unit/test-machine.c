/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole hypervisor on the simulated machine: domains are created, their guests issue hypercalls
 * (sensible ones and garbage) from several CPUs at once, and are paused, killed and made again
 * under way. Nothing may panic, no sanitizer may speak, and in the end every page is back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/gnttab.h>
#include <xen/hypercall.h>
#include <xen/p2m.h>
#include <xen/hal/cpu.h>
#include <xen/hal/time.h>

#include <asm/host.h>

#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <public/memory.h>
#include <public/sysctl.h>
#include <public/version.h>

#define MS 1000000LL
#define US 1000LL
#define DOMS 3
#define VCPUS 3
#define RAM 64		/* frames of each guest, from gfn 0 */
#define GFN_GRANTS 100	/* where the grant table frame is put */
#define GFN_MAPS 120	/* where others' grants are mapped */
#define GFN_OTHERS 140	/* where frames of other kinds are mapped */
#define GFN_EXTRA 200	/* populated and given back */

/* One guest's view of itself; its programs run on many CPUs but use their own slots. */
struct guest {
	struct domain *d;
	u32 ports[8];
	u32 handle[4];
	u32 calls;
	u64 buf[64];
};

static struct guest guests[DOMS];
static u32 total_calls, succeeded;

static long call(struct vcpu *v, u32 nr, u64 a0, const void *a1, u64 a2)
{
	struct hypercall hc = { .nr = nr, .arg = { a0, (u64)(uintptr_t)a1, a2 } };
	long rc;

	do {
		rc = hypercall_dispatch(v, &hc);
		/* On the metal the guest leaves and comes back, which lets softirqs run. */
	} while (rc == -XEN_ERESTART && host_random_below(4));
	total_calls++;
	succeeded += rc >= 0;
	return rc;
}

static u16 other_domain(const struct guest *g)
{
	return (u16)(1 + (g - guests + 1 + host_random_below(DOMS - 1)) % DOMS);
}

static u32 *any_port(struct guest *g)
{
	return &g->ports[host_random_below(ARRAY_SIZE(g->ports))];
}

static void do_evtchn(struct vcpu *v, struct guest *g)
{
	u32 nr = __HYPERVISOR_event_channel_op, *slot = any_port(g);
	struct evtchn_alloc_unbound au = { DOMID_SELF, other_domain(g), 0 };
	struct evtchn_bind_interdomain bi = { .remote_dom = other_domain(g) };
	struct evtchn_bind_ipi ipi = { .vcpu = host_random_below(VCPUS) };
	struct evtchn_bind_vcpu bv = { *slot, host_random_below(VCPUS) };
	struct evtchn_send send = { *slot };
	struct evtchn_close close = { *slot };

	switch (host_random_below(8)) {
	case 0:
		if (!call(v, nr, EVTCHNOP_alloc_unbound, &au, 0))
			*slot = au.port;
		break;
	case 1:
		bi.remote_port = 1 + host_random_below(8);
		if (!call(v, nr, EVTCHNOP_bind_interdomain, &bi, 0))
			*slot = bi.local_port;
		break;
	case 2:
		if (!call(v, nr, EVTCHNOP_bind_ipi, &ipi, 0))
			*slot = ipi.port;
		break;
	case 3:
		call(v, nr, EVTCHNOP_close, &close, 0);
		break;
	case 4:
		call(v, nr, EVTCHNOP_bind_vcpu, &bv, 0);
		break;
	default:
		call(v, nr, EVTCHNOP_send, &send, 0);
	}
}

static void do_sched(struct vcpu *v, struct guest *g)
{
	evtchn_port_t ports[2] = { *any_port(g), *any_port(g) };
	struct sched_poll poll = { .nr_ports = 1 + host_random_below(2),
				   .timeout = (u64)hal_now_ns() + host_random_below(100 * US) };
	struct vcpu_set_singleshot_timer t = { (u64)hal_now_ns() + host_random_below(200 * US), 0 };
	u32 other = host_random_below(VCPUS);

	set_xen_guest_handle(poll.ports, ports);
	switch (host_random_below(7)) {
	case 0:
		call(v, __HYPERVISOR_sched_op, SCHEDOP_yield, NULL, 0);
		break;
	case 1:
		call(v, __HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, NULL, 0);
		call(v, __HYPERVISOR_sched_op, SCHEDOP_block, NULL, 0);
		break;
	case 2:
		call(v, __HYPERVISOR_sched_op, SCHEDOP_poll, &poll, 0);
		break;
	case 3: {
		struct hypercall hc = { .nr = __HYPERVISOR_vcpu_op,
			.arg = { VCPUOP_set_singleshot_timer, v->id, (u64)(uintptr_t)&t } };

		hypercall_dispatch(v, &hc);
		break;
	}
	case 4: {
		struct hypercall hc = { .nr = __HYPERVISOR_vcpu_op,
			.arg = { host_random_below(2) ? VCPUOP_up : VCPUOP_down, other } };

		/* Not all may be down at once: vCPU 0 stays. */
		if (other)
			hypercall_dispatch(v, &hc);
		break;
	}
	default:
		host_guest_compute(v, 1 + host_random_below(50 * US));
	}
}

static void do_memory(struct vcpu *v, struct guest *g)
{
	xen_pfn_t gfns[4];
	struct xen_memory_reservation r = { .nr_extents = 1 + host_random_below(4),
					    .domid = DOMID_SELF };

	for (u32 i = 0; i < 4; i++)
		gfns[i] = GFN_EXTRA + host_random_below(8);
	set_xen_guest_handle(r.extent_start, gfns);
	call(v, __HYPERVISOR_memory_op,
	     host_random_below(2) ? XENMEM_populate_physmap : XENMEM_decrease_reservation, &r, 0);
}

static void grant_write(struct guest *g, u32 ref, u16 flags, u16 domid, u32 frame)
{
	struct grant_entry_v1 e = { .flags = flags, .domid = domid, .frame = frame };

	guest_phys_write(g->d, gpaddr_make((GFN_GRANTS << PAGE_SHIFT) + ref * sizeof(e)), &e,
			 sizeof(e));
}

static void do_grants(struct vcpu *v, struct guest *g)
{
	u32 i = host_random_below(4), nr = __HYPERVISOR_grant_table_op;
	struct gnttab_map_grant_ref map = {
		.host_addr = (u64)(GFN_MAPS + i) << PAGE_SHIFT,
		.flags = GNTMAP_host_map | (host_random_below(2) ? GNTMAP_readonly : 0),
		.ref = 8 + host_random_below(8), .dom = other_domain(g),
	};
	struct gnttab_unmap_grant_ref unmap = {
		.host_addr = (u64)(GFN_MAPS + i) << PAGE_SHIFT, .handle = g->handle[i],
	};
	struct gnttab_copy copy = {
		.source = { .u.ref = map.ref, .domid = map.dom },
		.dest = { .u.gmfn = host_random_below(RAM), .domid = DOMID_SELF },
		.len = (u16)host_random_below(5000), .flags = GNTCOPY_source_gref,
	};

	switch (host_random_below(5)) {
	case 0:
		grant_write(g, 8 + host_random_below(8),
			    GTF_permit_access | (host_random_below(2) ? GTF_readonly : 0),
			    other_domain(g), host_random_below(RAM + 8));
		break;
	case 1:
		grant_write(g, 8 + host_random_below(8), 0, 0, 0);
		break;
	case 2:
		if (!call(v, nr, GNTTABOP_map_grant_ref, &map, 1) && map.status == 0)
			g->handle[i] = map.handle;
		break;
	case 3:
		call(v, nr, GNTTABOP_unmap_grant_ref, &unmap, 1);
		break;
	default:
		call(v, nr, GNTTABOP_copy, &copy, 1);
	}
}

/* Mapping things into the guest's space and out again; foreign frames, for those who may. */
static void do_physmap(struct vcpu *v, struct guest *g)
{
	u32 nr = __HYPERVISOR_memory_op;
	xen_ulong_t idxs[3];
	xen_pfn_t gpfns[3];
	int errs[3];
	struct xen_add_to_physmap add = {
		.domid = DOMID_SELF, .space = host_random_below(5), .idx = host_random_below(4),
		.gpfn = GFN_OTHERS + host_random_below(8),
	};
	struct xen_remove_from_physmap rem = { DOMID_SELF, GFN_OTHERS + host_random_below(8) };
	struct xen_add_to_physmap_batch batch = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 3,
		.u.foreign_domid = other_domain(g),
	};
	struct xen_mem_acquire_resource res = {
		.domid = other_domain(g), .type = XENMEM_resource_grant_table,
		.id = host_random_below(3), .nr_frames = host_random_below(4),
		.frame = host_random_below(3),
	};

	for (u32 i = 0; i < 3; i++) {
		idxs[i] = host_random_below(RAM + 4);
		gpfns[i] = GFN_OTHERS + host_random_below(8);
	}
	set_xen_guest_handle(batch.idxs, idxs);
	set_xen_guest_handle(batch.gpfns, gpfns);
	set_xen_guest_handle(batch.errs, errs);
	if (host_random_below(4))
		set_xen_guest_handle(res.frame_list, gpfns);
	switch (host_random_below(4)) {
	case 0:
		call(v, nr, XENMEM_add_to_physmap, &add, 0);
		break;
	case 1:
		call(v, nr, XENMEM_remove_from_physmap, &rem, 0);
		break;
	case 2:
		call(v, nr, XENMEM_add_to_physmap_batch, &batch, 0);
		break;
	default:
		call(v, nr, XENMEM_acquire_resource, &res, 0);
	}
}

/* The structures a vCPU shares with the hypervisor, and its timers. */
static void do_vcpu_op(struct vcpu *v, struct guest *g)
{
	struct vcpu_register_vcpu_info info = {
		.mfn = host_random_below(RAM + 2), .offset = host_random_below(66) * 64 };
	struct vcpu_register_runstate_memory_area area = {
		.addr.p = host_random_below(4) ? host_random_below(RAM << PAGE_SHIFT) : 0 };
	struct vcpu_set_periodic_timer periodic = { host_random_below(3) * 100000 };
	struct vcpu_runstate_info rs;
	struct xen_hvm_param param = { .domid = DOMID_SELF, .index = host_random_below(40),
				       .value = host_random_below(100) };
	struct hypercall hc = { .nr = __HYPERVISOR_vcpu_op,
				.arg = { 0, v->id, (u64)(uintptr_t)&info } };

	switch (host_random_below(8)) {
	case 0:
		hc.arg[0] = VCPUOP_register_vcpu_info;
		break;
	case 1: case 2:
		hc.arg[0] = VCPUOP_register_runstate_memory_area;
		hc.arg[2] = (u64)(uintptr_t)&area;
		break;
	case 3:
		hc.arg[0] = VCPUOP_set_periodic_timer;
		hc.arg[2] = (u64)(uintptr_t)&periodic;
		break;
	case 4:
		hc.arg[0] = VCPUOP_stop_periodic_timer;
		break;
	case 5:
		hc.arg[0] = VCPUOP_get_runstate_info;
		hc.arg[1] = host_random_below(VCPUS);
		hc.arg[2] = (u64)(uintptr_t)&rs;
		break;
	case 6:
		call(v, __HYPERVISOR_hvm_op, host_random_below(2) ? HVMOP_set_param
								   : HVMOP_get_param, &param, 0);
		return;
	default:
		call(v, __HYPERVISOR_vm_assist, VMASST_CMD_enable,
		     (void *)(uintptr_t)VMASST_TYPE_runstate_update_flag, 0);
		return;
	}
	succeeded += hypercall_dispatch(v, &hc) == 0;
	total_calls++;
}

/* Any call with any arguments: small numbers, pointers to a buffer of small numbers, holes. */
static void do_garbage(struct vcpu *v, struct guest *g)
{
	struct hypercall hc = { .nr = host_random_below(45) };

	for (u32 i = 0; i < ARRAY_SIZE(g->buf); i++)
		g->buf[i] = host_random_below(3) ? host_random_below(300) : host_random();
	for (u32 i = 0; i < HYPERCALL_MAX_ARGS; i++) {
		switch (host_random_below(4)) {
		case 0:
			hc.arg[i] = (u64)(uintptr_t)g->buf;
			break;
		case 1:
			hc.arg[i] = (u64)host_random_below(RAM + 4) << PAGE_SHIFT |
				    host_random_below(4096);
			break;
		default:
			hc.arg[i] = host_random_below(40);
		}
	}
	/* These two end the guest or the console's peace; they are tested by themselves. */
	if ((hc.nr == __HYPERVISOR_sched_op && (u32)hc.arg[0] == SCHEDOP_shutdown) ||
	    hc.nr == __HYPERVISOR_console_io)
		return;
	hypercall_dispatch(v, &hc);
	total_calls++;
}

static void guest_main(struct vcpu *v, void *arg)
{
	struct guest *g = arg;

	g->calls++;
	switch (host_random_below(12)) {
	case 9: case 10:
		do_physmap(v, g);
		break;
	case 11:
		do_vcpu_op(v, g);
		break;
	case 0: case 1: case 2:
		do_evtchn(v, g);
		break;
	case 3: case 4:
		do_sched(v, g);
		break;
	case 5:
		do_memory(v, g);
		break;
	case 6: case 7:
		do_grants(v, g);
		break;
	default:
		do_garbage(v, g);
	}
}

static void guest_setup(struct guest *g)
{
	struct vcpu *v = g->d->vcpu[0];
	struct page_info *pg;
	mfn_t mfn;

	for (u32 i = 0; i < RAM; i++) {
		pg = alloc_domain_pages(g->d, 0, 0);
		HOST_CHECK(pg && p2m_map(g->d->p2m, gfn_make(i), page_to_mfn(pg), 0,
					 P2M_RAM_RW) == 0);
	}
	HOST_CHECK(gnttab_frame(g->d, 0, &mfn) == 0);
	HOST_CHECK(p2m_map(g->d->p2m, gfn_make(GFN_GRANTS), mfn, 0, P2M_XENSHARE) == 0);
	for (u32 i = 0; i < VCPUS; i++) {
		g->d->vcpu[i]->is_initialised = true;
		host_guest_set(g->d->vcpu[i], guest_main, g);
	}
	__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	HOST_CHECK(domain_unpause_by_systemcontroller(g->d) == 0);
}

static void guest_create(u32 n)
{
	struct guest *g = &guests[n];
	struct domain_config cfg = {
		.domid = (u16)(n + 1), .max_vcpus = VCPUS, .max_grant_frames = 4,
		.max_maptrack_frames = 4, .max_grant_version = 2, .max_pages = RAM + 16,
		.node = NUMA_NO_NODE,
	};
	int err;

	memset(g, 0, sizeof(*g));
	g->d = domain_create(&cfg, &err);
	HOST_CHECK(g->d);
	for (u32 i = 0; i < VCPUS; i++)
		HOST_CHECK(domain_vcpu_create(g->d, i) == 0);
	guest_setup(g);
}

static void guest_kill(u32 n)
{
	struct domain *d = guests[n].d;
	int rc;

	domain_get(d);
	while ((rc = domain_kill(d)) == -XEN_ERESTART)
		hal_cpu_relax();
	HOST_CHECK(rc == 0);
	HOST_CHECK(domain_kill(d) == -XEN_EINVAL);
	domain_put(d);
}

struct scenario {
	u64 seed;
	u32 cpus;
	const char *cmdline;
};

static void life(void *arg)
{
	const struct scenario *sc = arg;
	u64 free, tries;
	u32 n;

	host_boot(&(struct host_config){ .seed = sc->seed, .cpus = sc->cpus, .ram_bytes = 16 << 20,
					 .cmdline = sc->cmdline });
	host_start();
	for (n = 0; n < DOMS; n++)
		host_guest_allow(guests[n].buf, sizeof(guests[n].buf));
	/* One run first, so that slabs and tables that stay are allocated. */
	for (n = 0; n < DOMS; n++)
		guest_create(n);
	for (n = 0; n < DOMS; n++)
		guest_kill(n);
	host_run_until_idle();
	free = free_page_count(NUMA_NO_NODE);

	for (n = 0; n < DOMS; n++)
		guest_create(n);
	for (u32 step = 0; step < 150; step++) {
		host_run(hal_now_ns() + 20 * US + host_random_below(100 * US));
		n = host_random_below(DOMS);
		switch (host_random_below(12)) {
		case 0:
			guest_kill(n);
			guest_create(n);
			break;
		case 1:
			domain_pause(guests[n].d);
			host_run(hal_now_ns() + 10 * US);
			domain_unpause(guests[n].d);
			break;
		case 2:
			domain_shutdown(guests[n].d, SHUTDOWN_suspend);
			host_run(hal_now_ns() + 10 * US);
			domain_resume(guests[n].d);
			break;
		case 3:
			domain_crash(guests[n].d, "so it pleased the test");
			guest_kill(n);
			guest_create(n);
			break;
		default:
			for (u32 i = 0; i < VCPUS; i++)
				vcpu_unblock(guests[n].d->vcpu[i]);
		}
	}
	for (n = 0; n < DOMS; n++)
		guest_kill(n);
	host_run_until_idle();
	for (tries = 0; tries < 3; tries++)
		host_run(hal_now_ns() + 1 * MS);
	host_result()->value[0] = total_calls;
	host_result()->value[1] = succeeded;
	host_result()->value[2] = free;
	host_result()->value[3] = free_page_count(NUMA_NO_NODE);
	for (u32 id = 1; id <= DOMS; id++)
		HOST_CHECK(!domain_get_by_id((u16)id));
}

static void check_life(struct scenario sc)
{
	const struct host_outcome *o = host_isolated(life, &sc);
	u64 hash = o->hash;

	if (o->status) {
		print_message("seed %llu, %u CPUs, %s\n%s", (unsigned long long)sc.seed, sc.cpus,
			      sc.cmdline, o->console);
		fail();
	}
	assert_true(o->value[0] > 1000);
	assert_true(o->value[1] > o->value[0] / 10);
	/* A page or two of slab may stay, a guest's memory may not. */
	assert_true(o->value[3] + 16 >= o->value[2]);
	if (sc.seed == 1) {
		o = host_isolated(life, &sc);
		assert_true(o->hash == hash);
	}
}

static void test_domains_live_and_die(void **state)
{
	static const u32 cpus[] = { 1, 2, 4, 7 };

	for (u64 seed = 1; seed <= 8; seed++)
		for (u32 c = 0; c < ARRAY_SIZE(cpus); c++)
			check_life((struct scenario){ seed, cpus[c],
						      seed & 1 ? "sched=credit2" : "sched=null" });
}

/* ---- a privileged guest with tools ---- */

#define TOOLS_ID 9

static struct guest tools;
static struct xen_domctl domctl_buf[2];
static struct xen_sysctl sysctl_buf[2];
static u32 domctls_done;

/* Commands in their range, domains that exist or not, and a body of small and large numbers. */
static void tools_main(struct vcpu *v, void *arg)
{
	struct xen_domctl *op = &domctl_buf[v->id];
	struct xen_sysctl *sys = &sysctl_buf[v->id];
	struct hypercall hc = { .nr = __HYPERVISOR_domctl, .arg = { (u64)(uintptr_t)op } };
	u32 *body = (u32 *)&op->u;

	if (host_random_below(3) == 0) {
		guest_main(v, arg);
		return;
	}
	for (u32 i = 0; i < sizeof(op->u) / 4; i++)
		body[i] = host_random_below(3) ? host_random_below(6) : (u32)host_random();
	op->cmd = 1 + host_random_below(90);
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = (u16)host_random_below(6);
	if (op->cmd == XEN_DOMCTL_destroydomain && host_random_below(8))
		op->cmd = XEN_DOMCTL_unpausedomain;
	if (host_random_below(4) == 0) {
		memcpy(&sys->u, &op->u, min(sizeof(op->u), sizeof(sys->u)));
		sys->cmd = 1 + host_random_below(30);
		sys->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
		hc.nr = __HYPERVISOR_sysctl;
		hc.arg[0] = (u64)(uintptr_t)sys;
		/* One of the keys reboots. */
		if (sys->cmd == XEN_SYSCTL_debug_keys)
			return;
	}
	domctls_done += hypercall_dispatch(v, &hc) >= 0;
	total_calls++;
}

/* Like guest_create, but the tools may interfere at any time: a failed step is left as it is. */
static void guest_try_create(u32 n)
{
	struct guest *g = &guests[n];
	struct domain_config cfg = {
		.domid = (u16)(n + 1), .max_vcpus = VCPUS, .max_grant_frames = 4,
		.max_maptrack_frames = 4, .max_grant_version = 2, .max_pages = RAM + 16,
		.node = NUMA_NO_NODE,
	};
	struct domain *d;
	int err;

	d = domain_create(&cfg, &err);
	if (!d)
		return;
	domain_get(d);
	memset(g, 0, sizeof(*g));
	g->d = d;
	for (u32 i = 0; i < VCPUS; i++)
		if (domain_vcpu_create(d, i) == 0)
			host_guest_set(d->vcpu[i], guest_main, g);
	for (u32 i = 0; i < RAM; i++) {
		struct page_info *pg = alloc_domain_pages(d, 0, 0);

		if (pg)
			p2m_map(d->p2m, gfn_make(i), page_to_mfn(pg), 0, P2M_RAM_RW);
	}
	if (d->vcpu[0]) {
		__atomic_fetch_and(&d->vcpu[0]->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
		vcpu_wake(d->vcpu[0]);
	}
	domain_unpause_by_systemcontroller(d);
	domain_put(d);
}

static void tools_create(void)
{
	struct domain_config cfg = {
		.domid = TOOLS_ID, .max_vcpus = 2, .max_grant_frames = 4,
		.max_maptrack_frames = 4, .max_grant_version = 2, .max_pages = RAM + 16,
		.node = NUMA_NO_NODE, .is_privileged = true,
	};
	int err;

	tools.d = domain_create(&cfg, &err);
	HOST_CHECK(tools.d);
	for (u32 i = 0; i < 2; i++) {
		HOST_CHECK(domain_vcpu_create(tools.d, i) == 0);
		host_guest_set(tools.d->vcpu[i], tools_main, &tools);
		__atomic_fetch_and(&tools.d->vcpu[i]->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	}
	HOST_CHECK(domain_unpause_by_systemcontroller(tools.d) == 0);
}

static void kill_all(void)
{
	struct domain *d;
	int rc;

	/* End the tools first, so that nothing else destroys domains. */
	domain_get(tools.d);
	while ((rc = domain_kill(tools.d)) == -XEN_ERESTART)
		hal_cpu_relax();
	HOST_CHECK(rc == 0);
	domain_put(tools.d);
	for (u32 id = 0; id < 100; id++) {
		d = domain_get_by_id((u16)id);
		if (!d)
			continue;
		while (domain_kill(d) == -XEN_ERESTART)
			hal_cpu_relax();
		domain_put(d);
	}
}

static void tools_at_work(void *arg)
{
	const struct scenario *sc = arg;

	host_boot(&(struct host_config){ .seed = sc->seed, .cpus = sc->cpus, .ram_bytes = 16 << 20,
					 .cmdline = sc->cmdline });
	host_start();
	for (u32 n = 0; n < DOMS; n++)
		host_guest_allow(guests[n].buf, sizeof(guests[n].buf));
	host_guest_allow(tools.buf, sizeof(tools.buf));
	host_guest_allow(domctl_buf, sizeof(domctl_buf));
	host_guest_allow(sysctl_buf, sizeof(sysctl_buf));
	tools_create();
	for (u32 step = 0; step < 200; step++) {
		u32 n = host_random_below(DOMS);
		struct domain *d = domain_get_by_id((u16)(n + 1));

		if (d)
			domain_put(d);
		else
			guest_try_create(n);
		/* The tools' own vCPUs may block. */
		for (u32 i = 0; i < 2; i++)
			vcpu_unblock(tools.d->vcpu[i]);
		host_run(hal_now_ns() + 20 * US + host_random_below(60 * US));
	}
	kill_all();
	host_run_until_idle();
	for (u32 i = 0; i < 3; i++)
		host_run(hal_now_ns() + 1 * MS);
	host_result()->value[0] = total_calls;
	host_result()->value[1] = domctls_done;
	for (u64 m = 1; m < max_mfn; m++)
		HOST_CHECK(frame_table[m].state != PAGE_STATE_DOMAIN);
}

static void test_tools_cannot_break_it(void **state)
{
	for (u64 seed = 1; seed <= 12; seed++) {
		struct scenario sc = { seed, 1 + (u32)seed % 5,
				       seed & 1 ? "sched=null" : "sched=credit2" };
		const struct host_outcome *o = host_isolated(tools_at_work, &sc);

		if (o->status) {
			print_message("seed %llu, %u CPUs, %s\n%s", (unsigned long long)sc.seed,
				      sc.cpus, sc.cmdline, o->console);
			fail();
		}
		assert_true(o->value[1] > 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domains_live_and_die),
		cmocka_unit_test(test_tools_cannot_break_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
