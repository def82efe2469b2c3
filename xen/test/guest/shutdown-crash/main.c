/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("shutdown with reason crash, after its code was announced by SCHEDOP_shutdown_code");
RUN("end=shut.down,.reason.3");

void test_main(void)
{
	struct sched_shutdown sd = { .reason = 77 };

	CHECK_EQ(sched_op(SCHEDOP_shutdown_code, &sd), -XEN_EINVAL);
	CHECK_EQ(sched_op(SCHEDOP_shutdown_code, UNMAPPED), -XEN_EFAULT);
	CHECK_EQ(sched_op(SCHEDOP_shutdown, UNMAPPED), -XEN_EFAULT);
	sd.reason = SHUTDOWN_crash;
	CHECK_EQ(sched_op(SCHEDOP_shutdown_code, &sd), 0);
	test_success_before_end();
	sched_op(SCHEDOP_shutdown, &sd);
	test_failure("still there");
}
