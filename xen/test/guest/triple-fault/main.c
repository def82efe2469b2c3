/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("a triple fault ends the domain with a reboot");
RUN("end=triple.fault");

void test_main(void)
{
	static const u8 no_idt[10];

	test_success_before_end();
	__asm__ volatile("lidt %0; ud2" :: "m"(no_idt));
	test_failure("still there");
}
