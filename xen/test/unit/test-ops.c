/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of function pointers: an empty slot is found wherever it is, and stops the boot. */
#include "unit.h"

#include <asm/host.h>
#include <xen/ops.h>

struct table {
	u32 number;
	void (*first)(void);
	int (*second)(int a);
	void *(*last)(void);
};

static void a(void)
{
}

static int b(int x)
{
	return x;
}

static void *c(void)
{
	return NULL;
}

static const struct table whole = { 0, a, b, c };
OPS_TABLE(whole, first);

static s32 first_empty(const struct table *t)
{
	const struct ops_table o = { "t", (const void *const *)&t->first,
				     sizeof(*t) - offsetof(struct table, first) };

	return ops_first_empty(&o);
}

static void test_first_empty(void **state)
{
	assert_int_equal(ops_first_empty(&ops_table_whole), -1);
	assert_int_equal(first_empty(&(struct table){ 0, NULL, NULL, NULL }), 0);
	assert_int_equal(first_empty(&(struct table){ 0, a, NULL, c }), 1);
	assert_int_equal(first_empty(&(struct table){ 0, a, b, NULL }), 2);
	assert_int_equal(first_empty(&(struct table){ 0, a, b, c }), -1);
}

static struct table changed = { 0, a, b, c };
OPS_TABLE(changed, first);

static void boot_with(void *arg)
{
	host_init(1, 1, 1 << 20);
	changed = *(const struct table *)arg;
	ops_check_all();
}

static void test_boot_refuses(void **state)
{
	struct table t = { 0, a, b, c };

	assert_false(host_panics(boot_with, &t, ""));
	t.last = NULL;
	assert_true(host_panics(boot_with, &t, "slot 2 of the table changed is empty"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_empty),
		cmocka_unit_test(test_boot_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
