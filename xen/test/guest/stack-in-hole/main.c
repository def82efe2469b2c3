/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("an exception whose stack is where no RAM is ends the domain, not its CPU's time");
RUN("end=stack.or.descriptors");

#define FAR (is_mapped_1to1() ? 0x8000UL : 0x2000000000UL)
#define WINDOW 0x30000000000UL

void test_main(void)
{
	map_page(WINDOW, FAR, PTE_P | PTE_W);
	test_success_before_end();
	__asm__ volatile("mov %0, %%rsp; ud2" :: "r"(WINDOW + 0x800));
	test_failure("still there");
}
