/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GNTTABOP_cache_flush: what reaches the architecture's hook, who may flush what, preemption. */
#include "fake-grants.h"
#include "fake-world.h"

#include <xen/hal/mm.h>
#include <xen/hypercall.h>

#define HOLE 100	/* first gfn where nothing is */
#define CLEAN GNTTAB_CACHE_CLEAN
#define INVAL GNTTAB_CACHE_INVAL
#define CMD_BITS 12

static const void *asked_va;
static size_t asked_len;
static u32 asked_ops, asked;

/* The architecture's answer is x86's. */
int hal_cache_maintain(const void *va, size_t len, u32 ops)
{
	asked++;
	asked_va = va;
	asked_len = len;
	asked_ops = ops;
	return ops == HAL_CACHE_INVALIDATE ? -XEN_EOPNOTSUPP : 0;
}

static struct gnttab_cache_flush op_of(mfn_t mfn, u16 offset, u16 length, u32 op)
{
	struct gnttab_cache_flush f = { .offset = offset, .length = length, .op = op };

	f.a.dev_bus_addr = mfn_to_paddr(mfn).v;
	return f;
}

static long flush(struct domain *d, mfn_t mfn, u16 offset, u16 length, u32 op)
{
	struct gnttab_cache_flush f = op_of(mfn, offset, length, op);

	asked = 0;
	return gop(d, GNTTABOP_cache_flush, &f, 1);
}

static mfn_t mfn_of(struct domain *d, u64 gfn)
{
	return page_to_mfn(world_page(d, gfn));
}

static void test_mapped_page(void **state)
{
	struct gnttab_map_grant_ref m;
	mfn_t mfn = mfn_of(dom1, 3);

	grant(dom1, 9, dom0, 3, 0);
	assert_int_equal(flush(dom0, mfn, 0, 64, CLEAN), -XEN_EINVAL);
	m = map_at(dom0, dom1, 9, HOLE, GNTMAP_host_map);
	assert_int_equal(m.status, GNTST_okay);

	assert_int_equal(flush(dom0, mfn, 100, 64, CLEAN), 0);
	assert_int_equal(asked, 1);
	assert_ptr_equal(asked_va, (char *)world_mem(dom1, 3) + 100);
	assert_int_equal(asked_len, 64);
	assert_int_equal(asked_ops, HAL_CACHE_CLEAN);
	assert_int_equal(flush(dom0, mfn, 0, PAGE_SIZE, CLEAN | INVAL), 0);
	assert_int_equal(asked_len, PAGE_SIZE);
	assert_int_equal(asked_ops, HAL_CACHE_CLEAN | HAL_CACHE_INVALIDATE);
	assert_int_equal(flush(dom0, mfn, 0, 64, INVAL), -XEN_EOPNOTSUPP);
	/* Another domain that maps nothing may not. */
	assert_int_equal(flush(dom2, mfn, 0, 64, CLEAN), -XEN_EINVAL);
	assert_int_equal(asked, 0);

	assert_int_equal(unmap(dom0, m.handle, HOLE), GNTST_okay);
	assert_int_equal(flush(dom0, mfn, 0, 64, CLEAN), -XEN_EINVAL);
	assert_int_equal(asked, 0);
}

/* Only a domain mapped one to one knows the machine address of its own page. */
static void test_own_page(void **state)
{
	mfn_t mfn = mfn_of(dom0, RAM - 1);

	assert_int_equal(flush(dom0, mfn, 0, 64, CLEAN), -XEN_EINVAL);
	dom0->is_mapped_1to1 = true;
	assert_true(mfn.v >= RAM);
	assert_int_equal(p2m_map(dom0->p2m, gfn_make(mfn.v), mfn, 0, P2M_RAM_RW), 0);
	assert_int_equal(flush(dom0, mfn, 8, 64, CLEAN), 0);
	assert_ptr_equal(asked_va, (char *)world_mem(dom0, RAM - 1) + 8);
	assert_int_equal(p2m_unmap(dom0->p2m, gfn_make(mfn.v), 0), 0);
	assert_int_equal(world_total_refs(), refs_at_start);
}

static void test_refusals(void **state)
{
	mfn_t mfn = mfn_of(dom1, 3);
	struct gnttab_cache_flush f = op_of(mfn, 0, 64, CLEAN);
	u32 cmd = GNTTABOP_cache_flush | 1U << CMD_BITS, done;

	grant(dom1, 9, dom0, 3, 0);
	assert_int_equal(map_at(dom0, dom1, 9, HOLE, GNTMAP_host_map).status, GNTST_okay);
	assert_int_equal(flush(dom0, mfn, PAGE_SIZE, 0, CLEAN), -XEN_EINVAL);
	assert_int_equal(flush(dom0, mfn, 1, PAGE_SIZE, CLEAN), -XEN_EINVAL);
	assert_int_equal(flush(dom0, mfn, 0xffff, 0xffff, CLEAN), -XEN_EINVAL);
	assert_int_equal(flush(dom0, mfn, 0, 64, CLEAN | GNTTAB_CACHE_SOURCE_GREF), -XEN_EINVAL);
	assert_int_equal(flush(dom0, mfn, 0, 64, 4), -XEN_EINVAL);
	assert_int_equal(flush(dom0, mfn, 0, 0, CLEAN), 0);
	assert_int_equal(flush(dom0, mfn, 0, 64, 0), 0);
	assert_int_equal(flush(dom0, mfn_make(0), 0, 64, CLEAN), -XEN_EINVAL);
	assert_int_equal(flush(dom0, mfn_make(WORLD_FRAMES), 0, 64, CLEAN), -XEN_EINVAL);
	assert_int_equal(flush(dom0, mfn_make(~0UL >> PAGE_SHIFT), 0, 64, CLEAN), -XEN_EINVAL);
	/* A frame of the hypervisor. */
	assert_int_equal(flush(dom0, page_to_mfn(dom1->shared_info_page), 0, 64, CLEAN),
			 -XEN_EPERM);
	assert_int_equal(asked, 0);
	assert_int_equal(gop(dom0, GNTTABOP_cache_flush, NULL, 1), -XEN_EFAULT);

	/* A place to continue at: beyond all mappings, for an empty op, for another command. */
	assert_int_equal(gnttab_op(dom0->vcpu[0], &cmd, world_ptr(&f), 1, &done), -XEN_EINVAL);
	cmd = GNTTABOP_cache_flush | 1U << CMD_BITS;
	f.length = 0;
	assert_int_equal(gnttab_op(dom0->vcpu[0], &cmd, world_ptr(&f), 1, &done), -XEN_EILSEQ);
	assert_int_equal(gop(dom0, GNTTABOP_query_size | 1U << CMD_BITS, &f, 1), -XEN_EINVAL);
}

/* The search for a mapping stops between parts of the table, and continues where it was. */
static void test_preemption(void **state)
{
	struct gnttab_cache_flush f[2] = { op_of(mfn_of(dom1, 3), 0, 64, CLEAN),
					   op_of(mfn_of(dom1, 4), 0, 64, CLEAN) };
	struct hypercall hc = { .nr = __HYPERVISOR_grant_table_op,
				.arg = { GNTTABOP_cache_flush, world_ptr(f).v, 2 } };
	u32 cmd = GNTTABOP_cache_flush, at = 0, total = 0, restarts = 0, done;
	long rc;

	dom0->is_mapped_1to1 = true;
	for (u32 i = 0; i < 800; i++) {
		grant(dom1, i, dom0, i == 700 ? 3 : i == 10 ? 4 : 7, 0);
		assert_int_equal(map_at(dom0, dom1, i, 0, GNTMAP_device_map).status, GNTST_okay);
	}
	asked = 0;
	world_preempt_every = 1;
	do {
		rc = gnttab_op(dom0->vcpu[0], &cmd, world_ptr(&f[total]), 2 - total, &done);
		total += done;
		restarts++;
		assert_true(rc != -XEN_ERESTART || done || cmd >> CMD_BITS > at);
		at = cmd >> CMD_BITS;
	} while (rc == -XEN_ERESTART);
	assert_int_equal(rc, 0);
	assert_int_equal(total, 2);
	assert_int_equal(asked, 2);
	/* Two stops before the third part of the table, and one between the ops. */
	assert_int_equal(restarts, 4);
	assert_int_equal(cmd, GNTTABOP_cache_flush);

	/* The same by the hypercall's arguments. */
	asked = restarts = 0;
	while ((rc = hypercall_dispatch(dom0->vcpu[0], &hc)) == -XEN_ERESTART)
		restarts++;
	assert_int_equal(rc, 0);
	assert_int_equal(asked, 2);
	assert_int_equal(restarts, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, grants_setup, grants_teardown)
		T(test_mapped_page), T(test_own_page), T(test_refusals), T(test_preemption),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
