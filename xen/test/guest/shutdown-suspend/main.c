/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("shutdown with reason suspend stops every vCPU of the domain");
RUN("vcpus=2 end=shut.down,.reason.2");

static void spin(void *arg)
{
	for (;;)
		relax();
}

void test_main(void)
{
	struct sched_shutdown sd = { .reason = SHUTDOWN_suspend };

	smp_need(1);
	smp_run(1, spin, NULL);
	test_success_before_end();
	sched_op(SCHEDOP_shutdown, &sd);
	test_failure("still there");
}
