/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

TEST("random exits of a domain, each result written down");

void test_main(void)
{
	if (is_privileged())
		parent_main();
	child_main();
}
