/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("shutdown with reason reboot");
RUN("end=shut.down,.reason.1");

void test_main(void)
{
	struct sched_shutdown sd = { .reason = SHUTDOWN_reboot };

	test_success_before_end();
	sched_op(SCHEDOP_shutdown, &sd);
	test_failure("still there");
}
