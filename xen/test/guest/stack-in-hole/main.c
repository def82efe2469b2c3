/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("an exception whose stack is where no RAM is ends the domain, not its CPU's time");
RUN("end=stack.or.descriptors");

#define FAR (is_mapped_1to1() ? 0x8000UL : HOLE_PA)

void test_main(void)
{
	map_page(FREE_VA, FAR, PTE_P | PTE_W);
	test_success_before_end();
	__asm__ volatile("mov %0, %%" SP "; ud2" :: "r"(FREE_VA + 0x800));
	test_failure("still there");
}
