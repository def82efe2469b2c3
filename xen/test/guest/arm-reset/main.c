/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("PSCI SYSTEM_RESET asks for a reboot");
RUN("end=ended.with.reboot");

void test_main(void)
{
	test_success_before_end();
	psci(0x84000009, 0, 0, 0);
}
