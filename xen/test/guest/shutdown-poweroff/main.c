/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("shutdown with reason poweroff; an unknown reason is refused");
RUN("end=shut.down,.reason.0");

void test_main(void)
{
	struct sched_shutdown sd = { .reason = 77 };

	CHECK_EQ(sched_op(SCHEDOP_shutdown, &sd), -XEN_EINVAL);
	test_success_before_end();
	sd.reason = SHUTDOWN_poweroff;
	sched_op(SCHEDOP_shutdown, &sd);
	test_failure("still there");
}
