/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains without a toolstack: on simulated CPUs they end while their vCPUs run, when and how the
 * seed decides. Afterwards all must be gone except those to be kept, and the last end counts.
 */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/p2m.h>
#include <xen/reap.h>
#include <xen/hal/time.h>

#define NR_DOMS 6
#define RAM 2048
#define MS 1000000L

struct run {
	u64 seed;
	u32 cpus;
	const char *cmdline;
	bool keep_one, compete;
};

static struct domain *dom[NR_DOMS];

static void guest(struct vcpu *v, void *arg)
{
	if (host_random_below(50) == 0)
		domain_shutdown(v->domain, host_random_below(4));
	else
		host_guest_compute(v, 1 + host_random_below(20000));
}

static void make_domain(u32 i, bool reap)
{
	struct domain_config cfg = { .domid = DOMID_INVALID, .max_vcpus = 2, .max_pages = RAM,
				     .node = NUMA_NO_NODE, .name = "guest" };
	struct domain *d;
	int err;

	d = dom[i] = domain_create(&cfg, &err);
	HOST_CHECK(d != NULL);
	d->reap = reap;
	for (u32 g = 0; g < RAM; g++) {
		struct page_info *pg = alloc_domain_pages(d, 0, 0);

		HOST_CHECK(pg != NULL);
		HOST_CHECK(p2m_map(d->p2m, gfn_make(g), page_to_mfn(pg), 0, P2M_RAM_RW) == 0);
	}
	for (u32 id = 0; id < 2; id++)
		HOST_CHECK(domain_vcpu_create(d, id) == 0);
}

static void let_run(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		v->is_initialised = true;
		host_guest_set(v, guest, NULL);
		__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	}
	HOST_CHECK(domain_unpause_by_systemcontroller(d) == 0);
}

/* One XEN_DOMCTL_destroydomain, which starts again when another control call runs. */
static int toolstack_destroys(struct domain *d)
{
	int rc = -XEN_ERESTART;

	if (control_trylock()) {
		rc = domain_kill(d);
		control_unlock();
	}
	return rc;
}

static void run(void *arg)
{
	const struct run *r = arg;
	struct host_config cfg = { .seed = r->seed, .cpus = r->cpus, .ram_bytes = 128 << 20,
				   .cmdline = r->cmdline };
	struct domain *d;
	u64 free;

	host_boot(&cfg);
	host_start();
	free = free_page_count(NUMA_NO_NODE);
	for (u32 i = 0; i < NR_DOMS; i++)
		make_domain(i, !(r->keep_one && i == 0));
	reap_init();
	for (u32 i = 0; i < NR_DOMS; i++)
		let_run(dom[i]);
	/* A toolstack that destroys the same domain. */
	if (r->compete) {
		d = domain_get_by_id(dom[1]->id);
		while (!d->is_shut_down)
			host_run(hal_now_ns() + 10000);
		while (toolstack_destroys(d) == -XEN_ERESTART)
			host_run(hal_now_ns() + 1000);
		domain_put(d);
	}
	host_run(hal_now_ns() + 400 * MS);
	rcu_read_lock();
	d = domain_next(NULL);
	HOST_CHECK(!!d == r->keep_one);
	HOST_CHECK(!d || (d == dom[0] && d->is_shut_down && domain_next(d) == NULL));
	rcu_read_unlock();
	/* All memory is free again, except for pages that small allocations keep. */
	host_result()->value[0] = free - free_page_count(NUMA_NO_NODE);
}

static const struct host_outcome *check(struct run r)
{
	const struct host_outcome *o = host_isolated(run, &r);

	if (o->status || o->panicked)
		print_message("seed %lu\n%s", (unsigned long)r.seed, o->console);
	/* Ending the machine ends the process with a status of its own. */
	assert_true(o->status == 0 || o->powered_off || o->restarted);
	assert_false(o->panicked);
	return o;
}

static void test_all_are_reaped(void **state)
{
	for (u64 seed = 1; seed <= 6; seed++) {
		const struct host_outcome *o =
			check((struct run){ seed, 1 + (u32)seed % 4, "last_domain=stay", false,
					    seed % 2 });

		assert_false(o->powered_off || o->restarted);
		assert_true(o->value[0] < 256);
		assert_non_null(strstr(o->console, "The last domain has ended"));
		assert_non_null(strstr(o->console, "guest: ended with "));
	}
}

static void test_kept_domain_stays(void **state)
{
	const struct host_outcome *o = check((struct run){ 7, 2, "last_domain=stay", true, false });

	assert_true(o->value[0] >= RAM);
	assert_non_null(strstr(o->console, "The last domain has ended"));
}

static void test_last_end_acts(void **state)
{
	assert_true(check((struct run){ 8, 2, "", false, false })->powered_off);
	assert_true(check((struct run){ 9, 2, "last_domain=reboot", false, false })->restarted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_reaped),
		cmocka_unit_test(test_kept_domain_stays),
		cmocka_unit_test(test_last_end_acts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
