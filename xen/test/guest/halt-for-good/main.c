/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("HLT with interrupts off on the last vCPU ends the domain");
RUN("end=all.vCPUs.have.halted");

void test_main(void)
{
	test_success_before_end();
	cli();
	__asm__ volatile("hlt");
	test_failure("still there");
}
