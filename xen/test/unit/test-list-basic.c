/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intrusive lists: order, removal, and iteration that removes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <xen/list.h>

struct item {
	int n;
	struct list_head link;
};

static void test_order(void **state)
{
	LIST_HEAD(head);
	struct item a = { .n = 1 }, b = { .n = 2 }, c = { .n = 3 }, *pos;
	int sum = 0;

	assert_true(list_empty(&head));
	list_add_tail(&b.link, &head);
	list_add_tail(&c.link, &head);
	list_add(&a.link, &head);
	assert_ptr_equal(list_first_entry(&head, struct item, link), &a);
	list_for_each_entry(pos, &head, link)
		sum = sum * 10 + pos->n;
	assert_int_equal(sum, 123);
}

static void test_remove_while_iterating(void **state)
{
	LIST_HEAD(head);
	struct item it[4], *pos, *next;

	for (int i = 0; i < 4; i++) {
		it[i].n = i;
		list_add_tail(&it[i].link, &head);
	}
	list_for_each_entry_safe(pos, next, &head, link)
		if (pos->n & 1)
			list_del_init(&pos->link);
	assert_true(list_empty(&it[1].link));
	assert_ptr_equal(head.next, &it[0].link);
	assert_ptr_equal(head.next->next, &it[2].link);
	assert_ptr_equal(head.prev, &it[2].link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_remove_while_iterating),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
