/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state oracle speaks when the state is wrong, and only then. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <asm/host.h>
#include <xen/evtchn.h>
#include <xen/gnttab.h>
#include <xen/p2m.h>
#include <xen/hal/time.h>

#include "../../domain/evtchn/private.h"

#include "control.h"
#include "state-oracle.h"

#define GFN 5

static struct domain *a, *b;

static struct page_info *give_page(struct domain *d, u64 gfn)
{
	struct page_info *pg = alloc_domain_pages(d, 0, 0);

	HOST_CHECK(pg && !p2m_map(d->p2m, gfn_make(gfn), page_to_mfn(pg), 0, P2M_RAM_RW));
	return pg;
}

static struct domain *new_guest(void)
{
	struct xen_domctl op = { .u.max_mem.max_memkb = 4096 };
	u16 id = make_guest();
	struct domain *d = domain_get_by_id(id);

	HOST_CHECK(domctl(&op, XEN_DOMCTL_max_mem, id) == 0);
	domain_put(d);
	give_page(d, GFN);
	oracle_grants_written(d);
	return d;
}

/* Two guests with a page each, in a state that is right. */
static void start(void)
{
	control_start();
	domains_init();
	oracle_start();
	a = new_guest();
	b = new_guest();
	host_run(hal_now_ns() + 100000);
	oracle_check();
	oracle_check_cpu();
}

static struct page_info *page_of(struct domain *d, u64 gfn)
{
	return mfn_to_page(p2m_lookup(d->p2m, gfn_make(gfn), &(enum p2m_type){ 0 }, NULL));
}

static void page_reference_lost(void *arg)
{
	start();
	HOST_CHECK(page_get(page_of(a, GFN), a));
	oracle_check();
}

static void domain_reference_lost(void *arg)
{
	start();
	domain_get(a);
	oracle_check();
}

static void page_mapped_nowhere(void *arg)
{
	start();
	HOST_CHECK(alloc_domain_pages(a, 0, 0));
	oracle_check();
}

static void page_mapped_twice(void *arg)
{
	start();
	HOST_CHECK(!p2m_map(a->p2m, gfn_make(GFN + 1), page_to_mfn(page_of(a, GFN)), 0,
			    P2M_RAM_RW));
	oracle_check();
}

static void page_of_another(void *arg)
{
	start();
	HOST_CHECK(!p2m_map(a->p2m, gfn_make(GFN + 1), page_to_mfn(page_of(b, GFN)), 0,
			    P2M_RAM_RW));
	oracle_check();
}

static void mapped_by_no_grant(void *arg)
{
	start();
	HOST_CHECK(!p2m_map(a->p2m, gfn_make(GFN + 1), page_to_mfn(page_of(b, GFN)), 0,
			    P2M_GRANT_RW));
	oracle_check();
}

static void pages_miscounted(void *arg)
{
	start();
	a->tot_pages++;
	oracle_check();
}

static void flushed_late(void *arg)
{
	struct page_info *pg;

	start();
	pg = page_of(a, GFN);
	p2m_batch_begin(a->p2m);
	HOST_CHECK(!p2m_unmap(a->p2m, gfn_make(GFN), 0));
	domain_release_page(pg);
	oracle_flush(a->p2m, gfn_make(GFN), 1);
}

/* The hypervisor's own flush is not told to the oracle here. */
static void not_flushed(void *arg)
{
	struct page_info *old, *new;

	start();
	old = page_of(a, GFN);
	new = alloc_domain_pages(a, 0, 0);
	HOST_CHECK(new && !p2m_unmap(a->p2m, gfn_make(GFN), 0));
	HOST_CHECK(!p2m_map(a->p2m, gfn_make(GFN), page_to_mfn(new), 0, P2M_RAM_RW));
	domain_release_page(old);
	oracle_check();
}

static void one_end_closed(void *arg)
{
	int port;

	start();
	port = evtchn_alloc_unbound(a, b->id);
	HOST_CHECK(port > 0 && evtchn_bind_interdomain(b, a, (u32)port) > 0);
	oracle_check();
	evtchn_from_port(a, (u32)port)->state = EVTCHNSTAT_unbound;
	oracle_check();
}

static void lock_held(void *arg)
{
	start();
	spin_lock(&a->lock);
	oracle_check_cpu();
}

static void data_of_another(void *arg)
{
	start();
	memset(page_to_virt(page_of(a, GFN)), oracle_pattern(a), PAGE_SIZE);
	oracle_check_data();
	memset((u8 *)page_to_virt(page_of(b, GFN)) + 64, oracle_pattern(a), 64);
	oracle_check_data();
}

static bool says_unwritten(const void *page) { return true; }
static bool says_written(const void *page) { return false; }

/* Whoever says that pages were not written is found out. */
static void writes_denied(void *arg)
{
	start();
	oracle_remember(says_unwritten, true);
	oracle_check();
	give_page(a, GFN + 1);
	oracle_check();
}

static void data_denied(void *arg)
{
	start();
	oracle_remember(says_unwritten, true);
	memset((u8 *)page_to_virt(page_of(b, GFN)) + 64, oracle_pattern(a), 64);
	oracle_check_data();
}

static const struct {
	void (*run)(void *arg);
	const char *says;
} wrong[] = {
	{ page_reference_lost, "has 2 references, 1 known" },
	{ domain_reference_lost, "has 2 references, 1 known" },
	{ page_mapped_nowhere, "is lost" },
	{ page_mapped_twice, "twice" },
	{ page_of_another, "which is not its own" },
	{ mapped_by_no_grant, "by no grant" },
	{ pages_miscounted, "counts 2 pages and has 1" },
	{ flushed_late, "was freed before gfn 5 was flushed" },
	{ not_flushed, "without a flush" },
	{ one_end_closed, "disagree" },
	{ lock_held, "lock order" },
	{ data_of_another, "which granted it nothing" },
	{ writes_denied, "differs from memory that is read" },
	{ data_denied, "which granted it nothing" },
};

static void test_wrong_states_are_found(void **state)
{
	for (u32 i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_true(host_panics(wrong[i].run, NULL, wrong[i].says));
}

static void right_state(void *arg)
{
	start();
	oracle_check_data();
}

static void remembered(void *arg)
{
	start();
	oracle_remember(says_unwritten, true);
	oracle_check();
	oracle_check_data();
	oracle_remember(says_written, true);
	give_page(a, GFN + 1);
	oracle_check();
	oracle_check_data();
}

static void test_what_is_remembered_is_what_is_read(void **state)
{
	assert_int_equal(host_isolated(remembered, NULL)->status, 0);
}

static void test_a_right_state_is_not(void **state)
{
	assert_int_equal(host_isolated(right_state, NULL)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_states_are_found),
		cmocka_unit_test(test_a_right_state_is_not),
		cmocka_unit_test(test_what_is_remembered_is_what_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
