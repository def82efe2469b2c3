/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: GNTTABOP_copy in all directions, its refusals, and a storm against a model. */
#include "fake-grants.h"
#include "fake-world.h"

#define SRC GNTCOPY_source_gref
#define DST GNTCOPY_dest_gref

static u8 *mem(struct domain *d, u32 gfn)
{
	return world_mem(d, gfn);
}

static void fill(struct domain *d, u32 gfn, u8 first)
{
	for (u32 i = 0; i < PAGE_SIZE; i++)
		mem(d, gfn)[i] = (u8)(first + i);
}

static void test_directions(void **state)
{
	grant(dom1, 9, dom0, 3, 0);
	grant(dom2, 4, dom0, 6, 0);
	fill(dom1, 3, 1);
	fill(dom0, 5, 100);

	assert_int_equal(copy(dom0, of_grant(dom1, 9, 16), of_gfn(2, 4000), 96, SRC), GNTST_okay);
	assert_memory_equal(mem(dom0, 2) + 4000, mem(dom1, 3) + 16, 96);
	assert_int_equal(mem(dom0, 2)[3999], 0);

	assert_int_equal(copy(dom0, of_gfn(5, 0), of_grant(dom1, 9, 0), PAGE_SIZE, DST),
			 GNTST_okay);
	assert_memory_equal(mem(dom0, 5), mem(dom1, 3), PAGE_SIZE);

	/* Between two others, by a third both granted to. */
	assert_int_equal(copy(dom0, of_grant(dom1, 9, 0), of_grant(dom2, 4, 7), 50, SRC | DST),
			 GNTST_okay);
	assert_memory_equal(mem(dom2, 6) + 7, mem(dom1, 3), 50);

	assert_int_equal(copy(dom0, of_gfn(5, 8), of_gfn(5, 10), 20, 0), GNTST_okay);
	assert_int_equal(mem(dom0, 5)[10], 108);
	assert_int_equal(mem(dom0, 5)[29], 127);
	assert_int_equal(copy(dom0, of_gfn(5, PAGE_SIZE), of_gfn(5, 0), 0, 0), GNTST_okay);

	assert_int_equal(v1_entry(dom1, 9)->flags, GTF_permit_access);
	assert_int_equal(v1_entry(dom2, 4)->flags, GTF_permit_access);
	assert_int_equal(world_total_refs(), refs_at_start);
	assert_int_equal(dom1->refs, 1);
	assert_int_equal(dom2->refs, 1);
}

static void test_refusals(void **state)
{
	struct gnttab_copy_ptr p;

	grant(dom1, 9, dom0, 3, GTF_readonly);
	grant(dom1, 10, dom2, 3, 0);
	fill(dom0, 5, 1);
	/* Across the end of a page. */
	assert_int_equal(copy(dom0, of_gfn(5, 1), of_gfn(6, 0), PAGE_SIZE, 0), GNTST_bad_copy_arg);
	assert_int_equal(copy(dom0, of_gfn(5, 0), of_gfn(6, 4095), 2, 0), GNTST_bad_copy_arg);
	assert_int_equal(copy(dom0, of_gfn(5, 0xffff), of_gfn(6, 0), 0xffff, 0),
			 GNTST_bad_copy_arg);

	assert_int_equal(copy(dom0, of_gfn(5, 0), of_grant(dom1, 9, 0), 8, DST),
			 GNTST_general_error);
	assert_int_equal(mem(dom1, 3)[0], 0);
	assert_int_equal(copy(dom0, of_grant(dom1, 10, 0), of_gfn(5, 0), 8, SRC),
			 GNTST_general_error);
	assert_int_equal(copy(dom0, of_grant(dom1, 512, 0), of_gfn(5, 0), 8, SRC),
			 GNTST_bad_gntref);
	assert_int_equal(copy(dom0, of_gfn(RAM, 0), of_gfn(5, 0), 8, 0), GNTST_bad_page);
	assert_int_equal(copy(dom0, of_grant(dom1, 9, 0), of_gfn(RAM, 0), 8, SRC), GNTST_bad_page);

	/* Even a privileged caller may name frames of its own domain only. */
	p = of_gfn(3, 0);
	p.domid = 1;
	assert_int_equal(copy(dom0, p, of_gfn(5, 0), 8, 0), GNTST_permission_denied);
	assert_int_equal(copy(dom0, of_gfn(5, 0), p, 8, 0), GNTST_permission_denied);
	p = of_grant(dom1, 9, 0);
	p.domid = 66;
	assert_int_equal(copy(dom0, p, of_gfn(5, 0), 8, SRC), GNTST_bad_domain);

	fake_domain(dom0)->map[7].type = P2M_RAM_RO;
	assert_int_equal(copy(dom0, of_gfn(7, 0), of_gfn(5, 0), 8, 0), GNTST_okay);
	assert_int_equal(copy(dom0, of_gfn(5, 0), of_gfn(7, 0), 8, 0), GNTST_bad_page);

	assert_int_equal(v1_entry(dom1, 9)->flags, GTF_permit_access | GTF_readonly);
	assert_int_equal(world_total_refs(), refs_at_start);
	assert_int_equal(dom1->refs, 1);
}

/* A copy leaves the marks of a mapping of the same entry alone. */
static void test_copy_while_mapped(void **state)
{
	struct gnttab_map_grant_ref m;

	grant(dom1, 9, dom0, 3, 0);
	m = map_at(dom0, dom1, 9, 100, GNTMAP_host_map | GNTMAP_readonly);
	assert_int_equal(copy(dom0, of_gfn(5, 0), of_grant(dom1, 9, 0), 8, DST), GNTST_okay);
	assert_int_equal(v1_entry(dom1, 9)->flags, GTF_permit_access | GTF_reading);
	/* A mapped read-only grant can be copied from by its gfn, but not written. */
	assert_int_equal(copy(dom0, of_gfn(100, 0), of_gfn(6, 0), 8, 0), GNTST_okay);
	assert_int_equal(copy(dom0, of_gfn(6, 0), of_gfn(100, 0), 8, 0), GNTST_bad_page);
	assert_int_equal(unmap(dom0, m.handle, 100), GNTST_okay);
	assert_int_equal(v1_entry(dom1, 9)->flags, GTF_permit_access);
}

static void test_faults(void **state)
{
	struct gnttab_copy ops[3] = { 0 };
	u32 done, cmd = GNTTABOP_copy;

	grant(dom1, 9, dom0, 3, 0);
	for (u32 i = 0; i < 3; i++) {
		ops[i].source = of_grant(dom1, 9, 0);
		ops[i].dest = of_gfn(i, 0);
		ops[i].len = 8;
		ops[i].flags = SRC;
		ops[i].status = 77;
	}
	ops[1].source.u.ref = 11;
	assert_int_equal(gop(dom0, GNTTABOP_copy, ops, 3), 0);
	assert_int_equal(ops[0].status, GNTST_okay);
	assert_int_equal(ops[1].status, GNTST_general_error);
	assert_int_equal(ops[2].status, GNTST_okay);

	/* Results that cannot be written stop the batch; what was done is done. */
	ops[0].status = ops[2].status = 77;
	world_copy_fails_in = 4;
	assert_int_equal(gnttab_op(dom0->vcpu[0], &cmd, world_ptr(ops), 3, &done),
			 -XEN_EFAULT);
	assert_int_equal(done, 1);
	world_copy_fails_in = 0;
	assert_int_equal(ops[0].status, GNTST_okay);
	assert_int_equal(ops[2].status, 77);
	assert_int_equal(world_total_refs(), refs_at_start);
}

static void test_no_memory_for_pins(void **state)
{
	/* Refs of one chunk share it: a new chunk of an untouched table is needed here. */
	grant(dom1, 300, dom0, 3, 0);
	assert_int_equal(copy(dom0, of_grant(dom1, 300, 0), of_gfn(5, 0), 8, SRC), GNTST_okay);
	assert_int_equal(copy(dom0, of_grant(dom1, 301, 0), of_gfn(5, 0), 8, SRC),
			 GNTST_general_error);
}

/* Random copies, right and wrong, against a plain model of all memory. */

static u8 model[3][RAM][PAGE_SIZE];

/* Entry r of each domain: gfn r + 1, for domain r % 3, odd ones writable. */
static bool usable(u32 user, u32 ref, bool write)
{
	return ref % 3 == user && (!write || ref % 2);
}

static void storm_step(struct domain **dom)
{
	u32 user = (u32)rand() % 3, flags = (u32)rand() % 4;
	u32 sd = flags & SRC ? (u32)rand() % 3 : user, dd = flags & DST ? (u32)rand() % 3 : user;
	u32 s = (u32)rand() % (RAM - 2), t = (u32)rand() % (RAM - 2);
	u32 so = (u32)rand() % 4200, to = (u32)rand() % 4200, len = (u32)rand() % 300;
	struct gnttab_copy_ptr from = flags & SRC ? of_grant(dom[sd], s, (u16)so) :
						    of_gfn(s + 1, (u16)so);
	struct gnttab_copy_ptr to_p = flags & DST ? of_grant(dom[dd], t, (u16)to) :
						    of_gfn(t + 1, (u16)to);
	s16 got = copy(dom[user], from, to_p, (u16)len, (u16)flags);
	bool ok = so + len <= PAGE_SIZE && to + len <= PAGE_SIZE;

	if (ok && (flags & SRC))
		ok = usable(user, s, false);
	if (ok && (flags & DST))
		ok = usable(user, t, true);
	assert_int_equal(got == GNTST_okay, ok);
	if (ok)
		memmove(&model[dd][t + 1][to], &model[sd][s + 1][so], len);
}

static void test_storm(void **state)
{
	struct domain *dom[] = { dom0, dom1, dom2 };

	for (u32 d = 0; d < 3; d++) {
		for (u32 g = 0; g < RAM; g++) {
			fill(dom[d], g, (u8)(d * 77 + g * 5));
			memcpy(model[d][g], mem(dom[d], g), PAGE_SIZE);
		}
		for (u32 r = 0; r < RAM - 2; r++)
			grant(dom[d], r, dom[r % 3], r + 1, r % 2 ? 0 : GTF_readonly);
	}
	srand(3);
	for (u32 i = 0; i < 30000; i++)
		storm_step(dom);
	for (u32 d = 0; d < 3; d++) {
		for (u32 g = 0; g < RAM; g++)
			assert_memory_equal(mem(dom[d], g), model[d][g], PAGE_SIZE);
		for (u32 r = 0; r < RAM - 2; r++)
			assert_false(v1_entry(dom[d], r)->flags & (GTF_reading | GTF_writing));
	}
	assert_int_equal(world_total_refs(), refs_at_start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, grants_setup, grants_teardown)
		T(test_directions), T(test_refusals), T(test_copy_while_mapped), T(test_faults),
		T(test_no_memory_for_pins), T(test_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
