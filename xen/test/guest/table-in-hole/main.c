/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("page tables where no RAM is end the domain, not its CPU's time");
RUN("end=stack.or.descriptors");

#define FAR (is_mapped_1to1() ? 0x8000UL : HOLE_PA)

void test_main(void)
{
	if (!has_paging)
		test_skip("needs paging");
	test_success_before_end();
	write_cr3(FAR);
	test_failure("still there");
}
