/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NUMA map: node numbers, distances, and falling back to one node. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/numa.h>

static struct numa_map map;
static struct acpi_srat srat;
static struct acpi_slit slit;

static void mem(u32 domain, u64 base, u64 size)
{
	srat.mem[srat.nr_mems++] = (struct acpi_srat_mem){ paddr_make(base), size, domain, false };
}

static int setup(void **state)
{
	memset(&srat, 0, sizeof(srat));
	memset(&slit, 0, sizeof(slit));
	return 0;
}

static void expect_one_node(void)
{
	assert_int_equal(map.nr_nodes, 1);
	assert_int_equal(map.nr_ranges, 0);
	assert_int_equal(map.distance[0][0], 10);
	assert_int_equal(numa_map_node(&map, paddr_make(0x123456)), 0);
}

static void test_two_nodes(void **state)
{
	mem(7, 0x80000000, 0x80000000);
	mem(3, 0, 0xa0000);
	mem(3, 0x100000, 0x7ff00000);
	srat.cpu[srat.nr_cpus++] = (struct acpi_srat_cpu){ 9, 5 };	/* no memory */
	assert_int_equal(numa_map_build(&map, &srat, NULL), 0);
	assert_int_equal(map.nr_nodes, 3);
	assert_int_equal(numa_map_domain(&map, 3), 0);
	assert_int_equal(numa_map_domain(&map, 5), 1);
	assert_int_equal(numa_map_domain(&map, 7), 2);
	assert_int_equal(numa_map_domain(&map, 4), NUMA_NO_NODE);
	assert_int_equal(numa_map_node(&map, paddr_make(0x7fffffff)), 0);
	assert_int_equal(numa_map_node(&map, paddr_make(0x80000000)), 2);
	assert_int_equal(numa_map_node(&map, paddr_make(0xb0000)), 0);	/* in no range */
	assert_int_equal(map.range[0].start, 0);
	assert_int_equal(map.range[2].start, 0x80000000);
	assert_int_equal(map.distance[0][2], 20);
	assert_int_equal(map.distance[2][2], 10);
}

static void test_distances(void **state)
{
	mem(0, 0, 0x1000);
	mem(1, 0x1000, 0x1000);
	mem(9, 0x2000, 0x1000);		/* beyond the SLIT */
	slit.nr = 2;
	slit.distance[0][0] = slit.distance[1][1] = 10;
	slit.distance[0][1] = 31;
	slit.distance[1][0] = 32;
	assert_int_equal(numa_map_build(&map, &srat, &slit), 0);
	assert_int_equal(map.distance[0][1], 31);
	assert_int_equal(map.distance[1][0], 32);
	assert_int_equal(map.distance[0][2], 20);
}

static void test_nonsense(void **state)
{
	assert_int_equal(numa_map_build(&map, NULL, NULL), -XEN_EINVAL);
	expect_one_node();
	assert_int_equal(numa_map_build(&map, &srat, NULL), -XEN_EINVAL);	/* no memory */
	expect_one_node();
	mem(0, 0, 0x2000);
	mem(1, 0x1000, 0x2000);
	assert_int_equal(numa_map_build(&map, &srat, NULL), -XEN_EINVAL);	/* overlap */
	expect_one_node();
	setup(state);
	mem(0, 0, 0x2000);
	mem(0, 0x1000, 0x2000);		/* of one node: harmless */
	assert_int_equal(numa_map_build(&map, &srat, NULL), 0);
}

/* A small range inside a large one of another node, with one between them. */
static void test_nested_overlap(void **state)
{
	mem(0, 0, 0x10000);
	mem(0, 0x1000, 0x1000);
	mem(1, 0x8000, 0x1000);
	assert_int_equal(numa_map_build(&map, &srat, NULL), -XEN_EINVAL);
	expect_one_node();
}

static void test_too_many(void **state)
{
	for (u32 i = 0; i <= MAX_NUMNODES; i++)
		mem(i, i * 0x1000UL, 0x1000);
	assert_int_equal(numa_map_build(&map, &srat, NULL), -XEN_EINVAL);
	expect_one_node();
	srat.nr_mems--;
	assert_int_equal(numa_map_build(&map, &srat, NULL), 0);
	assert_int_equal(map.nr_nodes, MAX_NUMNODES);
	assert_int_equal(numa_map_node(&map, paddr_make(63 * 0x1000UL)), 63);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_two_nodes, setup),
		cmocka_unit_test_setup(test_distances, setup),
		cmocka_unit_test_setup(test_nonsense, setup),
		cmocka_unit_test_setup(test_nested_overlap, setup),
		cmocka_unit_test_setup(test_too_many, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
