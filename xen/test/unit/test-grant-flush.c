/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page that its owner gave back while another domain had it mapped is freed by the unmapping. A
 * vCPU that touches the mapping all the time has it in its TLB: the page must not be free before
 * the flush, at whatever moment the seed lets that vCPU look.
 *
 * FLUSH_SEED=N runs only that seed, in this process, for a debugger.
 */
#include "unit.h"

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/gnttab.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include "../../domain/private.h"

#define CPUS 3
#define SEEDS 20
#define ROUNDS 60
#define GRANT 4
#define OWN_GFN 3
#define MAPPED_GFN 5
#define LIMIT (1000 * 1000000LL)

enum phase { OWNER_GIVES, READER_MAPS, OWNER_TAKES_BACK, READER_UNMAPS };

static struct domain *owner, *reader;
static enum phase phase;
static u32 rounds;
static grant_handle_t handle;
/* What the toucher's TLB holds of MAPPED_GFN. */
static struct page_info *tlb;

void hal_p2m_flush(struct p2m *p, gfn_t start, u64 n)
{
	if (reader && p == reader->p2m)
		tlb = NULL;
}

static void grant_op(struct vcpu *v, u32 cmd, void *arg)
{
	u32 done;

	HOST_CHECK(!gnttab_op(v, &cmd, gvaddr_make((u64)(uintptr_t)arg), 1, &done));
}

static void give(void)
{
	struct page_info *pg = alloc_domain_pages(owner, 0, 0);

	HOST_CHECK(pg && !p2m_map(owner->p2m, gfn_make(OWN_GFN), page_to_mfn(pg), 0, P2M_RAM_RW));
}

static void take_back(void)
{
	enum p2m_type t;
	struct page_info *pg = p2m_get_page(owner, gfn_make(OWN_GFN), &t, true);

	HOST_CHECK(pg && !p2m_unmap_page(owner->p2m, gfn_make(OWN_GFN), page_to_mfn(pg), t));
	p2m_flush(owner->p2m);
	domain_release_page(pg);
	page_put(pg);
}

static void owners_step(struct vcpu *v, void *arg)
{
	host_guest_compute(v, 1 + host_random_below(500));
	if (phase == OWNER_GIVES) {
		give();
		phase = READER_MAPS;
	} else if (phase == OWNER_TAKES_BACK) {
		take_back();
		phase = READER_UNMAPS;
	}
}

static void readers_step(struct vcpu *v, void *arg)
{
	host_guest_compute(v, 1 + host_random_below(500));
	if (phase == READER_MAPS) {
		struct gnttab_map_grant_ref m = { .host_addr = MAPPED_GFN * PAGE_SIZE,
						  .flags = GNTMAP_host_map, .ref = GRANT,
						  .dom = owner->id };

		grant_op(v, GNTTABOP_map_grant_ref, &m);
		HOST_CHECK(m.status == GNTST_okay);
		handle = m.handle;
		phase = OWNER_TAKES_BACK;
	} else if (phase == READER_UNMAPS) {
		struct gnttab_unmap_grant_ref u = { .host_addr = MAPPED_GFN * PAGE_SIZE,
						    .handle = handle };

		grant_op(v, GNTTABOP_unmap_grant_ref, &u);
		HOST_CHECK(u.status == GNTST_okay);
		phase = OWNER_GIVES;
		if (++rounds == ROUNDS)
			host_stop();
	}
}

/* Its processor reads the translation from the TLB, or fills it. */
static void toucher(struct vcpu *v, void *arg)
{
	struct page_info *pg;

	host_guest_compute(v, 1 + host_random_below(50));
	if (tlb && tlb->state != PAGE_STATE_DOMAIN)
		panic("a free page is in a TLB, in round %u", rounds);
	if (tlb)
		return;
	pg = p2m_get_page(reader, gfn_make(MAPPED_GFN), NULL, false);
	if (pg) {
		tlb = pg;
		page_put(pg);
	}
}

static struct domain *make_domain(u16 id, u32 vcpus)
{
	struct domain_config cfg = { .domid = id, .max_vcpus = vcpus, .max_pages = 16,
				     .max_grant_frames = 1, .max_maptrack_frames = 1,
				     .max_grant_version = 1, .node = NUMA_NO_NODE };
	struct domain *d;
	int err;

	d = domain_create(&cfg, &err);
	HOST_CHECK(d != NULL);
	for (u32 i = 0; i < vcpus; i++)
		HOST_CHECK(!domain_vcpu_create(d, i));
	return d;
}

static void start(struct vcpu *v, host_guest_fn fn)
{
	v->is_initialised = true;
	host_guest_set(v, fn, NULL);
	__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_wake(v);
}

static void run_rounds(void *arg)
{
	host_init(*(u64 *)arg, CPUS, 16 << 20);
	host_start();
	owner = make_domain(1, 1);
	reader = make_domain(2, 2);
	HOST_CHECK(!gnttab_seed(owner, GRANT, reader->id, gfn_make(OWN_GFN)));
	start(owner->vcpu[0], owners_step);
	start(reader->vcpu[0], readers_step);
	start(reader->vcpu[1], toucher);
	HOST_CHECK(!domain_unpause_by_systemcontroller(owner));
	HOST_CHECK(!domain_unpause_by_systemcontroller(reader));
	HOST_CHECK(host_run(hal_now_ns() + LIMIT) == HOST_STOP_ASKED);
}

static void test_a_page_is_free_after_the_flush(void **state)
{
	const char *one = getenv("FLUSH_SEED");
	u64 seed = one ? strtoull(one, NULL, 0) : 1;

	if (one) {
		setenv("HOST_VERBOSE", "1", 1);
		run_rounds(&seed);
		return;
	}
	for (; seed <= SEEDS; seed++) {
		const struct host_outcome *o = host_isolated(run_rounds, &seed);

		if (o->status || o->panicked)
			print_message("FLUSH_SEED=%lu\n%s", (unsigned long)seed, o->console);
		assert_false(o->panicked);
		assert_int_equal(o->status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_is_free_after_the_flush),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
