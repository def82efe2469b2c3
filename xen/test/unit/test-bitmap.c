/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bitmaps against an array of bools; list syntax there and back. */
#include "unit.h"

#include <string.h>

#include <xen/bitmap.h>
#include <xen/errno.h>

#define MAX_BITS 200

static void test_against_model(void **state)
{
	DECLARE_BITMAP(m, MAX_BITS);
	DECLARE_BITMAP(back, MAX_BITS);
	char text[1024];

	unit_seed();
	for (int round = 0; round < 2000; round++) {
		u32 n = 1 + unit_random_below(MAX_BITS), weight = 0, from, i;
		u32 density = 1 + unit_random_below(8);
		bool model[MAX_BITS] = { false };

		/* Bits beyond the end must not matter. */
		memset(m, unit_random_below(2) ? 0xff : 0, sizeof(m));
		for (i = 0; i < n; i++) {
			model[i] = !unit_random_below(density);
			weight += model[i];
			model[i] ? bit_set(m, i) : bit_clear(m, i);
		}
		assert_int_equal(bitmap_weight(m, n), weight);
		from = unit_random_below(n + 1);
		for (i = from; i < n && !model[i]; i++)
			;
		assert_int_equal(bitmap_find_next(m, n, from), i);
		for (i = from; i < n && model[i]; i++)
			;
		assert_int_equal(bitmap_find_next_zero(m, n, from), i);
		bitmap_format_list(text, sizeof(text), m, n);
		assert_int_equal(bitmap_parse_list(text, back, n), 0);
		for (i = 0; i < n; i++)
			assert_int_equal(bit_test(back, i), model[i]);
	}
}

static void test_list_text(void **state)
{
	DECLARE_BITMAP(m, 64);
	char text[16];

	assert_int_equal(bitmap_parse_list("0-3,8,10-11", m, 64), 0);
	assert_int_equal(m[0], 0xd0f);
	assert_int_equal(bitmap_format_list(text, sizeof(text), m, 64), 11);
	assert_string_equal(text, "0-3,8,10-11");
	assert_int_equal(bitmap_format_list(text, 5, m, 64), 4);
	assert_string_equal(text, "0-3,");
	assert_int_equal(bitmap_parse_list("", m, 64), 0);
	assert_int_equal(m[0], 0);
	assert_int_equal(bitmap_parse_list("64", m, 64), -XEN_ERANGE);
	assert_int_equal(bitmap_parse_list("3-1", m, 64), -XEN_EINVAL);
	assert_int_equal(bitmap_parse_list("1,", m, 64), -XEN_EINVAL);
	assert_int_equal(bitmap_parse_list("1-", m, 64), -XEN_EINVAL);
	assert_int_equal(bitmap_parse_list("x", m, 64), -XEN_EINVAL);
	assert_int_equal(bitmap_parse_list("1;2", m, 64), -XEN_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_list_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
