/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random bytes played against xenstored's core and its model; fuzz/xenstored searches further. */
#include "unit.h"

#include "xs-play.h"

#define GAMES 400
#define BYTES 1500

static void test_random(void **state)
{
	static uint8_t bytes[BYTES];

	unit_seed();
	for (int i = 0; i < GAMES; i++) {
		for (int k = 0; k < BYTES; k++)
			bytes[k] = (uint8_t)unit_random();
		xs_play(bytes, BYTES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
