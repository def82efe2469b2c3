/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels and grants with the real domain, p2m, memory and scheduler code. Domains with
 * several vCPUs each on four simulated CPUs make random calls, interleaved at every lock by the
 * seed. Then one domain is destroyed while the others continue, then the rest: nothing may be left.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/gnttab.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/hal/time.h>

#define NR_DOMS 3
#define NR_VCPUS 3
#define RAM 24
#define HOLE 64
#define NR_HOLES 16
#define NR_REFS 16
#define PORTS 24
#define MS 1000000L

static struct domain *dom[NR_DOMS];
static u64 calls, maps, binds, copies;

static u32 rnd(u32 n)
{
	return host_random_below(n);
}

static long evt(struct vcpu *v, u32 cmd, void *arg)
{
	calls++;
	return evtchn_op(v, cmd, gvaddr_make((u64)(uintptr_t)arg));
}

static void gnt(struct vcpu *v, u32 cmd, void *arg, u32 n)
{
	u32 done;

	calls++;
	gnttab_op(v, &cmd, gvaddr_make((u64)(uintptr_t)arg), n, &done);
}

static u16 some_domid(void)
{
	return (u16)(1 + rnd(NR_DOMS));
}

static void step_bind(struct vcpu *v)
{
	struct evtchn_bind_interdomain bi = { .remote_dom = some_domid(),
					     .remote_port = rnd(PORTS) };
	struct evtchn_alloc_unbound au = { .dom = DOMID_SELF, .remote_dom = some_domid() };
	struct evtchn_bind_ipi ipi = { .vcpu = rnd(NR_VCPUS) };
	struct evtchn_bind_virq virq = { .virq = VIRQ_TIMER, .vcpu = rnd(NR_VCPUS) };

	switch (rnd(6)) {
	case 0:
		evt(v, EVTCHNOP_bind_ipi, &ipi);
		break;
	case 1:
		evt(v, EVTCHNOP_bind_virq, &virq);
		break;
	case 2:
	case 3:
		evt(v, EVTCHNOP_alloc_unbound, &au);
		break;
	default:
		binds += evt(v, EVTCHNOP_bind_interdomain, &bi) == 0;
		break;
	}
}

static void step_port(struct vcpu *v)
{
	static const u32 cmds[] = { EVTCHNOP_close, EVTCHNOP_send, EVTCHNOP_send, EVTCHNOP_send,
				    EVTCHNOP_unmask, EVTCHNOP_bind_vcpu, EVTCHNOP_set_priority };
	struct evtchn_bind_vcpu op = { .port = rnd(PORTS), .vcpu = rnd(NR_VCPUS) };
	struct evtchn_status st = { .dom = DOMID_SELF, .port = rnd(PORTS) };
	struct evtchn_reset reset = { .dom = DOMID_SELF };

	evt(v, cmds[rnd(ARRAY_SIZE(cmds))], &op);
	evt(v, EVTCHNOP_status, &st);
	evtchn_send_vcpu_virq(v, VIRQ_TIMER);
	if (rnd(400) == 0)
		evt(v, EVTCHNOP_reset, &reset);
}

static void step_fifo(struct vcpu *v)
{
	struct evtchn_init_control ic = { .control_gfn = 1, .vcpu = rnd(NR_VCPUS) };
	struct evtchn_expand_array ea = { .array_gfn = 2 + rnd(4) };

	ic.offset = ic.vcpu * 128;
	if (rnd(2))
		evt(v, EVTCHNOP_init_control, &ic);
	else
		evt(v, EVTCHNOP_expand_array, &ea);
}

static void step_map(struct vcpu *v)
{
	struct gnttab_map_grant_ref m = { .host_addr = (HOLE + rnd(NR_HOLES)) << PAGE_SHIFT,
					  .flags = GNTMAP_host_map | (rnd(2) ? GNTMAP_readonly : 0),
					  .ref = rnd(NR_REFS), .dom = some_domid() };

	gnt(v, GNTTABOP_map_grant_ref, &m, 1);
	maps += m.status == GNTST_okay;
	/* A mapped grant can be read and written, as the guest does through its own tables. */
	if (m.status == GNTST_okay && rnd(4) == 0) {
		u64 word;

		guest_phys_read(v->domain, &word, gpaddr_make(m.host_addr), sizeof(word));
	}
}

static void step_unmap(struct vcpu *v)
{
	struct gnttab_unmap_grant_ref u[4];

	for (u32 i = 0; i < 4; i++)
		u[i] = (struct gnttab_unmap_grant_ref){
			.host_addr = (HOLE + rnd(NR_HOLES)) << PAGE_SHIFT, .handle = rnd(8) };
	gnt(v, GNTTABOP_unmap_grant_ref, u, 4);
}

static void step_copy(struct vcpu *v)
{
	struct gnttab_copy c = { .flags = (u16)rnd(4), .len = (u16)rnd(300) };

	c.source.domid = c.flags & GNTCOPY_source_gref ? some_domid() : DOMID_SELF;
	c.source.u.gmfn = 8 + rnd(RAM - 8);
	c.dest.domid = c.flags & GNTCOPY_dest_gref ? some_domid() : DOMID_SELF;
	c.dest.u.gmfn = 8 + rnd(RAM - 8);
	if (c.flags & GNTCOPY_source_gref)
		c.source.u.ref = rnd(NR_REFS);
	if (c.flags & GNTCOPY_dest_gref)
		c.dest.u.ref = rnd(NR_REFS);
	gnt(v, GNTTABOP_copy, &c, 1);
	copies += c.status == GNTST_okay;
}

/* Rewrite an entry, without regard for whether it is in use. */
static void step_entry(struct vcpu *v)
{
	struct gnttab_set_version sv = { .version = 1 + rnd(2) };
	struct gnttab_get_version gv = { .dom = DOMID_SELF };
	u32 ref = rnd(NR_REFS);
	mfn_t mfn;

	if (rnd(50) == 0)
		gnt(v, GNTTABOP_set_version, &sv, 1);
	gnt(v, GNTTABOP_get_version, &gv, 1);
	if (gnttab_frame(v->domain, 0, &mfn))
		return;
	if (gv.version == 1)
		((struct grant_entry_v1 *)mfn_to_virt(mfn))[ref] = (struct grant_entry_v1){
			GTF_permit_access, some_domid(), 8 + rnd(RAM - 8) };
	else
		((union grant_entry_v2 *)mfn_to_virt(mfn))[ref].full_page =
			(typeof(((union grant_entry_v2 *)NULL)->full_page)){
				{ GTF_permit_access, some_domid() }, 0, 8 + rnd(RAM - 8) };
}

static void guest(struct vcpu *v, void *arg)
{
	static void (*const steps[])(struct vcpu *v) = {
		step_bind, step_bind, step_port, step_port, step_port, step_fifo,
		step_map, step_map, step_unmap, step_copy, step_entry,
	};

	steps[rnd(ARRAY_SIZE(steps))](v);
	host_guest_compute(v, 1 + rnd(3000));
}

static void make_domain(u32 i)
{
	struct domain_config cfg = { .domid = (u16)(i + 1), .max_vcpus = NR_VCPUS,
				     .max_pages = RAM + 8, .node = NUMA_NO_NODE };
	int err;

	dom[i] = domain_create(&cfg, &err);
	HOST_CHECK(dom[i] != NULL);
	for (u32 g = 0; g < RAM; g++) {
		struct page_info *pg = alloc_domain_pages(dom[i], 0, 0);

		HOST_CHECK(pg != NULL);
		HOST_CHECK(p2m_map(dom[i]->p2m, gfn_make(g), page_to_mfn(pg), 0, P2M_RAM_RW) == 0);
	}
	for (u32 id = 0; id < NR_VCPUS; id++) {
		HOST_CHECK(domain_vcpu_create(dom[i], id) == 0);
		dom[i]->vcpu[id]->is_initialised = true;
	}
}

static void let_run(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		host_guest_set(v, guest, NULL);
		__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
		vcpu_wake(v);
	}
	HOST_CHECK(domain_unpause_by_systemcontroller(d) == 0);
}

/* Both ends of each channel agree. */
static void check_bindings(void)
{
	for (u32 i = 0; i < NR_DOMS; i++) {
		for (u32 p = 1; p < 64; p++) {
			struct evtchn_status a = { .dom = DOMID_SELF, .port = p }, b;

			HOST_CHECK(evt(dom[i]->vcpu[0], EVTCHNOP_status, &a) == 0);
			if (a.status != EVTCHNSTAT_interdomain)
				continue;
			b = (struct evtchn_status){ .dom = DOMID_SELF,
						    .port = a.u.interdomain.port };
			HOST_CHECK(evt(dom[a.u.interdomain.dom - 1]->vcpu[0], EVTCHNOP_status,
				       &b) == 0);
			HOST_CHECK(b.status == EVTCHNSTAT_interdomain);
			HOST_CHECK(b.u.interdomain.dom == dom[i]->id);
			HOST_CHECK(b.u.interdomain.port == p);
		}
	}
}

static void destroy(struct domain *d)
{
	u32 rounds = 0;

	while (domain_kill(d) == -XEN_ERESTART) {
		host_run(hal_now_ns() + MS);
		HOST_CHECK(++rounds < 1000);
	}
}

static u32 guest_frames(void)
{
	u32 n = 0;

	for (u64 m = 1; m < max_mfn; m++)
		n += frame_table[m].state == PAGE_STATE_DOMAIN ||
		     (frame_table[m].state == PAGE_STATE_XEN &&
		      frame_table[m].flags & PAGE_FLAG_XENSHARE);
	return n;
}

static void run_storm(void *arg)
{
	host_init(*(u64 *)arg, 4, 16 << 20);
	host_start();
	for (u32 i = 0; i < NR_DOMS; i++)
		make_domain(i);
	HOST_CHECK(guest_frames() > NR_DOMS * RAM);
	for (u32 i = 0; i < NR_DOMS; i++)
		let_run(dom[i]);
	host_run(hal_now_ns() + 8 * MS);
	for (u32 i = 0; i < NR_DOMS; i++)
		domain_pause(dom[i]);
	check_bindings();
	for (u32 i = 0; i < NR_DOMS; i++)
		domain_unpause(dom[i]);
	host_run(hal_now_ns() + MS);

	/* The first domain is destroyed while the others use its grants and channels. */
	destroy(dom[0]);
	HOST_CHECK(domain_get_by_id(1) == NULL);
	host_run(hal_now_ns() + 2 * MS);
	destroy(dom[1]);
	destroy(dom[2]);
	host_run(hal_now_ns() + 5 * MS);
	HOST_CHECK(guest_frames() == 0);
	host_result()->value[0] = calls;
	host_result()->value[1] = binds;
	host_result()->value[2] = maps;
	host_result()->value[3] = copies;
}

static void test_storm(void **state)
{
	const char *seeds = getenv("COMM_SEEDS");
	u64 n = seeds ? strtoul(seeds, NULL, 0) : 12;

	for (u64 seed = 1; seed <= n; seed++) {
		const struct host_outcome *o = host_isolated(run_storm, &seed);

		if (o->status || o->panicked)
			print_message("seed %lu\n%s", (unsigned long)seed, o->console);
		assert_int_equal(o->status, 0);
		assert_false(o->panicked);
		print_message("seed %lu: %lu calls, %lu binds, %lu maps, %lu copies\n",
			      (unsigned long)seed, (unsigned long)o->value[0],
			      (unsigned long)o->value[1], (unsigned long)o->value[2],
			      (unsigned long)o->value[3]);
		/* The calls were not all refused. */
		assert_true(o->value[1] > 20);
		assert_true(o->value[2] > 20);
		assert_true(o->value[3] > 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
