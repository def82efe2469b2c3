/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("PSCI SYSTEM_OFF ends the domain");
RUN("end=ended.with.poweroff");

void test_main(void)
{
	test_success_before_end();
	psci(0x84000008, 0, 0, 0);
}
